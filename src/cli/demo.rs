//! `keywright demo`: a throwaway repository with a key of its own, and a database provisioned in it.
//!
//! Nothing of the user's is touched or read: identities come from the demo's own file, Git runs without
//! anybody's configuration.

mod sample;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::check::{self, CheckArgs};
use super::commit::Mode;
use super::db::{self, DbArgs};
use super::{Context, Failure, Status};
use crate::document::Document;
use crate::keys::Identities;
use crate::sops::file::{self, Encryption};
use crate::sops::rules::Config;

/// The identity of the demo, in its root and ignored by Git.
const IDENTITY: &str = "age-identity.txt";

/// The app that gets a database.
const APP: &str = "grafana";

/// The configuration of the sample.
const CONFIG: &str = "nerv/.sops.yaml";

/// Try everything in a throwaway repository: encrypt, provision a database, check
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright demo
  keywright demo --dir /tmp/keywright-demo")]
pub(crate) struct DemoArgs {
    /// Where to make it; must be empty or absent. A new temporary directory if not given
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: DemoArgs, context: &mut Context) -> Result<Status, Failure> {
    let root = make_directory(args.dir, context)?;
    heading(context, "1. A Flux repository, and an age identity for it");
    let recipient = write_sample(&root)?;
    context.say(format!("{} files in {}", sample::FILES.len(), root.display()));
    context.say(format!("identity {IDENTITY}, recipient {recipient}"));
    git(&root, &["init", "--quiet", "--initial-branch=main"])?;

    heading(context, "2. Its secrets, encrypted by the creation rules of nerv/.sops.yaml");
    let encrypted = encrypt_secrets(&root, context)?;
    context.say(format!("{encrypted} files encrypted"));
    commit(&root, "a cluster with its secrets encrypted")?;

    let mut inside = Context::apart(
        root.clone(),
        vec![("SOPS_AGE_KEY_FILE", OsString::from(root.join(IDENTITY)))],
    );
    heading(context, &format!("3. keywright db provision {APP}"));
    context.flush();
    let mode = Mode { yes: true, show: true, ..Mode::default() };
    db::run(DbArgs::provision(APP, mode), &mut inside)?;
    inside.flush();
    commit(&root, &format!("{APP}: a database"))?;

    heading(context, "4. keywright check");
    context.flush();
    let checked = check::run(CheckArgs::everything(), &mut inside)?;
    inside.flush();
    farewell(&root, context);
    Ok(checked)
}

fn make_directory(wanted: Option<PathBuf>, context: &mut Context) -> Result<PathBuf, Failure> {
    let path = match wanted {
        Some(path) => context.directory.join(path),
        None => std::env::temp_dir().join(format!("keywright-demo-{}", std::process::id())),
    };
    let failed = |error: std::io::Error| Failure::new(format!("{}: {error}", path.display()));
    fs::create_dir_all(&path).map_err(failed)?;
    if fs::read_dir(&path).map_err(failed)?.next().is_some() {
        return Err(Failure::new(format!("{}: is not empty", path.display()))
            .hint("name a directory that is empty or does not exist: `keywright demo --dir DIR`"));
    }
    path.canonicalize().map_err(failed)
}

/// Writes the sample with the recipient of a new identity in its creation rule; returns the recipient.
fn write_sample(root: &Path) -> Result<String, Failure> {
    let identity = Identities::generate();
    let recipient = identity.recipient.text().to_owned();
    for (path, text) in sample::FILES {
        let text = text.replace(sample::RECIPIENT, &recipient);
        write(root, path, text.as_bytes())?;
    }
    write(root, ".gitignore", format!("/{IDENTITY}\n").as_bytes())?;
    write(root, IDENTITY, identity.text.expose())?;
    private(&root.join(IDENTITY))?;
    Ok(recipient)
}

