//! `stray-token`: a value token that nothing will decrypt, so that its reader takes the token for the password.
//!
//! ```text
//! no `sops` in the document      SOPS does not take the file for encrypted, Flux does not take the object
//! parts of `sops` are missing    no program decrypts the file
//! not picked by the selection    stays a token when the file is decrypted
//! damaged                        the file does not decrypt
//! ```
//!
//! SOPS writes its metadata into every document of a stream and reads that of the first; Flux looks at each object by
//! itself. One finding per document of the file.

use super::super::finding::{Finding, Hint};
use super::super::input::Input;
use super::super::plain;
use super::{MOST_NAMED, Rule, listed, listed_routes};
use crate::document::{Document, NodeId};
use crate::sops::file::stray_tokens;
use crate::sops::token::Token;

/// What SOPS refuses to do without.
const REQUIRED: [&str; 3] = ["lastmodified", "mac", "version"];

/// The lists of master keys; one of them must be there.
const KEYS: [&str; 8] =
    ["age", "key_groups", "pgp", "kms", "gcp_kms", "hckms", "azure_kv", "hc_vault"];

/// The rule.
pub(super) struct StrayToken;

impl Rule for StrayToken {
    fn id(&self) -> &'static str {
        "stray-token"
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/stray-token.md")
    }

    fn document(&self, input: &Input<'_>, findings: &mut Vec<Finding>) {
        let document = input.document;
        let unpicked =
            input.own.as_deref().map(|own| stray_tokens(document, own)).unwrap_or_default();
        for root in document.roots() {
            let tokens = tokens(document, root.node);
            if tokens.is_empty() {
                continue;
            }
            let Some(sops) = document.lookup(root.node, "sops") else {
                findings.push(self.finding(input, &tokens, "there is no `sops` block here"));
                continue;
            };
            let missing = missing(document, sops);
            if !missing.is_empty() {
                let why = format!("the `sops` block has no {}", listed(missing));
                findings.push(self.finding(input, &tokens, &why));
                continue;
            }
            let (whole, damaged): (Vec<_>, Vec<_>) =
                tokens.into_iter().partition(|token| is_whole(document, *token));
            if !damaged.is_empty() {
                findings.push(self.finding(input, &damaged, "damaged"));
            }
            let unpicked: Vec<_> =
                whole.into_iter().filter(|token| unpicked.contains(token)).collect();
            if !unpicked.is_empty() {
                let why = "the selection of the file does not pick it";
                findings.push(self.finding(input, &unpicked, why));
            }
        }
    }
}

impl StrayToken {
    /// About some tokens of one document.
    fn finding(&self, input: &Input<'_>, tokens: &[NodeId], why: &str) -> Finding {
        let routes = listed_routes(input.document, tokens);
        let message = format!("nothing decrypts {routes}: {why}");
        let labels: Vec<_> =
            tokens.iter().take(MOST_NAMED).map(|token| input.label(*token)).collect();
        let what = "restore the file with `git checkout`, or write the value anew and encrypt it";
        let hint = Hint { first: Some(what.to_owned()), command: None };
        input.finding(self, &labels, message, hint)
    }
}

/// The values of a document in the form of tokens, whole or damaged, but for those of its metadata.
fn tokens(document: &Document, root: NodeId) -> Vec<NodeId> {
    let sops = document.entry(root, "sops").map(|(_, sops)| sops);
    let is_metadata = |id: NodeId| sops.is_some_and(|sops| document.contains(sops, id));
    let is_token = |id: &NodeId| document.text(*id).is_some_and(plain::is_token);
    document
        .subtree(root)
        // An alias is as good as what it stands for.
        .filter(|id| document.target(*id) == *id && !is_metadata(*id))
        .filter(is_token)
        .collect()
}

