//! What the flags and words of each verb ask for.
//!
//! Faults are found in the order in which sops finds them; but sops looks at the file in between, so of two
//! faults in one call, one of them a missing file, the other one may be told.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use super::codes::Code;
use super::error::UsageError;
use super::flags::{self, Flag};
use super::grammar::Given;
use super::invocation::*;
use crate::document::Route;
use crate::secret::Secret;
use crate::sops::Format;
use crate::sops::index;

/// Flags and words, to be understood.
pub(super) struct Asked<'a> {
    /// The flags.
    pub(super) given: Given,
    /// The other words.
    pub(super) words: Vec<OsString>,
    /// Where to say what has no effect.
    pub(super) warnings: &'a mut Vec<String>,
    /// Whether there is no verb.
    pub(super) legacy: bool,
}

impl Asked<'_> {
    /// The one file, the first word.
    pub(super) fn file(&mut self) -> Result<PathBuf, UsageError> {
        if self.words.is_empty() {
            return Err(UsageError::NoFile);
        }
        self.warn_of_words_behind(1);
        Ok(PathBuf::from(self.words.swap_remove(0)))
    }

    /// The file, or standard input where there is no word.
    fn input(&mut self) -> Result<Input, UsageError> {
        match self.file() {
            Ok(file) => Ok(Input::File(file)),
            Err(_) if self.given.on(&flags::IN_PLACE) => Err(UsageError::StdinInPlace),
            Err(_) => Ok(Input::Stdin),
        }
    }

    /// Where the result goes.
    pub(super) fn output(&self) -> Result<Output, UsageError> {
        match (self.given.on(&flags::IN_PLACE), self.given.path(&flags::OUTPUT)) {
            (true, Some(_)) => Err(UsageError::TwoOutputs),
            (true, None) => Ok(Output::InPlace),
            (false, Some(file)) => Ok(Output::File(file)),
            (false, None) => Ok(Output::Stdout),
        }
    }

    /// Formats and name; types without effect are told.
    pub(super) fn naming(&mut self) -> Naming {
        Naming {
            input: self.kind_of(&flags::INPUT_TYPE),
            output: self.kind_of(&flags::OUTPUT_TYPE),
            name: self.given.path(&flags::FILENAME_OVERRIDE),
        }
    }

    /// A type by its name. sops takes any other word for none and looks at the file's name.
    fn kind_of(&mut self, flag: &Flag) -> Option<Format> {
        let name = self.given.text(flag)?;
        let kind = Format::named(&name);
        if kind.is_none() {
            let flag = flag.name;
            self.warnings.push(format!("`{name}` is no type; `--{flag}` has no effect"));
        }
        kind
    }

    /// How the file is opened, once it is clear that keys are asked for here.
    pub(super) fn opening(&mut self) -> Result<Opening, UsageError> {
        self.key_services(Code::CouldNotRetrieveKey)?;
        let order = self.given.list(&flags::DECRYPTION_ORDER);
        let again = order.iter().enumerate().find(|(place, kind)| order[..*place].contains(kind));
        if let Some((_, kind)) = again {
            return Err(UsageError::DuplicateKeyKind(kind.clone()));
        }
        Ok(Opening { ignore_mac: self.given.on(&flags::IGNORE_MAC), order })
    }

    /// Says that key services are not asked, and refuses to have no keys at all with this code.
    fn key_services(&mut self, without: Code) -> Result<(), UsageError> {
        if self.given.text(&flags::KEY_SERVICE).is_some() {
            self.warnings.push("key services are not asked: the keys of this machine are".into());
        }
        if self.given.off(&flags::LOCAL_KEY_SERVICE) {
            return Err(UsageError::NoLocalKeys(without));
        }
        Ok(())
    }

    /// Recipients and selection of a new file.
    fn new_file(&self) -> NewFile {
        NewFile {
            recipients: self.given.list(&flags::AGE),
            threshold: self.threshold(),
            unencrypted_suffix: self.given.text(&flags::UNENCRYPTED_SUFFIX),
            encrypted_suffix: self.given.text(&flags::ENCRYPTED_SUFFIX),
            unencrypted_regex: self.given.text(&flags::UNENCRYPTED_REGEX),
            encrypted_regex: self.given.text(&flags::ENCRYPTED_REGEX),
            unencrypted_comment_regex: self.given.text(&flags::UNENCRYPTED_COMMENT_REGEX),
            encrypted_comment_regex: self.given.text(&flags::ENCRYPTED_COMMENT_REGEX),
        }
    }

    /// 0 is what sops takes for not given.
    fn threshold(&self) -> Option<i64> {
        self.given.number(&flags::THRESHOLD).filter(|threshold| *threshold != 0)
    }

    /// Refuses master keys of other kinds.
    fn only_age(&self, groups: &[&[Flag]]) -> Result<(), UsageError> {
        self.given.first_of(groups).map_or(Ok(()), |flag| Err(UsageError::Foreign(flag)))
    }

    /// Tells of words that are ignored, without repeating what may be a value.
    fn warn_of_words_behind(&mut self, used: usize) {
        let Some(ignored) = self.words.get(used..).filter(|words| !words.is_empty()) else {
            return;
        };
        let mut texts = ignored.iter().filter_map(|word| word.to_str());
        let flag = texts.rfind(|word| word.starts_with('-'));
        // What stands behind `=` may be a secret.
        let flag = flag.and_then(|word| word.split('=').next());
        self.warnings.push("more than one positional argument: only the first one is used".into());
        if let Some(flag) = flag {
            self.warnings
                .push(format!("the argument `{flag}`, which is ignored, looks like a flag"));
        }
    }
}

