//! Where the Database documents of a Cluster are, and where a new one goes.

use std::path::{Path, PathBuf};

use super::naming::{self, Sample};
use super::{ClusterSite, Fact, Layout, Located, Template};
use crate::kube::database::Database;

/// Name of the file of the first Database, beside the Cluster.
const DEFAULT_FILE: &str = "databases.yaml";

/// Where a new Database goes.
pub(crate) enum DatabasePlace<'s> {
    /// At the end of a file of several.
    Behind(Fact<&'s Path>),
    /// In a file of its own, whose path has the app in it.
    Own {
        /// The path, relative to the root.
        path: Fact<Template>,
        /// The kustomize file that lists the files of the others; it may have the app in its path, too.
        listed_in: Option<Template>,
    },
    /// In a first file, listed where the Cluster is.
    First(PathBuf),
}

impl<'s> Layout<'s> {
    /// The Databases of a Cluster.
    pub(crate) fn databases(&self, site: &ClusterSite<'s>) -> Vec<Located<'s, Database<'s>>> {
        let belongs = |found: &&Located<'s, Database<'s>>| {
            found.view.cluster() == Some(site.cluster.name())
                && site.shares_namespace(self.namespace(found.view.0, found.file))
        };
        self.databases.iter().filter(belongs).copied().collect()
    }

    /// Where the next Database of a Cluster goes. The file with most of them wins, among equals the last;
    /// where every one has a file that is named after its app, the next one gets such a file, too.
    pub(crate) fn database_place(&self, site: &ClusterSite<'s>) -> DatabasePlace<'s> {
        let databases = self.databases(site);
        let mut files: Vec<(&'s Path, usize)> = Vec::new();
        for database in &databases {
            match files.iter_mut().find(|(file, _)| *file == database.file) {
                Some((_, count)) => *count += 1,
                None => files.push((database.file, 1)),
            }
        }
        if files.iter().all(|(_, count)| *count == 1)
            && let Some(path) = self.own_files(&databases)
        {
            let lister = databases.last().and_then(|last| {
                let name = self.listing.listed_in(last.file)?.to_str()?;
                let app = path.value.app_in(last.file.to_str()?)?;
                Some(Template::new(template_of(name, app)))
            });
            return DatabasePlace::Own { path, listed_in: lister };
        }
        match files.iter().max_by_key(|(_, count)| *count) {
            Some((file, _)) => {
                let all = files.iter().map(|(file, _)| *file);
                DatabasePlace::Behind(Fact::seen_in(*file, all))
            }
            None => DatabasePlace::First(site.file.with_file_name(DEFAULT_FILE)),
        }
    }

    /// The template of the paths, if it explains each of them.
    fn own_files(&self, databases: &[Located<'s, Database<'s>>]) -> Option<Fact<Template>> {
        let samples: Vec<_> = databases
            .iter()
            .filter_map(|found| {
                Some(Sample {
                    identifier: found.view.0.name()?,
                    name: found.file.to_str()?,
                    file: found.file,
                })
            })
            .collect();
        let template = naming::infer(&samples)?;
        let explained = |found: &Located<'s, Database<'s>>| {
            found.file.to_str().and_then(|path| template.value.app_in(path)).is_some()
        };
        databases.iter().all(explained).then_some(template)
    }
}

/// A path with the directories that are named exactly after the app marked.
fn template_of(path: &str, app: &str) -> String {
    let marked = path.split('/').map(|part| if part == app { "{app}" } else { part });
    marked.collect::<Vec<_>>().join("/")
}
