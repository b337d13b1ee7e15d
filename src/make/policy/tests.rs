use super::*;
use crate::make::trial::{Mixed, NOW};

fn policy(text: &str) -> Policy {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refusal(text: &str) -> String {
    text.parse::<Policy>().expect_err(text).to_string()
}

fn made(text: &str, seed: u64) -> Secret {
    policy(text).generate(&mut Mixed(seed), NOW).ok().unwrap().value
}

fn text(text: &str) -> String {
    made(text, 1).expose_text().unwrap().to_owned()
}

/// Everything that is drawn, and its entropy.
const DRAWN: [(&str, f64); 12] = [
    ("alnum:40", 238.168),
    ("alnum:20,exclude=0O1lI", 116.657),
    ("ascii:32", 209.747),
    ("ascii:32,exclude='\"`,,", 207.739),
    ("pin:8", 26.575),
    ("hex:32", 256.0),
    ("base64:33", 264.0),
    ("base64url:32", 256.0),
    ("uuid", 122.0),
    ("words:6", 77.549),
    ("alnum:48,prefix=sk-", 285.801),
    ("base64:32,prefix=base64:", 256.0),
];

/// Keys, without RSA.
const KEYS: [&str; 4] = ["age", "ed25519", "ssh-ed25519", "wireguard"];

#[test]
fn policies_are_read_as_they_are_written() {
    let certificates =
        ["self-signed:cn=a.test,days=365", "self-signed:cn=::1,days=1,san=*.b.test,san=10.0.0.1"];
    for text in DRAWN.map(|(text, _)| text).iter().chain(&KEYS).chain(&certificates) {
        assert_eq!(policy(text).to_string(), *text);
    }
    let other = policy("ascii:32,prefix=a,,b,exclude=,,");
    assert_eq!(other.to_string(), "ascii:32,exclude=,,,prefix=a,,b");
    assert_eq!(policy(&other.to_string()), other);
    assert_eq!(
        policy("self-signed:san=b.test,days=2,cn=a.test").to_string(),
        "self-signed:cn=a.test,days=2,san=b.test"
    );
    assert_eq!(policy("alnum:40"), Policy::default());
}

#[test]
fn entropy_is_that_of_the_draw() {
    for (text, bits) in DRAWN {
        let found = policy(text).entropy().unwrap();
        assert!((found - bits).abs() < 0.001, "{text}: {found}");
    }
    assert_eq!(policy("ed25519").entropy(), None);
}

#[test]
fn values_have_their_form_and_are_accepted() {
    let forms = [
        ("alnum:40", "^[A-Za-z0-9]{40}$"),
        ("alnum:20,exclude=0O1lI", "^[A-HJ-NP-Za-km-z2-9]{20}$"),
        ("ascii:1000", "^[!-~]{1000}$"),
        ("pin:8", "^[0-9]{8}$"),
        ("hex:32", "^[0-9a-f]{64}$"),
        ("base64:33", "^[A-Za-z0-9+/]{44}$"),
        ("base64:32", "^[A-Za-z0-9+/]{43}=$"),
        ("base64url:32", "^[A-Za-z0-9_-]{43}=$"),
        ("uuid", "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"),
        ("words:6", "^[a-z]+(-[a-z]+){5,}$"),
        ("alnum:48,prefix=sk-", "^sk-[A-Za-z0-9]{48}$"),
        ("wireguard", "^[A-Za-z0-9+/]{43}=$"),
        ("age", "^AGE-SECRET-KEY-1[0-9A-Z]{58}$"),
    ];
    for (name, form) in forms {
        let form = regex::Regex::new(form).unwrap();
        for seed in 0..20 {
            let value = made(name, seed);
            assert!(form.is_match(value.expose_text().unwrap()), "{name}");
            assert_eq!(policy(name).accepts(&value), Ok(()), "{name}");
        }
    }
}

#[test]
fn every_character_of_an_alphabet_comes_up_and_no_excluded_one() {
    let all: String = ('!'..='~').collect();
    let mut found: Vec<char> = text("ascii:20000").chars().collect();
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.into_iter().collect::<String>(), all);
    let without = text("ascii:20000,exclude=$,,'\"");
    assert!(!without.contains(['$', ',', '\'', '"']) && without.contains('`'));
}

