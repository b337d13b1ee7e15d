//! The user's own identity: one of those that sops finds, or a new one.
//!
//! | place | |
//! |---|---|
//! | `SOPS_AGE_KEY` | first |
//! | the file `SOPS_AGE_KEY_FILE`, then `<configuration directory>/sops/age/keys.txt` | next; a new one is written to the first of them |
//! | what `SOPS_AGE_KEY_CMD` prints | last |
//!
//! Only native identities count: Flux cannot use SSH keys and plugins. A file that exists is never written to. The
//! private key is shown nowhere.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::cli::failure::reason;
use crate::cli::{Context, Failure, discover};
use crate::keys::Identities;
use crate::repo;
use crate::secret::{RandomSource as _, Secret};

/// The hint where no identity can be found or made.
const OTHERWISE: &str = "or say who can read the files, with `--recipient age1…`";

/// What the system says where there is no file.
const ABSENT: [ErrorKind; 2] = [ErrorKind::NotFound, ErrorKind::NotADirectory];

/// An identity that is at hand.
pub(super) struct Own {
    /// Its public side.
    pub(super) recipient: String,
    /// Its secret side, one line without its end.
    pub(super) text: Secret,
    /// Where it is.
    pub(super) origin: Origin,
    /// Whether no other one is there.
    pub(super) is_alone: bool,
}

impl Own {
    /// What stands for an identity that would be made in a file.
    pub(super) fn imagined(path: PathBuf) -> Own {
        let text = Secret::new(Vec::new());
        Own { recipient: "age1…".to_owned(), text, origin: Origin::File(path), is_alone: true }
    }
}

