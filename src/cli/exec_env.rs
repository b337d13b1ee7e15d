//! `keywright exec-env`
//!
//! The top-level values of the first document become variables of a command. Nothing reaches a disk.

use std::path::{Path, PathBuf};

use super::claim::Access;
use super::exec::{Launch, User};
use super::failure::located;
use super::file::Naming;
use super::signals::Watch;
use super::{Context, Failure, Status, discover};
use crate::document::Document;
use crate::secret::Secret;
use crate::sops::Format;
use crate::sops::emit::as_text;

/// Run a command with the decrypted values of a file as environment variables
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright exec-env database.env 'psql \"$DATABASE_URL\"'
  keywright exec-env --pristine app.yaml ./server

The command runs by `/bin/sh -c`, so quote it; its exit code becomes that of keywright. Top-level values only: \
a mapping or a list is refused.")]
pub(crate) struct ExecEnvArgs {
    /// The encrypted file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The command, as one argument
    #[arg(value_name = "COMMAND")]
    pub(crate) command: String,
    /// Give the command the decrypted values and no other variables
    #[arg(long)]
    pub(crate) pristine: bool,
    /// Become the command instead of waiting for it
    #[arg(long)]
    pub(crate) same_process: bool,
    /// Run the command as this user of /etc/passwd; takes root
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
    /// Start the command without terminal and do not wait for it (deprecated by SOPS)
    #[arg(long, conflicts_with = "same_process")]
    pub(crate) background: bool,
}

/// Why a document cannot be variables. Names keys, never values.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// A mapping or a list.
    #[error("`{0}` is a mapping or a list, which cannot be a variable")]
    Complex(String),
    /// A name that would end too early.
    #[error("the key `{0}` contains `=`, which a variable's name cannot")]
    Equals(String),
    /// A key that is no text at all.
    #[error("a key is not a string, which a variable's name has to be")]
    Key,
    /// A value or name that would end too early.
    #[error("`{0}` contains a NUL character, which a variable cannot")]
    Nul(String),
}

/// Runs the command.
pub(crate) fn run(args: ExecEnvArgs, context: &mut Context) -> Result<Status, Failure> {
    if args.background {
        context.note(
            "warning: `--background` is deprecated and will be removed in a future version of SOPS",
        );
    }
    let variables = decrypted(&args.file, context)?;
    let user = args.user.as_deref().map(User::named).transpose();
    let user = user.map_err(|error| Failure::new(format!("--user: {error}")))?;
    let launch = Launch {
        command: &args.command,
        variables: &variables,
        pristine: args.pristine,
        user: user.as_ref(),
        directory: &context.directory.clone(),
    };
    context.flush();
    let failed = |error| {
        let failure = Failure::new(format!("/bin/sh: {error}"));
        if user.is_some() { failure.hint("`--user` takes root") } else { failure }
    };
    if args.background {
        return launch.leave().map(|()| Status::Done).map_err(failed);
    }
    if args.same_process {
        return Err(failed(launch.replace()));
    }
    let ended = Watch::new(|| {}).and_then(|watch| launch.run(&watch)).map_err(failed)?;
    Ok(ended.status())
}

/// The variables that a file holds.
fn decrypted(name: &Path, context: &mut Context) -> Result<Vec<(String, Secret)>, Failure> {
    context.begin("exec-env", Access::Read);
    let file = Naming::default().read_one(name, context)?;
    let unlocked = file.unlocked(&discover::identities(context)?, false)?;
    let at = |error| file.failure(&error);
    let variables = match file.format {
        // The one value of a binary file, by its name there.
        Format::Binary => checked("data", unlocked.decrypt_binary().map_err(at)?).map(|v| vec![v]),
        _ => variables(&unlocked.decrypt().map_err(at)?),
    };
    variables.map_err(|error| Failure::new(located(name, &error)))
}

/// The values of the first document, in its order, as the variables that sops makes of them.
pub(crate) fn variables(plain: &Document) -> Result<Vec<(String, Secret)>, Error> {
    let Some(root) = plain.roots().first() else { return Ok(Vec::new()) };
    let mut variables = Vec::new();
    for (key, value) in plain.entries(root.node) {
        let name = plain.text(key).ok_or(Error::Key)?;
        let value = match plain.value(value) {
            Some(Ok(value)) => Secret::new(as_text(&value).as_bytes().to_vec()),
            // What is no value of its tag is kept as it is written.
            Some(Err(_)) => plain.text(value).unwrap_or_default().to_owned().into(),
            None => return Err(Error::Complex(name.to_owned())),
        };
        variables.push(checked(name, value)?);
    }
    Ok(variables)
}

/// A name and a value that the system can hand on.
fn checked(name: &str, value: Secret) -> Result<(String, Secret), Error> {
    if name.contains('=') {
        return Err(Error::Equals(name.to_owned()));
    }
    if name.contains('\0') || value.expose().contains(&0) {
        return Err(Error::Nul(name.escape_default().to_string()));
    }
    Ok((name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(source: &str) -> Result<Vec<(String, String)>, Error> {
        let document = Document::parse(source.as_bytes().to_vec()).unwrap();
        let shown =
            |(name, value): (String, Secret)| (name, value.expose_text().unwrap().to_owned());
        Ok(variables(&document)?.into_iter().map(shown).collect())
    }

    #[test]
    fn values_are_written_as_sops_writes_them() {
        for (value, expected) in [
            ("x y ", "x y"),
            ("\"two\\nlines\"", "two\nlines"),
            ("", "<nil>"),
            ("''", ""),
            ("True", "true"),
            ("0x10", "16"),
            ("1.50", "1.5"),
            ("100000.0", "100000.0"),
            ("1e6", "1E+06"),
            ("1234567.5", "1.2345675E+06"),
            ("-0.0", "-0.0"),
            ("0.0001", "0.0001"),
            ("2.5e-5", "2.5E-05"),
            ("1.5e300", "1.5E+300"),
            ("-.inf", "-Inf"),
            ("2024-01-01", "2024-01-01T00:00:00Z"),
            ("2024-01-01T10:11:12.125+05:30", "2024-01-01T10:11:12+05:30"),
        ] {
            let made = of(&format!("A: {value}\n")).unwrap();
            assert_eq!(made, [("A".to_owned(), expected.to_owned())]);
        }
    }

    #[test]
    fn only_the_first_document_counts_and_comments_do_not() {
        let made = of("# c\nB: 1\nA: 2 # d\n---\nC: 3\n").unwrap();
        assert_eq!(made, [("B".to_owned(), "1".to_owned()), ("A".to_owned(), "2".to_owned())]);
        assert_eq!(of(""), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_variable_is_refused_by_its_key() {
        assert_eq!(of("A: {b: c}\n"), Err(Error::Complex("A".to_owned())));
        assert_eq!(of("A: 1\nB: []\n"), Err(Error::Complex("B".to_owned())));
        assert_eq!(of("A=B: 1\n"), Err(Error::Equals("A=B".to_owned())));
        assert_eq!(of("A: \"x\\0y\"\n"), Err(Error::Nul("A".to_owned())));
    }
}
