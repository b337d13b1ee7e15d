//! Every flag of every verb, in every spelling and at every place: it means the same.

use super::super::flags::{Flag, Kind};
use super::super::verbs::{self, VERBS, Verb};
use super::*;

/// Words that a verb is content with.
fn words_of(verb: &Verb) -> &'static [&'static str] {
    match verb.name {
        "set" => &["f.yaml", "[\"a\"]", "1"],
        "unset" => &["f.yaml", "[\"a\"]"],
        "exec-env" | "exec-file" => &["f.yaml", "true"],
        "groups add" => &[],
        "groups delete" => &["0"],
        _ => &["f.yaml"],
    }
}

/// A value that the flag takes.
fn value_of(flag: &Flag) -> &'static str {
    match (flag.kind, flag.name) {
        (Kind::Number, _) => "7",
        (_, "extract") => "[\"q\"]",
        (_, "input-type" | "output-type") => "json",
        (_, "set") => "[\"q\"] 1",
        _ => "value",
    }
}

/// The ways to write a flag.
fn spellings(flag: &Flag) -> Vec<Vec<String>> {
    let value = value_of(flag);
    let names = [Some(flag.name), flag.short].into_iter().flatten();
    let dashed = names.flat_map(|name| [format!("-{name}"), format!("--{name}")]);
    let spelled = dashed.flat_map(|name| match flag.kind {
        Kind::Switch => [vec![name.clone()], vec![format!("{name}=true")]],
        _ => [vec![name.clone(), value.to_owned()], vec![format!("{name}={value}")]],
    });
    spelled.collect()
}

fn result(words: Vec<String>) -> String {
    let words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
    match parse::parse(&words, &|_| None) {
        Ok(call) => described::call(&call),
        Err(UsageError::Words { fault, .. }) => panic!("{words:?}: {fault}"),
        Err(error) => format!("{}: {error}", error.code() as u8),
    }
}

fn plain_verbs() -> impl Iterator<Item = &'static Verb> {
    VERBS.iter().filter(|verb| matches!(verb.kind, verbs::Kind::Plain(_)))
}

#[test]
fn a_flag_of_a_verb_means_the_same_in_every_spelling_and_place() {
    let mut lines = 0;
    for verb in plain_verbs() {
        let words = words_of(verb);
        for flag in verb.flags.iter().copied().flatten() {
            let mut results = std::collections::BTreeSet::new();
            for spelling in spellings(flag) {
                for place in 0..=words.len() {
                    let mut line: Vec<_> = verb.name.split(' ').map(str::to_owned).collect();
                    line.extend(words[..place].iter().map(|word| (*word).to_owned()));
                    line.extend(spelling.clone());
                    line.extend(words[place..].iter().map(|word| (*word).to_owned()));
                    results.insert(result(line));
                    lines += 1;
                }
            }
            assert_eq!(results.len(), 1, "{} --{}: {results:?}", verb.name, flag.name);
        }
    }
    assert!(lines > 1000, "only {lines}");
}

#[test]
fn a_flag_without_a_verb_means_the_same_in_every_spelling() {
    for flag in verbs::LEGACY.iter().copied().flatten().chain(verbs::GLOBAL) {
        let lines = spellings(flag).into_iter().map(|mut line| {
            line.push("f.yaml".to_owned());
            result(line)
        });
        let results: std::collections::BTreeSet<_> = lines.collect();
        assert_eq!(results.len(), 1, "--{}: {results:?}", flag.name);
    }
}

/// A flag that changes nothing is forgotten somewhere on the way, or it is one of those listed.
#[test]
fn no_flag_of_a_verb_is_without_effect() {
    let without = [
        // sops declares them and uses them nowhere.
        ("set", "shamir-secret-sharing-threshold"),
        ("unset", "shamir-secret-sharing-threshold"),
        // The default, written out.
        ("*", "enable-local-keyservice"),
    ];
    for verb in plain_verbs() {
        let line = |more: Vec<String>| {
            let mut line: Vec<_> = verb.name.split(' ').map(str::to_owned).collect();
            line.extend(more);
            line.extend(words_of(verb).iter().map(|word| (*word).to_owned()));
            result(line)
        };
        let bare = line(vec![]);
        for flag in verb.flags.iter().copied().flatten() {
            let with = line(spellings(flag).remove(0));
            let expected =
                without.contains(&(verb.name, flag.name)) || without.contains(&("*", flag.name));
            assert_eq!(with == bare, expected, "{} --{}: {with}", verb.name, flag.name);
        }
    }
}

#[test]
fn two_names_of_one_flag_exclude_each_other() {
    for verb in plain_verbs() {
        for flag in verb.flags.iter().copied().flatten() {
            let Some(short) = flag.short else { continue };
            let value = if flag.kind == Kind::Switch { "true" } else { value_of(flag) };
            let line = format!(
                "{} -{short}={value} --{}={value} {}",
                verb.name,
                flag.name,
                shell_words::join(words_of(verb))
            );
            let expected =
                format!("1: cannot use two forms of the same flag: {short} {}", flag.name);
            assert_eq!(outcome(&line), expected, "{line}");
        }
    }
}

#[test]
fn every_variable_speaks_where_its_flag_is_not_given() {
    for verb in plain_verbs() {
        for flag in verb.flags.iter().copied().flatten().filter(|flag| flag.kind == Kind::Text) {
            let Some(variable) = flag.env else { continue };
            let words = format!("{} {}", verb.name, shell_words::join(words_of(verb)));
            let by_flag = outcome(&format!("{words} --{}=one,two", flag.name));
            assert_eq!(outcome(&format!("{variable}=one,two {words}")), by_flag, "{variable}");
            let both = format!("{variable}=three {words} --{}=one,two", flag.name);
            assert_eq!(outcome(&both), by_flag, "{both}");
        }
    }
}

#[test]
fn the_help_names_every_flag_of_its_verb_and_no_line_is_wide() {
    for verb in VERBS {
        let help = super::super::help::verb(verb);
        for flag in verb.flags.iter().copied().flatten() {
            assert!(help.contains(&format!("--{}", flag.name)), "{}: {}", verb.name, flag.name);
        }
        let program = super::super::help::program();
        for line in help.lines().chain(program.lines()) {
            assert!(line.chars().count() <= 120, "{line}");
        }
    }
}
