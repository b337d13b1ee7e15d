//! Finding what the user did not name: identities, the SOPS configuration.

use std::path::{Path, PathBuf};

use super::failure::{located, reason};
use super::{Context, Failure};
use crate::document::Document;
use crate::keys::Identities;
use crate::sops::rules::Config;

/// The name of SOPS' configuration.
pub(crate) const CONFIG: &str = ".sops.yaml";

/// All identities of the places where SOPS looks: `SOPS_AGE_KEY`, `SOPS_AGE_KEY_FILE`,
/// `SOPS_AGE_KEY_CMD`, and the default file. A line that is not an identity is told and left out.
pub(crate) fn identities(context: &mut Context) -> Result<Identities, Failure> {
    let mut identities = Identities::new();
    if let Some(text) = context.env("SOPS_AGE_KEY") {
        identities.add(text.as_encoded_bytes(), "SOPS_AGE_KEY");
    }
    if let Some(path) = context.env("SOPS_AGE_KEY_FILE") {
        let path = context.directory.join(path);
        match std::fs::read(&path).map(zeroize::Zeroizing::new) {
            Ok(bytes) => identities.add(&bytes, &path.to_string_lossy()),
            Err(error) => {
                let (path, reason) = (path.display(), reason(&error));
                context.note(format!("warning: SOPS_AGE_KEY_FILE: {path}: {reason}"));
            }
        }
    }
    if let Some(command) = context.env("SOPS_AGE_KEY_CMD") {
        match command_output(&command.to_string_lossy(), &context.directory) {
            Ok(bytes) => identities.add(&bytes, "SOPS_AGE_KEY_CMD"),
            Err(reason) => context.note(format!("warning: SOPS_AGE_KEY_CMD: {reason}")),
        }
    }
    if let Some(path) = default_identity_file(context)
        && let Ok(bytes) = std::fs::read(&path).map(zeroize::Zeroizing::new)
    {
        identities.add(&bytes, &path.to_string_lossy());
    }
    for problem in identities.problems() {
        context.note(format!("warning: {problem}"));
    }
    Ok(identities)
}

/// `<configuration directory>/sops/age/keys.txt`, as SOPS has it.
fn default_identity_file(context: &Context) -> Option<PathBuf> {
    let configuration = match context.env("XDG_CONFIG_HOME") {
        Some(directory) => PathBuf::from(directory),
        None => {
            let home = PathBuf::from(context.env("HOME")?);
            if cfg!(target_os = "macos") {
                home.join("Library/Application Support")
            } else {
                home.join(".config")
            }
        }
    };
    Some(configuration.join("sops/age/keys.txt"))
}

/// Runs a command line without a shell, its words split as a shell would; its standard error is shown.
fn command_output(line: &str, directory: &Path) -> Result<zeroize::Zeroizing<Vec<u8>>, String> {
    let words = shell_words::split(line).map_err(|error| error.to_string())?;
    let (program, arguments) = words.split_first().ok_or("names no program")?;
    let output = std::process::Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .stdin(std::process::Stdio::inherit())
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|error| format!("`{program}`: {error}"))?;
    let text = zeroize::Zeroizing::new(output.stdout);
    output.status.success().then_some(text).ok_or(format!("`{program}`: {}", output.status))
}

/// The configuration at a path.
pub(crate) fn read_config(path: &Path) -> Result<Config, Failure> {
    let bytes = std::fs::read(path).map_err(|error| Failure::io(path, &error))?;
    let document = Document::parse(bytes).map_err(|error| Failure::new(located(path, &error)))?;
    Config::parse(&document, path).map_err(|error| Failure::new(located(path, &error)))
}

/// The configuration for a file given to a SOPS verb: SOPS looks from the working directory up; where
/// that finds nothing, the file's own directory and those above it are asked.
pub(crate) fn config_for(
    context: &mut Context,
    explicit: Option<&Path>,
    file: &Path,
) -> Result<Option<PathBuf>, Failure> {
    let named = explicit.map(Path::to_owned).or(context.env("SOPS_CONFIG").map(PathBuf::from));
    if let Some(path) = named {
        return Ok(Some(context.directory.join(path)));
    }
    let upwards =
        |from: &Path| from.ancestors().map(|d| d.join(CONFIG)).find(|path| path.is_file());
    let from_here = upwards(&context.directory);
    let from_file = upwards(file.parent().unwrap_or(file));
    if let (Some(here), Some(there)) = (&from_here, &from_file)
        && here != there
    {
        let (here, there) = (here.display(), there.display());
        context.note(format!("note: using {here}, not {there}; `--config` chooses"));
    }
    Ok(from_here.or(from_file))
}
