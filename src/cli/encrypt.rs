//! `keywright encrypt`

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::commit::{self, Target};
use super::context::OsRandom;
use super::each::each;
use super::failure::{ADD_BY_SET, chain, located};
use super::file::{File, Naming};
use super::sops::Code;
use super::{Context, Failure, Status, discover};
use crate::document::Document;
use crate::keys::{Identities, Recipient};
use crate::repo;
use crate::secret::RandomSource;
use crate::sops::emit::emit;
use crate::sops::file::{self, EncryptedFile, Encryption};
use crate::sops::rules::{Config, Rule};
use crate::sops::selection::{Selection, Settings};
use crate::sops::tree::Tree;
use crate::sops::{Format, KeyGroup, binary};
use crate::txn::Change;

/// Files that say how others are to be treated: never found in a directory.
const NEVER_FOUND: [&str; 5] = [
    discover::CONFIG,
    "keywright.yaml",
    "kustomization.yaml",
    "kustomization.yml",
    "Kustomization",
];

/// Encrypt the values of files by the creation rules of `.sops.yaml`
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright encrypt -i apps/grafana/secret.yaml
  keywright encrypt -i --recursive apps
  keywright encrypt --age age1… secret.yaml > secret.sops.yaml
  keywright encrypt --filename-override apps/a/secret.yaml < secret.yaml

In a directory, files are taken that the last commit has encrypted, and those for which a creation rule with a \
`path_regex` picks a value. Where the last commit has a file encrypted and you can read it, values that did not \
change keep their ciphertext.")]
pub(crate) struct EncryptArgs {
    /// Files to encrypt; standard input if none is given
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    naming: Naming,
    /// Configuration to use instead of the `.sops.yaml` that is found
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    new_file: NewFile,
    /// Draw a new data key, whatever the last commit has
    #[arg(long)]
    fresh: bool,
}

/// What is encrypted for whom, instead of what the rule says
#[derive(clap::Args)]
pub(crate) struct NewFile {
    /// Recipients, separated by commas, instead of those of the rule
    #[arg(short, long, value_name = "RECIPIENTS", env = "SOPS_AGE_RECIPIENTS")]
    age: Option<String>,
    #[command(flatten)]
    selection: SelectionArgs,
    /// Compute the MAC over encrypted values only
    #[arg(long)]
    mac_only_encrypted: bool,
    /// How many of the rule's key groups are needed to decrypt
    #[arg(long, value_name = "N")]
    shamir_secret_sharing_threshold: Option<usize>,
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

impl NewFile {
    fn wanted(&self) -> Result<Wanted, Failure> {
        let flags = &self.selection;
        let settings = Settings {
            unencrypted_suffix: flags.unencrypted_suffix.as_deref(),
            encrypted_suffix: flags.encrypted_suffix.as_deref(),
            unencrypted_regex: flags.unencrypted_regex.as_deref(),
            encrypted_regex: flags.encrypted_regex.as_deref(),
            unencrypted_comment_regex: flags.unencrypted_comment_regex.as_deref(),
            encrypted_comment_regex: flags.encrypted_comment_regex.as_deref(),
        };
        let age = self.age.as_deref().unwrap_or_default();
        let mut wanted = Wanted::new(settings, age.split(','))?;
        wanted.mac_only_encrypted = self.mac_only_encrypted;
        wanted.threshold = self.shamir_secret_sharing_threshold;
        Ok(wanted)
    }
}

/// What a command line wants of new files; what it is silent about is up to the rule.
#[derive(Default)]
pub(crate) struct Wanted {
    /// One group of recipients instead of those of the rule.
    pub(crate) groups: Option<Vec<KeyGroup>>,
    /// How many groups are needed.
    pub(crate) threshold: Option<usize>,
    /// Which values.
    pub(crate) selection: Option<Selection>,
    /// Whether the MAC covers these alone.
    pub(crate) mac_only_encrypted: bool,
    /// Columns per level of the metadata block.
    pub(crate) indent: Option<usize>,
}

impl Wanted {
    /// Reads flags. No recipients, or none but empty ones, leave them to the rule.
    pub(crate) fn new<'r>(
        settings: Settings<'_>,
        recipients: impl Iterator<Item = &'r str>,
    ) -> Result<Wanted, Failure> {
        let given = recipients.map(str::trim).filter(|text| !text.is_empty());
        let parsed: Vec<Recipient> = given
            .map(Recipient::parse)
            .collect::<Result<_, _>>()
            .map_err(|error| Failure::new(format!("--age: {error}")))?;
        let selection = (settings != Settings::default()).then(|| Selection::new(settings));
        Ok(Wanted {
            groups: (!parsed.is_empty()).then(|| vec![KeyGroup::of(parsed)]),
            selection: selection.transpose().map_err(|error| Failure::new(chain(&error)))?,
            ..Wanted::default()
        })
    }
}