/// Where an identity is.
#[derive(Clone, PartialEq)]
pub(super) enum Origin {
    /// In a file.
    File(PathBuf),
    /// In an environment variable.
    Variable(&'static str),
    /// In the output of a command that a variable names.
    Command(&'static str),
}

/// What the places have.
pub(super) struct Found {
    /// In the order of the places.
    pub(super) own: Vec<Own>,
    /// Places that are there and have none, and why.
    unfit: Vec<Failure>,
}

/// Reads the places.
pub(super) fn find(context: &Context) -> Result<Found, Failure> {
    let mut found = Found { own: Vec::new(), unfit: Vec::new() };
    if let Some(text) = context.env("SOPS_AGE_KEY") {
        let text = Zeroizing::new(text.into_encoded_bytes());
        found.take(&text, Origin::Variable("SOPS_AGE_KEY"));
    }
    for path in files(context) {
        match fs::read(&path).map(Zeroizing::new) {
            Ok(content) => found.take(&content, Origin::File(path)),
            Err(error) if ABSENT.contains(&error.kind()) => {}
            Err(error) => found.unfit.push(Failure::io(&path, &error)),
        }
    }
    const COMMAND: &str = "SOPS_AGE_KEY_CMD";
    if found.own.is_empty()
        && let Some(printed) = discover::printed_identities(context, COMMAND)
    {
        match printed {
            Ok(printed) => found.take(&printed, Origin::Command(COMMAND)),
            Err(reason) => found.unfit.push(Failure::new(format!("{COMMAND}: {reason}"))),
        }
    }
    Ok(found)
}

/// The files in which identities may be, whether or not they exist; the first one is where a new one goes.
fn files(context: &Context) -> Vec<PathBuf> {
    let named = context.env("SOPS_AGE_KEY_FILE").map(|path| context.directory.join(path));
    let usual = discover::keys_file(context).map(|path| context.directory.join(path));
    let mut files: Vec<PathBuf> = named.into_iter().chain(usual).collect();
    files.dedup();
    files
}

impl Found {
    /// Takes the identities of a place.
    fn take(&mut self, content: &[u8], origin: Origin) {
        let before = self.own.len();
        let lines =
            content.split(|byte| *byte == b'\n').filter_map(|line| str::from_utf8(line).ok());
        let words = lines
            .flat_map(|line| line.split_whitespace().take_while(|word| !word.starts_with('#')));
        for word in words.filter(|word| word.starts_with("AGE-SECRET-KEY-")) {
            let mut one = Identities::new();
            one.add(word.as_bytes(), "");
            if let Some(recipient) = one.recipients().into_iter().next() {
                let text = Secret::new(word.as_bytes().to_vec());
                self.own.push(Own { recipient, text, origin: origin.clone(), is_alone: true });
            }
        }
        let several = self.own.len() > before + 1;
        self.own[before..].iter_mut().for_each(|own| own.is_alone = !several);
        if self.own.len() == before {
            let place = origin.shown();
            self.unfit
                .push(Failure::new(format!("{place}: has no age identity that can be used here")));
        }
    }

    /// The identity that reads the repository, if one of these does; else the first one.
    pub(super) fn best(self, recipients: &[String]) -> Option<Own> {
        let reads = |own: &Own| recipients.contains(&own.recipient);
        let index = self.own.iter().position(reads).unwrap_or(0);
        self.own.into_iter().nth(index)
    }

    /// Refuses to make an identity where a place is there already.
    pub(super) fn refuse_unfit(&mut self) -> Result<(), Failure> {
        if self.unfit.is_empty() {
            return Ok(());
        }
        Err(self
            .unfit
            .swap_remove(0)
            .hint("put an identity there, as `age-keygen` makes it, or let SOPS_AGE_KEY_FILE name another file")
            .hint(OTHERWISE))
    }
}

impl Origin {
    /// For people.
    pub(super) fn shown(&self) -> String {
        match self {
            Origin::File(path) => path.display().to_string(),
            Origin::Variable(name) => (*name).to_owned(),
            Origin::Command(name) => format!("the output of {name}"),
        }
    }

    /// What others may do with the file, if that is more than nothing: its mode.
    pub(super) fn open_mode(&self) -> Option<u32> {
        let Origin::File(path) = self else { return None };
        let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
        (mode & 0o077 != 0).then_some(mode)
    }
}

/// Where a new identity goes; refused where that is in a Git repository.
pub(super) fn place(context: &Context) -> Result<PathBuf, Failure> {
    let path = files(context).into_iter().next().ok_or_else(|| {
        Failure::new("there is no place for an identity: HOME is not set")
            .hint("set HOME, or let SOPS_AGE_KEY_FILE name a file")
            .hint(OTHERWISE)
    })?;
    if let Some(repository) = repository_around(&path) {
        let (path, repository) = (path.display(), repository.display());
        return Err(Failure::new(format!(
            "{path}: is in the Git repository {repository}, where an identity must not be"
        ))
        .hint("let SOPS_AGE_KEY_FILE name a file outside of it")
        .hint(OTHERWISE));
    }
    Ok(path)
}

/// The Git repository in whose working tree a path lies, existing or not.
pub(super) fn repository_around(path: &Path) -> Option<PathBuf> {
    let existing = path.ancestors().skip(1).find_map(|above| above.canonicalize().ok())?;
    let root = repo::root_of(&existing);
    root.join(".git").exists().then(|| root.to_owned())
}

/// Makes an identity, in a file that did not exist.
pub(super) fn make(path: &Path, context: &mut Context) -> Result<Own, Failure> {
    let new = Identities::generate();
    let recipient = new.recipient.text().to_owned();
    let head = format!("# created: {}\n# public key: {recipient}\n", context.now());
    let content = Zeroizing::new([head.as_bytes(), new.text.expose(), b"\n"].concat());
    let mut random = [0; 8];
    context.random.fill(&mut random);
    let temporary = format!(".keys-{:016x}", u64::from_ne_bytes(random));
    let temporary = path.with_file_name(temporary);
    write(path, &temporary, &content).map_err(|error| {
        Failure::new(format!(
            "{}: an identity cannot be stored there: {}",
            path.display(),
            reason(&error)
        ))
        .hint("let SOPS_AGE_KEY_FILE name a file that can be written")
        .hint(OTHERWISE)
    })?;
    Ok(Own { recipient, text: new.text, origin: Origin::File(path.to_owned()), is_alone: true })
}

/// Writes a file that nobody else can read, whole or not at all, and never over another one.
fn write(path: &Path, temporary: &Path, content: &[u8]) -> io::Result<()> {
    let directory = path.parent().unwrap_or(path);
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(temporary)?;
    let written = file
        .write_all(content)
        .and_then(|()| file.sync_all())
        // Unlike a rename, a link does not replace what is there.
        .and_then(|()| fs::hard_link(temporary, path));
    let removed = fs::remove_file(temporary);
    written.and(removed)?;
    File::open(directory)?.sync_all()
}

/// Writes a file outside of every repository, for its owner alone.
pub(super) fn write_apart(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}
