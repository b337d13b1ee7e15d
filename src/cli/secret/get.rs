//! `keywright secret get`

use std::io::IsTerminal as _;

use super::address::Address;
use super::{failure_of, reveal};
use crate::cli::claim::{self, Access};
use crate::cli::{Context, Failure, Status, discover};
use crate::layout::Layout;
use crate::scaffold::existing::{self, Means};

/// Print one value of a Secret, byte for byte
///
/// Nothing is added to it. To a terminal it is printed with `--reveal` alone, and is gone from the screen after Enter.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright secret get grafana GF_SECURITY_ADMIN_PASSWORD | wl-copy
  keywright secret get grafana GF_SECURITY_ADMIN_PASSWORD --reveal
  keywright secret get apps/grafana GF_SECURITY_ADMIN_USER | wc -c")]
pub(super) struct GetArgs {
    #[command(flatten)]
    address: Address,
    /// The key
    #[arg(value_name = "KEY")]
    key: String,
    /// Show the value on the terminal until Enter is pressed
    #[arg(long)]
    reveal: bool,
}

/// Runs the command.
pub(super) fn run(args: &GetArgs, context: &mut Context) -> Result<Status, Failure> {
    context.begin("secret get", Access::Read);
    let is_seen = std::io::stdout().is_terminal();
    if is_seen && !args.reveal {
        let hint = "show it with `--reveal`, or pass it on: `keywright secret get … | wl-copy`";
        return Err(Failure::new("a value is not printed to a terminal").hint(hint));
    }
    let (_, _, snapshot) = claim::repository(context)?;
    let layout = Layout::read(&snapshot)?;
    let target = args.address.find_key(&args.key, &layout, context)?;
    let identities = discover::identities(context)?;
    let now = context.now();
    let means = Means { identities: &identities, random: &mut context.random, now: &now };
    let value = existing::get(&target, &args.key, &means).map_err(failure_of)?;
    match is_seen {
        true => reveal::show(&args.key, &value, context)?,
        false => context.emit(value.expose())?,
    }
    Ok(Status::Done)
}