fn write(root: &Path, path: &str, content: &[u8]) -> Result<(), Failure> {
    let path = root.join(path);
    let failed = |error: std::io::Error| Failure::new(format!("{}: {error}", path.display()));
    fs::create_dir_all(path.parent().unwrap_or(root)).map_err(failed)?;
    fs::write(&path, content).map_err(failed)
}

/// Readable for the owner alone.
fn private(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
        .map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}

fn encrypt_secrets(root: &Path, context: &mut Context) -> Result<usize, Failure> {
    let unfit = |error: &dyn std::fmt::Display| Failure::new(format!("the sample: {error}"));
    let document = |text: &str| Document::parse(text.as_bytes().to_vec());
    let read = |path: &str| {
        fs::read_to_string(root.join(path))
            .map_err(|error| Failure::new(format!("{path}: {error}")))
    };
    let config = document(&read(CONFIG)?).map_err(|error| unfit(&error))?;
    let config = Config::parse(&config, Path::new(CONFIG)).map_err(|error| unfit(&error))?;
    let now = context.now();
    let mut encrypted = 0;
    for (path, text) in sample::FILES.iter().filter(|(path, _)| path.ends_with("secret.yaml")) {
        let rule = config.rule_for(Path::new(path)).map_err(|error| unfit(&error))?;
        let rule = rule.ok_or_else(|| unfit(&"no creation rule"))?;
        let how = Encryption {
            groups: &rule.groups,
            threshold: rule.threshold,
            selection: &rule.selection,
            mac_only_encrypted: rule.mac_only_encrypted,
            indent: config.indent(),
            now: &now,
        };
        let plain = document(text).map_err(|error| unfit(&error))?;
        let sealed = file::encrypt(&plain, &how, &mut context.random);
        let sealed = sealed.map_err(|error| Failure::at(Path::new(path), &error))?;
        write(root, path, sealed.source().as_bytes())?;
        encrypted += 1;
    }
    Ok(encrypted)
}

fn commit(root: &Path, message: &str) -> Result<(), Failure> {
    git(root, &["add", "--all"])?;
    git(root, &["commit", "--quiet", "--message", message])
}

/// Runs Git under a name of its own and without the user's configuration, hooks or signing.
fn git(root: &Path, arguments: &[&str]) -> Result<(), Failure> {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    let output = command
        .args(["-c", "user.name=Keywright Demo", "-c", "user.email=demo@keywright.invalid"])
        .args(["-c", "commit.gpgSign=false", "-c", "core.hooksPath=/dev/null"])
        .args(arguments)
        .current_dir(root)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output();
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(Failure::new(format!(
            "git {}: {}",
            arguments[0],
            String::from_utf8_lossy(&output.stderr).trim()
        ))),
        Err(error) => Err(Failure::new(format!("git: {error}")).hint("install Git")),
    }
}

fn heading(context: &mut Context, text: &str) {
    let bold = anstyle::Style::new().bold();
    context.say(format!("\n{bold}{text}{bold:#}\n"));
}

fn farewell(root: &Path, context: &mut Context) {
    let program = program();
    heading(context, "Next");
    let shown = shell_words::quote(&root.to_string_lossy()).into_owned();
    context.say(format!("  cd {shown}; export SOPS_AGE_KEY_FILE=\"$PWD/{IDENTITY}\"\n"));
    for command in [
        "decrypt nerv/main/cluster/apps/grafana/app/secret.yaml",
        "secret new paperless --name paperless-smtp --generate SMTP_PASSWORD",
        "db provision grafana",
    ] {
        context.say(format!("  {program} {command}"));
    }
}

/// How the user calls this program: by name where the shell would find it, else by path.
fn program() -> String {
    let Ok(current) = std::env::current_exe() else { return "keywright".to_owned() };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .any(|d| d.join("keywright").canonicalize().is_ok_and(|found| found == current));
    if found {
        "keywright".to_owned()
    } else {
        shell_words::quote(&current.to_string_lossy()).into_owned()
    }
}
