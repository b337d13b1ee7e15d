//! `keywright secret unset`

use super::address::Address;
use super::failure_of;
use crate::cli::commit::Mode;
use crate::cli::{Context, Failure, Status, claim, discover};
use crate::layout::Layout;
use crate::scaffold::existing::{self, Means};

/// Remove one key of a Secret
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright secret unset grafana GF_SMTP_PASSWORD
  keywright secret unset grafana GF_SMTP_PASSWORD --secret grafana-smtp --yes")]
pub(super) struct UnsetArgs {
    #[command(flatten)]
    address: Address,
    /// The key
    #[arg(value_name = "KEY")]
    key: String,
    #[command(flatten)]
    mode: Mode,
}

/// Runs the command.
pub(super) fn run(args: &UnsetArgs, context: &mut Context) -> Result<Status, Failure> {
    context.begin("secret unset", args.mode.access());
    let (root, store, snapshot) = claim::repository(context)?;
    let layout = Layout::read(&snapshot)?;
    let target = args.address.find_key(&args.key, &layout, context)?;
    let identities = discover::identities(context)?;
    let now = context.now();
    let mut means = Means { identities: &identities, random: &mut context.random, now: &now };
    let changed = existing::unset(&target, &args.key, &layout, &mut means).map_err(failure_of)?;
    super::finish(changed, (root, &store), args.mode, context)
}