/// What a `sops` mapping has to have and has not.
fn missing(document: &Document, sops: NodeId) -> Vec<&'static str> {
    let text = |name: &&&str| {
        let node = document.lookup(sops, name);
        node.and_then(|node| document.text(node)).is_some_and(|text| !text.is_empty())
    };
    let has_keys = KEYS.iter().any(|name| {
        let list = document.lookup(sops, name).map(|list| document.target(list));
        list.is_some_and(|list| document.items(list).next().is_some())
    });
    let missing = REQUIRED.iter().filter(|name| !text(name)).copied();
    missing.chain((!has_keys).then_some("age")).collect()
}

/// Whether a text can be decrypted as far as its form goes.
fn is_whole(document: &Document, token: NodeId) -> bool {
    document.text(token).is_some_and(|text| Token::parse(text).is_ok())
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{found, secret};

    /// A token.
    const TOKEN: &str = "ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:h0cBYz4qcExJJc+t3xp9xg==,type:str]";

    /// A metadata block without some of its lines.
    fn sops(without: &[&str]) -> String {
        let lines = [
            "age: [{recipient: a, enc: b}]",
            "lastmodified: x",
            "mac: ENC[AES256_GCM,data:a]",
            "encrypted_regex: ^(data|stringData)$",
            "version: 3.9.4",
        ];
        let is_kept = |line: &&&str| !without.iter().any(|name| line.starts_with(name));
        let lines: Vec<_> =
            lines.iter().filter(is_kept).map(|line| format!("  {line}\n")).collect();
        format!("sops:\n{}", lines.concat())
    }

    /// What the rule finds in a Secret with these fields.
    fn one(fields: &str) -> Vec<String> {
        found(
            "stray-token",
            &[("a.yaml", &secret(&fields.replace("TOKEN", &format!("'{TOKEN}'"))))],
        )
    }

    #[test]
    fn a_token_without_metadata_is_found() {
        assert_eq!(
            one("stringData:\n  a: TOKEN\n  b: [TOKEN]\n"),
            [
                "error a.yaml:5:3 stringData.a: nothing decrypts `stringData.a`, `stringData.b[0]`: there is no `sops` \
                 block here | restore the file with `git checkout`, or write the value anew and encrypt it"
            ]
        );
    }

    #[test]
    fn metadata_that_lost_parts_is_found() {
        for name in ["mac", "lastmodified", "version", "age"] {
            let found = one(&format!("stringData: {{a: TOKEN}}\n{}", sops(&[name])));
            assert!(found[0].contains(&format!("the `sops` block has no `{name}`")), "{found:?}");
        }
    }

    #[test]
    fn a_damaged_token_and_one_that_is_not_selected_are_found() {
        let found = one(&format!("stringData: {{a: 'ENC[AES256_GCM,data:Y'}}\n{}", sops(&[])));
        assert!(found[0].contains("nothing decrypts `stringData.a`: damaged"), "{found:?}");
        let found = one(&format!("immutable: TOKEN\nstringData: {{a: TOKEN}}\n{}", sops(&[])));
        assert!(found[0].contains("`immutable`: the selection"), "{found:?}");
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn each_document_needs_metadata() {
        let whole = secret(&format!("stringData: {{a: '{TOKEN}'}}\n"));
        let text = format!("{whole}{}---\n{whole}", sops(&[]));
        let found = found("stray-token", &[("a.yaml", &text)]);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("stringData.a: nothing"), "{found:?}");
    }

    #[test]
    fn an_encrypted_file_is_fine_and_so_is_text_about_tokens() {
        assert_eq!(
            one(&format!("stringData: {{a: TOKEN, b: '{TOKEN}~QUJD'}}\n{}", sops(&[]))),
            [""; 0]
        );
        assert_eq!(one("stringData: {a: \"values look like TOKEN in SOPS\"}\n"), [""; 0]);
        assert_eq!(one("# TOKEN\nstringData: {a: |\n x: TOKEN\n y: z}\n"), [""; 0]);
    }
}
