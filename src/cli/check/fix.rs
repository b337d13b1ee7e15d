//! `keywright check --fix`: what a command mends without a decision of somebody, done by the code of that command.
//!
//! | rule | done as by |
//! |---|---|
//! | `plaintext-secret`, `rule-not-applied`, `not-decryptable-name`, `env-file` | `encrypt -i`, where a creation rule picks the values |
//! | `partially-encrypted` | `encrypt -i`, with an identity |
//! | `recipient-drift` | `updatekeys`, with an identity |
//! | `non-string-value` | `edit`, the values put in quotes, with an identity |
//! | `reload-label` | `db doctor --fix`, with an identity |
//! | `not-listed` | the entry in the kustomize file beside it, if there is one |
//! | `no-decryption` | `init --fix-decryption` |
//!
//! All others are left, and what fails is: an edit by hand is nobody's to vouch for here, and a token that was seen has to
//! be replaced where it was made.
//!
//! It is done in rounds, in memory: who encrypts a Secret may have to list it, and then to let Flux decrypt it. What all of
//! them change is one transaction.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use super::hold::HoldArgs;
use super::inputs::{Chosen, Inputs};
use super::tree;
use crate::check::{Finding, Report};
use crate::cli::claim;
use crate::cli::commit::{self, Mode};
use crate::cli::encrypt::{Encrypted, encrypt};
use crate::cli::failure::visible;
use crate::cli::file::File;
use crate::cli::job::{self, Job};
use crate::cli::new_file::Wanted;
use crate::cli::updatekeys::update;
use crate::cli::{Context, Failure, discover};
use crate::document::Document;
use crate::keys::Identities;
use crate::kube::kustomization::is_kustomization;
use crate::layout::Layout;
use crate::provision::{self, Inventory};
use crate::repo::Snapshot;
use crate::scaffold::existing::{self, quote};
use crate::scaffold::{self, init};
use crate::sops::Format;
use crate::sops::file::{EncryptedFile, plain_leaves};
use crate::sops::rules::Rule;
use crate::sops::selection::Selection;
use crate::txn::{Change, Content, Plan};

/// Repairs under way.
struct Fixing<'c> {
    context: &'c mut Context,
    /// Who decrypts.
    identities: Identities,
    /// The time of new MACs.
    now: String,
    /// The repository as it will be.
    snapshot: Snapshot,
    /// The way there.
    plan: Plan,
    /// Whether the present round changed something.
    is_changed: bool,
    /// What is encrypted now and was committed in plain text.
    exposed: Vec<PathBuf>,
}

/// Mends the files of some findings.
type Mend<'c> = fn(&mut Fixing<'c>, &[PathBuf]) -> Result<(), Failure>;

/// The rule about names that speak of SOPS.
const NAMED_ENCRYPTED: &str = "not-decryptable-name";

/// The rules about what should be encrypted.
const ENCRYPTED: [&str; 5] =
    ["plaintext-secret", "rule-not-applied", NAMED_ENCRYPTED, "env-file", "partially-encrypted"];

/// Mends what is safe, as one change, and gives what is left.
pub(super) fn fix(
    inputs: &Inputs,
    hold: &HoldArgs,
    mode: Mode,
    context: &mut Context,
) -> Result<(Chosen, Report), Failure> {
    context.begin("check --fix", mode.access());
    let identities = discover::identities(context)?;
    let (root, store, snapshot) = claim::repository(context)?;
    let mut fixing = Fixing {
        now: context.now(),
        context,
        identities,
        snapshot,
        plan: Plan::new(),
        is_changed: true,
        exposed: Vec::new(),
    };
    let left = loop {
        let (chosen, mut report) = tree::check(inputs, &fixing.snapshot, None, fixing.context)?;
        // What is held back is meant to be as it is.
        hold.apply(&root, &mut report, inputs.are_whole(), fixing.context)?;
        if !fixing.is_changed {
            break (chosen, report);
        }
        fixing.round(&report.findings)?;
    };
    let Fixing { plan, exposed, .. } = fixing;
    commit::carry_out(&store, plan, &root, mode, context)?;
    if !exposed.is_empty() {
        context.note("warning: the last commit has values of these in plain text, and the history of Git keeps them; change them");
        exposed.iter().for_each(|path| context.note(visible(&format!("  {}", path.display()))));
    }
    Ok(left)
}

