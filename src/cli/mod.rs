//! The program: arguments, environment, terminal, clock – and the words in which failures are told.
//!
//! Each command is one file: typed arguments, a call into the library, a printed result. Nothing below
//! this room reads the environment, the clock or standard input, prints, or exits.

mod check;
mod claim;
mod commit;
mod context;
mod db;
mod decrypt;
mod demo;
mod discover;
mod each;
mod edit;
mod editor;
mod encrypt;
mod exec;
mod exec_env;
mod exec_file;
mod failure;
mod file;
mod filestatus;
mod git;
mod groups;
mod init;
mod job;
mod layout;
mod new_file;
mod private;
mod prompt;
mod recover;
mod rotate;
mod secret;
mod set;
mod show;
mod signals;
mod sops;
mod table;
mod template;
mod updatekeys;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::txn::Wait;
pub(crate) use context::Context;
pub(crate) use failure::{Failure, Status};

/// Secrets for GitOps repositories: SOPS files with age keys, databases in one transaction, and a check
/// that no secret is in plain text.
#[derive(Parser)]
#[command(name = "keywright", version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done or nothing to do, 1 `check` or `db doctor` found something, 2 refused or failed, \
3 a file changed meanwhile or another command holds the lock, 130 interrupted. After 2, 3 and 130 nothing has changed, unless the message says that the next command will go on.

`keywright sops ...`, and a link called `sops`, take the command line of sops: see `keywright sops --help`."
)]
struct Arguments {
    /// Run as if started in this directory
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true)]
    directory: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

/// The commands.
#[derive(clap::Subcommand)]
enum Command {
    Demo(demo::DemoArgs),
    Init(init::InitArgs),
    Encrypt(encrypt::EncryptArgs),
    Decrypt(decrypt::DecryptArgs),
    Edit(edit::EditArgs),
    ExecEnv(exec_env::ExecEnvArgs),
    ExecFile(exec_file::ExecFileArgs),
    Set(set::SetArgs),
    Unset(set::UnsetArgs),
    Rotate(rotate::RotateArgs),
    #[command(name = "updatekeys")]
    UpdateKeys(updatekeys::UpdateKeysArgs),
    Groups(groups::GroupsArgs),
    #[command(name = "filestatus")]
    FileStatus(filestatus::FileStatusArgs),
    #[command(hide = true)]
    Publish(Unoffered),
    #[command(name = "keyservice", hide = true)]
    KeyService(Unoffered),
    Secret(secret::SecretArgs),
    Db(db::DbArgs),
    Layout(layout::LayoutArgs),
    Check(check::CheckArgs),
    Git(git::GitArgs),
    Recover(recover::RecoverArgs),
}

/// The arguments of a verb that sops has and this program has not.
#[derive(clap::Args)]
struct Unoffered {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    _rest: Vec<OsString>,
}

fn unoffered(verb: &str) -> Failure {
    Failure::new(format!("`{verb}` is not offered")).hint("use sops itself for it")
}

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    context::protect_memory();
    let words: Vec<_> = std::env::args_os().collect();
    if let Some(words) = sops::words(&words) {
        return as_sops(words);
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    let outcome = Context::new(arguments.directory).and_then(|mut context| {
        let outcome = run(arguments.command, &mut context);
        context.flush();
        outcome
    });
    match outcome {
        Ok(status) => status.into(),
        Err(failure) => failure.report(),
    }
}

/// Runs the program in the grammar of sops.
fn as_sops(words: &[OsString]) -> ExitCode {
    match Context::new(None) {
        Ok(mut context) => {
            // sops knows no locks, so nobody who calls it expects to be turned away.
            context.task.patience = Wait::UntilFree;
            let code = sops::run(words, &mut context);
            context.flush();
            code
        }
        Err(failure) => failure.report(),
    }
}

fn run(command: Command, context: &mut Context) -> Result<Status, Failure> {
    match command {
        Command::Demo(args) => demo::run(args, context),
        Command::Init(args) => init::run(args, context),
        Command::Encrypt(args) => encrypt::run(args, context),
        Command::Decrypt(args) => decrypt::run(args, context),
        Command::Edit(args) => edit::run(args, context),
        Command::ExecEnv(args) => exec_env::run(args, context),
        Command::ExecFile(args) => exec_file::run(args, context),
        Command::Set(args) => set::run(args, context),
        Command::Unset(args) => set::run_unset(args, context),
        Command::Rotate(args) => rotate::run(args, context),
        Command::UpdateKeys(args) => updatekeys::run(args, context),
        Command::Groups(args) => groups::run(args, context),
        Command::FileStatus(args) => filestatus::run(args, context),
        Command::Publish(_) => Err(unoffered("publish")),
        Command::KeyService(_) => Err(unoffered("keyservice")),
        Command::Secret(args) => secret::run(args, context),
        Command::Db(args) => db::run(args, context),
        Command::Layout(args) => layout::run(&args, context),
        Command::Check(args) => check::run(args, context),
        Command::Git(args) => git::run(&args, context),
        Command::Recover(args) => recover::run(args, context),
    }
}

/// Help goes to standard output with 0, a usage error to standard error with 2.
fn usage(error: &clap::Error) -> ExitCode {
    // A closed pipe is no reason to complain.
    let _ = error.print();
    if error.use_stderr() { Status::Refused.into() } else { Status::Done.into() }
}
