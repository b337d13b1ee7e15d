//! `keywright init`: an identity, a `.sops.yaml`, and what Flux needs to decrypt.
//!
//! ```text
//! identity       found where sops looks, else made there; outside of the repository, so made first and said
//! .sops.yaml     written from what the repository shows; one that exists is only checked
//! Flux           Kustomizations that apply Secrets and do not decrypt are told, or mended when asked
//! ```
//!
//! The changes of the repository are one transaction. If that fails the identity stays, and is found by the next run.

mod advice;
mod flux;
mod identity;

use std::path::{Path, PathBuf};

use self::identity::Own;
use super::claim::Access;
use super::commit::{self, Mode};
use super::failure::visible;
use super::{Context, Failure, Status, claim};
use crate::check;
use crate::keys::Recipient;
use crate::layout::Layout;
use crate::repo::Snapshot;
use crate::scaffold::init::{self, Error};

/// The rule of the check that finds Secrets in plain text.
const PLAIN: &str = "plaintext-secret";

/// What people call a configuration and sops passes over.
const MISNAMED: &str = ".sops.yml";

/// Prepare a repository: an age identity, a `.sops.yaml`, and what Flux needs to decrypt
///
/// The identity is the one that sops finds, or a new one where sops looks. The `.sops.yaml` covers the files with
/// Secrets that the repository has, and those called like them; one that exists is checked and left as it is. Safe to
/// run again.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct InitArgs {
    /// Who can read new files, instead of your own identity; may be given several times
    #[arg(long, value_name = "RECIPIENT")]
    recipient: Vec<String>,
    /// Add this recipient to the rules of a `.sops.yaml` that do not have it; may be given several times
    #[arg(long, value_name = "RECIPIENT")]
    add_recipient: Vec<String>,
    /// Add `decryption` to the Flux Kustomizations that apply Secrets and lack it
    #[arg(long)]
    fix_decryption: bool,
    /// Print the command that gives Flux the identity
    #[arg(long)]
    flux: bool,
    /// Write the Secret that gives Flux the identity, and do nothing else: to a file outside of every Git repository, or
    /// to a pipe (`-`)
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["recipient", "add_recipient", "fix_decryption", "flux", "dry_run", "yes"]
    )]
    flux_manifest: Option<PathBuf>,
    #[command(flatten)]
    mode: Mode,
}

const EXAMPLES: &str = "\
Examples:
  keywright init
  keywright init --recipient age1… --recipient age1… --yes
  keywright init --add-recipient age1…       # then: keywright updatekeys -r .
  keywright init --fix-decryption --flux
  keywright init --flux-manifest - | kubectl apply -f -";

/// Runs the command.
pub(crate) fn run(args: InitArgs, context: &mut Context) -> Result<Status, Failure> {
    let wanted = parsed("--recipient", &args.recipient)?;
    let added = parsed("--add-recipient", &args.add_recipient)?;
    let access = if args.flux_manifest.is_some() { Access::Read } else { args.mode.access() };
    context.begin("init", access);
    let (root, store, snapshot) = claim::repository(context)?;
    let layout = Layout::read(&snapshot)?;
    let configured = init::configurations(&snapshot)?;
    if let Some(target) = &args.flux_manifest {
        return flux::write_manifest(target, &layout, &configured, context);
    }
    if !root.join(".git").exists() {
        context.note(format!("note: not in a Git repository; working in {}", root.display()));
    }
    if snapshot.contains(Path::new(MISNAMED)) {
        context.note(format!(
            "warning: {MISNAMED}: sops does not read it; its name must be `.sops.yaml`"
        ));
    }
    let plain = plain_secrets(&snapshot, context);
    let undecrypted = init::undecrypted(&snapshot, &layout, &plain);
    // What may be refused comes before the identity is made.
    let mut plan = init::add_recipients(&snapshot, &configured, &added)?;
    if args.fix_decryption {
        plan.merge(init::fix_decryption(&snapshot, &layout, &undecrypted)?)?;
    }
    advice::describe(&configured, context);

    let readers = advice::recipients_of(&configured);
    // To add somebody to the rules takes none.
    let only_adds = !added.is_empty() && !configured.is_empty();
    let own = match args.flux || wanted.is_empty() && !only_adds {
        true => own_identity(&readers, &wanted, args.mode, context)?,
        false => None,
    };
    let made = matches!(own, Some(Identity::Made(_)));
    let own = own.map(Identity::into_own);
    if configured.is_empty() {
        let recipients = first_recipients(&wanted, &added, own.as_ref());
        plan.merge(init::new_configuration(&snapshot, &plain, &recipients)?)?;
    }
    let uncovered = uncovered(&snapshot, &plain, configured.is_empty())?;
    if !(plan.is_empty() && made) {
        let committed = commit::carry_out(&store, plan, &root, args.mode, context);
        if committed.is_err() && made && !args.mode.dry_run {
            context.note("note: the identity stays; the next run finds it");
        }
        committed?;
    }

    if !configured.is_empty() {
        let own = own.as_ref().filter(|_| !only_adds).map(|own| own.recipient.as_str());
        advice::readers(&configured, &wanted, own, context);
    }
    if only_adds {
        advice::updates(&configured, context);
    }
    let base = context.directory.strip_prefix(&root).unwrap_or(Path::new("")).to_owned();
    advice::files(&plain, &uncovered, &base, context);
    advice::flux(&undecrypted, args.fix_decryption, &layout, context);
    if args.flux {
        let reads = |own: &&Own| readers.is_empty() || readers.contains(&own.recipient);
        flux::print_commands(own.as_ref().filter(reads), &layout, context);
    }
    Ok(Status::Done)
}

