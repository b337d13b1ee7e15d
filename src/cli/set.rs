//! `keywright set` and `keywright unset`

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::claim::Access;
use super::commit;
use super::encrypt;
use super::failure::located;
use super::file::{self, File, Naming};
use super::sops::Code;
use super::{Context, Failure, Status, discover};
use crate::document::{Component, Document, Fragment, Route, Value};
use crate::sops::Format;
use crate::sops::change;

/// Set one value of an encrypted file
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright set secret.yaml '[\"stringData\"][\"password\"]' '\"s3cret\"'
  printf '\"%s\"' \"$PASSWORD\" | keywright set --value-stdin secret.yaml '[\"stringData\"][\"password\"]'
  keywright set settings.yaml '[\"hosts\"]' '[\"a.example\", \"b.example\"]'

The value is JSON, so a string stands between quotes. Other users of this machine can see the arguments of a \
command: prefer `--value-stdin` or `--value-file` for a secret.")]
pub(crate) struct SetArgs {
    /// The encrypted file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Which value, such as `["stringData"]["password"]` or `["list"][0]`
    #[arg(value_name = "INDEX")]
    index: String,
    /// The value, as JSON
    #[arg(value_name = "VALUE", required_unless_present_any = ["value_file", "value_stdin"])]
    value: Option<String>,
    /// Read the value, as JSON, from this file
    #[arg(long, value_name = "PATH", conflicts_with_all = ["value", "value_stdin"])]
    value_file: Option<PathBuf>,
    /// Read the value, as JSON, from standard input
    #[arg(long, conflicts_with = "value")]
    value_stdin: bool,
    #[command(flatten)]
    how: Changing,
}

/// Remove one value of an encrypted file
#[derive(clap::Args)]
#[command(after_help = "Example:
  keywright unset secret.yaml '[\"stringData\"][\"password\"]'")]
pub(crate) struct UnsetArgs {
    /// The encrypted file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Which value, such as `["stringData"]["password"]` or `["list"][0]`
    #[arg(value_name = "INDEX")]
    index: String,
    #[command(flatten)]
    how: Changing,
}

/// How a file is opened and closed again.
#[derive(clap::Args, Default)]
pub(crate) struct Changing {
    /// Change nothing if the value is so already
    #[arg(long)]
    pub(crate) idempotent: bool,
    /// Show what would change, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not compare the MAC first: the new one will vouch for what somebody changed
    #[arg(long)]
    pub(crate) ignore_mac: bool,
    /// Format of the file: binary, dotenv, ini, json or yaml
    #[arg(long, value_name = "FORMAT", value_parser = file::format)]
    pub(crate) input_type: Option<Format>,
    /// Write the file in this format, if it is to be another one
    #[arg(long, value_name = "FORMAT", value_parser = file::format)]
    pub(crate) output_type: Option<Format>,
}

impl Changing {
    fn access(&self) -> Access {
        if self.dry_run { Access::Read } else { Access::Write }
    }
}

/// Runs `set`.
pub(crate) fn run(args: SetArgs, context: &mut Context) -> Result<Status, Failure> {
    context.begin("set", args.how.access());
    let index = file::index(&args.index)?;
    let text = match (&args.value, &args.value_file) {
        (Some(value), _) => Zeroizing::new(value.clone().into_bytes()),
        (None, Some(path)) => Zeroizing::new(
            std::fs::read(context.directory.join(path))
                .map_err(|error| Failure::io(path, &error))?,
        ),
        (None, None) => context.read_stdin()?,
    };
    set(&args.file, &index, &text, &args.how, context)
}

/// Runs `unset`.
pub(crate) fn run_unset(args: UnsetArgs, context: &mut Context) -> Result<Status, Failure> {
    context.begin("unset", args.how.access());
    unset(&args.file, &file::index(&args.index)?, &args.how, context)
}

/// Sets a value, given as JSON.
pub(crate) fn set(
    name: &Path,
    index: &Route,
    json: &[u8],
    how: &Changing,
    context: &mut Context,
) -> Result<Status, Failure> {
    let value = change::json(json).map_err(|error| {
        Failure::new(format!("the value is not valid JSON: {error}"))
            .hint("put a string between double quotes, such as '\"text\"'")
            .code(Code::InvalidSetFormat)
    })?;
    let file = read(name, how, context)?;
    if file.format == Format::Binary {
        return set_bytes(file, index, value, how, context);
    }
    let value = fit(&file, index, value, json)?;
    let told = |error: change::Error| Failure::new(located(&file.name, &error));
    let changed = changed(&file, how, context, |plain| match value {
        value if how.idempotent && change::is_set(plain, index, &value) => Ok(None),
        value => change::set(plain, index, value).map(Some).map_err(told),
    })?;
    finish(file, changed, how, context)
}

