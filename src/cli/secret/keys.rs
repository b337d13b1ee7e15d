//! The flags that say where the values of a Secret come from, in the order in which they were typed.
//!
//! Clap collects the values of each flag; a Secret's keys have one order over all of them. So these are put
//! together by hand, by the places at which their values stood. What is refused: what is no key or no source,
//! and two flags that both take standard input, which can be read once.

use std::fmt;
use std::path::PathBuf;

use clap::error::{Error, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::make::{Derivation, DerivationError, Policy, Template, TemplateError, is_key};
use crate::secret::Secret;

/// What means standard input in the place of a path.
pub(super) const STDIN: &str = "-";

/// Where one value comes from.
#[derive(Debug, PartialEq)]
pub(super) enum Source {
    /// It is generated.
    Generate(Policy),
    /// It is standard input, or where several keys are so, a line of it.
    Stdin,
    /// It is the content of a file, or of standard input.
    File(PathBuf),
    /// It is composed from others.
    Template(Template),
    /// It is derived from another one.
    Derive(Derivation),
    /// It is on the command line, for everybody to see.
    Typed(Typed),
}

/// A value of the command line. `Debug` does not show it.
#[derive(PartialEq)]
pub(super) struct Typed(pub(super) Secret);

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// What one flag gives.
#[derive(Debug, PartialEq)]
pub(super) enum Given {
    /// A key.
    Key(String, Source),
    /// Every key of a dotenv file, or of standard input as one.
    EnvFile(PathBuf),
}

/// What is given, in the order of the command line.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Keys(pub(super) Vec<Given>);

/// How one of the flags reads what follows `KEY=`, which it is given, too.
type Reader = fn(&str, Option<&str>) -> Result<Source, String>;

/// Name, value name, help and reader of each flag.
const FLAGS: [(&str, &str, &str, Reader); 6] = [
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
        "Take a value from standard input, without the line break that ends a single line; of several such keys each is a \
         line",
        stdin,
    ),
    (
        "from-file",
        "KEY=PATH",
        "Take a value from a file, byte for byte; `-` is standard input",
        file,
    ),
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
    (
        "insecure-value",
        "KEY=VALUE",
        "Take a value from the command line, where the history of the shell and other users can read it",
        typed,
    ),
];

/// The flag that gives several keys, its value name and help.
const ENV_FILE: (&str, &str, &str) = (
    "from-env-file",
    "PATH",
    "Take every `KEY=value` line of a dotenv file; `-` is standard input. Quotes belong to the value, and `\\n` is a line break",
);

impl Source {
    /// Whether it takes standard input.
    pub(super) fn is_stdin(&self) -> bool {
        match self {
            Source::Stdin => true,
            Source::File(path) => path.as_os_str() == STDIN,
            _ => false,
        }
    }
}

impl Keys {
    /// Whether one of them takes standard input.
    pub(super) fn want_stdin(&self) -> bool {
        self.0.iter().any(|given| match given {
            Given::Key(_, source) => source.is_stdin(),
            Given::EnvFile(path) => path.as_os_str() == STDIN,
        })
    }

    /// The sources of the keys that have one each.
    pub(super) fn sources(&self) -> impl Iterator<Item = &Source> {
        self.0.iter().filter_map(|given| match given {
            Given::Key(_, source) => Some(source),
            Given::EnvFile(_) => None,
        })
    }

    /// The names of all flags, for those that do not go with them.
    pub(super) fn flags() -> impl Iterator<Item = &'static str> {
        FLAGS.map(|(name, ..)| name).into_iter().chain([ENV_FILE.0])
    }
}

/// Refuses several that take standard input: only lines of it can be shared.
pub(super) fn check_stdin<'s>(
    sources: impl Iterator<Item = &'s Source>,
    env_files: usize,
) -> Result<(), String> {
    let (lines, whole): (Vec<_>, Vec<_>) =
        sources.filter(|source| source.is_stdin()).partition(|source| **source == Source::Stdin);
    match usize::from(!lines.is_empty()) + whole.len() + env_files {
        0 | 1 => Ok(()),
        _ => Err("standard input can be read once, and several flags take it; only `--set-stdin` can share it".to_owned()),
    }
}

