//! The flags of sops: names, environment variables, kinds, and what each does.
//!
//! A flag is one constant; a verb lists the groups it knows ([`super::verbs`]), so that grammar, help and
//! completion cannot drift apart. What a flag means is decided where it is read, not here.
//!
//! ```text
//! --output FILE    -output FILE    --output=FILE    -i    --in-place    --in-place=false
//! ```

/// What follows a flag.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Nothing, or `=true` and `=false` in any of Go's spellings.
    Switch,
    /// A whole number in Go's spellings: `2`, `-1`, `0x2`, `010`, `1_000`.
    Number,
    /// UTF-8 text.
    Text,
    /// Any bytes: a path.
    Path,
}

/// One flag.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flag {
    /// The name, without dashes. Flags of different verbs with the same name mean the same.
    pub(super) name: &'static str,
    /// A second name of one letter.
    pub(super) short: Option<&'static str>,
    /// What follows.
    pub(super) kind: Kind,
    /// What the help calls the value; empty for a switch.
    pub(super) value: &'static str,
    /// The environment variable that speaks where the flag is not given.
    pub(super) env: Option<&'static str>,
    /// Whether it is about master keys other than age's, which are refused.
    pub(super) foreign: bool,
    /// What it does, in one line.
    pub(super) about: &'static str,
}

impl Flag {
    const fn switch(name: &'static str, about: &'static str) -> Flag {
        Flag { name, short: None, kind: Kind::Switch, value: "", env: None, foreign: false, about }
    }

    const fn taking(
        kind: Kind,
        name: &'static str,
        value: &'static str,
        about: &'static str,
    ) -> Flag {
        Flag { kind, value, ..Flag::switch(name, about) }
    }

    const fn text(name: &'static str, value: &'static str, about: &'static str) -> Flag {
        Flag::taking(Kind::Text, name, value, about)
    }

    const fn path(name: &'static str, value: &'static str, about: &'static str) -> Flag {
        Flag::taking(Kind::Path, name, value, about)
    }

    const fn other_keys(name: &'static str) -> Flag {
        Flag { foreign: true, ..Flag::text(name, "…", "keys other than age's: refused") }
    }

    const fn short(self, letter: &'static str) -> Flag {
        Flag { short: Some(letter), ..self }
    }

    const fn env(self, variable: &'static str) -> Flag {
        Flag { env: Some(variable), ..self }
    }

    /// Whether a word without its dashes names this flag.
    pub(super) fn is_named(&self, name: &str) -> bool {
        self.name == name || self.short == Some(name)
    }
}

/// Help of the program or of a verb.
pub(super) const HELP: Flag = Flag::switch("help", "show this help").short("h");
/// The version; of the program alone.
pub(super) const VERSION: Flag = Flag::switch("version", "show the version").short("v");
/// Accepted: nothing is ever checked over the network.
pub(super) const CHECK_FOR_UPDATES: Flag =
    Flag::switch("check-for-updates", "accepted; nothing is asked over the network");
/// Makes the line of `--version` as short as sops' own.
pub(super) const NO_VERSION_CHECK: Flag =
    Flag::switch("disable-version-check", "with --version: the bare line of sops")
        .env("SOPS_DISABLE_VERSION_CHECK");

/// The creation rules.
pub(super) const CONFIG: Flag =
    Flag::path("config", "FILE", "take creation rules from this file, look for no other")
        .env("SOPS_CONFIG");
/// Columns per level.
pub(super) const INDENT: Flag =
    Flag::taking(Kind::Number, "indent", "N", "indent what is printed anew by N columns");
/// Narrows the MAC.
pub(super) const MAC_ONLY_ENCRYPTED: Flag =
    Flag::switch("mac-only-encrypted", "let the MAC cover encrypted values alone");
/// More on standard error.
pub(super) const VERBOSE: Flag = Flag::switch("verbose", "tell more on standard error");

/// Writes back.
pub(super) const IN_PLACE: Flag =
    Flag::switch("in-place", "write the result back to the file").short("i");
/// Writes elsewhere.
pub(super) const OUTPUT: Flag =
    Flag::path("output", "FILE", "write the result to this file instead of standard output");
