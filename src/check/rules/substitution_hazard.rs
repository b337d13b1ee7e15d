//! `substitution-hazard`: a value of a Secret that Flux would replace after it has decrypted it.
//!
//! ```text
//! pa$$word              becomes pa$word
//! x${y   a${b c}        the Kustomization fails
//! p${undefined}w        becomes pw
//! https://${DOMAIN}/    wanted, if there may be such a variable
//! $${NAME}  $$$$        wanted: that is how to write ${NAME} and $$
//! p$w0rd  $2a$11$…      nothing is replaced
//! ```
//!
//! What is in base64 stays as it is (`envsubst` of github.com/fluxcd/pkg runs over the text of the object).

use super::super::credential;
use super::super::finding::{Confidence, Finding, Severity};
use super::super::opened::Entry;
use super::super::plain::is_plain_text;
use super::super::repository::Repository;
use super::{Rule, by_hand, listed, quoted};
use crate::kube::flux::{self, FluxKustomization};
use crate::layout::{Located, SecretSite};

/// The rule.
pub(super) struct SubstitutionHazard;

impl Rule for SubstitutionHazard {
    fn id(&self) -> &'static str {
        "substitution-hazard"
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn needs_values(&self) -> bool {
        true
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/substitution-hazard.md")
    }

    fn repository(&self, repository: &Repository<'_>, findings: &mut Vec<Finding>) {
        let Some(vault) = repository.vault else { return };
        for site in repository.secrets.iter().filter(|site| !flux::is_left_alone(&site.object)) {
            let mut entries = vault.entries(site);
            entries.retain(|entry| !entry.encoded && flux::replaces(entry.value.expose()));
            if entries.is_empty() {
                continue;
            }
            let appliers = appliers(repository, site);
            let changes_any =
                |applier: &&Applier<'_>| entries.iter().any(|one| applier.changes(one));
            let Some(applier) = appliers.iter().find(changes_any) else { continue };
            entries.retain(|entry| applier.changes(entry));
            let keys = listed(entries.iter().map(|entry| entry.key));
            let name = quoted(applier.flux.name());
            let message =
                format!("`postBuild` of the Flux Kustomization {name} would change {keys}");
            let hint = by_hand(
                "let Flux leave the Secret alone: `keywright edit` it, and add the annotation \
                 `kustomize.toolkit.fluxcd.io/substitute: disabled`",
            );
            let labels: Vec<_> = entries.iter().map(|entry| entry.label).collect();
            let place = (site.file, site.object.document);
            findings.push(Finding::at(self, place, &labels, applier.confidence(), message, hint));
        }
    }
}

/// A Flux Kustomization that replaces variables.
struct Applier<'r> {
    flux: FluxKustomization<'r>,
    /// Whether it does so only because a patch of the repository may make it.
    is_patched: bool,
}

/// Those that apply a Secret.
fn appliers<'r>(repository: &Repository<'r>, site: &SecretSite<'r>) -> Vec<Applier<'r>> {
    let layout = repository.layout;
    let applier = |Located { view: flux, .. }| {
        let is_patched = !FluxKustomization::substitutes(&flux);
        (!is_patched || layout.patches_substitution()).then_some(Applier { flux, is_patched })
    };
    layout.appliers(site.file).into_iter().filter_map(applier).collect()
}

impl Applier<'_> {
    /// How sure it is that it replaces anything.
    fn confidence(&self) -> Confidence {
        if self.is_patched { Confidence::Medium } else { Confidence::High }
    }

    /// Whether it would make another value of this one than is wanted.
    fn changes(&self, entry: &Entry<'_>) -> bool {
        let Some(text) = entry.value.expose_text() else { return false };
        // What consists of variables is meant to be replaced.
        if !is_plain_text(text, false) {
            return false;
        }
        // Nobody makes a password of what a Secret somewhere holds.
        let may_be_elsewhere = !credential::is_named_so(entry.key)
            && (self.is_patched || self.flux.substitutes_from());
        let is_known = |name: &str| may_be_elsewhere || self.flux.variable(name).is_some();
        is_changed(text, is_known)
    }
}

/// Whether a text has something that is replaced, and that is neither an escape nor a known variable.
fn is_changed(text: &str, is_known: impl Fn(&str) -> bool) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        rest = &rest[at + 1..];
        if let Some(behind) = rest.strip_prefix('$') {
            match behind.strip_prefix('{').or_else(|| behind.strip_prefix("$$")) {
                Some(behind) => rest = behind,
                None => return true,
            }
        } else if let Some(expression) = rest.strip_prefix('{') {
            let Some((inside, behind)) = expression.split_once('}') else { return true };
            if !is_wanted(inside, &is_known) {
                return true;
            }
            rest = behind;
        }
    }
    false
}

