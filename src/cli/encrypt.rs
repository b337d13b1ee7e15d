//! `keywright encrypt`

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::commit::Target;
use super::discover;
use super::failure::located;
use super::{Context, Failure, Status};
use crate::document::Document;
use crate::keys::Recipient;
use crate::sops::KeyGroup;
use crate::sops::file::{self, EncryptedFile, Encryption};
use crate::sops::rules::{Config, Rule};
use crate::sops::selection::{Selection, Settings};
use crate::txn::{Change, Content};

/// Encrypt the values of YAML files by the creation rules of `.sops.yaml`
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright encrypt -i apps/grafana/secret.yaml
  keywright encrypt --age age1… secret.yaml > secret.sops.yaml
  kubectl create secret … -o yaml --dry-run=client | keywright encrypt --filename-override apps/a/secret.yaml")]
pub(crate) struct EncryptArgs {
    /// Files to encrypt; standard input if none is given
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    target: Target,
    /// Configuration to use instead of the `.sops.yaml` that is found
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Recipients, separated by commas, instead of those of the rule
    #[arg(short, long, value_name = "RECIPIENTS", env = "SOPS_AGE_RECIPIENTS")]
    age: Option<String>,
    #[command(flatten)]
    selection: SelectionArgs,
    /// Compute the MAC over encrypted values only
    #[arg(long)]
    mac_only_encrypted: bool,
}

/// Which values to encrypt, instead of what the rule says
#[derive(clap::Args)]
#[group(multiple = false)]
struct SelectionArgs {
    /// All values but those under keys with this ending
    #[arg(long, value_name = "SUFFIX")]
    unencrypted_suffix: Option<String>,
    /// Values under keys with this ending
    #[arg(long, value_name = "SUFFIX")]
    encrypted_suffix: Option<String>,
    /// All values but those under keys that match
    #[arg(long, value_name = "REGEX")]
    unencrypted_regex: Option<String>,
    /// Values under keys that match
    #[arg(long, value_name = "REGEX")]
    encrypted_regex: Option<String>,
    /// All values but those under a comment that matches
    #[arg(long, value_name = "REGEX")]
    unencrypted_comment_regex: Option<String>,
    /// Values under a comment that matches
    #[arg(long, value_name = "REGEX")]
    encrypted_comment_regex: Option<String>,
}

impl SelectionArgs {
    fn selection(&self) -> Result<Option<Selection>, Failure> {
        let settings = Settings {
            unencrypted_suffix: self.unencrypted_suffix.as_deref(),
            encrypted_suffix: self.encrypted_suffix.as_deref(),
            unencrypted_regex: self.unencrypted_regex.as_deref(),
            encrypted_regex: self.encrypted_regex.as_deref(),
            unencrypted_comment_regex: self.unencrypted_comment_regex.as_deref(),
            encrypted_comment_regex: self.encrypted_comment_regex.as_deref(),
        };
        if settings == Settings::default() {
            return Ok(None);
        }
        Selection::new(settings).map(Some).map_err(|error| Failure::new(error.to_string()))
    }
}

/// Runs the command.
pub(crate) fn run(args: EncryptArgs, context: &mut Context) -> Result<Status, Failure> {
    let mut configs = HashMap::new();
    let mut changes = Vec::new();
    for input in args.target.inputs(&args.files, context)? {
        let document = input.document()?;
        if is_covered(&input.name, &document)? {
            context.note(format!("{}: already encrypted, nothing to do", input.name.display()));
            continue;
        }
        let config = config(&args, &input.path, &mut configs, context)?;
        let rule = match config.as_deref() {
            Some((path, config)) => {
                config.rule_for(&input.path).map_err(|error| Failure::new(located(path, &error)))?
            }
            None => None,
        };
        let encrypted = encrypt(&args, &input.name, &document, rule, config.as_deref(), context)?;
        let new = Content::new(encrypted.source().as_bytes().to_vec());
        changes.push(Change { path: input.path, old: input.bytes, new: Some(new), plain: true });
    }
    args.target.finish("encrypt", changes, context)
}

/// Whether a file is a SOPS file already, with nothing left in the clear; refused if something is.
fn is_covered(name: &Path, document: &Document) -> Result<bool, Failure> {
    let opened = EncryptedFile::open(document).map_err(|error| Failure::at(name, &error))?;
    let Some(opened) = opened else { return Ok(false) };
    match file::plain_leaves(document, &opened.metadata().selection).first() {
        None => Ok(true),
        Some(leaf) => Err(Failure::new(format!(
            "{}:{}: encrypted, but `{}` is not",
            name.display(),
            document.position_of(*leaf),
            document.route(*leaf)
        ))
        .hint(
            "restore the file with `git checkout`, decrypt it, add the value, and encrypt it again",
        )),
    }
}

/// The configuration of a file, read once for all files that share it.
fn config(
    args: &EncryptArgs,
    file: &Path,
    known: &mut HashMap<PathBuf, std::rc::Rc<(PathBuf, Config)>>,
    context: &mut Context,
) -> Result<Option<std::rc::Rc<(PathBuf, Config)>>, Failure> {
    let Some(path) = discover::config_for(context, args.config.as_deref(), file)? else {
        return Ok(None);
    };
    if let Some(config) = known.get(&path) {
        return Ok(Some(config.clone()));
    }
    let config = std::rc::Rc::new((path.clone(), discover::read_config(&path)?));
    known.insert(path, config.clone());
    Ok(Some(config))
}

fn encrypt(
    args: &EncryptArgs,
    name: &Path,
    document: &Document,
    rule: Option<&Rule>,
    config: Option<&(PathBuf, Config)>,
    context: &mut Context,
) -> Result<Document, Failure> {
    let given = recipients(args)?;
    if rule.is_none() && given.is_none() {
        return Err(uncovered(name, config));
    }
    let selection = args.selection.selection()?;
    let selection =
        selection.or_else(|| rule.map(|rule| rule.selection.clone())).unwrap_or_default();
    let given = given.map(|recipients| vec![KeyGroup::of(recipients)]);
    let groups = given.as_deref().or(rule.map(|rule| rule.groups.as_slice())).unwrap_or_default();
    let now = context.now();
    let how = Encryption {
        groups,
        threshold: rule.map_or(0, |rule| rule.threshold),
        selection: &selection,
        mac_only_encrypted: args.mac_only_encrypted || rule.is_some_and(|r| r.mac_only_encrypted),
        indent: config.map_or(4, |(_, config)| config.indent()),
        now: &now,
    };
    file::encrypt(document, &how, &mut context.random).map_err(|error| Failure::at(name, &error))
}

fn recipients(args: &EncryptArgs) -> Result<Option<Vec<Recipient>>, Failure> {
    let Some(list) = &args.age else { return Ok(None) };
    let texts = list.split(',').map(str::trim).filter(|text| !text.is_empty());
    let parsed: Result<Vec<_>, _> = texts.map(Recipient::parse).collect();
    parsed.map(Some).map_err(|error| Failure::new(format!("--age: {error}")))
}

/// No rule speaks of the file.
pub(crate) fn uncovered(name: &Path, config: Option<&(PathBuf, Config)>) -> Failure {
    match config {
        Some((path, _)) => Failure::new(format!(
            "{}: no creation rule of {} matches it",
            name.display(),
            path.display()
        ))
        .hint("add a rule for it, or pass `--age age1…`"),
        None => Failure::new(format!(
            "{}: there is no `.sops.yaml` with creation rules",
            name.display()
        ))
        .hint("write one, see `.sops.yaml.example`, or pass `--age age1…`"),
    }
}
