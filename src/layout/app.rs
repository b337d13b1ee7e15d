//! Apps: what a name on the command line means in the repository.
//!
//! ```text
//! shared-redis   the Flux Kustomization of that name
//! redis          the app whose directory is called so, or the directory around that: shared/redis/app
//! redis/app      more of the directory's path
//! ```
//!
//! A setting says below which directories apps are; then nothing else is one.
//!
//! A directory with a kustomize file is an app without a Flux Kustomization of its own, too. A name that
//! leads to several is refused rather than guessed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::secret::SecretSite;
use super::{Choice, Error, Fact, Layout, Located};
use crate::kube::container;
use crate::kube::flux::FluxKustomization;
use crate::kube::kustomization::joined;

/// How near a name must be to be suggested, from 0 (nothing in common) to 1.
const NEAR: f32 = 0.6;

/// An app.
#[derive(Clone)]
pub(crate) struct App<'s> {
    /// The Flux Kustomization that applies it and nothing else.
    pub(crate) flux: Option<FluxKustomization<'s>>,
    /// The file of that Kustomization, else the kustomize file.
    pub(crate) file: &'s Path,
    /// The directory that is applied.
    pub(crate) directory: PathBuf,
    /// Its kustomize file; without one, Flux applies every manifest of the directory by itself.
    pub(crate) kustomization: Option<&'s Path>,
}

impl App<'_> {
    /// The name of its Flux Kustomization, else of its directory.
    pub(crate) fn name(&self) -> &str {
        let directory = || self.directory.file_name().and_then(|name| name.to_str());
        self.flux.map(|flux| flux.name()).or_else(directory).unwrap_or_default()
    }

    /// Whether a name on the command line can mean it.
    pub(crate) fn answers_to(&self, name: &str) -> bool {
        self.name() == name || self.is_in(name)
    }

    /// Whether the directory is called so: in `apps/grafana/app` both `app` and `grafana`, and `grafana/app`.
    fn is_in(&self, name: &str) -> bool {
        self.directory.ends_with(name) || self.directory.iter().rev().take(2).any(|n| n == name)
    }
}

