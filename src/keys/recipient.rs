//! Recipients: the public side, which can only wrap.

use super::{Error, Kind, envelope, x25519};

/// Somebody for whom data keys are wrapped.
pub struct Recipient {
    text: String,
    key: Box<dyn age::Recipient + Send + Sync>,
}

impl Recipient {
    /// Reads a recipient such as `age1…`; blanks around it do not count.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let key = match Kind::of_recipient(text) {
            Some(Kind::X25519) => x25519::recipient(text),
            Some(kind) => return Err(Error::UnsupportedRecipient(kind)),
            None if Kind::of_identity(text).is_some() => return Err(Error::IdentityAsRecipient),
            None => return Err(Error::UnknownRecipient),
        };
        let key = key.ok_or_else(|| Error::InvalidRecipient(text.to_owned()))?;
        Ok(Recipient { text: text.to_owned(), key: Box::new(key) })
    }

    /// The text as it was given, trimmed: what SOPS writes beside the wrapped key.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Wraps a data key, or a share of one, in an armored age file of its own. Every call gives another text.
    pub fn wrap(&self, data_key: &[u8]) -> Result<String, Error> {
        envelope::seal(data_key, self.key.as_ref())
            .map_err(|_| Error::Wrap { recipient: self.text.clone() })
    }
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
    fn other_kinds_are_refused_by_name() {
        let cases = [
            ("ssh-ed25519 AAAA me@host", "`ssh-ed25519` recipients are not supported"),
            ("age1pq1qqqq", "post-quantum recipients are not supported"),
            ("age1yubikey1qqqq", "`age-plugin-yubikey` recipients are not supported"),
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
        assert_eq!(refusal("age1"), "`age1` is not a valid age recipient");
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
