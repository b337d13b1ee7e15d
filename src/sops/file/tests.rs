//! Files that are opened, changed and closed again: what differs, and what must not.

use super::*;
use crate::keys::{NewIdentity, Recipient};

const NOW: &str = "2031-01-02T03:04:05Z";
const LATER: &str = "2031-02-03T04:05:06Z";

/// Another byte every time.
struct Counter(u8);

impl RandomSource for Counter {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(5).wrapping_add(7);
            *byte = self.0;
        }
    }
}

fn parse(text: &str) -> Document {
    Document::parse(text.as_bytes().to_vec()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn identities(people: &[&NewIdentity]) -> Identities {
    let mut pool = Identities::new();
    people.iter().for_each(|person| pool.add(person.text.expose(), "test"));
    pool
}

fn group(people: &[&NewIdentity]) -> KeyGroup {
    let recipients = people.iter().map(|person| Recipient::parse(person.recipient.text()).unwrap());
    KeyGroup::of(recipients.collect())
}

fn sealed(text: &str, groups: &[KeyGroup], threshold: usize) -> Document {
    let selection = Selection::default();
    let how = Encryption {
        groups,
        threshold,
        selection: &selection,
        mac_only_encrypted: false,
        indent: 4,
        now: NOW,
    };
    encrypt(&parse(text), &how, &mut Counter(1)).unwrap()
}

fn unlocked<'d>(document: &'d Document, people: &[&NewIdentity]) -> Result<Unlocked<'d>, Error> {
    EncryptedFile::open(document).unwrap().unwrap().unlock(&identities(people))
}

/// The lines that are in one text and not in the other.
fn changed_lines<'t>(one: &'t str, other: &'t str) -> Vec<&'t str> {
    one.lines().filter(|line| !other.lines().any(|candidate| candidate == *line)).collect()
}

const TEXT: &str = "\
# head
a: 'x'
list: [one, one, 0755]   # same twice
block: |
  two
  lines
folded: >-
  some
  folded text
quoted: \"\\u00e9\"
items:
  # of the list
  - true
  - k: 1.50
";

#[test]
fn an_edited_file_differs_in_the_token_the_mac_and_the_time() {
    let anna = Identities::generate();
    let before = sealed(TEXT, &[group(&[&anna])], 0);
    let unlocked = unlocked(&before, &[&anna]).unwrap();
    for (from, to) in [
        ("'x'", "'y'"),
        ("one, one", "two, one"),
        ("0755", "0644"),
        ("two\n", "three\n"),
        ("folded text", "folded word"),
        ("1.50", "1.5"),
        ("# of the", "# in the"),
    ] {
        let edited = parse(&TEXT.replacen(from, to, 1));
        let after = unlocked.encrypt_again(&edited, LATER, &mut Counter(9)).unwrap();
        let changed = changed_lines(after.source(), before.source());
        assert_eq!(changed.len(), 3, "{from} -> {to}: {changed:#?}");
        let again = unlocked_plain(&after, &anna);
        assert_eq!(again, edited.source());
    }
}

fn unlocked_plain(document: &Document, person: &NewIdentity) -> String {
    unlocked(document, &[person]).unwrap().decrypt().unwrap().source().to_owned()
}

#[test]
fn equal_values_of_a_list_keep_a_token_each() {
    let anna = Identities::generate();
    let before = sealed("l:\n  - same\n  - same\n", &[group(&[&anna])], 0);
    let edited = parse("l:\n  - same\n  - same\n  - new\n");
    let after = unlocked(&before, &[&anna]).unwrap();
    let after = after.encrypt_again(&edited, LATER, &mut Counter(9)).unwrap();
    assert!(after.source().starts_with(before.source().split("sops:").next().unwrap()));
}

