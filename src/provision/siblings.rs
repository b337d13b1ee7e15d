//! What the apps beside this one do with their URLs.
//!
//! The key is the one that all siblings use, else `DATABASE_URL`. Scheme and host form are those of most
//! of the siblings' URLs to the Cluster; options such as `sslmode` belong to an app and are not copied.

use std::path::Path;

use super::Target;
use super::opened;
use super::url::{DatabaseUrl, Form};
use crate::keys::Identities;
use crate::layout::{Fact, Layout};
use crate::repo::Snapshot;

/// The key where siblings differ or have none.
const DEFAULT_KEY: &str = "DATABASE_URL";

/// How the URL of a new app is stored and written.
pub(super) struct Custom {
    /// The key in the app's secret.
    pub(super) key: Fact<String>,
    /// How the URL is written.
    pub(super) form: Fact<Form>,
}

/// A URL that a sibling has.
struct Seen<'s> {
    key: String,
    form: Form,
    file: &'s Path,
}

/// Reads the siblings' secrets. One that cannot be opened shows nothing; it is not needed for anything else.
pub(super) fn custom<'s>(
    snapshot: &'s Snapshot,
    layout: &Layout<'s>,
    target: &Target<'_, 's>,
    identities: &Identities,
) -> Custom {
    let mut seen: Vec<Seen<'s>> = Vec::new();
    for app in layout.apps().iter().filter(|app| app.directory != target.app.directory) {
        for secret in layout.secrets_of(app) {
            let (Ok(opened), Some(name)) =
                (opened::open(snapshot, secret.file, identities), secret.object.name())
            else {
                continue;
            };
            for (key, value) in opened.values(name) {
                let url = value.expose_text().and_then(DatabaseUrl::parse);
                let form = url.and_then(|url| url.form(target.cluster(), target.namespace()));
                seen.extend(form.map(|form| Seen { key, form, file: secret.file }));
            }
        }
    }
    let key = match &target.options.url_key {
        Some(key) => Fact::convention(key.clone()),
        None => common_key(&seen),
    };
    Custom { key, form: usual_form(&seen) }
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
        let form = Form { scheme: scheme.to_owned(), host: Host::Svc, with_port: false };
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
