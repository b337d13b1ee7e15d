//! When certificates end.

use x509_cert::certificate::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::time::Time;

use super::pem;

/// The last moment at which a certificate is valid.
pub(crate) struct Ending {
    /// In seconds since 1970.
    pub(crate) seconds: i64,
    /// RFC 3339.
    pub(crate) text: String,
}

impl Ending {
    /// That of a certificate.
    pub(super) fn of(certificate: &Certificate) -> Ending {
        let end = &certificate.tbs_certificate.validity.not_after;
        Ending { seconds: seconds(end), text: end.to_date_time().to_string() }
    }
}

/// A time in seconds since 1970.
pub(super) fn seconds(time: &Time) -> i64 {
    i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)
}

/// When the certificates of a text in PEM end, in its order. What cannot be read is left out.
pub(crate) fn endings(text: &str) -> Vec<Ending> {
    let blocks = pem::blocks(text).filter(|block| block.label == "CERTIFICATE");
    let certificates = blocks.filter_map(|block| Certificate::from_der(&block.bytes()?).ok());
    certificates.map(|certificate| Ending::of(&certificate)).collect()
}
