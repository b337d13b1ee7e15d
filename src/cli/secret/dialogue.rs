//! The dialogue of `secret new`: it asks for the flags that were not given, one question after the other.
//!
//! ```text
//! App            those that are found, narrowed down by what is typed
//! Name           free, and one that the API server takes
//! Type           with the keys that it needs
//! Key, value     until there are no more
//! Reader         who gets it, as variables or as files
//! Recipe         whether `keywright.yaml` says how the values are made
//! Anything else  labels, annotations, the list, immutable
//! ```
//!
//! Somebody who gave the keys by flags knows what they want: then only app and name are asked for. Every answer is a flag
//! of [`NewArgs`], so that the same can be done without a terminal, and [`Dialogue::equivalent`] says how.

mod equivalent;
mod keys;
mod more;
mod reader;
mod walk;

use self::walk::{Halt, Walk};
use super::answers::{self, Answer};
use super::failure;
use super::new::NewArgs;
use crate::cli::failure::NO_APPS;
use crate::cli::prompt::{BACK, Prompt};
use crate::cli::{Context, Failure};
use crate::layout::Layout;
use crate::make::Entry;
use crate::scaffold::{self, kind};

/// A part of the dialogue.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    App,
    Name,
    /// The container for the ways that flags have named.
    Container,
    /// No question: whether there can be such a Secret at all, before anybody types a password.
    Place,
    Type,
    Keys,
    Reader,
    Recipe,
    More,
}

/// All of them in their order.
const STEPS: [Step; 9] = [
    Step::App,
    Step::Name,
    Step::Container,
    Step::Place,
    Step::Type,
    Step::Keys,
    Step::Reader,
    Step::Recipe,
    Step::More,
];

/// The types that are offered, and what they are for.
const TYPES: [(&str, &str); 5] = [
    ("Opaque", "Opaque: keys of your own"),
    ("kubernetes.io/basic-auth", "basic-auth: a user and a password"),
    ("kubernetes.io/tls", "tls: a certificate and its key"),
    ("kubernetes.io/ssh-auth", "ssh-auth: a private key"),
    (kind::DOCKER_CONFIG, "dockerconfigjson: a registry of images"),
];

/// The questions that some flags leave open, and how far they are answered.
pub(super) struct Dialogue<'d, 's> {
    questions: Questions<'d, 's>,
    walk: Walk<Step>,
}

/// What there is to choose from, and who chooses.
struct Questions<'d, 's> {
    layout: &'d Layout<'s>,
    prompt: Prompt,
    /// Whether flags have left the keys open.
    asks_keys: bool,
}

impl<'d, 's> Dialogue<'d, 's> {
    /// A dialogue for what these flags leave open.
    pub(super) fn about(args: &NewArgs, layout: &'d Layout<'s>, context: &mut Context) -> Self {
        let asks_keys = args.keys.0.is_empty() && args.registry.registry.is_none();
        let is_open = |step: &Step| match step {
            Step::App => args.app.is_none(),
            Step::Name => args.name.is_none(),
            Step::Container => !args.uses.ways().is_empty() && args.uses.container.is_none(),
            Step::Place | Step::Keys => true,
            Step::Type => asks_keys && args.kind.is_none(),
            Step::Reader => asks_keys && args.uses.ways().is_empty(),
            Step::Recipe => asks_keys && !args.recipe,
            Step::More => asks_keys,
        };
        if asks_keys {
            context
                .note(format!("Ctrl-C cancels; Escape in a menu, `{BACK}` elsewhere, goes back"));
        }
        let prompt = context.prompt().in_dialogue();
        let questions = Questions { layout, prompt, asks_keys };
        Dialogue { questions, walk: Walk::new(STEPS.into_iter().filter(is_open).collect()) }
    }

    /// What the questions are about.
    pub(super) fn layout(&self) -> &'d Layout<'s> {
        self.questions.layout
    }

    /// Asks what is open, and completes flags and values by the answers.
    pub(super) fn complete(
        &mut self,
        args: &mut NewArgs,
        answers: &mut Vec<Answer>,
        context: &mut Context,
    ) -> Result<(), Failure> {
        self.walk.go(|step| self.questions.ask(step, args, answers, context))
    }

    /// Back to the last question; `false` where none was asked.
    pub(super) fn back(&mut self) -> bool {
        self.walk.back()
    }

    /// Back to the values; `false` where they were given by flags.
    pub(super) fn back_to_values(&mut self) -> bool {
        self.walk.back_to(Step::Keys)
    }

    /// The command line that would have given the same, if anything was asked.
    pub(super) fn equivalent(
        &self,
        args: &NewArgs,
        answers: &[Answer],
        context: &Context,
    ) -> Option<String> {
        self.walk.has_asked().then(|| equivalent::command(args, answers, context.columns()))
    }
}