/// An index as one word.
fn index_of(word: OsString, verb: &'static str) -> Result<Route, UsageError> {
    let text = word.into_string().map_err(|_| UsageError::NotText("index"))?;
    index::parse(&text).map_err(|error| UsageError::Index { verb, error })
}

/// `encrypt`, `-e`.
pub(super) fn encrypt(mut asked: Asked) -> Result<Invocation, UsageError> {
    let input = asked.input()?;
    let naming = asked.naming();
    if input == Input::Stdin && naming.name.is_none() {
        return Err(UsageError::StdinWithoutName);
    }
    let output = asked.output()?;
    asked.key_services(Code::Generic)?;
    asked.only_age(&[flags::FOREIGN])?;
    Ok(Invocation::Encrypt(Encrypt { input, output, naming, new_file: asked.new_file() }))
}

/// `decrypt`, `-d`.
pub(super) fn decrypt(mut asked: Asked) -> Result<Invocation, UsageError> {
    let input = asked.input()?;
    let output = asked.output()?;
    let naming = asked.naming();
    let opening = asked.opening()?;
    let extract = asked.given.text(&flags::EXTRACT);
    let extract = extract.as_deref().map(index::parse).transpose().map_err(UsageError::Extract)?;
    Ok(Invocation::Decrypt(Decrypt { input, output, naming, opening, extract }))
}

/// `edit`, or a file alone.
pub(super) fn edit(mut asked: Asked) -> Result<Invocation, UsageError> {
    Ok(Invocation::Edit(Edit {
        file: asked.file()?,
        naming: asked.naming(),
        opening: asked.opening()?,
        new_file: asked.new_file(),
        show_master_keys: asked.given.on(&flags::SHOW_MASTER_KEYS),
        foreign: asked.given.first_of(&[flags::FOREIGN]),
        changes_keys: asked
            .given
            .first_of(&[flags::FOREIGN_CHANGES, &[flags::ADD_AGE, flags::RM_AGE]])
            .is_some(),
        legacy: asked.legacy,
    }))
}

/// `rotate`, `-r`.
pub(super) fn rotate(mut asked: Asked) -> Result<Invocation, UsageError> {
    let file = asked.file()?;
    let output = asked.output()?;
    let naming = asked.naming();
    let opening = asked.opening()?;
    // Without a verb, the other flags for new files mean nothing here.
    asked.only_age(&[flags::FOREIGN_CHANGES, &[flags::ENCRYPTION_CONTEXT]])?;
    let (add, remove) = (asked.given.list(&flags::ADD_AGE), asked.given.list(&flags::RM_AGE));
    let legacy = asked.legacy;
    Ok(Invocation::Rotate(Rotate { file, output, naming, opening, add, remove, legacy }))
}

/// `set`; its JSON is not looked at.
pub(super) fn set(mut asked: Asked) -> Result<Invocation, UsageError> {
    let from_file = asked.given.on(&flags::VALUE_FILE);
    let from_stdin = asked.given.on(&flags::VALUE_STDIN);
    if from_file && from_stdin {
        return Err(UsageError::TwoValues);
    }
    let needed = if from_stdin { 2 } else { 3 };
    if asked.words.len() != needed {
        return Err(UsageError::SetWords(needed));
    }
    let mut words = std::mem::take(&mut asked.words).into_iter();
    let (Some(file), Some(index)) = (words.next(), words.next()) else {
        return Err(UsageError::SetWords(needed));
    };
    let value = match words.next() {
        None => NewValue::Stdin,
        Some(path) if from_file => NewValue::File(path.into()),
        Some(json) => NewValue::Given(Secret::new(json.into_vec())),
    };
    Ok(Invocation::Set(Set {
        file: file.into(),
        naming: asked.naming(),
        index: index_of(index, "set")?,
        opening: asked.opening()?,
        value,
        idempotent: asked.given.on(&flags::IDEMPOTENT),
        legacy: false,
    }))
}

