//! The flags that say where the values of a Secret come from, in the order in which they were typed.
//!
//! Clap collects the values of each flag; a Secret's keys have one order over all of them. So these five
//! are put together by hand, by the places at which their values stood.

use std::path::PathBuf;

use clap::error::{Error, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::make::{Derivation, DerivationError, Policy, Template, TemplateError, is_key};

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
    /// It is derived from another one.
    Derive(Derivation),
}

/// Keys in the order of the command line.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Keys(pub(super) Vec<(String, Source)>);

/// How one of the flags reads what follows `KEY=`, which it is given, too.
type Reader = fn(&str, Option<&str>) -> Result<Source, String>;

/// Name, value name, help and reader of each flag.
const FLAGS: [(&str, &str, &str, Reader); 5] = [
    (
        "generate",
        "KEY[=POLICY]",
        "Generate a value: `alnum:LENGTH`, by default `alnum:40`, `hex:BYTES`, `words:COUNT`, a private key \
         and others, see docs/recipes.md",
        generated,
    ),
    (
        "set-stdin",
        "KEY",
        "Take a value from standard input; the line break that ends a single line is left out",
        stdin,
    ),
    ("from-file", "KEY=PATH", "Take a value from a file, byte for byte", file),
    (
        "template",
        "KEY=TEXT",
        "Compose a value from others: `{OTHER}` or, percent-encoded, `{OTHER|url}`; a brace is `{{` or `}}`",
        template,
    ),
    (
        "derive",
        "KEY=DERIVATION",
        "Derive a value from another one: `bcrypt(OTHER)`, `argon2id(OTHER)`, `public(OTHER)` and others, see \
         docs/recipes.md",
        derive,
    ),
];

impl Keys {
    /// Whether one of them is standard input.
    pub(super) fn want_stdin(&self) -> bool {
        self.0.iter().any(|(_, source)| *source == Source::Stdin)
    }
}

impl Args for Keys {
    fn augment_args(command: Command) -> Command {
        command.args(FLAGS.map(|(name, value_name, help, _)| {
            // Standard input has one value to give.
            let once = name == "set-stdin";
            let action = if once { ArgAction::Set } else { ArgAction::Append };
            Arg::new(name).long(name).value_name(value_name).help(help).action(action)
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Keys {
    /// Reads the values only here: a parser of clap's would repeat a wrong one in its error, and it may be a
    /// secret that somebody typed where a key belongs.
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut found = Vec::new();
        for (flag, _, _, reader) in FLAGS {
            let places = matches.indices_of(flag).into_iter().flatten();
            let texts = matches.get_many::<String>(flag).into_iter().flatten();
            for (place, text) in places.zip(texts) {
                let entry = entry(text, reader).map_err(|reason| {
                    Error::raw(ErrorKind::ValueValidation, format!("`--{flag}`: {reason}\n"))
                })?;
                found.push((place, entry));
            }
        }
        found.sort_by_key(|(place, _)| *place);
        Ok(Keys(found.into_iter().map(|(_, entry)| entry).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// What follows one of the flags, as `KEY` or `KEY=REST`.
pub(super) fn read(flag: &str, text: &str) -> Result<(String, Source), String> {
    let known = FLAGS.iter().find(|(name, ..)| *name == flag);
    let (.., reader) = known.expect("every verb takes some of these flags");
    entry(text, *reader).map_err(|reason| format!("`--{flag}`: {reason}"))
}

/// `KEY` or `KEY=REST`.
fn entry(text: &str, reader: Reader) -> Result<(String, Source), String> {
    let (key, rest) = match text.split_once('=') {
        Some((key, rest)) => (key, Some(rest)),
        None => (text, None),
    };
    if !is_key(key) {
        return Err("a key has letters, digits, `-`, `_` and `.`, at most 253".to_owned());
    }
    Ok((key.to_owned(), reader(key, rest).map_err(|reason| format!("{key}: {reason}"))?))
}

fn generated(key: &str, policy: Option<&str>) -> Result<Source, String> {
    let policy = policy.map_or(Ok(Policy::default()), str::parse);
    let fits = policy.and_then(|policy: Policy| policy.companion(key).map(|_| policy));
    fits.map(Source::Generate).map_err(|error| error.to_string())
}

fn stdin(_: &str, rest: Option<&str>) -> Result<Source, String> {
    match rest {
        None => Ok(Source::Stdin),
        Some(_) => Err("a key only; its value is read from standard input".to_owned()),
    }
}

fn file(_: &str, path: Option<&str>) -> Result<Source, String> {
    let path = path.filter(|path| !path.is_empty()).ok_or("`=PATH` is missing")?;
    Ok(Source::File(PathBuf::from(path)))
}

fn template(_: &str, text: Option<&str>) -> Result<Source, String> {
    let text = text.ok_or("`=TEXT` is missing")?;
    text.parse().map(Source::Template).map_err(|error: TemplateError| error.to_string())
}

fn derive(_: &str, text: Option<&str>) -> Result<Source, String> {
    let text = text.ok_or("`=DERIVATION` is missing")?;
    text.parse().map(Source::Derive).map_err(|error: DerivationError| error.to_string())
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
            "--derive=H=bcrypt(B, cost=12)",
        ];
        assert_eq!(
            parse(&line).unwrap(),
            [
                ("URL".to_owned(), Source::Template("x:{B|url}=".parse().unwrap())),
                ("B".to_owned(), Source::Generate(Policy::default())),
                ("C".to_owned(), Source::File("a=b".into())),
                ("D".to_owned(), Source::Stdin),
                ("A".to_owned(), Source::Generate("alnum:20".parse().unwrap())),
                ("H".to_owned(), Source::Derive("bcrypt(B, cost=12)".parse().unwrap())),
            ]
        );
        assert_eq!(parse(&[]).unwrap(), []);
    }

    #[test]
    fn a_value_in_the_place_of_a_key_or_policy_is_not_repeated() {
        for line in [
            ["--set-stdin", "KEY=hunter2"],
            ["--set-stdin", "hunter2!"],
            ["--generate", "KEY=hunter2"],
            ["--template", "KEY={hunter2"],
            ["--generate", "KEY=alnum:hunter2"],
            ["--generate", "KEY=alnum:40,hunter2"],
            ["--generate", "KEY=self-signed:cn=hunter2!,days=1"],
            ["--derive", "KEY=hunter2"],
            ["--derive", "KEY=bcrypt(hunter2!)"],
            ["--derive", "KEY=bcrypt(P, hunter2=1)"],
        ] {
            let error = parse(&line).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
            assert!(error.starts_with(&format!("error: `{}`: ", line[0])), "{error}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_in_the_words_of_the_room_that_knows() {
        let cases = [
            (&["--generate", "A=alnum:8"][..], "48 bits of entropy"),
            (&["--generate", "A B"], "a key has letters"),
            (&["--template", "A={B"], "column 1: `{` is not closed"),
            (&["--template", "A"], "`=TEXT` is missing"),
            (&["--derive", "A"], "`=DERIVATION` is missing"),
            (&["--generate", "A=self-signed:cn=a.test,days=1"], "`NAME.crt` and `NAME.key`"),
            (&["--from-file", "A="], "`=PATH` is missing"),
            (&["--set-stdin", "A", "--set-stdin", "B"], "cannot be used multiple times"),
        ];
        for (line, wanted) in cases {
            let error = parse(line).unwrap_err();
            assert!(error.contains(wanted), "{error}");
        }
    }
}
