//! The flags that say how a container gets a new Secret.

use super::Failure;
use crate::scaffold::uses::Error;
use crate::scaffold::{Reader, Use};

/// How a container gets the Secret.
#[derive(Default, clap::Args)]
pub(super) struct Uses {
    #[command(flatten)]
    ways: Ways,

    /// The container that gets the Secret, if the app has several: of a HelmRelease of app-template by its controller,
    /// else by its workload
    #[arg(long, value_name = "CONTROLLER/CONTAINER", requires = "Ways")]
    pub(super) container: Option<String>,
}

/// What of it the container gets.
#[derive(Default, clap::Args)]
struct Ways {
    /// Give every key to a container of the app as a variable (`envFrom`)
    #[arg(long)]
    env_from: bool,

    /// Give a key to a container of the app as a variable; without KEY they have one name
    #[arg(long, value_name = "VARIABLE[=KEY]", value_parser = variable)]
    env: Vec<Use>,

    /// Mount every key as a file below this path of a container of the app, read-only
    #[arg(long, value_name = "PATH")]
    mount: Option<String>,
}

impl Uses {
    /// These ways to get it, for a container.
    pub(super) fn new(chosen: Vec<Use>, container: Option<String>) -> Uses {
        let mut ways = Ways::default();
        for way in chosen {
            match way {
                Use::EnvFrom => ways.env_from = true,
                Use::Env { .. } => ways.env.push(way),
                Use::Mount { path } => ways.mount = Some(path),
            }
        }
        Uses { ways, container }
    }

    /// The flags with what follows them.
    pub(super) fn flags(&self) -> Vec<(&'static str, Option<String>)> {
        let flag = |way| match way {
            Use::EnvFrom => ("env-from", None),
            Use::Env { variable, key } if variable == key => ("env", Some(variable)),
            Use::Env { variable, key } => ("env", Some(format!("{variable}={key}"))),
            Use::Mount { path } => ("mount", Some(path)),
        };
        let container = self.container.clone().map(|name| ("container", Some(name)));
        self.ways().into_iter().map(flag).chain(container).collect()
    }

    /// Who gets the Secret.
    pub(super) fn reader(&self) -> Reader {
        Reader { uses: self.ways(), container: self.container.clone() }
    }

    /// In the order in which they are written.
    pub(super) fn ways(&self) -> Vec<Use> {
        let mut ways = self.ways.env.clone();
        ways.extend(self.ways.env_from.then_some(Use::EnvFrom));
        ways.extend(self.ways.mount.clone().map(|path| Use::Mount { path }));
        ways
    }
}

fn variable(text: &str) -> Result<Use, String> {
    let (variable, key) = text.split_once('=').unwrap_or((text, text));
    match variable.is_empty() || key.is_empty() {
        true => Err("write VARIABLE or VARIABLE=KEY".to_owned()),
        false => Ok(Use::Env { variable: variable.to_owned(), key: key.to_owned() }),
    }
}

/// What to do about a container that does not get the Secret.
pub(super) fn hinted(failure: Failure, error: &Error) -> Failure {
    match error {
        Error::NoContainer { .. } => failure
            .hint("leave `--env-from`, `--env` and `--mount` out, and write the reference yourself"),
        Error::OtherChart { .. } => failure.hint(
            "leave `--env-from`, `--env` and `--mount` out, and write what the chart asks for, such as `existingSecret: NAME` \
             or `envFrom: [{secretRef: {name: NAME}}]`, into its values",
        ),
        Error::SeveralContainers { .. } | Error::UnknownContainer { .. } => {
            failure.hint("choose one with `--container CONTROLLER/CONTAINER`")
        }
        Error::OtherApp { .. } => failure.hint(
            "leave `--env-from`, `--env` and `--mount` out, and write the reference into a patch of this app",
        ),
        Error::OtherNamespace { secret, .. } => {
            failure.hint(format!("choose an app or a container of the namespace `{secret}`"))
        }
        Error::OtherName { .. } => failure.hint(
            "leave `--env-from`, `--env` and `--mount` out, and write the reference with the whole name yourself",
        ),
        Error::KeyUnknown { variable, .. } => {
            failure.hint(format!("name one of these with `--env {variable}=KEY`"))
        }
        Error::VariableTaken { key, .. } => failure.hint(format!(
            "remove that variable, or choose another name with `--env OTHER={key}`"
        )),
        Error::PathTaken { .. } => failure.hint("choose another path with `--mount PATH`"),
        Error::Shared { .. } => failure.hint("write it out in both places first"),
        Error::Defaulted { field, .. } => failure.hint(format!(
            "leave `--env-from`, `--env` and `--mount` out, and write the reference into the `{field}` of `defaultContainerOptions`"
        )),
        _ => failure,
    }
}
