//! Certificates that sign themselves (RFC 5280), with an ECDSA P-256 key.
//!
//! They are for servers, and for clients that are told to trust exactly this certificate. So they are no CA: some
//! libraries refuse a CA as the certificate of a server, and its key could sign others.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use p256::SecretKey;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::{EncodePrivateKey, LineEnding};
use x509_cert::certificate::{Certificate, TbsCertificate, Version};
use x509_cert::der::asn1::{BitString, GeneralizedTime, Ia5String, OctetString, UtcTime};
use x509_cert::der::oid::{AssociatedOid, ObjectIdentifier};
use x509_cert::der::{self, DecodePem, Encode, EncodePem};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName,
};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::time::{Time, Validity};

use super::{Rng, pkcs8};
use crate::make::policy::Error;
use crate::secret::{RandomSource, Secret};

/// The most days until a certificate ends: some hundred years.
pub(in crate::make) const MOST_DAYS: u32 = 36_500;

/// `ub-common-name` (RFC 5280, appendix A.1).
const MOST_COMMON_NAME: usize = 64;

/// `ecdsa-with-SHA256` (RFC 5758, 3.2).
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");

/// `id-kp-serverAuth` (RFC 5280, 4.2.1.12).
const SERVER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");

/// What a certificate is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::make) struct Request {
    /// The name of its subject, and the first of its names.
    common_name: String,
    days: u32,
    /// More names.
    names: Vec<String>,
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cn={},days={}", self.common_name, self.days)?;
        self.names.iter().try_for_each(|name| write!(f, ",san={name}"))
    }
}

impl Request {
    /// Refuses what is neither a host name nor an address, and a time that is too long or none.
    pub(in crate::make) fn new(
        common_name: String,
        days: u32,
        names: Vec<String>,
    ) -> Result<Self, Error> {
        let sound = names.iter().chain([&common_name]).all(|name| is_name(name));
        if !sound || common_name.len() > MOST_COMMON_NAME {
            return Err(Error::Name);
        }
        if !(1..=MOST_DAYS).contains(&days) {
            return Err(Error::Days { most: MOST_DAYS });
        }
        Ok(Request { common_name, days, names })
    }

    /// A new certificate and its key, both PEM. It is valid from `now` on, RFC 3339.
    pub(in crate::make) fn issue(
        &self,
        random: &mut dyn RandomSource,
        now: &str,
    ) -> Result<(Secret, Secret), Error> {
        let now: jiff::Timestamp = now.parse().map_err(|_| Error::Time)?;
        let start = u64::try_from(now.as_second()).map_err(|_| Error::Time)?;
        let end = start + u64::from(self.days) * 86_400;
        let validity = Validity { not_before: time(start)?, not_after: time(end)? };
        let key = SecretKey::random(&mut Rng(random));
        let mut serial = [0; 16];
        random.fill(&mut serial);
        // Positive, and of the same length each time.
        serial[0] = serial[0] & 0x3f | 0x40;
        let certificate = self.signed(&key, &serial, validity).expect("all of its parts are sound");
        let pem = key.to_pkcs8_pem(LineEnding::LF).expect("a key can be written");
        Ok((Secret::from(certificate), pkcs8::secret(pem)))
    }

    fn signed(&self, key: &SecretKey, serial: &[u8], validity: Validity) -> der::Result<String> {
        let subject = Name::from_str(&format!("CN={}", self.common_name))?;
        let algorithm = AlgorithmIdentifierOwned { oid: ECDSA_SHA256, parameters: None };
        let tbs_certificate = TbsCertificate {
            version: Version::V3,
            serial_number: SerialNumber::new(serial)?,
            signature: algorithm.clone(),
            issuer: subject.clone(),
            validity,
            subject,
            subject_public_key_info: SubjectPublicKeyInfoOwned::from_key(key.public_key())
                .map_err(|_| der::ErrorKind::Failed)?,
            issuer_unique_id: None,
            subject_unique_id: None,
            extensions: Some(vec![
                extension(&BasicConstraints { ca: false, path_len_constraint: None }, true)?,
                extension(&KeyUsage(KeyUsages::DigitalSignature.into()), true)?,
                extension(&ExtendedKeyUsage(vec![SERVER]), false)?,
                extension(&SubjectAltName(self.general_names()?), false)?,
            ]),
        };
        let signature: DerSignature = SigningKey::from(key).sign(&tbs_certificate.to_der()?);
        let signature = BitString::from_bytes(signature.as_bytes())?;
        let certificate =
            Certificate { tbs_certificate, signature_algorithm: algorithm, signature };
        certificate.to_pem(LineEnding::LF)
    }

    /// All names once, the common name first.
    fn general_names(&self) -> der::Result<Vec<GeneralName>> {
        let mut seen = BTreeSet::new();
        let all = [&self.common_name].into_iter().chain(&self.names);
        let once = all.filter(|name| seen.insert(name.as_str()));
        once.map(|name| match name.parse::<IpAddr>() {
            Ok(address) => Ok(GeneralName::from(address)),
            Err(_) => Ia5String::new(name).map(GeneralName::DnsName),
        })
        .collect()
    }

    /// Whether a certificate is for the same subject and names, and of its own making. Its dates do not count.
    pub(in crate::make) fn is_met_by(&self, pem: &str) -> bool {
        let read = || {
            let found = Certificate::from_pem(pem.trim()).ok()?.tbs_certificate;
            let (_, SubjectAltName(names)) = found.get::<SubjectAltName>().ok()??;
            let wanted = self.general_names().ok()?;
            let all =
                |of: &[GeneralName], in_: &[GeneralName]| of.iter().all(|it| in_.contains(it));
            let subject = Name::from_str(&format!("CN={}", self.common_name)).ok()?;
            let same = found.subject == subject && found.issuer == subject;
            (same && all(&names, &wanted) && all(&wanted, &names)).then_some(())
        };
        read().is_some()
    }
}

/// Seconds since 1970 as certificates write them: with a year of two digits up to 2049 (RFC 5280, 4.1.2.5).
fn time(seconds: u64) -> Result<Time, Error> {
    let duration = Duration::from_secs(seconds);
    UtcTime::from_unix_duration(duration)
        .map(Time::UtcTime)
        .or_else(|_| GeneralizedTime::from_unix_duration(duration).map(Time::GeneralTime))
        .map_err(|_| Error::Time)
}

fn extension<E: AssociatedOid + Encode>(content: &E, critical: bool) -> der::Result<Extension> {
    let extn_value = OctetString::new(content.to_der()?)?;
    Ok(Extension { extn_id: E::OID, critical, extn_value })
}

/// Whether a text is an IP address or a host name, which may begin with `*.`.
fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let host = text.strip_prefix("*.").unwrap_or(text);
    text.parse::<IpAddr>().is_ok() || (text.len() <= 253 && host.split('.').all(label))
}
