//! Secrets by their readable metadata, and how the credentials of roles are named and filed.

use std::path::{Path, PathBuf};

use super::naming::{self, Sample};
use super::{ClusterSite, Fact, Layout, RoleSite, Template, stated};
use crate::kube::kustomization::is_kustomization;
use crate::kube::secret::{is_mentioned, is_reference};
use crate::kube::{Object, objects};
use crate::repo::Snapshot;

/// Name of a role's Secret where no other role shows one.
const DEFAULT_NAME: &str = "postgres-{app}-user";

/// The API group of External Secrets.
pub(super) const EXTERNAL_SECRETS: &str = "external-secrets.io";

/// A core Secret and its place.
#[derive(Clone, Copy)]
pub(crate) struct SecretSite<'s> {
    /// The Secret; in a SOPS file its values are tokens.
    pub(crate) object: Object<'s>,
    /// Its file, relative to the root.
    pub(crate) file: &'s Path,
}

/// Where the credentials of a new role go.
pub(crate) struct RoleSecretPlace<'s> {
    /// Names of the Secrets.
    pub(crate) name: Fact<Template>,
    /// Names of the files, relative to the directory of the kustomize file or of the Cluster. Without
    /// evidence there are several, and the first that a creation rule covers is meant.
    pub(crate) files: Vec<Fact<Template>>,
    /// The kustomize file that lists them.
    pub(crate) listed_in: Option<&'s Path>,
    /// The directory to which the file names are relative.
    pub(crate) directory: PathBuf,
    /// Whether the Secrets of the other roles name their namespace; without any, whether the Cluster does.
    pub(crate) with_namespace: Fact<bool>,
    /// Whether the files of the other roles begin with `---`.
    pub(crate) with_marker: bool,
}

