//! Which values of a file are encrypted: the one setting that says so, and the walk that applies it.
//!
//! ```text
//! unencrypted_suffix, encrypted_suffix                 a key on the way to the value ends with …
//! unencrypted_regex, encrypted_regex                   a key on the way to the value matches …
//! unencrypted_comment_regex, encrypted_comment_regex   a comment above the value, or above what holds it, matches …
//! ```
//!
//! A file has one of the six; without any it is `unencrypted_suffix: _unencrypted`. List indices are no keys, and a
//! comment is judged by the keys of what holds it. A whole file is judged by a [`Scope`], which follows the walk and
//! looks at each key and comment once.
//!
//! What this module does not do: know that null, empty text and keys are never encrypted, or read a tree.

use crate::sops::regex::{GoRegex, RegexError};

/// What SOPS assumes, and writes into the file, when no setting is given.
const DEFAULT_SUFFIX: &str = "_unencrypted";

/// Why settings make no selection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectionError {
    /// More than one of the six settings.
    #[error("`{first}` and `{second}` exclude each other")]
    TwoSettings {
        /// Name of a setting that is given.
        first: &'static str,
        /// Name of another one.
        second: &'static str,
    },
    /// The pattern does not compile. (SOPS would let it match nothing, and so may leave secrets in plain text.)
    #[error("`{setting}` has an unusable pattern")]
    Regex {
        /// Name of the setting.
        setting: &'static str,
        /// What is wrong with its pattern.
        source: RegexError,
    },
}

/// The six settings as they stand in a creation rule, a metadata block or on the command line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settings<'a> {
    /// Keys with this ending stay plain, with all below them.
    pub unencrypted_suffix: Option<&'a str>,
    /// Only keys with this ending are encrypted, with all below them.
    pub encrypted_suffix: Option<&'a str>,
    /// Keys that match stay plain, with all below them.
    pub unencrypted_regex: Option<&'a str>,
    /// Only keys that match are encrypted, with all below them.
    pub encrypted_regex: Option<&'a str>,
    /// What stands under a comment that matches stays plain.
    pub unencrypted_comment_regex: Option<&'a str>,
    /// Only what stands under a comment that matches is encrypted.
    pub encrypted_comment_regex: Option<&'a str>,
}

impl<'a> Settings<'a> {
    /// The names of all settings.
    pub(super) const NAMES: [&'static str; 6] = [
        "unencrypted_suffix",
        "encrypted_suffix",
        "unencrypted_regex",
        "encrypted_regex",
        "unencrypted_comment_regex",
        "encrypted_comment_regex",
    ];

    /// The settings that `text` knows by their names.
    pub fn read(text: impl Fn(&'static str) -> Option<&'a str>) -> Self {
        Settings {
            unencrypted_suffix: text("unencrypted_suffix"),
            encrypted_suffix: text("encrypted_suffix"),
            unencrypted_regex: text("unencrypted_regex"),
            encrypted_regex: text("encrypted_regex"),
            unencrypted_comment_regex: text("unencrypted_comment_regex"),
            encrypted_comment_regex: text("encrypted_comment_regex"),
        }
    }
}

/// Which values are encrypted. Two selections are equal when their settings have the same name and text.
#[derive(Debug, Clone)]
pub enum Selection {
    /// Everything, with nothing to write into the metadata: binary files.
    Everything,
    /// All but keys with this ending.
    UnencryptedSuffix(String),
    /// Keys with this ending.
    EncryptedSuffix(String),
    /// All but matching keys.
    UnencryptedRegex(GoRegex),
    /// Matching keys.
    EncryptedRegex(GoRegex),
    /// All but what stands under a matching comment.
    UnencryptedCommentRegex(GoRegex),
    /// What stands under a matching comment.
    EncryptedCommentRegex(GoRegex),
}

impl Selection {
    /// The selection that `settings` make; an empty text counts as not given.
    ///
    /// Fails when two are given, and for a pattern that does not compile.
    pub fn new(settings: Settings<'_>) -> Result<Self, SelectionError> {
        let mut given = [
            ("unencrypted_suffix", settings.unencrypted_suffix),
            ("encrypted_suffix", settings.encrypted_suffix),
            ("unencrypted_regex", settings.unencrypted_regex),
            ("encrypted_regex", settings.encrypted_regex),
            ("unencrypted_comment_regex", settings.unencrypted_comment_regex),
            ("encrypted_comment_regex", settings.encrypted_comment_regex),
        ]
        .into_iter()
        .filter_map(|(name, text)| Some((name, text.filter(|text| !text.is_empty())?)));
        let Some((name, text)) = given.next() else { return Ok(Selection::default()) };
        if let Some((second, _)) = given.next() {
            return Err(SelectionError::TwoSettings { first: name, second });
        }
        let regex =
            || GoRegex::new(text).map_err(|source| SelectionError::Regex { setting: name, source });
        Ok(match name {
            "unencrypted_suffix" => Selection::UnencryptedSuffix(text.to_owned()),
            "encrypted_suffix" => Selection::EncryptedSuffix(text.to_owned()),
            "unencrypted_regex" => Selection::UnencryptedRegex(regex()?),
            "encrypted_regex" => Selection::EncryptedRegex(regex()?),
            "unencrypted_comment_regex" => Selection::UnencryptedCommentRegex(regex()?),
            _ => Selection::EncryptedCommentRegex(regex()?),
        })
    }

