//! How Flux gets the identity: a command to run, or the Secret itself.
//!
//! The private key goes past the repository: into a pipe, or into a file that is in no Git repository. Flux picks the
//! keys of the Secret that end in `.agekey`, all others it leaves out
//! (<https://fluxcd.io/flux/components/kustomize/kustomizations/#age-secret-entry>).

use std::collections::BTreeSet;
use std::fs::File;
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use zeroize::Zeroizing;

use super::advice::recipients_of;
use super::identity::{self, Origin, Own};
use crate::cli::{Context, Failure, Status};
use crate::layout::{Configured, Layout};

/// Where Flux itself is, and its Kustomizations where nothing says otherwise.
const NAMESPACE: &str = "flux-system";

/// The key of the Secret.
const ENTRY: &str = "age.agekey";

/// Namespace and name of each Secret that Kustomizations decrypt with: it has to be beside them.
fn secrets(layout: &Layout<'_>) -> BTreeSet<(String, String)> {
    let usual = layout.decryption_secret().value;
    let mut found = BTreeSet::new();
    for flux in layout.flux().iter().filter(|flux| layout.decrypts(&flux.view)) {
        let namespace = layout.namespace_of_flux(flux).unwrap_or(NAMESPACE);
        let name = flux.view.decryption().filter(|name| !name.is_empty()).unwrap_or(&usual);
        found.insert((namespace.to_owned(), name.to_owned()));
    }
    if found.is_empty() {
        let namespaces = layout.flux().iter().filter_map(|flux| layout.namespace_of_flux(flux));
        found.insert((namespaces.min().unwrap_or(NAMESPACE).to_owned(), usual));
    }
    found
}

/// Prints the commands that make the Secrets.
pub(super) fn print_commands(own: Option<&Own>, layout: &Layout<'_>, context: &mut Context) {
    let (before, source) = match own.map(|own| &own.origin) {
        Some(Origin::File(path)) => {
            (String::new(), shell_words::quote(&path.to_string_lossy()).into_owned())
        }
        Some(Origin::Variable(name)) => (format!("printenv {name} | "), "/dev/stdin".to_owned()),
        Some(Origin::Command(name)) => (format!("sh -c \"${name}\" | "), "/dev/stdin".to_owned()),
        None => {
            context.note("note: no identity of a recipient is here; put the file of one in the place of `IDENTITY`");
            (String::new(), "IDENTITY".to_owned())
        }
    };
    if own.is_some_and(|own| !own.is_alone) {
        context.note(
            "note: there are other identities beside it, and Flux would get all of them; `--flux-manifest` gives it this one",
        );
    }
    context.say("to give Flux the identity:");
    for (namespace, name) in secrets(layout) {
        context.say(format!(
            "  {before}kubectl create secret generic {} --namespace={} --from-file={ENTRY}={source}",
            shell_words::quote(&name),
            shell_words::quote(&namespace),
        ));
    }
}

/// Writes the Secrets, with one identity in them.
pub(super) fn write_manifest(
    target: &Path,
    layout: &Layout<'_>,
    configured: &[Configured],
    context: &mut Context,
) -> Result<Status, Failure> {
    let is_pipe = target == Path::new("-");
    if is_pipe && !leads_to_pipe() {
        return Err(Failure::new(
            "standard output is no pipe, and the private key must not be left anywhere",
        )
        .hint("pipe it, as in `keywright init --flux-manifest - | kubectl apply -f -`"));
    }
    let path = context.directory.join(target);
    if !is_pipe && let Some(repository) = identity::repository_around(&path) {
        let (target, repository) = (target.display(), repository.display());
        return Err(Failure::new(format!(
            "{target}: is in the Git repository {repository}, where the private key must not be"
        ))
        .hint("name a file outside of it, or pipe it: `keywright init --flux-manifest - | kubectl apply -f -`"));
    }
    let manifest = manifest(&own(configured, context)?, layout);
    if is_pipe {
        context.emit(&manifest)?;
        return Ok(Status::Done);
    }
    identity::write_apart(&path, &manifest).map_err(|error| Failure::io(target, &error))?;
    let shown = shell_words::quote(&path.to_string_lossy()).into_owned();
    context.note(format!(
        "the private key is in {shown}; next:\n  kubectl apply -f {shown} && rm {shown}"
    ));
    Ok(Status::Done)
}

/// The identity that reads the repository.
fn own(configured: &[Configured], context: &Context) -> Result<Own, Failure> {
    let readers = recipients_of(configured);
    let mut found = identity::find(context)?;
    if found.own.is_empty() {
        found.refuse_unfit()?;
    }
    let Some(own) = found.best(&readers) else {
        return Err(Failure::new("there is no age identity").hint("make one with `keywright init`"));
    };
    if !configured.is_empty() && !readers.contains(&own.recipient) {
        return Err(Failure::new("none of your identities is for a recipient of `.sops.yaml`")
            .hint(format!("add yours with `keywright init --add-recipient {}`", own.recipient)));
    }
    Ok(own)
}

/// Whether what is written to standard output goes to another program and to no file or screen.
fn leads_to_pipe() -> bool {
    let own = std::io::stdout().as_fd().try_clone_to_owned();
    let kind = own.and_then(|own| File::from(own).metadata()).map(|found| found.file_type());
    kind.is_ok_and(|kind| kind.is_fifo() || kind.is_socket())
}

fn manifest(own: &Own, layout: &Layout<'_>) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(Vec::with_capacity(1 << 14));
    for (namespace, name) in secrets(layout) {
        let head = format!(
            "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\n  namespace: {namespace}\n\
             type: Opaque\nstringData:\n  {ENTRY}: "
        );
        text.extend_from_slice(head.as_bytes());
        text.extend_from_slice(own.text.expose());
        text.push(b'\n');
    }
    text
}