/// Whether nothing has to be done by hand before the command that the hint names.
fn is_ready(finding: &Finding) -> bool {
    let hint = &finding.hint;
    hint.first.is_none() || hint.command.is_none() || finding.rule == NAMED_ENCRYPTED
}

/// Whether a creation rule picks what a file is to be encrypted for: something, and in a dotenv file everything, because a
/// rule for keys of Kubernetes would leave it in plain text with the looks of an encrypted one.
fn picks(file: &File, rule: &Rule) -> bool {
    let Ok(document) = file.document() else { return false };
    let picked = plain_leaves(document, &rule.selection).len();
    match file.format {
        Format::Binary => false,
        Format::Dotenv => picked == plain_leaves(document, &Selection::Everything).len(),
        _ => picked > 0,
    }
}

/// Whether the last commit has values of the file in plain text.
fn is_exposed(job: &Job) -> bool {
    let Some(bytes) = &job.committed else { return false };
    let before = Document::parse_as(job.file.format.syntax(), bytes.clone());
    before.is_ok_and(|before| match EncryptedFile::open(&before) {
        Ok(Some(file)) => !plain_leaves(&before, &file.metadata().selection).is_empty(),
        _ => true,
    })
}

impl<'c> Fixing<'c> {
    /// What is mended how, in the order in which one may lead to the other.
    const MENDS: [(&'static [&'static str], Mend<'c>); 6] = [
        (&ENCRYPTED, Fixing::encrypt),
        (&["recipient-drift"], Fixing::rewrap),
        (&["non-string-value"], Fixing::quote),
        (&["reload-label"], Fixing::label),
        (&["not-listed"], Fixing::list),
        (&["no-decryption"], Fixing::decrypt),
    ];

    /// Mends what can be of the findings of one check.
    fn round(&mut self, findings: &[Finding]) -> Result<(), Failure> {
        self.is_changed = false;
        for (rules, mend) in Self::MENDS {
            let meant = findings.iter().filter(|found| rules.contains(&found.rule));
            let mut paths: Vec<PathBuf> =
                meant.filter(|found| is_ready(found)).map(|found| found.path.clone()).collect();
            paths.dedup();
            paths.retain(|path| self.snapshot.contains(path));
            if !paths.is_empty() {
                mend(self, &paths)?;
            }
        }
        Ok(())
    }

    fn encrypt(&mut self, paths: &[PathBuf]) -> Result<(), Failure> {
        for job in self.jobs(paths, true)? {
            let (path, exposed) = (job.file.name.clone(), is_exposed(&job));
            match self.encrypted(job) {
                Ok(Some(change)) => {
                    self.take(&path, "encrypt what is in plain text", change)?;
                    self.exposed.extend(exposed.then_some(path));
                }
                Ok(None) => {}
                Err(failure) => self.leave(&failure.message),
            }
        }
        Ok(())
    }

    /// The change of one file; `None` where no creation rule picks what is in it.
    fn encrypted(&mut self, job: Job) -> Result<Option<Change>, Failure> {
        let is_sops = EncryptedFile::open(job.file.document()?).is_ok_and(|file| file.is_some());
        if !is_sops && !job.rule()?.is_some_and(|rule| picks(&job.file, rule)) {
            return Ok(None);
        }
        let (identities, random) = (&self.identities, &mut self.context.random);
        Ok(match encrypt(job, &Wanted::default(), identities, &self.now, random)? {
            Encrypted::Changed(change, _) => Some(change),
            Encrypted::Already(_) | Encrypted::NotMeant => None,
        })
    }

    fn rewrap(&mut self, paths: &[PathBuf]) -> Result<(), Failure> {
        for job in self.jobs(paths, false)? {
            let path = job.file.name.clone();
            match update(job, &self.identities, &mut self.context.random) {
                Ok(Some(update)) => {
                    self.take(
                        &path,
                        "wrap the data key for the recipients of its rule",
                        update.change,
                    )?;
                    self.context.say(update.difference.trim_end());
                }
                Ok(None) => {}
                Err(failure) => self.leave(&failure.message),
            }
        }
        Ok(())
    }

    fn quote(&mut self, paths: &[PathBuf]) -> Result<(), Failure> {
        for path in paths {
            let (identities, now) = (&self.identities, self.now.as_str());
            let random = &mut self.context.random;
            let mut means = existing::Means { identities, random, now };
            let plan = quote(&self.snapshot, path, &mut means);
            self.try_plan("put numbers and booleans in quotes", plan)?;
        }
        Ok(())
    }

