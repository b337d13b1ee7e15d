use super::*;
use crate::make::trial::Mixed;

fn derivation(text: &str) -> Derivation {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refusal(text: &str) -> String {
    text.parse::<Derivation>().expect_err(text).to_string()
}

fn secret(text: &str) -> Secret {
    Secret::from(text.to_owned())
}

fn derived(text: &str, value: &Secret) -> Result<Secret, String> {
    let user = secret("me");
    let sources = |key: &str| match key {
        "P" => Some(value),
        "USER" => Some(&user),
        _ => None,
    };
    derivation(text).derive(&sources, &mut Mixed(1)).map_err(|error| error.to_string())
}

/// Each derivation at a low cost, in the spelling of its own, and how its values begin.
const ALL: [(&str, &str); 11] = [
    ("bcrypt(P, cost=4)", "$2a$04$"),
    ("bcrypt(P, cost=4, prefix=2b)", "$2b$04$"),
    ("bcrypt(P, cost=4, prefix=2y)", "$2y$04$"),
    ("argon2id(P, m=64, t=1, p=2)", "$argon2id$v=19$m=64,t=1,p=2$"),
    ("scrypt(P, ln=4)", "$scrypt$ln=4,r=8,p=1$"),
    ("scram-sha-256(P)", "SCRAM-SHA-256$4096:"),
    ("htpasswd(USER, P, cost=4)", "me:$2y$04$"),
    ("htpasswd(\"it's, me\", P, cost=4)", "it's, me:$2y$04$"),
    ("sha256-crypt(P)", "$5$"),
    ("sha512-crypt(P)", "$6$"),
    ("sha512-crypt(P, rounds=1000)", "$6$rounds=1000$"),
];

#[test]
fn hashes_begin_as_their_programs_expect_and_are_verified() {
    let (password, other, user) = (secret("pass word!"), secret("pass word?"), secret("me"));
    for (text, beginning) in ALL {
        let sources = |key: &str| Some(if key == "USER" { &user } else { &password });
        let wrong = |key: &str| Some(if key == "USER" { &user } else { &other });
        let derivation = derivation(text);
        let made = derivation.derive(&sources, &mut Mixed(1)).ok().unwrap();
        assert!(made.expose_text().unwrap().starts_with(beginning), "{text}");
        assert_eq!(derivation.holds(&made, &sources), Some(true), "{text}");
        assert_eq!(derivation.holds(&made, &wrong), Some(false), "{text}");
        assert_eq!(derivation.holds(&made, &|_| None), None, "{text}");
        for no_hash in ["", "x", "$", beginning, "me:", "me:x", "$6$rounds=1000$", "$5$a"] {
            assert_eq!(
                derivation.holds(&secret(no_hash), &sources),
                Some(false),
                "{text} {no_hash}"
            );
        }
        assert_eq!(derivation.holds(&Secret::new(vec![0xff]), &sources), Some(false), "{text}");
        // A file of its own ends with a line break.
        let line = secret(&format!("{}\n", made.expose_text().unwrap()));
        assert_eq!(derivation.holds(&line, &sources), Some(true), "{text}");
        // Another salt each time.
        let again = derivation.derive(&sources, &mut Mixed(2)).ok().unwrap();
        assert!(made != again, "{text}");
    }
}

#[test]
fn a_line_of_htpasswd_is_that_of_its_user() {
    let password = secret("p");
    let sources = |_: &str| Some(&password);
    let made =
        derivation("htpasswd('one', P, cost=4)").derive(&sources, &mut Mixed(1)).ok().unwrap();
    assert_eq!(derivation("htpasswd('one', P)").holds(&made, &sources), Some(true));
    assert_eq!(derivation("htpasswd('two', P)").holds(&made, &sources), Some(false));
    let colon = secret("a:b");
    let user = |key: &str| Some(if key == "U" { &colon } else { &password });
    assert_eq!(derivation("htpasswd(U, P)").derive(&user, &mut Mixed(1)).err(), Some(Error::User));
    assert_eq!(derivation("htpasswd(U, P)").holds(&made, &user), None);
}

#[test]
fn spellings_are_compared() {
    let value = Secret::new(b"a b\xff".to_vec());
    for (text, wanted) in
        [("base64(P)", "YSBi/w=="), ("hex(P)", "612062ff"), ("url(P)", "a%20b%FF")]
    {
        let made = derived(text, &value).unwrap();
        assert_eq!(made.expose_text(), Some(wanted));
        assert_eq!(derivation(text).holds(&made, &|_| Some(&value)), Some(true));
        assert_eq!(derivation(text).holds(&secret("x"), &|_| Some(&value)), Some(false));
    }
}

#[test]
fn public_keys_are_derived_and_compared() {
    use crate::make::policy::Policy;
    for (policy, text) in [
        ("ed25519", "public(P)"),
        ("ssh-ed25519", "public(P)"),
        ("wireguard", "public(P)"),
        ("age", "recipient(P)"),
    ] {
        let new = || {
            let policy: Policy = policy.parse().unwrap();
            policy.generate(&mut Mixed(5), crate::make::trial::NOW).ok().unwrap().value
        };
        let (private, none) = (new(), secret("x"));
        let made = derived(text, &private).unwrap();
        let derivation = derivation(text);
        assert_eq!(derivation.holds(&made, &|_| Some(&private)), Some(true), "{policy}");
        assert_eq!(derivation.holds(&secret("x"), &|_| Some(&private)), Some(false), "{policy}");
        assert_eq!(derivation.holds(&made, &|_| Some(&none)), None, "{policy}");
        if policy == "ssh-ed25519" {
            let comment = secret(&format!("{} me@host\n", made.expose_text().unwrap()));
            assert_eq!(derivation.holds(&comment, &|_| Some(&private)), Some(true));
        }
    }
}

#[test]
fn derivations_are_read_as_they_are_written() {
    let defaults = [
        "bcrypt(P)",
        "argon2id(P)",
        "scrypt(P)",
        "base64(P)",
        "hex(P)",
        "url(P)",
        "public(P)",
        "recipient(P)",
    ];
    for text in ALL.map(|(text, _)| text).iter().chain(&defaults) {
        assert_eq!(derivation(text).to_string(), *text);
    }
    for (text, canonical) in [
        (" bcrypt ( P ,cost = 11,prefix=2a ) ", "bcrypt(P)"),
        ("argon2id(P, p=4, m=65536, t=3)", "argon2id(P)"),
        ("htpasswd('a', P)", "htpasswd(\"a\", P)"),
        ("sha256-crypt(P, rounds=5000)", "sha256-crypt(P)"),
    ] {
        assert_eq!(derivation(text).to_string(), canonical);
    }
    assert!(derivation("htpasswd(USER, tls.key)").keys().eq(["USER", "tls.key"]));
}

#[test]
fn what_is_no_derivation_is_refused_without_repeating_it() {
    for text in
        ["", "hunter2", "hunter2()", "bcrypt", "bcrypt(P", "bcrypt P)", "md5(P)", "Bcrypt(P)"]
    {
        assert!(
            refusal(text).starts_with("unknown derivation; known are `bcrypt(KEY)`, "),
            "{text}"
        );
    }
    let written = "derivation `bcrypt` is written `bcrypt(KEY, cost=11, prefix=2a)`";
    for inside in
        ["", "hunter2!", "P, Q", "P, hunter2=1", "P, cost=4, cost=5", "cost=4, P", "'P'", "P,"]
    {
        assert_eq!(refusal(&format!("bcrypt({inside})")), written, "{inside}");
    }
    let user =
        "derivation `htpasswd`: a user name has 1 to 255 characters, no `:` and no line break";
    let cases = [
        ("bcrypt(P, cost=3)", "derivation `bcrypt`: `cost=` takes a number from 4 to 17"),
        ("bcrypt(P, cost=18)", "derivation `bcrypt`: `cost=` takes a number from 4 to 17"),
        ("bcrypt(P, cost=+5)", "derivation `bcrypt`: `cost=` takes a number from 4 to 17"),
        ("bcrypt(P, prefix=2x)", "derivation `bcrypt`: `prefix=` takes `2a`, `2b` or `2y`"),
        (
            "sha512-crypt(P, rounds=999)",
            "derivation `sha512-crypt`: `rounds=` takes a number from 1000 to 5000000",
        ),
        (
            "argon2id(P, m=16, p=3)",
            "derivation `argon2id`: these costs take too much memory or time together",
        ),
        (
            "argon2id(P, m=2097152, t=5)",
            "derivation `argon2id`: these costs take too much memory or time together",
        ),
        (
            "scrypt(P, ln=21)",
            "derivation `scrypt`: these costs take too much memory or time together",
        ),
        (
            "scrypt(P, ln=20, p=5)",
            "derivation `scrypt`: these costs take too much memory or time together",
        ),
        ("hex(P, x=1)", "derivation `hex` is written `hex(KEY)`"),
        (
            "htpasswd(P)",
            "derivation `htpasswd` is written `htpasswd(\"NAME\", KEY, cost=11)` or `htpasswd(USER, KEY)`",
        ),
        (
            "htpasswd('a, P)",
            "derivation `htpasswd` is written `htpasswd(\"NAME\", KEY, cost=11)` or `htpasswd(USER, KEY)`",
        ),
        ("htpasswd('a:b', P)", user),
        ("htpasswd('', P)", user),
        ("htpasswd('a\"b', P)", user),
    ];
    for (text, told) in cases {
        assert_eq!(refusal(text), told);
    }
}

#[test]
fn what_a_function_would_cut_off_is_refused() {
    let longest = secret(&"x".repeat(72));
    assert!(derived("bcrypt(P, cost=4)", &longest).is_ok());
    let long = secret(&"x".repeat(73));
    for text in ["bcrypt(P)", "htpasswd('a', P)"] {
        let name = text.split('(').next().unwrap();
        let told = format!("`{name}` takes 72 bytes at most, the value has 73");
        assert_eq!(derived(text, &long).err(), Some(told));
    }
    let zero = secret("a\0b");
    for name in ["bcrypt", "sha256-crypt", "sha512-crypt"] {
        let told = format!("`{name}` ends at a zero byte, and the value has one");
        assert_eq!(derived(&format!("{name}(P)"), &zero).err(), Some(told));
    }
    let longer = secret(&"x".repeat(1025));
    let told = "`sha512-crypt` takes 1024 bytes at most, the value has 1025";
    assert_eq!(derived("sha512-crypt(P)", &longer).err().as_deref(), Some(told));
    let told = "`scram-sha-256` takes printable ASCII, and the value has something else";
    assert_eq!(derived("scram-sha-256(P)", &secret("pä")).err().as_deref(), Some(told));
    assert!(derived("public(P)", &zero).err().unwrap().starts_with("`public` takes a private key"));
    assert!(derived("recipient(P)", &zero).err().unwrap().starts_with("`recipient` takes an age"));
    assert_eq!(derived("hex(Q)", &zero).err().unwrap(), "a key that it is made from is not there");
}
