//! `env-file`: a dotenv file with a credential in plain text.
//!
//! A `.env` file with only `TZ` and `PUID` is no secret: a variable counts whose name says so and whose value is a
//! literal, as told in [`credential`]. A file that SOPS encrypted has metadata, and every example is meant to be read.

use super::super::credential;
use super::super::finding::{Confidence, Finding};
use super::super::text::Text;
use super::{Rule, listed, run};

/// Endings of files that only show what a real one has.
const EXAMPLES: [&str; 8] =
    ["example", "sample", "template", "tmpl", "tpl", "dist", "j2", "defaults"];

/// What the metadata of SOPS in a dotenv file begins with.
const METADATA: &str = "sops_mac=";

/// The rule.
pub(super) struct EnvFile;

impl Rule for EnvFile {
    fn id(&self) -> &'static str {
        "env-file"
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/env-file.md")
    }

    fn text(&self, text: &Text<'_>, findings: &mut Vec<Finding>) {
        if !is_dotenv(text) || text.text.lines().any(|line| line.starts_with(METADATA)) {
            return;
        }
        let (mut names, mut first, mut at) = (Vec::new(), None, 0);
        for line in text.text.split_inclusive('\n') {
            if let Some(name) = credential_of(line) {
                let value = at + line.find('=').map_or(0, |sign| sign + 1);
                first.get_or_insert(value..at + line.trim_end().len());
                names.push(name);
            }
            at += line.len();
        }
        let Some(span) = first else { return };
        let message = format!("a credential in plain text: {}", listed(names));
        let hint = run("keywright encrypt -i");
        findings.push(text.finding(self, span, Confidence::High, message, hint));
    }
}

/// Whether a file is a dotenv file by its name: `.env`, `x.env`, `.env.local`; but no example.
fn is_dotenv(text: &Text<'_>) -> bool {
    let name = text.path.file_name().unwrap_or_default().to_string_lossy();
    let is_named = name == ".env" || name.ends_with(".env") || name.starts_with(".env.");
    is_named && !name.split('.').any(|part| EXAMPLES.contains(&part))
}

/// The name of a variable, if the line gives it a credential.
fn credential_of(line: &str) -> Option<&str> {
    let line = line.trim();
    let (name, value) = line.strip_prefix("export ").unwrap_or(line).split_once('=')?;
    let value = value.trim();
    let quoted =
        ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.split_once(*quote));
    let value =
        quoted.map_or_else(|| value.split(" #").next().unwrap_or_default(), |(value, _)| value);
    let is_credential = credential::is_named_so(name.trim()) && credential::is_literal(value);
    (is_credential && !line.starts_with('#')).then_some(name.trim())
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::found;

    /// What the rule finds in one file.
    fn one(path: &str, text: &str) -> Vec<String> {
        found("env-file", &[(path, &text.replace("CANARY", "canary7canary"))])
    }

    #[test]
    fn credentials_in_a_dotenv_file_are_found_with_all_their_names() {
        assert_eq!(
            one(
                "app/.env",
                "# note\nTZ=Europe/Berlin\nexport DB_PASSWORD=\"CANARY\"\nAPI_KEY=CANARY # x\n"
            ),
            [
                "error app/.env:3:20 : a credential in plain text: `DB_PASSWORD`, `API_KEY` | keywright encrypt -i app/.env"
            ]
        );
        for name in ["x.env", ".env.production"] {
            assert_eq!(one(name, "TOKEN=CANARY").len(), 1, "{name}");
        }
    }

    #[test]
    fn harmless_values_examples_and_encrypted_files_are_not_found() {
        let text = "TOKEN=CANARY\n";
        for name in [".env.example", ".env.sample", "example.env", "env", "a.envrc", "x.env.j2"] {
            assert_eq!(one(name, text), [""; 0], "{name}");
        }
        for text in [
            "TZ=UTC\nPUID=1000\n",
            "TOKEN=\nPASSWORD=changeme\nAPI_KEY=${API_KEY}\nSECRET='op://a/b/c'\n",
            "# TOKEN=CANARY\nTOKEN_FILE=/run/token7token\n",
            "TOKEN=ENC[AES256_GCM,data:a]\nsops_mac=x\n",
        ] {
            assert_eq!(one(".env", text), [""; 0], "{text}");
        }
    }
}