impl<'s> Layout<'s> {
    /// What can be offered as an app, in the order of the files: each Flux Kustomization that leads to a
    /// kustomize file.
    pub(crate) fn apps(&self) -> Vec<App<'s>> {
        self.applied().filter(|app| app.kustomization.is_some()).collect()
    }

    /// What can be offered besides, in the order of the directories: those with a kustomize file and something that runs
    /// beside it, to which no Flux Kustomization leads. They are built from a list above.
    pub(crate) fn listed_apps(&self) -> Vec<App<'s>> {
        let applied: Vec<PathBuf> = self.applied().map(|app| app.directory).collect();
        let files = self.manifests().filter(|file| {
            let suspect = self.snapshot.mentions(file, &["containers", "HelmRelease"]);
            suspect && self.snapshot.document(file).is_ok_and(container::runs)
        });
        let directories: BTreeSet<&Path> = files.filter_map(Path::parent).collect();
        let open = directories.into_iter().filter(|directory| {
            self.is_for_apps(directory) && applied.iter().all(|applied| applied != directory)
        });
        let app = |directory| {
            let file = self.listing.file_of(directory)?;
            let is_component = self.listing.view(file)?.is_component();
            (!is_component).then(|| self.built_from(directory, file))
        };
        open.filter_map(app).collect()
    }

    /// A directory with a kustomize file as an app.
    fn built_from(&self, directory: &Path, file: &'s Path) -> App<'s> {
        App { flux: None, file, directory: directory.to_owned(), kustomization: Some(file) }
    }

    /// The app of this name: that of its Flux Kustomization, else that of its directory, else a directory
    /// with a kustomize file alone.
    pub(crate) fn app_named(&self, name: &str) -> Choice<App<'s>> {
        let name = name.strip_prefix("./").unwrap_or(name);
        let mut found: Vec<_> = self.applied().filter(|app| app.name() == name).collect();
        if found.is_empty() {
            let exactly = |app: &App<'_>| name.contains('/') && app.directory == Path::new(name);
            found = self.apps().into_iter().filter(exactly).collect();
        }
        if found.is_empty() {
            found = self.apps().into_iter().filter(|app| app.is_in(name)).collect();
        }
        if found.is_empty() {
            let directories = self.listing.files();
            let directories =
                directories.filter(|(path, _)| path.ends_with(name) && self.is_for_apps(path));
            found.extend(directories.map(|(directory, file)| self.built_from(directory, file)));
            // The whole path is not ambiguous because it is the end of another one.
            if found.iter().any(|app| app.directory == Path::new(name)) {
                found.retain(|app| app.directory == Path::new(name));
            }
        }
        Choice::among(found)
    }

    /// The app of a choice that was made by this name. Refused where there are several, and where there is
    /// none that suits.
    pub(crate) fn only_app(
        &self,
        name: &str,
        choice: Choice<App<'s>>,
        suits: impl Fn(&App<'s>) -> bool,
    ) -> Result<App<'s>, Error> {
        match choice {
            Choice::One(app) if suits(&app) => {
                if app.kustomization.is_none() {
                    self.refuse_unread(|path| path.parent() == Some(&app.directory))?;
                }
                Ok(app)
            }
            Choice::Several(apps) => Err(Error::AppAmbiguous {
                app: name.to_owned(),
                paths: apps.iter().map(|app| app.file.to_owned()).collect(),
                directories: apps.into_iter().map(|app| app.directory).collect(),
            }),
            Choice::One(_) | Choice::Missing => {
                self.refuse_unread(|path| path.iter().any(|part| part == name))?;
                let apps = self.apps();
                let others = apps.iter().filter(|app| suits(app));
                let mut found: Vec<String> = Vec::new();
                for app in others {
                    if !found.iter().any(|known| known == app.name()) {
                        found.push(app.name().to_owned());
                    }
                }
                let nearest = nearest(name, &found);
                Err(Error::AppUnknown { app: name.to_owned(), found, nearest })
            }
        }
    }

    /// The namespace of an app: the one that Flux gives it, else that of its kustomize file, else that
    /// of its Secrets.
    pub(crate) fn namespace_of(&self, app: &App<'s>) -> Option<Fact<&'s str>> {
        let written = || {
            let secrets = self.secrets_of(app);
            secrets.iter().find_map(|found| Some(Fact::new(found.object.namespace()?, found.file)))
        };
        self.namespace_given(app).or_else(written)
    }

    /// The namespace that everything of an app gets, whatever it names itself.
    pub(crate) fn namespace_given(&self, app: &App<'s>) -> Option<Fact<&'s str>> {
        let own = app.flux.map(|view| Located { view, file: app.file });
        let target = own
            .or_else(|| self.applied_by(&app.directory))
            .and_then(|flux| Some(Fact::new(flux.view.target_namespace()?, flux.file)));
        let listed = || {
            let listed_in = app.kustomization?;
            Some(Fact::new(self.listing.view(listed_in)?.namespace()?, listed_in))
        };
        target.or_else(listed)
    }

    /// The Secrets that an app is built from.
    pub(crate) fn secrets_of(&self, app: &App<'s>) -> Vec<SecretSite<'s>> {
        let files = self.files_of(app).into_iter();
        files.flat_map(|file| self.secrets_in(file, &["Secret"])).collect()
    }

    /// The files that an app is built from.
    pub(crate) fn files_of(&self, app: &App<'s>) -> Vec<&'s Path> {
        match app.kustomization {
            Some(_) => self.listing.members(&app.directory),
            None => self.snapshot.manifests().filter(|f| f.starts_with(&app.directory)).collect(),
        }
    }

    /// What builds a file, too, that the app is built from: a kustomize file, or the file of a Flux Kustomization.
    pub(crate) fn shared_with(&self, app: &App<'s>, file: &Path) -> Option<&'s Path> {
        let own = &app.directory;
        let above = self.listing.directories_above(own);
        let mut others = self.listing.directories_above(file).into_iter();
        others.find_map(|directory| {
            if directory == *own || above.contains(&directory) {
                return None;
            }
            if !self.listing.directories_above(&directory).contains(own) {
                return self.listing.file_of(&directory);
            }
            // Between the file and the app: another app if Flux applies it alone.
            let applies = |flux: &&Located<'s, FluxKustomization<'s>>| {
                flux.view.directory().as_ref() == Some(&directory)
            };
            self.flux.iter().find(applies).map(|flux| flux.file)
        })
    }

    /// The file, kustomize's or Flux', that gives other names to the objects of an app.
    pub(crate) fn renamer(&self, app: &App<'s>) -> Option<&'s Path> {
        let directories = self.listing.directories_above(&app.directory);
        let mut files = std::iter::once(&app.directory)
            .chain(&directories)
            .filter_map(|directory| self.listing.file_of(directory));
        let own = app.flux.map(|view| Located { view, file: app.file });
        let flux = own.or_else(|| self.applied_by(&app.directory));
        files
            .find(|file| self.listing.view(file).is_some_and(|view| view.renames()))
            .or_else(|| flux.filter(|flux| flux.view.renames()).map(|flux| flux.file))
    }

    /// Whether an app is built with the component of a directory, by its Flux Kustomization or by its kustomize file.
    pub(crate) fn includes(&self, app: &App<'s>, component: &Path) -> bool {
        let by_flux = app.flux.iter().flat_map(|flux| flux.components());
        let view = app.kustomization.and_then(|file| self.listing.view(file));
        let by_file = view.iter().flat_map(|view| view.components());
        let mut all = by_flux.chain(by_file);
        all.any(|entry| joined(&app.directory, entry).as_deref() == Some(component))
    }

    /// Whether two places are applied by the same Flux Kustomization.
    pub(crate) fn is_applied_with(
        &self,
        app: &App<'s>,
        flux: &Located<'s, FluxKustomization<'s>>,
    ) -> bool {
        app.file == flux.file && app.flux.is_some_and(|own| own.0.node == flux.view.0.node)
    }

    /// Whether apps are looked for in a directory.
    fn is_for_apps(&self, directory: &Path) -> bool {
        let chosen = &self.settings.apps;
        chosen.is_empty() || chosen.iter().any(|top| directory.starts_with(top))
    }

    /// What Flux Kustomizations lead to, unless there is nothing.
    fn applied(&self) -> impl Iterator<Item = App<'s>> {
        self.flux.iter().filter_map(|found| {
            let directory = found.view.directory().filter(|path| self.is_for_apps(path))?;
            let kustomization = self.listing.file_of(&directory);
            let mut paths = self.snapshot.paths();
            let holds = kustomization.is_some() || paths.any(|path| path.starts_with(&directory));
            let flux = Some(found.view);
            holds.then_some(App { flux, file: found.file, directory, kustomization })
        })
    }
}

/// The name among these that a mistyped one was probably meant to be.
pub(crate) fn nearest(name: &str, found: &[String]) -> Option<String> {
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    similar::get_close_matches(name, &found, 1, NEAR).first().map(|near| (*near).to_owned())
}
