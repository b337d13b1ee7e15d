//! The command line that would have given the same answers. No value stands in it: what was typed comes from standard
//! input there, several lines from a file.
//!
//! ```text
//! keywright secret new grafana --name grafana-smtp --set-stdin PASSWORD --generate TOKEN=alnum:20 \
//!     --template 'URL=smtp://{PASSWORD|url}' --env-from
//! ```

use crate::cli::secret::answers::{Answer, Origin};
use crate::cli::secret::new::NewArgs;
use crate::make::{Entry, Policy};

/// The most columns of a line, where nobody says how many there are.
const COLUMNS: usize = 100;

/// What stands in the place of a file that somebody has to make first.
const FILE: &str = "FILE";

/// The command line, folded as people fold it.
pub(super) fn command(args: &NewArgs, answers: &[Answer], columns: Option<usize>) -> String {
    let mut words = vec!["keywright secret new".to_owned()];
    words.extend(args.app.iter().map(|app| shell_words::quote(app).into_owned()));
    let mut flags = args.flags();
    let values = answers.iter().filter_map(source);
    flags.extend(values.map(|(flag, text)| (flag, Some(text))));
    for (flag, text) in flags {
        let text = text.map(|text| format!(" {}", shell_words::quote(&text))).unwrap_or_default();
        let word = format!("--{flag}{text}");
        // A file with several keys is one flag.
        if !words.contains(&word) {
            words.push(word);
        }
    }
    fold(&words, columns.unwrap_or(COLUMNS).min(COLUMNS))
}

/// The flag for a value, and what follows it; none where the flag is about the whole Secret.
fn source(answer: &Answer) -> Option<(&'static str, String)> {
    let key = &answer.key;
    Some(match (&answer.origin, &answer.entry) {
        (Origin::Registry, _) => return None,
        (Origin::EnvironmentFile(path), _) => ("from-env-file", path.display().to_string()),
        (Origin::File(path), _) => ("from-file", format!("{key}={}", path.display())),
        (Origin::Pasted, _) => ("from-file", format!("{key}={FILE}")),
        (_, Entry::Generate(policy)) if *policy == Policy::default() => ("generate", key.clone()),
        (_, Entry::Generate(policy)) => ("generate", format!("{key}={policy}")),
        (_, Entry::Template(template)) => ("template", format!("{key}={template}")),
        (_, Entry::Derive(derivation)) => ("derive", format!("{key}={derivation}")),
        (_, Entry::Value(_)) => ("set-stdin", key.clone()),
    })
}

/// Words on lines that a shell puts together again.
fn fold(words: &[String], columns: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() + 3 <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => lines.push(format!("    {word}")),
            None => lines.push(word.clone()),
        }
    }
    lines.join(" \\\n")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::secret::keys::{Given, Source};
    use crate::secret::Secret;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: NewArgs,
    }

    fn parse(words: &[String]) -> NewArgs {
        Line::try_parse_from(words).unwrap().args
    }

    fn answer(key: &str, entry: Entry, origin: Origin) -> Answer {
        Answer { key: key.to_owned(), entry, origin }
    }

    /// One answer of each kind.
    fn answers() -> Vec<Answer> {
        let value = || Entry::Value(Secret::from("hunter2".to_owned()));
        let file = || Origin::EnvironmentFile("./app.env".into());
        vec![
            answer("A", value(), Origin::Typed),
            answer("B", Entry::Generate(Policy::default()), Origin::Made),
            answer("C", Entry::Generate("alnum:20,prefix=$k".parse().unwrap()), Origin::Made),
            answer("D", Entry::Template("x:{A|url} it's".parse().unwrap()), Origin::Made),
            answer("E", Entry::Derive("bcrypt(A, cost=12)".parse().unwrap()), Origin::Made),
            answer("F", value(), Origin::Pasted),
            answer("G", value(), Origin::File("a b".into())),
            answer("H", value(), file()),
            answer("I", value(), file()),
        ]
    }

    const FLAGS: &str = "new grafana --name n --type basic-auth --env-from --env V=A --mount /m --container c/d \
                         --list-in none --label a=b --annotation c=d --immutable --recipe";

    #[test]
    fn a_shell_reads_the_same_flags_again_and_no_value_is_among_them() {
        let args = parse(&FLAGS.split(' ').map(str::to_owned).collect::<Vec<_>>());
        for columns in [Some(40), Some(60), None] {
            let command = command(&args, &answers(), columns);
            assert!(!command.contains("hunter2"), "{command}");
            let words = shell_words::split(&command.replace("\\\n", "")).unwrap();
            assert_eq!(words[..3], ["keywright", "secret", "new"]);
            let again = parse(&words[2..]);
            assert_eq!(again.app.as_deref(), Some("grafana"));
            assert_eq!(again.flags(), args.flags());
            let [a, b, c, d, e, f, g, h] = &again.keys.0[..] else { panic!("{command}") };
            let keyed = |key: &str, source| Given::Key(key.to_owned(), source);
            assert_eq!(*a, keyed("A", Source::Stdin));
            assert_eq!(*b, keyed("B", Source::Generate(Policy::default())));
            assert_eq!(*c, keyed("C", Source::Generate("alnum:20,prefix=$k".parse().unwrap())));
            assert_eq!(*d, keyed("D", Source::Template("x:{A|url} it's".parse().unwrap())));
            assert_eq!(*e, keyed("E", Source::Derive("bcrypt(A, cost=12)".parse().unwrap())));
            assert_eq!(*f, keyed("F", Source::File(FILE.into())));
            assert_eq!(*g, keyed("G", Source::File("a b".into())));
            assert_eq!(*h, Given::EnvFile("./app.env".into()));
        }
    }

    #[test]
    fn lines_are_folded_where_words_end() {
        let words = ["keywright secret new", "grafana", "--name x", "--generate KEY"];
        let words = words.map(str::to_owned);
        let folded = "keywright secret new \\\n    grafana --name x \\\n    --generate KEY";
        assert_eq!(fold(&words, 28), folded);
        assert_eq!(
            fold(&words, 30),
            "keywright secret new grafana \\\n    --name x --generate KEY"
        );
        assert_eq!(fold(&words, 100), "keywright secret new grafana --name x --generate KEY");
    }
}
