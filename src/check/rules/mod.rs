//! The rules. Each is one file: an id, a severity, its page, and a detection that adds findings.
//!
//! A rule looks at one of four things: a document, the text of any file, a SOPS file that was opened, or the repository as
//! a whole.
//!
//! To add one: its file here, its `mod` line, its line in [`RULES`], its page in `docs/rules`, and its tests beside it.

mod bad_rule;
mod credential_url;
mod dangling_reference;
mod env_file;
mod excess_privilege;
mod expired_certificate;
mod generator_literal;
mod hand_edited;
mod high_entropy;
mod known_token;
pub(super) mod literal_credential;
mod mac_mismatch;
mod namespace_missing;
mod no_decryption;
mod non_string_value;
pub(super) mod not_decryptable_name;
mod not_listed;
mod partially_encrypted;
mod password_mismatch;
mod plaintext_secret;
mod private_key;
mod recipient_drift;
mod reload_label;
mod role_secret_mismatch;
mod rule_not_applied;
mod selection_drift;
mod served_version;
mod shared_password;
mod stray_token;
mod substitution_hazard;
mod too_large;
mod uncovered;
mod weak_dependency;
mod weak_password;
mod weak_selection;

use super::finding::{Finding, Hint, Severity};
use super::input::Input;
use super::opened::Opened;
use super::repository::Repository;
use super::text::Text;
use crate::document::{Document, NodeId};

/// All rules, by id.
pub(crate) const RULES: &[&dyn Rule] = &[
    &bad_rule::BadRule,
    &credential_url::CredentialUrl,
    &dangling_reference::DanglingReference,
    &env_file::EnvFile,
    &excess_privilege::ExcessPrivilege,
    &expired_certificate::ExpiredCertificate,
    &generator_literal::GeneratorLiteral,
    &hand_edited::HandEdited,
    &high_entropy::HighEntropy,
    &known_token::KnownToken,
    &literal_credential::LiteralCredential,
    &mac_mismatch::MacMismatch,
    &namespace_missing::NamespaceMissing,
    &no_decryption::NoDecryption,
    &non_string_value::NonStringValue,
    &not_decryptable_name::NotDecryptableName,
    &not_listed::NotListed,
    &partially_encrypted::PartiallyEncrypted,
    &password_mismatch::PasswordMismatch,
    &plaintext_secret::PlaintextSecret,
    &private_key::PrivateKey,
    &recipient_drift::RecipientDrift,
    &reload_label::ReloadLabel,
    &role_secret_mismatch::RoleSecretMismatch,
    &rule_not_applied::RuleNotApplied,
    &selection_drift::SelectionDrift,
    &served_version::ServedVersion,
    &shared_password::SharedPassword,
    &stray_token::StrayToken,
    &substitution_hazard::SubstitutionHazard,
    &too_large::TooLarge,
    &uncovered::Uncovered,
    &weak_dependency::WeakDependency,
    &weak_password::WeakPassword,
    &weak_selection::WeakSelection,
];

/// The command that encrypts a file in place.
const ENCRYPT: &str = "keywright encrypt -i";

/// Most values that a message names one by one.
const MOST_NAMED: usize = 16;

/// One check with an id.
pub(crate) trait Rule: Sync {
    /// In kebab case, and never changed: people write it down in configurations.
    fn id(&self) -> &'static str;

    /// How bad its findings are, unless one says otherwise.
    fn severity(&self) -> Severity {
        Severity::Error
    }

    /// Whether it looks at values, and so is only asked where files are opened.
    fn needs_values(&self) -> bool {
        false
    }

    /// Its page, Markdown: what it finds, why that matters, how to mend it, before and after.
    fn page(&self) -> &'static str;

    /// Adds what it finds in a document.
    fn document(&self, _input: &Input<'_>, _findings: &mut Vec<Finding>) {}

    /// Adds what it finds in the text of a file, whatever kind of file it is.
    fn text(&self, _text: &Text<'_>, _findings: &mut Vec<Finding>) {}

    /// Adds what it finds in a SOPS file that could be opened.
    fn opened(&self, _opened: &Opened<'_>, _findings: &mut Vec<Finding>) {}

    /// Adds what it finds where files belong together.
    fn repository(&self, _repository: &Repository<'_>, _findings: &mut Vec<Finding>) {}
}

/// A hint that is a command alone, with the file as its last argument.
fn run(command: &'static str) -> Hint {
    Hint { first: None, command: Some(command) }
}

/// A hint without a file: something to do by hand, or a command for the repository as a whole.
fn by_hand(what: impl Into<String>) -> Hint {
    Hint { first: Some(what.into()), command: None }
}

/// A hint that begins with something to do by hand.
fn first(what: String, command: &'static str) -> Hint {
    Hint { first: Some(what), command: Some(command) }
}

/// A text from a file in backticks, on one line.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("`");
    for c in text.chars() {
        if c.is_control() { quoted.extend(c.escape_default()) } else { quoted.push(c) }
    }
    quoted + "`"
}

/// Texts as [`quoted`], separated by commas.
fn listed<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    texts.into_iter().map(quoted).collect::<Vec<_>>().join(", ")
}

/// The routes of some values; of very many, the first ones and the number of the others.
fn listed_routes(document: &Document, values: &[NodeId]) -> String {
    let named: Vec<String> =
        values.iter().take(MOST_NAMED).map(|value| document.route(*value).to_string()).collect();
    let list = listed(named.iter().map(String::as_str));
    match values.len() - named.len() {
        0 => list,
        more => format!("{list} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_in_order() {
        let ids: Vec<_> = RULES.iter().map(|rule| rule.id()).collect();
        assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    }

    #[test]
    fn every_rule_has_a_page_of_one_form() {
        for rule in RULES {
            let page = rule.page();
            assert!(page.starts_with(&format!("# {}\n\n", rule.id())), "{}", rule.id());
            let headings: Vec<_> = page.lines().filter(|line| line.starts_with("## ")).collect();
            assert_eq!(
                headings,
                ["## Why", "## How to mend it", "## Before and after"],
                "{}",
                rule.id()
            );
        }
    }

    #[test]
    fn a_key_cannot_break_a_line() {
        assert_eq!(listed(["tls.crt", "a\nb\u{1b}"]), r"`tls.crt`, `a\nb\u{1b}`");
    }

    #[test]
    fn very_many_values_are_counted() {
        let document =
            Document::parse(b"a: [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18]".to_vec());
        let document = document.unwrap();
        let list = document.lookup(document.roots()[0].node, "a").unwrap();
        let items: Vec<_> = document.items(list).collect();
        assert!(listed_routes(&document, &items).ends_with("`a[15]` and 2 more"));
        assert_eq!(listed_routes(&document, &items[..2]), "`a[0]`, `a[1]`");
    }
}