/// Whether this is a variable that is known or has a default value.
fn is_wanted(inside: &str, is_known: impl Fn(&str) -> bool) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = inside.find(|c| !is_part(c)).unwrap_or(inside.len());
    let (name, operator) = inside.split_at(end);
    let is_name = !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit());
    let is_operator =
        operator.is_empty() || operator.starts_with([':', '=', '-', '/', '#', '%', '^', ',']);
    is_name && is_operator && (!operator.is_empty() || is_known(name))
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{found, secret, verified};
    use super::*;

    /// A Flux Kustomization of `apps` with this `postBuild`.
    fn flux(post: &str) -> String {
        format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: shop}}\n\
             spec: {{path: ./apps, postBuild: {post}}}\n"
        )
    }

    /// What the rule finds in a Secret below a Kustomization with this `postBuild`.
    fn one(post: &str, secret: &str) -> Vec<String> {
        let list = "resources: [s.enc.yaml]\n";
        let files = [
            ("ks.yaml", &*flux(post)),
            ("apps/kustomization.yaml", list),
            ("apps/s.enc.yaml", secret),
        ];
        verified("substitution-hazard", &files)
    }

    /// A `postBuild` of one variable.
    const APP: &str = "{substitute: {APP: shop}}";

    #[test]
    fn a_value_that_would_be_changed_is_found_with_all_keys() {
        let fields = "stringData: {a: pa$$word, b: canary, c: 'x${y', d: 'p${q}w'}\n";
        assert_eq!(
            one(APP, &secret(fields)),
            [
                "warning apps/s.enc.yaml:4:14 stringData.a: `postBuild` of the Flux Kustomization `shop` would change `a`, \
                 `c`, `d` | let Flux leave the Secret alone: `keywright edit` it, and add the annotation \
                 `kustomize.toolkit.fluxcd.io/substitute: disabled`"
            ]
        );
    }

    #[test]
    fn what_nobody_substitutes_is_not_found() {
        let fields = "stringData: {a: pa$$word}\n";
        assert_eq!(one("{}", &secret(fields)), [""; 0]);
        assert_eq!(one(APP, &secret("data: {a: cGEkJHdvcmQ=}\n")), [""; 0]);
        for field in ["labels", "annotations"] {
            let alone = format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: s, {field}: \
                 {{kustomize.toolkit.fluxcd.io/substitute: disabled}}}}\n{fields}"
            );
            assert_eq!(one(APP, &alone), [""; 0]);
        }
        assert_eq!(verified("substitution-hazard", &[("s.enc.yaml", &secret(fields))]), [""; 0]);
    }

    #[test]
    fn variables_that_are_meant_are_not_found() {
        let value = |value: &str| {
            secret(&format!("stringData: {{a: '{value}', password: '${{APP}}-x'}}\n"))
        };
        for text in [
            "${APP}",
            "${APP}:${OTHER}",
            "https://${APP}.test",
            "${X:=y}z",
            "a$${b}c",
            "a$$$$b",
            "p$w0rd$",
        ] {
            assert_eq!(one(APP, &value(text)), [""; 0], "{text}");
        }
        let from = "{substituteFrom: [{kind: ConfigMap, name: vars}]}";
        assert_eq!(one(from, &secret("stringData: {url: 'https://${DOMAIN}/'}\n")), [""; 0]);
        assert_eq!(one(from, &secret("stringData: {password: 'x${DOMAIN}y'}\n")).len(), 1);
    }

    #[test]
    fn plain_secrets_are_looked_at_where_values_are() {
        let text = secret("stringData: {a: pa$$word}\n");
        let files = [("ks.yaml", flux(APP)), ("apps/s.yaml", text)];
        let files = [("ks.yaml", files[0].1.as_str()), ("apps/s.yaml", files[1].1.as_str())];
        assert_eq!(verified("substitution-hazard", &files).len(), 1);
        assert_eq!(found("substitution-hazard", &files), [""; 0]);
    }

    #[test]
    fn a_patch_may_let_kustomizations_substitute() {
        let patch = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: all}\nspec:\n  \
                     path: ./flux\n  patches:\n    - patch: |-\n        kind: Kustomization\n        spec:\n          \
                     postBuild: {substituteFrom: []}\n";
        let (flux, text) = (flux("{}"), secret("stringData: {a: pa$$word}\n"));
        let files = [("all.yaml", patch), ("ks.yaml", &*flux), ("apps/s.enc.yaml", &*text)];
        assert_eq!(verified("substitution-hazard", &files).len(), 1);
    }

    #[test]
    fn expressions_are_read_as_flux_reads_them() {
        for text in ["$$", "a$$b", "${", "${}", "${b c}", "${1}", "$$$", "$${x"] {
            let is_found = is_changed(text, |_| true);
            assert_eq!(is_found, text != "$${x", "{text}");
        }
        assert!(is_changed("${A}${B}", |name| name == "A"));
        for text in ["$", "a$b", "$(A)", "${A}", "${_a1}", "${A:-x}", "$2a$11$x"] {
            assert!(!is_changed(text, |_| true), "{text}");
        }
    }
}
