//! `keywright db adopt`

use crate::cli::commit::{self, Mode};
use crate::cli::failure::visible;
use crate::cli::{Context, Failure, Status, claim, discover};
use crate::layout::Layout;
use crate::provision::{self, Inventory, Means};

/// Declare what is in use already: databases of init containers and of URLs, incomplete Secrets of roles
///
/// Passwords stay, and what apps read is not changed. With `--to database-role`, entries of the Cluster's managed roles
/// become DatabaseRole objects instead, with all attributes and comments.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright db adopt --dry-run
  keywright db adopt
  keywright db adopt --to database-role
  keywright db adopt --to database-role miniflux pocket_id")]
pub(crate) struct AdoptArgs {
    /// What managed roles become; needs CloudNativePG 1.30 or newer
    #[arg(long, value_enum, value_name = "KIND")]
    to: Option<To>,
    /// Roles that change their kind, instead of all
    #[arg(value_name = "ROLE", requires = "to")]
    roles: Vec<String>,
    #[command(flatten)]
    mode: Mode,
}

/// What a role can become.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum To {
    /// A `DatabaseRole` object
    DatabaseRole,
}

/// Runs the command.
pub(crate) fn run(args: &AdoptArgs, context: &mut Context) -> Result<Status, Failure> {
    let identities = discover::identities(context)?;
    context.begin("db adopt", args.mode.access());
    let (root, store, snapshot) = claim::repository(context)?;
    let layout = Layout::read(&snapshot)?;
    let adoption = match args.to {
        Some(To::DatabaseRole) => provision::adopt_roles(&args.roles, &snapshot, &layout)?,
        None => {
            let inventory = Inventory::take(&snapshot, &layout, Some(&identities));
            super::status::tell_unopened(&inventory, context);
            let now = context.now();
            let mut means =
                Means { identities: &identities, random: &mut context.random, now: &now };
            provision::adopt(&snapshot, &layout, &inventory, &mut means)?
        }
    };
    for remark in &adoption.remarks {
        context.note(visible(&format!("note: {remark}")));
    }
    if adoption.plan.is_empty() {
        context.say("nothing to adopt");
        return Ok(Status::Done);
    }
    commit::carry_out(&store, adoption.plan, &root, args.mode, context)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: AdoptArgs,
    }

    #[test]
    fn roles_are_named_for_their_new_kind_only() {
        let parse = |args: &[&str]| Line::try_parse_from([&["adopt"], args].concat());
        let args = parse(&["--to", "database-role", "a", "b", "--dry-run"]).unwrap().args;
        assert_eq!((args.to, args.roles), (Some(To::DatabaseRole), vec!["a".into(), "b".into()]));
        assert!(args.mode.dry_run && parse(&["--yes"]).unwrap().args.mode.yes);
        assert!(parse(&["a"]).is_err());
    }
}
