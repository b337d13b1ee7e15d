//! The verbs: their names, words and flags, one table. What they mean is read in [`super::meaning`].

use super::error::UsageError;
use super::flags::*;
use super::invocation::{Invocation, Shell};
use super::meaning::{self, Asked};

/// A verb of sops.
pub(super) struct Verb {
    /// The name; of a member of a family, both names.
    pub(super) name: &'static str,
    /// The words it takes, for the help.
    pub(super) words: &'static str,
    /// What it does, in one line.
    pub(super) about: &'static str,
    /// The flags it knows besides `--help`, in groups.
    pub(super) flags: &'static [&'static [Flag]],
    /// How its words are understood.
    pub(super) kind: Kind,
}

/// How the words behind a verb are understood.
pub(super) enum Kind {
    /// Flags and words in any order.
    Plain(fn(Asked) -> Result<Invocation, UsageError>),
    /// The next word names a member.
    Family,
    /// It is not offered.
    Refused,
}

const INPUT_TYPES: &[Flag] = &[INPUT_TYPE];
const TYPES: &[Flag] = &[INPUT_TYPE, OUTPUT_TYPE];
const WHERE: &[Flag] = &[IN_PLACE, OUTPUT];

/// All verbs in the order of the help, members behind their families.
pub(super) const VERBS: &[Verb] = &[
    Verb {
        name: "encrypt",
        words: "[FILE]",
        about: "encrypt a file, or standard input, to standard output",
        flags: &[
            WHERE,
            &[AGE, THRESHOLD],
            SELECTION,
            TYPES,
            &[FILENAME_OVERRIDE],
            FOREIGN,
            KEY_SERVICES,
        ],
        kind: Kind::Plain(meaning::encrypt),
    },
    Verb {
        name: "decrypt",
        words: "[FILE]",
        about: "decrypt a file, or standard input, to standard output",
        flags: &[
            WHERE,
            &[EXTRACT, IGNORE_MAC, DECRYPTION_ORDER],
            TYPES,
            &[FILENAME_OVERRIDE],
            KEY_SERVICES,
        ],
        kind: Kind::Plain(meaning::decrypt),
    },
    Verb {
        name: "edit",
        words: "FILE",
        about: "edit the decrypted content of a file, or begin a new one",
        flags: &[
            &[SHOW_MASTER_KEYS, IGNORE_MAC, DECRYPTION_ORDER, AGE, THRESHOLD],
            SELECTION,
            TYPES,
            FOREIGN,
            KEY_SERVICES,
        ],
        kind: Kind::Plain(meaning::edit),
    },
    Verb {
        name: "rotate",
        words: "FILE",
        about: "draw a new data key and encrypt every value anew",
        flags: &[
            WHERE,
            &[ADD_AGE, RM_AGE, IGNORE_MAC, DECRYPTION_ORDER],
            TYPES,
            &[FILENAME_OVERRIDE],
            FOREIGN_CHANGES,
            &[ENCRYPTION_CONTEXT],
            KEY_SERVICES,
        ],
        kind: Kind::Plain(meaning::rotate),
    },
    Verb {
        name: "set",
        words: "FILE INDEX [JSON]",
        about: "set a value: set FILE '[\"key\"][0]' '{\"a\": true}'",
        flags: &[
            &[VALUE_STDIN, VALUE_FILE, IDEMPOTENT, IGNORE_MAC, DECRYPTION_ORDER],
            TYPES,
            &[THRESHOLD],
            KEY_SERVICES,
        ],
        kind: Kind::Plain(meaning::set),
    },
    Verb {
        name: "unset",
        words: "FILE INDEX",
        about: "remove a value or branch: unset FILE '[\"key\"][0]'",
        flags: &[&[IDEMPOTENT, IGNORE_MAC, DECRYPTION_ORDER], TYPES, &[THRESHOLD], KEY_SERVICES],
        kind: Kind::Plain(meaning::unset),
    },
    Verb {
        name: "updatekeys",
        words: "FILE...",
        about: "wrap the data keys of files for the recipients of their creation rules",
        flags: &[&[YES], INPUT_TYPES, KEY_SERVICES],
        kind: Kind::Plain(meaning::update_keys),
    },
    Verb {
        name: "filestatus",
        words: "FILE",
        about: "say as JSON whether a file is encrypted",
        flags: &[INPUT_TYPES],
        kind: Kind::Plain(meaning::file_status),
    },
    Verb {
        name: "exec-env",
        words: "FILE COMMAND",
        about: "run a command with the values in its environment",
        flags: &[&[PRISTINE, SAME_PROCESS, BACKGROUND, USER, DECRYPTION_ORDER], KEY_SERVICES],
        kind: Kind::Plain(meaning::exec_env),
    },
    Verb {
        name: "exec-file",
        words: "FILE COMMAND",
        about: "run a command with the content in a file, whose path replaces `{}`",
        flags: &[&[NO_FIFO, FILENAME, BACKGROUND, USER, DECRYPTION_ORDER], TYPES, KEY_SERVICES],
        kind: Kind::Plain(meaning::exec_file),
    },
    Verb {
        name: "groups",
        words: "VERB",
        about: "add and remove key groups of a file",
        flags: &[],
        kind: Kind::Family,
    },
    Verb {
        name: "groups add",
        words: "",
        about: "add a key group to a file",
        flags: &[&[FILE, GROUP_AGE, IN_PLACE, THRESHOLD], FOREIGN_OF_GROUP, KEY_SERVICES],
        kind: Kind::Plain(meaning::groups_add),
    },
    Verb {
        name: "groups delete",
        words: "INDEX",
        about: "remove a key group from a file; the first one is 0",
        flags: &[&[FILE, IN_PLACE, THRESHOLD], KEY_SERVICES],
        kind: Kind::Plain(meaning::groups_delete),
    },
    Verb {
        name: "completion",
        words: "SHELL",
        about: "print a completion script",
        flags: &[],
        kind: Kind::Family,
    },
    Verb {
        name: "completion bash",
        words: "",
        about: "print a completion script for Bash: source <(sops completion bash)",
        flags: &[],
        kind: Kind::Plain(|_| Ok(Invocation::Completion(Shell::Bash))),
    },
    Verb {
        name: "completion zsh",
        words: "",
        about: "print a completion script for the Z shell: source <(sops completion zsh)",
        flags: &[],
        kind: Kind::Plain(|_| Ok(Invocation::Completion(Shell::Zsh))),
    },
    Verb {
        name: "publish",
        words: "FILE",
        about: "not offered: use sops itself to upload files",
        flags: &[],
        kind: Kind::Refused,
    },
    Verb {
        name: "keyservice",
        words: "",
        about: "not offered: use sops itself to serve keys",
        flags: &[],
        kind: Kind::Refused,
    },
];

