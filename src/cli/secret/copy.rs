//! `keywright secret copy`

use super::address::Address;
use super::failure_of;
use crate::cli::commit::Mode;
use crate::cli::{Context, Failure, Status, claim, discover};
use crate::layout::Layout;
use crate::scaffold;
use crate::scaffold::existing::{self, Destination, Means};

/// Copy a Secret to another app or namespace, encrypted by the creation rule for that place
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright secret copy registry --to grafana
  keywright secret copy grafana --to paperless --name paperless-grafana
  keywright secret copy apps/registry --to-namespace monitoring

The copy is a file beside the app, listed in its kustomization. With `--to-namespace` alone it is beside the original.")]
pub(super) struct CopyArgs {
    #[command(flatten)]
    address: Address,
    /// The app beside which the copy goes, into its namespace
    #[arg(long, value_name = "APP", required_unless_present_any = ["to_namespace", "new_name"])]
    to: Option<String>,
    /// The namespace into which the copy goes
    #[arg(long, value_name = "NAMESPACE")]
    to_namespace: Option<String>,
    /// Name of the copy, if it is to be another one
    #[arg(long = "name", value_name = "NAME", id = "new_name")]
    new_name: Option<String>,
    #[command(flatten)]
    mode: Mode,
}

/// Runs the command.
pub(super) fn run(args: &CopyArgs, context: &mut Context) -> Result<Status, Failure> {
    context.begin("secret copy", args.mode.access());
    let (root, store, snapshot) = claim::repository(context)?;
    let layout = Layout::read(&snapshot)?;
    let target = args.address.find(&layout, context)?;
    let app = args.to.as_deref().map(|name| scaffold::app(&layout, name)).transpose();
    let destination = Destination {
        app: app.map_err(super::failure)?,
        namespace: args.to_namespace.as_deref(),
        name: args.new_name.as_deref(),
    };
    let identities = discover::identities(context)?;
    let now = context.now();
    let mut means = Means { identities: &identities, random: &mut context.random, now: &now };
    let changed = existing::copy(&target, destination, &layout, &mut means).map_err(failure_of)?;
    super::finish(changed, (root, &store), args.mode, context)
}
