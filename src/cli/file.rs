//! The files that a SOPS verb is given: by name, by directory, or on standard input.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::claim::{self, Access};
use super::failure::located;
use super::sops::Code;
use super::{Context, Failure};
use crate::document::{Document, ParseError, Route};
use crate::keys::Identities;
use crate::repo::Snapshot;
use crate::sops::file::{EncryptedFile, Error, Unlocked};
use crate::sops::{Format, index};
use crate::txn::{Change, Content};

/// One file as it was read.
pub(crate) struct File {
    /// As the user named it.
    pub(crate) name: PathBuf,
    /// Absolute: where it is, or where `--filename-override` says that it were.
    pub(crate) path: PathBuf,
    /// What it is written in.
    pub(crate) format: Format,
    /// What the result is to be written in.
    pub(crate) output: Format,
    /// Its bytes.
    pub(crate) content: Content,
    /// The same as a document, once somebody asked for it.
    parsed: OnceLock<Result<Document, ParseError>>,
    /// Whether it is on disk; otherwise it came from standard input.
    pub(crate) stored: bool,
    /// Whether it was named, not found in a directory.
    pub(crate) named: bool,
}

impl File {
    /// A file of a repository with a content that it has or will have, named from the root on.
    pub(crate) fn of(root: &Path, path: &Path, content: Content) -> File {
        let format = Format::of_path(path);
        File {
            name: path.to_owned(),
            path: root.join(path),
            format,
            output: format,
            content,
            parsed: OnceLock::new(),
            stored: true,
            named: true,
        }
    }

    /// The content as an encrypted file of its format, or as a plain one that is text. It is parsed once.
    pub(crate) fn document(&self) -> Result<&Document, Failure> {
        let parse = || Document::parse_as(self.format.syntax(), self.content.to_vec());
        let parsed = self.parsed.get_or_init(parse).as_ref();
        parsed.map_err(|error| Failure::new(located(&self.name, error)))
    }

    /// The content as a file with metadata.
    pub(crate) fn encrypted(&self) -> Result<EncryptedFile<'_>, Failure> {
        let opened = EncryptedFile::open(self.document()?).map_err(|error| self.failure(&error))?;
        opened.ok_or_else(|| Failure::not_encrypted(&self.name))
    }

    /// The content with its data key.
    pub(crate) fn unlocked(
        &self,
        identities: &Identities,
        ignore_mac: bool,
    ) -> Result<Unlocked<'_>, Failure> {
        let unlocked =
            self.encrypted()?.unlock(identities).map_err(|error| self.failure(&error))?;
        Ok(if ignore_mac { unlocked.ignoring_mac() } else { unlocked })
    }

    /// The same file with another content.
    pub(crate) fn with_content(&self, content: &[u8]) -> File {
        File {
            name: self.name.clone(),
            path: self.path.clone(),
            content: Content::new(content.to_vec()),
            parsed: OnceLock::new(),
            ..*self
        }
    }

    /// Refuses another format for the result: only tokens change.
    pub(crate) fn refuse_conversion(&self) -> Result<(), Failure> {
        if self.format == self.output {
            return Ok(());
        }
        let (name, format) = (self.name.display(), self.format.name());
        let stays = format!("{name}: is {format} and stays {format}: `--output-type` is refused");
        Err(Failure::new(stays).code(Code::ConflictingFlags))
    }

    /// A failure of the file format.
    pub(crate) fn failure(&self, error: &Error) -> Failure {
        Failure::at(&self.name, error)
    }

    /// The change to a new content.
    pub(crate) fn change(self, new: &[u8], plain: bool) -> Change {
        let old = self.stored.then_some(self.content);
        Change { path: self.path, old, new: Some(Content::new(new.to_vec())), plain }
    }
}

/// How formats and rule are chosen where the file name does not say it
#[derive(clap::Args, Default)]
pub(crate) struct Naming {
    /// Format of the input: binary, dotenv, ini, json or yaml
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    pub(crate) input_type: Option<Format>,
    /// Format of the output, if it is to be another one
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    pub(crate) output_type: Option<Format>,
    /// Name by which rule and format are chosen, for standard input
    #[arg(long, value_name = "PATH")]
    pub(crate) filename_override: Option<PathBuf>,
}

/// Reads the name of a format.
pub(crate) fn format(name: &str) -> Result<Format, String> {
    Format::named(name).ok_or_else(|| "not one of binary, dotenv, ini, json, yaml".to_owned())
}

