//! `keywright secret set`

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use super::address::Address;
use super::keys::{self, Source};
use super::{answers, failure_of, input};
use crate::cli::commit::Mode;
use crate::cli::{Context, Failure, Status, claim, discover};
use crate::layout::Layout;
use crate::make::{Entry, evaluate};
use crate::scaffold::existing::{self, Means};
use crate::secret::Secret;

/// Give one key of a Secret a value, or several keys
///
/// The value comes from standard input, at a terminal from a hidden prompt, or as a flag says; never from the command
/// line. Every other value keeps its ciphertext.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  pass show grafana/admin | keywright secret set grafana GF_SECURITY_ADMIN_PASSWORD
  keywright secret set grafana GF_SECURITY_ADMIN_PASSWORD --generate
  keywright secret set grafana tls.crt --from-file cert.pem
  keywright secret set grafana --generate GF_SECRET_KEY=alnum:64 --from-file ca.crt=ca.pem

Who has no identity of the file can replace its values only all at once: with every key in one call the file is made \
anew, with a new data key for the recipients of the creation rule.")]
pub(super) struct SetArgs {
    #[command(flatten)]
    address: Address,
    /// The key, for one value; several are named behind their flags
    #[arg(value_name = "KEY")]
    key: Option<String>,
    #[command(flatten)]
    given: Given,
    #[command(flatten)]
    mode: Mode,
}