/// Removes a value.
pub(crate) fn unset(
    name: &Path,
    index: &Route,
    how: &Changing,
    context: &mut Context,
) -> Result<Status, Failure> {
    let file = read(name, how, context)?;
    if file.format == Format::Binary {
        return Err(no_values(&file));
    }
    let changed = changed(&file, how, context, |plain| match change::unset(plain, index) {
        Err(change::Error::NotFound(_)) if how.idempotent => Ok(None),
        other => other.map(Some).map_err(|error| Failure::new(located(&file.name, &error))),
    })?;
    finish(file, changed, how, context)
}

/// The encrypted file after an edit of its plain text; `None` if there is nothing to change.
fn changed(
    file: &File,
    how: &Changing,
    context: &mut Context,
    edit: impl FnOnce(&Document) -> Result<Option<Document>, Failure>,
) -> Result<Option<Document>, Failure> {
    let unlocked = file.unlocked(&discover::identities(context)?, how.ignore_mac)?;
    let at = |error| file.failure(&error);
    let plain = unlocked.decrypt().map_err(at)?;
    let Some(edited) = edit(&plain)? else { return Ok(None) };
    let edited = match file.format == file.output {
        true => edited,
        false => encrypt::converted(file, &edited)?,
    };
    let now = context.now();
    unlocked.encrypt_again(&edited, &now, &mut context.random).map(Some).map_err(at)
}

/// A value as the format can hold it: dotenv and INI know texts alone, so there a number or a boolean is what
/// it is spelled as.
fn fit(file: &File, index: &Route, value: Fragment, json: &[u8]) -> Result<Fragment, Failure> {
    let flat = match file.format {
        Format::Dotenv => {
            "a dotenv file has texts under keys, such as '[\"KEY\"]', and nothing else"
        }
        Format::Ini => {
            "an INI file has texts under keys of sections, such as '[\"section\"][\"key\"]', and nothing else"
        }
        _ => return Ok(value),
    };
    let value = match value {
        Fragment::Value(Value::Bool(_) | Value::Int(_) | Value::Float(_)) => {
            Fragment::text(String::from_utf8_lossy(json.trim_ascii()))
        }
        other => other,
    };
    let is_text = |value: &Fragment| matches!(value, Fragment::Text(_));
    match (file.format, &value, index.0.len()) {
        (Format::Dotenv, Fragment::Text(_), 1) | (Format::Ini, Fragment::Text(_), 2) => Ok(value),
        (Format::Ini, Fragment::Mapping(entries), 1)
            if entries.iter().all(|(_, value)| is_text(value)) =>
        {
            Ok(value)
        }
        _ => Err(Failure::new(format!("{}: {flat}", file.name.display()))),
    }
}

/// A binary file has one value, `["data"]`, and that is text here.
fn set_bytes(
    file: File,
    index: &Route,
    value: Fragment,
    how: &Changing,
    context: &mut Context,
) -> Result<Status, Failure> {
    let (Fragment::Text(text), [Component::Key(key)]) = (value, index.0.as_slice()) else {
        return Err(no_values(&file));
    };
    if key != "data" {
        return Err(no_values(&file));
    }
    let unlocked = file.unlocked(&discover::identities(context)?, how.ignore_mac)?;
    let now = context.now();
    let changed = unlocked.encrypt_binary_again(text.as_bytes(), &now, &mut context.random);
    let changed = changed.map_err(|error| file.failure(&error))?;
    finish(file, Some(changed), how, context)
}

fn no_values(file: &File) -> Failure {
    Failure::new(format!("{}: a binary file has one value, a string", file.name.display()))
        .hint("its index is '[\"data\"]'")
}

fn read(name: &Path, how: &Changing, context: &mut Context) -> Result<File, Failure> {
    let naming =
        Naming { input_type: how.input_type, output_type: how.output_type, ..Naming::default() };
    naming.read_one(name, context)
}

fn finish(
    file: File,
    changed: Option<Document>,
    how: &Changing,
    context: &mut Context,
) -> Result<Status, Failure> {
    let Some(changed) = changed else {
        context.note(format!("{}: nothing to do", file.name.display()));
        return Ok(Status::Done);
    };
    let change = file.change(changed.source().as_bytes(), false);
    match how.dry_run {
        true => commit::rehearse(vec![change], context),
        false => commit::in_place(vec![change], context),
    }
}
