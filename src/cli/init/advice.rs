//! What `init` says about a repository: which rules there are, and what is left to do.

use std::path::{Path, PathBuf};

use crate::check::shell_word;
use crate::cli::failure::visible;
use crate::cli::{Context, commit};
use crate::layout::{Configured, Layout};
use crate::scaffold::init::Undecrypted;
use crate::sops::rules::Rule;

/// The rules of some configurations.
fn rules(configured: &[Configured]) -> impl Iterator<Item = (&Configured, &Rule)> {
    configured.iter().flat_map(|one| {
        // Configurations with a broken rule were refused.
        one.config.rules().filter_map(Result::ok).map(move |rule| (one, rule))
    })
}

/// The age recipients of some rules, each once.
pub(super) fn recipients_of(configured: &[Configured]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (_, rule) in rules(configured) {
        for recipient in rule.groups.iter().flat_map(|group| &group.recipients) {
            if !found.iter().any(|known| known == recipient.text()) {
                found.push(recipient.text().to_owned());
            }
        }
    }
    found
}

/// Says which configurations there are.
pub(super) fn describe(configured: &[Configured], context: &mut Context) {
    for one in configured {
        let count = one.config.rules().count();
        let rules = if count == 1 {
            "1 creation rule".to_owned()
        } else {
            format!("{count} creation rules")
        };
        let readers = recipients_of(std::slice::from_ref(one));
        let readers = match &readers[..] {
            [] => "no age recipients".to_owned(),
            some => some.join(", "),
        };
        let path = one.file.display();
        context.say(visible(&format!("{path}: {rules}, for {readers}")));
    }
}

/// Says whom the rules leave out.
pub(super) fn readers(
    configured: &[Configured],
    wanted: &[String],
    own: Option<&str>,
    context: &mut Context,
) {
    for reader in wanted.iter().map(String::as_str).chain(own) {
        let has =
            |rule: &Rule| rule.groups.iter().any(|group| group.names().any(|name| name == reader));
        let missing = rules(configured).find(|(_, rule)| !has(rule));
        // Rules for others are usual; a reader of none of them is not.
        if let Some((one, rule)) = missing
            && !rules(configured).any(|(_, rule)| has(rule))
        {
            let place = format!("{}:{}", one.file.display(), rule.position.line);
            context.note(visible(&format!(
                "warning: {place}: {reader} cannot read what this rule encrypts; somebody who can adds it with\n  \
                 keywright init --add-recipient {reader} && {}",
                update(&one.file)
            )));
        }
    }
}

/// Says how files get the recipients that were added to their rules.
pub(super) fn updates(configured: &[Configured], context: &mut Context) {
    context.say("files that are encrypted already get the recipients that their rules have by");
    for one in configured {
        context.say(visible(&format!("  {}", update(&one.file))));
    }
}

/// The command that brings the files below a configuration up to date: SOPS takes the one above the working directory.
fn update(configuration: &Path) -> String {
    match configuration.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        Some(directory) => {
            format!("keywright -C {} updatekeys -r .", shell_word(directory, Path::new("")))
        }
        None => "keywright updatekeys -r .".to_owned(),
    }
}

/// Says which files are still plain; `base` is the working directory below the root.
pub(super) fn files(plain: &[PathBuf], uncovered: &[PathBuf], base: &Path, context: &mut Context) {
    for path in uncovered {
        let path = path.display();
        context.note(visible(&format!(
            "warning: {path}: has a Secret in plain text, and no creation rule covers it; add one to the \
             `.sops.yaml` above it, or write one there"
        )));
    }
    let covered: Vec<String> = plain
        .iter()
        .filter(|path| !uncovered.contains(path))
        .map(|path| shell_word(path, base))
        .collect();
    if !covered.is_empty() {
        let count = commit::files(covered.len());
        context.say(visible(&format!(
            "{count} with a Secret in plain text; next:\n  keywright encrypt -i {}",
            covered.join(" \\\n    ")
        )));
    }
}

/// Says which Kustomizations Flux would apply with encrypted values.
pub(super) fn flux(
    undecrypted: &[Undecrypted<'_>],
    fixed: bool,
    layout: &Layout<'_>,
    context: &mut Context,
) {
    let (needy, others): (Vec<_>, Vec<_>) =
        undecrypted.iter().partition(|one| !one.secrets.is_empty());
    for one in needy.iter().filter(|_| !fixed) {
        let (path, name) = (one.flux.file.display(), one.flux.view.name());
        let first = one.secrets[0].display();
        let more = match one.secrets.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        context.note(visible(&format!(
            "warning: {path}: the Flux Kustomization `{name}` has no `decryption` and applies {first}{more}, so encrypted \
             values would reach the cluster as they are; `--fix-decryption` adds it"
        )));
    }
    if !others.is_empty() {
        let names: Vec<_> = others
            .iter()
            .map(|one| format!("`{}` ({})", one.flux.view.name(), one.flux.file.display()))
            .collect();
        context.note(visible(&format!(
            "note: without `decryption`, and without Secrets so far: {}",
            names.join(", ")
        )));
    }
    if fixed && layout.flux().is_empty() {
        context.note("note: there is no Flux Kustomization, so there is nothing to decrypt");
    }
}