/// The recipients of a flag, each once.
fn parsed(flag: &str, given: &[String]) -> Result<Vec<String>, Failure> {
    let mut recipients: Vec<String> = Vec::new();
    for text in given {
        let recipient =
            Recipient::parse(text).map_err(|error| Failure::new(format!("{flag}: {error}")))?;
        // SOPS separates recipients by commas.
        if recipient.text().contains(',') {
            return Err(Failure::new(format!("{flag}: a recipient must not contain a comma")));
        }
        if !recipients.iter().any(|known| known == recipient.text()) {
            recipients.push(recipient.text().to_owned());
        }
    }
    Ok(recipients)
}

/// The user's identity.
enum Identity {
    /// It was there.
    Found(Own),
    /// It was made now, or would be.
    Made(Own),
}

impl Identity {
    fn into_own(self) -> Own {
        match self {
            Identity::Found(own) | Identity::Made(own) => own,
        }
    }
}

/// Finds the identity of the user, or makes one. With recipients given it is only looked for.
fn own_identity(
    readers: &[String],
    wanted: &[String],
    mode: Mode,
    context: &mut Context,
) -> Result<Option<Identity>, Failure> {
    let mut found = identity::find(context)?;
    if found.own.is_empty() && !wanted.is_empty() {
        return Ok(None);
    }
    if found.own.is_empty() {
        found.refuse_unfit()?;
        return make_identity(mode, context).map(Some);
    }
    let several = found.own.len() > 1;
    let readers = if readers.is_empty() { wanted } else { readers };
    let Some(own) = found.best(readers) else { return Ok(None) };
    let place = own.origin.shown();
    context.say(visible(&format!("identity: {} (in {place})", own.recipient)));
    if several && readers.is_empty() {
        context.note("note: there are several identities; `--recipient` chooses another one");
    }
    if let Some(mode) = own.origin.open_mode() {
        context.note(visible(&format!(
            "warning: {place}: others can read it (mode {mode:04o}); run `chmod 600` on it"
        )));
    }
    Ok(Some(Identity::Found(own)))
}

/// Makes an identity where sops looks, and says how to keep it.
fn make_identity(mode: Mode, context: &mut Context) -> Result<Identity, Failure> {
    let path = identity::place(context)?;
    let shown = visible(&path.display().to_string());
    if mode.dry_run {
        context.say(format!("identity: there is none; one would be made in {shown}"));
        return Ok(Identity::Made(Own::imagined(path)));
    }
    if context.interactive && !mode.yes {
        context.flush();
        let question = format!("There is no age identity yet. Make one in {shown}?");
        if !context.prompt().confirm(&question, true)? {
            return Err(Failure::interrupted());
        }
    }
    let own = identity::make(&path, context)?;
    context.say(format!("identity: {} (made, in {shown})", own.recipient));
    context.note(format!(
        "\nSave this file now, somewhere else than on this machine: in a password manager, or on paper.\n\
         Whoever has it can read every file that is encrypted for it. Without it nobody can.\n\
         Its last line is all that is needed to restore it: {shown}\n"
    ));
    Ok(Identity::Made(own))
}

/// Whom the first rules are for.
fn first_recipients(wanted: &[String], added: &[String], own: Option<&Own>) -> Vec<String> {
    let mut recipients = wanted.to_vec();
    if recipients.is_empty() {
        recipients.extend(own.map(|own| own.recipient.clone()));
    }
    for one in added {
        if !recipients.contains(one) {
            recipients.push(one.clone());
        }
    }
    recipients
}

/// The files with a Secret in plain text, as the check finds them.
fn plain_secrets(snapshot: &Snapshot, context: &mut Context) -> Vec<PathBuf> {
    // What a link leads to counts where it stands.
    let is_own = |path: &&Path| !snapshot.root().join(path).is_symlink();
    let paths: Vec<PathBuf> = snapshot.paths().filter(is_own).map(Path::to_owned).collect();
    let read = |path: &Path| match snapshot.contains(path) {
        true => snapshot.bytes(path).map(<[u8]>::to_vec).map_err(std::io::Error::other),
        false => Err(std::io::ErrorKind::NotFound.into()),
    };
    let report = check::run(&paths, &check::Means::reading(&read));
    for unchecked in &report.unchecked {
        let place = super::failure::located(&unchecked.path, &unchecked.reason);
        context.note(visible(&format!("warning: {place} (not looked at)")));
    }
    let found = report.findings.into_iter().filter(|finding| finding.rule == PLAIN);
    let mut files: Vec<PathBuf> = found.map(|finding| finding.path).collect();
    files.dedup();
    files
}

/// Files with a Secret in plain text that no rule covers. A new configuration covers all of them.
fn uncovered(
    snapshot: &Snapshot,
    plain: &[PathBuf],
    is_new: bool,
) -> Result<Vec<PathBuf>, Failure> {
    if is_new {
        return Ok(Vec::new());
    }
    let found = init::uncovered(snapshot, plain)?;
    Ok(found.into_iter().map(Path::to_owned).collect())
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let failure = Failure::new(error.to_string());
        match error {
            Error::Layout(error) => Failure::from(error),
            Error::Plan(error) => Failure::from(error),
            Error::InTheWay { path } => {
                let path = path.display();
                failure
                    .hint(format!("see why with `git check-ignore -v {path}` and `ls -ld {path}`"))
            }
            Error::Groups { .. } | Error::Edit { .. } => {
                failure.hint("add it by hand, then run `keywright updatekeys -r .`")
            }
            Error::NoRules { .. } => {
                failure.hint("add a rule; `.sops.yaml.example` shows all fields")
            }
        }
    }
}
