//! What is recorded is read back as it was, whatever it says and wherever it is added.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;

/// A repository with or without a `keywright.yaml`.
fn repository(settings: Option<&str>) -> (tempfile::TempDir, Snapshot) {
    let directory = tempfile::tempdir().unwrap();
    if let Some(text) = settings {
        std::fs::write(directory.path().join(FILE_NAME), text).unwrap();
    }
    let snapshot = Snapshot::take(directory.path()).unwrap();
    (directory, snapshot)
}

fn recorded(recipe: &Recipe, settings: Option<&str>) -> Result<String, String> {
    let (_directory, snapshot) = repository(settings);
    let change = record(recipe, &snapshot).map_err(|error| error.to_string())?;
    assert_eq!(change.path, Path::new(FILE_NAME));
    assert!(!change.plain, "a recipe has no secret");
    Ok(String::from_utf8(change.new.unwrap().to_vec()).unwrap())
}

fn recipes(text: &str) -> Vec<Recipe> {
    Recipe::all(&Document::parse(text.as_bytes().to_vec()).unwrap()).unwrap()
}

const NATS: &str = "\
secrets:
  nats-credentials:
    app: apps/nats
    type: example.com/nats
    keys:
      PASSWORD: {generate: 'alnum:20'}
      BCRYPT: {derive: bcrypt(PASSWORD)}
      LINE: {derive: 'htpasswd(\"admin\", PASSWORD)'}
      URL: {template: 'nats://admin:{PASSWORD|url}@nats:4222'}
      LICENCE: {given: true}
      RESTIC: {generate: 'alnum:40', keep: true}
";

#[test]
fn a_recipe_is_written_as_the_page_writes_it() {
    let recipe = recipes(NATS).swap_remove(0);
    assert_eq!(recorded(&recipe, None).unwrap(), NATS);
    let opaque = Recipe { kind: OPAQUE.to_owned(), app: None, ..recipe };
    let text = recorded(&opaque, None).unwrap();
    assert!(text.starts_with("secrets:\n  nats-credentials:\n    keys:\n"), "{text}");
}

/// Files before and after, around the lines of a recipe.
const FILES: [(&str, &str, &str); 8] = [
    (
        "layout: {apps: [a]} # why\n# end\n",
        "layout: {apps: [a]} # why\n# end\nsecrets:\n  new:\n",
        "",
    ),
    (
        "# about\nsecrets:\n  a: {keys: {K: {given: true}}} # why\n\n# l\nlayout: {apps: [a]}\n",
        "# about\nsecrets:\n  a: {keys: {K: {given: true}}} # why\n  new:\n",
        "\n# l\nlayout: {apps: [a]}\n",
    ),
    (
        "secrets:\n    a:\n        keys: {K: {given: true}}",
        "secrets:\n    a:\n        keys: {K: {given: true}}\n    new:\n",
        "",
    ),
    ("secrets: {}\nlayout: {}\n", "secrets:\n  new:\n", "layout: {}\n"),
    ("secrets: # none yet\nlayout:\n", "secrets: # none yet\n  new:\n", "layout:\n"),
    (
        "secrets: {a: {keys: {K: {given: true}}}}\n",
        "secrets: {a: {keys: {K: {given: true}}}, new: {",
        "}\n",
    ),
    ("# nothing\n", "# nothing\n---\nsecrets:\n  new:\n", ""),
    ("layout: {}\r\n", "layout: {}\r\nsecrets:\r\n  new:\r\n", "\r\n"),
];

#[test]
fn what_stands_in_the_file_stays() {
    let recipe = Recipe { name: "new".into(), ..recipes(NATS).swap_remove(0) };
    for (before, start, end) in FILES {
        let text = recorded(&recipe, Some(before)).unwrap();
        assert!(text.starts_with(start) && text.ends_with(end), "{before}\n{text}");
        let all = recipes(&text);
        assert_eq!(all.last(), Some(&recipe), "{text}");
        assert_eq!(all[..all.len() - 1], recipes(before), "{text}");
    }
}

#[test]
fn a_name_that_is_taken_and_a_file_that_cannot_be_read_are_refused() {
    let recipe = recipes(NATS).swap_remove(0);
    let refusal = |text: &str| recorded(&recipe, Some(text)).unwrap_err();
    assert_eq!(
        refusal(NATS),
        "keywright.yaml:2:3: there is a recipe for `nats-credentials` already"
    );
    let cases = [
        ("a: [", "keywright.yaml:"),
        ("secret: {}\n", "keywright.yaml:1:1: there is no setting `secret`"),
        ("secrets: {a: {}}\n", "keywright.yaml:1:14: `secrets.a.keys` must be keys"),
        ("secrets: [a]\n", "keywright.yaml:1:10: `secrets` must be recipes"),
        ("layout: {}\n---\nlayout: {}\n", "must be a single document"),
    ];
    for (text, wanted) in cases {
        assert!(refusal(text).contains(wanted), "{text}: {}", refusal(text));
    }
}

/// Reads a text, writes it, and reads it again.
#[track_caller]
fn both_ways<T: FromStr<Err: Debug> + Display + PartialEq + Debug>(text: &str) -> T {
    let read: T = text.parse().unwrap_or_else(|error| panic!("{text}: {error:?}"));
    assert_eq!(read.to_string().parse::<T>().unwrap(), read, "{text}");
    read
}