#[test]
fn two_values_of_one_source_differ() {
    let mut source = Mixed(7);
    for name in DRAWN.map(|(text, _)| text).iter().chain(&KEYS) {
        let mut new = || policy(name).generate(&mut source, NOW).ok().unwrap().value;
        assert!(new() != new(), "{name}");
    }
    assert!(Policy::password(&mut source) != Policy::password(&mut source));
    assert_eq!(Policy::default().accepts(&Policy::password(&mut source)), Ok(()));
}

#[test]
fn fewer_than_64_bits_are_refused_with_the_length_that_does() {
    let cases = [
        ("alnum:10", "60", "alnum:11"),
        ("ascii:9", "59", "ascii:10"),
        ("hex:7", "56", "hex:8"),
        ("base64:0", "0", "base64:8"),
        ("words:4", "52", "words:5"),
    ];
    for (text, bits, enough) in cases {
        assert_eq!(
            refusal(text),
            format!(
                "policy `{text}`: {bits} bits of entropy, at least 64 are needed; take `{enough}` or more"
            )
        );
        policy(enough);
    }
    let hexadecimal = "ghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    policy(&format!("alnum:16,exclude={hexadecimal}"));
    assert!(
        refusal(&format!("alnum:15,exclude={hexadecimal}")).ends_with("take `alnum:16` or more")
    );
}

#[test]
fn a_pin_is_made_with_a_warning_and_a_phrase_with_a_remark() {
    let warning = "`pin:4` has 13 bits of entropy: it can be guessed unless attempts are limited";
    assert_eq!(policy("pin:4").warning().as_deref(), Some(warning));
    assert_eq!(policy("pin:20").warning(), None);
    assert_eq!(policy("words:6").remark().as_deref(), Some("`words:6` has 78 bits of entropy"));
    #[cfg(feature = "ssh")]
    assert_eq!(
        policy("rsa:4096").remark().as_deref(),
        Some("`rsa:4096` can take half a minute to make")
    );
    assert_eq!(policy("alnum:40").warning().or(policy("uuid").remark()), None);
}

#[test]
fn what_is_no_policy_is_refused_without_repeating_it() {
    for text in ["", "alnumm:40", "Alnum:40", "hunter2", "40", " alnum:40", "hunter2:40,prefix=x"] {
        assert!(refusal(text).starts_with("unknown policy; known are `alnum:LENGTH`, "), "{text}");
    }
    for length in ["hunter2", "", "-1", "+40", " 40", "1048577", "99999999999999999999"] {
        let told = "policy `alnum`: the length has to be a number up to 1048576";
        assert_eq!(refusal(&format!("alnum:{length}")), told);
    }
    let option = "policy `alnum`: options are `exclude=` and `prefix=`, each once";
    let cases = [
        ("alnum", "policy `alnum`: the length has to be a number up to 1048576"),
        ("hex:32x", "policy `hex`: the length has to be a number up to 524288"),
        ("uuid:4", "policy `uuid` takes no length"),
        ("age:4", "policy `age` takes no length"),
        ("alnum:40,hunter2", option),
        ("alnum:40,", option),
        ("alnum:40,prefix=a,prefix=b", option),
        ("pin:8,exclude=1", "policy `pin`: options are `prefix=`, each once"),
        ("age,prefix=x", "policy `age` makes a key, so it takes no options"),
        ("uuid,prefix=", "policy `uuid`: `prefix=` takes 1 to 64 printable ASCII characters"),
        ("uuid,prefix=ä", "policy `uuid`: `prefix=` takes 1 to 64 printable ASCII characters"),
        ("rsa", "policy `rsa`: the size has to be 2048, 3072 or 4096 bits"),
        ("rsa:1024", "policy `rsa`: the size has to be 2048, 3072 or 4096 bits"),
    ];
    for (text, told) in cases {
        assert_eq!(refusal(text), told);
    }
    for exclude in ["ä", "aa", " ", "!", std::str::from_utf8(&ALNUM[1..]).unwrap()] {
        let told = "policy `alnum`: `exclude=` takes characters of its alphabet, each once, and has to leave two";
        assert_eq!(refusal(&format!("alnum:999,exclude={exclude}")), told, "{exclude}");
    }
}