#[test]
fn an_unchanged_file_comes_back_as_it_is() {
    let anna = Identities::generate();
    let before = sealed(TEXT, &[group(&[&anna])], 0);
    let unlocked = unlocked(&before, &[&anna]).unwrap();
    let after = unlocked.encrypt_again(&parse(TEXT), LATER, &mut Counter(9)).unwrap();
    assert_eq!(after.source(), before.source());
}

#[test]
fn a_rotated_file_has_no_old_token_and_the_same_plain_text() {
    let (anna, bert) = (Identities::generate(), Identities::generate());
    let before = sealed(TEXT, &[group(&[&anna])], 0);
    let unlocked = unlocked(&before, &[&anna]).unwrap();
    let after = unlocked.rotate(&[group(&[&bert])], 0, LATER, &mut Counter(9)).unwrap();
    let tokens = |text: &str| -> Vec<String> {
        text.split("ENC[").skip(1).map(|rest| rest.chars().take(60).collect()).collect()
    };
    let old = tokens(before.source());
    assert_eq!(tokens(after.source()).len(), old.len());
    assert!(tokens(after.source()).iter().all(|token| !old.contains(token)));
    assert_eq!(unlocked_plain(&after, &bert), TEXT);
    assert!(super::tests::unlocked(&after, &[&anna]).is_err());
}

#[test]
fn other_recipients_leave_everything_but_their_copies() {
    let people: Vec<NewIdentity> = (0..3).map(|_| Identities::generate()).collect();
    let (anna, bert, carla) = (&people[0], &people[1], &people[2]);
    let before = sealed(TEXT, &[group(&[anna, bert])], 0);
    let unlocked = unlocked(&before, &[anna]).unwrap();
    let after = unlocked.rewrap(&[group(&[bert, carla])], 0, &mut Counter(9)).unwrap();
    let (new, gone) = (
        changed_lines(after.source(), before.source()),
        changed_lines(before.source(), after.source()),
    );
    assert!(new.iter().any(|line| line.contains(carla.recipient.text())));
    assert!(gone.iter().any(|line| line.contains(anna.recipient.text())));
    let copy = |line: &&str| line.starts_with("            ") || line.contains("recipient:");
    assert!(new.iter().chain(&gone).all(copy), "{new:#?}\n{gone:#?}");
    assert_eq!(unlocked_plain(&after, bert), TEXT);
    assert_eq!(unlocked_plain(&after, carla), TEXT);
    let same = unlocked.rewrap(&[group(&[bert, anna])], 0, &mut Counter(9)).unwrap();
    assert_eq!(same.source(), before.source());
    let others = unlocked.rewrap(&[group(&[carla])], 0, &mut Counter(9)).unwrap();
    assert_eq!(unlocked_plain(&others, carla), TEXT);
}

#[test]
fn a_split_data_key_needs_its_threshold_and_names_what_is_missing() {
    let people: Vec<NewIdentity> = (0..3).map(|_| Identities::generate()).collect();
    let (anna, bert, carla) = (&people[0], &people[1], &people[2]);
    let groups = [group(&[anna]), group(&[bert]), group(&[carla])];
    let file = sealed(TEXT, &groups, 2);
    assert!(file.source().contains("shamir_threshold: 2"));
    assert_eq!(unlocked(&file, &[anna, carla]).unwrap().decrypt().unwrap().source(), TEXT);
    let few = unlocked(&file, &[bert]).err().unwrap().to_string();
    assert!(
        few.starts_with("only 1 of the 2 key groups") && few.contains("group 1: no identity"),
        "{few}"
    );
    assert!(few.contains("group 3") && !few.contains("group 2"), "{few}");
    let all = sealed(TEXT, &groups, 0);
    assert!(all.source().contains("shamir_threshold: 3"));
    assert!(unlocked(&all, &[anna, carla]).is_err());
}