/// The format that is read.
pub(super) const INPUT_TYPE: Flag = Flag::text(
    "input-type",
    "TYPE",
    "read as yaml, json, dotenv, ini or binary, whatever the file is called",
);
/// The format that is written.
pub(super) const OUTPUT_TYPE: Flag = Flag::text(
    "output-type",
    "TYPE",
    "write as yaml, json, dotenv, ini or binary, whatever the file is called",
);
/// The name for rules and types.
pub(super) const FILENAME_OVERRIDE: Flag = Flag::path(
    "filename-override",
    "FILE",
    "choose creation rule and types by this name; encrypting standard input needs it",
);
/// One value or branch.
pub(super) const EXTRACT: Flag =
    Flag::text("extract", "INDEX", "print this value or branch alone: '[\"key\"][0]'");
/// Goes on where the MAC does not match.
pub(super) const IGNORE_MAC: Flag =
    Flag::switch("ignore-mac", "go on although the MAC does not match");
/// Which kinds of keys are tried first.
pub(super) const DECRYPTION_ORDER: Flag =
    Flag::text("decryption-order", "KINDS", "kinds of keys to try first, with commas between")
        .env("SOPS_DECRYPTION_ORDER");

/// Recipients of a new file.
pub(super) const AGE: Flag =
    Flag::text("age", "RECIPIENTS", "encrypt to these age recipients, with commas between")
        .short("a")
        .env("SOPS_AGE_RECIPIENTS");
/// How many key groups must agree.
pub(super) const THRESHOLD: Flag = Flag::taking(
    Kind::Number,
    "shamir-secret-sharing-threshold",
    "N",
    "how many key groups are needed to decrypt",
);
/// Leaves keys with this ending.
pub(super) const UNENCRYPTED_SUFFIX: Flag =
    Flag::text("unencrypted-suffix", "SUFFIX", "leave values below keys with this ending");
/// Takes keys with this ending.
pub(super) const ENCRYPTED_SUFFIX: Flag =
    Flag::text("encrypted-suffix", "SUFFIX", "encrypt values below keys with this ending alone");
/// Leaves keys that match.
pub(super) const UNENCRYPTED_REGEX: Flag =
    Flag::text("unencrypted-regex", "REGEX", "leave values below keys that match");
/// Takes keys that match.
pub(super) const ENCRYPTED_REGEX: Flag =
    Flag::text("encrypted-regex", "REGEX", "encrypt values below keys that match alone");
/// Leaves what a comment marks.
pub(super) const UNENCRYPTED_COMMENT_REGEX: Flag =
    Flag::text("unencrypted-comment-regex", "REGEX", "leave values whose comment matches");
/// Takes what a comment marks.
pub(super) const ENCRYPTED_COMMENT_REGEX: Flag =
    Flag::text("encrypted-comment-regex", "REGEX", "encrypt values whose comment matches alone");
/// The metadata in the editor.
pub(super) const SHOW_MASTER_KEYS: Flag =
    Flag::switch("show-master-keys", "show the metadata in the editor as well").short("s");

/// Recipients that rotate adds.
pub(super) const ADD_AGE: Flag =
    Flag::text("add-age", "RECIPIENTS", "add these recipients, with commas between");
/// Recipients that rotate takes away.
pub(super) const RM_AGE: Flag =
    Flag::text("rm-age", "RECIPIENTS", "remove these recipients, with commas between");

/// The value of `set` is a file's name.
pub(super) const VALUE_FILE: Flag =
    Flag::switch("value-file", "the last word names a file that holds the value");
/// The value of `set` is on standard input.
pub(super) const VALUE_STDIN: Flag =
    Flag::switch("value-stdin", "the value is on standard input, and no word");
/// Nothing is written where nothing changes.
pub(super) const IDEMPOTENT: Flag =
    Flag::switch("idempotent", "write nothing if there is nothing to change");

/// No question.
pub(super) const YES: Flag = Flag::switch("yes", "do not ask").short("y");
/// The file of `groups`.
pub(super) const FILE: Flag = Flag::path("file", "FILE", "the encrypted file").short("f");
/// A recipient of a new group.
pub(super) const GROUP_AGE: Flag =
    Flag::text("age", "RECIPIENT", "a recipient of the new group; may be given several times");

/// The environment has nothing else.
pub(super) const PRISTINE: Flag =
    Flag::switch("pristine", "give the command no other environment variables");
