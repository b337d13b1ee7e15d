//! `.sops.yaml`: creation rules.
//!
//! ```yaml
//! creation_rules:
//!   - path_regex: secrets/dev/.*\.yaml$
//!     encrypted_regex: ^(data|stringData)$
//!     age: age1…,age1…
//! stores:
//!   yaml: {indent: 2}
//! ```
//!
//! The first rule whose `path_regex` matches a file decides; a rule without one matches every file. Only
//! the rule that decides has to be understood: one for another file may name whatever it likes.
//! Unknown fields are ignored, as SOPS ignores them; reading an encrypted file consults no rule at all.

mod keys;

use std::path::{Component, Path, PathBuf};

use super::format::Format;
use super::group::KeyGroup;
use super::regex::{GoRegex, RegexError};
use super::selection::{Selection, SelectionError, Settings};
use crate::document::{Document, NodeId, Position, Value};

/// Columns per level where `stores.yaml.indent` does not say otherwise: SOPS' default.
const DEFAULT_INDENT: usize = 4;

/// Why a configuration cannot be used. Positions are those in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A field is not of its type.
    #[error("{position}: `{field}` must be {wanted}")]
    Field {
        /// Where.
        position: Position,
        /// Name of the field.
        field: &'static str,
        /// What it must be.
        wanted: &'static str,
    },
    /// The pattern does not compile; SOPS refuses it, too.
    #[error("{position}: `path_regex`: {source}")]
    PathRegex {
        /// Where.
        position: Position,
        /// Why.
        source: RegexError,
    },
    /// A recipient cannot be used.
    #[error("{position}: {source}")]
    Recipient {
        /// Where.
        position: Position,
        /// Why.
        source: crate::keys::Error,
    },
    /// The rule has two selections, or one that does not compile.
    #[error("{position}: {source}")]
    Selection {
        /// Where.
        position: Position,
        /// Why.
        source: SelectionError,
    },
}

/// One `.sops.yaml`.
pub struct Config {
    directory: PathBuf,
    declares_rules: bool,
    rules: Vec<Candidate>,
    indent: usize,
    json_indent: Option<usize>,
}

/// A rule as far as it was understood.
struct Candidate {
    path_regex: Result<Option<GoRegex>, Error>,
    rule: Result<Rule, Error>,
}

/// What a new file gets.
pub struct Rule {
    /// Which paths; none matches all.
    pub path_regex: Option<GoRegex>,
    /// Who can read the file.
    pub groups: Vec<KeyGroup>,
    /// How many of several groups are needed; 0 for all.
    pub threshold: usize,
    /// Which values are encrypted.
    pub selection: Selection,
    /// Whether the MAC covers encrypted values only.
    pub mac_only_encrypted: bool,
    /// Where the rule begins.
    pub position: Position,
}

impl Config {
    /// Reads a configuration that stands at `path` (`dir/.sops.yaml`).
    pub fn parse(document: &Document, path: &Path) -> Result<Config, Error> {
        let mut config = Config {
            directory: path.parent().map(clean).unwrap_or_default(),
            declares_rules: false,
            rules: Vec::new(),
            indent: DEFAULT_INDENT,
            json_indent: None,
        };
        let Some(root) = document.roots().first() else { return Ok(config) };
        if let Some(indent) = document.descend(root.node, &["stores", "yaml", "indent"]) {
            config.indent = read_indent(document, indent)?;
        }
        if let Some(indent) = document.descend(root.node, &["stores", "json", "indent"]) {
            config.json_indent = read_json_indent(document, indent)?;
        }
        if let Some(rules) = document.lookup(root.node, "creation_rules") {
            let rules = document.target(rules);
            config.declares_rules = true;
            config.rules = document.items(rules).map(|rule| candidate(document, rule)).collect();
        }
        Ok(config)
    }

    /// The first rule that matches a file; its path has the same base as that of the configuration.
    ///
    /// Fails for a rule on the way whose pattern does not compile, and if the rule that matches cannot be
    /// used.
    pub fn rule_for(&self, file: &Path) -> Result<Option<&Rule>, Error> {
        let file = clean(file);
        let subject = file.strip_prefix(&self.directory).unwrap_or(&file).to_string_lossy();
        for candidate in &self.rules {
            let regex = candidate.path_regex.as_ref().map_err(Error::clone)?;
            if regex.as_ref().is_none_or(|regex| regex.is_match(&subject)) {
                return candidate.rule.as_ref().map(Some).map_err(Error::clone);
            }
        }
        Ok(None)
    }

