//! `keywright groups add` and `keywright groups delete`

use std::path::PathBuf;

use super::claim::Access;
use super::commit;
use super::file::{File, Naming};
use super::{Context, Failure, Status, discover};
use crate::document::Document;
use crate::keys::Recipient;
use crate::sops::KeyGroup;

/// Add and remove the key groups of a file
///
/// With several groups the data key is split: that many as the threshold says have to come together to
/// decrypt the file.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright groups add -i --file secret.yaml --age age1… --shamir-secret-sharing-threshold 2
  keywright groups delete -i --file secret.yaml 1")]
pub(crate) struct GroupsArgs {
    #[command(subcommand)]
    command: GroupsCommand,
}

#[derive(clap::Subcommand)]
enum GroupsCommand {
    Add(AddArgs),
    Delete(DeleteArgs),
}

/// Add a key group
#[derive(clap::Args)]
#[command(after_help = "Example:
  keywright groups add -i --file secret.yaml --age age1… --shamir-secret-sharing-threshold 2")]
struct AddArgs {
    #[command(flatten)]
    on: On,
    /// A recipient of the new group; may be given several times
    #[arg(long, value_name = "RECIPIENT", required = true, value_delimiter = ',')]
    age: Vec<String>,
}

/// Remove a key group
#[derive(clap::Args)]
#[command(after_help = "Example:
  keywright groups delete -i --file secret.yaml 1")]
struct DeleteArgs {
    #[command(flatten)]
    on: On,
    /// Which group, from 0
    #[arg(value_name = "INDEX")]
    group: usize,
}

/// The file, and what becomes of it.
#[derive(clap::Args)]
pub(crate) struct On {
    /// The encrypted file
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Change the file itself instead of printing the result
    #[arg(short, long)]
    pub(crate) in_place: bool,
    /// Show what would change, and change nothing
    #[arg(long, requires = "in_place")]
    pub(crate) dry_run: bool,
    /// How many groups are needed to decrypt the file
    #[arg(long, value_name = "N")]
    pub(crate) shamir_secret_sharing_threshold: Option<usize>,
}

/// Runs the command.
pub(crate) fn run(args: GroupsArgs, context: &mut Context) -> Result<Status, Failure> {
    let on = match &args.command {
        GroupsCommand::Add(args) => &args.on,
        GroupsCommand::Delete(args) => &args.on,
    };
    let writes = on.in_place && !on.dry_run;
    context.begin("groups", if writes { Access::Write } else { Access::Read });
    match args.command {
        GroupsCommand::Add(args) => add(&args.on, &args.age, context),
        GroupsCommand::Delete(args) => delete(&args.on, args.group, context),
    }
}

/// Adds a group of recipients behind the others.
pub(crate) fn add(
    on: &On,
    recipients: &[String],
    context: &mut Context,
) -> Result<Status, Failure> {
    let given = recipients.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
    let recipients: Vec<Recipient> = given
        .map(Recipient::parse)
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::new(format!("--age: {error}")))?;
    regroup(on, context, |groups, _| {
        groups.push(KeyGroup::of(recipients));
        Ok(())
    })
}

/// Removes a group by its index, from 0.
pub(crate) fn delete(on: &On, group: usize, context: &mut Context) -> Result<Status, Failure> {
    regroup(on, context, |groups, threshold| {
        if group >= groups.len() {
            let (name, count) = (on.file.display(), groups.len());
            return Err(Failure::new(format!("{name}: no group {group}: there are {count}"))
                .hint("groups are counted from 0"));
        }
        groups.remove(group);
        if groups.len() < threshold {
            let name = on.file.display();
            return Err(Failure::new(format!(
                "{name}: {} groups would be left, but {threshold} are needed to decrypt",
                groups.len()
            ))
            .hint("lower `--shamir-secret-sharing-threshold` as well"));
        }
        Ok(())
    })
}

fn regroup(
    on: &On,
    context: &mut Context,
    change: impl FnOnce(&mut Vec<KeyGroup>, usize) -> Result<(), Failure>,
) -> Result<Status, Failure> {
    let file = Naming::default().read_one(&on.file, context)?;
    let regrouped = regrouped(on, &file, context, change)?;
    if !on.in_place {
        context.emit(regrouped.source().as_bytes())?;
        return Ok(Status::Done);
    }
    let change = file.change(regrouped.source().as_bytes(), false);
    match on.dry_run {
        true => commit::rehearse(vec![change], context),
        false => commit::in_place(vec![change], context),
    }
}

fn regrouped(
    on: &On,
    file: &File,
    context: &mut Context,
    change: impl FnOnce(&mut Vec<KeyGroup>, usize) -> Result<(), Failure>,
) -> Result<Document, Failure> {
    let at = |error| file.failure(&error);
    let encrypted = file.encrypted()?;
    let metadata = encrypted.metadata();
    let threshold = on.shamir_secret_sharing_threshold.unwrap_or(metadata.threshold);
    let mut groups = metadata.key_groups().map_err(|error| at(error.into()))?;
    change(&mut groups, threshold)?;
    let unlocked = encrypted.unlock(&discover::identities(context)?).map_err(at)?;
    discover::answer(&groups, &context.ask());
    unlocked.rewrap(&groups, threshold, &mut context.random).map_err(|error| {
        file.failure(&error)
            .if_nobody_is_left(&error, "add another group before you delete this one")
    })
}
