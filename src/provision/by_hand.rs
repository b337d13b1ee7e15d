//! What belongs where no edit reaches: refused, with what somebody has to add there.
//!
//! A patch that is a text in another document, the values of a chart, the files of a `secretGenerator`, the inputs of a
//! `ResourceSet`: each could be
//! edited somehow, but what would come of it is decided by a program that is not at hand. Once the role is in a patch,
//! the command goes on from there.

use std::path::PathBuf;

use super::error::Addition;
use super::{Error, Options, Target, role, target};
use crate::document::{Document, Edits, Fragment};
use crate::layout::{ClusterSite, DatabaseSet, Layout, PatchedRoles};

/// Without a hash in its name, as a Cluster refers to it by the plain one; with the label that the operator watches.
const OPTIONS: &str = "options: {disableNameSuffixHash: true, labels: {cnpg.io/reload: \"true\"}}";

/// The role that a patch lacks.
pub(super) fn in_patch(
    patched: &PatchedRoles<'_>,
    target: &Target<'_, '_>,
    entry: Vec<(String, Fragment)>,
) -> Result<Error, Error> {
    let entry = Fragment::Mapping(entry);
    let (kind, to, item) = match patched.is_json {
        true => {
            let operation = [
                ("op", Fragment::text("add")),
                ("path", Fragment::text("/spec/managed/roles/-")),
                ("value", entry),
            ];
            ("a JSON patch", "add to the patch", Fragment::mapping(operation))
        }
        false => ("an inline patch", "add to `spec.managed.roles` in the patch", entry),
    };
    let path = patched.file.to_owned();
    let reason = format!(
        "the roles of the Cluster `{}` are in {kind}, which is not edited",
        target.cluster()
    );
    let text = written(item).map_err(Error::edit(&path))?;
    Ok(Error::ByHand { path, reason, additions: vec![Addition { to: to.to_owned(), text }] })
}

/// What the values of a chart lack, added to that refusal; any other one stays.
pub(super) fn in_chart(error: Error, app: &str, options: &Options, layout: &Layout<'_>) -> Error {
    let Error::ClusterFromChart { path, release, .. } = error else { return error };
    let additions = layout.chart_cluster().and_then(|chart| {
        let role = match &options.role {
            Some(role) => role.clone(),
            None => target::identifier(app, layout, &chart.roles).ok()?.value,
        };
        let database = options.database.as_deref().unwrap_or(&role);
        let owner = options.owner.as_deref().unwrap_or(&role);
        let secret = layout.role_secret_name(&chart.roles).value.fill(app);
        let entry = Fragment::Mapping(role::described(&role, &secret, options));
        let declared =
            [("name", Fragment::text(database)), ("owner", Fragment::text(owner))];
        let beside = chart.applied_by.unwrap_or("APP");
        let command = format!(
            "keywright secret new {beside} --name {secret} --template username={role} --generate password"
        );
        let addition = |to: &str, text| Addition { to: to.to_owned(), text };
        Some(vec![
            addition("add to `spec.values.cluster.roles`", written(entry).ok()?),
            addition("add to `spec.values.databases`", written(Fragment::mapping(declared)).ok()?),
            addition("make the Secret of the role", command),
        ])
    });
    Error::ClusterFromChart { path, release, additions: additions.unwrap_or_default() }
}

/// The input that a ResourceSet lacks to make the Database of an app.
pub(super) fn in_set(set: &DatabaseSet<'_>, target: &Target<'_, '_>) -> Error {
    let (path, reason) = of_set(set, target.cluster());
    let (to, text) = ("add to `spec.inputs`".to_owned(), set.input(target.name));
    Error::ByHand { path, reason, additions: vec![Addition { to, text }] }
}

/// Refuses to remove a role whose Database a ResourceSet makes: it could not be dropped.
pub(super) fn refuse_in_set(
    layout: &Layout<'_>,
    site: &ClusterSite<'_>,
    names: &[&str],
) -> Result<(), Error> {
    match layout.database_set(site).filter(|set| set.has(names)) {
        Some(set) => {
            let (path, reason) = of_set(&set, site.cluster.name());
            let reason = format!("{reason}; take `{}` off first", names.join("` or `"));
            Err(Error::ByHand { path, reason, additions: Vec::new() })
        }
        None => Ok(()),
    }
}

fn of_set(set: &DatabaseSet<'_>, cluster: &str) -> (PathBuf, String) {
    let name = set.set.view.name().unwrap_or_default();
    let reason = format!(
        "the Databases of the Cluster `{cluster}` are made by the ResourceSet `{name}`, whose inputs are not edited"
    );
    (set.set.file.to_owned(), reason)
}

/// Refuses to make the Secret of a role where a `secretGenerator` makes it, or those of all others.
pub(super) fn refuse_generators(layout: &Layout<'_>, target: &Target<'_, '_>) -> Result<(), Error> {
    let secret = &target.secret_name;
    if let Some(path) = layout.generator_of(secret) {
        let reason = format!(
            "the Secret `{secret}` is made by a `secretGenerator`, so its password is not known here"
        );
        return Err(Error::ByHand { path: path.to_owned(), reason, additions: Vec::new() });
    }
    let roles = layout.roles(&target.site);
    let names: Vec<&str> = roles.iter().filter_map(|found| found.role.password_secret()).collect();
    let generator = names.iter().find_map(|name| layout.generator_of(name));
    let Some(path) = generator.filter(|_| layout.secrets_named(&names, &target.site).is_empty())
    else {
        return Ok(());
    };
    let role = &target.role_name.value;
    let reason = "the Secrets of roles are made by a `secretGenerator`, which is not edited";
    let entry = format!(
        "- name: {secret}\n  type: kubernetes.io/basic-auth\n  envs: [{secret}.env]\n  {OPTIONS}"
    );
    let file = format!("username={role}\npassword=…");
    let additions = vec![
        Addition { to: "add to `secretGenerator`".to_owned(), text: entry },
        Addition { to: format!("and encrypt `{secret}.env` with"), text: file },
    ];
    Err(Error::ByHand { path: path.to_owned(), reason: reason.to_owned(), additions })
}

/// Refuses an app whose Secrets are all made by a `secretGenerator`.
pub(super) fn refuse_generated_app(
    layout: &Layout<'_>,
    target: &Target<'_, '_>,
) -> Result<(), Error> {
    let Some(path) = target.app.kustomization else { return Ok(()) };
    let generated = layout.generated_in(&target.app.directory);
    let Some(first) = generated.first() else { return Ok(()) };
    let reason = format!("the Secret `{first}` of the app is made by a `secretGenerator`");
    let to = format!(
        "give the app a Secret for the URL, by `keywright secret new {}`, or let the generator make",
        target.name
    );
    let key = target.options.url_key.as_deref().or(layout.settings().url_key.as_deref());
    let text = format!("{}=postgresql://…", key.unwrap_or("DATABASE_URL"));
    let additions = vec![Addition { to, text }];
    Err(Error::ByHand { path: path.to_owned(), reason, additions })
}

/// An item of a list as it would be written.
fn written(item: Fragment) -> Result<String, crate::document::EditError> {
    let empty = Document::parse(Vec::new()).expect("an empty file is a document");
    let mut edits = Edits::new(&empty);
    edits.append_root(&Fragment::Sequence(vec![item]))?;
    let text = edits.apply()?.source().to_owned();
    Ok(text.trim_start_matches("---\n").trim_end().to_owned())
}
