//! The places that use a role: their passwords, and where their URLs lead.

use super::secrets::at_key;
use super::{ADOPT, Entry, Examination, Stock, service};
use crate::layout::SecretSite;
use crate::provision::inventory::{Declared, Form, Use};
use crate::provision::names;

/// Every place of an entry.
pub(super) fn uses(exam: &mut Examination<'_, '_>, stock: &Stock<'_>, entry: &Entry<'_>) {
    for found in &entry.uses {
        let Some(key) = found.key.as_deref() else { continue };
        password(exam, entry, found, key);
        match &found.form {
            Form::Url(_) if entry.declared == Declared::Nowhere && entry.database.is_none() => {
                let role = entry.role_name.as_deref().unwrap_or_default();
                let message = format!("`{key}` connects as the role `{role}`, declared nowhere");
                exam.warning("undeclared-role", at(found, key), message, ADOPT.to_owned());
            }
            Form::Url(url) => {
                let Some(name) = url.database() else { continue };
                database(exam, stock, entry, found, (key, name));
            }
            Form::Elsewhere(_) => {
                let message = format!("`{key}` leads to a host that is no Service of the Cluster");
                let hint = format!("a Service of the Cluster is `{}`", service(stock));
                exam.warning("url-host", at(found, key), message, hint);
            }
            Form::Password | Form::Reference => {}
        }
    }
}

fn password(exam: &mut Examination<'_, '_>, entry: &Entry<'_>, found: &Use<'_>, key: &str) {
    let own = entry.secret.as_ref().and_then(|secret| secret.site);
    if let (Some(false), Some(own)) = (found.is_equal, own) {
        let message = format!("the password in `{key}` is not that of the role");
        let first = format!("give it the one of {}: ", own.file.display());
        exam.editable("password-differs", at(found, key), message, &first);
    }
}

/// The database that a URL leads to.
fn database(
    exam: &mut Examination<'_, '_>,
    stock: &Stock<'_>,
    entry: &Entry<'_>,
    found: &Use<'_>,
    (key, name): (&str, &str),
) {
    let declared = stock
        .entries
        .iter()
        .find(|other| other.database.is_some() && other.name.as_deref() == Some(name));
    let is_made =
        name == stock.site.cluster.bootstrap_database() || names::is_reserved_database(name);
    match declared {
        None if is_made || matches!(entry.declared, Declared::Component(_)) => {}
        None => {
            let message = format!("`{key}` leads to the database `{name}`, declared nowhere");
            exam.warning("url-database", at(found, key), message, ADOPT.to_owned());
        }
        Some(other) if other.role_name != entry.role_name && entry.database.is_some() => {
            let owner = other.role_name.as_deref().unwrap_or_default();
            let message = format!("`{key}` leads to the database `{name}` of the role `{owner}`");
            let own = entry.name.as_deref().unwrap_or_default();
            let hint = format!("the role has a database of its own, `{own}`");
            exam.warning("url-database", at(found, key), message, hint);
        }
        Some(_) => {}
    }
}

fn at<'p>(found: &Use<'p>, key: &str) -> super::Place<'p> {
    at_key(&SecretSite { object: found.object, file: found.file }, key)
}