    /// Name and text of the setting, as the metadata block has them; none for [`Selection::Everything`].
    pub fn setting(&self) -> Option<(&'static str, &str)> {
        Some(match self {
            Selection::Everything => return None,
            Selection::UnencryptedSuffix(suffix) => ("unencrypted_suffix", suffix),
            Selection::EncryptedSuffix(suffix) => ("encrypted_suffix", suffix),
            Selection::UnencryptedRegex(regex) => ("unencrypted_regex", regex.pattern()),
            Selection::EncryptedRegex(regex) => ("encrypted_regex", regex.pattern()),
            Selection::UnencryptedCommentRegex(regex) => {
                ("unencrypted_comment_regex", regex.pattern())
            }
            Selection::EncryptedCommentRegex(regex) => ("encrypted_comment_regex", regex.pattern()),
        })
    }

    /// Whether a value behind these keys is encrypted when no comment stands above it or them.
    pub fn selects<'k>(&self, keys: impl IntoIterator<Item = &'k str>) -> bool {
        self.decides(keys.into_iter().any(|key| self.key_hits(key)))
    }

    /// Whether `token`, the value token of an encrypted comment, itself matches `unencrypted_comment_regex`. Such
    /// a file could not be decrypted: what stands under the comment would be taken for plain.
    pub fn is_unmarked_by(&self, token: &str) -> bool {
        matches!(self, Selection::UnencryptedCommentRegex(regex) if regex.is_match(token))
    }

    /// Whether the setting speaks of this key.
    fn key_hits(&self, key: &str) -> bool {
        match self {
            Selection::UnencryptedSuffix(suffix) | Selection::EncryptedSuffix(suffix) => {
                key.ends_with(suffix)
            }
            Selection::UnencryptedRegex(regex) | Selection::EncryptedRegex(regex) => {
                regex.is_match(key)
            }
            Selection::Everything
            | Selection::UnencryptedCommentRegex(_)
            | Selection::EncryptedCommentRegex(_) => false,
        }
    }

    /// Whether the setting speaks of what stands under this comment.
    fn comment_hits(&self, comment: &str) -> bool {
        match self {
            Selection::UnencryptedCommentRegex(regex) | Selection::EncryptedCommentRegex(regex) => {
                regex.is_match(comment)
            }
            _ => false,
        }
    }

    /// Whether something is encrypted, given that the setting speaks of it or not.
    fn decides(&self, hit: bool) -> bool {
        match self {
            Selection::Everything => true,
            Selection::EncryptedSuffix(_)
            | Selection::EncryptedRegex(_)
            | Selection::EncryptedCommentRegex(_) => hit,
            Selection::UnencryptedSuffix(_)
            | Selection::UnencryptedRegex(_)
            | Selection::UnencryptedCommentRegex(_) => !hit,
        }
    }
}