/// `unset`.
pub(super) fn unset(mut asked: Asked) -> Result<Invocation, UsageError> {
    let words: [OsString; 2] =
        std::mem::take(&mut asked.words).try_into().map_err(|_| UsageError::UnsetWords)?;
    let [file, index] = words;
    Ok(Invocation::Unset(Unset {
        file: file.into(),
        naming: asked.naming(),
        index: index_of(index, "unset")?,
        opening: asked.opening()?,
        idempotent: asked.given.on(&flags::IDEMPOTENT),
    }))
}

/// `updatekeys`.
pub(super) fn update_keys(mut asked: Asked) -> Result<Invocation, UsageError> {
    if asked.words.is_empty() {
        return Err(UsageError::NoFile);
    }
    asked.key_services(Code::CouldNotRetrieveKey)?;
    Ok(Invocation::UpdateKeys(UpdateKeys {
        input: asked.kind_of(&flags::INPUT_TYPE),
        yes: asked.given.on(&flags::YES),
        files: asked.words.into_iter().map(PathBuf::from).collect(),
    }))
}

/// `filestatus`.
pub(super) fn file_status(mut asked: Asked) -> Result<Invocation, UsageError> {
    let file = asked.file()?;
    let input = asked.kind_of(&flags::INPUT_TYPE);
    Ok(Invocation::FileStatus(FileStatus { file, input }))
}

/// `groups add`.
pub(super) fn groups_add(mut asked: Asked) -> Result<Invocation, UsageError> {
    if !asked.words.is_empty() {
        return Err(UsageError::GroupWords);
    }
    asked.only_age(&[flags::FOREIGN_OF_GROUP])?;
    asked.key_services(Code::CouldNotRetrieveKey)?;
    Ok(Invocation::GroupsAdd(GroupsAdd {
        file: asked.given.path(&flags::FILE).unwrap_or_default(),
        in_place: asked.given.on(&flags::IN_PLACE),
        recipients: asked.given.every(&flags::GROUP_AGE),
        threshold: asked.threshold(),
    }))
}

/// `groups delete`.
pub(super) fn groups_delete(mut asked: Asked) -> Result<Invocation, UsageError> {
    let [group] = &asked.words[..] else { return Err(UsageError::GroupIndexWords) };
    let digits = group.to_str().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let group = digits.and_then(|digits| digits.parse().ok()).ok_or(UsageError::GroupIndex)?;
    asked.key_services(Code::CouldNotRetrieveKey)?;
    Ok(Invocation::GroupsDelete(GroupsDelete {
        file: asked.given.path(&flags::FILE).unwrap_or_default(),
        in_place: asked.given.on(&flags::IN_PLACE),
        group,
        threshold: asked.threshold(),
    }))
}

/// `exec-env`.
pub(super) fn exec_env(mut asked: Asked) -> Result<Invocation, UsageError> {
    let (file, command) = exec_words(&mut asked)?;
    let opening = asked.opening()?;
    let same_process = asked.given.on(&flags::SAME_PROCESS);
    let background = asked.given.on(&flags::BACKGROUND);
    if same_process && background {
        return Err(UsageError::SameProcessInBackground);
    }
    Ok(Invocation::ExecEnv(ExecEnv {
        file,
        command,
        opening,
        pristine: asked.given.on(&flags::PRISTINE),
        same_process,
        background,
        user: asked.given.text(&flags::USER),
    }))
}

/// `exec-file`.
pub(super) fn exec_file(mut asked: Asked) -> Result<Invocation, UsageError> {
    let (file, command) = exec_words(&mut asked)?;
    Ok(Invocation::ExecFile(ExecFile {
        file,
        command,
        naming: asked.naming(),
        opening: asked.opening()?,
        fifo: !asked.given.on(&flags::NO_FIFO),
        filename: asked.given.path(&flags::FILENAME),
        background: asked.given.on(&flags::BACKGROUND),
        user: asked.given.text(&flags::USER),
    }))
}

/// The two words of `exec-env` and `exec-file`.
fn exec_words(asked: &mut Asked) -> Result<(PathBuf, OsString), UsageError> {
    let words: Result<[OsString; 2], _> = std::mem::take(&mut asked.words).try_into();
    let [file, command] = words.map_err(|_| UsageError::ExecWords)?;
    if asked.given.on(&flags::BACKGROUND) {
        asked.warnings.push("`--background` is deprecated".into());
    }
    Ok((file.into(), command))
}
