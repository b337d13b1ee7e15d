use super::*;

mod places;

/// TEST ONLY: an identity that is public and must not protect anything.
const IDENTITY: &str = "AGE-SECRET-KEY-1K35W25MT9740EHYLS6PR0UJY26XJSA7HQRGNF8KZXJSVELAMARCQJPRX8R";

/// The recipient of [`IDENTITY`].
const RECIPIENT: &str = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";

/// The bytes 00…1f, encrypted to [`RECIPIENT`] by age 1.3.2.
const ARMORED: &str = "\
-----BEGIN AGE ENCRYPTED FILE-----
YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBtV3dRcktqcXgrWlkxY1N1
YTFrNVdDMzEwVnZHSkM0QmppN2xTYUdLcFVZClprMjhXd2R2Mlp4WlhjVTVzUTlx
MUtpdG1sYkVWZVFBWXJPdVhEWHlaUVUKLS0tIEw2ZmZTSjY1MnJWcjdFZDU1Zmla
MVp1d0wreHJGTW1ESVRjVExRTjRncUUKQns9mPYzP6VFZB19n20VMUX7HarjJsRF
lPA5KDjhxbiQ5Skn/ooOLdHGhLKsauN9UcSNiqzdOgPDlD4xWHsk2A==
-----END AGE ENCRYPTED FILE-----
";

/// The pool that these contents make, each from the origin `keys.txt`.
fn pool(contents: &[&str]) -> Identities {
    let mut pool = Identities::new();
    contents.iter().for_each(|content| pool.add(content.as_bytes(), "keys.txt"));
    pool
}

/// A new identity as text, and its recipient.
fn stranger() -> (String, Recipient) {
    let new = Identities::generate();
    (new.text.expose_text().unwrap().to_owned(), new.recipient)
}

fn problems(content: &str) -> Vec<String> {
    pool(&[content]).problems().iter().map(ToString::to_string).collect()
}

