//! Command lines that are refused before a file is looked at.

use super::codes::Code;
use super::grammar::Fault;
use crate::sops::index;

/// Why a command line asks for nothing that can be done. The texts are those of sops where it has one.
#[derive(PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum UsageError {
    /// A flag is wrong; the help goes to standard output.
    #[error("{fault}")]
    Words {
        /// What is wrong.
        fault: Fault,
        /// The help of the verb it is wrong for.
        help: String,
    },
    /// A variable that stands for a switch is neither on nor off; no help.
    #[error("{0}")]
    Variable(Fault),
    /// `help nonsense`, `groups nonsense`.
    #[error("no help topic for '{0}'")]
    NoTopic(String),
    /// No file.
    #[error("no file specified")]
    NoFile,
    /// `set` with fewer or more words.
    #[error(
        "no file specified, or index and value are missing; need precisely {0} positional arguments"
    )]
    SetWords(usize),
    /// `unset` with fewer or more words.
    #[error("no file specified, or index is missing")]
    UnsetWords,
    /// `exec-env` and `exec-file` with fewer or more words.
    #[error("a file to decrypt and a command, as one word, are needed")]
    ExecWords,
    /// `groups add` with words.
    #[error("no positional arguments allowed")]
    GroupWords,
    /// `groups delete` without an index, or with several.
    #[error("exactly one positional argument (index) required")]
    GroupIndexWords,
    /// An index of a group that is no number.
    #[error("failed to parse the index of the group: it is no number from 0")]
    GroupIndex,
    /// Standard input cannot be written back.
    #[error("cannot use --in-place when reading from stdin")]
    StdinInPlace,
    /// Standard input has no name, and so no creation rule.
    #[error("must specify --filename-override when reading from stdin")]
    StdinWithoutName,
    /// Two places for one result.
    #[error("cannot operate on both --output and --in-place")]
    TwoOutputs,
    /// Two places for one value.
    #[error("cannot use both --value-file and --value-stdin")]
    TwoValues,
    /// A command cannot be this process and run behind it.
    #[error("the --same-process flag cannot be used with --background")]
    SameProcessInBackground,
    /// `--extract`.
    #[error("error parsing --extract path: {0}")]
    Extract(index::Error),
    /// The index of `set` and `unset`.
    #[error("invalid {verb} index format: {error}")]
    Index {
        /// `set` or `unset`.
        verb: &'static str,
        /// What is wrong.
        error: index::Error,
    },
    /// `--set` without an index and a value.
    #[error("invalid --set format: it is an index, a space and JSON")]
    SetFormat,
    /// A word that must be text.
    #[error("the {0} is not UTF-8")]
    NotText(&'static str),
    /// `--decryption-order`.
    #[error("duplicate decryption key type: {0}")]
    DuplicateKeyKind(String),
    /// Keys other than age's.
    #[error("`--{0}`, or its environment variable, is about keys other than age's: not supported")]
    Foreign(&'static str),
    /// `--enable-local-keyservice=false`, with the code of the verb for a lack of keys.
    #[error("without the keys of this machine there are none: key services are not supported")]
    NoLocalKeys(Code),
}

impl UsageError {
    /// The exit code of sops for it.
    pub(crate) fn code(&self) -> Code {
        match self {
            UsageError::NoTopic(_) => Code::CouldNotWriteOutput,
            UsageError::NoFile | UsageError::SetWords(_) | UsageError::UnsetWords => Code::NoFile,
            UsageError::StdinInPlace
            | UsageError::StdinWithoutName
            | UsageError::TwoOutputs
            | UsageError::SameProcessInBackground => Code::ConflictingFlags,
            UsageError::Extract(_) => Code::InvalidIndex,
            UsageError::Index { .. } | UsageError::SetFormat => Code::InvalidSetFormat,
            UsageError::DuplicateKeyKind(_) => Code::DuplicateKeyKind,
            UsageError::NoLocalKeys(code) => *code,
            UsageError::Words { .. }
            | UsageError::Variable(_)
            | UsageError::ExecWords
            | UsageError::GroupWords
            | UsageError::GroupIndexWords
            | UsageError::GroupIndex
            | UsageError::TwoValues
            | UsageError::NotText(_)
            | UsageError::Foreign(_) => Code::Generic,
        }
    }
}
