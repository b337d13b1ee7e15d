//! Recipients: the public side, which can only wrap.

use std::sync::{Arc, OnceLock};

use super::ask::{Ask, Nobody};
#[cfg(feature = "ssh")]
use super::ssh;
use super::{Error, Kind, envelope, hybrid, plugin, x25519};

/// Somebody for whom data keys are wrapped.
pub struct Recipient {
    text: String,
    key: Key,
    ask: OnceLock<Arc<dyn Ask>>,
}

/// Who does the wrapping.
enum Key {
    /// This program.
    Here(Box<dyn age::Recipient + Send + Sync>),
    /// Another one.
    Plugin(plugin::Recipient),
}

impl Recipient {
    /// Reads a recipient such as `age1…`; blanks around it do not count.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let kind = Kind::of_recipient(text).ok_or_else(|| match Kind::of_identity(text) {
            Some(_) => Error::IdentityAsRecipient,
            None => Error::UnknownRecipient,
        })?;
        let key = match kind {
            Kind::X25519 => x25519::recipient(text).map(here),
            Kind::Hybrid => hybrid::recipient(text).map(here),
            Kind::Plugin(_) => plugin::recipient(text).map(Key::Plugin),
            #[cfg(feature = "ssh")]
            Kind::Ssh(_) => match ssh::recipient(text) {
                Ok(key) => Some(here(key)),
                Err(ssh::Refusal::Invalid) => None,
                Err(ssh::Refusal::Size) => return Err(Error::RsaSize(text.to_owned())),
                Err(ssh::Refusal::Unsupported) => return Err(Error::UnsupportedRecipient(kind)),
            },
            kind => return Err(Error::UnsupportedRecipient(kind)),
        };
        let key = key.ok_or_else(|| Error::InvalidRecipient(text.to_owned()))?;
        Ok(Recipient { text: text.to_owned(), key, ask: OnceLock::new() })
    }

    /// Says who answers what its plugin wants to know; nobody does otherwise. Only the first call counts.
    pub fn ask(&self, ask: Arc<dyn Ask>) {
        // Whoever was named first keeps the word.
        let _ = self.ask.set(ask);
    }

    /// The text as it was given, trimmed: what SOPS writes beside the wrapped key.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Wraps a data key, or a share of one, in an armored age file of its own. Every call gives another text.
    pub fn wrap(&self, data_key: &[u8]) -> Result<String, Error> {
        match &self.key {
            Key::Here(key) => envelope::seal(data_key, key.as_ref())
                .map_err(|_| Error::Wrap { recipient: self.text.clone() }),
            Key::Plugin(key) => {
                plugin::wrap(data_key, key, self.ask.get_or_init(|| Arc::new(Nobody)))
            }
        }
    }
}

fn here(key: impl age::Recipient + Send + Sync + 'static) -> Key {
    Key::Here(Box::new(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// TEST ONLY: its identity is published in these tests.
    const RECIPIENT: &str = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";

    fn refusal(text: &str) -> String {
        Recipient::parse(text).err().unwrap().to_string()
    }

    #[test]
    fn a_recipient_is_kept_as_given_but_trimmed() {
        assert_eq!(Recipient::parse(&format!(" {RECIPIENT}\r\n")).ok().unwrap().text(), RECIPIENT);
    }

    #[test]
    fn a_wrapped_key_is_armored_as_age_does_it() {
        let wrapped = Recipient::parse(RECIPIENT).ok().unwrap().wrap(&[7; 32]).unwrap();
        let lines: Vec<_> = wrapped.strip_suffix('\n').unwrap().split('\n').collect();
        let [first, body @ .., short, last] = lines.as_slice() else { panic!("{wrapped}") };
        assert_eq!(*first, "-----BEGIN AGE ENCRYPTED FILE-----");
        assert!(
            body.iter().all(|line| line.len() == 64) && (1..=64).contains(&short.len()),
            "{wrapped}"
        );
        assert_eq!(*last, "-----END AGE ENCRYPTED FILE-----");
    }

    #[test]
    fn recipients_of_each_kind_are_read() {
        let key = "AAAAC3NzaC1lZDI1NTE5AAAAIOq1CnPYC7f74wldUQAWPXHy9ny46AiGinynbjYN9kvo";
        let with_comment = format!("ssh-ed25519 {key} TEST ONLY");
        let texts = ["age1trial1034qxz", &with_comment];
        for text in texts.iter().take(if cfg!(feature = "ssh") { 2 } else { 1 }) {
            assert_eq!(Recipient::parse(text).ok().unwrap().text(), *text);
        }
    }

    #[cfg(not(feature = "ssh"))]
    #[test]
    fn without_its_feature_ssh_is_refused_by_name() {
        let told = "`ssh-ed25519` recipients are not supported";
        assert_eq!(refusal("ssh-ed25519 AAAA me@host"), told);
    }

    #[test]
    fn other_kinds_are_refused_by_name() {
        let cases = [
            ("ssh-dss AAAA me@host", "`ssh-dss` recipients are not supported"),
            ("FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4", "PGP recipients are not supported"),
        ];
        for (text, message) in cases {
            assert_eq!(refusal(text), message);
        }
    }

    #[test]
    fn a_mistyped_recipient_is_quoted() {
        let mistyped = RECIPIENT.replace("37jpf", "37jpg");
        assert_eq!(refusal(&mistyped), format!("`{mistyped}` is not a valid age recipient"));
        for wrong in ["age1", "age1pq1qqqq", "age1yubikey1qqqq"] {
            assert_eq!(refusal(wrong), format!("`{wrong}` is not a valid age recipient"));
        }
    }

    #[test]
    fn what_might_be_a_secret_is_not_quoted() {
        for (text, error) in [
            ("AGE-SECRET-KEY-1HUNTER2", Error::IdentityAsRecipient),
            ("HUNTER2", Error::UnknownRecipient),
            ("", Error::UnknownRecipient),
        ] {
            let refused = Recipient::parse(text).err().unwrap();
            assert!(!format!("{refused} {refused:?}").contains("HUNTER2"));
            assert_eq!(refused, error);
        }
    }
}