impl Questions<'_, '_> {
    /// Asks one of the steps; `false` where there was nothing to ask.
    fn ask(
        &self,
        step: Step,
        args: &mut NewArgs,
        answers: &mut Vec<Answer>,
        context: &mut Context,
    ) -> Result<bool, Halt> {
        match step {
            Step::App => {
                let mut names = apps(self.layout)?;
                args.app = Some(names.swap_remove(self.prompt.search("App", &names)?));
            }
            Step::Name => args.name = Some(self.name(args)?),
            Step::Container => return self.container(args),
            Step::Place => {
                let request = answers::request(args, self.layout, context)?;
                scaffold::check(&request, self.layout).map_err(failure)?;
                return Ok(false);
            }
            Step::Type => self.kind(args, answers)?,
            Step::Keys if self.asks_keys => self.keys(args, answers, context)?,
            Step::Keys => {
                *answers = answers::given(args, Some(&self.prompt), context)?;
                return Ok(false);
            }
            Step::Reader => return self.reader(args, answers),
            Step::Recipe => return self.recipe(args, answers),
            Step::More => more::ask(args, &self.lists(args, context)?, &self.prompt)?,
        }
        Ok(true)
    }

    fn name(&self, args: &NewArgs) -> Result<String, Halt> {
        let app = answers::app(args, self.layout)?;
        let check = |name: &str| scaffold::check_name(self.layout, &app, name);
        let wanted = args.name.as_deref().unwrap_or(app.name());
        let default = Some(wanted.to_owned()).filter(|name| check(name).is_ok());
        let told = |name: &String| check(name).map_err(|error| error.to_string());
        Ok(self.prompt.line("Name of the Secret", default, told)?)
    }

    fn container(&self, args: &mut NewArgs) -> Result<bool, Halt> {
        let mut containers = self.containers(args)?;
        let asks = containers.len() > 1;
        if asks {
            let chosen = self.prompt.choose("Which container gets the Secret", &containers)?;
            args.uses.container = Some(containers.swap_remove(chosen));
        }
        Ok(asks)
    }

    /// The type; with another one, the keys are others.
    fn kind(&self, args: &mut NewArgs, answers: &mut Vec<Answer>) -> Result<(), Halt> {
        let labels = TYPES.map(|(_, label)| label);
        let (chosen, _) = TYPES[self.prompt.choose("Type", &labels)?];
        let chosen = (chosen != TYPES[0].0).then(|| chosen.to_owned());
        if chosen != args.kind {
            answers.clear();
        }
        args.kind = chosen;
        Ok(())
    }

    fn keys(
        &self,
        args: &mut NewArgs,
        answers: &mut Vec<Answer>,
        context: &mut Context,
    ) -> Result<(), Halt> {
        let kind = answers::kind(args)?;
        if kind != kind::DOCKER_CONFIG {
            return keys::ask(answers, kind::required(&kind), &self.prompt, context);
        }
        args.registry.ask(&self.prompt)?;
        *answers = answers::given(args, Some(&self.prompt), context)?;
        Ok(())
    }

    fn reader(&self, args: &mut NewArgs, answers: &[Answer]) -> Result<bool, Halt> {
        let containers = self.containers(args)?;
        if containers.is_empty() {
            return Ok(false);
        }
        let keys: Vec<String> = answers.iter().flat_map(Answer::keys).collect();
        reader::ask(&mut args.uses, &containers, &keys, &self.prompt)?;
        Ok(true)
    }

    /// Asked where something is made that can be made again, and has no recipe yet.
    fn recipe(&self, args: &mut NewArgs, answers: &[Answer]) -> Result<bool, Halt> {
        let is_made = |answer: &Answer| !matches!(answer.entry, Entry::Value(_));
        let name = args.name.as_deref().unwrap_or_default();
        let is_free = scaffold::recipe::record::check_free(name, self.layout.snapshot()).is_ok();
        let asks = is_free && answers.iter().any(is_made);
        if asks {
            let question = "Record in keywright.yaml how the values are made?";
            args.recipe = self.prompt.confirm(question, args.recipe)?;
        }
        Ok(asks)
    }

    /// The containers that the app has.
    fn containers(&self, args: &NewArgs) -> Result<Vec<String>, Failure> {
        scaffold::containers(self.layout, &answers::app(args, self.layout)?).map_err(failure)
    }

    /// The kustomize files that can list the Secret, as a flag names them.
    fn lists(&self, args: &NewArgs, context: &Context) -> Result<Vec<String>, Failure> {
        let lists = scaffold::lists(self.layout, &answers::app(args, self.layout)?);
        let root = self.layout.snapshot().root();
        let base = context.directory.strip_prefix(root).unwrap_or(root);
        Ok(lists.into_iter().map(|path| crate::check::shell_word(path, base)).collect())
    }
}

/// The apps that somebody can choose from.
pub(super) fn apps(layout: &Layout<'_>) -> Result<Vec<String>, Failure> {
    match scaffold::addresses(layout) {
        names if names.is_empty() => Err(Failure::new("there are no apps").hint(NO_APPS)),
        names => Ok(names),
    }
}
