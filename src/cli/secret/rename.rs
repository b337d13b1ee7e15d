//! `keywright secret rename`

use super::address::Address;
use super::failure_of;
use crate::cli::commit::Mode;
use crate::cli::{Context, Failure, Status, claim, discover};
use crate::layout::Layout;
use crate::scaffold;
use crate::scaffold::existing::{self, Error, Means};

/// Rename a Secret, and everything in the repository that refers to it
///
/// Changed with it are its file, where that is called after it, the entry of that in the kustomization, and the references
/// of workloads, releases and databases. What may be a reference and is not understood is told.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright secret rename grafana grafana-admin --dry-run
  keywright secret rename apps/registry registry-pull --yes")]
pub(super) struct RenameArgs {
    #[command(flatten)]
    address: Address,
    /// The new name
    #[arg(value_name = "NEW")]
    new: String,
    #[command(flatten)]
    mode: Mode,
}

/// Runs the command.
pub(super) fn run(args: &RenameArgs, context: &mut Context) -> Result<Status, Failure> {
    context.begin("secret rename", args.mode.access());
    let (root, store, snapshot) = claim::repository(context)?;
    let layout = Layout::read(&snapshot)?;
    let target = args.address.find(&layout, context)?;
    let identities = discover::identities(context)?;
    let now = context.now();
    let mut means = Means { identities: &identities, random: &mut context.random, now: &now };
    let changed = existing::rename(&target, &args.new, &layout, &mut means).map_err(told)?;
    super::finish(changed, (root, &store), args.mode, context)
}

/// What went wrong; the new name is no flag here.
fn told(error: Error) -> Failure {
    let is_name = matches!(
        error,
        Error::New(scaffold::Error::SecretName { .. } | scaffold::Error::SecretExists { .. })
    );
    let message = error.to_string();
    match is_name {
        true => Failure::new(message).hint("choose another name"),
        false => failure_of(error),
    }
}
