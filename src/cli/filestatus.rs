//! `keywright filestatus`

use std::path::{Path, PathBuf};

use super::failure::located;
use super::file::{self, Found, Naming};
use super::{Context, Failure, Status};
use crate::sops::Format;
use crate::sops::file::EncryptedFile;

/// Say whether a file is encrypted, as a line of JSON
#[derive(clap::Args)]
#[command(after_help = "Example:
  keywright filestatus secret.yaml        # {\"encrypted\":true}")]
pub(crate) struct FileStatusArgs {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Format of the file: binary, dotenv, ini, json or yaml
    #[arg(long, value_name = "FORMAT", value_parser = file::format)]
    input_type: Option<Format>,
}

/// Runs the command.
pub(crate) fn run(args: FileStatusArgs, context: &mut Context) -> Result<Status, Failure> {
    status(&args.file, args.input_type, context)
}

/// Prints the status of a file. No key is needed: it is encrypted if it has metadata, a MAC among them.
pub(crate) fn status(
    name: &Path,
    input_type: Option<Format>,
    context: &mut Context,
) -> Result<Status, Failure> {
    let naming = Naming { input_type, ..Naming::default() };
    let file = naming.read(Found { name: name.to_owned(), named: true }, context)?;
    let encrypted = match file.document() {
        // A plain binary file may be anything.
        Err(_) if file.format == Format::Binary => false,
        document => match EncryptedFile::open(document?) {
            Ok(opened) => opened.is_some_and(|opened| opened.metadata().has_mac()),
            Err(error) => return Err(Failure::new(located(name, &error))),
        },
    };
    context.say(format!("{{\"encrypted\":{encrypted}}}"));
    Ok(Status::Done)
}