/// The flags before the verb that reach it.
pub(super) const GLOBAL: &[Flag] = &[CONFIG, INDENT, MAC_ONLY_ENCRYPTED, VERBOSE];

/// The flags of the program that ask for an answer by themselves.
pub(super) const ANSWERS: &[Flag] = &[HELP, VERSION, NO_VERSION_CHECK, CHECK_FOR_UPDATES];

/// The flags of the grammar without a verb.
pub(super) const LEGACY: &[&[Flag]] = &[
    &[DECRYPT, ENCRYPT, ROTATE, SET],
    WHERE,
    &[EXTRACT, SHOW_MASTER_KEYS, IGNORE_MAC, DECRYPTION_ORDER],
    &[AGE, ADD_AGE, RM_AGE, THRESHOLD],
    SELECTION,
    &[UNENCRYPTED_COMMENT_REGEX, ENCRYPTED_COMMENT_REGEX],
    TYPES,
    &[FILENAME_OVERRIDE],
    FOREIGN,
    FOREIGN_CHANGES,
    KEY_SERVICES,
];

/// The verbs of a family, or those of the program, with their last words.
pub(super) fn members(
    family: Option<&Verb>,
) -> impl Iterator<Item = (&'static str, &'static Verb)> {
    let family = family.map(|verb| verb.name);
    VERBS.iter().filter_map(move |verb| match (family, verb.name.split_once(' ')) {
        (None, None) => Some((verb.name, verb)),
        (Some(family), Some((parent, name))) if parent == family => Some((name, verb)),
        _ => None,
    })
}

/// A member of a family, or of the program.
pub(super) fn member(family: Option<&Verb>, name: &str) -> Option<&'static Verb> {
    members(family).find(|(member, _)| *member == name).map(|(_, verb)| verb)
}
