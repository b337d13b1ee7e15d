use super::*;
use crate::keys::Nobody;
use crate::keys::ask::tests::Answers;

/// TEST ONLY: see the README there.
macro_rules! key {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/keys/", $name))
    };
}

fn read(pem: &str) -> Result<(Private, String), ProblemCause> {
    identity(pem.as_bytes(), ("id_test", 1), &(Arc::new(Nobody) as Arc<dyn Ask>))
}

fn protected(ask: &Arc<Answers>) -> Protected {
    let ask: Arc<dyn Ask> = ask.clone();
    match identity(key!("ed25519-protected").as_bytes(), ("id_test", 3), &ask) {
        Ok((Private::Protected(key), _)) => key,
        _ => panic!("it is not protected"),
    }
}

fn wrap(text: &str) -> String {
    envelope::seal(&[7; 32], &recipient(text).ok().unwrap()).unwrap()
}

#[test]
fn each_form_of_a_private_key_unwraps_what_its_public_key_wrapped() {
    for (public, private) in [
        (key!("ed25519.pub"), key!("ed25519")),
        (key!("rsa.pub"), key!("rsa")),
        (key!("rsa.pub"), key!("rsa-openssh")),
        (key!("rsa.pub"), &key!("rsa-openssh").replace('\n', "\r\n")),
    ] {
        let Ok((Private::Open(key), recipient)) = read(private) else { panic!("{private}") };
        assert_eq!(recipient, without_comment(public));
        let armored = wrap(public);
        let opened = envelope::open(&armored, std::iter::once(&key as &dyn age::Identity));
        assert_eq!(opened.ok().unwrap().expose(), [7; 32]);
    }
}

#[test]
fn the_passphrase_is_asked_for_once_and_only_if_the_key_is_meant() {
    let ask = Arc::new(Answers::passphrase("TEST ONLY passphrase"));
    let key = protected(&ask);
    assert!(matches!(key.open(&wrap(key!("rsa.pub"))), Err(Reason::NoMatch)));
    assert_eq!(ask.asked(), [""; 0]);

    let own = wrap(key!("ed25519.pub"));
    for _ in 0..2 {
        assert_eq!(key.open(&own).ok().unwrap().expose(), [7; 32]);
    }
    assert_eq!(ask.asked(), ["Passphrase of id_test"]);
}

#[test]
fn a_wrong_passphrase_and_none_at_all_are_told_with_the_file() {
    for (ask, told) in [
        (Answers::passphrase("TEST ONLY wrong"), "id_test:3: the passphrase is wrong"),
        (Answers::passphrase(""), "id_test:3: the passphrase is wrong"),
        (Answers::none(), "id_test:3: protected by a passphrase, and none was given"),
    ] {
        let ask = Arc::new(ask);
        let key = protected(&ask);
        for _ in 0..2 {
            let reason = key.open(&wrap(key!("ed25519.pub"))).err().unwrap();
            assert_eq!(reason.to_string(), format!("no identity matches, and {told}"));
        }
        assert_eq!(ask.asked().len(), 1);
    }
}

#[test]
fn the_comment_of_a_recipient_does_not_count() {
    let text = key!("ed25519.pub").trim();
    let key = without_comment(text);
    for same in [text, &key, &format!("{key}   someone@host, with blanks"), &key.replace(' ', "\t")]
    {
        assert_eq!(without_comment(same), key);
        assert!(recipient(same).is_ok(), "{same}");
    }
}

#[test]
fn malformed_and_weak_recipients_are_refused() {
    let refusal = |text: &str| recipient(text).err();
    let key = without_comment(key!("ed25519.pub"));
    let cut = &key[..key.len() - 2];
    let other_name = key.replace("ssh-ed25519", "ssh-rsa");
    for text in [cut, "ssh-ed25519 ", "ssh-ed25519 AAAA", &other_name, &format!("{key}AAAA")] {
        assert!(matches!(refusal(text), Some(Refusal::Invalid | Refusal::Unsupported)), "{text}");
    }
    assert!(matches!(refusal(key!("rsa-1024.pub")), Some(Refusal::Size)));
    assert!(matches!(refusal("ssh-dss AAAA"), Some(Refusal::Unsupported)));
}

#[test]
fn points_of_low_order_are_refused() {
    let header = blob(key!("ed25519.pub"));
    for (mut point, sign) in LOW_ORDER.into_iter().flat_map(|point| [(point, 0), (point, 0x80)]) {
        point[31] |= sign;
        let blob = [&header[..ED25519_BLOB - 32], &point].concat();
        let text = format!("ssh-ed25519 {}", STANDARD.encode(&blob));
        assert!(is_low_order(&blob));
        assert!(recipient(&text).is_err(), "{text}");
    }
}

#[test]
fn private_keys_that_cannot_be_used_are_told_apart() {
    let cause = |pem: &str| read(pem).err().unwrap();
    let unsupported = ProblemCause::Unsupported(Kind::Ssh("ecdsa-sha2-nistp256".into()));
    assert_eq!(cause(key!("ecdsa")), unsupported);
    assert_eq!(cause(key!("rsa-old-protection")), ProblemCause::SshProtection);
    let cut = key!("ed25519").replacen("AAAA", "", 1);
    for damaged in [cut.as_str(), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
    {
        assert_eq!(cause(damaged), ProblemCause::InvalidSsh);
    }
}