    fn label(&mut self, paths: &[PathBuf]) -> Result<(), Failure> {
        let layout = Layout::read(&self.snapshot)?;
        let inventory = Inventory::take(&self.snapshot, &layout, Some(&self.identities));
        let mut findings = provision::examine(&layout, &inventory);
        findings.retain(|found| found.rule == "reload-label" && paths.contains(&found.path));
        let (identities, now) = (&self.identities, self.now.as_str());
        let random = &mut self.context.random;
        let mut means = provision::Means { identities, random, now };
        let fixed = provision::fix(findings, &self.snapshot, &layout, &inventory, &mut means);
        let plan = fixed.map(|fixed| fixed.plan);
        self.try_plan("add the label `cnpg.io/reload`", plan)
    }

    fn list(&mut self, paths: &[PathBuf]) -> Result<(), Failure> {
        for path in paths {
            let is_beside =
                |other: &&Path| is_kustomization(other) && other.parent() == path.parent();
            let beside: Vec<&Path> = self.snapshot.paths().filter(is_beside).collect();
            let [lister] = beside[..] else { continue };
            let plan = self.listed(lister, path);
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            self.try_plan(&format!("list `{name}`"), plan)?;
        }
        Ok(())
    }

    /// The kustomize file with an entry for a file.
    fn listed(&self, lister: &Path, path: &Path) -> Result<Plan, scaffold::Error> {
        let mut plan = Plan::new();
        if let Some(listed) = scaffold::list(&self.snapshot, lister, path)? {
            plan.push(self.snapshot.change(lister, Some(&listed))?)?;
        }
        Ok(plan)
    }

    fn decrypt(&mut self, paths: &[PathBuf]) -> Result<(), Failure> {
        let layout = Layout::read(&self.snapshot)?;
        let mut undecrypted = init::undecrypted(&self.snapshot, &layout, &[]);
        undecrypted.retain(|found| paths.iter().any(|path| path == found.flux.file));
        let plan = init::fix_decryption(&self.snapshot, &layout, &undecrypted);
        self.try_plan("let Flux decrypt what it applies", plan)
    }

    /// The files as they will be, each with the rules that the check judged it by.
    fn jobs(&mut self, paths: &[PathBuf], least_change: bool) -> Result<Vec<Job>, Failure> {
        let root = self.snapshot.root().to_owned();
        let config = |path: &PathBuf| {
            let above = path.ancestors().skip(1).map(|directory| directory.join(discover::CONFIG));
            above.map(|config| root.join(config)).find(|config| config.is_file())
        };
        let mut jobs = Vec::new();
        for paths in paths.chunk_by(|one, other| config(one) == config(other)) {
            let mut files = Vec::new();
            for path in paths {
                let content = Content::new(self.snapshot.bytes(path)?.to_vec());
                files.push(File::of(&root, path, content));
            }
            let config = config(&paths[0]);
            let found = job::jobs(files, config.as_deref(), least_change, self.context)?;
            // One outside of the repository is none that the check knows.
            let known = |job: Job| Job { config: job.config.filter(|_| config.is_some()), ..job };
            jobs.extend(found.into_iter().map(known));
        }
        Ok(jobs)
    }

    /// Takes the changes of a repair, or leaves it to people.
    fn try_plan<E: Display>(&mut self, what: &str, plan: Result<Plan, E>) -> Result<(), Failure> {
        match plan {
            Ok(plan) => self.take_plan(what, plan),
            Err(error) => {
                self.leave(&error.to_string());
                Ok(())
            }
        }
    }

    /// Takes the change of a file.
    fn take(&mut self, path: &Path, what: &str, change: Change) -> Result<(), Failure> {
        let mut plan = Plan::new();
        plan.push(Change { path: path.to_owned(), ..change })?;
        self.take_plan(what, plan)
    }

    /// Takes changes and says what they are.
    fn take_plan(&mut self, what: &str, plan: Plan) -> Result<(), Failure> {
        for change in &plan {
            self.context.say(visible(&format!("{}: {what}", change.path.display())));
        }
        self.is_changed |= !plan.is_empty();
        self.snapshot.apply(&plan);
        Ok(self.plan.then(plan)?)
    }

    /// Says why something is left; once, as every round meets it again.
    fn leave(&mut self, why: &str) {
        self.context.note_once(visible(&format!("left: {why}")));
    }
}