#[test]
fn a_certificate_is_for_names_and_days() {
    let names = "policy `self-signed`: `cn=` and `san=` take a host name or an IP address, `cn=` at most 64 characters";
    let days = "policy `self-signed`: `days=` takes a number from 1 to 36500";
    let options =
        "policy `self-signed`: options are `cn=`, `days=` and `san=`, each once, `san=` often";
    let long = format!("{}.test", "a".repeat(60));
    let cases = [
        ("self-signed", options),
        ("self-signed:", options),
        ("self-signed:cn=a.test", options),
        ("self-signed:days=1", options),
        ("self-signed:cn=a.test,cn=b.test,days=1", options),
        ("self-signed:cn=a.test,days=1,prefix=x", options),
        ("self-signed:cn=,days=1", names),
        ("self-signed:cn=a b,days=1", names),
        ("self-signed:cn=-a.test,days=1", names),
        ("self-signed:cn=a.*.test,days=1", names),
        ("self-signed:cn=a.test,days=1,san=a..b", names),
        (&format!("self-signed:cn={long},days=1"), names),
        ("self-signed:cn=a.test,days=0", days),
        ("self-signed:cn=a.test,days=36501", days),
        ("self-signed:cn=a.test,days=x", days),
    ];
    for (text, told) in cases {
        assert_eq!(refusal(text), told, "{text}");
    }
    let certificate = policy("self-signed:cn=a.test,days=1");
    assert_eq!(certificate.companion("tls.crt"), Ok(Some("tls.key".to_owned())));
    for key in ["tls", "tls.pem", ".crt", "crt"] {
        assert_eq!(certificate.companion(key), Err(Error::CertificateKey), "{key}");
    }
    assert_eq!(policy("uuid").companion("tls.crt"), Ok(None));
    for now in ["yesterday", "1950-01-01T00:00:00Z"] {
        assert_eq!(certificate.generate(&mut Mixed(1), now).err(), Some(Error::Time));
    }
}

#[test]
fn a_value_of_another_form_is_not_accepted() {
    let other = |unit, found, wanted| Mismatch::Length { found, wanted, unit };
    let short = "a".repeat(39);
    let cases: Vec<(&str, &str, Mismatch)> = vec![
        ("alnum:40", &short, other("characters", 39, 40)),
        ("alnum:11", "aaaaaaaaaa-", Mismatch::Character),
        ("alnum:11,exclude=0", "aaaaaaaaaa0", Mismatch::Character),
        ("alnum:11,prefix=x-", "aaaaaaaaaaaaa", Mismatch::Prefix),
        ("alnum:11,prefix=x-", "x-aaaaaaaaaa", other("characters", 10, 11)),
        ("pin:4", "12345", other("characters", 5, 4)),
        ("pin:4", "12a4", Mismatch::Character),
        ("hex:8", "0123456789abcdef01", other("bytes", 9, 8)),
        ("hex:8", "0123456789abcde", Mismatch::Form("bytes in hexadecimal digits")),
        ("base64:8", "AAAAAAAAAAA", Mismatch::Form("bytes in base64 with padding")),
        ("base64url:8", "AAAAAAAAA+A=", Mismatch::Form("bytes in base64url with padding")),
        ("base64:8", "AAAAAAAA", other("bytes", 6, 8)),
        ("uuid", "00000000-0000-1000-8000-000000000000", Mismatch::Form("a UUID of version 4")),
        ("uuid", "00000000-0000-4000-c000-000000000000", Mismatch::Form("a UUID of version 4")),
        ("words:5", "abacus-zoom", other("words", 2, 5)),
        ("words:5", "abacus-hunter2", Mismatch::Form("made of words of the list")),
        ("wireguard", "AAAA", Mismatch::Form("a private key of WireGuard")),
        ("age", "AGE-SECRET-KEY-1AAAA", Mismatch::Form("an age identity")),
        ("ed25519", "x", Mismatch::Form("an Ed25519 key in PKCS 8, PEM")),
    ];
    for (text, value, wanted) in cases {
        let found = policy(text).accepts(&Secret::from(value.to_owned()));
        assert_eq!(found, Err(wanted), "{text} {value}");
    }
    assert_eq!(policy("uuid").accepts(&Secret::new(vec![0xff])), Err(Mismatch::NotText));
    assert_eq!(other("bytes", 9, 8).to_string(), "has 9 bytes, not 8");
    // Longer is as good where it is not a matter of a cipher.
    for (text, longer) in
        [("alnum:11", "alnum:12"), ("words:5", "words:6"), ("ascii:10", "alnum:12")]
    {
        assert_eq!(policy(text).accepts(&made(longer, 2)), Ok(()));
    }
}
