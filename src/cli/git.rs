//! `keywright git`: what Git is told about this program.

mod hook;

use super::claim::Access;
use super::{Context, Failure, Status};

/// Let Git call this program
#[derive(clap::Args)]
pub(crate) struct GitArgs {
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(clap::Subcommand)]
enum Command {
    Install(InstallArgs),
}

/// Write a hook that checks what is staged before each commit
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright git install --hook --dry-run
  keywright git install --hook

The hook is `pre-commit` in the directory that Git looks in, `core.hooksPath` included. One that somebody else wrote stays \
as it is; then the lines to add are printed. `git commit --no-verify` goes without it.")]
struct InstallArgs {
    /// Write the hook
    #[arg(long, required = true)]
    hook: bool,
    /// Say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
pub(crate) fn run(args: &GitArgs, context: &mut Context) -> Result<Status, Failure> {
    let Command::Install(args) = &args.command;
    context.begin("git install", Access::Read);
    hook::install(args.dry_run, context)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: GitArgs,
    }

    #[test]
    fn what_to_install_has_to_be_said() {
        let parse = |args: &[&str]| Line::try_parse_from([&["git"], args].concat());
        assert!(parse(&["install"]).is_err());
        assert!(parse(&["install", "--dry-run"]).is_err());
        let Command::Install(args) = parse(&["install", "--hook"]).unwrap().args.command;
        assert!(args.hook && !args.dry_run);
    }
}
