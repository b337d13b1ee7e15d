//! `not-listed`: an encrypted Secret that no kustomize file includes, where kustomize files decide what is applied.
//!
//! They decide in a directory that has one, and below it where it lists other files of the same directory one by one.
//! Only kustomize files that Flux reads count, and all where it reads none. Left out is the key of Flux itself.
//! Where Flux applies a directory without a kustomize file, everything in it counts as included. Any list counts, those
//! of patches and generators, too.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::finding::{Finding, Severity};
use super::super::repository::{Repository, key};
use super::{Rule, by_hand, quoted};
use crate::kube::secret::SecretObject;
use crate::layout::SecretSite;

/// The rule.
pub(super) struct NotListed;

impl Rule for NotListed {
    fn id(&self) -> &'static str {
        "not-listed"
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/not-listed.md")
    }

    fn repository(&self, repository: &Repository<'_>, findings: &mut Vec<Finding>) {
        let layout = repository.layout;
        let entries = layout.entries();
        let named: BTreeSet<&Path> = entries.iter().map(|entry| entry.path.as_path()).collect();
        let is_suspect = |site: &&SecretSite<'_>| {
            !named.contains(site.file)
                && SecretObject::of(site.object)
                    .is_some_and(|it| it.is_encrypted() && !holds_identity(&it))
        };
        let suspects: Vec<_> = repository.secrets.iter().filter(is_suspect).collect();
        if suspects.is_empty() {
            return;
        }
        let built = layout.built_by_flux();
        let mut seen = BTreeSet::new();
        for site in suspects {
            let Some(lister) = layout.kustomize_file_above(site.file) else { continue };
            let directory = site.file.parent();
            let decides = lister.parent() == directory
                || entries.iter().any(|one| one.file == lister && one.path.parent() == directory);
            if !decides || !built.contains(lister) || layout.is_taken_whole(site.file) {
                continue;
            }
            if !seen.insert(site.file) {
                continue;
            }
            let name = quoted(site.object.name().unwrap_or_default());
            let lister = quoted(&lister.to_string_lossy());
            let message = format!("no kustomize file lists the file of the Secret {name}");
            let hint = by_hand(format!("list it in {lister}, or remove it"));
            let label = key(&site.object, &["metadata", "name"]);
            let place = (site.file, site.object.document);
            findings.push(repository.finding(self, place, &[label], message, hint));
        }
    }
}

/// Whether a Secret holds the key that Flux decrypts with: it must be there before Flux is
/// (<https://fluxcd.io/flux/components/kustomize/kustomizations/#decryption-secret-reference>).
fn holds_identity(secret: &SecretObject<'_>) -> bool {
    secret.entries().iter().any(|entry| entry.key.ends_with(".agekey"))
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::found;

    /// An encrypted Secret.
    const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\nstringData:\n  \
                          a: ENC[AES256_GCM,data:a,iv:a,tag:a,type:str]\nsops: {lastmodified: x, mac: x}\n";

    /// What the rule finds beside the Secret `a/s.yaml`.
    fn beside(files: &[(&str, &str)]) -> Vec<String> {
        found("not-listed", &[&[("a/s.yaml", SECRET)], files].concat())
    }

    #[test]
    fn a_secret_beside_a_kustomize_file_that_leaves_it_out_is_found() {
        assert_eq!(
            beside(&[("a/kustomization.yaml", "resources: [b.yaml]\n"), ("a/b.yaml", "a: 1\n")]),
            [
                "warning a/s.yaml:4:3 metadata.name: no kustomize file lists the file of the Secret `s` | list it in \
              `a/kustomization.yaml`, or remove it"
            ]
        );
        let above = [("kustomization.yaml", "resources: [a/b.yaml]\n"), ("a/b.yaml", "a: 1\n")];
        assert_eq!(beside(&above).len(), 1);
    }

    #[test]
    fn a_secret_in_any_list_is_not_found() {
        for list in [
            "resources: [./s.yaml]",
            "patches: [{path: s.yaml}]",
            "patchesStrategicMerge: [s.yaml]",
            "secretGenerator: [{name: x, files: [k=s.yaml]}]",
        ] {
            assert_eq!(beside(&[("a/kustomization.yaml", list)]), [""; 0], "{list}");
        }
        assert_eq!(beside(&[("b/kustomization.yaml", "resources: [../a/s.yaml]\n")]), vec![""; 0]);
    }

    #[test]
    fn where_no_kustomize_file_decides_nothing_is_found() {
        assert_eq!(beside(&[]), [""; 0]);
        // It lists the directory of Flux Kustomizations, not this one's files.
        assert_eq!(beside(&[("kustomization.yaml", "resources: [b/ks.yaml]\n")]), [""; 0]);
        let flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\n\
                    spec: {path: ./a}\n";
        let above = ("kustomization.yaml", "resources: [a/b.yaml]\n");
        assert_eq!(beside(&[("ks.yaml", flux), above, ("a/b.yaml", "a: 1\n")]), [""; 0]);
    }

    #[test]
    fn what_flux_does_not_read_and_its_own_key_are_not_found() {
        let flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\n\
                    spec: {path: ./b}\n";
        let kustomize = ("a/kustomization.yaml", "resources: []\n");
        assert_eq!(beside(&[("x/ks.yaml", flux), ("b/b.yaml", "a: 1\n"), kustomize]), [""; 0]);
        // The root of another source.
        let elsewhere = flux.replace("./b", "./");
        assert_eq!(beside(&[("x/ks.yaml", &elsewhere), kustomize]), [""; 0]);
        let applied = flux.replace("./b", "./a");
        assert_eq!(beside(&[("x/ks.yaml", &applied), kustomize]).len(), 1);
        let key = SECRET.replace("  a: ENC", "  age.agekey: ENC");
        assert_eq!(found("not-listed", &[("a/s.yaml", &key), kustomize]), [""; 0]);
    }

    #[test]
    fn a_plain_secret_is_left_to_another_rule() {
        let plain = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n";
        let files = [("a/s.yaml", plain), ("a/kustomization.yaml", "resources: []\n")];
        assert_eq!(found("not-listed", &files), [""; 0]);
    }
}
