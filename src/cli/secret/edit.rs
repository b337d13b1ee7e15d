//! `keywright secret edit`

use super::address::Address;
use crate::cli::claim::{self, Access};
use crate::cli::edit::{self, Editing};
use crate::cli::editor::Edited;
use crate::cli::file::Naming;
use crate::cli::{Context, Failure, Status};
use crate::layout::Layout;

/// Edit the file of a Secret in your editor, as `keywright edit` does
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright secret edit grafana
  EDITOR='code --wait' keywright secret edit apps/grafana

See `keywright edit --help` for what the editor gets, and what becomes of it.")]
pub(super) struct EditArgs {
    #[command(flatten)]
    address: Address,
}

/// Runs the command.
pub(super) fn run(args: &EditArgs, context: &mut Context) -> Result<Status, Failure> {
    context.begin("secret edit", Access::Write);
    let (root, _, snapshot) = claim::repository(context)?;
    let layout = Layout::read(&snapshot)?;
    let target = args.address.find(&layout, context)?;
    let path = root.join(target.file());
    // As it would be named here.
    let name = path.strip_prefix(&context.directory).unwrap_or(&path);
    let file = Naming::default().read_one(name, context)?;
    if edit::existing(&file, Editing::default(), context)? == Edited::Unchanged {
        context.note(format!("{}: unchanged, nothing to do", name.display()));
    }
    Ok(Status::Done)
}
