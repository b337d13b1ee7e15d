//! `keywright secret …`: a file for each verb, and what they share.

mod address;
mod answers;
mod copy;
mod dialogue;
mod edit;
mod ensure;
mod external;
mod get;
mod input;
mod keys;
mod list;
mod new;
mod registry;
mod rename;
mod report;
mod reveal;
mod rotate;
mod set;
mod unset;
mod uses;

use std::path::PathBuf;

use self::copy::CopyArgs;
use self::edit::EditArgs;
use self::ensure::EnsureArgs;
use self::get::GetArgs;
use self::list::ListArgs;
use self::new::NewArgs;
use self::rename::RenameArgs;
use self::rotate::RotateArgs;
use self::set::SetArgs;
use self::unset::UnsetArgs;
use super::commit::{self, Mode};
use super::{Context, Failure, Status};
use crate::scaffold::existing::Changed;
use crate::scaffold::{self, existing, kind};
use crate::txn::Store;

/// Make and keep the Secrets of apps.
#[derive(clap::Args)]
pub(crate) struct SecretArgs {
    #[command(subcommand)]
    command: SecretCommand,
}

#[derive(clap::Subcommand)]
enum SecretCommand {
    New(Box<NewArgs>),
    Ensure(EnsureArgs),
    Rotate(RotateArgs),
    Set(SetArgs),
    Unset(UnsetArgs),
    Get(GetArgs),
    List(ListArgs),
    Edit(EditArgs),
    Copy(CopyArgs),
    Rename(RenameArgs),
}

/// Runs the command.
pub(crate) fn run(args: SecretArgs, context: &mut Context) -> Result<Status, Failure> {
    match args.command {
        SecretCommand::New(args) => new::run(*args, context),
        SecretCommand::Ensure(args) => ensure::run(&args, context),
        SecretCommand::Rotate(args) => rotate::run(&args, context),
        SecretCommand::Set(args) => set::run(args, context),
        SecretCommand::Unset(args) => unset::run(&args, context),
        SecretCommand::Get(args) => get::run(&args, context),
        SecretCommand::List(args) => list::run(&args, context),
        SecretCommand::Edit(args) => edit::run(&args, context),
        SecretCommand::Copy(args) => copy::run(&args, context),
        SecretCommand::Rename(args) => rename::run(&args, context),
    }
}

/// Carries out what changes, and says what is left to be done by hand.
fn finish(
    changed: Changed,
    (root, store): (PathBuf, &Store),
    mode: Mode,
    context: &mut Context,
) -> Result<Status, Failure> {
    for note in &changed.notes {
        context.note(super::failure::visible(&format!("note: {note}")));
    }
    let changes = !changed.plan.is_empty();
    let status = commit::carry_out(store, changed.plan, &root, mode, context)?;
    if changes {
        commit::tell_restarts(&changed.restarts, context);
    }
    Ok(status)
}

/// What went wrong, and what to do about it.
fn failure(error: scaffold::Error) -> Failure {
    use scaffold::Error;
    let failure = Failure::new(error.to_string());
    match error {
        Error::Layout(error) => failure.with_layout_hints(&error),
        Error::SecretExists { .. } | Error::SecretName { .. } | Error::FileExists { .. } => {
            failure.hint("choose another name with `--name`")
        }
        Error::RecipeExists { name, .. } => failure.hint(format!(
            "make what it says with `keywright secret ensure {name}`, or leave `--recipe` out"
        )),
        Error::Kind(error) => of_kind(failure, &error),
        Error::NoConfig { .. } => failure
            .hint("write one with `keywright init`")
            .hint("or, where the values are in an external store, add `--external`"),
        Error::Uncovered { .. } => {
            failure.hint("add a creation rule whose `path_regex` matches the file")
        }
        Error::LeftPlain { .. } | Error::Hidden { .. } => {
            failure.hint("give the rule `encrypted_regex: ^(data|stringData)$`")
        }
        Error::Uses(error) => uses::hinted(failure, &error),
        Error::Encrypt { path, source } => Failure::at(&path, &source),
        Error::Plan(error) => Failure::from(error),
        _ => failure,
    }
}