/// A file with what decides about it.
pub(crate) struct Job {
    pub(crate) file: File,
    pub(crate) config: Option<Arc<(PathBuf, Config)>>,
    /// What the last commit has in its place.
    committed: Option<Vec<u8>>,
}

impl Job {
    /// Refuses a selection beside another one of the rule; SOPS would have them both count.
    pub(crate) fn refuse_second_selection(&self, wanted: &Wanted) -> Result<(), Failure> {
        let rule = self.config.as_deref().map(|(_, config)| config.rule_for(&self.file.path));
        let Some(Ok(Some(rule))) = rule else { return Ok(()) };
        let name = |selection: &Selection| selection.setting().map(|(name, _)| name);
        match (wanted.selection.as_ref().and_then(name), name(&rule.selection)) {
            (Some(one), Some(other)) if one != other && rule.selection != Selection::default() => {
                Err(Failure::new(format!(
                    "`{one}` cannot be used beside `{other}` of the creation rule"
                ))
                .code(Code::ConflictingFlags))
            }
            _ => Ok(()),
        }
    }
}

/// What became of a file.
pub(crate) enum Encrypted {
    /// It is to be changed; the reason why values have new ciphertext, if that needs one.
    Changed(Change, Option<String>),
    /// It is encrypted already.
    Already(PathBuf),
    /// It was found in a directory and is none of those that are meant.
    NotMeant,
}

/// Runs the command.
pub(crate) fn run(args: EncryptArgs, context: &mut Context) -> Result<Status, Failure> {
    let wanted = args.new_file.wanted()?;
    let files = args.target.files(&args.files, &args.naming, context)?;
    let least = args.target.in_place && !args.fresh;
    let jobs = jobs(files, args.config.as_deref(), least, context)?;
    let identities = discover::identities(context)?;
    let now = context.now();
    let encrypted = each(jobs, "encrypting", context, |job, random| {
        encrypt(job, &wanted, &identities, &now, random)
    });
    let mut changes = Vec::new();
    for outcome in encrypted {
        match outcome? {
            Encrypted::Changed(change, why) => {
                why.into_iter().for_each(|why| context.note(format!("note: {why}")));
                changes.push(change);
            }
            Encrypted::Already(name) => {
                context.note(format!("{}: already encrypted, nothing to do", name.display()));
            }
            Encrypted::NotMeant => {}
        }
    }
    args.target.finish("encrypt", changes, context)
}

/// Finds configuration and committed version of each file.
pub(crate) fn jobs(
    files: Vec<File>,
    config: Option<&Path>,
    least_change: bool,
    context: &mut Context,
) -> Result<Vec<Job>, Failure> {
    let mut known: HashMap<PathBuf, Arc<(PathBuf, Config)>> = HashMap::new();
    let mut jobs = Vec::new();
    for file in files {
        let path = discover::config_for(context, config, &file.path)?;
        let config = match path {
            None => None,
            Some(path) => match known.get(&path) {
                Some(config) => Some(config.clone()),
                None => {
                    let config = Arc::new((path.clone(), discover::read_config(&path)?));
                    known.insert(path, config.clone());
                    Some(config)
                }
            },
        };
        jobs.push(Job { file, config, committed: None });
    }
    if least_change {
        add_committed(&mut jobs);
    }
    Ok(jobs)
}

