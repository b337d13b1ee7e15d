//! `keywright edit`
//!
//! The plain text is in a private copy only (see [`super::private`]); what comes back to the repository is
//! encrypted. A file that does not exist yet begins as a [`template`], and is made by its creation rule when it
//! is saved changed; the rules do not matter to a file that exists.

use std::ffi::OsStr;
use std::path::PathBuf;

use super::claim::Access;
use super::commit;
use super::editor::{self, Draft, Edited};
use super::encrypt;
use super::file::{self, File, Naming};
use super::job::{self, Job};
use super::new_file::{NewFile, Wanted};
use super::template::template;
use super::{Context, Failure, Status, discover};
use crate::sops::Format;
use crate::txn::Content;

/// Edit an encrypted file in your editor, or begin a new one
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright edit apps/grafana/secret.yaml
  EDITOR='code --wait' keywright edit apps/grafana/secret.yaml

The editor is SOPS_EDITOR, EDITOR, or the first of vim, nano and vi. It has to run until the file is saved. \
A value that you leave alone keeps its ciphertext. If what you save cannot be read or encrypted, the editor comes \
back with the reason on top; save it once more as it is to give up.")]
pub(crate) struct EditArgs {
    /// The file; made by its creation rule if it does not exist
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Configuration to use instead of the `.sops.yaml` that is found; for a new file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Format of the file: binary, dotenv, ini, json or yaml
    #[arg(long, value_name = "FORMAT", value_parser = file::format)]
    input_type: Option<Format>,
    #[command(flatten)]
    new_file: NewFile,
    #[command(flatten)]
    how: Editing,
}

/// What is shown, and what is checked first.
#[derive(clap::Args, Clone, Copy, Default)]
pub(crate) struct Editing {
    /// Show the metadata as well; changes of them count
    #[arg(short, long)]
    pub(crate) show_master_keys: bool,
    /// Do not compare the MAC first: the new one will vouch for what somebody changed
    #[arg(long)]
    pub(crate) ignore_mac: bool,
}

/// Runs the command.
pub(crate) fn run(args: EditArgs, context: &mut Context) -> Result<Status, Failure> {
    context.begin("edit", Access::Write);
    let naming = Naming { input_type: args.input_type, ..Naming::default() };
    let name = args.file;
    let edited = if context.directory.join(&name).exists() {
        existing(&naming.read_one(&name, context)?, args.how, context)?
    } else {
        let wanted = args.new_file.wanted()?;
        let file = naming.missing(&name, context);
        let jobs = job::jobs(vec![file], args.config.as_deref(), false, context)?;
        new(jobs.first().expect("one file, one job"), &wanted, context)?
    };
    if edited == Edited::Unchanged {
        context.note(format!("{}: unchanged, nothing to do", name.display()));
    }
    Ok(Status::Done)
}

/// Edits a file that is there.
pub(crate) fn existing(
    file: &File,
    how: Editing,
    context: &mut Context,
) -> Result<Edited<()>, Failure> {
    let at = |error| file.failure(&error);
    let unlocked = file.unlocked(&discover::identities(context)?, how.ignore_mac)?;
    let binary = file.format == Format::Binary;
    let plain = Content::new(match how.show_master_keys {
        // What is plain in a binary file has no room for metadata.
        _ if binary => unlocked.decrypt_binary().map_err(at)?.expose().to_vec(),
        true => unlocked.decrypt_with_block().map_err(at)?.source().as_bytes().to_vec(),
        false => unlocked.decrypt().map_err(at)?.source().as_bytes().to_vec(),
    });
    // Committed while the copy is still there: after a refusal the user may want to save the work elsewhere.
    editor::edit(&draft(file, &plain)?, context, |saved, context| {
        let (now, random) = (context.now(), &mut context.random);
        let saved = file.with_content(saved);
        let changed = match how.show_master_keys {
            _ if binary => unlocked.encrypt_binary_again(&saved.content, &now, random),
            true => unlocked.encrypt_with_block_again(saved.document()?, &now, random),
            false => unlocked.encrypt_again(saved.document()?, &now, random),
        };
        let changed = changed.map_err(at)?;
        let change = file.with_content(&file.content).change(changed.source().as_bytes(), false);
        commit::in_place(vec![change], context).map(drop)
    })
}

/// Begins a file that is not there yet.
pub(crate) fn new(
    job: &Job,
    wanted: &Wanted,
    context: &mut Context,
) -> Result<Edited<()>, Failure> {
    let file = &job.file;
    let rule = job.rule()?;
    let now = context.now();
    let how = job.encryption(rule, wanted, &now)?;
    let content = template(file.format, &file.path, how.selection);
    editor::edit(&draft(file, content.as_bytes())?, context, |saved, context| {
        let encrypted = encrypt::fresh(&file.with_content(saved), &how, &mut context.random)?;
        let change = file.with_content(&[]).change(encrypted.source().as_bytes(), false);
        commit::in_place(vec![change], context).map(drop)
    })
}

fn draft<'d>(file: &'d File, content: &'d [u8]) -> Result<Draft<'d>, Failure> {
    let no_name = || Failure::new(format!("{}: is no file name", file.name.display()));
    let name: &OsStr = file.name.file_name().ok_or_else(no_name)?;
    Ok(Draft { name, comment: comment(file.format), content })
}

/// What makes a line a comment.
fn comment(format: Format) -> Option<&'static str> {
    match format {
        Format::Yaml | Format::Dotenv => Some("#"),
        Format::Ini => Some(";"),
        Format::Json | Format::Binary => None,
    }
}
