//! `keywright decrypt`

use std::path::PathBuf;

use super::commit::Target;
use super::each::each;
use super::failure::located;
use super::file::{File, Naming};
use super::sops::Code;
use super::{Context, Failure, Status, discover};
use crate::document::Route;
use crate::keys::Identities;
use crate::sops::Format;
use crate::sops::emit::emit;
use crate::sops::extract::{ExtractError, extract};
use crate::sops::file::{EncryptedFile, Unlocked};
use crate::sops::index;
use crate::sops::tree::Tree;
use crate::txn::Content;

/// Decrypt files with your age identities
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright decrypt apps/grafana/secret.yaml
  keywright decrypt -i --recursive apps
  keywright decrypt --extract '[\"stringData\"][\"password\"]' apps/grafana/secret.yaml
  keywright decrypt --output-type json settings.yaml

Identities come from SOPS_AGE_KEY, SOPS_AGE_KEY_FILE, ~/.config/sops/age/keys.txt, SOPS_AGE_SSH_PRIVATE_KEY_FILE, \
~/.ssh/id_ed25519, ~/.ssh/id_rsa, SOPS_AGE_KEY_CMD and SOPS_AGE_SSH_PRIVATE_KEY_CMD, each used if those before it do \
not help. Passphrases are asked for at the terminal.")]
pub(crate) struct DecryptArgs {
    /// Files to decrypt; standard input if none is given
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    naming: Naming,
    #[command(flatten)]
    how: Decryption,
}

/// How to decrypt.
#[derive(clap::Args, Default)]
pub(crate) struct Decryption {
    /// Print one value, such as `["stringData"]["password"]` or `["list"][0]`
    #[arg(long, value_name = "INDEX", value_parser = index::parse, conflicts_with = "in_place")]
    pub(crate) extract: Option<Route>,
    /// Do not compare the MAC: somebody may have changed plain values, or added and removed others
    #[arg(long)]
    pub(crate) ignore_mac: bool,
    /// Columns per level of what is printed in another format.
    #[arg(skip)]
    pub(crate) indent: Option<usize>,
}

/// Runs the command.
pub(crate) fn run(args: DecryptArgs, context: &mut Context) -> Result<Status, Failure> {
    context.begin("decrypt", args.target.access());
    let files = args.target.files(&args.files, &args.naming, context)?;
    let files = encrypted_among(files);
    let mut how = args.how;
    if let Some(file) = files.iter().find(|file| is_printed_anew(file, &how)) {
        how.indent = discover::indent_of(context, None, file)?;
    }
    let identities = discover::identities(context)?;
    let plain = each(files, "decrypting", context, |file, _| {
        let plain = decrypt(&file, &how, &identities);
        plain.map(|plain| file.change(&plain, true))
    });
    let changes = plain.into_iter().collect::<Result<Vec<_>, _>>()?;
    args.target.finish(changes, context)
}

/// Whether the result does not keep the layout of its file.
pub(crate) fn is_printed_anew(file: &File, how: &Decryption) -> bool {
    file.format != file.output || how.extract.is_some()
}

/// The plain content of a file, in the format that is wanted.
pub(crate) fn decrypt(
    file: &File,
    how: &Decryption,
    identities: &Identities,
) -> Result<Content, Failure> {
    let unlocked = file.unlocked(identities, how.ignore_mac)?;
    let at = |error| file.failure(&error);
    let same = !is_printed_anew(file, how);
    match file.format {
        Format::Binary if same => {
            Ok(Content::new(unlocked.decrypt_binary().map_err(at)?.expose().to_vec()))
        }
        _ if same => Ok(content(unlocked.decrypt().map_err(at)?.source())),
        _ => converted(file, &unlocked, how),
    }
}

/// In another format, or one value alone: printed as SOPS prints it.
fn converted(file: &File, unlocked: &Unlocked<'_>, how: &Decryption) -> Result<Content, Failure> {
    let at = |error| file.failure(&error);
    let told = |error: &dyn std::fmt::Display| Failure::new(located(&file.name, error));
    let tree = match file.format {
        Format::Binary => {
            let bytes = unlocked.decrypt_binary().map_err(at)?;
            let text = bytes.expose_text();
            let text = text.ok_or_else(|| unprintable(told(&"the content is no text")))?;
            Tree::of_text(text)
        }
        _ => {
            let plain = unlocked.decrypt().map_err(at)?;
            Tree::decrypted(&plain, &unlocked.metadata().selection).map_err(at)?
        }
    };
    let printed = match &how.extract {
        Some(index) => extract(tree, index, file.output, how.indent).map_err(|error| match error {
            ExtractError::Emit(_) => unprintable(told(&error)),
            _ => told(&error),
        }),
        None => emit(&tree, file.output, how.indent).map_err(|error| unprintable(told(&error))),
    };
    Ok(content(&printed?))
}

/// The file is in order, but its content has no form in the format that is wanted.
fn unprintable(failure: Failure) -> Failure {
    failure.code(Code::CouldNotPrint)
}

/// The files that are named, and of those that a directory has the encrypted ones: the others are not meant.
pub(crate) fn encrypted_among(files: Vec<File>) -> Vec<File> {
    files.into_iter().filter(|file| file.named || looks_encrypted(file)).collect()
}

/// Whether a file holds a `sops` block, be it damaged; most that do not are not even parsed.
fn looks_encrypted(file: &File) -> bool {
    let holds = |word: &[u8]| file.content.windows(word.len()).any(|part| part == word);
    holds(b"sops")
        && holds(b"lastmodified")
        && match file.document() {
            Ok(document) => !matches!(EncryptedFile::open(document), Ok(None)),
            // Whatever has no format of its own may well speak of these.
            Err(_) => file.format != Format::Binary,
        }
}

fn content(text: &str) -> Content {
    Content::new(text.as_bytes().to_vec())
}