#[test]
fn groups_come_and_go() {
    let (anna, bert) = (Identities::generate(), Identities::generate());
    let one = sealed(TEXT, &[group(&[&anna])], 0);
    let opened = unlocked(&one, &[&anna]).unwrap();
    let two = opened.rewrap(&[group(&[&anna]), group(&[&bert])], 0, &mut Counter(9)).unwrap();
    assert!(two.source().contains("key_groups:") && !two.source().contains("\n    age:"));
    assert!(unlocked(&two, &[&anna]).is_err());
    let opened = unlocked(&two, &[&anna, &bert]).unwrap();
    assert_eq!(opened.decrypt().unwrap().source(), TEXT);
    let back = opened.rewrap(&[group(&[&bert])], 0, &mut Counter(9)).unwrap();
    assert!(!back.source().contains("key_groups") && !back.source().contains("shamir"));
    assert_eq!(unlocked_plain(&back, &bert), TEXT);
}

#[test]
fn keys_of_other_kinds_stay_until_they_would_have_to_be_wrapped() {
    let (anna, bert) = (Identities::generate(), Identities::generate());
    let pgp = "    pgp:\n        - created_at: \"2031-01-02T03:04:05Z\"\n          enc: |-\n            \
               -----BEGIN PGP MESSAGE-----\n            abc=\n          fp: ABCD\n    version";
    let text = sealed(TEXT, &[group(&[&anna])], 0).source().replacen("    version", pgp, 1);
    let file = parse(&text);
    let opened = unlocked(&file, &[&anna]).unwrap();
    assert_eq!(opened.metadata().foreign().unwrap().name, "ABCD");
    let edited = parse(&TEXT.replace("'x'", "'y'"));
    let again = opened.encrypt_again(&edited, LATER, &mut Counter(9)).unwrap();
    assert!(again.source().contains(&pgp.replace("\n    version", "\n")));
    let mut with_pgp = group(&[&anna, &bert]);
    with_pgp.foreign = vec![super::super::Foreign { kind: "pgp", name: "ABCD".into() }];
    let more = opened.rewrap(&[with_pgp], 0, &mut Counter(9)).unwrap();
    assert!(more.source().contains(&pgp.replace("\n    version", "\n")));
    assert_eq!(unlocked_plain(&more, &bert), TEXT);
    let without = opened.rewrap(&[group(&[&bert])], 0, &mut Counter(9)).unwrap();
    assert!(!without.source().contains("pgp:"));
    let rotated = opened.rotate(&[group(&[&anna])], 0, LATER, &mut Counter(9));
    assert!(matches!(rotated, Err(Error::Foreign(_))));
    let mut other = group(&[&anna]);
    other.foreign = vec![super::super::Foreign { kind: "pgp", name: "EFGH".into() }];
    assert!(matches!(opened.rewrap(&[other], 0, &mut Counter(9)), Err(Error::Foreign(_))));
    let split = opened.rewrap(&[group(&[&anna]), group(&[&bert])], 0, &mut Counter(9));
    assert!(matches!(split, Err(Error::Foreign(_))));
}

#[test]
fn a_rule_that_changed_is_applied_and_the_tokens_stay() {
    let (anna, bert) = (Identities::generate(), Identities::generate());
    let before = sealed("a: x\nb: y\n", &[group(&[&anna])], 0);
    let selection = Selection::new(super::super::selection::Settings {
        encrypted_regex: Some("^a$"),
        ..Default::default()
    });
    let selection = selection.unwrap();
    let groups = [group(&[&anna, &bert])];
    let how = Encryption {
        groups: &groups,
        threshold: 0,
        selection: &selection,
        mac_only_encrypted: true,
        indent: 4,
        now: LATER,
    };
    let opened = unlocked(&before, &[&anna]).unwrap();
    let after = opened.encrypt_as(&parse("a: x\nb: y\n"), &how, &mut Counter(9)).unwrap();
    assert_eq!(after.source().lines().next(), before.source().lines().next());
    assert_eq!(after.source().lines().nth(1), Some("b: y"));
    assert_eq!(unlocked_plain(&after, &bert), "a: x\nb: y\n");
}