fn commas(text: &str) -> String {
    text.replace(',', ",,")
}

/// The prefix of a policy, or none.
fn prefix() -> impl Strategy<Value = String> {
    let written = |prefix: String| format!(",prefix={}", commas(&prefix));
    prop_oneof![Just(String::new()), "[ -~]{1,9}".prop_map(written)]
}

fn policy() -> impl Strategy<Value = String> {
    let ascii: Vec<char> = ('!'..='~').collect();
    let alnum = ascii.iter().copied().filter(char::is_ascii_alphanumeric).collect::<Vec<_>>();
    let characters = |name: &'static str, set: Vec<char>| {
        let drawn = (12..99usize, subsequence(set, 0..9).prop_shuffle(), prefix());
        drawn.prop_map(move |(length, left_out, prefix)| {
            let left_out: String = left_out.into_iter().collect();
            let option = format!(",exclude={}", commas(&left_out));
            format!("{name}:{length}{}{prefix}", if left_out.is_empty() { "" } else { &option })
        })
    };
    let counted =
        (select(vec!["pin", "hex", "base64", "base64url", "words"]), 8..99usize, prefix());
    let keys = if cfg!(feature = "ssh") { 5 } else { 4 };
    let keys = &["age", "ed25519", "ssh-ed25519", "wireguard", "rsa:3072"][..keys];
    let names = vec("[a-z]{1,5}\\.test|10\\.0\\.0\\.[1-9]|::1|\\*\\.b\\.test", 0..4);
    let certificate = (1..36_500usize, names).prop_map(|(days, names)| {
        let names: String = names.iter().map(|name| format!(",san={name}")).collect();
        format!("self-signed:cn=a.test,days={days}{names}")
    });
    prop_oneof![
        characters("alnum", alnum),
        characters("ascii", ascii),
        counted.prop_map(|(name, count, prefix)| format!("{name}:{count}{prefix}")),
        prefix().prop_map(|prefix| format!("uuid{prefix}")),
        select(keys).prop_map(str::to_owned),
        certificate,
    ]
}

fn derivation() -> impl Strategy<Value = String> {
    let plain = ["scram-sha-256", "base64", "hex", "url", "public", "recipient"];
    let bcrypt = (4..18u32, select(vec!["2a", "2b", "2y"]));
    let user = prop_oneof![Just("P".to_owned()), "\"[^\":\r\n\\x00]{1,9}\""];
    let crypt = (select(vec!["sha256-crypt", "sha512-crypt"]), 1000..9999u32);
    prop_oneof![
        select(plain.to_vec()).prop_map(|name| format!("{name}(P)")),
        bcrypt.prop_map(|(cost, prefix)| format!("bcrypt(P, cost={cost}, prefix={prefix})")),
        (64..99u32, 1..4u32, 1..4u32)
            .prop_map(|(m, t, p)| format!("argon2id( P,m={m},t={t}, p={p} )")),
        (1..18u32, 1..9u32).prop_map(|(ln, r)| format!("scrypt(P, r={r}, ln={ln})")),
        (user, 4..18u32).prop_map(|(user, cost)| format!("htpasswd({user}, P, cost={cost})")),
        crypt.prop_map(|(name, rounds)| format!("{name}(P, rounds={rounds})")),
    ]
}

fn template() -> impl Strategy<Value = String> {
    let literal = prop_oneof![
        "[^{}]{0,9}",
        select(vec!["{{", "}}", ": ", " #", "\n", "- ", "'", "\"", "\\", "\t", "~"])
            .prop_map(str::to_owned),
    ];
    let value = select(vec!["{P}", "{P|url}", "{P|base64}", "{P|hex}"]).prop_map(str::to_owned);
    vec(prop_oneof![literal, value], 0..9).prop_map(|parts| parts.concat())
}

/// Some way to make a value from nothing or from the key `P`.
fn how() -> impl Strategy<Value = How> {
    prop_oneof![
        policy().prop_map(|text| How::Generate(both_ways(&text))),
        derivation().prop_map(|text| How::Derive(both_ways(&text))),
        template().prop_map(|text| How::Template(both_ways(&text))),
        Just(How::Given),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_recorded_is_read_back(
        ways in vec((how(), any::<bool>()), 0..5),
        app in proptest::option::of("[a-z0-9./-]{1,9}"),
        kind in select(vec![OPAQUE, "kubernetes.io/tls"]),
        file in proptest::option::of(select(FILES.map(|(before, ..)| before).to_vec())),
    ) {
        let first = Ingredient { key: "P".into(), how: How::Given, keep: false };
        // Certificates need such names; for others they are as good as any.
        let further = ways.into_iter().enumerate().map(|(at, (how, keep))| {
            Ingredient { key: format!("{at}.crt"), how, keep }
        });
        let keys = [first].into_iter().chain(further).collect();
        let recipe = Recipe { name: "1.0".into(), app, kind: kind.into(), keys };
        let text = recorded(&recipe, file).unwrap();
        prop_assert_eq!(recipes(&text).pop(), Some(recipe), "{}", text);
    }
}
