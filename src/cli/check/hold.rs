//! What holds findings of `check` back: comments, `keywright.yaml` and the baseline, which is written here, too.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::check::{Baseline, Notice, Report, Settings};
use crate::cli::claim::Access;
use crate::cli::failure::{located, visible};
use crate::cli::{Context, Failure, commit};
use crate::txn::{Change, Content};

/// The baseline of a repository, at its root.
const FILE_NAME: &str = ".keywright-baseline";

/// How findings are held back
#[derive(clap::Args, Default)]
pub(super) struct HoldArgs {
    /// The file of known findings, which do not count, instead of `.keywright-baseline` at the root
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write what is found now to the file of known findings
    #[arg(long, conflicts_with_all = ["paths", "state", "no_ignore"])]
    update_baseline: bool,
}

/// A file of known findings.
struct Known {
    /// Where it is or is to be, absolute.
    path: PathBuf,
    /// What is in it, if it is there.
    old: Option<Content>,
}

impl HoldArgs {
    /// What the command is going to do with the files of the repository.
    pub(super) fn access(&self) -> Access {
        if self.update_baseline { Access::Write } else { Access::Read }
    }

    /// Reads the baseline. Fails for one that was named and is not there, unless it is to be written.
    fn read(&self, root: &Path, directory: &Path) -> Result<Known, Failure> {
        let path = match &self.baseline {
            Some(named) => directory.join(named),
            None => root.join(FILE_NAME),
        };
        let is_needed = self.baseline.is_some() && !self.update_baseline;
        let old = match std::fs::read(&path) {
            Ok(bytes) => Some(Content::new(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound && !is_needed => None,
            Err(error) => return Err(Failure::io(self.name(), &error)),
        };
        Ok(Known { path, old })
    }

    /// Takes out of a report what does not count, writes the baseline if that is asked for, and tells what holds nothing
    /// back, where that can be known because everything `is_whole`.
    pub(super) fn apply(
        &self,
        root: &Path,
        found: &mut Report,
        is_whole: bool,
        context: &mut Context,
    ) -> Result<(), Failure> {
        let notices = found.suppress(&Settings::read(root)?, is_whole);
        tell(&notices, context);
        let known = self.read(root, &context.directory)?;
        if self.update_baseline {
            return self.write(known, found, context);
        }
        let Some(old) = &known.old else { return Ok(()) };
        let baseline = Baseline::parse(old).map_err(|error| {
            let failure = Failure::new(located(self.name(), &error));
            failure.hint(format!("mend it, or write it anew with `{}`", self.command()))
        })?;
        let stale = found.accept(&baseline, self.name());
        if is_whole && !stale.is_empty() {
            tell(&stale, context);
            context.note_once(visible(&format!("hint: {}", self.command())));
        }
        Ok(())
    }

    /// Writes the baseline, by which nothing is left to be reported. Refused where not everything could be looked at: what
    /// is known of the rest would be lost.
    fn write(
        &self,
        known: Known,
        found: &mut Report,
        context: &mut Context,
    ) -> Result<(), Failure> {
        if let Some(broken) = found.unchecked.iter().find(|unchecked| unchecked.is_configuration) {
            let place = located(&broken.path, &broken.reason);
            return Err(Failure::new(place).hint("mend it first; nothing was written"));
        }
        if let Some(sealed) = found.sealed.first() {
            return Err(Failure::at(&sealed.path, &sealed.error));
        }
        let mut baseline = Baseline::of(found);
        // One that is damaged is written anew.
        if let Some(old) = known.old.as_ref().and_then(|old| Baseline::parse(old).ok()) {
            baseline = baseline.and_unasked(old, found);
        }
        found.accept(&baseline, self.name());
        let new = Some(Content::new(baseline.text().into_bytes()));
        let change = Change { path: known.path, old: known.old, new, plain: false };
        commit::in_place(vec![change], context)?;
        let lines = baseline.len();
        let entries = if lines == 1 { "1 entry".to_owned() } else { format!("{lines} entries") };
        context.note(visible(&format!("note: {} has {entries} now", self.name().display())));
        Ok(())
    }

    /// The baseline as messages call it.
    fn name(&self) -> &Path {
        self.baseline.as_deref().unwrap_or(Path::new(FILE_NAME))
    }

    /// The command that writes it.
    fn command(&self) -> String {
        let update = "keywright check --update-baseline";
        match &self.baseline {
            Some(named) => {
                format!("{update} --baseline {}", crate::check::shell_word(named, Path::new("")))
            }
            None => update.to_owned(),
        }
    }
}

/// Tells what holds nothing back; once, though a repair checks several times.
fn tell(notices: &[Notice], context: &mut Context) {
    for Notice { is_warning, path, place, message } in notices {
        let word = if *is_warning { "warning" } else { "note" };
        context.note_once(visible(&format!("{word}: {}:{place}: {message}", path.display())));
    }
}
