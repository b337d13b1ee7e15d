//! What `keywright secret new --format json` prints.
//!
//! ```json
//! {"version": 1, "dry_run": false,
//!  "secret": {"name": "web-tls", "namespace": null, "type": "kubernetes.io/tls", "file": "apps/web/web-tls-secret.yaml",
//!             "keys": ["tls.crt", "tls.key"]},
//!  "changes": [{"path": "apps/web/web-tls-secret.yaml", "action": "create"},
//!              {"path": "apps/web/kustomization.yaml", "action": "change"}],
//!  "warnings": ["`tls.crt`: the certificate ended at 2031-01-02T03:04:05Z"]}
//! ```
//!
//! Paths are relative to the root. `namespace` is what the file says, and `null` where it says nothing. No value is
//! printed. Fields may be added within a version, but not changed; `docs/schemas/secret-new.schema.json` is the schema.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::cli::commit::Mode;
use crate::txn::Plan;

/// What there is to report.
pub(super) struct Report {
    /// The name of the Secret.
    pub(super) name: String,
    /// `metadata.namespace`, where it is written.
    pub(super) namespace: Option<String>,
    /// Its type.
    pub(super) kind: String,
    /// Its file.
    pub(super) file: PathBuf,
    /// Its keys in their order.
    pub(super) keys: Vec<String>,
    /// Everything that was warned of.
    pub(super) warnings: Vec<String>,
}

impl Report {
    /// The report, with the changes that a plan makes.
    pub(super) fn json(&self, plan: &Plan, mode: Mode) -> Value {
        let changes = plan.changes().iter().map(|change| {
            let action = if change.old.is_none() { "create" } else { "change" };
            json!({"path": change.path.to_string_lossy(), "action": action})
        });
        json!({
            "version": 1,
            "dry_run": mode.dry_run,
            "secret": {
                "name": self.name,
                "namespace": self.namespace,
                "type": self.kind,
                "file": self.file.to_string_lossy(),
                "keys": self.keys,
            },
            "changes": changes.collect::<Vec<_>>(),
            "warnings": self.warnings,
        })
    }
}