/// Reads an index. It is not told what was read: somebody may have given the value in its place.
pub(crate) fn index(text: &str) -> Result<Route, Failure> {
    index::parse(text).map_err(|error| {
        Failure::new(format!("INDEX: {error}"))
            .hint("write keys and items in brackets, such as '[\"hosts\"][0]'")
    })
}

impl Naming {
    /// Standard input.
    pub(crate) fn standard_input(&self, context: &mut Context) -> Result<File, Failure> {
        let Some(name) = &self.filename_override else {
            return Err(Failure::new("no file given")
                .hint("name a file, or pass `--filename-override PATH` to read standard input"));
        };
        let content = context.read_stdin()?;
        Ok(self.file(name.clone(), content, false, true, context))
    }

    /// A file that is named, its store opened for what the command is going to do.
    pub(crate) fn read_one(&self, name: &Path, context: &mut Context) -> Result<File, Failure> {
        claim::open_for(&[context.directory.join(name)], context)?;
        self.read(Found { name: name.to_owned(), named: true }, context)
    }

    /// A file that is not there yet.
    pub(crate) fn missing(&self, name: &Path, context: &Context) -> File {
        self.file(name.to_owned(), Content::default(), false, true, context)
    }

    /// A file on disk.
    pub(crate) fn read(&self, found: Found, context: &Context) -> Result<File, Failure> {
        let path = context.directory.join(&found.name);
        // Who reads a pipe waits for somebody to write to it, and others would wait for who has the lock.
        if context.task.access == Access::Write
            && path.metadata().is_ok_and(|it| !it.is_file() && !it.is_dir())
        {
            let name = found.name.display();
            return Err(Failure::new(format!("{name}: is not a regular file")));
        }
        let content = std::fs::read(&path).map_err(|error| Failure::io(&found.name, &error))?;
        Ok(self.file(found.name, Content::new(content), true, found.named, context))
    }

    fn file(
        &self,
        name: PathBuf,
        content: Content,
        stored: bool,
        named: bool,
        context: &Context,
    ) -> File {
        let known_as = self.filename_override.as_ref().unwrap_or(&name);
        let format = self.input_type.unwrap_or_else(|| Format::of_path(known_as));
        // A name decides about both sides, `--input-type` about its own alone.
        let output = self.output_type.unwrap_or_else(|| match self.input_type {
            Some(format) if Format::of_path(known_as) == Format::Binary => format,
            _ => Format::of_path(known_as),
        });
        File {
            path: context.directory.join(known_as),
            name,
            format,
            output,
            content,
            parsed: OnceLock::new(),
            stored,
            named,
        }
    }
}

/// Reads files, their store opened for what the command is going to do with them.
pub(crate) fn read_all(
    found: Vec<Found>,
    naming: &Naming,
    context: &mut Context,
) -> Result<Vec<File>, Failure> {
    let paths: Vec<PathBuf> = found.iter().map(|file| context.directory.join(&file.name)).collect();
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let store = claim::open_for(&paths, context)?;
    claim::steadily(&store, context, |context| {
        found.iter().map(|found| naming.read(found.clone(), context)).collect()
    })
}

/// A file by name.
#[derive(Clone)]
pub(crate) struct Found {
    /// As the user would name it.
    pub(crate) name: PathBuf,
    /// Whether the user did.
    pub(crate) named: bool,
}

/// The files that are named, and with `recursive` those below the directories that are. Ignored files and
/// symbolic links in directories are left out.
pub(crate) fn find(
    names: &[PathBuf],
    recursive: bool,
    context: &Context,
) -> Result<Vec<Found>, Failure> {
    let mut found = Vec::new();
    for name in names {
        let path = context.directory.join(name);
        if !path.is_dir() {
            found.push(Found { name: name.clone(), named: true });
            continue;
        }
        if !recursive {
            return Err(Failure::new(format!("{}: is a directory", name.display()))
                .hint("pass `--recursive` to take the files in it"));
        }
        let snapshot = Snapshot::take(&path)?;
        let files = snapshot.paths().filter(|file| !path.join(file).is_symlink());
        found.extend(files.map(|file| Found { name: below(name, file), named: false }));
    }
    Ok(found)
}

fn below(directory: &Path, file: &Path) -> PathBuf {
    if directory == Path::new(".") { file.to_owned() } else { directory.join(file) }
}
