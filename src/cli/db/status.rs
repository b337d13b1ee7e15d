//! `keywright db status`
//!
//! ```json
//! {"version": 1, "databases": [{
//!   "app": "miniflux",
//!   "cluster": "postgres-apps", "namespace": "apps",
//!   "database": "miniflux", "owner": "miniflux", "path": "…/databases.yaml",
//!   "role": "miniflux", "declared": {"as": "managed-role", "path": "…/postgres-cluster.yaml"},
//!   "secret": {"name": "postgres-miniflux-user", "path": "…", "type": "kubernetes.io/basic-auth", "reload": true},
//!   "uses": [{"app": "miniflux", "path": "…/secret.yaml", "key": "DATABASE_URL", "form": "url", "equal": true}],
//!   "passwords": "equal"
//! }]}
//! ```
//!
//! | field | says |
//! |---|---|
//! | `path`, `owner` | the file of the Database and the owner that it names |
//! | `declared.as` | `managed-role`, `database-role`, `component`; `operator` makes it by itself; `nowhere` |
//! | `uses[].form` | `url`, or another connection string; `password` under a key of its own; `reference` of a workload to the role's Secret |
//! | `passwords` | `equal`, `differ`, or `unknown`: nothing to compare, or no identity |
//!
//! Paths are relative to the root. What is not known, or not there, is `null`. Fields may be added within a version, but
//! not changed; `docs/schemas/db-status.schema.json` is the schema.

use std::path::Path;

use serde_json::{Value, json};

use super::Format;
use super::list::{NOTHING, nothing};
use super::question::{Wanted, asked};
use crate::cli::claim::{self, Access};
use crate::cli::failure::visible;
use crate::cli::{Context, Failure, Status, discover, table};
use crate::layout::{App, Choice, Layout};
use crate::provision::{Declared, Entry, Error, Inventory, Stock};

/// Show roles, databases, secrets and the places that use them side by side
///
/// Passwords are compared if an identity can decrypt them, and never shown.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright db status
  keywright db status miniflux
  keywright db status --format json | jq '.databases[] | select(.passwords == \"differ\")'")]
pub(crate) struct StatusArgs {
    /// The app to show instead of all: the name of its Flux Kustomization, or of its directory, or more of that one's path
    #[arg(value_name = "APP")]
    app: Option<String>,
    /// How to report
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    format: Format,
}

/// A database to be shown, and the Cluster that it is in.
type Row<'i, 's> = (&'i Stock<'s>, &'i Entry<'s>);

/// Runs the command.
pub(crate) fn run(args: &StatusArgs, context: &mut Context) -> Result<Status, Failure> {
    context.begin("db status", Access::Read);
    let identities = discover::identities(context)?;
    let (_, _, snapshot) = claim::repository(context)?;
    let layout = Layout::read(&snapshot)?;
    let inventory = Inventory::take(&snapshot, &layout, Some(&identities));
    let app = match &args.app {
        Some(app) => {
            let mut wanted = Wanted { app: app.clone(), ..Wanted::default() };
            let find =
                |wanted: &Wanted, _: &mut Context| app_named(&wanted.app, &layout, &inventory);
            Some(asked(&mut wanted, context, find)?)
        }
        None => None,
    };
    let all = inventory.clusters.iter();
    let rows = all.flat_map(|stock| stock.entries.iter().map(move |entry| (stock, entry)));
    let is_wanted = |(_, entry): &Row<'_, '_>| app.as_deref().is_none_or(|app| entry.is_of(app));
    let rows: Vec<Row<'_, '_>> = rows.filter(is_wanted).collect();
    tell_broken(&layout, context);
    tell_unopened(&inventory, context);
    match (args.format, app) {
        (Format::Json, _) => context.say(format!("{:#}", json(&rows))),
        (Format::Text, Some(app)) if rows.is_empty() => {
            context.say(format!("the app `{app}` has no database"));
        }
        (Format::Text, _) if rows.is_empty() => context.say(nothing(&inventory)),
        (Format::Text, _) => show(&rows, context),
    }
    Ok(Status::Done)
}

/// The name under which the inventory has an app; a role or a database without an app goes by its own name.
fn app_named(name: &str, layout: &Layout<'_>, inventory: &Inventory<'_>) -> Result<String, Error> {
    let is_known = |stock: &Stock<'_>| stock.entries.iter().any(|entry| entry.is_of(name));
    if inventory.clusters.iter().any(is_known) {
        return Ok(name.to_owned());
    }
    let found: Choice<App<'_>> = layout.app_named(name);
    Ok(layout.only_app(name, found, |_| true)?.name().to_owned())
}

/// Says which files cannot be read, or are no YAML, so that what they declare is not shown.
pub(in crate::cli) fn tell_broken(layout: &Layout<'_>, context: &mut Context) {
    for (_, error) in layout.broken() {
        context.note(visible(&format!("warning: {error}: what it declares is left out")));
    }
}

/// Says which passwords could not be compared.
pub(super) fn tell_unopened(inventory: &Inventory<'_>, context: &mut Context) {
    let Some((path, error)) = inventory.unopened().first() else { return };
    let more = match inventory.unopened().len() - 1 {
        0 => String::new(),
        others => format!("; and {others} more"),
    };
    let path = path.display();
    let reason = error.to_string();
    let reason = reason.strip_prefix(&format!("{path}: ")).unwrap_or(&reason).to_owned();
    context.note(visible(&format!("note: {path} is left out: {reason}{more}")));
}

