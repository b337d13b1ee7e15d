//! `init`: from what a repository shows to a `.sops.yaml`, and to what Flux needs beside it.
//!
//! ```text
//! + .sops.yaml                       where there is none: one rule for the names that Secrets have here
//! ~ .sops.yaml                       where there is one: a recipient more, when asked
//! ~ flux-system/releases.yaml        decryption, when asked
//! ```
//!
//! A configuration that exists is read and left as it is: whoever wrote it knew more than can be seen. Nothing here
//! knows an identity, asks, prints or writes.

mod pattern;
mod recipient;

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::document::{Document, EditError, Edits, NodeId, Position, plain_is_safe};
use crate::kube::flux::{self, FluxKustomization};
use crate::kube::kustomization::is_kustomization;
use crate::kube::objects;
use crate::layout::{self, Configured, Layout, Located, configuration, encrypted};
use crate::repo::{self, Snapshot};
use crate::sops::rules::Config;
use crate::txn::{self, Change, Plan};

use pattern::Patterns;

/// The name of a configuration.
const FILE_NAME: &str = ".sops.yaml";

/// What the selection of a new configuration picks.
const SECTIONS: [&str; 2] = ["data", "stringData"];

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// A configuration cannot be read or used.
    #[error(transparent)]
    Layout(#[from] layout::Error),
    /// Something of that name is no file of the repository.
    #[error("{}: is there, but is no file of the repository: it is ignored by Git, or no regular file", path.display())]
    InTheWay {
        /// The configuration, relative to the root.
        path: PathBuf,
    },
    /// A configuration has no rule to which a recipient could be added.
    #[error("{}: has no creation rules", path.display())]
    NoRules {
        /// The configuration, relative to the root.
        path: PathBuf,
    },
    /// A rule splits the data key among several groups.
    #[error(
        "{}:{position}: the rule has {count} key groups, and to which one the recipient belongs is not to be seen",
        path.display()
    )]
    Groups {
        /// The configuration, relative to the root.
        path: PathBuf,
        /// Where the rule begins.
        position: Position,
        /// Number of groups.
        count: usize,
    },
    /// An edit would change something else.
    #[error("{}:{source}", path.display())]
    Edit {
        /// The file, relative to the root.
        path: PathBuf,
        /// Where and why.
        source: EditError,
    },
    /// The changes contradict each other.
    #[error(transparent)]
    Plan(#[from] txn::Error),
}

impl From<repo::Error> for Error {
    fn from(error: repo::Error) -> Error {
        Error::Layout(error.into())
    }
}

/// A Flux Kustomization that does not decrypt.
pub(crate) struct Undecrypted<'s> {
    /// The Kustomization and its file.
    pub(crate) flux: Located<'s, FluxKustomization<'s>>,
    /// The files with Secrets that it applies; without any it needs nothing yet.
    pub(crate) secrets: Vec<PathBuf>,
}

/// The configurations of a repository, each with rules that can be used, in order of their paths.
pub(crate) fn configurations(snapshot: &Snapshot) -> Result<Vec<Configured>, Error> {
    let top = Path::new(FILE_NAME);
    if !snapshot.contains(top) && snapshot.root().join(top).symlink_metadata().is_ok() {
        return Err(Error::InTheWay { path: top.to_owned() });
    }
    let files = snapshot.paths().filter(|path| path.file_name() == Some(FILE_NAME.as_ref()));
    files.map(|file| configured(snapshot, file)).collect()
}

fn configured(snapshot: &Snapshot, file: &Path) -> Result<Configured, Error> {
    let refused = |source| layout::Error::Rules { path: file.to_owned(), source };
    let config = Config::parse(snapshot.document(file)?, file).map_err(refused)?;
    if let Some(Err(error)) = config.rules().find(Result::is_err) {
        return Err(refused(error.clone()).into());
    }
    Ok(Configured { config, file: file.to_owned() })
}

/// A configuration for a repository that has none, at its root. `plain` are the files with a Secret in plain text: one
/// of the patterns matches each, and no file that must stay readable.
pub(crate) fn new_configuration(
    snapshot: &Snapshot,
    plain: &[PathBuf],
    recipients: &[String],
) -> Result<Plan, Error> {
    let encrypted = encrypted(snapshot);
    let secret: Vec<&Path> = plain.iter().map(PathBuf::as_path).chain(encrypted).collect();
    let others: Vec<&Path> = snapshot
        .manifests()
        .filter(|file| !secret.contains(file) && must_stay_readable(snapshot, file))
        .collect();
    let text = written(&Patterns::of(&secret, &others), recipients);
    let mut plan = Plan::new();
    let new = Some(Zeroizing::new(text.into_bytes()));
    plan.push(Change { path: PathBuf::from(FILE_NAME), old: None, new, plain: false })?;
    Ok(plan)
}

/// Adds recipients to the rules of configurations in which they are missing.
pub(crate) fn add_recipients(
    snapshot: &Snapshot,
    configurations: &[Configured],
    recipients: &[String],
) -> Result<Plan, Error> {
    let mut plan = Plan::new();
    for Configured { file, .. } in configurations {
        let old = snapshot.document(file)?;
        let mut edited: Option<Document> = None;
        for one in recipients {
            let document = edited.as_ref().unwrap_or(old);
            if let Some(next) = recipient::add(document, file, one)? {
                edited = Some(next);
            }
        }
        if let Some(edited) = edited {
            plan.push(snapshot.change(file, Some(&edited))?)?;
        }
    }
    Ok(plan)
}