/// Reads the committed versions, one call of Git for all files of a repository.
fn add_committed(jobs: &mut [Job]) {
    let root = commit::root(jobs.iter().map(|job| job.file.path.as_path()));
    if !root.join(".git").exists() {
        return;
    }
    let relative = |job: &Job| job.file.path.strip_prefix(&root).ok().map(Path::to_owned);
    let paths: Vec<PathBuf> = jobs.iter().map(|job| relative(job).unwrap_or_default()).collect();
    let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    for (job, content) in jobs.iter_mut().zip(repo::committed(&root, &paths)) {
        job.committed = content;
    }
}

/// Encrypts one file.
pub(crate) fn encrypt(
    job: Job,
    wanted: &Wanted,
    identities: &Identities,
    now: &str,
    random: &mut OsRandom,
) -> Result<Encrypted, Failure> {
    let Job { file, config, committed } = &job;
    let before = committed.as_ref().and_then(|bytes| {
        Document::parse_as(file.format.syntax(), bytes.clone()).ok().filter(has_metadata)
    });
    let rule = match config.as_deref() {
        Some((path, config)) => {
            config.rule_for(&file.path).map_err(|error| Failure::new(located(path, &error)))
        }
        None => Ok(None),
    };
    if !file.named && before.is_none() && !is_meant(file, rule.as_ref().ok().copied().flatten()) {
        return Ok(Encrypted::NotMeant);
    }
    if is_covered(file)? {
        return Ok(Encrypted::Already(file.name.clone()));
    }
    let rule = rule?;
    if rule.is_none() && wanted.groups.is_none() {
        return Err(uncovered(&file.name, config.as_deref())
            .hint("or name the recipients by `--age age1…`"));
    }
    let default = Selection::default();
    let selection = wanted.selection.as_ref().or(rule.map(|rule| &rule.selection));
    let groups = wanted.groups.as_deref().or(rule.map(|rule| rule.groups.as_slice()));
    discover::answer(groups.unwrap_or_default());
    let how = Encryption {
        groups: groups.unwrap_or_default(),
        threshold: wanted.threshold.or(rule.map(|rule| rule.threshold)).unwrap_or_default(),
        selection: selection.unwrap_or(&default),
        mac_only_encrypted: wanted.mac_only_encrypted || rule.is_some_and(|r| r.mac_only_encrypted),
        indent: wanted.indent.or(config.as_deref().map(|(_, c)| c.indent())).unwrap_or(4),
        now,
    };
    let (known, why) = match before.as_ref().map(|before| Earlier::of(before, &how)) {
        Some(Earlier::Readable(earlier)) => (again(file, earlier, &how, identities, random), None),
        Some(Earlier::For(recipient)) => {
            let name = file.name.display();
            let why = format!("{name}: new data key, as the old one is known to `{recipient}`");
            (None, Some(why))
        }
        Some(Earlier::Unusable) | None => (None, None),
    };
    let encrypted = match known {
        Some(known) => known,
        None => fresh(file, &how, random)?,
    };
    Ok(Encrypted::Changed(job.file.change(encrypted.source().as_bytes(), true), why))
}

/// A version of a file that is encrypted already.
enum Earlier<'d> {
    /// For nobody who is not to read the new version.
    Readable(EncryptedFile<'d>),
    /// For this recipient as well, who is not to.
    For(String),
    /// Not to be understood.
    Unusable,
}

impl<'d> Earlier<'d> {
    fn of(document: &'d Document, how: &Encryption<'_>) -> Self {
        let Ok(Some(file)) = EncryptedFile::open(document) else { return Earlier::Unusable };
        let named: Vec<&str> = how.groups.iter().flat_map(KeyGroup::names).collect();
        let mut before = file.metadata().groups.iter().flat_map(|group| group.names());
        match before.find(|name| !named.contains(name)) {
            Some(name) => Earlier::For(name.to_owned()),
            None => {
                drop(before);
                Earlier::Readable(file)
            }
        }
    }
}

/// The file under the data key of an earlier version; `None` if that cannot be read.
fn again(
    file: &File,
    earlier: EncryptedFile<'_>,
    how: &Encryption<'_>,
    identities: &Identities,
    random: &mut dyn RandomSource,
) -> Option<Document> {
    if file.output != file.format {
        return None;
    }
    let unlocked = earlier.unlock(identities).ok()?;
    if file.format == Format::Binary {
        let same = unlocked.metadata().is_for(how.groups, how.threshold);
        return same.then(|| unlocked.encrypt_binary_again(&file.content, how.now, random).ok())?;
    }
    unlocked.encrypt_as(&file.document().ok()?, how, random).ok()
}

