//! The app's own copy of its credentials, in a Secret beside the app.
//!
//! A Secret does not cross namespaces: where the apps are not in the namespace of the Cluster, repositories keep the
//! credentials twice, under one name. That they do so is concluded from such a Secret in another namespace, or from an
//! `ExternalSecret` that makes one. The keys are those of the Secret that CloudNativePG makes for its own application
//! (`secrets.go: CreateSecret`), as far as they do not depend on a client.
//!
//! ```text
//! username user password dbname host port uri
//! ```

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::draft::Draft;
use super::sealed::{self, NewSecret};
use super::{Error, Means, Target, role_secret};
use crate::document::Fragment;
use crate::layout::{Fact, Layout};
use crate::secret::Secret;

/// The port of a Cluster's Services.
const PORT: &str = "5432";

/// A copy that is to be made.
pub(super) struct AppCopy {
    /// Its name, and what shows that there is to be one.
    pub(super) name: Fact<String>,
    /// Where it can be; the first path that a creation rule covers is taken.
    paths: Vec<PathBuf>,
}

/// Whether the app gets a copy.
pub(super) fn find(layout: &Layout<'_>, target: &Target<'_, '_>) -> Option<AppCopy> {
    if target.options.url_key.is_some() || target.options.secret.is_some() {
        return None;
    }
    let own = layout.namespace_of(&target.app)?.value;
    if target.namespace()? == own {
        return None;
    }
    let evidence = layout.copies_of_credentials(&target.site, &target.place.name.value);
    if evidence.is_empty() {
        return None;
    }
    let names = target.place.files.iter().map(|template| template.value.fill(target.name));
    let base = |name: String| Path::new(&name).file_name().map(PathBuf::from);
    let paths = names.filter_map(base).map(|name| target.app.directory.join(name)).collect();
    Some(AppCopy { name: Fact::seen_in(target.secret_name.clone(), evidence), paths })
}

/// Makes the copy and lists it.
pub(super) fn write(
    draft: &mut Draft<'_>,
    layout: &Layout<'_>,
    target: &Target<'_, '_>,
    copy: &AppCopy,
    connection: &Connection<'_>,
    means: &mut Means<'_>,
) -> Result<(), Error> {
    let new = NewSecret {
        paths: copy.paths.clone(),
        content: content(layout, target, copy, connection),
        like: target.site.cluster.0.document,
        with_marker: target.place.with_marker,
    };
    let (path, _) = sealed::create(draft, &new, means)?;
    match target.app.kustomization {
        Some(kustomize_file) => role_secret::list(draft, target, kustomize_file, &path),
        None => Ok(()),
    }
}

/// What a copy tells.
pub(super) struct Connection<'c> {
    /// The password.
    pub(super) password: &'c Secret,
    /// The database.
    pub(super) database: &'c str,
    /// The Service, as the app can reach it.
    pub(super) host: &'c str,
    /// All of it as a URL.
    pub(super) url: &'c Zeroizing<String>,
}

fn content(
    layout: &Layout<'_>,
    target: &Target<'_, '_>,
    copy: &AppCopy,
    connection: &Connection<'_>,
) -> Fragment {
    let text = |text: &str| Fragment::text(text);
    let role = target.role_name.value.as_str();
    let mut metadata = vec![("name".to_owned(), text(&copy.name.value))];
    let namespace = layout.namespace_of(&target.app).filter(|_| target.place.with_namespace.value);
    metadata.extend(namespace.map(|found| ("namespace".to_owned(), text(found.value))));
    Fragment::mapping([
        ("apiVersion", text("v1")),
        ("kind", text("Secret")),
        ("metadata", Fragment::Mapping(metadata)),
        ("type", text("Opaque")),
        (
            "stringData",
            Fragment::mapping([
                ("username", text(role)),
                ("user", text(role)),
                ("password", text(connection.password.expose_text().unwrap_or_default())),
                ("dbname", text(connection.database)),
                ("host", text(connection.host)),
                ("port", text(PORT)),
                ("uri", text(connection.url)),
            ]),
        ),
    ])
}
