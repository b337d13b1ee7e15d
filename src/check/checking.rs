//! One file at a time: read, parsed if that is worth it, and handed to the rules.

use std::io;
use std::path::Path;

use super::content::Content;
use super::creation::Configs;
use super::input::{self, Input, Look};
use super::text::{self, Text};
use super::{Finding, Means, RULES, Report, Unchecked, directive, is_manifest, plain};
use crate::layout::Layout;
use crate::repo::Snapshot;
use crate::sops::Format;

/// A check under way: what is the same for every file.
pub(super) struct Checking<'c> {
    means: &'c Means<'c>,
    configs: Configs,
    /// What the layout was read from: it is not read again, and parsed once for both.
    known: Option<&'c Snapshot>,
}

impl<'c> Checking<'c> {
    /// Reads the configurations that concern some files. What is broken is added to `unchecked`.
    pub(super) fn new(
        files: &[&Path],
        means: &'c Means<'c>,
        unchecked: &mut Vec<Unchecked>,
    ) -> Self {
        let known = means.layout.map(Layout::snapshot);
        let configs = Configs::read(files, means.read, known, unchecked);
        Checking { means, configs, known }
    }

    /// Reads one file and hands it to the rules.
    pub(super) fn file(&self, path: &Path, report: &mut Report) {
        report.files += 1;
        let text = match Content::of(path, self.read(path)) {
            Content::Text(text) => text,
            Content::Passed => return,
            Content::Unchecked(reason) => {
                return report.unchecked.push(Unchecked::file(path, reason));
            }
        };
        report.directives.extend(directive::all(path, &text));
        let is_verified = self.means.verification.is_some() && text.contains(plain::TOKEN);
        let earlier = report.unchecked.len();
        let whole = Text { path, text: &text, before: self.means.before };
        let mut texts = Vec::new();
        RULES.iter().for_each(|rule| rule.text(&whole, &mut texts));
        let from = report.findings.len();
        if is_manifest(path) {
            self.document(path, text, &mut texts, report);
        } else if let Some(verification) = self.means.verification {
            verification.text(path, &text, report);
        }
        for unchecked in &mut report.unchecked[earlier..] {
            unchecked.is_unverified = is_verified && unchecked.path == path;
        }
        text::join(&mut report.findings, from, texts);
    }

    /// The bytes of a file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.known.and_then(|known| known.held(path)) {
            Some(bytes) => Ok(bytes.to_vec()),
            None => (self.means.read)(path),
        }
    }

    /// Hands a manifest to the rules, and takes from what they found in its text what they tell now.
    fn document(&self, path: &Path, text: String, texts: &mut Vec<Finding>, report: &mut Report) {
        let creation = self.configs.about(path, &mut report.unchecked);
        let own;
        let document = match input::look(path, text, creation, self.known) {
            Look::Passed => return,
            Look::Unchecked(unchecked) => return report.unchecked.push(unchecked),
            Look::Known(document) => document,
            Look::Document(document) => {
                own = document;
                &own
            }
        };
        let input = match Input::new(path, document, creation, &self.configs) {
            Ok(input) => input,
            Err(error) => {
                let reason = format!("its `sops` mapping cannot be used: {error}");
                return report.unchecked.push(Unchecked::file(path, reason));
            }
        };
        RULES.iter().for_each(|rule| rule.document(&input, &mut report.findings));
        texts.retain(|found| !input.tells(found.position.line));
        if let Some(verification) = self.means.verification.filter(|_| input.own.is_some()) {
            match document.syntax() == Format::of_path(path).syntax() {
                true => verification.document(path, document, report),
                false => verification.text(path, document.source(), report),
            }
        }
    }
}
