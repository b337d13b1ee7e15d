//! Questions for what the repository leaves open: asked at a terminal, hints in a script.
//!
//! Each of them is a refusal that names its candidates; an answer is what its flag would have said.

use std::path::PathBuf;

use crate::cli::{Context, Failure};
use crate::layout;
use crate::provision::{Error, Options};

/// Tries until nothing is left open: at a terminal, each refusal that an answer would undo is a question. In a script it
/// is an error, with the flags that would be answers.
pub(super) fn asked<T>(
    wanted: &mut Wanted,
    context: &mut Context,
    mut attempt: impl FnMut(&Wanted, &mut Context) -> Result<T, Error>,
) -> Result<T, Failure> {
    loop {
        let error = match attempt(wanted, context) {
            Ok(outcome) => return Ok(outcome),
            Err(error) => error,
        };
        match Question::of(&error).filter(|_| context.interactive) {
            Some(question) => question.put(wanted, context)?,
            None => return Err(error.into()),
        }
    }
}

/// What a command is asked to do, answers included.
#[derive(Default)]
pub(super) struct Wanted {
    /// The app: its name, or the path of its directory.
    pub(super) app: String,
    /// What was chosen.
    pub(super) options: Options,
}

/// A choice among candidates.
pub(super) struct Question {
    about: About,
    /// What the flag would say, one for each candidate.
    values: Vec<String>,
    /// What is shown of them.
    choices: Vec<String>,
}

/// What a question decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum About {
    /// The argument.
    App,
    /// `--cluster`
    Cluster,
    /// `--role`
    Role,
    /// `--secret`
    Secret,
}

impl Question {
    /// The question that an answer to would undo a refusal.
    pub(super) fn of(error: &Error) -> Option<Question> {
        let (about, values, choices) = match error {
            Error::ClusterAmbiguous { paths, names } => {
                (About::Cluster, names.clone(), beside(names, paths))
            }
            Error::SecretAmbiguous { paths, names, .. } => {
                (About::Secret, names.clone(), beside(names, paths))
            }
            Error::RoleAmbiguous { candidates, .. } => {
                (About::Role, candidates.clone(), candidates.clone())
            }
            Error::Layout(layout::Error::AppAmbiguous { directories, .. }) => {
                let shown = directories.iter().map(|path| path.display().to_string());
                let mut paths: Vec<String> = shown.collect();
                paths.sort();
                paths.dedup();
                (About::App, paths.clone(), paths)
            }
            _ => return None,
        };
        (values.len() > 1).then_some(Question { about, values, choices })
    }

    /// The flags that would be answers.
    pub(super) fn hint(&self) -> String {
        let flag = match self.about {
            About::App => "name it by its directory: ",
            About::Cluster => "choose one: --cluster ",
            About::Role => "choose one: --role ",
            About::Secret => "choose one: --secret ",
        };
        format!("{flag}`{}`", self.values.join("` or `"))
    }

    /// Asks, and notes the answer. Nobody waits for the lock meanwhile.
    fn put(self, wanted: &mut Wanted, context: &mut Context) -> Result<(), Failure> {
        let question = match self.about {
            About::App => "Which app?",
            About::Cluster => "Which Cluster?",
            About::Role => "Which name for the role?",
            About::Secret => "Which Secret gets the URL?",
        };
        context.flush();
        let chosen = context.prompt().choose(question, &self.choices)?;
        self.answer(chosen, wanted);
        Ok(())
    }

    fn answer(mut self, chosen: usize, wanted: &mut Wanted) {
        let value = self.values.swap_remove(chosen);
        match self.about {
            About::App => wanted.app = value,
            About::Cluster => wanted.options.cluster = Some(value),
            About::Role => wanted.options.role = Some(value),
            About::Secret => wanted.options.secret = Some(value),
        }
    }
}

/// Names with their files.
fn beside(names: &[String], paths: &[PathBuf]) -> Vec<String> {
    let pairs = names.iter().zip(paths);
    pairs.map(|(name, path)| format!("{name} ({})", path.display())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn paths(texts: &[&str]) -> Vec<PathBuf> {
        texts.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn every_contradiction_has_a_question_and_the_flag_that_decides() {
        let ambiguous = |directories: &[&str]| {
            let (app, paths) = ("g".to_owned(), paths(&["x.yaml", "y.yaml"]));
            let directories = directories.iter().map(PathBuf::from).collect();
            Error::Layout(layout::Error::AppAmbiguous { app, paths, directories })
        };
        let files = || paths(&["x.yaml", "y.yaml"]);
        let cases = [
            (
                Error::ClusterAmbiguous { paths: files(), names: texts(&["a/pg", "b/pg"]) },
                "choose one: --cluster `a/pg` or `b/pg`",
            ),
            (
                Error::SecretAmbiguous {
                    app: "g".into(),
                    paths: files(),
                    names: texts(&["s", "t"]),
                },
                "choose one: --secret `s` or `t`",
            ),
            (
                Error::RoleAmbiguous {
                    app: "a-b".into(),
                    candidates: texts(&["a_b", "a-b"]),
                    paths: files(),
                },
                "choose one: --role `a_b` or `a-b`",
            ),
            (
                ambiguous(&["b/g/app", "a/g/app"]),
                "name it by its directory: `a/g/app` or `b/g/app`",
            ),
        ];
        for (error, hint) in cases {
            let question = Question::of(&error).expect("a question");
            assert_eq!(question.hint(), hint);
            let about = question.about;
            let mut wanted = Wanted { app: "g".to_owned(), options: Options::default() };
            let value = question.values[1].clone();
            question.answer(1, &mut wanted);
            let answered = match about {
                About::App => Some(wanted.app),
                About::Cluster => wanted.options.cluster,
                About::Role => wanted.options.role,
                About::Secret => wanted.options.secret,
            };
            assert_eq!(answered, Some(value));
        }
        assert!(Question::of(&ambiguous(&["a/g", "a/g"])).is_none(), "no path decides");
        assert!(Question::of(&Error::ComponentMissing).is_none());
    }
}
