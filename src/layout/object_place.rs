//! Where the Database and DatabaseRole documents of a Cluster are, and where a new one goes.

use std::path::{Path, PathBuf};

use super::naming::{self, Sample};
use super::{ClusterSite, Fact, Layout, Located, Template};
use crate::kube::Object;
use crate::kube::database::Database;

/// Where a new document goes.
pub(crate) enum ObjectPlace<'s> {
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

    /// Where the next document goes that belongs to a Cluster as these do. The file with most of them wins, among
    /// equals the last; where every one has a file that is named after its app, the next one gets such a file,
    /// too. The first one gets a file of this name beside the Cluster.
    pub(crate) fn object_place(
        &self,
        site: &ClusterSite<'s>,
        siblings: &[Located<'s, Object<'s>>],
        first: &str,
    ) -> ObjectPlace<'s> {
        let mut files: Vec<(&'s Path, usize)> = Vec::new();
        for sibling in siblings {
            match files.iter_mut().find(|(file, _)| *file == sibling.file) {
                Some((_, count)) => *count += 1,
                None => files.push((sibling.file, 1)),
            }
        }
        if files.iter().all(|(_, count)| *count == 1)
            && let Some(path) = own_files(siblings)
        {
            let lister = siblings.last().and_then(|last| {
                let name = self.listing.listed_in(last.file)?.to_str()?;
                let app = path.value.app_in(last.file.to_str()?)?;
                Some(Template::new(template_of(name, app)))
            });
            return ObjectPlace::Own { path, listed_in: lister };
        }
        match files.iter().max_by_key(|(_, count)| *count) {
            Some((file, _)) => {
                let all = files.iter().map(|(file, _)| *file);
                ObjectPlace::Behind(Fact::seen_in(*file, all))
            }
            None => ObjectPlace::First(site.file.with_file_name(first)),
        }
    }
}

/// The template of the paths, if it explains each of them.
fn own_files(siblings: &[Located<'_, Object<'_>>]) -> Option<Fact<Template>> {
    let samples: Vec<_> = siblings
        .iter()
        .filter_map(|found| {
            Some(Sample {
                identifier: found.view.name()?,
                name: found.file.to_str()?,
                file: found.file,
            })
        })
        .collect();
    let template = naming::infer(&samples)?;
    let explained = |found: &Located<'_, Object<'_>>| {
        found.file.to_str().and_then(|path| template.value.app_in(path)).is_some()
    };
    siblings.iter().all(explained).then_some(template)
}

/// A path with the directories that are named exactly after the app marked.
fn template_of(path: &str, app: &str) -> String {
    let marked = path.split('/').map(|part| if part == app { "{app}" } else { part });
    marked.collect::<Vec<_>>().join("/")
}
