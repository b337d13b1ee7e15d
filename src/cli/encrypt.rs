//! `keywright encrypt`

use std::path::PathBuf;

use zeroize::Zeroizing;

use super::commit::Target;
use super::each::each;
use super::failure::located;
use super::file::{File, Naming};
use super::job::{Job, jobs};
use super::new_file::{NewFile, Wanted};
use super::sops::Code;
use super::{Context, Failure, Status, discover};
use crate::document::Document;
use crate::keys::Identities;
use crate::kube;
use crate::secret::RandomSource;
use crate::sops::emit::emit;
use crate::sops::file::{self, EncryptedFile, Encryption, Error};
use crate::sops::rules::Rule;
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

In a directory, files are taken that the last commit has encrypted, and those in which a creation rule with a \
`path_regex` picks a value; by a rule for all files, Secrets and dotenv files. Where the last commit has a file encrypted and you can read it, values that did not \
change keep their ciphertext.

Of a SOPS file, the values are encrypted that somebody added by hand; that needs an identity, because everything else has \
to be what its MAC says. Recipients and selection stay those of the file.")]
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

/// What became of a file.
pub(crate) enum Encrypted {
    /// It is to be changed; the reason why values have new ciphertext, if that needs one.
    Changed(Change, Option<String>),
    /// It is a SOPS file already.
    Already(File),
    /// It was found in a directory and is none of those that are meant.
    NotMeant,
}

/// Runs the command.
pub(crate) fn run(args: EncryptArgs, context: &mut Context) -> Result<Status, Failure> {
    context.begin("encrypt", args.target.access());
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
            Encrypted::Already(file) if file.named => {
                let name = file.name.display();
                context.note(format!("{name}: already encrypted, nothing to do"));
            }
            Encrypted::Already(_) | Encrypted::NotMeant => {}
        }
    }
    args.target.finish(changes, context)
}

/// Encrypts one file; of a SOPS file what somebody added in plain text.
pub(crate) fn encrypt(
    job: Job,
    wanted: &Wanted,
    identities: &Identities,
    now: &str,
    random: &mut dyn RandomSource,
) -> Result<Encrypted, Failure> {
    let file = match encrypt_plain(job, wanted, identities, now, random)? {
        Encrypted::Already(file) => file,
        other => return Ok(other),
    };
    Ok(match completed(&file, false, identities, now, random)? {
        Some(completed) => {
            Encrypted::Changed(file.change(completed.source().as_bytes(), true), None)
        }
        None => Encrypted::Already(file),
    })
}

/// Encrypts one file that is none of SOPS.
pub(crate) fn encrypt_plain(
    job: Job,
    wanted: &Wanted,
    identities: &Identities,
    now: &str,
    random: &mut dyn RandomSource,
) -> Result<Encrypted, Failure> {
    if is_encrypted(&job.file)? {
        return Ok(Encrypted::Already(job.file));
    }
    let Job { file, committed, .. } = &job;
    let before = committed.as_ref().and_then(|bytes| {
        Document::parse_as(file.format.syntax(), bytes.clone()).ok().filter(has_metadata)
    });
    let rule = job.rule();
    if !file.named && before.is_none() && !is_meant(&job, rule.as_ref().ok().copied().flatten()) {
        return Ok(Encrypted::NotMeant);
    }
    let how = job.encryption(rule?, wanted, now)?;
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
    unlocked.encrypt_as(file.document().ok()?, how, random).ok()
}