#[test]
fn a_mac_is_ignored_only_on_demand() {
    let anna = Identities::generate();
    let file = sealed("a: x\nb_unencrypted: y\n", &[group(&[&anna])], 0);
    let tampered = parse(&file.source().replace("b_unencrypted: y", "b_unencrypted: z"));
    let opened = unlocked(&tampered, &[&anna]).unwrap();
    assert!(matches!(opened.decrypt(), Err(Error::MacMismatch)));
    assert!(matches!(
        opened.rotate(&[group(&[&anna])], 0, LATER, &mut Counter(9)),
        Err(Error::MacMismatch)
    ));
    let opened = opened.ignoring_mac();
    assert_eq!(opened.decrypt().unwrap().source(), "a: x\nb_unencrypted: z\n");
    let vouched = opened.rotate(&[group(&[&anna])], 0, LATER, &mut Counter(9)).unwrap();
    assert_eq!(unlocked_plain(&vouched, &anna), "a: x\nb_unencrypted: z\n");
}

#[test]
fn an_item_that_sops_made_of_a_comment_stays_an_item() {
    let anna = Identities::generate();
    let before = sealed("l:\n  # one\n  - two\nx: 1\n", &[group(&[&anna])], 0);
    // As SOPS writes it: the token of the comment is an item.
    let stored = parse(&before.source().replacen("  #ENC", "  - ENC", 1));
    let opened = unlocked(&stored, &[&anna]).unwrap();
    assert_eq!(opened.decrypt().unwrap().source(), "l:\n  # one\n  - two\nx: 1\n");
    let edited = parse("l:\n  # one\n  - two\nx: 2\n");
    let after = opened.encrypt_again(&edited, LATER, &mut Counter(9)).unwrap();
    assert_eq!(changed_lines(after.source(), stored.source()).len(), 3, "{}", after.source());
    assert_eq!(unlocked_plain(&after, &anna), edited.source());
}

#[test]
fn a_block_that_is_shown_can_be_edited_like_the_values() {
    let (anna, bert) = (Identities::generate(), Identities::generate());
    let before = sealed("a: x\nb: y\n", &[group(&[&anna, &bert])], 0);
    let opened = unlocked(&before, &[&anna]).unwrap();
    let shown = opened.decrypt_with_block().unwrap();
    assert!(shown.source().starts_with("a: x\nb: y\nsops:\n"));
    let same = opened.encrypt_with_block_again(&shown, LATER, &mut Counter(9)).unwrap();
    assert_eq!(same.source(), before.source());
    let text = shown.source().replace("a: x", "a: z");
    let text = text.replace("unencrypted_suffix: _unencrypted", "encrypted_regex: ^a$");
    let after = opened.encrypt_with_block_again(&parse(&text), LATER, &mut Counter(9)).unwrap();
    assert!(after.source().starts_with("a: ENC[") && after.source().contains("\nb: y\n"));
    assert_eq!(unlocked_plain(&after, &bert), "a: z\nb: y\n");
    let without = {
        let start = shown.source().find("        - enc").unwrap();
        let second = start + 5 + shown.source()[start + 5..].find("        - enc").unwrap();
        [&shown.source()[..start], &shown.source()[second..]].concat()
    };
    let fewer = opened.encrypt_with_block_again(&parse(&without), LATER, &mut Counter(9)).unwrap();
    assert_eq!(unlocked_plain(&fewer, &bert), "a: x\nb: y\n");
    assert!(super::tests::unlocked(&fewer, &[&anna]).is_err());
    let other = shown.source().replace(bert.recipient.text(), anna.recipient.text());
    let other = opened.encrypt_with_block_again(&parse(&other), LATER, &mut Counter(9));
    assert!(matches!(other, Err(Error::Metadata(metadata::Error::Copies))));
    let gone = opened.encrypt_with_block_again(&parse("a: x\n"), LATER, &mut Counter(9));
    assert!(matches!(gone, Err(Error::Metadata(metadata::Error::Removed))));
}

