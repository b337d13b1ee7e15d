//! What a command line asks for, typed. Nothing here has looked at a file.
//!
//! Paths are as they were given, relative to the working directory; `-` is a file of that name. Recipients,
//! regular expressions and JSON are as they were given, too: whoever carries the call out reads them. The value
//! of `set` is a secret, therefore no `Debug`.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::document::Route;
use crate::secret::Secret;
use crate::sops::Format;

/// A command line, understood.
#[derive(PartialEq)]
pub(crate) struct Call {
    /// What stands before the verb and reaches every verb.
    pub(crate) globals: Globals,
    /// What to do.
    pub(crate) invocation: Invocation,
    /// What was understood and has no effect, one line each, for standard error.
    pub(crate) warnings: Vec<String>,
}

/// Settings of every verb.
#[derive(PartialEq, Eq, Default)]
pub(crate) struct Globals {
    /// `--config`, `SOPS_CONFIG`: the one file with creation rules and store settings.
    pub(crate) config: Option<PathBuf>,
    /// `--indent`: columns per level of what is printed anew; a negative number is an error of the output (4).
    pub(crate) indent: Option<i64>,
    /// `--mac-only-encrypted`, for new files.
    pub(crate) mac_only_encrypted: bool,
    /// `--verbose`.
    pub(crate) verbose: bool,
}

/// What to do. Of the verbs, those with `legacy` can also be asked for without a verb.
#[derive(PartialEq)]
pub(crate) enum Invocation {
    /// `encrypt`, `-e`.
    Encrypt(Encrypt),
    /// `decrypt`, `-d`.
    Decrypt(Decrypt),
    /// `edit`, and what a bare file name asks for.
    Edit(Edit),
    /// `rotate`, `-r`.
    Rotate(Rotate),
    /// `set`, `--set`.
    Set(Set),
    /// `unset`.
    Unset(Unset),
    /// `updatekeys`.
    UpdateKeys(UpdateKeys),
    /// `filestatus`.
    FileStatus(FileStatus),
    /// `groups add`.
    GroupsAdd(GroupsAdd),
    /// `groups delete`.
    GroupsDelete(GroupsDelete),
    /// `exec-env`.
    ExecEnv(ExecEnv),
    /// `exec-file`.
    ExecFile(ExecFile),
    /// `--help`, `help VERB`: this text.
    Help(String),
    /// `--version`.
    Version {
        /// Print the line of sops and nothing else, as sops does with `--disable-version-check`.
        bare: bool,
    },
    /// `completion bash`, `completion zsh`.
    Completion(Shell),
    /// What a completion script asks for: these may come next, one a line.
    Candidates(Vec<String>),
    /// A verb of sops that is not offered: `publish`, `keyservice`.
    Refused(&'static str),
}

/// Shells with a completion script.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shell {
    /// GNU Bash.
    Bash,
    /// Z shell.
    Zsh,
}

/// Where the content comes from.
#[derive(PartialEq, Eq)]
pub(crate) enum Input {
    /// A file, which must exist (100).
    File(PathBuf),
    /// Standard input.
    Stdin,
}

/// Where the result goes.
#[derive(PartialEq, Eq)]
pub(crate) enum Output {
    /// Standard output.
    Stdout,
    /// Back to the file.
    InPlace,
    /// Another file.
    File(PathBuf),
}

/// How formats and rule are chosen where the file name alone does not say it.
#[derive(PartialEq, Eq, Default)]
pub(crate) struct Naming {
    /// `--input-type`: one of the five type names.
    pub(crate) input: Option<Format>,
    /// `--output-type`.
    pub(crate) output: Option<Format>,
    /// `--filename-override`: stands for the file's name in rules and types, and need not exist.
    pub(crate) name: Option<PathBuf>,
}

