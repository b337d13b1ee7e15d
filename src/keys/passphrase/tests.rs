use std::io::Write as _;

use super::*;
use crate::keys::Recipient;
use crate::keys::ask::tests::Answers;

/// TEST ONLY: an identity that is public and must not protect anything.
const IDENTITY: &str = "AGE-SECRET-KEY-1K35W25MT9740EHYLS6PR0UJY26XJSA7HQRGNF8KZXJSVELAMARCQJPRX8R";

/// The recipient of [`IDENTITY`].
const RECIPIENT: &str = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";

const PASSPHRASE: &str = "TEST ONLY passphrase";

/// An age file with a text in it, made with little work.
fn lock(text: &str) -> Vec<u8> {
    let mut recipient = scrypt::Recipient::new(PASSPHRASE.to_owned().into());
    recipient.set_work_factor(2);
    encrypt(text, &recipient)
}

fn encrypt(text: &str, recipient: &dyn age::Recipient) -> Vec<u8> {
    let encryptor = age::Encryptor::with_recipients(std::iter::once(recipient)).unwrap();
    let mut writer = encryptor.wrap_output(Vec::new()).unwrap();
    writer.write_all(text.as_bytes()).unwrap();
    writer.finish().unwrap()
}

fn file(content: &[u8], ask: &Arc<Answers>) -> File {
    File::new(content, ("keys.age".to_owned(), 1), &(ask.clone() as Arc<dyn Ask>))
}

fn wrapped() -> String {
    Recipient::parse(RECIPIENT).ok().unwrap().wrap(&[7; 32]).unwrap()
}

/// What is told about a file that cannot be opened with the right passphrase.
fn problem(content: &[u8], ask: Answers) -> String {
    let file = file(content, &Arc::new(ask));
    file.open(&wrapped()).err().unwrap().to_string().replace("no identity matches, and ", "")
}

#[test]
fn a_file_is_opened_once_for_all_that_is_unwrapped() {
    let ask = Arc::new(Answers::passphrase(PASSPHRASE));
    let file = file(&lock(&format!("# mine\n{IDENTITY}\n")), &ask);
    assert!(file.inside().is_none());
    for _ in 0..2 {
        assert_eq!(file.open(&wrapped()).ok().unwrap().expose(), [7; 32]);
    }
    assert_eq!(ask.asked(), ["Passphrase of keys.age"]);
    assert_eq!(file.inside().unwrap().recipients().collect::<Vec<_>>(), [RECIPIENT]);
}

#[test]
fn what_cannot_be_opened_says_why() {
    let content = lock(IDENTITY);
    let answer = || Answers::passphrase(PASSPHRASE);
    let wrong = Answers::passphrase("TEST ONLY wrong");
    assert_eq!(problem(&content, wrong), "keys.age:1: the passphrase is wrong");
    let none = "keys.age:1: protected by a passphrase, and none was given";
    assert_eq!(problem(&content, Answers::none()), none);

    let damaged = "keys.age:1: not an intact age file";
    assert_eq!(problem(b"age-encryption.org/v1\n-> scrypt", answer()), damaged);
    assert_eq!(problem(&content[..content.len() - 1], answer()), damaged);
    let for_recipient = encrypt(IDENTITY, &age::x25519::Identity::generate().to_public());
    let told = "keys.age:1: an age file that is not protected by a passphrase";
    assert_eq!(problem(&for_recipient, answer()), told);
}

#[test]
fn more_work_than_the_limit_is_refused_before_it_begins() {
    let content = String::from_utf8_lossy(&lock(IDENTITY)).into_owned();
    let (header, _) = content.split_once("\n---").unwrap();
    let costly = header.replacen(" 2\n", " 23\n", 1);
    assert_ne!(header, costly);
    // The rest is not looked at.
    let file = format!("{costly}\n--- {}\n{}", "A".repeat(43), "x".repeat(32));
    let told = "keys.age:1: the work factor of its passphrase is 2^23, the most is 2^22";
    assert_eq!(problem(file.as_bytes(), Answers::passphrase(PASSPHRASE)), told);
}

#[test]
fn only_native_identities_work_inside() {
    let text =
        format!("AGE-PLUGIN-X-1QQQQ\n{IDENTITY}\n-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n");
    let file = file(&lock(&text), &Arc::new(Answers::passphrase(PASSPHRASE)));
    assert!(file.open(&wrapped()).is_ok());
    let problems: Vec<_> = file.inside().unwrap().problems().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "keys.age:1: `age-plugin-x` identities do not work inside of a passphrase-protected file",
            "keys.age:3: `ssh` identities do not work inside of a passphrase-protected file",
        ]
    );
}
