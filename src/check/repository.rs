//! The repository as a whole, for rules about files that belong together.

use std::path::Path;

use super::Unchecked;
use super::creation::NAME;
use super::finding::{Confidence, Finding, Hint};
use super::rules::Rule;
use crate::document::{Document, NodeId};
use crate::layout::Layout;
use crate::sops::rules::Config;

/// A `.sops.yaml`.
pub(super) struct Configuration<'r> {
    /// Relative to the root.
    pub(super) path: &'r Path,
    /// Its content.
    pub(super) document: &'r Document,
    /// The mappings of its rules, in order.
    pub(super) rules: Vec<NodeId>,
    /// What they mean.
    pub(super) config: Config,
}

/// What a repository shows about itself, and which of its files are to be checked.
pub(crate) struct Repository<'r> {
    /// Flux and kustomize objects, Secrets, workloads and how they hang together.
    pub(super) layout: &'r Layout<'r>,
    /// What was found out to be unusable.
    pub(super) unchecked: &'r [Unchecked],
}

impl<'r> Repository<'r> {
    /// The configurations that can be read, each with its path and its list of rules as they stand there.
    pub(super) fn configurations(&self) -> impl Iterator<Item = Configuration<'r>> {
        let snapshot = self.layout.snapshot();
        let paths = snapshot.paths().filter(|path| path.file_name().is_some_and(|n| n == NAME));
        paths.filter_map(|path| {
            let document = snapshot.document(path).ok()?;
            let config = Config::parse(document, path).ok()?;
            let list = document.lookup(document.roots().first()?.node, "creation_rules")?;
            let rules = document.items(document.target(list)).map(|rule| document.target(rule));
            Some(Configuration { path, document, rules: rules.collect(), config })
        })
    }

    /// A finding that points at some keys or items of a file, the first one being its location.
    pub(super) fn finding(
        &self,
        rule: &dyn Rule,
        (path, document): (&Path, &Document),
        labels: &[NodeId],
        message: String,
        hint: Hint,
    ) -> Finding {
        Finding::at(rule, (path, document), labels, Confidence::High, message, hint)
    }
}
