//! Credentials for a registry of images: `--registry` and `--username`, and a password that is not on the command line.
//!
//! ```text
//! printf %s "$TOKEN" | keywright secret new web --name pull --registry ghcr.io --username me
//! ```
//!
//! The same as `kubectl create secret docker-registry`. What is refused: another type, other keys beside this one, names
//! that no registry has, and a user with a colon, behind which programs would look for the password.

use super::answers::{Answer, Origin};
use super::input;
use super::keys::Keys;
use crate::cli::prompt::{self, Prompt};
use crate::cli::{Context, Failure};
use crate::make::Entry;
use crate::scaffold::kind::{DOCKER_CONFIG, DOCKER_CONFIG_KEY, docker_config};

/// Which registry, and who.
#[derive(clap::Args)]
pub(super) struct RegistryArgs {
    /// Make credentials for a registry of images; the password comes from standard input or a hidden prompt
    #[arg(long, value_name = "HOST", requires = "username", conflicts_with_all = Keys::flags())]
    pub(super) registry: Option<String>,

    /// The user of the registry
    #[arg(long, value_name = "USER", requires = "registry")]
    pub(super) username: Option<String>,
}

/// A registry and its user, both sound.
pub(super) struct Registry<'a> {
    host: &'a str,
    username: &'a str,
}

impl RegistryArgs {
    /// The registry, if one is given; `kind` is the type that is asked for.
    pub(super) fn check(&self, kind: Option<&str>) -> Result<Option<Registry<'_>>, Failure> {
        let (Some(host), Some(username)) = (&self.registry, &self.username) else {
            return Ok(None);
        };
        if let Some(kind) = kind.filter(|kind| *kind != DOCKER_CONFIG) {
            let message =
                format!("`--registry` makes a Secret of type `{DOCKER_CONFIG}`, not `{kind}`");
            return Err(Failure::new(message).hint("leave `--type` out"));
        }
        sound_host(host)?;
        sound_username(username)?;
        Ok(Some(Registry { host, username }))
    }

    /// Asks for both.
    pub(super) fn ask(&mut self, prompt: &Prompt) -> Result<(), prompt::Error> {
        loop {
            let check = |host: &String| sound_host(host).map_err(|failure| failure.message);
            self.registry =
                Some(prompt.line("Registry, such as ghcr.io", self.registry.take(), check)?);
            let check = |name: &String| sound_username(name).map_err(|failure| failure.message);
            match prompt.line("User", self.username.take(), check) {
                Err(prompt::Error::Back) => {}
                username => {
                    self.username = Some(username?);
                    return Ok(());
                }
            }
        }
    }

    /// The flags with what follows them.
    pub(super) fn flags(&self) -> impl Iterator<Item = (&'static str, Option<String>)> {
        let flags = [("registry", &self.registry), ("username", &self.username)];
        flags
            .into_iter()
            .filter(|(_, text)| text.is_some())
            .map(|(flag, text)| (flag, text.clone()))
    }
}

fn sound_host(host: &str) -> Result<(), Failure> {
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:/*[]".contains(&byte);
    // Neither text is repeated: a password may stand in front of an `@`, or behind a colon.
    match !host.is_empty() && host.bytes().all(is_host) {
        true => Ok(()),
        false => Err(Failure::new(
            "`--registry` is a host, with a port or a path where it has them",
        )
        .hint(
            "such as `ghcr.io`, `registry.example.com:5000/team` or, for Docker Hub, `docker.io`",
        )),
    }
}

fn sound_username(username: &str) -> Result<(), Failure> {
    match username.is_empty() || username.contains(|c: char| c == ':' || c.is_control()) {
        true => Err(Failure::new("`--username` is a name without a colon")
            .hint("the password comes from standard input")),
        false => Ok(()),
    }
}

impl Registry<'_> {
    /// The one key of the Secret.
    pub(super) fn answer(
        &self,
        prompt: Option<&Prompt>,
        context: &mut Context,
    ) -> Result<Answer, Failure> {
        let question = format!("Password of {} at {}", self.username, self.host);
        let password = input::values(&[&question], prompt, context)?.remove(0);
        let Some(password) = password.expose_text().filter(|text| !text.is_empty()) else {
            return Err(Failure::new("standard input has no password: it is empty, or not UTF-8")
                .hint("give it as in `printf %s \"$TOKEN\" | keywright secret new …`"));
        };
        let entry = Entry::Value(docker_config(self.host, self.username, password));
        Ok(Answer { key: DOCKER_CONFIG_KEY.to_owned(), entry, origin: Origin::Registry })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: RegistryArgs,
        #[command(flatten)]
        keys: Keys,
    }

    /// What is wrong with a command line.
    fn refusal(line: &[&str], kind: Option<&str>) -> String {
        let line = Line::try_parse_from([&["new"], line].concat());
        match line.map_err(|error| error.to_string()) {
            Ok(line) => {
                line.args.check(kind).err().map_or(String::new(), |failure| failure.message)
            }
            Err(error) => error,
        }
    }

    #[test]
    fn what_makes_no_sense_together_is_refused() {
        let with = |host: &str, user: &str| {
            refusal(&["--registry", host, "--username", user], Some(DOCKER_CONFIG))
        };
        for host in
            ["ghcr.io", "localhost:5000", "https://index.docker.io/v1/", "*.example.com/a_b"]
        {
            assert_eq!(with(host, "me@example.com"), "");
        }
        for (host, user) in [("", "me"), ("me:hunter2@ghcr.io", "me"), ("a b", "me")] {
            assert!(with(host, user).starts_with("`--registry` is a host"));
        }
        for user in ["", "me:hunter2"] {
            assert!(with("ghcr.io", user).starts_with("`--username` is a name"));
        }
        let both = ["--registry", "ghcr.io", "--username", "me"];
        assert!(refusal(&both, Some("kubernetes.io/tls")).contains("not `kubernetes.io/tls`"));
        assert!(refusal(&both[..2], None).contains("--username <USER>"));
        assert!(refusal(&both[2..], None).contains("--registry <HOST>"));
        for other in ["--set-stdin=A", "--from-env-file=x", "--insecure-value=A=hunter2"] {
            let error = refusal(&[&both[..], &[other]].concat(), None);
            assert!(error.contains("cannot be used with") && !error.contains("hunter2"), "{error}");
        }
    }
}