/// The reason why each copy could not be unwrapped.
fn reasons(pool: &Identities, copies: &[(&str, &str)]) -> Vec<Reason> {
    match pool.unwrap(copies) {
        Err(Error::NotUnwrapped(attempts)) => {
            attempts.into_iter().map(|attempt| attempt.reason).collect()
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("the data key was unwrapped"),
    }
}

fn data_key() -> Vec<u8> {
    (0..32).collect()
}

#[test]
fn what_age_wrapped_is_unwrapped() {
    let unwrapped = pool(&[IDENTITY]).unwrap(&[(RECIPIENT, ARMORED)]).unwrap();
    assert_eq!(unwrapped.expose(), data_key());
}

#[test]
fn what_is_wrapped_here_is_unwrapped_here() {
    let wrapped = Recipient::parse(RECIPIENT).ok().unwrap().wrap(&[7; 33]).unwrap();
    let unwrapped = pool(&[IDENTITY]).unwrap(&[(RECIPIENT, &wrapped)]).unwrap();
    assert_eq!(unwrapped.expose(), [7; 33]);
}

#[test]
fn line_ends_and_blanks_around_the_armor_do_not_matter() {
    let crlf = ARMORED.replace('\n', "\r\n");
    let blank = format!("\n \t{ARMORED}\n\n");
    for armored in [crlf.as_str(), blank.as_str(), ARMORED.trim_end()] {
        assert!(pool(&[IDENTITY]).unwrap(&[(RECIPIENT, armored)]).is_ok(), "{armored:?}");
    }
}

#[test]
fn a_copy_that_names_another_recipient_is_tried_in_the_end() {
    let (_, other) = stranger();
    let copies = [("ssh-rsa AAAA", "damaged"), (other.text(), ARMORED)];
    assert_eq!(pool(&[IDENTITY]).unwrap(&copies).unwrap().expose(), data_key());
}

#[test]
fn only_the_copy_that_names_an_own_recipient_is_opened() {
    let (other, other_recipient) = stranger();
    let decoy = Recipient::parse(RECIPIENT).ok().unwrap().wrap(&[1; 32]).unwrap();
    let own = other_recipient.wrap(&[2; 32]).unwrap();
    // Both could be opened, and the first one comes first; but it pretends to be for somebody else.
    let copies = [("age1somebody", decoy.as_str()), (other_recipient.text(), own.as_str())];
    assert_eq!(pool(&[IDENTITY, &other]).unwrap(&copies).unwrap().expose(), [2; 32]);
}

#[test]
fn a_failure_tells_why_for_each_recipient() {
    let (other, other_recipient) = stranger();
    let mut body: Vec<_> = ARMORED.lines().collect();
    body.remove(2);
    let damaged = body.join("\n");
    let copies =
        [(RECIPIENT, ARMORED), ("ssh-dss AAAA me", ARMORED), (other_recipient.text(), &damaged)];
    let error = pool(&[&other]).unwrap(&copies).err().unwrap();
    assert_eq!(
        error.to_string(),
        format!(
            "no identity unwraps the data key: {RECIPIENT}: no identity matches; \
             ssh-dss AAAA me: `ssh-dss` recipients are not supported; \
             {}: not an intact, armored age file",
            other_recipient.text()
        )
    );
}

#[test]
fn a_changed_payload_does_not_authenticate() {
    let changed = ARMORED.replace("ooOLdHGh", "ooOLdHGg");
    assert_ne!(changed, ARMORED);
    assert_eq!(reasons(&pool(&[IDENTITY]), &[(RECIPIENT, &changed)]), [Reason::Unauthentic]);
}

#[test]
fn files_without_armor_and_with_too_much_in_them_are_refused() {
    let long = Recipient::parse(RECIPIENT).ok().unwrap().wrap(&[0; 65]).unwrap();
    let copies = [
        (RECIPIENT, "age-encryption.org/v1\n"),
        (RECIPIENT, ""),
        (RECIPIENT, &ARMORED[..40]),
        (RECIPIENT, &long),
    ];
    let damaged = Reason::Damaged;
    assert_eq!(
        reasons(&pool(&[IDENTITY]), &copies),
        [damaged.clone(), damaged.clone(), damaged, Reason::TooLong(64)]
    );
}

#[test]
fn without_identities_nothing_is_tried() {
    assert_eq!(pool(&["# empty"]).unwrap(&[(RECIPIENT, ARMORED)]).err(), Some(Error::NoIdentity));
}

#[test]
fn a_file_of_age_keygen_is_read() {
    let content =
        format!("# created: 2031-05-06\r\n# public key: {RECIPIENT}\r\n\r\n{IDENTITY}\r\n");
    let pool = pool(&[&content]);
    assert_eq!(pool.recipients(), [RECIPIENT]);
    assert_eq!(pool.problems(), []);
}

#[test]
fn a_line_may_hold_several_identities_and_a_comment() {
    let (other, other_recipient) = stranger();
    let pool = pool(&[&format!("{IDENTITY} \t{other} # both of them")]);
    assert_eq!(pool.recipients(), [RECIPIENT, other_recipient.text()]);
    assert_eq!(pool.problems(), []);
}

#[test]
fn the_same_identity_from_two_sources_counts_once() {
    assert_eq!(pool(&[IDENTITY, IDENTITY]).recipients().len(), 1);
}

#[test]
fn a_bad_line_is_reported_and_the_others_are_used() {
    let content = format!(
        "some prose here\n\n{}x\n{RECIPIENT}\n{IDENTITY}\n",
        IDENTITY.replace("RX8R", "RX8Q")
    );
    assert_eq!(
        problems(&content),
        [
            "keys.txt:1: not an age identity",
            "keys.txt:3: the age identity is not valid",
            "keys.txt:4: a recipient stands in the place of an identity",
        ]
    );
    assert_eq!(pool(&[&content]).recipients().len(), 1);
}

#[test]
fn malformed_identities_are_told_whatever_their_kind() {
    let ssh = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n-----END OPENSSH PRIVATE KEY-----";
    let content = format!(
        "AGE-PLUGIN-YUBIKEY-1QQQQ\nAGE-SECRET-KEY-PQ-1QQQQ\n{ssh}\n-----BEGIN CERTIFICATE-----\n\
         AAAA\n-----END CERTIFICATE-----\nprose\n{IDENTITY}\n"
    );
    let read = pool(&[&content]);
    assert_eq!(read.recipients(), [RECIPIENT]);
    let told: Vec<_> = read.problems().iter().map(ToString::to_string).collect();
    let unreadable = if cfg!(feature = "ssh") {
        "keys.txt:3: not an SSH key that can be read"
    } else {
        "keys.txt:3: `ssh` identities are not supported"
    };
    assert_eq!(
        told,
        [
            "keys.txt:1: the age identity is not valid",
            "keys.txt:2: the age identity is not valid",
            unreadable,
            "keys.txt:6: not an age identity",
            "keys.txt:9: not an age identity",
        ]
    );
}

#[test]
fn no_problem_quotes_its_line() {
    let mut pool = Identities::new();
    let content =
        b"HUNTER2\nAGE-SECRET-KEY-1HUNTER2\nAGE-PLUGIN-HUNTER2\nAGE-PLUGIN-X-1HUNTER2-1X\n\
                    HUNTER2 \xff\n-----BEGIN HUNTER2\n";
    pool.add(content, "keys.txt");
    assert_eq!(pool.problems().len(), 6);
    for problem in pool.problems() {
        assert!(!format!("{problem} {problem:?}").contains("HUNTER2"));
    }
}

#[test]
fn identities_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&pool(&[IDENTITY]));
}