/// The file under a new data key, in the format that is wanted.
pub(crate) fn fresh(
    file: &File,
    how: &Encryption<'_>,
    random: &mut dyn RandomSource,
) -> Result<Document, Failure> {
    let at = |error| file.failure(&error);
    let bytes = match (file.format, file.output) {
        (Format::Binary, Format::Binary) => &file.content[..],
        (format, output) if format == output => {
            return file::encrypt(file.document()?, how, random).map_err(at);
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
    if tree.branches.len() > 1 && file.output != Format::Yaml {
        let (name, format) = (file.name.display(), file.output.name());
        let several = format!("{name}: has several documents, of which {format} could keep one");
        return Err(Failure::new(several).code(Code::CouldNotPrint));
    }
    emit(tree, file.output, None)
        .map_err(|error| Failure::new(located(&file.name, &error)).code(Code::CouldNotPrint))
}

fn read_again(file: &File, text: &str) -> Result<Document, Failure> {
    Document::parse_as(file.output.syntax(), text.as_bytes().to_vec())
        .map_err(|error| Failure::new(located(&file.name, &error)))
}

fn plain_tree(file: &File) -> Result<Tree, Failure> {
    if file.format != Format::Binary {
        return Tree::of(file.document()?).map_err(|error| file.failure(&error));
    }
    let text = std::str::from_utf8(&file.content);
    let no_text = |_| Failure::new(format!("{}: the content is no text", file.name.display()));
    Ok(Tree::of_text(text.map_err(no_text)?))
}

/// Whether a file that a directory has is one that is to be encrypted: its rule picks a value, and speaks of this
/// file. A rule for all files speaks of Secrets and dotenv files. One that also covers the `kustomization.yaml` beside
/// the file, as `.*\.yaml$` does, does not speak of other Kubernetes objects: what it would pick in a ConfigMap or a
/// HelmRelease, others have to read.
fn is_meant(job: &Job, rule: Option<&Rule>) -> bool {
    let file = &job.file;
    let name = file.name.file_name().unwrap_or_default();
    let Some(rule) = rule.filter(|_| !NEVER_FOUND.iter().any(|never| name == *never)) else {
        return false;
    };
    if file.format == Format::Binary {
        return rule.path_regex.is_some();
    }
    let Ok(document) = file.document() else { return false };
    let objects = kube::objects(document);
    let spoken_of = match objects.iter().any(|object| object.kind() == Some("Secret")) {
        true => true,
        false if rule.path_regex.is_none() => file.format == Format::Dotenv,
        false => objects.iter().all(|object| object.kind().is_none()) || !job.is_broad(rule),
    };
    spoken_of && !file::plain_leaves(document, &rule.selection).is_empty()
}

/// A SOPS file without values in plain text that its selection picks; `None` if it has none.
pub(crate) fn completed(
    file: &File,
    ignore_mac: bool,
    identities: &Identities,
    now: &str,
    random: &mut dyn RandomSource,
) -> Result<Option<Document>, Failure> {
    let (document, opened) = (file.document()?, file.encrypted()?);
    let plain = file::plain_leaves(document, &opened.metadata().selection);
    let Some(first) = plain.first() else { return Ok(None) };
    file.refuse_conversion()?;
    let completed = file.unlocked(identities, ignore_mac)?.complete(now, random);
    completed.map(Some).map_err(|error| {
        let failure = file.failure(&error);
        let Error::MacMismatch = error else { return failure };
        let (name, position) = (file.name.display(), document.position_of(*first));
        let message = format!(
            "{name}:{position}: `{}` is in plain text, and the rest is not what the MAC says: it stands in the place of \
             an encrypted value, or something else was edited by hand",
            document.route(*first)
        );
        Failure { message, ..failure }
            .hint(format!("if all of it is wanted: `keywright rotate -i --ignore-mac {name}`"))
    })
}

/// Whether a file is a SOPS file already.
fn is_encrypted(file: &File) -> Result<bool, Failure> {
    let document = match file.document() {
        Ok(document) => document,
        // Any bytes may be encrypted, and whether what a directory has is meant is asked later.
        Err(_) if file.format == Format::Binary || !file.named => return Ok(false),
        Err(failure) => return Err(failure),
    };
    match EncryptedFile::open(document) {
        Ok(opened) => Ok(opened.is_some()),
        Err(_) if !file.named => Ok(false),
        Err(error) => Err(file.failure(&error)),
    }
}

fn has_metadata(document: &Document) -> bool {
    EncryptedFile::open(document).is_ok_and(|opened| opened.is_some())
}