#[test]
fn a_folded_text_comes_back_with_its_lines_also_behind_a_comment_in_its_header() {
    let anna = Identities::generate();
    let text = "a: >- # why\n  some\n  folded text\nb: |  # two\n  x\n  y\nc: 0755\n";
    let before = sealed(text, &[group(&[&anna])], 0);
    assert!(!before.source().contains("# why") && !before.source().contains("folded"));
    assert_eq!(unlocked_plain(&before, &anna), text);
    let opened = unlocked(&before, &[&anna]).unwrap();
    let edited = parse(&text.replace("0755", "0644"));
    let after = opened.encrypt_again(&edited, LATER, &mut Counter(9)).unwrap();
    assert_eq!(changed_lines(after.source(), before.source()).len(), 3, "{}", after.source());
}

#[test]
fn a_document_of_nothing_but_a_block_becomes_an_empty_mapping() {
    let anna = Identities::generate();
    let before = sealed("a: x\n---\nb: y\n", &[group(&[&anna])], 0);
    let start = before.source().find("b: ").unwrap();
    let end = start + before.source()[start..].find('\n').unwrap() + 1;
    let stored = [&before.source()[..start], "# c\n", &before.source()[end..]].concat();
    let stored = parse(&stored);
    let opened = unlocked(&stored, &[&anna]).unwrap().ignoring_mac();
    assert_eq!(opened.decrypt().unwrap().source(), "a: x\n---\n# c\n{}\n");
    let empty = sealed("{}\n", &[group(&[&anna])], 0);
    assert!(empty.source().starts_with("sops:\n    age:\n"), "{}", empty.source());
    assert_eq!(unlocked_plain(&empty, &anna), "{}\n");
}

#[test]
fn a_list_of_nothing_but_comments_comes_back_empty() {
    let anna = Identities::generate();
    let before = sealed("k:\n  - x\n  - y\nz: 1\n", &[group(&[&anna])], 0);
    let opened = unlocked(&before, &[&anna]).unwrap();
    // As SOPS stores `k: [] # c`: the comment as the only item.
    let comment = opened.key.encrypt(&Plaintext::comment(" c"), "k:", &mut Counter(3)).to_string();
    let (start, end) = (before.source().find("  - ").unwrap(), before.source().find("z:").unwrap());
    let text = format!("{}  - {comment}\n{}", &before.source()[..start], &before.source()[end..]);
    let stored = parse(&text);
    let plain = unlocked(&stored, &[&anna]).unwrap().ignoring_mac().decrypt().unwrap();
    assert_eq!(plain.source(), "k: []\n  # c\nz: 1\n");
}

#[test]
fn a_plain_block_at_the_end_keeps_its_value_where_the_metadata_follow() {
    let anna = Identities::generate();
    for text in [
        "a: x\nb_unencrypted: |\n  one\n  two",
        "b_unencrypted: >+  # c\n  one",
        "b_unencrypted: |2\n   x",
    ] {
        let before = sealed(text, &[group(&[&anna])], 0);
        let again = parse(&unlocked_plain(&before, &anna));
        let value = |document: &Document| {
            document
                .descend(document.roots()[0].node, &["b_unencrypted"])
                .map(|id| document.text(id).unwrap().to_owned())
        };
        assert_eq!(value(&again), value(&parse(text)), "{text}");
        assert_eq!(value(&before), value(&parse(text)), "{text}");
    }
    let sealed_block = "a: |\n  one\n  two";
    let before = sealed(sealed_block, &[group(&[&anna])], 0);
    assert_eq!(unlocked_plain(&before, &anna), sealed_block);
}

/// An encrypted file with a selection of its own.
fn sealed_with(
    text: &str,
    selection: &Selection,
    mac_only_encrypted: bool,
    anna: &NewIdentity,
) -> Document {
    let groups = [group(&[anna])];
    let how = Encryption {
        groups: &groups,
        threshold: 0,
        selection,
        mac_only_encrypted,
        indent: 2,
        now: NOW,
    };
    encrypt(&parse(text), &how, &mut Counter(1)).unwrap()
}