impl<'s> Layout<'s> {
    /// The Secrets in a file that names one of these texts.
    pub(super) fn secrets_in(&self, file: &'s Path, needles: &[&str]) -> Vec<SecretSite<'s>> {
        if !self.snapshot.mentions(file, needles) {
            return Vec::new();
        }
        let found = self.snapshot.document(file).map(objects).unwrap_or_default();
        let secrets = found.into_iter().filter(|object| object.is("", "Secret"));
        secrets.map(|object| SecretSite { object, file }).collect()
    }

    /// Every Secret of the repository that can be read.
    pub(crate) fn secrets(&self) -> Vec<SecretSite<'s>> {
        let speaks = |file: &&'s Path| {
            let text = self.snapshot.bytes(file).ok().map(std::str::from_utf8);
            text.is_some_and(|text| text.is_ok_and(is_mentioned))
        };
        self.manifests()
            .filter(speaks)
            .flat_map(|file| self.secrets_in(file, &["Secret"]))
            .collect()
    }

    /// Whether a Secret can be that of a role of this Cluster: both must be in one namespace, as far as these are known.
    pub(crate) fn is_beside(&self, secret: &SecretSite<'s>, site: &ClusterSite<'s>) -> bool {
        site.shares_namespace(self.namespace(secret.object, secret.file))
    }

    /// Whether a Secret of this name is made by something else than a Secret document: a generator of a kustomize file,
    /// or an object that refers to an external store.
    pub(crate) fn is_made_elsewhere(&self, name: &str) -> bool {
        let makes = |object: &Object<'s>| {
            let target = object.text(&["spec", "target", "name"]);
            is_reference(object) && [object.name(), target].contains(&Some(name))
        };
        let by_component = |object: &Object<'_>| {
            let target = object.text(&["spec", "target", "name"]);
            [object.name(), target].into_iter().flatten().any(|made| may_become(made, name))
        };
        let is_written = self.snapshot.manifests_with(&[name]).any(|file| {
            let Ok(document) = self.snapshot.document(file) else { return false };
            let generates = is_kustomization(file)
                && document.roots().iter().any(|root| {
                    let list = document.lookup(root.node, "secretGenerator");
                    let items = list.map(|list| document.items(document.target(list)));
                    let names = items
                        .into_iter()
                        .flatten()
                        .filter_map(|item| document.lookup(item, "name"));
                    { names }.any(|node| document.text(node) == Some(name))
                });
            generates || objects(document).iter().any(makes)
        });
        is_written || self.references().any(|(object, _)| by_component(&object))
    }

    /// The Secrets of these names in the namespace of a Cluster.
    pub(crate) fn secrets_named(
        &self,
        names: &[&str],
        site: &ClusterSite<'s>,
    ) -> Vec<SecretSite<'s>> {
        let files = self.snapshot.manifests();
        files
            .flat_map(|file| self.secrets_in(file, names))
            .filter(|found| found.object.name().is_some_and(|name| names.contains(&name)))
            .filter(|found| self.is_beside(found, site))
            .collect()
    }

    /// Files with Secrets that are named as the credentials of roles and are not in the Cluster's namespace, or with an
    /// `ExternalSecret` that makes one: in an app, or in a component for the name in `${APP}`.
    pub(crate) fn copies_of_credentials(
        &self,
        site: &ClusterSite<'s>,
        name: &Template,
    ) -> Vec<&'s Path> {
        let is_copy = |object: &Object<'s>, file: &'s Path| {
            let kind = object.is("", "Secret") || object.is(EXTERNAL_SECRETS, "ExternalSecret");
            let is_named = object.name().is_some_and(|own| name.app_in(own).is_some());
            let elsewhere = || match (self.namespace(*object, file), &site.namespace) {
                (Some(own), Some(cluster)) => own.value != cluster.value,
                _ => object.name().is_some_and(|own| own.contains("${APP}")),
            };
            kind && is_named && elsewhere()
        };
        let files = self.snapshot.manifests_with(&["Secret"]);
        files
            .filter(|file| {
                let found = self.snapshot.document(file).map(objects).unwrap_or_default();
                found.iter().any(|object| is_copy(object, file))
            })
            .collect()
    }

    /// How the credentials of a Cluster's roles are named and filed.
    pub(crate) fn role_secrets(&self, site: &ClusterSite<'s>) -> RoleSecretPlace<'s> {
        let sites = self.roles(site);
        let roles: Vec<_> = sites.iter().map(|site| site.role).collect();
        let names: Vec<&str> = roles.iter().filter_map(|role| role.password_secret()).collect();
        let secrets = self.secrets_named(&names, site);
        let last = secrets.last();
        let listed_in = last.map_or(site.listed_in, |last| self.listing.listed_in(last.file));
        let directory = listed_in.or(last.map(|last| last.file)).unwrap_or(site.file);
        let directory = directory.parent().unwrap_or(Path::new("")).to_owned();
        let filed: Vec<_> = secrets
            .iter()
            .filter_map(|secret| {
                let role =
                    roles.iter().find(|role| role.password_secret() == secret.object.name())?;
                let name = secret.file.strip_prefix(&directory).ok()?.to_str()?;
                Some(Sample { identifier: role.name(), name, file: secret.file })
            })
            .collect();
        let name = self.role_secret_name(&sites);
        let files = match naming::infer(&filed) {
            Some(file) => vec![file],
            None => ["{}-secret.yaml", "{}.sops.yaml", "{}.enc.yaml"]
                .iter()
                .map(|form| Template::new(form.replace("{}", name.value.as_str())))
                .map(Fact::convention)
                .collect(),
        };
        let (model, file) =
            last.map_or((site.cluster.0, site.file), |last| (last.object, last.file));
        let with_namespace = match self.settings.with_namespace {
            Some(chosen) => stated(chosen),
            None => Fact::new(model.namespace().is_some(), file),
        };
        let with_marker =
            last.is_some_and(|last| last.object.document.roots().iter().any(|root| root.explicit));
        let inferred =
            RoleSecretPlace { name, files, listed_in, directory, with_namespace, with_marker };
        match &self.settings.role_secret_file {
            Some(chosen) => self.moved(inferred, chosen),
            None => inferred,
        }
    }

    /// How the Secrets of these roles are named.
    pub(crate) fn role_secret_name(&self, sites: &[RoleSite<'s>]) -> Fact<Template> {
        if let Some(chosen) = &self.settings.role_secret_name {
            return stated(chosen.clone());
        }
        let named = sites.iter().filter_map(|RoleSite { role, file, .. }| {
            Some(Sample { identifier: role.name(), name: role.password_secret()?, file })
        });
        let name = naming::infer(&named.collect::<Vec<_>>());
        name.unwrap_or_else(|| Fact::convention(Template::new(DEFAULT_NAME)))
    }

    /// The same place, but with the files where a setting wants them.
    fn moved(&self, place: RoleSecretPlace<'s>, chosen: &Template) -> RoleSecretPlace<'s> {
        let (directory, file) = chosen.split();
        let listed_in = match directory == place.directory {
            true => place.listed_in,
            false => self.kustomize_file_above(&directory.join(&file)),
        };
        // The names of files are relative to the directory that lists them.
        let files = vec![stated(Template::new(file))];
        RoleSecretPlace { files, directory, listed_in, ..place }
    }
}

/// Whether a name with a variable, such as `${APP}-db`, can become this one.
pub(crate) fn may_become(pattern: &str, name: &str) -> bool {
    let ends = || Some((pattern.split_once("${")?.0, pattern.rsplit_once('}')?.1));
    ends().is_some_and(|(start, end)| {
        name.len() > start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
    })
}

/// The YAML files that SOPS has encrypted.
pub(crate) fn encrypted(snapshot: &Snapshot) -> impl Iterator<Item = &Path> {
    // Parsing everything would take longer than all the rest.
    let suspects = snapshot.manifests_with(&["ENC[AES256_GCM,"]);
    suspects.filter(|file| {
        snapshot.document(file).is_ok_and(|document| {
            let mut roots = document.roots().iter();
            roots.any(|root| document.descend(root.node, &["sops", "mac"]).is_some())
        })
    })
}
