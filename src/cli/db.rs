//! `keywright db`

mod provision;

use self::provision::ProvisionArgs;
use super::commit::Mode;
use super::{Context, Failure, Status};
use crate::provision::Error;

/// Databases of CloudNativePG and the credentials for them
#[derive(clap::Args)]
pub(crate) struct DbArgs {
    #[command(subcommand)]
    command: DbCommand,
}

/// What to do with a database.
#[derive(clap::Subcommand)]
enum DbCommand {
    Provision(ProvisionArgs),
}

impl DbArgs {
    /// As if `db provision APP` had been typed.
    pub(crate) fn provision(app: &str, mode: Mode) -> DbArgs {
        DbArgs { command: DbCommand::Provision(ProvisionArgs::of(app, mode)) }
    }
}

/// Runs the command.
pub(crate) fn run(args: DbArgs, context: &mut Context) -> Result<Status, Failure> {
    match args.command {
        DbCommand::Provision(args) => provision::run(&args, context),
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let failure = Failure::new(error.to_string());
        match &error {
            Error::Layout(error) => failure.with_layout_hints(error),
            Error::Sops { path, source } => Failure::at(path, source),
            Error::NotEncrypted { path } => {
                failure.hint(format!("encrypt it with `keywright encrypt -i {}`", path.display()))
            }
            Error::SecretMissing { app, .. } => {
                failure.hint(format!("make one with `keywright secret new {app}`"))
            }
            Error::NoRule { .. } => failure.hint("add a creation rule for it to `.sops.yaml`"),
            Error::NotSelected { .. } => failure.hint(
                "let the creation rule select it, for example by `encrypted_regex: ^(data|stringData)$`",
            ),
            Error::PasswordExists { .. } => {
                failure.hint("leave `--password-stdin` out to use the password that is there")
            }
            Error::KeyTaken { path, key } => failure.hint(format!(
                "see what it is with `keywright decrypt {}`, and remove `{key}` if it is not needed",
                path.display()
            )),
            Error::ClusterAmbiguous { .. } | Error::ClusterUnknown { .. } => {
                failure.hint("choose one with `--cluster [NAMESPACE/]NAME`")
            }
            Error::SecretAmbiguous { .. } | Error::SecretUnknown { .. } => {
                failure.hint("choose one with `--secret NAME`")
            }
            Error::KeyNeeded { .. } => {
                failure.hint("choose a key for the next one with `--url-key KEY`")
            }
            Error::RoleUnknown { .. } => {
                failure.hint("name one of these, or declare the role first")
            }
            Error::RoleTaken { .. } => failure.hint("choose another name with `--role NAME`"),
            Error::DatabaseTaken { .. } => {
                failure.hint("choose another name with `--database NAME`")
            }
            Error::Password(_) => {
                failure.hint("leave `--password-stdin` out to have a password generated")
            }
            _ => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn refusals_that_can_be_mended_come_with_a_hint() {
        let path = || PathBuf::from("a/secret.yaml");
        let cases = [
            (Error::NotEncrypted { path: path() }, "`keywright encrypt -i a/secret.yaml`"),
            (Error::SecretMissing { app: "a".into(), path: path() }, "`keywright secret new a`"),
            (Error::NoRule { path: path() }, "`.sops.yaml`"),
            (Error::PasswordExists { path: path() }, "leave `--password-stdin` out"),
            (Error::KeyTaken { path: path(), key: "K".into() }, "remove `K`"),
            (Error::NotSelected { path: path(), route: "r".into() }, "encrypted_regex"),
        ];
        for (error, hint) in cases {
            let failure = Failure::from(error);
            assert_eq!(failure.status, Status::Refused);
            assert!(failure.hints[0].contains(hint), "{}", failure.hints[0]);
        }
    }
}
