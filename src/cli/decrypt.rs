//! `keywright decrypt`

use std::path::PathBuf;

use super::commit::Target;
use super::{Context, Failure, Status, discover};
use crate::sops::file::EncryptedFile;
use crate::txn::{Change, Content};

/// Decrypt YAML files with your age identities
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright decrypt apps/grafana/secret.yaml
  keywright decrypt -i apps/grafana/secret.yaml apps/miniflux/secret.yaml

Identities come from SOPS_AGE_KEY, SOPS_AGE_KEY_FILE, SOPS_AGE_KEY_CMD and ~/.config/sops/age/keys.txt.")]
pub(crate) struct DecryptArgs {
    /// Files to decrypt; standard input if none is given
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    target: Target,
}

/// Runs the command.
pub(crate) fn run(args: DecryptArgs, context: &mut Context) -> Result<Status, Failure> {
    let identities = discover::identities(context)?;
    let mut changes = Vec::new();
    for input in args.target.inputs(&args.files, context)? {
        let document = input.document()?;
        let at = |error| Failure::at(&input.name, &error);
        let file = EncryptedFile::open(&document).map_err(at)?.ok_or_else(|| {
            Failure::new(format!(
                "{}: not a SOPS file: there is no `sops` key",
                input.name.display()
            ))
        })?;
        let plain = file.unlock(&identities).map_err(at)?.decrypt().map_err(at)?;
        let new = Content::new(plain.source().as_bytes().to_vec());
        changes.push(Change { path: input.path, old: input.bytes, new: Some(new), plain: true });
    }
    args.target.finish("decrypt", changes, context)
}