/// A table where it fits, else a paragraph for each database, which has the files, too.
fn show(rows: &[Row<'_, '_>], context: &mut Context) {
    let head = [
        "APP",
        "DATABASE",
        "OWNER",
        "ROLE",
        "DECLARED",
        "CLUSTER",
        "SECRET",
        "TYPE",
        "RELOAD",
        "PASSWORDS",
        "USED BY",
    ];
    let cells: Vec<_> = rows.iter().flat_map(cells).collect();
    let lines = table::lines(&head, &cells);
    let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    if context.columns().is_none_or(|columns| width <= columns) {
        return lines.iter().for_each(|line| context.say(line));
    }
    for (position, row) in rows.iter().enumerate() {
        if position > 0 {
            context.say("");
        }
        paragraph(row).iter().for_each(|line| context.say(visible(line)));
    }
}

/// The rows of a database: the second and further places that use it have one of their own.
fn cells((stock, entry): &Row<'_, '_>) -> Vec<Vec<String>> {
    let shown = |text: Option<&str>| text.unwrap_or(NOTHING).to_owned();
    let secret = entry.secret.as_ref();
    let mut uses = entry.uses.iter().map(|found| {
        let key = found.key.as_deref().map_or(String::new(), |key| format!(" {key}"));
        format!("{}{key}", found.app.as_deref().unwrap_or(NOTHING))
    });
    let first = vec![
        shown(entry.app.as_deref()),
        shown(entry.name.as_deref()),
        shown(entry.database.and_then(|found| found.view.owner())),
        shown(entry.role_name.as_deref()),
        entry.declared.name().to_owned(),
        stock.cluster(),
        shown(secret.map(|secret| secret.name)),
        shown(secret.and_then(|secret| secret.kind())),
        shown(secret.and_then(|own| own.site).map(|_| yes_no(secret))),
        passwords(entry).to_owned(),
        uses.next().unwrap_or_else(|| NOTHING.to_owned()),
    ];
    let empty = vec![String::new(); first.len() - 1];
    let further = uses.map(|used| [&empty[..], &[used]].concat());
    std::iter::once(first).chain(further).collect()
}

fn yes_no(secret: Option<&crate::provision::OwnSecret<'_>>) -> &'static str {
    if secret.is_some_and(|secret| secret.is_watched()) { "yes" } else { "no" }
}

fn passwords(entry: &Entry<'_>) -> &'static str {
    match entry.passwords_are_equal() {
        Some(true) => "equal",
        Some(false) => "differ",
        None => "unknown",
    }
}

fn paragraph((stock, entry): &Row<'_, '_>) -> Vec<String> {
    let name = |name: &Option<String>| name.as_deref().unwrap_or(NOTHING).to_owned();
    let mut lines = vec![name(&entry.app)];
    let owner = entry.database.map_or_else(String::new, |found| {
        format!(", owner {}, {}", found.view.owner().unwrap_or(NOTHING), found.file.display())
    });
    lines.push(format!("  database   {}{owner}", name(&entry.name)));
    let from = declared_in(entry).map_or_else(String::new, |path| format!(", {}", path.display()));
    let declared = entry.declared.name();
    lines.push(format!("  role       {}, {declared}{from}", name(&entry.role_name)));
    lines.push(format!("  cluster    {}", stock.cluster()));
    if let Some(secret) = &entry.secret {
        let found = secret.site.map_or("not in the repository".to_owned(), |site| {
            let kind = secret.kind().unwrap_or_default();
            let reload = if secret.is_watched() { "reload" } else { "no reload" };
            format!("{kind}, {reload}, {}", site.file.display())
        });
        lines.push(format!("  secret     {}, {found}", secret.name));
    }
    for found in &entry.uses {
        let key = found.key.as_deref().unwrap_or("all keys");
        let app = found.app.as_deref().unwrap_or(NOTHING);
        lines.push(format!("  used by    {app}, {key}, {}", found.file.display()));
    }
    lines.push(format!("  passwords  {}", passwords(entry)));
    lines
}

/// The file that declares the role.
fn declared_in<'s>(entry: &Entry<'s>) -> Option<&'s Path> {
    match entry.declared {
        Declared::Component(file) => Some(file),
        _ => entry.role.map(|found| found.file),
    }
}

fn json(rows: &[Row<'_, '_>]) -> Value {
    json!({"version": 1, "databases": rows.iter().map(object).collect::<Vec<_>>()})
}

fn object((stock, entry): &Row<'_, '_>) -> Value {
    let secret = entry.secret.as_ref().map(|secret| {
        json!({
            "name": secret.name,
            "path": secret.site.map(|site| site.file.to_string_lossy()),
            "type": secret.kind(),
            "reload": secret.site.map(|_| secret.is_watched()),
        })
    });
    let uses = entry.uses.iter().map(|found| {
        json!({
            "app": found.app,
            "path": found.file.to_string_lossy(),
            "key": found.key,
            "form": found.form_name(),
            "equal": found.is_equal,
        })
    });
    json!({
        "app": entry.app,
        "cluster": stock.site.cluster.name(),
        "namespace": stock.namespace(),
        "database": entry.name,
        "owner": entry.database.and_then(|found| found.view.owner()),
        "path": entry.database.map(|found| found.file.to_string_lossy()),
        "role": entry.role_name,
        "declared": {
            "as": entry.declared.name(),
            "path": declared_in(entry).map(|path| path.to_string_lossy()),
        },
        "secret": secret,
        "uses": uses.collect::<Vec<_>>(),
        "passwords": passwords(entry),
    })
}