/// What to do about keys and values that do not fit a type.
fn of_kind(failure: Failure, error: &kind::Error) -> Failure {
    use crate::make::PairError;
    use kind::Error;
    match error {
        Error::Type { .. } => failure.hint("as in `--type kubernetes.io/tls`, or `--type tls` for short"),
        Error::Token => failure
            .hint("commit a Secret of this type without data, annotated with `kubernetes.io/service-account.name`")
            .hint("or take a token that ends: a projected volume in the Pod, or `kubectl create token SERVICE_ACCOUNT`"),
        Error::Missing { missing, .. } => failure.hint(format!(
            "give it, for example by `--from-file {}=PATH`",
            missing.first().copied().unwrap_or_default()
        )),
        Error::Pair(PairError::Certificate) => {
            failure.hint("`--from-file tls.crt=PATH` takes the certificate, `--from-file tls.key=PATH` its key")
        }
        Error::Pair(PairError::Protected) => {
            failure.hint("take the passphrase away, with `openssl pkey -in FILE -out NEW`")
        }
        Error::Pair(PairError::Mismatch) => failure.hint(
            "the certificate of the key has to be the first one in the file, before those of its authorities",
        ),
        Error::SshKey { public: true } => {
            failure.hint("it is in the file of the same name without `.pub`")
        }
        Error::Json { .. } => {
            failure.hint("`docker login` writes one, or give `--registry HOST --username USER` instead")
        }
        _ => failure,
    }
}

/// The same for a Secret that is there.
fn failure_of(error: existing::Error) -> Failure {
    use existing::Error;
    let failure = Failure::new(error.to_string());
    let near = |failure: Failure, nearest: &Option<String>| match nearest {
        Some(nearest) => failure.hint(format!("did you mean `{nearest}`?")),
        None => failure,
    };
    match error {
        Error::NameUnknown { nearest, .. } => {
            near(failure, &nearest).hint("see what there is with `keywright secret list`")
        }
        Error::KeyUnknown { nearest, .. } => near(failure, &nearest),
        Error::NoSecret { app, .. } => {
            failure.hint(format!("make one with `keywright secret new {app}`"))
        }
        Error::Elsewhere { .. } => failure.hint("change it there"),
        Error::SecretUnknown { .. } => failure.hint("name one of these with `--secret`"),
        Error::Ambiguous { .. } => failure.hint("choose one with `--secret [NAMESPACE/]NAME`"),
        Error::NotEncrypted { path, .. } => {
            failure.hint(format!("encrypt it with `keywright encrypt -i {}`", path.display()))
        }
        Error::Immutable { name, .. } => failure.hint(format!(
            "make a new one with `keywright secret new APP --name {name}-2`, and let the app use that"
        )),
        Error::Required { kind, .. } => failure.hint(format!(
            "give it another value with `keywright secret set`, or make a Secret of another type than `{kind}`"
        )),
        Error::Substituted { .. } => failure.hint(
            "annotate the Secret with `kustomize.toolkit.fluxcd.io/substitute: disabled`, and Flux leaves it alone",
        ),
        Error::Shared { .. } => failure.hint("write the value out, with `keywright secret edit`"),
        Error::NotSelected { .. } => {
            failure.hint("let the rule select it, with `encrypted_regex: ^(data|stringData)$`")
        }
        Error::Locked { keys, others, source, .. } => locked(failure, &keys, &others, &source),
        Error::OtherNamespace { .. } => {
            failure.hint("choose a place with `--to APP`, whose namespace it is")
        }
        Error::Sops { path, source } => Failure::at(&path, &source),
        Error::New(error) => self::failure(error),
        Error::Layout(error) => Failure::from(error),
        Error::Plan(error) => Failure::from(error),
        _ => failure,
    }
}

/// What somebody without an identity can do.
fn locked(
    failure: Failure,
    keys: &[String],
    others: &[String],
    source: &crate::sops::file::Error,
) -> Failure {
    let listed =
        |all: &[String]| all.iter().map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", ");
    let failure = failure.hint(format!("why it is not decrypted: {source}"));
    let failure = match (keys, others) {
        ([], []) => failure,
        (keys, []) => failure.hint(format!(
            "with every value in one call the file is made anew: give {} as well, behind `--set-stdin`, `--from-file` or \
             `--generate`",
            listed(keys)
        )),
        (_, others) => failure.hint(format!("{} would be lost", listed(others))),
    };
    failure.hint("or ask somebody who has an identity, to change it or to add yours")
}
