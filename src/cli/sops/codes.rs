//! The exit codes of sops, which scripts rely on. The native grammar has its own, `cli::Status`.

use std::process::ExitCode;

/// How a run in sops' grammar ends. A command run by `exec-env` and `exec-file` passes its own code on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Code {
    /// 0: done.
    Done = 0,
    /// 1: whatever has no code of its own: a wrong flag, an encrypted file that cannot be read, no metadata.
    Generic = 1,
    /// 2: the plain input cannot be read or parsed.
    CouldNotReadInput = 2,
    /// 3: the output or a temporary file cannot be written. Also, by an accident of sops' flag library, that
    /// there is no such help topic.
    CouldNotWriteOutput = 3,
    /// 4: the result cannot be printed in its format.
    CouldNotPrint = 4,
    /// 7: index or value of `set`, or the index of `unset`, is malformed.
    InvalidSetFormat = 7,
    /// 8: flags exclude each other.
    ConflictingFlags = 8,
    /// 23: a value cannot be encrypted.
    EncryptingTree = 23,
    /// 25: a value cannot be decrypted.
    DecryptingTree = 25,
    /// 49: keys of a file that does not exist cannot be changed.
    NoFileToChangeKeysOf = 49,
    /// 51: the MAC does not match.
    MacMismatch = 51,
    /// 91: the index of `--extract` is malformed.
    InvalidIndex = 91,
    /// 92: the input is empty.
    NoDocument = 92,
    /// 100: no file is named, or the one that is named does not exist.
    NoFile = 100,
    /// 112: `--decryption-order` names a kind twice.
    DuplicateKeyKind = 112,
    /// 128: no identity unwraps the data key.
    CouldNotRetrieveKey = 128,
    /// 200: the editor was closed without a change.
    NotModified = 200,
    /// 201: no editor is found, or it failed.
    NoEditor = 201,
    /// 203: the file is encrypted already, or has an entry called `sops`.
    AlreadyEncrypted = 203,
}

impl Code {
    /// All of them, in order.
    #[cfg(test)]
    pub(crate) const ALL: [Code; 19] = [
        Code::Done,
        Code::Generic,
        Code::CouldNotReadInput,
        Code::CouldNotWriteOutput,
        Code::CouldNotPrint,
        Code::InvalidSetFormat,
        Code::ConflictingFlags,
        Code::EncryptingTree,
        Code::DecryptingTree,
        Code::NoFileToChangeKeysOf,
        Code::MacMismatch,
        Code::InvalidIndex,
        Code::NoDocument,
        Code::NoFile,
        Code::DuplicateKeyKind,
        Code::CouldNotRetrieveKey,
        Code::NotModified,
        Code::NoEditor,
        Code::AlreadyEncrypted,
    ];
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> ExitCode {
        ExitCode::from(code as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_on_compatibility_names_every_code() {
        let page = include_str!("../../../docs/sops-compatibility.md");
        for code in Code::ALL {
            let row = format!("| {} |", code as u8);
            assert!(page.lines().any(|line| line.starts_with(&row)), "no row for {code:?}");
        }
    }
}
