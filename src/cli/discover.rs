//! Finding what the user did not name: identities, the SOPS configuration.

mod asking;
mod identities;

use std::path::{Path, PathBuf};

use super::failure::located;
use super::file::File;
use super::{Context, Failure};
use crate::document::Document;
use crate::sops::rules::Config;

pub(crate) use asking::{AtTerminal, answer};
pub(crate) use identities::{identities, keys_file, printed_identities};

/// The name of SOPS' configuration.
pub(crate) const CONFIG: &str = ".sops.yaml";

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
        context.note_once(format!("note: using {here}, not {there}; `--config` chooses"));
    }
    Ok(from_here.or(from_file))
}

/// Columns per level of what is printed anew for a file: what the `stores` of its configuration say.
pub(crate) fn indent_of(
    context: &mut Context,
    explicit: Option<&Path>,
    file: &File,
) -> Result<Option<usize>, Failure> {
    match config_for(context, explicit, &file.path)? {
        Some(path) => Ok(read_config(&path)?.indent_of(file.output)),
        None => Ok(None),
    }
}
