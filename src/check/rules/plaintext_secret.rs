//! `plaintext-secret`: a Secret whose values everybody can read who can read the repository.
//!
//! One finding per Secret, in whatever file and spelling; its location is the first plain key. Encrypted files
//! are left to `partially-encrypted`.

use super::super::creation::Creation;
use super::super::finding::{Finding, Hint};
use super::super::input::{Input, PlainSecret};
use super::{ENCRYPT, Rule, first, listed, run};

/// The rule.
pub(super) struct PlaintextSecret;

impl Rule for PlaintextSecret {
    fn id(&self) -> &'static str {
        "plaintext-secret"
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/plaintext-secret.md")
    }

    fn document(&self, input: &Input<'_>, findings: &mut Vec<Finding>) {
        if input.own.is_some() {
            return;
        }
        for found in &input.plain_secrets {
            let keys = listed(found.entries.iter().map(|entry| entry.key));
            let message = format!("{} is in plain text: {keys}", found.title());
            let labels: Vec<_> = found.entries.iter().map(|entry| entry.key_node).collect();
            findings.push(input.finding(self, &labels, message, hint(input, found)));
        }
    }
}

/// The command that encrypts the file, and what is missing for it to work.
fn hint(input: &Input<'_>, found: &PlainSecret<'_>) -> Hint {
    match input.creation {
        Creation::NoConfig => {
            first("write a `.sops.yaml` with `keywright init`".to_owned(), ENCRYPT)
        }
        Creation::NoRule(config) => {
            first(format!("add a creation rule for it to `{}`", config.display()), ENCRYPT)
        }
        Creation::Broken(config) => first(format!("repair `{}`", config.display()), ENCRYPT),
        // Its rule is for keys that only SOPS itself can use.
        Creation::Foreign => run("sops encrypt -i"),
        Creation::Rule(config, rule) => {
            let picked = input.plain_leaves(&rule.selection);
            let missed = found.entries.iter().filter(|entry| {
                let value = input.document.target(entry.value);
                !input.document.subtree(value).any(|node| picked.binary_search(&node).is_ok())
            });
            let missed = listed(missed.map(|entry| entry.key));
            if missed.is_empty() {
                return run(ENCRYPT);
            }
            let place = format!("{}:{}", config.display(), rule.position.line);
            first(format!("let the creation rule at `{place}` select {missed}"), ENCRYPT)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{found, secret};

    /// What the rule finds in one file below a rule that covers it.
    fn one(text: &str) -> Vec<String> {
        let rules = "[{encrypted_regex: '^(data|stringData)$', age: AGE}]";
        found("plaintext-secret", &[(".sops.yaml", rules), ("a.yaml", text)])
    }

    /// The hint for a Secret with the key `token`, given the rules.
    fn hint(rules: Option<&str>) -> String {
        let text = secret("stringData: {token: canary}\n");
        let mut files = vec![("apps/a.yaml", text.as_str())];
        files.extend(rules.map(|rules| (".sops.yaml", rules)));
        let lines = found("plaintext-secret", &files);
        lines[0].split_once(" | ").unwrap().1.to_owned()
    }

    #[test]
    fn a_plain_secret_is_found_at_its_first_key_with_all_keys_named() {
        let text = secret("stringData:\n  empty: ''\n  user: canary\n  tls.crt: canary\n");
        assert_eq!(
            one(&text),
            ["error a.yaml:6:3 stringData.user: Secret `s` is in plain text: `user`, `tls.crt` \
              | keywright encrypt -i a.yaml"]
        );
    }

    #[test]
    fn every_spelling_is_found() {
        for (fields, place) in [
            ("data: {a: Y2FuYXJ5}\n", "4:8 data.a"),
            ("data:\n  a: |\n    Y2Fu\n    YXJ5\n", "5:3 data.a"),
            ("stringData:\n  a: |-\n    canary\n", "5:3 stringData.a"),
            ("stringData: {'a': \"canary\"}\n", "4:14 stringData.a"),
            ("stringData:\n  ? a\n  : canary\n", "5:5 stringData.a"),
            ("stringData:\n  a: 12345\n", "5:3 stringData.a"),
            ("x: &x canary\nstringData:\n  a: *x\n", "6:3 stringData.a"),
            ("x: &x {a: canary}\nstringData:\n  <<: *x\n", "4:8 x.a"),
        ] {
            let found = one(&secret(fields));
            assert!(
                found.len() == 1 && found[0].contains(&format!(" a.yaml:{place}:")),
                "{found:?}"
            );
        }
    }

    #[test]
    fn every_secret_of_a_stream_and_of_a_list_is_found() {
        let stream = format!(
            "a: 1\n---\n{}---\n{}",
            secret("data: {a: eA==}\n"),
            secret("data: {b: eA==}\n")
        );
        assert_eq!(one(&stream).len(), 2);
        let list = r#"{"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "Y2FuYXJ5"}}]}"#;
        let found = found("plaintext-secret", &[("a.json", list)]);
        assert!(found[0].starts_with("error a.json:2:88 items[0].data.a: Secret `s`"), "{found:?}");
    }

    #[test]
    fn a_secret_without_a_name_is_found() {
        let found = one("apiVersion: v1\nkind: Secret\ndata: {a: eA==}\n");
        assert!(found[0].contains("a Secret without a name is in plain text: `a`"));
    }

    #[test]
    fn what_is_no_secret_or_holds_none_is_not_found() {
        for text in [
            secret("data: {}\n"),
            secret("stringData: {a: ''}\n"),
            secret("stringData: {a: '${A}', b: 'op://a/b/c', c: ref+vault://a#b}\n"),
            secret("stringData: {a: 'ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]'}\n"),
            secret("type: kubernetes.io/service-account-token\ndata: {a: eA==}\n"),
            "apiVersion: v1\nkind: ConfigMap\ndata: {Secret: canary}\n".to_owned(),
            "apiVersion: example.test/v1\nkind: Secret\ndata: {a: canary}\n".to_owned(),
            "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\n# Secret\ndata: {a: canary}\n".to_owned(),
            "apiVersion: v1\nkind: Secret\nmetadata:\n  annotations:\n    \
             replicator.v1.mittwald.de/replicate-from: a/b\ndata: {a: eA==}\n"
                .to_owned(),
        ] {
            assert_eq!(one(&text), [""; 0], "{text}");
        }
    }

    #[test]
    fn an_encrypted_file_is_left_to_another_rule() {
        let text = secret("stringData: {a: x}\nsops: {lastmodified: x, unencrypted_suffix: a}\n");
        assert_eq!(one(&text), [""; 0]);
    }

    #[test]
    fn the_hint_is_the_command_and_what_it_lacks() {
        let command = "keywright encrypt -i apps/a.yaml";
        assert_eq!(hint(Some("[{age: AGE}]")), command);
        assert_eq!(
            hint(None),
            format!("write a `.sops.yaml` with `keywright init`, then run `{command}`")
        );
        assert_eq!(
            hint(Some("[{path_regex: x$, age: AGE}]")),
            format!("add a creation rule for it to `.sops.yaml`, then run `{command}`")
        );
        assert_eq!(
            hint(Some("[{encrypted_regex: ^password$, age: AGE}]")),
            format!("let the creation rule at `.sops.yaml:1` select `token`, then run `{command}`")
        );
        assert_eq!(
            hint(Some("[{path_regex: '('}]")),
            format!("repair `.sops.yaml`, then run `{command}`")
        );
        assert_eq!(hint(Some("[{pgp: ABCD}]")), "sops encrypt -i apps/a.yaml");
    }
}
