//! A recipe written down with the Secret that it made, so that it can be made again.
//!
//! ```yaml
//! secrets:
//!   grafana-oidc:
//!     app: grafana
//!     keys:
//!       SESSION: {generate: 'alnum:40'}
//!       CLIENT_SECRET: {given: true}      # typed, or from a file: no value gets in
//! ```
//!
//! It becomes the last one of `keywright.yaml`, which is made where there is none; what stands there already keeps its
//! bytes. Refused are a name that has a recipe, and a file that cannot be read.

use std::path::{Path, PathBuf};

use super::{How, Ingredient, OPAQUE, Recipe};
use crate::document::{Document, EditError, Edits, Fragment, Placement};
use crate::layout;
use crate::repo::Snapshot;
use crate::scaffold::Error;
use crate::scaffold::existing::fragment;
use crate::settings::{self, FILE_NAME};
use crate::txn::Change;

/// The section of recipes.
const SECTION: &str = "secrets";

/// The change of `keywright.yaml` that adds a recipe.
pub(crate) fn record(recipe: &Recipe, snapshot: &Snapshot) -> Result<Change, Error> {
    check_free(&recipe.name, snapshot)?;
    let path = Path::new(FILE_NAME);
    let new = Document::parse(format!("{SECTION}:\n").into_bytes());
    let new = new.expect("a key without a value is a document");
    let document = settings::file(snapshot)?.unwrap_or(&new);
    let edited = added(recipe, document);
    let edited = edited.map_err(|source| Error::Edit { path: path.to_owned(), source })?;
    Ok(snapshot.change(path, Some(&edited))?)
}

/// Refuses the name of a recipe that is there, and a file that cannot be read.
pub(crate) fn check_free(name: &str, snapshot: &Snapshot) -> Result<(), Error> {
    let Some(document) = settings::file(snapshot)? else { return Ok(()) };
    Recipe::all(document).map_err(layout::Error::from)?;
    let recipes = document.roots().first().and_then(|root| document.lookup(root.node, SECTION));
    let known = recipes.and_then(|node| document.entry(document.target(node), name));
    match known {
        Some((key, _)) => Err(Error::RecipeExists {
            path: PathBuf::from(FILE_NAME),
            position: document.position_of(key),
            name: name.to_owned(),
        }),
        None => Ok(()),
    }
}

/// The file with the recipe.
fn added(recipe: &Recipe, document: &Document) -> Result<Document, EditError> {
    let content = content(recipe)?;
    let section = |content| {
        let recipes = Fragment::mapping([(recipe.name.as_str(), content)]);
        vec![(SECTION.to_owned(), recipes)]
    };
    let mut edits = Edits::new(document);
    let root = document.roots().first();
    match root.map(|root| document.lookup(root.node, SECTION)) {
        Some(Some(recipes)) => {
            let recipes = document.target(recipes);
            edits.insert_entry(recipes, Placement::Last, &recipe.name, content)?;
        }
        Some(None) => edits.append_to_root(0, section(content), document.indentation())?,
        None => edits.append_root(&Fragment::Mapping(section(content)))?,
    }
    edits.apply()
}

/// What stands below its name.
fn content(recipe: &Recipe) -> Result<Fragment, EditError> {
    let text = |name: &str, text: &str| (name.to_owned(), Fragment::text(text));
    let app = recipe.app.iter().map(|app| text("app", app));
    let kind = Some(&recipe.kind).filter(|kind| *kind != OPAQUE).map(|kind| text("type", kind));
    let keys = recipe.keys.iter().map(|one| Ok((one.key.clone(), ingredient(one)?)));
    let keys = Fragment::Mapping(keys.collect::<Result<_, EditError>>()?);
    Ok(Fragment::Mapping(app.chain(kind).chain([("keys".to_owned(), keys)]).collect()))
}

/// How a value is made, on one line. What has a colon or braces is quoted even where YAML could do without.
fn ingredient(one: &Ingredient) -> Result<Fragment, EditError> {
    let (field, stub, text) = match &one.how {
        How::Generate(policy) => ("generate", "''", Some(policy.to_string())),
        How::Derive(derivation) => ("derive", "x", Some(derivation.to_string())),
        How::Template(template) => ("template", "''", Some(template.to_string())),
        How::Given => ("given", "true", None),
    };
    let keep = if one.keep { ", keep: true" } else { "" };
    let line = Document::parse(format!("key: {{{field}: {stub}{keep}}}\n").into_bytes());
    let line = line.expect("a mapping on a line is a document");
    let at = |line: &Document, route: &[&str]| {
        let node = line.descend(line.roots()[0].node, route);
        node.expect("the line has both keys")
    };
    let mut edits = Edits::new(&line);
    if let Some(text) = text {
        edits.set_text(at(&line, &["key", field]), &text)?;
    }
    let line = edits.apply()?;
    let value = at(&line, &["key"]);
    let source = line.behind_key(value).expect("it is the value of an entry");
    Ok(Fragment::Copied {
        source: line.source()[source].to_owned(),
        comments: Vec::new(),
        content: Box::new(fragment(&line, value)),
    })
}

#[cfg(test)]
mod tests;
