//! `keywright db`

mod adopt;
mod deprovision;
mod doctor;
mod list;
mod provision;
mod question;
mod rotate;
mod status;

use self::adopt::AdoptArgs;
use self::deprovision::DeprovisionArgs;
use self::doctor::DoctorArgs;
use self::list::ListArgs;
use self::provision::ProvisionArgs;
use self::question::Question;
use self::rotate::RotateArgs;
use self::status::StatusArgs;
pub(super) use self::status::tell_broken;
use super::commit::Mode;
use super::{Context, Failure, Status};
use crate::provision::{Addition, Error};
use crate::secret::Secret;

/// Databases of CloudNativePG and the credentials for them
#[derive(clap::Args)]
pub(crate) struct DbArgs {
    #[command(subcommand)]
    command: DbCommand,
}

/// What to do with a database.
#[derive(clap::Subcommand)]
enum DbCommand {
    Provision(Box<ProvisionArgs>),
    Rotate(RotateArgs),
    Deprovision(DeprovisionArgs),
    List(ListArgs),
    Status(StatusArgs),
    Doctor(DoctorArgs),
    Adopt(AdoptArgs),
}

impl DbArgs {
    /// As if `db provision APP` had been typed.
    pub(crate) fn provision(app: &str, mode: Mode) -> DbArgs {
        DbArgs { command: DbCommand::Provision(Box::new(ProvisionArgs::of(app, mode))) }
    }
}

/// Runs the command.
pub(crate) fn run(args: DbArgs, context: &mut Context) -> Result<Status, Failure> {
    match args.command {
        DbCommand::Provision(args) => provision::run(&args, context),
        DbCommand::Deprovision(args) => deprovision::run(&args, context),
        DbCommand::Rotate(args) => rotate::run(&args, context),
        DbCommand::List(args) => list::run(&args, context),
        DbCommand::Status(args) => status::run(&args, context),
        DbCommand::Doctor(args) => doctor::run(&args, context),
        DbCommand::Adopt(args) => adopt::run(&args, context),
    }
}

/// The password on standard input without its line break.
fn password(context: &mut Context) -> Result<Secret, Failure> {
    let input = context.read_stdin()?;
    let line = input.strip_suffix(b"\n").unwrap_or(&input);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    Ok(Secret::new(line.to_vec()))
}

/// How a report is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// For programs: one object, version 1
    Json,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let failure = Failure::new(error.to_string());
        if let Some(question) = Question::of(&error) {
            return failure.hint(question.hint());
        }
        match &error {
            Error::Layout(error) => failure.with_layout_hints(error),
            Error::ByHand { additions, .. } => with_additions(failure, additions)
                .hint("then run the command again for the rest"),
            Error::ClusterFromChart { additions, .. } => with_additions(failure, additions),
            Error::OperatorTooOld { .. } => {
                failure.hint("declare the role in the Cluster, with `--as managed-role`")
            }
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
            Error::ClusterMissing { .. } => failure.hint(
                "databases are made in Clusters of CloudNativePG: add one to the repository first",
            ),
            Error::ComponentHyphen { .. } => failure.hint(
                "rename the app, or declare the role in the Cluster, with `--as managed-role`",
            ),
            Error::Stored { .. } => failure.hint("change it there"),
            Error::ClusterAmbiguous { .. } | Error::ClusterUnknown { .. } => {
                failure.hint("choose one with `--cluster [NAMESPACE/]NAME`")
            }
            Error::SecretAmbiguous { .. } | Error::SecretUnknown { .. } => {
                failure.hint("choose one with `--secret NAME`")
            }
            Error::NotCarried { .. } => failure.hint(
                "move the comment, or write the attribute out, and name the other roles behind `--to database-role` meanwhile",
            ),
            Error::KeyNeeded { .. } => {
                failure.hint("choose a key for the next one with `--url-key KEY`")
            }
            Error::RoleUnknown { found, .. } if found.is_empty() => {
                failure.hint("declare the role first, with `keywright db provision`")
            }
            Error::RoleSecretMissing { .. } => failure.hint(
                "make it with `keywright db provision`, which completes what is missing",
            ),
            Error::RoleUnknown { .. } => {
                failure.hint("name one of these, or declare the role first")
            }
            Error::RoleTaken { .. } => failure.hint("choose another name with `--role NAME`"),
            Error::DatabaseTaken { .. } => {
                failure.hint("choose another name with `--database NAME`")
            }
            Error::Embedded { .. } => failure.hint(
                "leave `--password-stdin` out to have a password of letters and digits generated",
            ),
            Error::WouldDrop { .. } => failure
                .hint("set it back and have that applied first, or leave `--keep-data` out"),
            Error::StillUsed { .. } => failure
                .hint("remove that first; as long as somebody connects, nothing can be dropped"),
            Error::SharedFile { .. } => {
                failure.hint("put the other documents into a file of their own")
            }
            Error::OldPasswordUnknown { .. } => {
                failure.hint("give the present password with `--old-password-stdin`")
            }
            Error::RoleMissing { role, .. } => failure
                .hint(format!("make it with `keywright db provision`, or name the right one instead of `{role}` with `--role`")),
            Error::Unread { errors } => failure
                .hint("use an identity that decrypts all of them")
                .hint(format!(
                    "or leave out what does not hold the password, with {}",
                    errors.iter().filter_map(Error::path).map(|path| format!("`--skip {}`", path.display())).collect::<Vec<_>>().join(" ")
                )),
            Error::Password(_) => {
                failure.hint("leave `--password-stdin` out to have a password generated")
            }
            _ => failure,
        }
    }
}

/// What is to be added by hand.
fn with_additions(failure: Failure, additions: &[Addition]) -> Failure {
    additions.iter().fold(failure, |failure, addition| {
        let lines = addition.text.lines().map(|line| format!("\n  {line}"));
        failure.hint(format!("{}:{}", addition.to, lines.collect::<String>()))
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn what_is_to_be_added_by_hand_is_shown_line_by_line() {
        let addition = Addition { to: "add to `x`".into(), text: "- name: a\n  b: c".into() };
        let path = PathBuf::from("k.yaml");
        let error = Error::ByHand { path, reason: "not edited".into(), additions: vec![addition] };
        let failure = Failure::from(error);
        let wanted =
            ["add to `x`:\n  - name: a\n    b: c", "then run the command again for the rest"];
        assert_eq!(failure.hints, wanted);
    }

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
