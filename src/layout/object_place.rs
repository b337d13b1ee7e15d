//! Where the Database and DatabaseRole documents of a Cluster are, and where a new one goes.

use std::path::{Path, PathBuf};

use super::naming::{self, Sample};
use super::{ClusterSite, Fact, Layout, Located, Template, stated};
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
        /// The kustomize file that lists the files of the others; it may have the app in its path, too. Without
        /// others, the nearest one above the file is to list it.
        listed_in: Option<Template>,
    },
    /// In a first file.
    First {
        /// The path, relative to the root.
        path: Fact<PathBuf>,
        /// The kustomize file that is to list it.
        listed_in: Option<&'s Path>,
    },
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

    /// Where the next document of an app goes that belongs to a Cluster as these do: where a setting wants it. Else the file with most of them wins, among
    /// equals the last; where every one has a file that is named after its app, the next one gets such a file,
    /// too. The first one gets a file of this name beside the Cluster.
    pub(crate) fn object_place(
        &self,
        site: &ClusterSite<'s>,
        siblings: &[Located<'s, Object<'s>>],
        first: &str,
        chosen: Option<&Template>,
    ) -> ObjectPlace<'s> {
        let inferred = self.inferred_place(site, siblings, first);
        match chosen {
            Some(chosen) => self.chosen_place(chosen, inferred),
            None => inferred,
        }
    }

    /// The place of a setting. Where that is the place of the others, they show who lists it.
    fn chosen_place(&self, chosen: &Template, inferred: ObjectPlace<'s>) -> ObjectPlace<'s> {
        if chosen.has_app() {
            let listed_in = match inferred {
                ObjectPlace::Own { path, listed_in } if path.value == *chosen => listed_in,
                _ => None,
            };
            return ObjectPlace::Own { path: stated(chosen.clone()), listed_in };
        }
        let path = Path::new(chosen.as_str());
        match self.snapshot.paths().find(|known| *known == path) {
            Some(file) => ObjectPlace::Behind(stated(file)),
            None => ObjectPlace::First {
                path: stated(path.to_owned()),
                listed_in: match inferred {
                    ObjectPlace::First { path: inferred, listed_in } if inferred.value == path => {
                        listed_in
                    }
                    _ => self.kustomize_file_above(path),
                },
            },
        }
    }

    fn inferred_place(
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
        let names = object_names(siblings);
        if files.iter().all(|(_, count)| *count == 1)
            && let Some(path) = own_files(siblings, &names)
        {
            let lister = siblings.last().and_then(|last| {
                let name = self.listing.listed_in(last.file)?.to_str()?;
                Some(Template::new(template_of(name, names.app_in(last.view.name()?)?)))
            });
            return ObjectPlace::Own { path, listed_in: lister };
        }
        match files.iter().max_by_key(|(_, count)| *count) {
            Some((file, _)) => {
                let all = files.iter().map(|(file, _)| *file);
                ObjectPlace::Behind(Fact::seen_in(*file, all))
            }
            None => ObjectPlace::First {
                path: Fact::convention(site.file.with_file_name(first)),
                listed_in: site.listed_in,
            },
        }
    }
}

/// How objects are named after what they are in PostgreSQL, if that explains each of them: `shop-database`. Else they
/// are called as their apps.
pub(crate) fn object_names(siblings: &[Located<'_, Object<'_>>]) -> Template {
    let samples: Vec<_> = siblings
        .iter()
        .filter_map(|found| {
            let (identifier, name) = (found.view.text(&["spec", "name"])?, found.view.name()?);
            Some(Sample { identifier, name, file: found.file })
        })
        .collect();
    let shown = naming::infer(&samples).map(|fact| fact.value);
    let explains = |template: &Template| {
        siblings.iter().all(|found| found.view.name().is_some_and(|n| template.app_in(n).is_some()))
    };
    shown.filter(explains).unwrap_or_else(|| Template::new("{app}"))
}

/// The template of the paths, if it explains each of them.
fn own_files(siblings: &[Located<'_, Object<'_>>], names: &Template) -> Option<Fact<Template>> {
    let samples: Vec<_> = siblings
        .iter()
        .filter_map(|found| {
            Some(Sample {
                identifier: names.app_in(found.view.name()?)?,
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
    let underscored = app.replace(['-', '.'], "_");
    let marked = path.split('/').map(|part| match part {
        part if part == app => "{app}",
        part if part == underscored => "{app_}",
        part => part,
    });
    marked.collect::<Vec<_>>().join("/")
}
