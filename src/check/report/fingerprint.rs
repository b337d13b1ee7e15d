//! What makes a finding the same one in the next run: its rule, its file and its route, as a text people can read.
//!
//! ```text
//! plaintext-secret:apps/a/secret.yaml:stringData.token
//! plaintext-secret:apps/a/secret.yaml:stringData.token#2      the second one, in a stream of documents
//! ```
//!
//! Lines may move and values may change. Neither a value nor a hash of one is in it: short passwords can be guessed.

use std::collections::HashMap;

use super::super::finding::Finding;

/// The fingerprints of some findings, one for each, all different.
pub(super) fn fingerprints(findings: &[Finding]) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let fingerprint = |finding: &Finding| {
        let (rule, path, route) = (finding.rule, finding.path.to_string_lossy(), &finding.route);
        let place = format!("{rule}:{path}:{route}");
        let number = seen.entry(place.clone()).or_default();
        *number += 1;
        // No route ends like that, because it would quote such a key.
        if *number == 1 { place } else { format!("{place}#{number}") }
    };
    findings.iter().map(fingerprint).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{report, secret};
    use super::*;

    #[test]
    fn a_fingerprint_is_unique_and_knows_neither_line_nor_value() {
        let stream = secret("stringData: {a: canary}\n---\n") + &secret("stringData: {a: b}\n");
        let expected = [
            "plaintext-secret:a: b.yaml:stringData.a",
            "plaintext-secret:a: b.yaml:stringData.a#2",
        ];
        assert_eq!(fingerprints(&report(&[("a: b.yaml", &stream)]).findings), expected);
        let moved = format!("# moved\n{}", stream.replace("canary", "other"));
        assert_eq!(fingerprints(&report(&[("a: b.yaml", &moved)]).findings), expected);
    }
}
