//! `keywright rotate`

use std::path::PathBuf;
use std::sync::Arc;

use super::commit::Target;
use super::context::OsRandom;
use super::decrypt::encrypted_among;
use super::each::each;
use super::file::{File, Naming};
use super::{Context, Failure, Status, discover, encrypt};
use crate::keys::{self, Ask, Identities, Recipient};
use crate::txn::Change;

/// Give files a new data key and encrypt all values anew
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright rotate -i secret.yaml
  keywright rotate -i --recursive secrets
  keywright rotate -i --add-age age1… --rm-age age1… secret.yaml

The recipients are those of the file, not those of a creation rule; `keywright updatekeys` takes those.")]
pub(crate) struct RotateArgs {
    /// Files to rotate; standard input if none is given
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    naming: Naming,
    /// Recipients to add, separated by commas
    #[arg(long, value_name = "RECIPIENTS", value_delimiter = ',')]
    add_age: Vec<String>,
    /// Recipients to remove, separated by commas
    #[arg(long, value_name = "RECIPIENTS", value_delimiter = ',')]
    rm_age: Vec<String>,
    /// Do not compare the MAC first: the new one will vouch for what somebody changed, and what was added in plain text is encrypted
    #[arg(long)]
    ignore_mac: bool,
}

/// Who comes and who goes.
pub(crate) struct Rotation {
    /// Recipients for the first key group, as texts.
    pub(crate) add: Vec<String>,
    /// Recipients to take out of all groups, as texts.
    pub(crate) remove: Vec<String>,
    /// Whether the MAC is not compared first.
    pub(crate) ignore_mac: bool,
    /// Whom the plugins of recipients ask.
    pub(crate) ask: Arc<dyn Ask>,
}

/// Runs the command.
pub(crate) fn run(args: RotateArgs, context: &mut Context) -> Result<Status, Failure> {
    context.begin("rotate", args.target.access());
    let rotation = Rotation {
        add: args.add_age,
        remove: args.rm_age,
        ignore_mac: args.ignore_mac,
        ask: context.ask(),
    };
    let files = args.target.files(&args.files, &args.naming, context)?;
    let files = encrypted_among(files);
    let identities = discover::identities(context)?;
    let now = context.now();
    let rotated = each(files, "rotating", context, |file, random| {
        match completed(&file, &rotation, &identities, &now, random)? {
            Some(completed) => {
                let Change { new, .. } = rotate(completed, &rotation, &identities, &now, random)?;
                Ok(Change { new, ..file.change(&[], true) })
            }
            None => rotate(file, &rotation, &identities, &now, random),
        }
    });
    let changes = rotated.into_iter().collect::<Result<_, _>>()?;
    args.target.finish(changes, context)
}

/// The file with what somebody added in plain text encrypted, if it has that and is to be believed.
fn completed(
    file: &File,
    rotation: &Rotation,
    identities: &Identities,
    now: &str,
    random: &mut OsRandom,
) -> Result<Option<File>, Failure> {
    if !rotation.ignore_mac {
        return Ok(None);
    }
    let completed = encrypt::completed(file, true, identities, now, random)?;
    Ok(completed.map(|document| file.with_content(document.source().as_bytes())))
}

/// Rotates one file.
pub(crate) fn rotate(
    file: File,
    rotation: &Rotation,
    identities: &Identities,
    now: &str,
    random: &mut OsRandom,
) -> Result<Change, Failure> {
    let unlocked = file.unlocked(identities, rotation.ignore_mac)?;
    let metadata = unlocked.metadata();
    let unusable = |error: keys::Error| file.failure(&error.into());
    let mut groups = metadata.key_groups().map_err(unusable)?;
    for text in given(&rotation.add) {
        let new = Recipient::parse(text).map_err(|error| told("--add-age", &error))?;
        let first = &mut groups[0].recipients;
        if !first.iter().any(|recipient| recipient.text() == new.text()) {
            first.push(new);
        }
    }
    for group in &mut groups {
        group
            .recipients
            .retain(|present| !given(&rotation.remove).any(|text| text == present.text()));
    }
    discover::answer(&groups, &rotation.ask);
    let rotated = unlocked.rotate(&groups, metadata.threshold, now, random);
    let rotated = rotated.map_err(|error| {
        file.failure(&error).if_nobody_is_left(&error, "add somebody by `--add-age age1…`")
    })?;
    let rotated = rotated.source().as_bytes().to_vec();
    Ok(file.change(&rotated, false))
}

fn given(texts: &[String]) -> impl Iterator<Item = &str> {
    texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty())
}

fn told(flag: &str, error: &keys::Error) -> Failure {
    Failure::new(format!("{flag}: {error}"))
}
