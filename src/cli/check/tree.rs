//! The files of the working tree, as they are or as a plan will leave them.

use std::collections::HashMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::thread;

use super::super::{Context, Failure};
use super::inputs::{Chosen, Inputs, elsewhere};
use crate::check::{self, MOST_BYTES, Means, Report, Verification};
use crate::layout::Layout;
use crate::repo::{self, Objects, Snapshot};

/// Checks what the arguments name, or everything.
pub(super) fn check(
    inputs: &Inputs,
    snapshot: &Snapshot,
    verification: Option<&Verification<'_>>,
    context: &Context,
) -> Result<(Chosen, Report), Failure> {
    let root = snapshot.root();
    thread::scope(|scope| {
        // Git looks at all files, too: meanwhile some of them are parsed.
        let before = scope.spawn(|| Before::of(root));
        let layout = Layout::read(snapshot)?;
        let chosen = Chosen::new(inputs, &context.directory, snapshot)?;
        let before = before.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let read = |path: &Path| read(&root.join(path));
        let before = |path: &Path| before.of_file(path);
        let means = Means { read: &read, before: &before, layout: Some(&layout), verification };
        let found = check::run(&chosen.paths, &means);
        Ok((chosen, found))
    })
}

impl Chosen {
    /// The named files, and the files in the named directories; everything where nothing is named. Fails for what
    /// does not exist or lies outside of the repository.
    fn new(inputs: &Inputs, directory: &Path, snapshot: &Snapshot) -> Result<Chosen, Failure> {
        let root = snapshot.root();
        let mut chosen = Chosen::default();
        let mut directories = Vec::new();
        for argument in &inputs.paths {
            let path = resolve(argument, directory)?;
            let below = path.strip_prefix(root).map_err(|_| elsewhere(argument, root))?;
            let chosen = if path.is_dir() { &mut directories } else { &mut chosen.named };
            chosen.push(below.to_owned());
        }
        if inputs.paths.is_empty() {
            directories.push(PathBuf::new());
        }
        if !directories.is_empty() {
            // What a link leads to is checked where it stands, if that is in the repository at all.
            let everything: Vec<PathBuf> = match inputs.no_ignore {
                true => {
                    let listed = repo::files_below(root, false)?.into_iter();
                    listed.filter(|file| !file.is_link).map(|file| file.path).collect()
                }
                false => snapshot.regular().map(Path::to_owned).collect(),
            };
            let is_chosen =
                |path: &PathBuf| directories.iter().any(|above| path.starts_with(above));
            chosen.paths.extend(everything.into_iter().filter(is_chosen));
        }
        chosen.paths.extend(chosen.named.iter().cloned());
        chosen.paths.sort();
        chosen.paths.dedup();
        Ok(chosen)
    }
}

/// An argument as an absolute path without `..`, its last part not followed if it is a link.
fn resolve(argument: &Path, directory: &Path) -> Result<PathBuf, Failure> {
    let failure = |error: std::io::Error| Failure::new(format!("{}: {error}", argument.display()));
    let path = directory.join(argument);
    let resolved = match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => parent.canonicalize().map_err(failure)?.join(name),
        // `..` and `/`
        _ => path.canonicalize().map_err(failure)?,
    };
    resolved.symlink_metadata().map_err(failure)?;
    Ok(resolved)
}

/// The bytes of a file, but not many more than the check looks at.
pub(super) fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let file = std::fs::File::open(path)?;
    let length = file.metadata()?.len().min(MOST_BYTES);
    // One byte more than the length, so that the end is seen without growing, which would leave a copy behind.
    let mut bytes = Vec::with_capacity(length as usize + 1);
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What the last commit has of the files that are otherwise now; nothing without Git or a commit.
struct Before {
    objects: Option<Objects>,
    changed: HashMap<PathBuf, String>,
}

impl Before {
    fn of(root: &Path) -> Before {
        let changed: HashMap<_, _> = match root.join(".git").exists() {
            true => repo::in_working_tree(root).unwrap_or_default().into_iter(),
            false => Vec::new().into_iter(),
        }
        .filter_map(|file| Some((file.path, file.before?)))
        .collect();
        let objects = if changed.is_empty() { None } else { Objects::open(root).ok() };
        Before { objects, changed }
    }

    fn of_file(&self, path: &Path) -> Vec<Vec<u8>> {
        let (Some(objects), Some(object)) = (&self.objects, self.changed.get(path)) else {
            return Vec::new();
        };
        let merged = [b"MERGE_HEAD:", path.as_os_str().as_encoded_bytes()].concat();
        let names = [object.as_bytes(), &merged];
        names.iter().filter_map(|name| objects.read(name, MOST_BYTES).ok()).collect()
    }
}
