//! `.sops.yaml`: creation rules.

use std::path::Path;

use super::regex::GoRegex;
use super::selection::Selection;
use crate::document::{Document, Position};
use crate::keys::Recipient;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration is not what SOPS understands.
    #[error("{position}: {reason}")]
    Invalid {
        /// Where.
        position: Position,
        /// What is wrong.
        reason: String,
    },
}

/// One `.sops.yaml`.
pub struct Config {
    rules: Vec<Rule>,
    indent: usize,
}

/// What a new file gets.
pub struct Rule {
    /// Which paths; none matches all.
    pub path_regex: Option<GoRegex>,
    /// Who can read the file.
    pub recipients: Vec<Recipient>,
    /// Which values are encrypted.
    pub selection: Selection,
    /// Whether the MAC covers encrypted values only.
    pub mac_only_encrypted: bool,
    /// Where the rule begins.
    pub position: Position,
}

impl Config {
    /// Reads a configuration that stands at `path` (`dir/.sops.yaml`).
    pub fn parse(_document: &Document, _path: &Path) -> Result<Config, Error> {
        unimplemented!()
    }

    /// The first rule that matches a file; its path has the same base as that of the configuration.
    pub fn rule_for(&self, _file: &Path) -> Result<Option<&Rule>, Error> {
        let _ = &self.rules;
        unimplemented!()
    }

    /// Columns per level of a metadata block.
    pub fn indent(&self) -> usize {
        self.indent
    }
}