/// Of these files, those that no creation rule covers.
pub(crate) fn uncovered<'f>(
    snapshot: &Snapshot,
    files: &'f [PathBuf],
) -> Result<Vec<&'f Path>, Error> {
    let mut found = Vec::new();
    for file in files {
        let covered = match configuration(snapshot, file)? {
            Some(Configured { config, file: path }) => config
                .rule_for(file)
                .map_err(|source| layout::Error::Rules { path, source })?
                .is_some(),
            None => false,
        };
        if !covered {
            found.push(file.as_path());
        }
    }
    Ok(found)
}

/// The Flux Kustomizations that do not decrypt, in order of their files; `plain` are the files with a Secret in plain
/// text, which are going to be encrypted.
pub(crate) fn undecrypted<'s>(
    snapshot: &'s Snapshot,
    layout: &Layout<'s>,
    plain: &[PathBuf],
) -> Vec<Undecrypted<'s>> {
    let lacking = layout.flux().iter().filter(|found| !layout.decrypts(&found.view));
    let mut found: Vec<_> =
        lacking.map(|flux| Undecrypted { flux: *flux, secrets: Vec::new() }).collect();
    if found.is_empty() {
        return found;
    }
    for file in encrypted(snapshot).chain(plain.iter().map(PathBuf::as_path)) {
        for applier in layout.appliers(file) {
            let same = |one: &&mut Undecrypted<'_>| {
                one.flux.file == applier.file && one.flux.view.0.node == applier.view.0.node
            };
            if let Some(one) = found.iter_mut().find(same) {
                one.secrets.push(file.to_owned());
            }
        }
    }
    found
}

/// Lets those Kustomizations decrypt that apply Secrets.
pub(crate) fn fix_decryption(
    snapshot: &Snapshot,
    layout: &Layout<'_>,
    undecrypted: &[Undecrypted<'_>],
) -> Result<Plan, Error> {
    let secret = layout.decryption_secret().value;
    let mut edited: Vec<(&Path, Document)> = Vec::new();
    for Undecrypted { flux, .. } in undecrypted.iter().filter(|one| !one.secrets.is_empty()) {
        let path = flux.file;
        let refused = |source| Error::Edit { path: path.to_owned(), source };
        let known = edited.iter().position(|(file, _)| *file == path);
        let document = match known {
            Some(index) => &edited[index].1,
            None => snapshot.document(path)?,
        };
        let mut edits = Edits::new(document);
        flux::add_decryption(document, flux.view.name(), &secret, &mut edits).map_err(refused)?;
        let next = edits.apply().map_err(refused)?;
        match known {
            Some(index) => edited[index].1 = next,
            None => edited.push((path, next)),
        }
    }
    let mut plan = Plan::new();
    for (path, document) in edited {
        plan.push(snapshot.change(path, Some(&document))?)?;
    }
    Ok(plan)
}

/// Whether a file holds no Secret and yet something that the selection picks, or that kustomize has to read: a rule that
/// covers it would have it encrypted.
fn must_stay_readable(snapshot: &Snapshot, file: &Path) -> bool {
    if is_kustomization(file) {
        return true;
    }
    let Ok(document) = snapshot.document(file) else { return false };
    let picked = |top: NodeId| {
        let holds = |node| SECTIONS.iter().any(|key| document.entry(node, key).is_some());
        document.subtree(top).any(holds)
    };
    let objects = objects(document);
    match objects.is_empty() {
        true => document.roots().iter().any(|root| picked(root.node)),
        false => objects.iter().any(|object| !object.is("", "Secret") && picked(object.node)),
    }
}

/// The text of a new configuration.
fn written(patterns: &Patterns, recipients: &[String]) -> String {
    let mut text = String::from(
        "# Who can read new SOPS files, and which of their values are encrypted. The first rule whose `path_regex`\n\
         # matches decides. `keywright updatekeys -r .` brings files up to date after a change of the recipients.\n\
         creation_rules:\n",
    );
    for (index, rule) in patterns.rules().iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        text.push_str(&rule_text(rule, index == 0, recipients));
    }
    text.push_str(
        "\n# Columns per level where sops prints a file anew; Keywright keeps what a file has.\n\
         stores:\n  yaml:\n    indent: 2\n",
    );
    text
}

/// One rule; the first one explains its fields.
fn rule_text(rule: &pattern::Rule, explained: bool, recipients: &[String]) -> String {
    let explain = |text: &str| match explained {
        true => format!("    # {text}\n"),
        false => String::new(),
    };
    let regex = match plain_is_safe(&rule.regex, false) {
        true => rule.regex.clone(),
        false => format!("'{}'", rule.regex.replace('\'', "''")),
    };
    let mut text = format!("  # {}\n  - path_regex: {regex}\n", rule.meaning);
    text += &explain(
        "The values of a Secret. Kind, names and keys stay readable: kustomize, Flux and reviewers need them.",
    );
    text += "    encrypted_regex: ^(data|stringData)$\n";
    text += &explain(
        "The MAC covers these values alone, so that labels and annotations may be changed without a key. Without \
         this\n    # line they could not be changed unnoticed, and every such change would need `keywright edit`.",
    );
    text += "    mac_only_encrypted: true\n";
    text += &explain("Each of these recipients can read the files; a comma stands between two.");
    match recipients {
        [one] => text += &format!("    age: {one}\n"),
        several => text += &format!("    age: >-\n      {}\n", several.join(",\n      ")),
    }
    text
}

#[cfg(test)]
mod tests;