/// Becomes the command.
pub(super) const SAME_PROCESS: Flag =
    Flag::switch("same-process", "become the command instead of starting it");
/// Does not wait.
pub(super) const BACKGROUND: Flag =
    Flag::switch("background", "do not wait for the command (deprecated)");
/// Somebody else.
pub(super) const USER: Flag = Flag::text("user", "USER", "run the command as this user");
/// A regular file.
pub(super) const NO_FIFO: Flag =
    Flag::switch("no-fifo", "hold the content in a regular file instead of a pipe");
/// Its name.
pub(super) const FILENAME: Flag =
    Flag::path("filename", "NAME", "name of the file that the command is given");

/// Legacy: decrypt.
pub(super) const DECRYPT: Flag = Flag::switch("decrypt", "decrypt the file").short("d");
/// Legacy: encrypt.
pub(super) const ENCRYPT: Flag = Flag::switch("encrypt", "encrypt the file").short("e");
/// Legacy: rotate.
pub(super) const ROTATE: Flag =
    Flag::switch("rotate", "draw a new data key and encrypt the file again").short("r");
/// Legacy: set.
pub(super) const SET: Flag =
    Flag::text("set", "'INDEX JSON'", "set a value: '[\"key\"][0] {\"a\": true}'");

/// Where the local keys are not to be used.
pub(super) const LOCAL_KEY_SERVICE: Flag =
    Flag::switch("enable-local-keyservice", "use the keys of this machine; always so")
        .env("SOPS_ENABLE_LOCAL_KEYSERVICE");
/// Other key services.
pub(super) const KEY_SERVICE: Flag =
    Flag::text("keyservice", "ADDRESS", "accepted; there are no key services")
        .env("SOPS_KEYSERVICE");

/// Every verb that uses keys knows these.
pub(super) const KEY_SERVICES: &[Flag] = &[LOCAL_KEY_SERVICE, KEY_SERVICE];

/// The four selections that `encrypt` and `edit` know; legacy knows two more.
pub(super) const SELECTION: &[Flag] =
    &[UNENCRYPTED_SUFFIX, ENCRYPTED_SUFFIX, UNENCRYPTED_REGEX, ENCRYPTED_REGEX];

/// Master keys of other kinds for a new file, with the variables that hold them.
pub(super) const FOREIGN: &[Flag] = &[
    Flag::other_keys("kms").short("k").env("SOPS_KMS_ARN"),
    Flag::other_keys("aws-profile"),
    Flag::other_keys("gcp-kms").env("SOPS_GCP_KMS_IDS"),
    Flag::other_keys("hckms").env("SOPS_HUAWEICLOUD_KMS_IDS"),
    Flag::other_keys("azure-kv").env("SOPS_AZURE_KEYVAULT_URLS"),
    Flag::other_keys("hc-vault-transit").env("SOPS_VAULT_URIS"),
    Flag::other_keys("pgp").short("p").env("SOPS_PGP_FP"),
    ENCRYPTION_CONTEXT,
];

/// Master keys of other kinds for a new group: no letters, no variables.
pub(super) const FOREIGN_OF_GROUP: &[Flag] = &[
    Flag::other_keys("kms"),
    Flag::other_keys("aws-profile"),
    Flag::other_keys("gcp-kms"),
    Flag::other_keys("hckms"),
    Flag::other_keys("azure-kv"),
    Flag::other_keys("hc-vault-transit"),
    Flag::other_keys("pgp"),
    ENCRYPTION_CONTEXT,
];

/// Master keys of other kinds for rotate to add and remove.
pub(super) const FOREIGN_CHANGES: &[Flag] = &[
    Flag::other_keys("add-kms"),
    Flag::other_keys("rm-kms"),
    Flag::other_keys("add-gcp-kms"),
    Flag::other_keys("rm-gcp-kms"),
    Flag::other_keys("add-hckms"),
    Flag::other_keys("rm-hckms"),
    Flag::other_keys("add-azure-kv"),
    Flag::other_keys("rm-azure-kv"),
    Flag::other_keys("add-hc-vault-transit"),
    Flag::other_keys("rm-hc-vault-transit"),
    Flag::other_keys("add-pgp"),
    Flag::other_keys("rm-pgp"),
];

/// Context of AWS keys.
pub(super) const ENCRYPTION_CONTEXT: Flag = Flag::other_keys("encryption-context");