impl Default for Selection {
    /// What counts when no setting is given.
    fn default() -> Self {
        Selection::UnencryptedSuffix(DEFAULT_SUFFIX.to_owned())
    }
}

impl PartialEq for Selection {
    fn eq(&self, other: &Self) -> bool {
        self.setting() == other.setting()
    }
}

impl Eq for Selection {}

/// A place in the walk over one document, and what the selection says there.
///
/// The walk reports every mapping and list, key and comment in file order; a scope begins outside of the top-level
/// mapping. On decryption comments are reported as they stand in the file, as tokens where they are encrypted:
///
/// ```
/// use keywright::sops::selection::{Scope, Selection, Settings};
///
/// let settings = Settings { encrypted_comment_regex: Some("secret"), ..Settings::default() };
/// let selection = Selection::new(settings).expect("one valid setting");
/// let mut scope = Scope::new(&selection);
/// scope.enter();
/// assert!(!scope.comment("secret")); // the marker stays plain
/// scope.key("password");
/// assert!(scope.is_selected());
/// scope.finish();
/// scope.key("user");
/// assert!(!scope.is_selected());
/// scope.finish();
/// scope.leave();
/// ```
///
/// A list entry that turns out to be an encrypted comment when it is decrypted can be reported with
/// [`Scope::comment`] instead of [`Scope::finish`]. (SOPS finishes there, and then cannot decrypt the next entry
/// if an `encrypted_comment_regex` was meant for it.)
pub struct Scope<'s> {
    /// What is applied.
    selection: &'s Selection,
    /// The open mappings and lists, from the outermost.
    levels: Vec<Level>,
}

/// An open mapping or list.
#[derive(Clone, Copy)]
struct Level {
    /// Whether the setting speaks of the mapping or list itself: by a key on the way to it, or a comment above one.
    outer: bool,
    /// Whether it speaks of the current entry's key.
    key: bool,
    /// Whether it speaks of the comments before the current entry.
    comments: bool,
}

impl<'s> Scope<'s> {
    /// Outside of the document.
    pub fn new(selection: &'s Selection) -> Self {
        Scope { selection, levels: Vec::new() }
    }

    /// Enters a mapping or list.
    pub fn enter(&mut self) {
        let outer = self.hit();
        self.levels.push(Level { outer, key: false, comments: false });
    }

    /// Leaves the mapping or list entered last. The entry that it is the value of is still to be finished.
    pub fn leave(&mut self) {
        self.levels.pop();
    }

    /// Comes to a key of the present mapping; its value is next.
    pub fn key(&mut self, key: &str) {
        // Most keys stand below one that has settled the matter.
        let hit = self.hit() || self.selection.key_hits(key);
        if let Some(level) = self.levels.last_mut() {
            level.key = hit;
        }
    }

    /// Comes to a comment line, given without its `#`. From now on it counts for the next entry, and for all in it. Says
    /// whether the comment itself is encrypted.
    pub fn comment(&mut self, text: &str) -> bool {
        let before = self.hit();
        let hit = before || self.selection.comment_hits(text);
        if let Some(level) = self.levels.last_mut() {
            level.comments = hit;
        }
        // The marker of `encrypted_comment_regex` stays readable; it counts for further comments only.
        let counts_for_itself = !matches!(self.selection, Selection::EncryptedCommentRegex(_));
        self.selection.decides(if counts_for_itself { hit } else { before })
    }

    /// Whether a value here – of the present key, or a list's entry – is encrypted.
    pub fn is_selected(&self) -> bool {
        self.selection.decides(self.hit())
    }

    /// Finishes an entry, whatever its value: the comments before it have had their effect.
    pub fn finish(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            (level.key, level.comments) = (false, false);
        }
    }

    /// Whether the setting speaks of what is here.
    fn hit(&self) -> bool {
        self.levels.last().is_some_and(|level| level.outer || level.key || level.comments)
    }
}

#[cfg(test)]
mod tests;
