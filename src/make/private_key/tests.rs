use super::*;
use crate::make::policy::Policy;
use crate::make::trial::{Cycle, Mixed, NOW};

/// TEST ONLY: key 1 of RFC 8032, 7.1, and what OpenSSL makes of it.
const ED25519: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----
";

fn text(algorithm: Algorithm, seed: u64) -> String {
    generate(algorithm, &mut Mixed(seed)).expose_text().unwrap().to_owned()
}

#[test]
fn a_key_is_one_of_its_own_algorithm_alone() {
    let algorithms = [
        Algorithm::Age,
        Algorithm::Ed25519,
        Algorithm::SshEd25519,
        #[cfg(feature = "ssh")]
        Algorithm::Rsa(2048),
        Algorithm::Wireguard,
    ];
    for made in algorithms {
        let key = text(made, 1);
        for asked in algorithms {
            assert_eq!(is_key(asked, &key), asked == made, "{made} as {asked}");
        }
        assert!(!is_key(made, &key[..key.len() / 2]) && !is_key(made, ""));
        // An age identity has a recipient instead.
        assert_eq!(public(&key).is_some(), made != Algorithm::Age);
        assert_eq!(
            recipients(&key).is_some(),
            made == Algorithm::Age || (cfg!(feature = "ssh") && made == Algorithm::SshEd25519)
        );
    }
}

#[cfg(feature = "ssh")]
#[test]
fn an_rsa_key_has_its_size() {
    let key = text(Algorithm::Rsa(2048), 1);
    assert!(is_key(Algorithm::Rsa(2048), &key) && !is_key(Algorithm::Rsa(3072), &key));
}

#[test]
fn ed25519_meets_rfc_8032() {
    assert_eq!(
        public(ED25519).unwrap(),
        "-----BEGIN PUBLIC KEY-----\n\
         MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
         -----END PUBLIC KEY-----\n"
    );
    // The seed is what was drawn, and nothing else is in the file.
    let made = generate(Algorithm::Ed25519, &mut Cycle(vec![7], 0));
    let body = made.expose_text().unwrap().lines().nth(1).unwrap();
    assert!(STANDARD.decode(body).unwrap().ends_with(&[7; 32]));
}

#[test]
fn wireguard_meets_rfc_7748() {
    // Alice's key of 6.1.
    let private = "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo=";
    assert_eq!(public(private).unwrap(), "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=");
    for byte in [0, 0xff] {
        let made = generate(Algorithm::Wireguard, &mut Cycle(vec![byte], 0));
        let bytes = STANDARD.decode(made.expose()).unwrap();
        assert_eq!((bytes[0] & 7, bytes[31] & 0xc0), (0, 0x40));
    }
}

#[test]
fn recipients_of_identities_are_told() {
    let identity = "AGE-SECRET-KEY-1K35W25MT9740EHYLS6PR0UJY26XJSA7HQRGNF8KZXJSVELAMARCQJPRX8R";
    let recipient = "age16c4r758q88t8udcxggd3dlcwy3h2t9vsvdaf82xdng765hdntdfqq37jpf";
    assert_eq!(recipients(identity).unwrap(), [recipient]);
    let file = format!("# created: today\n# public key: {recipient}\n{identity}\n");
    assert_eq!(recipients(&file).unwrap(), [recipient]);
    assert_eq!(recipients(&format!("{identity} hunter2")), None);
    assert_eq!(recipients(""), None);
    assert_eq!(recipients(recipient), None);
}

#[test]
fn what_is_no_private_key_has_no_public_one() {
    let key = text(Algorithm::SshEd25519, 1);
    let cut = key.replacen("AAAA", "", 1);
    let swapped = ED25519.replace("PRIVATE", "PUBLIC");
    for wrong in [
        "",
        "hunter2",
        "AAAA",
        &cut,
        &swapped,
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ] {
        assert_eq!(public(wrong), None, "{wrong}");
    }
}

#[test]
fn an_openssh_key_whose_halves_differ_is_not_accepted() {
    let (one, other) = (text(Algorithm::SshEd25519, 1), text(Algorithm::SshEd25519, 2));
    let decode = |text: &str| {
        let body: Vec<&str> = text.lines().filter(|line| !line.starts_with('-')).collect();
        STANDARD.decode(body.concat()).unwrap()
    };
    // The seed lies in the last part, in front of the point, an empty comment and the padding.
    let (mut mixed, other) = (decode(&one), decode(&other));
    let at = mixed.len() - 80;
    mixed[at..].copy_from_slice(&other[at..]);
    let body = STANDARD.encode(mixed);
    let text = format!("{}\n{body}\n-----END OPENSSH PRIVATE KEY-----\n", openssh::BEGIN);
    assert!(is_key(Algorithm::SshEd25519, &one));
    assert!(!is_key(Algorithm::SshEd25519, &text));
}