/// The file under a new data key, in the format that is wanted.
fn fresh(
    file: &File,
    how: &Encryption<'_>,
    random: &mut dyn RandomSource,
) -> Result<Document, Failure> {
    let at = |error| file.failure(&error);
    let bytes = match (file.format, file.output) {
        (Format::Binary, Format::Binary) => &file.content[..],
        (format, output) if format == output => {
            return file::encrypt(&file.document()?, how, random).map_err(at);
        }
        (_, Format::Binary) => {
            let text = emitted(file, &plain_tree(file)?)?;
            return binary::encrypt(text.as_bytes(), how, random).map_err(at);
        }
        _ => {
            let document = read_again(file, &emitted(file, &plain_tree(file)?)?)?;
            return file::encrypt(&document, how, random).map_err(at);
        }
    };
    binary::encrypt(bytes, how, random).map_err(at)
}

/// A plain document in the output format of its file, which is text.
pub(crate) fn converted(file: &File, plain: &Document) -> Result<Document, Failure> {
    let tree = Tree::of(plain).map_err(|error| file.failure(&error))?;
    read_again(file, &emitted(file, &tree)?)
}

fn emitted(file: &File, tree: &Tree) -> Result<Zeroizing<String>, Failure> {
    emit(tree, file.output, None)
        .map_err(|error| Failure::new(located(&file.name, &error)).code(Code::CouldNotPrint))
}

fn read_again(file: &File, text: &str) -> Result<Document, Failure> {
    Document::parse_as(file.output.syntax(), text.as_bytes().to_vec())
        .map_err(|error| Failure::new(located(&file.name, &error)))
}

fn plain_tree(file: &File) -> Result<Tree, Failure> {
    if file.format != Format::Binary {
        return Tree::of(&file.document()?).map_err(|error| file.failure(&error));
    }
    let text = std::str::from_utf8(&file.content);
    let no_text = |_| Failure::new(format!("{}: the content is no text", file.name.display()));
    Ok(Tree::of_text(text.map_err(no_text)?))
}

/// Whether a file that a directory has is one that is to be encrypted.
fn is_meant(file: &File, rule: Option<&Rule>) -> bool {
    let name = file.name.file_name().unwrap_or_default();
    let Some(rule) = rule.filter(|_| !NEVER_FOUND.iter().any(|never| name == *never)) else {
        return false;
    };
    match file.format {
        Format::Binary => rule.path_regex.is_some(),
        _ => file
            .document()
            .is_ok_and(|document| !file::plain_leaves(&document, &rule.selection).is_empty()),
    }
}

/// Whether a file is a SOPS file already, with nothing left in the clear; refused if something is.
fn is_covered(file: &File) -> Result<bool, Failure> {
    let document = match file.format {
        // Any bytes may be encrypted; those of a SOPS file are not meant to be once more.
        Format::Binary => match file.document() {
            Ok(document) => document,
            Err(_) => return Ok(false),
        },
        _ => file.document()?,
    };
    let opened = EncryptedFile::open(&document).map_err(|error| file.failure(&error))?;
    let Some(opened) = opened else { return Ok(false) };
    match file::plain_leaves(&document, &opened.metadata().selection).first() {
        None => Ok(true),
        Some(leaf) => Err(Failure::new(format!(
            "{}:{}: encrypted, but `{}` is not",
            file.name.display(),
            document.position_of(*leaf),
            document.route(*leaf)
        ))
        .hint(ADD_BY_SET)),
    }
}

fn has_metadata(document: &Document) -> bool {
    EncryptedFile::open(document).is_ok_and(|opened| opened.is_some())
}

/// No rule speaks of the file.
pub(crate) fn uncovered(name: &Path, config: Option<&(PathBuf, Config)>) -> Failure {
    match config {
        Some((path, _)) => Failure::new(format!(
            "{}: no creation rule of {} matches it",
            name.display(),
            path.display()
        ))
        .hint("add a rule for it"),
        None => Failure::new(format!(
            "{}: there is no `.sops.yaml` with creation rules",
            name.display()
        ))
        .hint("write one, such as `creation_rules: [{age: age1…}]`"),
    }
}
