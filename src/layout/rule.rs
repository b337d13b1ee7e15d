//! Which `.sops.yaml` a new file obeys: the nearest one, from the file upwards to the root.

use std::path::{Path, PathBuf};

use super::Error;
use crate::repo::Snapshot;
use crate::sops::rules::Config;

/// The name of a configuration.
const FILE_NAME: &str = ".sops.yaml";

/// A configuration and where it stands.
pub(crate) struct Configured {
    /// Its rules.
    pub(crate) config: Config,
    /// Its file, relative to the root.
    pub(crate) file: PathBuf,
}

/// The configuration for a file; `None` where there is none above it.
pub(crate) fn configuration(snapshot: &Snapshot, file: &Path) -> Result<Option<Configured>, Error> {
    let mut above = file.ancestors().skip(1).map(|directory| directory.join(FILE_NAME));
    let Some(path) = above.find(|path| snapshot.contains(path)) else { return Ok(None) };
    let config = Config::parse(snapshot.document(&path)?, &path)
        .map_err(|source| Error::Rules { path: path.clone(), source })?;
    Ok(Some(Configured { config, file: path }))
}
