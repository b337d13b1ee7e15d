//! `db doctor`: what is wrong with the databases of a repository, as findings, and the repair of what is safe.
//!
//! The rules look at an [`Inventory`]: names that disagree, parts that miss their other half, passwords that differ,
//! wiring that is forgotten. A finding names places and keys, never a value. [`fix`] changes only what cannot do
//! harm – the reload label, a missing `dependsOn`, a file that is not listed – and leaves everything else to people.
//!
//! ```text
//! error[owner-without-role]: the owner `shop` of the database `shop` is declared nowhere
//!  --> db/databases.yaml:5:9
//!   = hint: keywright db adopt
//! ```

mod declared;
mod fix;
mod places;
mod secrets;
mod wiring;

use std::path::{Path, PathBuf};

pub(crate) use fix::fix;

use super::inventory::{Entry, Inventory, Stock};
use crate::document::{Document, NodeId, Position};
use crate::kube::Object;
use crate::layout::{App, Layout, SecretSite};
use crate::repo;

/// The command that mends what is safe.
const FIX: &str = "keywright db doctor --fix";

/// The command that declares what is in use.
const ADOPT: &str = "keywright db adopt";

/// The command by which people mend an encrypted file.
const EDIT: &str = "keywright edit";

/// What to do with a file that is no YAML.
const MEND: &str = "mend it first; `git diff` shows what changed";

/// How bad a finding is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Severity {
    /// The operator or the app will fail.
    Error,
    /// It works, but not as well as it could, or not for long.
    Warning,
    /// Good to know; there is nothing to do.
    Note,
}

impl Severity {
    /// The word in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// One hit of a rule.
pub(crate) struct Finding<'s> {
    /// Id of the rule, such as `password-differs`.
    pub(crate) rule: &'static str,
    /// How bad it is.
    pub(crate) severity: Severity,
    /// The file, relative to the root.
    pub(crate) path: PathBuf,
    /// Where in it.
    pub(crate) position: Position,
    /// What is wrong, without a value.
    pub(crate) message: String,
    /// What to do.
    pub(crate) hint: String,
    /// The file that the command at the end of the hint takes, if it takes one.
    pub(crate) file: Option<PathBuf>,
    /// How it can be mended without a question.
    repair: Option<Repair<'s>>,
}

/// What [`fix`] can do.
enum Repair<'s> {
    /// Give a Secret the reload label.
    Watch(SecretSite<'s>),
    /// Let an app wait for what applies the Cluster, by its place in the inventory.
    Wait(Box<App<'s>>, usize),
    /// List a file in a kustomize file.
    List {
        /// The kustomize file.
        lister: &'s Path,
        /// The file.
        file: &'s Path,
        /// The Cluster that it belongs to, by its place in the inventory.
        stock: usize,
    },
}

/// What the rules look at, and what they found.
struct Examination<'e, 's> {
    layout: &'e Layout<'s>,
    inventory: &'e Inventory<'s>,
    findings: Vec<Finding<'s>>,
}

/// Where a finding stands.
#[derive(Clone, Copy)]
struct Place<'p> {
    file: &'p Path,
    document: &'p Document,
    node: NodeId,
}

/// Applies all rules; the findings are ordered by file and line.
pub(crate) fn examine<'s>(layout: &Layout<'s>, inventory: &Inventory<'s>) -> Vec<Finding<'s>> {
    let mut examination = Examination { layout, inventory, findings: Vec::new() };
    for (index, stock) in inventory.clusters.iter().enumerate() {
        declared::twice(&mut examination, stock);
        declared::hidden(&mut examination, stock);
        secrets::unused(&mut examination, stock);
        wiring::waiting(&mut examination, index);
        wiring::listing(&mut examination, index);
        for entry in &stock.entries {
            declared::names(&mut examination, entry);
            declared::halves(&mut examination, stock, entry);
            secrets::own(&mut examination, entry);
            places::uses(&mut examination, stock, entry);
        }
    }
    let mut findings = examination.findings;
    findings.extend(unreadable(layout));
    findings.sort_by(|one, other| {
        (&one.path, one.position, one.rule).cmp(&(&other.path, other.position, other.rule))
    });
    findings
}

/// Files that cannot be read, or are no YAML: what they declare is missing in everything else.
fn unreadable<'s>(layout: &Layout<'s>) -> Vec<Finding<'s>> {
    let finding = |(path, error): (&Path, repo::Error)| {
        let (position, reason) = match error {
            repo::Error::Parse { source, .. } => (source.position, source.reason),
            repo::Error::Read { reason, .. } => (Position { line: 1, column: 1 }, reason),
        };
        Finding {
            rule: "unreadable",
            severity: Severity::Error,
            path: path.to_owned(),
            position,
            message: format!("{reason}: what this file declares is not known"),
            hint: MEND.to_owned(),
            file: None,
            repair: None,
        }
    };
    layout.broken().into_iter().map(finding).collect()
}

impl<'s> Examination<'_, 's> {
    fn error(&mut self, rule: &'static str, place: Place<'_>, message: String, hint: String) {
        self.add(rule, Severity::Error, place, message, hint);
    }

    fn warning(&mut self, rule: &'static str, place: Place<'_>, message: String, hint: String) {
        self.add(rule, Severity::Warning, place, message, hint);
    }

    fn note(&mut self, rule: &'static str, place: Place<'_>, message: String, hint: String) {
        self.add(rule, Severity::Note, place, message, hint);
    }

    /// A warning about something that can be mended.
    fn repairable(
        &mut self,
        rule: &'static str,
        place: Place<'_>,
        message: String,
        repair: Repair<'s>,
    ) {
        self.add(rule, Severity::Warning, place, message, FIX.to_owned());
        self.findings.last_mut().expect("just added").repair = Some(repair);
    }

    /// An error that people mend in a file: the hint ends with the command for it.
    fn editable(&mut self, rule: &'static str, place: Place<'_>, message: String, first: &str) {
        self.add(rule, Severity::Error, place, message, format!("{first}{EDIT}"));
        self.findings.last_mut().expect("just added").file = Some(place.file.to_owned());
    }

    fn add(
        &mut self,
        rule: &'static str,
        severity: Severity,
        place: Place<'_>,
        message: String,
        hint: String,
    ) {
        let position = place.document.position_of(place.node);
        let path = place.file.to_owned();
        let (file, repair) = (None, None);
        self.findings.push(Finding { rule, severity, path, position, message, hint, file, repair });
    }
}

impl<'p> Place<'p> {
    /// What stands below these keys of an object, else the object.
    fn of(object: Object<'p>, keys: &[&str], file: &'p Path) -> Place<'p> {
        let node = object.at(keys).unwrap_or(object.node);
        Place { file, document: object.document, node }
    }
}

/// What completes the database of an entry.
fn provision(entry: &Entry<'_>) -> String {
    match &entry.app {
        Some(app) => format!("keywright db provision {app}"),
        None => "keywright db provision APP".to_owned(),
    }
}

/// How the Service of a Cluster is written from everywhere.
fn service(stock: &Stock<'_>) -> String {
    let name = stock.site.cluster.name();
    format!("{name}-rw.{}.svc", stock.namespace().unwrap_or("NAMESPACE"))
}
