//! What a command wants to change: data, made without touching a disk, shown or committed later.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use zeroize::Zeroizing;

use super::Error;

/// The bytes of a file, wiped when dropped: a decrypted file is as secret as the values in it.
pub type Content = Zeroizing<Vec<u8>>;

/// One file's new content together with the content it is expected to have now.
///
/// There is no `Debug` and no `Clone`, because either side may be plain text.
pub struct Change {
    /// The file, relative to the root of the store or absolute. A symbolic link means the file it
    /// leads to; the link itself stays.
    pub path: PathBuf,
    /// The content that the file must still have when the plan is committed; `None`: there must be
    /// no such file.
    pub old: Option<Content>,
    /// The content that the file is to have; `None`: the file is deleted.
    pub new: Option<Content>,
    /// Whether one of the sides holds a secret in plain text. The journal then identifies both by
    /// size, inode and modification time: a digest would let short secrets be guessed.
    pub plain: bool,
}

/// Changes to several files, in the order in which they are to appear, at most one for each path.
#[derive(Default)]
pub struct Plan {
    /// In order; none whose sides are equal.
    changes: Vec<Change>,
    /// The normalized path of every change.
    paths: HashSet<PathBuf>,
}

impl Plan {
    /// A plan that changes nothing.
    pub fn new() -> Self {
        Plan::default()
    }

    /// Adds a change after those that are there. One whose sides are equal is dropped, so that
    /// nothing is written for it; a second one for a path is refused with [`Error::Overlap`],
    /// because the expected content of the one would contradict the result of the other.
    pub fn push(&mut self, change: Change) -> Result<(), Error> {
        if change.old == change.new {
            return Ok(());
        }
        if !self.paths.insert(normalized(&change.path)) {
            return Err(Error::Overlap { path: change.path });
        }
        self.changes.push(change);
        Ok(())
    }

    /// Adds all changes of `other`, on the terms of [`Plan::push`]; after a refusal the plan has those
    /// before the refused one.
    pub fn merge(&mut self, other: Plan) -> Result<(), Error> {
        other.changes.into_iter().try_for_each(|change| self.push(change))
    }

    /// Adds the changes of a plan that was made for what this one leaves: a file that both change goes from the old
    /// content of the one to the new content of the other. Refused with [`Error::Overlap`] where that does not follow.
    pub fn then(&mut self, other: Plan) -> Result<(), Error> {
        for change in other.changes {
            let place = normalized(&change.path);
            match self.changes.iter_mut().find(|known| normalized(&known.path) == place) {
                None => self.push(change)?,
                Some(known) if known.new == change.old => {
                    known.new = change.new;
                    known.plain |= change.plain;
                }
                Some(_) => return Err(Error::Overlap { path: change.path }),
            }
        }
        self.changes.retain(|change| change.old != change.new);
        self.paths = self.changes.iter().map(|change| normalized(&change.path)).collect();
        Ok(())
    }

    /// The same changes with paths that are relative to `directory`, not to the root of the store.
    pub fn below(mut self, directory: &Path) -> Plan {
        for change in &mut self.changes {
            change.path = directory.join(&change.path);
        }
        self.paths = self.changes.iter().map(|change| normalized(&change.path)).collect();
        self
    }

    /// The changes in their order.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Whether nothing would change.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Number of files that would change.
    pub fn len(&self) -> usize {
        self.changes.len()
    }
}

impl<'plan> IntoIterator for &'plan Plan {
    type Item = &'plan Change;
    type IntoIter = std::slice::Iter<'plan, Change>;

    fn into_iter(self) -> Self::IntoIter {
        self.changes.iter()
    }
}

/// `path` without its `.` components. What `..` and links mean only the disk can tell: two paths that
/// lead to one file by these are found at the commit.
fn normalized(path: &Path) -> PathBuf {
    path.components().filter(|component| *component != Component::CurDir).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(path: &str, old: Option<&str>, new: Option<&str>) -> Change {
        let content = |text: &str| Content::new(text.as_bytes().to_vec());
        Change { path: path.into(), old: old.map(content), new: new.map(content), plain: false }
    }

    #[test]
    fn a_change_to_the_same_content_is_dropped() {
        let mut plan = Plan::new();
        plan.push(change("a", Some("x"), Some("x"))).unwrap();
        plan.push(change("b", None, None)).unwrap();
        assert!(plan.is_empty());
        plan.push(change("c", None, Some(""))).unwrap();
        assert_eq!(plan.len(), 1);
    }

    #[test]
    fn plans_that_follow_each_other_go_from_the_first_content_to_the_last() {
        let after = |old: Option<&str>, new: Option<&str>| {
            let mut other = Plan::new();
            other.push(change("./a", old, new)).unwrap();
            other.push(change("b", None, Some("1"))).unwrap();
            let mut plan = Plan::new();
            plan.push(change("a", Some("x"), Some("y"))).unwrap();
            plan.then(other).map(|()| plan)
        };
        let plan = after(Some("y"), Some("z")).unwrap_or_else(|error| panic!("{error}"));
        let text = |content: &Option<Content>| content.as_ref().map(|text| text.to_vec());
        let sides: Vec<_> =
            plan.changes().iter().map(|one| (text(&one.old), text(&one.new))).collect();
        let bytes = |text: &str| Some(text.as_bytes().to_vec());
        assert_eq!(sides, [(bytes("x"), bytes("z")), (None, bytes("1"))]);
        let undone = after(Some("y"), Some("x")).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(undone.len(), 1);
        assert!(matches!(after(Some("other"), None), Err(Error::Overlap { .. })));
    }

    #[test]
    fn a_second_change_to_a_path_is_refused() {
        let mut plan = Plan::new();
        plan.push(change("a/b", Some("x"), Some("y"))).unwrap();
        assert!(matches!(
            plan.push(change("./a/./b", Some("y"), Some("z"))),
            Err(Error::Overlap { path }) if path == Path::new("./a/./b")
        ));
        let mut other = Plan::new();
        other.push(change("c", Some("x"), None)).unwrap();
        other.push(change("a/b", Some("x"), None)).unwrap();
        assert!(matches!(plan.merge(other), Err(Error::Overlap { .. })));
        assert_eq!(
            plan.changes().iter().map(|c| c.path.to_str().unwrap()).collect::<Vec<_>>(),
            ["a/b", "c"]
        );
    }
}
