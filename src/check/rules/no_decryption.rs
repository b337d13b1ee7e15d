//! `no-decryption`: Flux applies an encrypted file, and the Kustomization that does so does not decrypt.
//!
//! Tokens under `stringData` would reach the cluster as they are: the text of the token becomes the password. It is an
//! error where others in the repository decrypt, and a warning where nothing does: the controller may have its key from
//! elsewhere. A patch of Kustomizations that adds decryption counts for all of them.

use std::path::Path;

use super::super::finding::{Finding, Severity};
use super::super::repository::{Repository, key};
use super::{Rule, by_hand, quoted};
use crate::kube::flux::FluxKustomization;
use crate::layout::{Located, encrypted};

/// The rule.
pub(super) struct NoDecryption;

impl Rule for NoDecryption {
    fn id(&self) -> &'static str {
        "no-decryption"
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/no-decryption.md")
    }

    fn repository(&self, repository: &Repository<'_>, findings: &mut Vec<Finding>) {
        let layout = repository.layout;
        let lacks = |found: &Located<'_, FluxKustomization<'_>>| !layout.decrypts(&found.view);
        if !layout.flux().iter().any(lacks) {
            return;
        }
        let mut lacking: Vec<(Located<'_, FluxKustomization<'_>>, Vec<&Path>)> = Vec::new();
        for file in encrypted(layout.snapshot()).filter(|file| layout.is_applied(file)) {
            for flux in layout.appliers(file).into_iter().filter(lacks) {
                let is_same = |known: &Located<'_, FluxKustomization<'_>>| {
                    known.file == flux.file && known.view.0.node == flux.view.0.node
                };
                match lacking.iter_mut().find(|(known, _)| is_same(known)) {
                    Some((_, files)) => files.push(file),
                    None => lacking.push((flux, vec![file])),
                }
            }
        }
        let severity = match layout.declares_decryption() {
            true => Severity::Error,
            false => Severity::Warning,
        };
        for (flux, files) in lacking {
            let (name, file) = (quoted(flux.view.name()), quoted(&files[0].to_string_lossy()));
            let others = match files.len() - 1 {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let message = format!("{name} applies {file}{others} and does not decrypt");
            let place = (flux.file, flux.view.0.document);
            let label = key(&flux.view.0, &["metadata", "name"]);
            let hint = by_hand("keywright init --fix-decryption");
            let finding = repository.finding(self, place, &[label], message, hint);
            findings.push(Finding { severity, ..finding });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::found;

    /// A Flux Kustomization for a directory.
    fn flux(name: &str, more: &str) -> String {
        format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}}}\n\
             spec:\n  path: ./{name}\n{more}"
        )
    }

    /// An encrypted Secret.
    const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  \
                          a: ENC[AES256_GCM,data:a,iv:a,tag:a,type:str]\nsops: {lastmodified: x, mac: x}\n";

    /// What the rule finds where `app` does not decrypt; with more files.
    fn beside(more: &[(&str, &str)]) -> Vec<String> {
        let app = flux("app", "");
        let files = [("ks.yaml", app.as_str()), ("app/s.yaml", SECRET)];
        found("no-decryption", &[&files, more].concat())
    }

    #[test]
    fn it_is_a_warning_alone_and_an_error_where_others_decrypt() {
        let told = "ks.yaml:3:12 metadata.name: `app` applies `app/s.yaml` and does not decrypt | \
                    keywright init --fix-decryption";
        assert_eq!(beside(&[]), [format!("warning {told}")]);
        let other = flux("other", "  decryption: {provider: sops}\n");
        assert_eq!(beside(&[("other.yaml", &other)]), [format!("error {told}")]);
    }

    #[test]
    fn a_kustomization_is_found_once_for_all_its_files() {
        let lines = beside(&[("app/t.yaml", SECRET)]);
        assert!(lines.len() == 1 && lines[0].contains("`app/s.yaml` and 1 more"), "{lines:?}");
    }

    #[test]
    fn a_patch_of_kustomizations_decrypts() {
        let patch = "patches:\n- patch: |\n    kind: Kustomization\n    spec: {decryption: {provider: sops}}\n";
        assert_eq!(beside(&[("flux/kustomization.yaml", patch)]), [""; 0]);
    }

    #[test]
    fn what_is_not_applied_is_left_to_other_rules() {
        assert_eq!(beside(&[("app/kustomization.yaml", "resources: []\n")]), [""; 0]);
        assert_eq!(found("no-decryption", &[("app/s.yaml", SECRET)]), [""; 0]);
    }
}