    /// The rules in order; one that cannot be used is the reason why.
    pub fn rules(&self) -> impl Iterator<Item = Result<&Rule, &Error>> {
        self.rules.iter().map(|candidate| candidate.rule.as_ref())
    }

    /// Whether there is a list of rules, though it may be empty. Without one, SOPS behaves as without a
    /// configuration.
    pub fn declares_rules(&self) -> bool {
        self.declares_rules
    }

    /// Columns per level of a metadata block.
    pub fn indent(&self) -> usize {
        self.indent
    }

    /// Columns per level of a file that is printed anew; `None` where the format has a default of its own.
    pub fn indent_of(&self, format: Format) -> Option<usize> {
        match format {
            Format::Yaml => Some(self.indent),
            Format::Json => self.json_indent,
            Format::Binary | Format::Dotenv | Format::Ini => None,
        }
    }
}

impl Rule {
    /// How many groups a file needs that needed `before` of them: a rule that does not say leaves the file its number, as
    /// far as there are groups for it.
    pub fn threshold_after(&self, before: usize) -> usize {
        if self.threshold == 0 { before.min(self.groups.len()) } else { self.threshold }
    }
}

/// A path without `.` and `..`, by its letters alone.
fn clean(path: &Path) -> PathBuf {
    let mut cleaned = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if cleaned.file_name().is_some() => {
                cleaned.pop();
            }
            other => cleaned.push(other),
        }
    }
    cleaned
}

/// SOPS takes 0 for its default, and prints with 2 for 1 and above 9.
fn read_indent(document: &Document, node: NodeId) -> Result<usize, Error> {
    match document.value(node) {
        Some(Ok(Value::Int(0))) => Ok(DEFAULT_INDENT),
        Some(Ok(Value::Int(indent @ 2..=9))) => Ok(indent.unsigned_abs() as usize),
        Some(Ok(Value::Int(1 | 10..))) => Ok(2),
        _ => Err(Error::Field {
            position: document.position_of(node),
            field: "stores.yaml.indent",
            wanted: "a number that is not negative",
        }),
    }
}

/// SOPS takes -1, its default, for a tab, and 0 for none.
fn read_json_indent(document: &Document, node: NodeId) -> Result<Option<usize>, Error> {
    match document.value(node) {
        Some(Ok(Value::Int(-1))) => Ok(None),
        Some(Ok(Value::Int(indent @ 0..=100))) => Ok(Some(indent.unsigned_abs() as usize)),
        _ => Err(Error::Field {
            position: document.position_of(node),
            field: "stores.json.indent",
            wanted: "-1 for a tab, or a number of columns",
        }),
    }
}

fn candidate(document: &Document, node: NodeId) -> Candidate {
    let reader = Reader { document, rule: document.target(node) };
    let path_regex = reader.path_regex();
    let rule = path_regex.clone().and_then(|path_regex| reader.rule(path_regex));
    Candidate { path_regex, rule }
}

struct Reader<'d> {
    document: &'d Document,
    rule: NodeId,
}

