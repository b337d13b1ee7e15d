//! The flags that say where the values of a Secret come from, in the order in which they were typed.
//!
//! Clap collects the values of each flag; a Secret's keys have one order over all of them. So these four
//! are put together by hand, by the places at which their values stood.

use std::path::PathBuf;

use clap::error::Error;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::make::{Policy, Template, TemplateError, is_key};

/// Where one value comes from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Source {
    /// It is generated.
    Generate(Policy),
    /// It is standard input.
    Stdin,
    /// It is the content of a file.
    File(PathBuf),
    /// It is composed from others.
    Template(Template),
}

/// Keys in the order of the command line.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Keys(pub(super) Vec<(String, Source)>);

const GENERATE: &str = "generate";
const SET_STDIN: &str = "set-stdin";
const FROM_FILE: &str = "from-file";
const TEMPLATE: &str = "template";

impl Args for Keys {
    fn augment_args(command: Command) -> Command {
        let flag = |name: &'static str, value: &'static str, help: &'static str| {
            Arg::new(name).long(name).value_name(value).help(help).action(ArgAction::Append)
        };
        command
            .arg(
                flag(GENERATE, "KEY[=POLICY]", "Generate a value: `alnum:LENGTH`, by default `alnum:40`")
                    .value_parser(|text: &str| entry(text, generated)),
            )
            .arg(
                flag(SET_STDIN, "KEY", "Take a value from standard input; the line break that ends a single line is left out")
                    .action(ArgAction::Set)
                    .value_parser(|text: &str| entry(text, stdin)),
            )
            .arg(
                flag(FROM_FILE, "KEY=PATH", "Take a value from a file, byte for byte")
                    .value_parser(|text: &str| entry(text, file)),
            )
            .arg(
                flag(TEMPLATE, "KEY=TEXT", "Compose a value from others: `{OTHER}` or, percent-encoded, `{OTHER|url}`; a brace is `{{` or `}}`")
                    .value_parser(|text: &str| entry(text, template)),
            )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Keys {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut found = Vec::new();
        for flag in [GENERATE, SET_STDIN, FROM_FILE, TEMPLATE] {
            let places = matches.indices_of(flag).into_iter().flatten();
            let entries = matches.get_many::<(String, Source)>(flag).into_iter().flatten();
            found.extend(places.zip(entries.cloned()));
        }
        found.sort_by_key(|(place, _)| *place);
        Ok(Keys(found.into_iter().map(|(_, entry)| entry).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// `KEY` or `KEY=REST`, the rest read by `source`.
fn entry(
    text: &str,
    source: impl FnOnce(Option<&str>) -> Result<Source, String>,
) -> Result<(String, Source), String> {
    let (key, rest) = match text.split_once('=') {
        Some((key, rest)) => (key, Some(rest)),
        None => (text, None),
    };
    if !is_key(key) {
        return Err("a key has letters, digits, `-`, `_` and `.`, at most 253".to_owned());
    }
    Ok((key.to_owned(), source(rest)?))
}

fn generated(policy: Option<&str>) -> Result<Source, String> {
    let policy = policy.map_or(Ok(Policy::default()), str::parse);
    policy.map(Source::Generate).map_err(|error| error.to_string())
}

fn stdin(rest: Option<&str>) -> Result<Source, String> {
    match rest {
        None => Ok(Source::Stdin),
        // Whoever typed a value here would leave it in the shell's history; it is not repeated.
        Some(_) => Err("a key only; its value is read from standard input".to_owned()),
    }
}

fn file(path: Option<&str>) -> Result<Source, String> {
    let path = path.filter(|path| !path.is_empty()).ok_or("`=PATH` is missing")?;
    Ok(Source::File(PathBuf::from(path)))
}

fn template(text: Option<&str>) -> Result<Source, String> {
    let text = text.ok_or("`=TEXT` is missing")?;
    text.parse().map(Source::Template).map_err(|error: TemplateError| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        keys: Keys,
    }

    fn parse(line: &[&str]) -> Result<Vec<(String, Source)>, String> {
        let line = ["secret"].iter().chain(line);
        Line::try_parse_from(line).map(|line| line.keys.0).map_err(|error| error.to_string())
    }

    #[test]
    fn keys_keep_the_order_of_the_command_line() {
        let line = [
            "--template",
            "URL=x:{B|url}=",
            "--generate",
            "B",
            "--from-file=C=a=b",
            "--set-stdin",
            "D",
            "--generate",
            "A=alnum:20",
        ];
        assert_eq!(
            parse(&line).unwrap(),
            [
                ("URL".to_owned(), Source::Template("x:{B|url}=".parse().unwrap())),
                ("B".to_owned(), Source::Generate(Policy::Alnum(40))),
                ("C".to_owned(), Source::File("a=b".into())),
                ("D".to_owned(), Source::Stdin),
                ("A".to_owned(), Source::Generate(Policy::Alnum(20))),
            ]
        );
        assert_eq!(parse(&[]).unwrap(), []);
    }

    #[test]
    fn what_is_wrong_is_said_in_the_words_of_the_room_that_knows() {
        let cases = [
            (&["--generate", "A=alnum:8"][..], "48 bits of entropy"),
            (&["--generate", "A B"], "a key has letters"),
            (&["--template", "A={B"], "column 1: `{` is not closed"),
            (&["--template", "A"], "`=TEXT` is missing"),
            (&["--from-file", "A="], "`=PATH` is missing"),
            (&["--set-stdin", "A", "--set-stdin", "B"], "cannot be used multiple times"),
        ];
        for (line, wanted) in cases {
            let error = parse(line).unwrap_err();
            assert!(error.contains(wanted), "{error}");
        }
    }
}
