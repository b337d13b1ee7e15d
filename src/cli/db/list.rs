//! `keywright db list`
//!
//! ```json
//! {"version": 1, "databases": [
//!   {"app": "miniflux", "database": "miniflux", "role": "miniflux", "cluster": "postgres-apps", "namespace": "apps"}
//! ]}
//! ```
//!
//! What is not known, or not there, is `null`. Fields may be added within a version, but not changed.

use serde_json::{Value, json};

use super::Format;
use crate::cli::claim::{self, Access};
use crate::cli::{Context, Failure, Status, table};
use crate::layout::Layout;
use crate::provision::Inventory;

/// What stands where there is nothing.
pub(super) const NOTHING: &str = "-";

/// List the databases and roles of the repository; needs no key
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright db list
  keywright db list --format json | jq -r '.databases[].app'")]
pub(crate) struct ListArgs {
    /// How to report
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    format: Format,
}

/// Runs the command.
pub(crate) fn run(args: &ListArgs, context: &mut Context) -> Result<Status, Failure> {
    context.begin("db list", Access::Read);
    let (_, _, snapshot) = claim::repository(context)?;
    let layout = Layout::read(&snapshot)?;
    let inventory = Inventory::take(&snapshot, &layout, None);
    super::status::tell_broken(&layout, context);
    match args.format {
        Format::Json => context.say(format!("{:#}", json(&inventory))),
        Format::Text => show(&inventory, context),
    }
    Ok(Status::Done)
}

fn show(inventory: &Inventory<'_>, context: &mut Context) {
    let shown = |text: Option<&str>| text.unwrap_or(NOTHING).to_owned();
    let rows = inventory.clusters.iter().flat_map(|stock| {
        stock.entries.iter().map(|entry| {
            let names = [&entry.app, &entry.name, &entry.role_name];
            let mut row: Vec<String> = names.map(|name| shown(name.as_deref())).to_vec();
            row.push(stock.cluster());
            row
        })
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return context.say(nothing(inventory));
    }
    let lines = table::lines(&["APP", "DATABASE", "ROLE", "CLUSTER"], &rows);
    lines.iter().for_each(|line| context.say(line));
}

/// Why there is nothing to be shown.
pub(super) fn nothing(inventory: &Inventory<'_>) -> &'static str {
    match inventory.clusters.is_empty() {
        true => "no databases: there is no `postgresql.cnpg.io` Cluster in this repository",
        false => "no databases",
    }
}

fn json(inventory: &Inventory<'_>) -> Value {
    let databases = inventory.clusters.iter().flat_map(|stock| {
        stock.entries.iter().map(|entry| {
            json!({
                "app": entry.app,
                "database": entry.name,
                "role": entry.role_name,
                "cluster": stock.site.cluster.name(),
                "namespace": stock.namespace(),
            })
        })
    });
    json!({"version": 1, "databases": databases.collect::<Vec<_>>()})
}