#[test]
fn a_certificate_is_accepted_for_its_own_names_alone() {
    let names = |text: &str| -> Policy { format!("self-signed:{text}").parse().unwrap() };
    let policy = names("cn=a.test,days=10,san=10.0.0.1,san=::1");
    let made = policy.generate(&mut Mixed(1), NOW).ok().unwrap();
    assert_eq!(policy.accepts(&made.value), Ok(()));
    assert_eq!(names("cn=a.test,days=9,san=::1,san=10.0.0.1").accepts(&made.value), Ok(()));
    for other in [
        "cn=a.test,days=10,san=::1",
        "cn=b.test,days=10,san=10.0.0.1,san=::1",
        "cn=a.test,days=10,san=10.0.0.1,san=::1,san=c.test",
    ] {
        assert!(names(other).accepts(&made.value).is_err(), "{other}");
    }
    assert!(policy.accepts(&made.companion.unwrap()).is_err());
}

/// A certificate for ten days from [`NOW`] on, and its key.
fn certified(seed: u64) -> (Secret, Secret) {
    let policy: Policy = "self-signed:cn=a.test,days=40".parse().unwrap();
    let made = policy.generate(&mut Mixed(seed), NOW).ok().unwrap();
    (made.value, made.companion.unwrap())
}

#[test]
fn a_certificate_is_told_when_it_is_not_valid_or_soon_will_not_be() {
    use pair::Remark::{Ended, Ends, NotYet};
    let (certificate, key) = certified(1);
    let (from, at) = (NOW.to_owned(), "2031-02-11T03:04:05Z".to_owned());
    for (now, wanted) in [
        ("2031-01-02T03:04:04Z", vec![NotYet { from }]),
        (NOW, vec![]),
        ("2031-01-12T03:04:05Z", vec![]),
        ("2031-01-12T03:04:06Z", vec![Ends { at: at.clone() }]),
        ("2031-02-11T03:04:05Z", vec![Ends { at: at.clone() }]),
        ("2031-02-11T03:04:06Z", vec![Ended { at }]),
    ] {
        assert_eq!(pair::check(&certificate, &key, now), Ok(wanted), "{now}");
    }
}

#[test]
fn a_certificate_and_a_key_belong_together_or_are_refused() {
    use pair::Error::{Certificate, Key, Mismatch, Protected};
    let ((certificate, key), (_, other)) = (certified(1), certified(2));
    let check = |one: &Secret, other: &Secret| pair::check(one, other, NOW);
    assert_eq!(check(&certificate, &other), Err(Mismatch));
    let secret = |text: &str| Secret::from(text.to_owned());
    assert_eq!(check(&certificate, &secret(ED25519)), Err(Mismatch));
    assert_eq!(check(&key, &key), Err(Certificate));
    assert_eq!(check(&certificate, &certificate), Err(Key));
    assert_eq!(check(&certificate, &Secret::new(vec![0xff])), Err(Key));
    let ssh = generate(Algorithm::SshEd25519, &mut Mixed(1));
    assert_eq!(check(&certificate, &ssh), Err(Key));

    // Other text around the blocks, and lines of another length.
    let text = key.expose_text().unwrap();
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let labelled = |label: &str, header: &str| {
        secret(&format!(
            "note\n-----BEGIN {label}-----\n{header}{body}\n-----END {label}-----\nnote"
        ))
    };
    assert_eq!(check(&certificate, &labelled("PRIVATE KEY", "")), Ok(vec![]));
    assert_eq!(check(&certificate, &labelled("ENCRYPTED PRIVATE KEY", "")), Err(Protected));
    let header = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n";
    assert_eq!(check(&certificate, &labelled("RSA PRIVATE KEY", header)), Err(Protected));
    for label in ["RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY", "PUBLIC KEY"] {
        assert_eq!(check(&certificate, &labelled(label, "")), Err(Key), "{label}");
    }
}

#[test]
fn an_algorithm_that_is_not_supported_is_said_and_not_refused() {
    let (certificate, _) = certified(1);
    // Ed448 (RFC 8410, 10.3): an identifier that is not known, and bytes.
    let body = STANDARD.encode(
        [&[0x30, 0x47, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x71, 4, 0x3b, 4, 0x39][..], &[7; 0x39]]
            .concat(),
    );
    let key = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
    assert_eq!(
        pair::check(&certificate, &Secret::from(key), NOW),
        Ok(vec![pair::Remark::Unchecked])
    );
}

#[test]
fn halves_of_ssh_keys_are_told_apart() {
    let key = text(Algorithm::SshEd25519, 1);
    for private in [key.as_str(), ED25519, &text(Algorithm::Ed25519, 1)] {
        assert_eq!(ssh_half(private), Some(Half::Private));
    }
    assert_eq!(ssh_half(&public(&key).unwrap()), Some(Half::Public));
    assert_eq!(ssh_half(&public(ED25519).unwrap()), Some(Half::Public));
    assert_eq!(ssh_half(&key[..key.len() / 2]), None);
    assert_eq!(ssh_half("hunter2"), None);
}
