//! The Database document.
//!
//! `databaseReclaimPolicy` is not written: its default keeps the data when the document is removed.

use std::path::{Path, PathBuf};

use super::draft::{Draft, written_like};
use super::{Error, Target};
use crate::document::Fragment;
use crate::kube::database::Database;
use crate::kube::kustomization::Kustomization;
use crate::layout::{DatabasePlace, Fact, Layout, Located, Template};

/// The name of the app's database: that of the Database that is there, else the identifier.
pub(super) struct Named<'s> {
    /// The name in PostgreSQL.
    pub(super) database: String,
    /// The Database, if it is there.
    pub(super) existing: Option<Located<'s, Database<'s>>>,
}

/// Finds the Database of the app: the one with its identifier, else the one with its object name. It must
/// belong to the app's role.
pub(super) fn existing<'s>(
    layout: &Layout<'s>,
    target: &Target<'_, 's>,
) -> Result<Named<'s>, Error> {
    let identifier = &target.identifier.value;
    let all = layout.databases(&target.site);
    let by_database = all.iter().find(|found| found.view.database() == Some(identifier));
    let by_name = || all.iter().find(|found| found.view.0.name() == Some(target.name));
    let Some(found) = by_database.or_else(by_name).copied() else {
        return Ok(Named { database: identifier.clone(), existing: None });
    };
    let database = found.view.database().unwrap_or_default().to_owned();
    let taken = |reason| {
        let (path, database) = (found.file.to_owned(), database.clone());
        Err(Error::DatabaseTaken { path, database, reason })
    };
    if found.view.owner() != Some(identifier) {
        return taken("another role owns it");
    }
    if found.view.is_absent() {
        return taken("it is being dropped (`ensure: absent`)");
    }
    Ok(Named { database, existing: Some(found) })
}

/// Where the next Database goes, to be shown.
pub(super) fn shown(layout: &Layout<'_>, target: &Target<'_, '_>) -> Fact<String> {
    match layout.database_place(&target.site) {
        DatabasePlace::Behind(file) => file.map(|file| file.display().to_string()),
        DatabasePlace::Own { path, .. } => path.map(|path| path.as_str().to_owned()),
        DatabasePlace::First(path) => Fact::convention(path.display().to_string()),
    }
}

/// Adds the Database where the others are, unless it is there.
pub(super) fn write(
    draft: &mut Draft<'_>,
    layout: &Layout<'_>,
    target: &Target<'_, '_>,
    named: &Named<'_>,
) -> Result<(), Error> {
    if named.existing.is_some() {
        return Ok(());
    }
    let siblings = layout.databases(&target.site);
    let model = siblings.last().map_or(target.site.cluster.0, |last| last.view.0);
    let content = content(target, &named.database, model.namespace().is_some());
    let (path, listed_in) = match layout.database_place(&target.site) {
        DatabasePlace::Behind(file) => {
            return draft.edit(file.value, |_, edits| edits.append_root(&content));
        }
        DatabasePlace::Own { path, listed_in } => {
            let listed_in = listed_in.map(|template| PathBuf::from(template.fill(target.name)));
            let listed_in = listed_in.filter(|file| draft.document(file).is_ok());
            let file = PathBuf::from(path.value.fill(target.name));
            list(draft, &file, listed_in.as_deref(), &path.value)?;
            (file, None)
        }
        DatabasePlace::First(path) => (path, target.site.listed_in),
    };
    let with_marker = model.document.roots().iter().any(|root| root.explicit);
    let document = written_like(model.document, &content, with_marker, &path)?;
    draft.create(&path, document)?;
    list(draft, &path, listed_in, &Template::new(""))
}

fn list(
    draft: &mut Draft<'_>,
    file: &Path,
    listed_in: Option<&Path>,
    template: &Template,
) -> Result<(), Error> {
    let Some(kustomize_file) = listed_in else { return Ok(()) };
    let directory = kustomize_file.parent().unwrap_or(Path::new(""));
    let Some(entry) = file.strip_prefix(directory).ok().and_then(Path::to_str) else {
        return Ok(());
    };
    let like = |known: &str| {
        directory.join(known).to_str().and_then(|path| template.app_in(path)).is_some()
    };
    draft.edit(kustomize_file, |document, edits| {
        Kustomization::of(document).list(entry, &like, edits)
    })
}

fn content(target: &Target<'_, '_>, database: &str, with_namespace: bool) -> Fragment {
    let text = |text: &str| Fragment::text(text);
    let mut metadata = vec![("name".to_owned(), text(target.name))];
    if let Some(namespace) = target.namespace().filter(|_| with_namespace) {
        metadata.push(("namespace".to_owned(), text(namespace)));
    }
    Fragment::mapping([
        ("apiVersion", text("postgresql.cnpg.io/v1")),
        ("kind", text("Database")),
        ("metadata", Fragment::Mapping(metadata)),
        (
            "spec",
            Fragment::mapping([
                ("cluster", Fragment::mapping([("name", text(target.cluster()))])),
                ("name", text(database)),
                ("owner", text(&target.identifier.value)),
            ]),
        ),
    ])
}
