//! Completion: the scripts for the shells, and the answers they ask for.
//!
//! A script runs the command line so far with [`HOOK`] behind it, and offers the lines that come back; where none
//! come, the shell offers files. Scripts that sops itself has printed ask in the same way.

use std::ffi::OsString;

use super::flags::{Flag, HELP, Kind};
use super::grammar::Environment;
use super::invocation::Shell;
use super::parse;
use super::verbs::{self, Verb};

/// The last word of a question.
pub(super) const HOOK: &str = "--generate-bash-completion";

/// Set to `1` by scripts for the Z shell, which show an explanation behind a colon.
const EXPLAIN: &str = "_CLI_ZSH_AUTOCOMPLETE_HACK";

/// The script for a shell.
pub(super) fn script(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => BASH,
        Shell::Zsh => ZSH,
    }
}

const BASH: &str = r#"# Completion of sops for Bash: source <(sops completion bash)
_keywright_sops() {
    local current=${COMP_WORDS[COMP_CWORD]} line
    local words=("${COMP_WORDS[@]:0:COMP_CWORD}")
    [[ $current == -* ]] && words+=("$current")
    COMPREPLY=()
    while IFS= read -r line; do
        [[ $line == "$current"* ]] && COMPREPLY+=("$line")
    done < <("${words[@]}" --generate-bash-completion 2>/dev/null)
}
complete -o bashdefault -o default -F _keywright_sops sops
"#;

const ZSH: &str = r#"#compdef sops
# Completion of sops for the Z shell: source <(sops completion zsh)
_keywright_sops() {
    local -a question answers
    question=("${(@)words[1,CURRENT-1]}")
    [[ ${words[CURRENT]} == -* ]] && question+=("${words[CURRENT]}")
    answers=("${(@f)$(_CLI_ZSH_AUTOCOMPLETE_HACK=1 "${question[@]}" --generate-bash-completion 2>/dev/null)}")
    if [[ -n ${answers[1]} ]]; then _describe sops answers; else _files; fi
}
compdef _keywright_sops sops
"#;

/// What may come behind these words; a last word that begins with `-` is not finished.
pub(super) fn candidates(words: &[OsString], environment: Environment) -> Vec<String> {
    let texts: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    let verb = texts.iter().fold(None, |verb, text| verbs::member(verb, text).or(verb));
    if let Some((last, before)) = texts.split_last()
        && last.starts_with('-')
    {
        return flags_like(last, before, verb);
    }
    let explained = environment(EXPLAIN).is_some_and(|value| value == "1");
    let members = verbs::members(verb).map(|(name, verb)| match explained {
        true => format!("{name}:{}", verb.about),
        false => name.to_owned(),
    });
    members.collect()
}

/// The flags that begin like the last word and were not given before. A finished one that takes a value has none:
/// the value is next.
fn flags_like(last: &str, before: &[&str], verb: Option<&Verb>) -> Vec<String> {
    let known = match verb {
        Some(verb) => [verb.flags, &[&[HELP]]].concat(),
        None => parse::program_flags(),
    };
    let known: Vec<&Flag> = known.into_iter().flatten().collect();
    let finished = |flag: &Flag| {
        last.strip_prefix("--") == Some(flag.name) || last.strip_prefix('-') == flag.short
    };
    if known.iter().any(|flag| flag.kind != Kind::Switch && finished(flag)) {
        return Vec::new();
    }
    let given = |flag: &Flag| before.iter().any(|word| flag.is_named(word.trim_start_matches('-')));
    let open = known.into_iter().filter(|flag| !flag.foreign && !given(flag));
    let names = open.flat_map(|flag| {
        let short = flag.short.map(|short| format!("-{short}"));
        [Some(format!("--{}", flag.name)), short].into_iter().flatten()
    });
    names.filter(|name| name.starts_with(last)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &[&str]) {
        let words: Vec<_> = line.split_whitespace().map(OsString::from).collect();
        assert_eq!(candidates(&words, &|_| None), expected, "{line}");
    }

    #[test]
    fn verbs_come_first_and_members_behind_families() {
        check("groups", &["add", "delete"]);
        check("completion", &["bash", "zsh"]);
        assert!(candidates(&[], &|_| None).contains(&"decrypt".to_owned()));
        assert!(!candidates(&[], &|_| None).contains(&"groups add".to_owned()));
    }

    #[test]
    fn behind_a_verb_files_are_left_to_the_shell() {
        check("decrypt", &[]);
        check("groups add x", &[]);
        check("decrypt --output", &[]);
    }

    #[test]
    fn flags_are_those_of_the_verb_that_are_not_given() {
        check("decrypt --in", &["--in-place", "--input-type"]);
        check("decrypt -i --in", &["--input-type"]);
        check("--config x decrypt --ig", &["--ignore-mac"]);
        check("groups delete --f", &["--file"]);
        check("--dec", &["--decrypt", "--decryption-order"]);
        // Refused flags are not offered.
        check("encrypt --pg", &[]);
    }

    #[test]
    fn the_z_shell_gets_explanations() {
        let hack = |name: &str| (name == EXPLAIN).then(|| OsString::from("1"));
        let answers = candidates(&["groups".into()], &hack);
        assert_eq!(answers[0], "add:add a key group to a file");
    }
}
