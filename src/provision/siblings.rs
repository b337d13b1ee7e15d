//! What the apps beside this one do with their URLs.
//!
//! The key is the one that all siblings use, else `DATABASE_URL`. Scheme and host form are those of most
//! of the siblings' URLs to the Cluster; options such as `sslmode` belong to an app and are not copied.

use std::path::Path;

use super::opened;
use super::url::{DatabaseUrl, Form};
use super::{Error, Target};
use crate::keys::Identities;
use crate::layout::{ClusterSite, Fact, Layout, stated};
use crate::repo::Snapshot;

/// The key where siblings differ or have none.
const DEFAULT_KEY: &str = "DATABASE_URL";

/// How the URL of a new app is stored and written.
pub(super) struct Custom {
    /// The key in the app's secret.
    pub(super) key: Fact<String>,
    /// How the URL is written.
    pub(super) form: Fact<Form>,
    /// Whether a secret could not be opened, which may have shown something else.
    pub(super) sealed: bool,
}

/// A URL that a sibling has.
struct Seen<'s> {
    key: String,
    form: Form,
    file: &'s Path,
}

/// For an app: as it was chosen for this one or for all, else as its siblings have it.
pub(super) fn of_app<'s>(
    snapshot: &'s Snapshot,
    layout: &Layout<'s>,
    target: &Target<'_, 's>,
    identities: &Identities,
) -> Custom {
    let except = Some(target.app.directory.as_path());
    let mut custom = read(snapshot, layout, &target.site, except, identities);
    if let Some(key) = &target.options.url_key {
        custom.key = Fact::convention(key.clone());
    }
    custom
}

/// Reads the secrets of all apps but one. One that cannot be opened shows nothing; it is not needed for anything else.
pub(super) fn read<'s>(
    snapshot: &'s Snapshot,
    layout: &Layout<'s>,
    site: &ClusterSite<'s>,
    except: Option<&Path>,
    identities: &Identities,
) -> Custom {
    let namespace = site.namespace.as_ref().map(|namespace| namespace.value);
    let (mut seen, mut sealed): (Vec<Seen<'s>>, bool) = (Vec::new(), false);
    for app in layout.apps().iter().filter(|app| Some(app.directory.as_path()) != except) {
        for secret in layout.secrets_of(app) {
            let opened = opened::open(snapshot, secret.file, identities);
            sealed |= matches!(opened, Err(Error::Sops { .. }));
            let (Ok(opened), Some(name)) = (opened, secret.object.name()) else { continue };
            for (key, value) in opened.values(name) {
                let url = value.expose_text().and_then(DatabaseUrl::parse);
                let form = url.and_then(|url| url.form(site.cluster.name(), namespace));
                seen.extend(form.map(|form| Seen { key, form, file: secret.file }));
            }
        }
    }
    let settings = layout.settings();
    let key = settings.url_key.clone().map(stated);
    let form = settings.url_form.clone().map(stated);
    Custom {
        key: key.unwrap_or_else(|| common_key(&seen)),
        form: form.unwrap_or_else(|| usual_form(&seen)),
        sealed,
    }
}

fn common_key(seen: &[Seen<'_>]) -> Fact<String> {
    let files = seen.iter().map(|seen| seen.file);
    match seen.split_first() {
        Some((first, rest)) if rest.iter().all(|other| other.key == first.key) => {
            Fact::seen_in(first.key.clone(), files)
        }
        _ => Fact::convention(DEFAULT_KEY.to_owned()),
    }
}

/// The most frequent form, among equals the last one.
fn usual_form(seen: &[Seen<'_>]) -> Fact<Form> {
    let same = |form: &Form| seen.iter().filter(|other| other.form == *form).count();
    match seen.iter().max_by_key(|seen| same(&seen.form)) {
        Some(usual) => {
            let files = seen.iter().filter(|other| other.form == usual.form).map(|seen| seen.file);
            Fact::seen_in(usual.form.clone(), files)
        }
        None => Fact::convention(Form::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::url::Host;
    use super::*;

    fn seen(key: &str, scheme: &str) -> Seen<'static> {
        let form = Form {
            scheme: scheme.to_owned(),
            host: Host::Svc,
            with_port: false,
            ..Form::default()
        };
        Seen { key: key.to_owned(), form, file: Path::new("f") }
    }

    #[test]
    fn the_key_is_that_of_all_siblings_or_the_usual_one() {
        assert_eq!(common_key(&[]).value, "DATABASE_URL");
        assert_eq!(common_key(&[seen("DB", "postgres"), seen("DB", "postgres")]).value, "DB");
        let differ = common_key(&[seen("DB", "postgres"), seen("URL", "postgres")]);
        assert_eq!(differ, Fact::convention("DATABASE_URL".to_owned()));
    }

    #[test]
    fn the_form_is_that_of_most_siblings() {
        let urls = [seen("A", "postgres"), seen("B", "postgres"), seen("C", "postgresql")];
        assert_eq!(usual_form(&urls).value.scheme, "postgres");
        assert_eq!(usual_form(&urls[1..]).value.scheme, "postgresql");
        assert_eq!(usual_form(&[]).value, Form::default());
    }
}