/// What a new file is encrypted for and which of its values; empty parts are up to the creation rule.
#[derive(PartialEq, Eq, Default)]
pub(crate) struct NewFile {
    /// `--age`, `SOPS_AGE_RECIPIENTS`.
    pub(crate) recipients: Vec<String>,
    /// `--shamir-secret-sharing-threshold`, where it is not 0.
    pub(crate) threshold: Option<i64>,
    /// `--unencrypted-suffix`. More than one of the six, here or in the rule, is a conflict (8).
    pub(crate) unencrypted_suffix: Option<String>,
    /// `--encrypted-suffix`.
    pub(crate) encrypted_suffix: Option<String>,
    /// `--unencrypted-regex`.
    pub(crate) unencrypted_regex: Option<String>,
    /// `--encrypted-regex`.
    pub(crate) encrypted_regex: Option<String>,
    /// `--unencrypted-comment-regex`; legacy grammar only.
    pub(crate) unencrypted_comment_regex: Option<String>,
    /// `--encrypted-comment-regex`; legacy grammar only.
    pub(crate) encrypted_comment_regex: Option<String>,
}

/// How an encrypted file is opened.
#[derive(PartialEq, Eq, Default)]
pub(crate) struct Opening {
    /// `--ignore-mac`.
    pub(crate) ignore_mac: bool,
    /// `--decryption-order`, `SOPS_DECRYPTION_ORDER`: each kind once; names that are no kinds match none.
    pub(crate) order: Vec<String>,
}

/// Encrypts.
#[derive(PartialEq, Eq)]
pub(crate) struct Encrypt {
    /// What to read.
    pub(crate) input: Input,
    /// Where the result goes.
    pub(crate) output: Output,
    /// Formats and name.
    pub(crate) naming: Naming,
    /// Recipients and selection.
    pub(crate) new_file: NewFile,
}

/// Decrypts.
#[derive(PartialEq, Eq)]
pub(crate) struct Decrypt {
    /// What to read.
    pub(crate) input: Input,
    /// Where the result goes.
    pub(crate) output: Output,
    /// Formats and name.
    pub(crate) naming: Naming,
    /// How it is opened.
    pub(crate) opening: Opening,
    /// `--extract`.
    pub(crate) extract: Option<Route>,
}

/// Opens in the editor; a file that does not exist begins with an example.
#[derive(PartialEq, Eq)]
pub(crate) struct Edit {
    /// The encrypted file.
    pub(crate) file: PathBuf,
    /// Formats and name.
    pub(crate) naming: Naming,
    /// For a file that does not exist.
    pub(crate) new_file: NewFile,
    /// How it is opened.
    pub(crate) opening: Opening,
    /// `-s`: the metadata is shown as well.
    pub(crate) show_master_keys: bool,
    /// A flag or variable with master keys of another kind was given. A file that exists does not need it, a
    /// new one is refused (1).
    pub(crate) foreign: Option<&'static str>,
    /// Recipients to add or remove were given, which only `rotate` does. A file that exists does not mind, a
    /// new one is refused (49).
    pub(crate) changes_keys: bool,
    /// Without the verb, a creation rule must match also where the file exists.
    pub(crate) legacy: bool,
}

/// Draws a new data key.
#[derive(PartialEq, Eq)]
pub(crate) struct Rotate {
    /// Where it does not exist: 49 with recipients to add or remove; else 100 in legacy grammar and 2 without.
    pub(crate) file: PathBuf,
    /// Where the result goes.
    pub(crate) output: Output,
    /// Formats and name.
    pub(crate) naming: Naming,
    /// How it is opened.
    pub(crate) opening: Opening,
    /// `--add-age`.
    pub(crate) add: Vec<String>,
    /// `--rm-age`.
    pub(crate) remove: Vec<String>,
    /// Without the verb, a creation rule must match, although nothing of it is used.
    pub(crate) legacy: bool,
}

/// Sets one value, in place.
#[derive(PartialEq)]
pub(crate) struct Set {
    /// The encrypted file.
    pub(crate) file: PathBuf,
    /// Formats and name.
    pub(crate) naming: Naming,
    /// How it is opened.
    pub(crate) opening: Opening,
    /// Which value.
    pub(crate) index: Route,
    /// The JSON of the new value.
    pub(crate) value: NewValue,
    /// Write nothing if the value is there already.
    pub(crate) idempotent: bool,
    /// Without the verb, a creation rule must match, although nothing of it is used.
    pub(crate) legacy: bool,
}

