//! Command lines and what they ask for. Each line was tried with sops 3.13.3; where the outcome differs on
//! purpose, the table says so.

mod described;
mod everywhere;
mod lines;

use std::ffi::OsString;

use super::error::UsageError;
use super::invocation::Call;
use super::{parse, words};

/// Splits like a shell: leading `NAME=value` words are the environment.
fn split(line: &str) -> (Vec<(String, OsString)>, Vec<OsString>) {
    let words = shell_words::split(line).unwrap();
    let is_variable = |word: &&String| {
        word.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
        })
    };
    let count = words.iter().take_while(is_variable).count();
    let variables = words[..count].iter().filter_map(|word| word.split_once('='));
    let variables = variables.map(|(name, value)| (name.to_owned(), value.into())).collect();
    (variables, words[count..].iter().map(OsString::from).collect())
}

fn parsed(line: &str) -> Result<Call, UsageError> {
    let (variables, words) = split(line);
    parse::parse(&words, &|name| {
        variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    })
}

/// What a line asks for, in words, or the exit code and message of its refusal.
fn outcome(line: &str) -> String {
    match parsed(line) {
        Ok(call) => described::call(&call),
        Err(error) => format!("{}: {error}", error.code() as u8),
    }
}

#[test]
fn the_grammar_is_chosen_by_the_name_of_the_program_or_by_the_first_word() {
    let chosen = |line: &[&str]| {
        let line: Vec<_> = line.iter().map(OsString::from).collect();
        words(&line).map(<[OsString]>::to_vec)
    };
    assert_eq!(chosen(&["/usr/bin/sops", "-d", "f"]), Some(vec!["-d".into(), "f".into()]));
    assert_eq!(chosen(&["sops"]), Some(vec![]));
    assert_eq!(chosen(&["sops", "sops"]), Some(vec!["sops".into()]));
    assert_eq!(chosen(&["/x/keywright", "sops", "edit", "f"]).unwrap().len(), 2);
    assert_eq!(chosen(&["/sops/keywright", "encrypt", "sops"]), None);
    assert_eq!(chosen(&["keywright"]), None);
    assert_eq!(chosen(&[]), None);
}

#[test]
fn paths_and_commands_need_not_be_text_but_texts_must() {
    use std::os::unix::ffi::OsStringExt;
    let odd = OsString::from_vec(b"\xff".to_vec());
    let attached = OsString::from_vec(b"--output=\xff".to_vec());
    let parse = |words: &[OsString]| parse::parse(words, &|_| None);
    assert!(parse(&["decrypt".into(), odd.clone()]).is_ok());
    assert!(parse(&["decrypt".into(), attached, "f".into()]).is_ok());
    assert!(parse(&["exec-env".into(), "f".into(), odd.clone()]).is_ok());
    assert!(parse(&["unset".into(), "f".into(), odd.clone()]).is_err());
    assert!(parse(&["decrypt".into(), "--extract".into(), odd.clone(), "f".into()]).is_err());
    assert!(parse(&[odd]).is_ok_and(|call| described::call(&call).starts_with("edit")));
}

#[test]
fn a_refusal_repeats_no_value() {
    for line in [
        "set f --s3cret=canary",
        "set f '[\"a\"]' canary canary",
        "set f canary x",
        "set --=canary",
        "decrypt --extract canary f",
        "--set canary f",
        "groups delete canary",
        "encrypt --pgp canary f",
        "--unknown=canary f",
        "decrypt f --unknown=canary",
    ] {
        assert!(!outcome(line).contains("canary"), "{line}: {}", outcome(line));
    }
}