impl Reader<'_> {
    fn path_regex(&self) -> Result<Option<GoRegex>, Error> {
        let Some((node, pattern)) = self.text("path_regex")? else { return Ok(None) };
        match GoRegex::new(pattern) {
            // SOPS takes an empty pattern for none.
            _ if pattern.is_empty() => Ok(None),
            Ok(regex) => Ok(Some(regex)),
            Err(source) => {
                Err(Error::PathRegex { position: self.document.position_of(node), source })
            }
        }
    }

    fn rule(&self, path_regex: Option<GoRegex>) -> Result<Rule, Error> {
        Ok(Rule {
            path_regex,
            groups: keys::groups(self.document, self.rule)?,
            threshold: self.threshold()?,
            selection: self.selection()?,
            mac_only_encrypted: self.mac_only_encrypted()?,
            position: self.document.position_of(self.rule),
        })
    }

    fn selection(&self) -> Result<Selection, Error> {
        let text = |name| self.text(name).map(|found| found.map(|(_, text)| text));
        Selection::new(Settings {
            unencrypted_suffix: text("unencrypted_suffix")?,
            encrypted_suffix: text("encrypted_suffix")?,
            unencrypted_regex: text("unencrypted_regex")?,
            encrypted_regex: text("encrypted_regex")?,
            unencrypted_comment_regex: text("unencrypted_comment_regex")?,
            encrypted_comment_regex: text("encrypted_comment_regex")?,
        })
        .map_err(|source| Error::Selection {
            position: self.document.position_of(self.rule),
            source,
        })
    }

    fn mac_only_encrypted(&self) -> Result<bool, Error> {
        let field = "mac_only_encrypted";
        match self.document.lookup(self.rule, field).map(|node| (node, self.document.value(node))) {
            None | Some((_, Some(Ok(Value::Null)))) => Ok(false),
            Some((_, Some(Ok(Value::Bool(value))))) => Ok(value),
            Some((node, _)) => Err(self.field(node, field, "true or false")),
        }
    }

    fn threshold(&self) -> Result<usize, Error> {
        let field = "shamir_threshold";
        match self.document.lookup(self.rule, field).map(|node| (node, self.document.value(node))) {
            None | Some((_, Some(Ok(Value::Null)))) => Ok(0),
            Some((_, Some(Ok(Value::Int(int @ 0..=255))))) => Ok(int.unsigned_abs() as usize),
            Some((node, _)) => Err(self.field(node, field, "a number from 0 to 255")),
        }
    }

    fn text(&self, field: &'static str) -> Result<Option<(NodeId, &str)>, Error> {
        let Some(node) = self.document.lookup(self.rule, field) else { return Ok(None) };
        match self.document.value(node) {
            Some(Ok(Value::Null)) => Ok(None),
            Some(Ok(Value::Text(_))) => Ok(self.document.text(node).map(|text| (node, text))),
            _ => Err(self.field(node, field, "text")),
        }
    }

    fn field(&self, node: NodeId, field: &'static str, wanted: &'static str) -> Error {
        Error::Field { position: self.document.position_of(node), field, wanted }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const ANNA: &str = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";

    fn config(text: &str) -> Config {
        let text = text.replace("ANNA", ANNA);
        let document = Document::parse(text.into_bytes()).unwrap();
        Config::parse(&document, Path::new("/repo/.sops.yaml")).unwrap()
    }

    fn recipients(text: &str, file: &str) -> Result<usize, String> {
        let config = config(text);
        let rule = config.rule_for(Path::new(file)).map_err(|error| error.to_string())?;
        let groups = &rule.ok_or("no rule")?.groups;
        Ok(groups.iter().map(|group| group.names().count()).sum())
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let text = "creation_rules:\n- {path_regex: ^a/, age: ANNA, encrypted_suffix: x}\n- age: 'ANNA,ANNA'\n";
        assert_eq!(recipients(text, "/repo/a/b.yaml"), Ok(1));
        assert_eq!(recipients(text, "/repo/./b/../c.yaml"), Ok(2));
        assert_eq!(recipients(text, "/elsewhere/a/b.yaml"), Ok(2));
    }

    #[test]
    fn recipients_come_as_text_list_folded_block_or_group() {
        for age in [
            "age: ANNA",
            "age: [ANNA]",
            "age: >-\n      ANNA,\n",
            "key_groups: [{age: [ANNA, ANNA]}]",
            "key_groups:\n    - merge: [{age: [ANNA]}]\n",
            "age: ' ANNA , '",
        ] {
            let text = format!("creation_rules:\n  - {age}\n");
            assert_eq!(recipients(&text, "/repo/x.yaml"), Ok(1), "{age}");
        }
    }

    #[test]
    fn groups_and_keys_of_other_kinds_are_named() {
        let text = "creation_rules:\n- shamir_threshold: 2\n  key_groups:\n  - {age: [ANNA], pgp: [AB, CD]}\n  \
                    - kms: [{arn: 'arn:x', role: r}]\n    hc_vault: ['https://v/v1/e/keys/k']\n    merge: [{azure_keyvault: \
                    [{vaultUrl: 'https://z', key: k, version: v}]}]\n";
        let config = config(text);
        let rule = config.rule_for(Path::new("/repo/y")).unwrap().unwrap();
        let names: Vec<Vec<&str>> =
            rule.groups.iter().map(|group| group.names().collect()).collect();
        let second = vec!["https://z/keys/k/v", "arn:x+r", "https://v/v1/e/keys/k"];
        assert_eq!((rule.threshold, names), (2, vec![vec![ANNA, "AB", "CD"], second]));
        let document = Document::parse(b"{pgp: 'AB, CD', kms: 'arn:y'}".to_vec()).unwrap();
        let groups = keys::groups(&document, document.roots()[0].node).unwrap();
        let kinds: Vec<&str> = groups[0].foreign.iter().map(|key| key.kind).collect();
        assert_eq!(kinds, ["pgp", "pgp", "kms"]);
    }

    #[test]
    fn anchors_and_merge_keys_are_understood() {
        let text = "base: &b {age: ANNA, encrypted_regex: ^x$}\ncreation_rules:\n- <<: *b\n  path_regex: y\n";
        let config = config(text);
        let rule = config.rule_for(Path::new("/repo/y")).unwrap().unwrap();
        assert_eq!(rule.selection.setting(), Some(("encrypted_regex", "^x$")));
        assert!(config.rule_for(Path::new("/repo/z")).unwrap().is_none());
    }

    #[test]
    fn only_the_rule_that_matches_must_be_understood() {
        let text = "creation_rules:\n- {path_regex: ^a, age: 7}\n- age: ANNA\n";
        assert_eq!(recipients(text, "/repo/x"), Ok(1));
        assert!(recipients(text, "/repo/a").is_err());
    }

    #[test]
    fn what_cannot_be_done_is_refused_with_its_place() {
        for (rule, wanted) in [
            ("{age: ANNA, shamir_threshold: two}", "`shamir_threshold` must be a number"),
            ("key_groups: [{pgp: 7}]", "`pgp` must be a text or a list"),
            ("age: 7", "2:8: `age` must be text or a list of texts"),
            ("age: ['']", "`age` must be a list of texts that are not empty"),
            ("path_regex: '('", "`path_regex`"),
            ("{age: ANNA, encrypted_regex: x, encrypted_suffix: y}", "encrypted_suffix"),
            ("{age: ANNA, encrypted_regex: '(?!x)'}", "encrypted_regex"),
            ("age: nobody", "not a recipient"),
        ] {
            let error = recipients(&format!("creation_rules:\n- {rule}\n"), "/repo/x").unwrap_err();
            assert!(error.contains(wanted), "{error} / {wanted}");
        }
    }

    #[test]
    fn the_indentation_is_that_of_sops() {
        for (indent, wanted) in [("0", 4), ("2", 2), ("1", 2), ("12", 2)] {
            assert_eq!(config(&format!("stores: {{yaml: {{indent: {indent}}}}}")).indent(), wanted);
        }
        for wrong in ["yaml: {indent: -1}", "json: {indent: -2}", "json: {indent: x}"] {
            let text = format!("stores: {{{wrong}}}").into_bytes();
            let document = Document::parse(text).unwrap();
            assert!(Config::parse(&document, Path::new(".sops.yaml")).is_err(), "{wrong}");
        }
        let both = config("stores: {json: {indent: 3}, yaml: {indent: 2}}");
        assert_eq!(both.indent_of(Format::Json), Some(3));
        assert_eq!(both.indent_of(Format::Yaml), Some(2));
        assert_eq!(config("stores: {json: {indent: -1}}").indent_of(Format::Json), None);
    }

    #[test]
    fn the_example_shows_every_field_in_rules_that_can_be_used() {
        let example = include_str!("../../../.sops.yaml.example");
        let names = keys::FOREIGN.iter().map(|(name, _)| *name).chain(Settings::NAMES);
        let others = ["path_regex:", "age:", "key_groups:", "merge:", "shamir_threshold:"];
        let more = ["mac_only_encrypted:", "creation_rules:", "stores:", "yaml:", "json:"];
        for name in names.chain(others).chain(more) {
            assert!(example.contains(name), "{name}");
        }
        let example = example.replace("age1-first-recipient", ANNA);
        let config = config(&example.replace("age1-your-own-recipient", ANNA));
        assert!(config.rules().all(|rule| rule.is_ok()));
        let selections: HashSet<_> = config
            .rules()
            .filter_map(|rule| Some(rule.ok()?.selection.setting()?.0.to_owned()))
            .collect();
        assert!(Settings::NAMES.iter().all(|name| selections.contains(*name)), "{selections:?}");
        assert_eq!((config.indent(), config.indent_of(Format::Json)), (2, Some(2)));
    }
}
