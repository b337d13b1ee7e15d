//! What a command line says about the encryption of new files.

use super::Failure;
use super::failure::chain;
use super::sops::Code;
use crate::keys::Recipient;
use crate::sops::KeyGroup;
use crate::sops::selection::{Selection, SelectionError, Settings};

/// What is encrypted for whom, instead of what the rule says
#[derive(clap::Args)]
pub(crate) struct NewFile {
    /// Recipients, separated by commas, instead of those of the rule
    #[arg(short, long, value_name = "RECIPIENTS", env = "SOPS_AGE_RECIPIENTS")]
    age: Option<String>,
    #[command(flatten)]
    selection: SelectionArgs,
    /// Compute the MAC over encrypted values only
    #[arg(long)]
    mac_only_encrypted: bool,
    /// How many of the rule's key groups are needed to decrypt
    #[arg(long, value_name = "N")]
    shamir_secret_sharing_threshold: Option<usize>,
}

/// Which values to encrypt, instead of what the rule says
#[derive(clap::Args)]
#[group(multiple = false)]
struct SelectionArgs {
    /// All values but those under keys with this ending
    #[arg(long, value_name = "SUFFIX")]
    unencrypted_suffix: Option<String>,
    /// Values under keys with this ending
    #[arg(long, value_name = "SUFFIX")]
    encrypted_suffix: Option<String>,
    /// All values but those under keys that match
    #[arg(long, value_name = "REGEX")]
    unencrypted_regex: Option<String>,
    /// Values under keys that match
    #[arg(long, value_name = "REGEX")]
    encrypted_regex: Option<String>,
    /// All values but those under a comment that matches
    #[arg(long, value_name = "REGEX")]
    unencrypted_comment_regex: Option<String>,
    /// Values under a comment that matches
    #[arg(long, value_name = "REGEX")]
    encrypted_comment_regex: Option<String>,
}

impl NewFile {
    pub(crate) fn wanted(&self) -> Result<Wanted, Failure> {
        let flags = &self.selection;
        let settings = Settings {
            unencrypted_suffix: flags.unencrypted_suffix.as_deref(),
            encrypted_suffix: flags.encrypted_suffix.as_deref(),
            unencrypted_regex: flags.unencrypted_regex.as_deref(),
            encrypted_regex: flags.encrypted_regex.as_deref(),
            unencrypted_comment_regex: flags.unencrypted_comment_regex.as_deref(),
            encrypted_comment_regex: flags.encrypted_comment_regex.as_deref(),
        };
        let age = self.age.as_deref().unwrap_or_default();
        let mut wanted = Wanted::new(settings, age.split(','))?;
        wanted.mac_only_encrypted = self.mac_only_encrypted;
        wanted.threshold = self.shamir_secret_sharing_threshold;
        Ok(wanted)
    }
}

/// What a command line wants of new files; what it is silent about is up to the rule.
#[derive(Default)]
pub(crate) struct Wanted {
    /// One group of recipients instead of those of the rule.
    pub(crate) groups: Option<Vec<KeyGroup>>,
    /// How many groups are needed.
    pub(crate) threshold: Option<usize>,
    /// Which values.
    pub(crate) selection: Option<Selection>,
    /// Whether the MAC covers these alone.
    pub(crate) mac_only_encrypted: bool,
    /// Columns per level of the metadata block.
    pub(crate) indent: Option<usize>,
}

impl Wanted {
    /// Reads flags. No recipients, or none but empty ones, leave them to the rule.
    pub(crate) fn new<'r>(
        settings: Settings<'_>,
        recipients: impl Iterator<Item = &'r str>,
    ) -> Result<Wanted, Failure> {
        let given = recipients.map(str::trim).filter(|text| !text.is_empty());
        let parsed: Vec<Recipient> = given
            .map(Recipient::parse)
            .collect::<Result<_, _>>()
            .map_err(|error| Failure::new(format!("--age: {error}")))?;
        let selection = (settings != Settings::default()).then(|| Selection::new(settings));
        Ok(Wanted {
            groups: (!parsed.is_empty()).then(|| vec![KeyGroup::of(parsed)]),
            selection: selection.transpose().map_err(|error| match error {
                SelectionError::TwoSettings { .. } => {
                    Failure::new(chain(&error)).code(Code::ConflictingFlags)
                }
                _ => Failure::new(chain(&error)),
            })?,
            ..Wanted::default()
        })
    }
}
