//! `keywright updatekeys`

use std::path::PathBuf;

use super::claim::Access;
use super::commit;
use super::decrypt::encrypted_among;
use super::file::{self, Naming};
use super::job::{self, Job};
use super::{Context, Failure, Status, discover, show};
use crate::keys::Identities;
use crate::secret::RandomSource;
use crate::sops::metadata::Metadata;
use crate::sops::{Format, KeyGroup};
use crate::txn::Change;

/// Wrap the data keys of files for the recipients that their creation rules now name
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright updatekeys -y secrets/*.yaml
  keywright updatekeys --recursive --dry-run .

Values, MAC and the file's own selection stay as they are. Who is taken out could read the file until now and \
still knows its data key: follow up with `keywright rotate -i FILE`, and change what the secrets protect.")]
pub(crate) struct UpdateKeysArgs {
    /// Encrypted files
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Take the files below directories, too
    #[arg(short, long)]
    recursive: bool,
    /// Do not ask for confirmation at a terminal
    #[arg(short, long)]
    yes: bool,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Configuration to use instead of the `.sops.yaml` that is found
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Format of the files: binary, dotenv, ini, json or yaml
    #[arg(long, value_name = "FORMAT", value_parser = file::format)]
    input_type: Option<Format>,
}

/// One file that is to be for others.
pub(crate) struct Update {
    /// The change.
    pub(crate) change: Change,
    /// What changes, group by group, as SOPS prints it.
    pub(crate) difference: String,
}

/// Runs the command.
pub(crate) fn run(args: UpdateKeysArgs, context: &mut Context) -> Result<Status, Failure> {
    context.begin("updatekeys", if args.dry_run { Access::Read } else { Access::Write });
    let found = file::find(&args.files, args.recursive, context)?;
    let naming = Naming { input_type: args.input_type, ..Naming::default() };
    let files = encrypted_among(file::read_all(found, &naming, context)?);
    let jobs = job::jobs(files, args.config.as_deref(), false, context)?;
    let identities = discover::identities(context)?;
    let (mut updates, mut up_to_date) = (Vec::new(), 0);
    for job in jobs {
        let (name, named) = (job.file.name.clone(), job.file.named);
        // Of a directory, what no rule speaks of is not meant.
        if !named && job.rule()?.is_none() {
            context.note(format!("{}: left as it is, no creation rule matches it", name.display()));
            continue;
        }
        match update(job, &identities, &mut context.random)? {
            Some(update) => {
                context.say(format!("{}:\n{}", name.display(), update.difference));
                updates.push(update);
            }
            None if named => context.note(format!("{}: already up to date", name.display())),
            None => up_to_date += 1,
        }
    }
    if up_to_date > 0 {
        context.note(format!("{} already up to date", commit::files(up_to_date)));
    }
    if updates.is_empty() {
        return Ok(Status::Done);
    }
    if args.dry_run {
        context.say(format!("dry run: {} would change", commit::files(updates.len())));
        return Ok(Status::Done);
    }
    if context.interactive && !args.yes && !show::confirm(context, "Write these changes?")? {
        return Err(Failure::interrupted());
    }
    let changes = updates.into_iter().map(|update| update.change).collect();
    commit::in_place(changes, context)
}

/// What the rule of a file changes about who can read it; `None` if nothing.
pub(crate) fn update(
    job: Job,
    identities: &Identities,
    random: &mut dyn RandomSource,
) -> Result<Option<Update>, Failure> {
    let file = &job.file;
    let at = |error| file.failure(&error);
    let encrypted = file.encrypted()?;
    let uncovered = || job::uncovered(&file.name, job.config.as_deref());
    let rule = job.rule()?.ok_or_else(uncovered)?;
    let metadata = encrypted.metadata();
    let threshold = rule.threshold_after(metadata.threshold);
    if metadata.is_for(&rule.groups, threshold) {
        return Ok(None);
    }
    let difference = difference(metadata, &rule.groups, threshold);
    let unlocked = encrypted.unlock(identities).map_err(at)?;
    discover::answer(&rule.groups, &job.ask);
    let updated = unlocked.rewrap(&rule.groups, threshold, random).map_err(at)?;
    let updated = updated.source().as_bytes().to_vec();
    Ok(Some(Update { change: job.file.change(&updated, false), difference }))
}

/// The groups before and after, as SOPS prints them: keys that stay, that come, and that go.
fn difference(before: &Metadata, after: &[KeyGroup], threshold: usize) -> String {
    let mut text = String::new();
    if before.threshold != threshold && after.len() > 1 {
        text.push_str(&format!("shamir_threshold: {} -> {threshold}\n", before.threshold));
    }
    for index in 0..before.groups.len().max(after.len()) {
        let olds: Vec<&str> =
            before.groups.get(index).map(|group| group.names().collect()).unwrap_or_default();
        let news: Vec<&str> =
            after.get(index).map(|group| group.names().collect()).unwrap_or_default();
        text.push_str(&format!("Group {}\n", index + 1));
        let mut list = |mark: &str, names: &mut dyn Iterator<Item = &&str>| {
            names.for_each(|name| text.push_str(&format!("{mark} {name}\n")));
        };
        list("   ", &mut news.iter().filter(|name| olds.contains(name)));
        list("+++", &mut news.iter().filter(|name| !olds.contains(name)));
        list("---", &mut olds.iter().filter(|name| !news.contains(name)));
    }
    text
}
