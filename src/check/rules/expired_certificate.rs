//! `expired-certificate`: a certificate in a SOPS file that has ended, or soon will.
//!
//! Of a chain the first certificate counts, which is the one of the key; the others are often there for old clients. A
//! bundle of authorities is of use as long as one of them is valid. An end that has come is an error: whoever looks at the
//! certificate refuses it already.

use super::super::credential;
use super::super::finding::{Finding, Severity};
use super::super::opened::{Entry, Opened};
use super::{Rule, first, quoted};
use crate::make::{Ending, endings};

/// How long before its end a certificate is told, in seconds: what renews certificates by itself has done so by then.
const SOON: i64 = 14 * 24 * 60 * 60;

/// Words of keys that hold authorities.
const AUTHORITIES: [&str; 6] = ["authorities", "bundle", "ca", "cacert", "cas", "trust"];

/// The rule.
pub(super) struct ExpiredCertificate;

impl Rule for ExpiredCertificate {
    fn id(&self) -> &'static str {
        "expired-certificate"
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn needs_values(&self) -> bool {
        true
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/expired-certificate.md")
    }

    fn opened(&self, opened: &Opened<'_>, findings: &mut Vec<Finding>) {
        for entry in opened.entries() {
            let Some(ending) = ending(&entry) else { continue };
            let key = quoted(entry.key);
            let (severity, message) = match ending.seconds - opened.now {
                ..0 => {
                    (Severity::Error, format!("the certificate in {key} ended at {}", ending.text))
                }
                0..SOON => {
                    let message = format!(
                        "the certificate in {key} ends at {}, in less than 14 days",
                        ending.text
                    );
                    (Severity::Warning, message)
                }
                _ => continue,
            };
            let hint = first("get a new one".to_owned(), "keywright edit");
            let finding = opened.finding(self, &[entry.label], message, hint);
            findings.push(Finding { severity, ..finding });
        }
    }
}

/// When a value ends, if it holds a certificate.
fn ending(entry: &Entry<'_>) -> Option<Ending> {
    let text = entry.value.expose_text().filter(|text| text.contains("-----BEGIN "))?;
    let endings = endings(text).into_iter();
    let words = credential::words(entry.key);
    match words.iter().any(|word| AUTHORITIES.contains(&word.as_str())) {
        true => endings.max_by_key(|ending| ending.seconds),
        false => { endings }.next(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{Counter, secret, verified};
    use crate::make::Policy;

    /// A certificate that begins at this day and ends after so many. Tests look at it at 2031-01-02T03:04:05Z.
    fn issued(day: &str, days: u32) -> String {
        let policy: Policy = format!("self-signed:cn=a.test,days={days}").parse().unwrap();
        let made = policy.generate(&mut Counter(1), &format!("{day}T03:04:05Z")).unwrap();
        made.value.expose_text().unwrap().to_owned()
    }

    /// What the rule finds in a Secret with these certificates under a key.
    fn one(key: &str, certificates: &[&str]) -> Vec<String> {
        let text = certificates.concat().trim_end().replace('\n', "\n    ");
        let fields = format!("stringData:\n  {key}: |\n    {text}\n");
        verified("expired-certificate", &[("a.enc.yaml", &secret(&fields))])
    }

    #[test]
    fn an_end_that_has_come_is_an_error_and_one_that_is_near_a_warning() {
        assert_eq!(
            one("tls.crt", &[&issued("2030-12-01", 31)]),
            [
                "error a.enc.yaml:5:3 stringData[\"tls.crt\"]: the certificate in `tls.crt` ended at 2031-01-01T03:04:05Z | \
                 get a new one, then run `keywright edit a.enc.yaml`"
            ]
        );
        let found = one("tls.crt", &[&issued("2031-01-01", 14)]);
        let told = "ends at 2031-01-15T03:04:05Z, in less than 14 days";
        assert!(
            found.len() == 1 && found[0].starts_with("warning") && found[0].contains(told),
            "{found:?}"
        );
        assert_eq!(one("tls.crt", &[&issued("2031-01-01", 15)]), [""; 0]);
    }

    #[test]
    fn of_a_chain_the_first_one_counts_and_of_a_bundle_the_last_to_end() {
        let (gone, good) = (&*issued("2030-01-01", 30), &*issued("2031-01-01", 90));
        assert_eq!(one("tls.crt", &[good, gone]), [""; 0]);
        assert_eq!(one("tls.crt", &[gone, good]).len(), 1);
        for key in ["ca.crt", "CA_BUNDLE", "trust-bundle.pem"] {
            assert_eq!(one(key, &[gone, good]), [""; 0], "{key}");
            assert_eq!(one(key, &[gone, gone]).len(), 1, "{key}");
        }
    }

    #[test]
    fn base64_is_decoded_and_other_blocks_are_passed_over() {
        use base64::Engine as _;
        let encoded = base64::engine::general_purpose::STANDARD.encode(issued("2030-01-01", 30));
        let fields = format!("data: {{tls.crt: {encoded}}}\n");
        let files = [("a.enc.yaml", &*secret(&fields))];
        assert_eq!(verified("expired-certificate", &files).len(), 1);
        let other = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(one("tls.crt", &[other]), [""; 0]);
    }
}