/// A file after an edit by hand, completed, or why not.
fn completed(before: &Document, edit: (&str, &str), anna: &NewIdentity) -> Result<Document, Error> {
    assert!(before.source().contains(edit.0), "{}", before.source());
    let edited = parse(&before.source().replacen(edit.0, edit.1, 1));
    unlocked(&edited, &[anna])?.complete(LATER, &mut Counter(9))
}

#[test]
fn what_was_added_by_hand_is_encrypted_and_the_rest_keeps_its_bytes() {
    let anna = Identities::generate();
    let before = sealed(TEXT, &[group(&[&anna])], 0);
    for (from, to) in [
        ("\nitems:", "\nnew: canary # why\nitems:"),
        ("a: '", "new: &anchor |\n  two\n  lines\nagain: *anchor\na: '"),
        ("list: [", "list: [one, "),
        ("items:\n", "number: 0755\nnothing:\nempty: ''\nitems:\n"),
        ("items:\n", "new: {deep: [canary, {deeper: true}]}\nitems:\n"),
    ] {
        let after = completed(&before, (from, to), &anna).unwrap();
        let lost = changed_lines(before.source(), after.source());
        let allowed = |line: &&str| {
            line.contains("mac:") || line.contains("lastmodified:") || line.contains("list:")
        };
        assert!(lost.iter().all(allowed), "{lost:#?}");
        assert!(plain_leaves(&after, &Selection::default()).is_empty(), "{}", after.source());
        let plain = unlocked(&after, &[&anna]).unwrap().decrypt().unwrap();
        // What an alias stood for is written out.
        let edit = TEXT.replacen(from, to, 1).replace("*anchor", r#""two\nlines\n""#);
        assert_eq!(plain.source(), edit);
    }
}

#[test]
fn a_file_that_is_not_what_its_mac_says_is_not_completed() {
    let anna = Identities::generate();
    let some = Selection::EncryptedSuffix("_secret".to_owned());
    let text = "a_secret: x\nb: 1\nc_secret: y\n";
    let before = sealed_with(text, &some, false, &anna);
    let token = before.source().lines().next().unwrap().to_owned();
    let added = "n_secret: canary\n";
    let over_all = [
        // In the place of a token, beside one that is gone, and beside a plain value that the MAC covers.
        (token.clone(), "a_secret: canary".to_owned()),
        (format!("{token}\n"), added.to_owned()),
        ("b: 1\n".to_owned(), format!("b: 2\n{added}")),
        ("b: 1\n".to_owned(), format!("b: 1\nd: 1\n{added}")),
    ];
    for (from, to) in &over_all {
        let refused = completed(&before, (from, to), &anna).map(|done| done.source().to_owned());
        assert!(matches!(refused, Err(Error::MacMismatch)), "{to}: {refused:?}");
    }
    let moved = completed(&before, ("a_secret: ", "z_secret: "), &anna);
    assert!(matches!(moved.map(drop), Err(Error::Token { .. })));
    let only = sealed_with(text, &some, true, &anna);
    let (from, to) = &over_all[3];
    let after = completed(&only, (from, to), &anna).unwrap();
    assert!(unlocked(&after, &[&anna]).unwrap().decrypt().unwrap().source().contains(to.as_str()));
}

#[test]
fn values_that_a_wider_selection_picks_are_completed() {
    let anna = Identities::generate();
    let some = Selection::EncryptedSuffix("_secret".to_owned());
    let before = sealed_with("a_secret: x\nb: 1\n", &some, false, &anna);
    let after =
        completed(&before, ("encrypted_suffix: _secret", "unencrypted_suffix: _public"), &anna);
    let plain = unlocked(&after.unwrap(), &[&anna]).unwrap().decrypt().unwrap();
    assert_eq!(plain.source(), "a_secret: x\nb: 1\n");
}
