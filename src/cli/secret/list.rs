//! `keywright secret list`
//!
//! ```json
//! {"version": 1, "shallow": false, "secrets": [{
//!   "app": "grafana", "namespace": "apps", "name": "grafana", "kind": "Secret", "type": "Opaque",
//!   "path": "…/secret.yaml", "encrypted": true,
//!   "keys": [{"name": "TOKEN", "state": "encrypted", "changed": "2031-01-02T03:04:05Z"}]
//! }]}
//! ```
//!
//! | field | says |
//! |---|---|
//! | `shallow` | whether the history of Git is cut off, so that every `changed` may be earlier |
//! | `kind` | `Secret`, or what one is made from: `ExternalSecret`, `SealedSecret`, … or `secretGenerator` |
//! | `encrypted` | whether the file is encrypted by SOPS |
//! | `keys[].state` | `encrypted`, `empty`, `plain`, or `elsewhere` for what is not in the repository |
//! | `keys[].changed` | when the last commit was made that changed what stands there |
//!
//! Paths are relative to the root. What is not known, not there or not committed, is `null`. Fields may be added within a
//! version, but not changed; `docs/schemas/secret-list.schema.json` is the schema.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::cli::claim::{self, Access};
use crate::cli::db::{Format, tell_broken};
use crate::cli::failure::visible;
use crate::cli::{Context, Failure, Status};
use crate::layout::{Layout, nearest};
use crate::repo::{self, Changed};
use crate::scaffold::existing::{Key, KeyState, Listed, inventory};

/// Show apps, their Secrets, keys, and when each was changed; needs no key
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright secret list
  keywright secret list grafana
  keywright secret list --format json | jq -r '.secrets[] | select(.encrypted | not) | .path'

The age of a key is that of the last commit that changed what stands there: a new value, or a new data key.")]
pub(super) struct ListArgs {
    /// The app or Secret to show instead of all
    #[arg(value_name = "APP|SECRET")]
    name: Option<String>,
    /// How to report
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    format: Format,
}

/// What is shown of a key, and when it was changed.
type Dated<'l> = (&'l Key, Option<Changed>);

/// Runs the command.
pub(super) fn run(args: &ListArgs, context: &mut Context) -> Result<Status, Failure> {
    context.begin("secret list", Access::Read);
    let (root, _, snapshot) = claim::repository(context)?;
    let layout = Layout::read(&snapshot)?;
    let found = inventory(&layout, args.name.as_deref());
    tell_broken(&layout, context);
    if let Some(name) = args.name.as_deref().filter(|_| found.is_empty()) {
        return empty(name, &layout, context);
    }
    let dated = dated(&root, &found);
    let shallow = tell_shallow(&root, context);
    match args.format {
        Format::Json => context.say(format!("{:#}", json(&dated, shallow))),
        Format::Text if dated.is_empty() => context.say("no Secrets"),
        Format::Text => {
            tree(&dated, context.seconds()).iter().for_each(|line| context.say(visible(line)))
        }
    }
    Ok(Status::Done)
}

/// An app may have no Secrets; any other name is wrong.
fn empty(name: &str, layout: &Layout<'_>, context: &mut Context) -> Result<Status, Failure> {
    if layout.apps().iter().any(|app| app.answers_to(name)) {
        context.say(format!("the app `{name}` has no Secrets"));
        return Ok(Status::Done);
    }
    let mut names: Vec<String> = layout.apps().iter().map(|app| app.name().to_owned()).collect();
    names.extend(inventory(layout, None).into_iter().map(|one| one.name));
    let failure = Failure::new(format!("there is no app and no Secret `{name}`"));
    Err(match nearest(name, &names) {
        Some(nearest) => failure.hint(format!("did you mean `{nearest}`?")),
        None => failure,
    })
}

/// Says that ages are only the least, and whether they are.
pub(super) fn tell_shallow(root: &Path, context: &mut Context) -> bool {
    let shallow = repo::is_shallow(root);
    if shallow {
        context.note(
            "note: this clone is shallow: what is as old as its history may be older; `git fetch --unshallow` tells",
        );
    }
    shallow
}

/// When each key was changed: the latest of the lines of its entry.
pub(super) fn dated<'l>(root: &Path, found: &'l [Listed]) -> Vec<(&'l Listed, Vec<Dated<'l>>)> {
    let keys = found.iter().flat_map(|one| &one.keys);
    let mut paths: Vec<PathBuf> = keys.map(|key| key.path.clone()).collect();
    paths.sort();
    paths.dedup();
    let changes = repo::changes(root, &paths);
    let of_key = |key: &Key| {
        let lines = &changes[paths.binary_search(&key.path).ok()?];
        let range = key.lines.start.min(lines.len())..key.lines.end.min(lines.len());
        lines[range].iter().max().copied()
    };
    let dates = |one: &'l Listed| {
        let keys = one.keys.iter().map(|key| (key, of_key(key))).collect();
        (one, keys)
    };
    found.iter().map(dates).collect()
}

