//! TEST ONLY: what the page on policies and derivations shows is what is read here.

use std::collections::BTreeSet;

use super::{Derivation, Policy};

const PAGE: &str = include_str!("../../docs/recipes.md");

/// The parts in backticks of a text.
fn codes(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The cells of all rows of the table under a heading.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let (_, rest) = PAGE.split_once(heading).expect(heading);
    let rows = rest.lines().skip_while(|line| !line.starts_with('|')).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    rows.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

#[test]
fn every_policy_and_derivation_of_the_page_is_one() {
    let policies: Vec<&str> = rows("## Policies").iter().flat_map(|row| codes(row[0])).collect();
    assert_eq!(policies.len(), 14);
    for text in policies.iter().filter(|text| cfg!(feature = "ssh") || !text.starts_with("rsa")) {
        assert_eq!(text.parse::<Policy>().unwrap().to_string(), **text);
    }
    let derivations: Vec<&str> =
        rows("## Derivations").iter().flat_map(|row| codes(row[0])).collect();
    assert_eq!(derivations.len(), 12);
    for text in derivations {
        assert_eq!(text.parse::<Derivation>().unwrap().to_string(), text);
    }
}

#[test]
fn what_applications_want_can_be_made_and_has_a_source() {
    let rows = rows("## What applications want");
    let names: BTreeSet<&str> = rows.iter().map(|row| row[0]).collect();
    assert!(names.len() >= 15, "{names:?}");
    for row in rows {
        let [name, _, written, source] = row[..] else { panic!("{row:?}") };
        let text = codes(written).next().expect(name);
        assert!(
            text.parse::<Policy>().is_ok() != text.parse::<Derivation>().is_ok(),
            "{name}: {text}"
        );
        assert!(source.contains("](https://"), "{name}");
    }
}
