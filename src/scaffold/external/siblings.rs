//! The references of other apps, and what most of them do.
//!
//! ```text
//! kubernetes/apps/default/authentik/app   three directories in common with the app mealie: it decides
//! kubernetes/apps/database/cnpg/app       two: it is asked where the nearer ones are even, or say nothing
//! ```
//!
//! References of components are not siblings: they are made for whatever app includes them. `${APP}` in others is the
//! app; a text with any other variable, or a template, says nothing.

use std::collections::BTreeMap;
use std::path::Path;

use super::form::{EXTERNAL_SECRETS, Form, ONE_PASSWORD, Store};
use crate::document::NodeId;
use crate::kube::kustomization::Kustomization;
use crate::kube::{Object, objects};
use crate::layout::naming::{self, Sample};
use crate::layout::{App, Choice, Fact, Layout, Template};

/// The names by which an app may stand in other names: of its Flux Kustomization, and of its directory.
pub(super) type Names<'s> = [&'s str; 2];

/// A reference to an item of an external store.
pub(super) struct Sibling<'s> {
    /// The `ExternalSecret` or `OnePasswordItem`.
    pub(super) object: Object<'s>,
    /// Its file, relative to the root.
    pub(super) file: &'s Path,
    /// Its app.
    pub(super) names: Names<'s>,
    /// Whether it is beside the new one.
    pub(super) is_own: bool,
    /// How many directories it has in common with the new one's app, from the root on.
    nearness: usize,
}

/// Siblings, the nearest first.
pub(super) struct Siblings<'s>(pub(super) Vec<Sibling<'s>>);

/// The names of an app, by its Flux Kustomization, if it has one, and by its directory: of `grafana/app` the part that
/// the Kustomization is named after.
pub(super) fn names<'n>(flux: Option<&'n str>, directory: &'n Path) -> Names<'n> {
    let mut above = directory.iter().rev().take(2).map(|name| name.to_str().unwrap_or_default());
    match flux {
        Some(flux) => [flux, above.find(|name| flux.contains(name)).unwrap_or(flux)],
        None => [above.next().unwrap_or_default(); 2],
    }
}

/// The directory of the app that a file belongs to: the nearest above that has a kustomize file or that a Flux
/// Kustomization applies, and the name of that.
fn home<'s>(layout: &Layout<'s>, file: &'s Path) -> (Option<&'s str>, &'s Path) {
    let listed = layout.kustomize_file_above(file).and_then(Path::parent);
    let directories = || file.ancestors().skip(1);
    let applied_by = |directory: &Path| {
        let mut all = layout.flux().iter().map(|found| found.view);
        all.find(|flux| flux.directory().as_deref() == Some(directory))
    };
    let is_one = |directory: &&Path| listed == Some(*directory) || applied_by(directory).is_some();
    let directory = directories().find(is_one).or(directories().next()).unwrap_or(Path::new(""));
    (applied_by(directory).map(|flux| flux.name()), directory)
}

/// The objects of some kinds of an API group, with their files. A file that is no document has none.
pub(super) fn objects_of<'s>(
    layout: &Layout<'s>,
    kinds: &[(&str, &str)],
) -> Vec<(Object<'s>, &'s Path)> {
    let snapshot = layout.snapshot();
    let mut found = Vec::new();
    for file in snapshot.manifests() {
        let text = snapshot.bytes(file).ok().and_then(|bytes| std::str::from_utf8(bytes).ok());
        // Most files are parsed for nothing else.
        if !text.is_some_and(|text| kinds.iter().any(|(_, kind)| text.contains(kind))) {
            continue;
        }
        let Ok(document) = snapshot.document(file) else { continue };
        let all = objects(document).into_iter();
        let all = all.filter(|object| kinds.iter().any(|(group, kind)| object.is(group, kind)));
        found.extend(all.map(|object| (object, file)));
    }
    found
}