/// Where the JSON of `set` is. Malformed JSON is an error of its own (7).
#[derive(PartialEq)]
pub(crate) enum NewValue {
    /// On the command line, where every user of the machine sees it.
    Given(Secret),
    /// In a file.
    File(PathBuf),
    /// On standard input.
    Stdin,
}

/// Removes one value, in place.
#[derive(PartialEq, Eq)]
pub(crate) struct Unset {
    /// The encrypted file.
    pub(crate) file: PathBuf,
    /// Formats and name.
    pub(crate) naming: Naming,
    /// How it is opened.
    pub(crate) opening: Opening,
    /// Which value.
    pub(crate) index: Route,
    /// An entry that is missing is no error.
    pub(crate) idempotent: bool,
}

/// Wraps the data keys of files for the recipients of their rules.
#[derive(PartialEq, Eq)]
pub(crate) struct UpdateKeys {
    /// At least one.
    pub(crate) files: Vec<PathBuf>,
    /// Without a question.
    pub(crate) yes: bool,
    /// `--input-type`.
    pub(crate) input: Option<Format>,
}

/// Says whether a file is encrypted.
#[derive(PartialEq, Eq)]
pub(crate) struct FileStatus {
    /// The encrypted file.
    pub(crate) file: PathBuf,
    /// `--input-type`.
    pub(crate) input: Option<Format>,
}

/// Adds a key group.
#[derive(PartialEq, Eq)]
pub(crate) struct GroupsAdd {
    /// Empty if `--file` is missing, which is an error of reading (2).
    pub(crate) file: PathBuf,
    /// Write back to the file instead of standard output.
    pub(crate) in_place: bool,
    /// The recipients of the group.
    pub(crate) recipients: Vec<String>,
    /// `--shamir-secret-sharing-threshold`, where it is not 0.
    pub(crate) threshold: Option<i64>,
}

/// Removes a key group.
#[derive(PartialEq, Eq)]
pub(crate) struct GroupsDelete {
    /// Empty if `--file` is missing, which is an error of reading (2).
    pub(crate) file: PathBuf,
    /// Write back to the file instead of standard output.
    pub(crate) in_place: bool,
    /// The group, from 0.
    pub(crate) group: u32,
    /// `--shamir-secret-sharing-threshold`, where it is not 0.
    pub(crate) threshold: Option<i64>,
}

/// Runs a command with the values in its environment.
#[derive(PartialEq, Eq)]
pub(crate) struct ExecEnv {
    /// The encrypted file.
    pub(crate) file: PathBuf,
    /// For `/bin/sh -c`.
    pub(crate) command: OsString,
    /// How it is opened.
    pub(crate) opening: Opening,
    /// With no other variables.
    pub(crate) pristine: bool,
    /// As this process. Not together with `background`.
    pub(crate) same_process: bool,
    /// Do not wait for the command.
    pub(crate) background: bool,
    /// `--user`: whose rights the command has.
    pub(crate) user: Option<String>,
}

/// Runs a command with the content in a file, whose path replaces `{}`.
#[derive(PartialEq, Eq)]
pub(crate) struct ExecFile {
    /// The encrypted file.
    pub(crate) file: PathBuf,
    /// For `/bin/sh -c`.
    pub(crate) command: OsString,
    /// Formats and name.
    pub(crate) naming: Naming,
    /// How it is opened.
    pub(crate) opening: Opening,
    /// A named pipe; with `--no-fifo` a regular file.
    pub(crate) fifo: bool,
    /// `--filename`: what the file is called.
    pub(crate) filename: Option<PathBuf>,
    /// Do not wait for the command.
    pub(crate) background: bool,
    /// `--user`: whose rights the command has.
    pub(crate) user: Option<String>,
}
