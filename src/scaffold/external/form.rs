//! What references say: where the values are, and which of them the Secret gets.

use std::fmt;

use crate::document::Fragment;

/// The API group of External Secrets.
pub(super) const EXTERNAL_SECRETS: &str = "external-secrets.io";

/// The API group of 1Password's operator.
pub(super) const ONE_PASSWORD: &str = "onepassword.com";

/// What 1Password calls a store.
const VAULT: &str = "vault";

/// Where values are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Store {
    /// `ClusterSecretStore`, `SecretStore`, or `vault` of 1Password.
    pub(super) kind: String,
    /// Its name.
    pub(super) name: String,
}

/// How a reference says which values the Secret gets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Form {
    /// All fields of an item: `dataFrom: [{extract: {key: ITEM}}]`.
    Extract,
    /// The same, and keys made of them: `target.template.data: {KEY: "{{ .FIELD }}"}`.
    Template,
    /// Fields one by one: `data: [{secretKey: KEY, remoteRef: {key: ITEM, property: FIELD}}]`.
    Property,
    /// Without `property`, the item in the key: `key: ITEM/FIELD`.
    Path,
    /// An entry of the store for each key, in the characters that every store takes: `key: app-field`.
    Dashed,
    /// An entry of the store that is called as the key: `key: FIELD`.
    Bare,
}

impl Store {
    /// A vault of 1Password, which only a `OnePasswordItem` names.
    pub(super) fn vault(name: &str) -> Store {
        Store { kind: VAULT.to_owned(), name: name.to_owned() }
    }

    /// Whether it is a vault.
    pub(super) fn is_vault(&self) -> bool {
        self.kind == VAULT
    }

    /// API group and kind of what refers to it.
    pub(super) fn reference(&self) -> (&'static str, &'static str) {
        match self.is_vault() {
            true => (ONE_PASSWORD, "OnePasswordItem"),
            false => (EXTERNAL_SECRETS, "ExternalSecret"),
        }
    }
}

impl fmt::Display for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} `{}`", self.kind, self.name)
    }
}

impl fmt::Display for Form {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Form::Extract => "all fields of the item",
            Form::Template => "all fields of the item, and a template",
            Form::Property => "fields of the item, each named",
            Form::Path | Form::Dashed | Form::Bare => "an entry of the store for each key",
        })
    }
}

impl Form {
    /// Whether each key is written down.
    pub(super) fn names_keys(self) -> bool {
        !matches!(self, Form::Extract | Form::Template)
    }

    /// What a field is called in the store, where it has an entry of its own.
    pub(super) fn entry(self, item: &str, field: &str) -> Option<String> {
        match self {
            Form::Extract | Form::Template | Form::Property => None,
            Form::Path => Some(format!("{item}/{field}")),
            Form::Dashed => Some(format!("{item}-{field}").to_lowercase().replace(['_', '.'], "-")),
            Form::Bare => Some(field.to_owned()),
        }
    }

    /// The entry of `spec` that says it.
    pub(super) fn content(self, item: &str, fields: &[String]) -> (&'static str, Fragment) {
        if !self.names_keys() {
            let key = Fragment::mapping([("key", Fragment::text(item))]);
            return ("dataFrom", Fragment::Sequence(vec![Fragment::mapping([("extract", key)])]));
        }
        let one = |field: &String| {
            let entry = self.entry(item, field);
            let key = Fragment::text(entry.as_deref().unwrap_or(item));
            let remote = match entry {
                Some(_) => Fragment::mapping([("key", key)]),
                None => Fragment::mapping([("key", key), ("property", Fragment::text(field))]),
            };
            Fragment::mapping([("secretKey", Fragment::text(field)), ("remoteRef", remote)])
        };
        ("data", Fragment::Sequence(fields.iter().map(one).collect()))
    }
}

/// `data` of a template that takes these fields as they are.
pub(super) fn template(fields: &[String]) -> Fragment {
    let one = |field: &String| {
        // `{{ .tls.crt }}` would be a field of a field, and `{{ .a-b }}` a difference.
        let is_name = field.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !field.starts_with(|c: char| c.is_ascii_digit());
        let text = match is_name {
            true => format!("{{{{ .{field} }}}}"),
            false => format!("{{{{ index . \"{field}\" }}}}"),
        };
        (field.clone(), Fragment::text(text))
    };
    Fragment::Mapping(fields.iter().map(one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_a_store_are_called_as_it_takes_them() {
        let entry = |form: Form| form.entry("mealie", "SMTP_PASSWORD.txt");
        assert_eq!(entry(Form::Path).unwrap(), "mealie/SMTP_PASSWORD.txt");
        assert_eq!(entry(Form::Dashed).unwrap(), "mealie-smtp-password-txt");
        assert_eq!(entry(Form::Bare).unwrap(), "SMTP_PASSWORD.txt");
        assert_eq!([Form::Extract, Form::Template, Form::Property].map(entry), [None, None, None]);
    }

    #[test]
    fn a_template_finds_fields_that_are_no_names() {
        let fields = ["A_1", "tls.crt", "a-b", "1a"].map(str::to_owned);
        let Fragment::Mapping(entries) = template(&fields) else { panic!("a mapping") };
        let texts: Vec<String> = entries
            .iter()
            .map(|(_, value)| match value {
                Fragment::Text(text) => text.to_string(),
                _ => panic!("texts"),
            })
            .collect();
        let wanted = [
            "{{ .A_1 }}",
            r#"{{ index . "tls.crt" }}"#,
            r#"{{ index . "a-b" }}"#,
            r#"{{ index . "1a" }}"#,
        ];
        assert_eq!(texts, wanted);
    }
}
