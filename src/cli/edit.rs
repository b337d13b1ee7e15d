//! `keywright edit`
//!
//! The plain text is in a private copy only (see [`super::private`]); what comes back to the repository is
//! encrypted. A file that does not exist yet begins as a [`template`], and is made by its creation rule when it
//! is saved changed; the rules do not matter to a file that exists.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::commit;
use super::editor::{self, Draft, Edited};
use super::encrypt::uncovered;
use super::failure::located;
use super::template::template;
use super::{Context, Failure, Status, discover};
use crate::document::Document;
use crate::sops::file::{self, EncryptedFile, Encryption};
use crate::sops::{Format, binary};
use crate::txn::{Change, Content};

/// Edit an encrypted file in your editor, or begin a new one
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright edit apps/grafana/secret.yaml
  EDITOR='code --wait' keywright edit apps/grafana/secret.yaml

The editor is SOPS_EDITOR, EDITOR, or the first of vim, nano and vi. It has to run until the file is saved.
A value that you leave alone keeps its ciphertext. If what you save cannot be read or encrypted, the editor comes
back with the reason on top; save it once more as it is to give up.")]
pub(crate) struct EditArgs {
    /// The file; made by its creation rule if it does not exist
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Configuration to use instead of the `.sops.yaml` that is found; for a new file
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: EditArgs, context: &mut Context) -> Result<Status, Failure> {
    let path = context.directory.join(&args.file);
    commit::recover(&commit::root([path.as_path()]), "edit", context)?;
    let edited = match std::fs::read(&path) {
        Ok(bytes) => existing(&args, path, Content::new(bytes), context)?,
        Err(error) if error.kind() == ErrorKind::NotFound => new(&args, path, context)?,
        Err(error) => return Err(Failure::new(format!("{}: {error}", args.file.display()))),
    };
    if edited == Edited::Unchanged {
        context.note(format!("{}: unchanged, nothing to do", args.file.display()));
    }
    Ok(Status::Done)
}

fn existing(
    args: &EditArgs,
    path: PathBuf,
    old: Content,
    context: &mut Context,
) -> Result<Edited<()>, Failure> {
    let name = &args.file;
    let at = |error| Failure::at(name, &error);
    let document = parsed(name, &old)?;
    let encrypted = EncryptedFile::open(&document).map_err(at)?;
    let encrypted = encrypted.ok_or_else(|| Failure::not_encrypted(name))?;
    let unlocked = encrypted.unlock(&discover::identities(context)?).map_err(at)?;
    let binary = Format::of_path(name) == Format::Binary;
    let plain = Content::new(if binary {
        unlocked.decrypt_binary().map_err(at)?.expose().to_vec()
    } else {
        unlocked.decrypt().map_err(at)?.source().as_bytes().to_vec()
    });
    // Committed while the copy is still there: after a refusal the user may want to save the work elsewhere.
    editor::edit(&draft(name, &plain)?, context, |saved, context| {
        let now = context.now();
        let changed = if binary {
            unlocked.encrypt_binary_again(saved, &now, &mut context.random)
        } else {
            unlocked.encrypt_again(&parsed(name, saved)?, &now, &mut context.random)
        };
        write(path.clone(), Some(old.clone()), &changed.map_err(at)?, context)
    })
}

fn new(args: &EditArgs, path: PathBuf, context: &mut Context) -> Result<Edited<()>, Failure> {
    let name = &args.file;
    let config = discover::config_for(context, args.config.as_deref(), &path)?;
    let read = |path: PathBuf| discover::read_config(&path).map(|config| (path, config));
    let config = config.map(read).transpose()?;
    let rule = config.as_ref().map(|(source, config)| {
        config.rule_for(&path).map_err(|error| Failure::new(located(source, &error)))
    });
    let (Some((_, config)), Some(rule)) = (&config, rule.transpose()?.flatten()) else {
        return Err(uncovered(name, config.as_ref()));
    };
    let format = Format::of_path(name);
    let content = template(format, &path, &rule.selection);
    editor::edit(&draft(name, content.as_bytes())?, context, |saved, context| {
        let now = context.now();
        let how = Encryption {
            groups: &rule.groups,
            threshold: rule.threshold,
            selection: &rule.selection,
            mac_only_encrypted: rule.mac_only_encrypted,
            indent: config.indent(),
            now: &now,
        };
        let encrypted = if format == Format::Binary {
            binary::encrypt(saved, &how, &mut context.random)
        } else {
            file::encrypt(&parsed(name, saved)?, &how, &mut context.random)
        };
        let encrypted = encrypted.map_err(|error| Failure::at(name, &error))?;
        write(path.clone(), None, &encrypted, context)
    })
}

fn parsed(name: &Path, bytes: &[u8]) -> Result<Document, Failure> {
    Document::parse_as(Format::of_path(name).syntax(), bytes.to_vec())
        .map_err(|error| Failure::new(located(name, &error)))
}

fn draft<'d>(name: &'d Path, content: &'d [u8]) -> Result<Draft<'d>, Failure> {
    let base = name.file_name();
    let base: &OsStr =
        base.ok_or_else(|| Failure::new(format!("{}: is no file name", name.display())))?;
    Ok(Draft { name: base, comment: comment(Format::of_path(name)), content })
}

/// What makes a line a comment.
fn comment(format: Format) -> Option<&'static str> {
    match format {
        Format::Yaml | Format::Dotenv => Some("#"),
        Format::Ini => Some(";"),
        Format::Json | Format::Binary => None,
    }
}

fn write(
    path: PathBuf,
    old: Option<Content>,
    new: &Document,
    context: &mut Context,
) -> Result<(), Failure> {
    let new = Some(Content::new(new.source().as_bytes().to_vec()));
    commit::in_place("edit", vec![Change { path, old, new, plain: false }], context).map(drop)
}