/// The flags that say where values come from, in the order of the command line, with what follows them.
#[derive(Debug, Clone, Default, PartialEq)]
struct Given(Vec<(&'static str, String)>);

/// Name, value name and help of each flag.
const FLAGS: [(&str, &str, &str); 3] = [
    (
        "generate",
        "KEY[=POLICY]",
        "Generate a value: `alnum:LENGTH`, by default `alnum:40`; beside KEY only the policy is named",
    ),
    (
        "set-stdin",
        "KEY",
        "Take the value of this key, one of several, from standard input; of several such keys each is a line",
    ),
    (
        "from-file",
        "KEY=PATH",
        "Take a value from a file, byte for byte, `-` is standard input; beside KEY only the path is named",
    ),
];

impl Args for Given {
    fn augment_args(command: Command) -> Command {
        command.args(FLAGS.map(|(name, value_name, help)| {
            let arg = Arg::new(name).long(name).value_name(value_name).help(help);
            let arg = arg.action(ArgAction::Append);
            match name {
                "generate" => arg.num_args(0..=1).default_missing_value(""),
                _ => arg,
            }
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Given {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut found = Vec::new();
        for (flag, _, _) in FLAGS {
            let typed = keys::typed_behind(flag, matches);
            found.extend(typed.map(|(place, text)| (place, (flag, text.clone()))));
        }
        found.sort_by_key(|(place, _)| *place);
        Ok(Given(found.into_iter().map(|(_, given)| given).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Given {
    /// Each key with the source of its value.
    fn sources(self, key: Option<&str>) -> Result<Vec<(String, Source)>, Failure> {
        let Some(key) = key else {
            if self.0.is_empty() {
                return Err(
                    Failure::new("no key given").hint("name it: `keywright secret set APP KEY`")
                );
            }
            let each = self.0.iter().map(|(flag, text)| keys::read(flag, text));
            let sources: Vec<_> = each.collect::<Result<_, _>>().map_err(Failure::new)?;
            keys::check_stdin(sources.iter().map(|(_, source)| source), 0).map_err(Failure::new)?;
            return Ok(sources);
        };
        let text = match &self.0[..] {
            [] => return Ok(vec![keys::read("set-stdin", key).map_err(Failure::new)?]),
            [("generate", policy)] if policy.is_empty() => key.to_owned(),
            [("generate" | "from-file", rest)] => format!("{key}={rest}"),
            [("set-stdin", _)] => {
                let hint = "leave `--set-stdin` out, or name every key behind its flag";
                return Err(Failure::new("`--set-stdin` beside KEY names a second key").hint(hint));
            }
            _ => {
                let hint = "name every key behind its flag, such as `--generate KEY`";
                return Err(Failure::new("one KEY, and several flags for its value").hint(hint));
            }
        };
        Ok(vec![keys::read(self.0[0].0, &text).map_err(Failure::new)?])
    }
}

/// Runs the command.
pub(super) fn run(args: SetArgs, context: &mut Context) -> Result<Status, Failure> {
    let sources = args.given.sources(args.key.as_deref())?;
    if !context.interactive && sources.iter().any(|(_, source)| source.is_stdin()) {
        context.fetch_stdin()?;
    }
    context.begin("secret set", args.mode.access());
    let (root, store, snapshot) = claim::repository(context)?;
    let layout = Layout::read(&snapshot)?;
    let keys: Vec<&str> = sources.iter().map(|(key, _)| key.as_str()).collect();
    let target = args.address.find_keys(&keys, &layout, context)?;
    // What cannot be changed is refused before anybody types a password.
    existing::check(&target).map_err(failure_of)?;
    let values = values(sources, context)?;
    let identities = discover::identities(context)?;
    let now = context.now();
    let mut means = Means { identities: &identities, random: &mut context.random, now: &now };
    let changed = existing::set(&target, &values, &layout, &mut means).map_err(failure_of)?;
    super::finish(changed, (root, &store), args.mode, context)
}

fn values(
    sources: Vec<(String, Source)>,
    context: &mut Context,
) -> Result<Vec<(String, Secret)>, Failure> {
    let prompt = context.interactive.then(|| context.prompt());
    let asked = sources.iter().filter(|(_, source)| *source == Source::Stdin);
    let asked: Vec<&str> = asked.map(|(key, _)| key.as_str()).collect();
    let shared = asked.len() > 1;
    let mut lines = input::values(&asked, prompt.as_ref(), context)?.into_iter();
    let mut entries = Vec::new();
    for (key, source) in sources {
        let is_stdin = source.is_stdin();
        let entry = answers::entry(source, &mut lines, context)?;
        answers::tell(&key, &entry, context);
        if is_stdin && matches!(&entry, Entry::Value(value) if value.is_empty()) {
            // More often a program before the pipe has failed than somebody wants this.
            let hint = format!("if you mean it: `--from-file {key}=/dev/null` without KEY");
            let message = match shared {
                true => format!("the line for `{key}` is empty"),
                false => "standard input is empty".to_owned(),
            };
            return Err(Failure::new(message).hint(hint));
        }
        entries.push((key, entry));
    }
    let now = context.now();
    evaluate(entries, &mut context.random, &now).map_err(|error| Failure::new(error.to_string()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: SetArgs,
    }

    /// Keys and sources of a command line, or what is wrong with it.
    fn sources(line: &[&str]) -> Result<Vec<(String, Source)>, String> {
        let line = Line::try_parse_from([&["set"], line].concat());
        let args = line.map_err(|error| error.to_string())?.args;
        args.given.sources(args.key.as_deref()).map_err(|failure| failure.message)
    }

    #[test]
    fn one_key_and_where_its_value_comes_from() {
        let only = |line: &[&str]| {
            let mut found = sources(line).unwrap();
            assert_eq!(found.len(), 1);
            found.remove(0)
        };
        assert_eq!(only(&["a", "K"]), ("K".to_owned(), Source::Stdin));
        let generated = only(&["a", "K", "--generate"]);
        assert!(matches!(generated.1, Source::Generate(_)), "{generated:?}");
        assert_eq!(generated, only(&["a", "K", "--generate", "alnum:40"]));
        assert_eq!(only(&["a", "K", "--from-file", "p=q"]).1, Source::File("p=q".into()));
    }

    #[test]
    fn several_keys_keep_the_order_of_the_command_line() {
        let line = ["a", "--from-file", "B=b", "--generate", "A", "--set-stdin", "C"];
        let found = sources(&line).unwrap();
        assert_eq!(found.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["B", "A", "C"]);
    }

    #[test]
    fn what_does_not_fit_together_is_refused_without_what_may_be_a_value() {
        let cases: [(&[&str], &str); 10] = [
            (&["a"], "no key given"),
            (&["a", "K", "--set-stdin", "L"], "names a second key"),
            (&["a", "K", "--generate", "--from-file", "x"], "several flags"),
            (&["a", "b c"], "a key has letters"),
            (&["a", "--generate", "K=hunter2"], "unknown policy"),
            (&["a", "K", "--generate", "hunter2"], "unknown policy"),
            (&["a", "--from-file", "hunter2"], "`=PATH` is missing"),
            (&["a", "--generate"], "a key has letters"),
            (&["a", "K", "--set-stdin", "L", "--set-stdin", "M"], "several flags"),
            (&["a", "--set-stdin", "K", "--from-file", "L=-"], "standard input can be read once"),
        ];
        for (line, wanted) in cases {
            let error = sources(line).unwrap_err();
            assert!(error.contains(wanted) && !error.contains("hunter2!"), "{error}");
        }
        assert!(!sources(&["a", "--generate", "K=hunter2"]).unwrap_err().contains("hunter2"));
    }
}