impl<'s> Siblings<'s> {
    /// The references of a repository, seen from an app.
    pub(super) fn of(layout: &Layout<'s>, app: &App<'_>) -> Siblings<'s> {
        let mut found = Vec::new();
        for (object, file) in objects_of(
            layout,
            &[(EXTERNAL_SECRETS, "ExternalSecret"), (ONE_PASSWORD, "OnePasswordItem")],
        ) {
            let above = layout.kustomize_file_above(file);
            let is_component = above.is_some_and(|above| {
                let document = layout.snapshot().document(above);
                document.is_ok_and(|document| Kustomization::of(document).is_component())
            });
            let (flux, directory) = home(layout, file);
            let common = file.iter().zip(app.directory.iter());
            let sibling = Sibling {
                object,
                file,
                names: names(flux, directory),
                is_own: directory == app.directory,
                nearness: common.take_while(|(one, other)| one == other).count(),
            };
            // A patch is a part of one, and of it nothing says where the values are.
            if !is_component && sibling.store().is_some() {
                found.push(sibling);
            }
        }
        found.sort_by_key(|sibling| std::cmp::Reverse(sibling.nearness));
        Siblings(found)
    }

    /// Leaves those with a store, whose provider wants items named in one way; without any, those of its kind.
    pub(super) fn keep(&mut self, store: &Store) {
        let has = |sibling: &Sibling<'_>| sibling.store().as_ref() == Some(store);
        let is_used = self.0.iter().any(has);
        self.0.retain(|sibling| match is_used {
            true => has(sibling),
            false => sibling.store().is_some_and(|own| own.is_vault() == store.is_vault()),
        });
    }

    /// What most siblings show: of the nearest that show anything, then together with farther ones for as long as they
    /// are even.
    pub(super) fn vote<T: Ord>(
        &self,
        shown: impl Fn(&Sibling<'s>) -> Option<T>,
    ) -> Choice<Fact<T>> {
        let mut counts: BTreeMap<T, Vec<&Path>> = BTreeMap::new();
        for ring in self.rings() {
            for sibling in ring {
                if let Some(value) = shown(sibling) {
                    counts.entry(value).or_default().push(sibling.file);
                }
            }
            let most = counts.values().map(Vec::len).max().unwrap_or_default();
            if counts.values().filter(|files| files.len() == most).count() == 1 {
                counts.retain(|_, files| files.len() == most);
                break;
            }
        }
        let most = counts.values().map(Vec::len).max().unwrap_or_default();
        let winners = counts.into_iter().filter(|(_, files)| files.len() == most);
        Choice::among(winners.map(|(value, files)| Fact::seen_in(value, files)).collect())
    }

    /// The same where it does not matter which of even ones it is.
    pub(super) fn habit<T: Ord>(
        &self,
        shown: impl Fn(&Sibling<'s>) -> Option<T>,
    ) -> Option<Fact<T>> {
        match self.vote(shown) {
            Choice::Missing => None,
            Choice::One(fact) => Some(fact),
            Choice::Several(facts) => facts.into_iter().next(),
        }
    }

    /// How texts are made of names: which of the names, and the template that explains most texts of the nearest
    /// siblings. What one of them alone does gives way to what several of all do. `shown` gives the names of a sibling,
    /// in one order for all, and its texts.
    pub(super) fn template(
        &self,
        shown: impl Fn(&Sibling<'s>) -> (Vec<String>, Vec<String>),
    ) -> Option<(usize, Fact<Template>)> {
        let (mut seen, mut found) = (Vec::new(), None::<(usize, Fact<Template>)>);
        for ring in self.rings() {
            seen.extend(ring.iter().map(|sibling| (shown(sibling), sibling.file)));
            for base in 0..seen.iter().map(|((names, _), _)| names.len()).max().unwrap_or_default()
            {
                let samples = seen.iter().flat_map(|((names, texts), file)| {
                    let identifier = names.get(base);
                    texts.iter().filter_map(move |name| {
                        Some(Sample { identifier: identifier?, name, file })
                    })
                });
                let count = found.as_ref().map_or(0, |(_, best)| best.evidence.len());
                let template = naming::infer(&samples.collect::<Vec<_>>());
                if let Some(template) = template.filter(|other| other.evidence.len() > count) {
                    found = Some((base, template));
                }
            }
            if found.as_ref().is_some_and(|(_, best)| best.evidence.len() > 1) {
                break;
            }
        }
        found
    }

    /// The siblings in groups of those that are as near, the nearest first.
    fn rings(&self) -> impl Iterator<Item = &[Sibling<'s>]> {
        self.0.chunk_by(|one, other| one.nearness == other.nearness)
    }
}

impl<'s> Sibling<'s> {
    /// Where its values are.
    pub(super) fn store(&self) -> Option<Store> {
        let store = match self.object.kind()? {
            "OnePasswordItem" => Store::vault(self.item_path()?.0),
            _ => {
                let kind = self.object.text(&["spec", "secretStoreRef", "kind"]);
                let name = self.object.text(&["spec", "secretStoreRef", "name"])?;
                // `SecretStore` where nothing is said, as the API has it.
                Store { kind: kind.unwrap_or("SecretStore").to_owned(), name: name.to_owned() }
            }
        };
        is_plain(&store.name).then_some(store)
    }

    /// The name of the Secret that it makes.
    pub(super) fn secret(&self) -> Option<String> {
        let target = self.object.text(&["spec", "target", "name"]);
        self.filled(target.or(self.object.name())?)
    }

    /// The names of its app, then its own.
    pub(super) fn all_names(&self) -> Vec<String> {
        let own = [self.name().unwrap_or_default()];
        self.names.map(str::to_owned).into_iter().chain(own).collect()
    }

    /// Its own name.
    pub(super) fn name(&self) -> Option<String> {
        self.filled(self.object.name()?)
    }

    /// How it says which values the Secret gets; `None` where they are searched for or generated.
    pub(super) fn form(&self) -> Option<Form> {
        if self.object.kind() == Some("OnePasswordItem") {
            return Some(Form::Extract);
        }
        let extracts = self.nodes("dataFrom", &["extract", "key"]).next().is_some();
        let is_made = self.object.at(&["spec", "target", "template", "data"]).is_some();
        if extracts {
            return Some(if is_made { Form::Template } else { Form::Extract });
        }
        let (item, key) = self.list("data").find_map(|item| {
            let key = self.object.document.descend(item, &["remoteRef", "key"])?;
            Some((item, self.object.document.text(key)?))
        })?;
        let document = self.object.document;
        let named = document.lookup(item, "secretKey").and_then(|node| document.text(node));
        Some(match document.descend(item, &["remoteRef", "property"]) {
            Some(_) => Form::Property,
            None if named == Some(key) => Form::Bare,
            None if key.trim_start_matches('/').contains('/') => Form::Path,
            None => Form::Dashed,
        })
    }

    /// The items that it takes values from.
    pub(super) fn items(&self) -> Vec<String> {
        if let Some((_, item)) = self.item_path() {
            return self.filled(item).into_iter().collect();
        }
        let mut found = self.texts("dataFrom", &["extract", "key"]);
        let keys = self.texts("data", &["remoteRef", "key"]);
        match self.form() {
            Some(Form::Property) => found.extend(keys),
            Some(Form::Path) => {
                found.extend(keys.iter().filter_map(|key| Some(key.rsplit_once('/')?.0.to_owned())))
            }
            _ => {}
        }
        found.dedup();
        found
    }

    /// Vault and item of `vaults/VAULT/items/ITEM`.
    fn item_path(&self) -> Option<(&'s str, &'s str)> {
        self.object.text(&["spec", "itemPath"])?.strip_prefix("vaults/")?.split_once("/items/")
    }

    /// The texts at a route in the items of a list of `spec`.
    fn texts(&self, list: &str, route: &[&str]) -> Vec<String> {
        let text = |node| self.filled(self.object.document.text(node)?);
        self.nodes(list, route).filter_map(text).collect()
    }

    fn nodes(&self, list: &str, route: &[&str]) -> impl Iterator<Item = NodeId> {
        self.list(list).filter_map(|item| self.object.document.descend(item, route))
    }

    fn list(&self, key: &str) -> impl Iterator<Item = NodeId> + use<'s> {
        let document = self.object.document;
        let list = self.object.at(&["spec", key]).map(|list| document.target(list));
        list.into_iter().flat_map(move |list| document.items(list))
    }

    /// A text with its app for `${APP}`; `None` where it is not known what else is put in.
    fn filled(&self, text: &str) -> Option<String> {
        let filled = text.replace("${APP}", self.names[0]);
        is_plain(&filled).then_some(filled)
    }
}

/// Whether a text means itself.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.contains("${") && !text.contains("{{")
}