/// The lines of the tree: where, what, and each key with its age.
fn tree(dated: &[(&Listed, Vec<Dated<'_>>)], now: i64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut last = None;
    for (one, keys) in dated {
        let place = match (&one.namespace, &one.app) {
            (Some(namespace), Some(app)) => format!("{namespace}/{app}"),
            (None, Some(app)) => app.clone(),
            (Some(namespace), None) => format!("{namespace}/ (no app)"),
            (None, None) => "(no app)".to_owned(),
        };
        if last.as_ref() != Some(&place) {
            lines.push(place.clone());
            last = Some(place);
        }
        lines.push(format!("  {}  {}, {}", one.name, about(one), one.path.display()));
        let width = keys.iter().map(|(key, _)| key.name.chars().count()).max().unwrap_or(0);
        for (key, changed) in keys {
            let name = format!("{:width$}", key.name);
            let details = [state(one, key.state), changed.map(|changed| age(changed, now))];
            let details = details.into_iter().flatten().collect::<Vec<_>>().join(", ");
            lines.push(format!("    {name}  {details}").trim_end().to_owned());
        }
    }
    lines
}

/// Kind or type of a Secret, and where its values are.
fn about(one: &Listed) -> String {
    match &one.secret_type {
        None if one.kind == "SealedSecret" => one.kind.clone(),
        None => format!("{}, kept elsewhere", one.kind),
        Some(kind) if one.kind != "Secret" => format!("{kind}, generated by kustomize"),
        Some(kind) if one.encrypted => format!("{kind}, encrypted"),
        Some(kind) => format!("{kind}, not encrypted"),
    }
}

/// What is said about a value beside the file.
fn state(one: &Listed, state: KeyState) -> Option<String> {
    match state {
        KeyState::Empty => Some("empty".to_owned()),
        KeyState::Plain if one.encrypted => Some("in plain text".to_owned()),
        KeyState::Elsewhere if one.secret_type.is_some() => Some("not here".to_owned()),
        _ => None,
    }
}

/// How long ago something was.
fn age(changed: Changed, now: i64) -> String {
    const DAY: i64 = 24 * 60 * 60;
    let Changed::Committed(then) = changed else { return "not committed".to_owned() };
    let days = (now - then) / DAY;
    let counted = |count: i64, unit: &str| match count {
        1 => format!("1 {unit}"),
        count => format!("{count} {unit}s"),
    };
    match days {
        ..1 => "today".to_owned(),
        1..60 => counted(days, "day"),
        60..730 => counted(days / 30, "month"),
        _ => counted(days / 365, "year"),
    }
}

fn json(dated: &[(&Listed, Vec<Dated<'_>>)], shallow: bool) -> Value {
    let secrets = dated.iter().map(|(one, keys)| {
        let keys = keys.iter().map(|(key, changed)| {
            let changed = match changed {
                Some(Changed::Committed(seconds)) => jiff::Timestamp::from_second(*seconds).ok(),
                _ => None,
            };
            json!({
                "name": key.name,
                "state": match key.state {
                    KeyState::Encrypted => "encrypted",
                    KeyState::Empty => "empty",
                    KeyState::Plain => "plain",
                    KeyState::Elsewhere => "elsewhere",
                },
                "changed": changed.map(|time| time.to_string()),
            })
        });
        json!({
            "app": one.app,
            "namespace": one.namespace,
            "name": one.name,
            "kind": one.kind,
            "type": one.secret_type,
            "path": one.path.to_string_lossy(),
            "encrypted": one.encrypted,
            "keys": keys.collect::<Vec<_>>(),
        })
    });
    json!({"version": 1, "shallow": shallow, "secrets": secrets.collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_the_unit_that_fits() {
        const DAY: i64 = 24 * 60 * 60;
        let now = 100_000 * DAY;
        let cases = [
            (0, "today"),
            (-5, "today"),
            (1, "1 day"),
            (59, "59 days"),
            (60, "2 months"),
            (729, "24 months"),
            (730, "2 years"),
        ];
        for (days, wanted) in cases {
            assert_eq!(age(Changed::Committed(now - days * DAY), now), wanted);
        }
        assert_eq!(age(Changed::Uncommitted, now), "not committed");
    }
}