impl Args for Keys {
    fn augment_args(command: Command) -> Command {
        let flags = FLAGS.map(|(name, value_name, help, _)| (name, value_name, help));
        command.args(flags.into_iter().chain([ENV_FILE]).map(|(name, value_name, help)| {
            Arg::new(name).long(name).value_name(value_name).help(help).action(ArgAction::Append)
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
            for (place, text) in typed_behind(flag, matches) {
                let (key, source) = entry(text, reader)
                    .map_err(|reason| invalid(&format!("`--{flag}`: {reason}")))?;
                found.push((place, Given::Key(key, source)));
            }
        }
        for (place, path) in typed_behind(ENV_FILE.0, matches) {
            found.push((place, Given::EnvFile(PathBuf::from(path))));
        }
        found.sort_by_key(|(place, _)| *place);
        let keys = Keys(found.into_iter().map(|(_, given)| given).collect());
        let is_stdin = |given: &&Given| **given == Given::EnvFile(STDIN.into());
        let env_files = keys.0.iter().filter(is_stdin).count();
        check_stdin(keys.sources(), env_files).map_err(|reason| invalid(&reason))?;
        Ok(keys)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// What follows each occurrence of a flag, with its place on the command line.
pub(super) fn typed_behind<'m>(
    flag: &str,
    matches: &'m ArgMatches,
) -> impl Iterator<Item = (usize, &'m String)> {
    let places = matches.indices_of(flag).into_iter().flatten();
    places.zip(matches.get_many::<String>(flag).into_iter().flatten())
}

fn invalid(reason: &str) -> Error {
    Error::raw(ErrorKind::ValueValidation, format!("{reason}\n"))
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
    let source = reader(key, rest).map_err(|reason| match rest {
        Some(_) => format!("{key}: {reason}"),
        // What looks like a key may be a value that stands alone.
        None => reason,
    });
    Ok((key.to_owned(), source?))
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

fn typed(_: &str, value: Option<&str>) -> Result<Source, String> {
    let value = value.ok_or("`=VALUE` is missing")?;
    Ok(Source::Typed(Typed(Secret::from(value.to_owned()))))
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

    fn parse(line: &[&str]) -> Result<Vec<Given>, String> {
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
            "--from-env-file",
            "app.env",
            "--set-stdin=E",
            "--insecure-value=F=a=b",
        ];
        let key = |key: &str, source| Given::Key(key.to_owned(), source);
        assert_eq!(
            parse(&line).unwrap(),
            [
                key("URL", Source::Template("x:{B|url}=".parse().unwrap())),
                key("B", Source::Generate(Policy::default())),
                key("C", Source::File("a=b".into())),
                key("D", Source::Stdin),
                key("A", Source::Generate("alnum:20".parse().unwrap())),
                key("H", Source::Derive("bcrypt(B, cost=12)".parse().unwrap())),
                Given::EnvFile("app.env".into()),
                key("E", Source::Stdin),
                key("F", Source::Typed(Typed(Secret::from("a=b".to_owned())))),
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
            ["--insecure-value", "hunter2!"],
            ["--insecure-value", "hunter2"],
            ["--insecure-value", "K!=hunter2"],
        ] {
            let error = parse(&line).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
            assert!(error.starts_with(&format!("error: `{}`: ", line[0])), "{error}");
        }
    }

    #[test]
    fn a_value_of_the_command_line_is_not_shown_by_debug() {
        let shown = format!("{:?}", parse(&["--insecure-value", "K=hunter2"]).unwrap());
        assert_eq!(shown, "[Key(\"K\", Typed(…))]");
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
            (&["--insecure-value", "A"], "`=VALUE` is missing"),
            (&["--set-stdin", "A", "--from-file", "B=-"], "standard input can be read once"),
            (&["--from-file", "A=-", "--from-file", "B=-"], "standard input can be read once"),
            (&["--from-env-file", "-", "--set-stdin", "B"], "standard input can be read once"),
            (&["--from-env-file", "-", "--from-env-file=-"], "standard input can be read once"),
        ];
        for (line, wanted) in cases {
            let error = parse(line).unwrap_err();
            assert!(error.contains(wanted), "{error}");
        }
    }
}
