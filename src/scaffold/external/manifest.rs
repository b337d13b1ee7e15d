//! The reference itself: the keys that most siblings write, in their order, indented as they are.

use super::form::{Form, Store, template};
use super::siblings::{Sibling, Siblings};
use crate::document::{Document, EditError, Edits, Fragment, Indentation};

/// What the new reference says.
pub(super) struct Reference {
    /// Its own name.
    pub(super) name: String,
    /// The name of the Secret that it makes.
    pub(super) secret: String,
    /// `metadata.namespace`, where that is written.
    pub(super) namespace: Option<String>,
    /// Where the values are.
    pub(super) store: Store,
    /// The item there; its beginning, where each value has an entry of its own.
    pub(super) item: String,
    /// How the values are named.
    pub(super) form: Form,
    /// The keys that are named.
    pub(super) fields: Vec<String>,
}

/// The manifest.
pub(super) fn write(reference: &Reference, siblings: &Siblings<'_>) -> Result<Document, EditError> {
    let head = Document::parse(head(reference, siblings).into_bytes())
        .expect("a marker, a comment without a line break and two scalars are a document");
    let metadata = [("name", Some(&reference.name)), ("namespace", reference.namespace.as_ref())];
    let metadata =
        metadata.into_iter().filter_map(|(key, text)| Some((key, Fragment::text(text?))));
    let spec = match reference.store.is_vault() {
        true => {
            let path = format!("vaults/{}/items/{}", reference.store.name, reference.item);
            Fragment::mapping([("itemPath", Fragment::text(path))])
        }
        false => ordered(siblings, &["spec"], spec(reference, siblings)),
    };
    let entries = vec![
        ("metadata".to_owned(), ordered(siblings, &["metadata"], metadata.collect())),
        ("spec".to_owned(), spec),
    ];
    let indentation = siblings.habit(|sibling| {
        let Indentation { step, dash } = sibling.object.document.indentation();
        Some((step, dash))
    });
    let indentation = indentation.map_or_else(Indentation::default, |fact| Indentation {
        step: fact.value.0,
        dash: fact.value.1,
    });
    let mut edits = Edits::new(&head);
    edits.append_to_root(0, entries, indentation)?;
    edits.apply()
}

/// What comes before `metadata`: the marker, the schema for editors, API version and kind.
fn head(reference: &Reference, siblings: &Siblings<'_>) -> String {
    let line_break = siblings.habit(|sibling| Some(sibling.object.document.line_break()));
    let line_break = line_break.map_or("\n", |fact| fact.value);
    let marker = siblings.habit(|sibling| {
        let document = sibling.object.document;
        Some(document.roots()[document.root_of(sibling.object.node)].explicit)
    });
    let (group, kind) = reference.store.reference();
    let mut lines = Vec::new();
    lines.extend(marker.filter(|fact| fact.value).map(|_| "---".to_owned()));
    lines.extend(siblings.habit(|sibling| Some(schema(sibling))).and_then(|fact| fact.value));
    lines.push(format!("apiVersion: {group}/v1"));
    lines.push(format!("kind: {kind}"));
    lines.iter().flat_map(|line| [line.as_str(), line_break]).collect()
}

/// The comment that tells editors the schema, for the version that is served.
fn schema(sibling: &Sibling<'_>) -> Option<String> {
    let document = sibling.object.document;
    let root = &document.roots()[document.root_of(sibling.object.node)];
    let before = root.span.start..document.node(sibling.object.node).span.start;
    let mut comments = document.comments().iter().filter(|one| before.contains(&one.span.start));
    let comment =
        comments.find(|one| document.comment_text(one).contains("yaml-language-server:"))?;
    Some(document.source()[comment.span.clone()].replace("v1beta1", "v1"))
}

/// The entries of an ExternalSecret's `spec`, in the order of the API's documentation.
fn spec(reference: &Reference, siblings: &Siblings<'_>) -> Vec<(&'static str, Fragment)> {
    let Reference { store, item, form, fields, .. } = reference;
    let mut entries = Vec::new();
    entries.extend(text_of(siblings, &["spec", "refreshInterval"]));
    let store = vec![("kind", Fragment::text(&store.kind)), ("name", Fragment::text(&store.name))];
    let route = ["spec", "secretStoreRef"];
    entries.push(("secretStoreRef", ordered(siblings, &route, store)));
    let target = target(reference, siblings);
    if !target.is_empty() {
        entries.push(("target", ordered(siblings, &["spec", "target"], target)));
    }
    entries.push(form.content(item, fields));
    entries
}

/// The entries of `target`. Who made the Secret is the habit of a repository; what else it merges, and labels, are
/// the business of one.
fn target(reference: &Reference, siblings: &Siblings<'_>) -> Vec<(&'static str, Fragment)> {
    let mut entries = Vec::new();
    let is_spelled =
        siblings.habit(|sibling| Some(sibling.object.at(&["spec", "target", "name"]).is_some()));
    if reference.name != reference.secret || is_spelled.is_none_or(|fact| fact.value) {
        entries.push(("name", Fragment::text(&reference.secret)));
    }
    // `Merge` and `None` make no Secret.
    let creation = text_of(siblings, &["spec", "target", "creationPolicy"]);
    entries.extend(
        creation.filter(|(_, text)| matches!(text, Fragment::Text(text) if **text == "Owner")),
    );
    entries.extend(text_of(siblings, &["spec", "target", "deletionPolicy"]));
    if reference.form == Form::Template {
        let route = ["spec", "target", "template"];
        let mut template_entries = Vec::new();
        template_entries
            .extend(text_of(siblings, &["spec", "target", "template", "engineVersion"]));
        template_entries.push(("data", template(&reference.fields)));
        entries.push(("template", ordered(siblings, &route, template_entries)));
    }
    entries
}

/// The text that most siblings have at a route, under its last key. Only those count that have what it is in.
fn text_of<'r>(siblings: &Siblings<'_>, route: &[&'r str]) -> Option<(&'r str, Fragment)> {
    let (key, around) = route.split_last()?;
    let shown = siblings.habit(|sibling| {
        sibling.object.at(around)?;
        let text = sibling.object.text(route);
        Some(text.filter(|text| !text.contains("${")).map(str::to_owned))
    });
    Some((key, Fragment::text(shown?.value?)))
}

/// A mapping with its keys in the order in which most siblings have them. A key that they do not have follows the one
/// before it.
fn ordered(
    siblings: &Siblings<'_>,
    route: &[&str],
    entries: Vec<(&'static str, Fragment)>,
) -> Fragment {
    let order = siblings.habit(|sibling| {
        let document = sibling.object.document;
        let mapping = document.target(sibling.object.at(route)?);
        let keys = document.entries(mapping).filter_map(|(key, _)| document.text(key));
        let known: Vec<&str> =
            keys.filter(|key| entries.iter().any(|(known, _)| known == key)).collect();
        (known.len() > 1).then_some(known)
    });
    let order = order.map(|fact| fact.value).unwrap_or_default();
    let mut last = 0;
    let mut ranked: Vec<_> = entries
        .into_iter()
        .map(|(key, value)| {
            last = order.iter().position(|known| *known == key).map_or(last, |place| place + 1);
            (last, (key.to_owned(), value))
        })
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    Fragment::Mapping(ranked.into_iter().map(|(_, entry)| entry).collect())
}
