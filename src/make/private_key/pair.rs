//! A certificate and its private key as somebody gives them, in the forms that servers read.
//!
//! ```text
//! -----BEGIN CERTIFICATE-----       the one of the key; those of its authorities stand behind it
//! -----BEGIN PRIVATE KEY-----       PKCS 8; or RSA PRIVATE KEY (PKCS 1), or EC PRIVATE KEY (SEC 1)
//! ```
//!
//! Both have the same public key: known for RSA, Ed25519 and ECDSA P-256, and for other curves where the file of the key
//! has the public one, too, as OpenSSL writes it. What is not known is said and not refused. Refused are texts without a
//! certificate or a key, keys behind a passphrase, and two that do not belong together.

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::KeypairBytes;
use p256::pkcs8::PrivateKeyInfo;
use x509_cert::certificate::Certificate;
use x509_cert::der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, OctetStringRef, UintRef};
use x509_cert::der::{self, Decode, Reader, Tag, Tagged};

use super::ending::{Ending, seconds};
use super::pem;
use super::pkcs8::{EC, ED25519};
use crate::secret::Secret;

/// `rsaEncryption` (RFC 8017, appendix A.1).
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// `secp256r1` (RFC 5480, 2.1.1.1).
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");

/// How long before its end a certificate is worth a word: what Let's Encrypt renews, in seconds.
const SOON: i64 = 30 * 24 * 60 * 60;

/// Why a certificate and a key are of no use together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// There is no certificate, or the first one cannot be read.
    #[error("there is no certificate in PEM that can be read")]
    Certificate,
    /// There is no private key, or it cannot be read.
    #[error("there is no private key in PEM that can be read: PKCS 8, PKCS 1 or SEC 1")]
    Key,
    /// There is nobody who could type the passphrase.
    #[error("the private key is behind a passphrase, which servers do not have")]
    Protected,
    /// Their public keys differ.
    #[error("key and certificate do not belong together")]
    Mismatch,
}

/// What is to be known of a pair that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Remark {
    /// Their algorithm is not supported.
    Unchecked,
    /// The certificate is not valid yet. Times are RFC 3339.
    NotYet {
        /// When it begins.
        from: String,
    },
    /// It is not valid any more.
    Ended {
        /// When it ended.
        at: String,
    },
    /// It soon will not be valid any more.
    Ends {
        /// When it ends.
        at: String,
    },
}

impl std::fmt::Display for Remark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Remark::Unchecked => f.write_str(
                "cannot check whether key and certificate belong together: their algorithm is not supported",
            ),
            Remark::NotYet { from } => write!(f, "the certificate is not valid before {from}"),
            Remark::Ended { at } => write!(f, "the certificate ended at {at}"),
            Remark::Ends { at } => {
                write!(f, "the certificate ends at {at}, in less than 30 days")
            }
        }
    }
}

/// Whether a certificate and a private key belong together. `now` is the time, RFC 3339.
pub(crate) fn check(certificate: &Secret, key: &Secret, now: &str) -> Result<Vec<Remark>, Error> {
    let certificate = first(certificate).ok_or(Error::Certificate)?;
    let mut remarks = Vec::new();
    match (of_certificate(&certificate), of_key(key)?) {
        (Some(one), Some(other)) if one != other => return Err(Error::Mismatch),
        (Some(_), Some(_)) => {}
        _ => remarks.push(Remark::Unchecked),
    }
    remarks.extend(validity(&certificate, now));
    Ok(remarks)
}

/// The first certificate of a chain.
fn first(chain: &Secret) -> Option<Certificate> {
    let block = pem::blocks(chain.expose_text()?).find(|block| block.label == "CERTIFICATE")?;
    Certificate::from_der(&block.bytes()?).ok()
}

/// What is to be said about the time in which a certificate is valid.
fn validity(certificate: &Certificate, now: &str) -> Option<Remark> {
    let now = now.parse::<jiff::Timestamp>().ok()?.as_second();
    let from = &certificate.tbs_certificate.validity.not_before;
    let end = Ending::of(certificate);
    match end.seconds.saturating_sub(now) {
        _ if now < seconds(from) => Some(Remark::NotYet { from: from.to_date_time().to_string() }),
        ..0 => Some(Remark::Ended { at: end.text }),
        0..SOON => Some(Remark::Ends { at: end.text }),
        _ => None,
    }
}

/// A public key, reduced to what tells it from others.
#[derive(PartialEq)]
enum Public {
    /// Modulus and exponent.
    Rsa(Vec<u8>, Vec<u8>),
    /// Of a named curve, the first coordinate: points may be written without the second one, of which there are but two.
    Curve(ObjectIdentifier, Vec<u8>),
    /// The point.
    Ed25519(Vec<u8>),
}

/// The public key of a certificate; `None` for an algorithm that is not supported.
fn of_certificate(certificate: &Certificate) -> Option<Public> {
    let info = &certificate.tbs_certificate.subject_public_key_info;
    let key = info.subject_public_key.raw_bytes();
    match info.algorithm.oid {
        RSA => rsa(key, false).ok(),
        EC => point(info.algorithm.parameters.as_ref()?.decode_as().ok()?, key),
        ED25519 => Some(Public::Ed25519(key.to_vec())),
        _ => None,
    }
}

/// The public key of the first private key, the one that Go's `tls.X509KeyPair` takes.
fn of_key(text: &Secret) -> Result<Option<Public>, Error> {
    let text = text.expose_text().ok_or(Error::Key)?;
    let block = pem::blocks(text).find(pem::Block::is_private_key).ok_or(Error::Key)?;
    if block.is_protected() {
        return Err(Error::Protected);
    }
    let bytes = block.bytes().ok_or(Error::Key)?;
    let read = match block.label {
        "PRIVATE KEY" => of_pkcs8(&bytes),
        "RSA PRIVATE KEY" => rsa(&bytes, true).map(Some),
        "EC PRIVATE KEY" => curve(&bytes, None),
        _ => return Err(Error::Key),
    };
    read.map_err(|_| Error::Key)
}

fn of_pkcs8(bytes: &[u8]) -> der::Result<Option<Public>> {
    let info = PrivateKeyInfo::from_der(bytes)?;
    match info.algorithm.oid {
        RSA => rsa(info.private_key, true).map(Some),
        EC => {
            let named = info.algorithm.parameters.map(|parameters| parameters.decode_as());
            curve(info.private_key, named.and_then(Result::ok))
        }
        ED25519 => {
            let pair = KeypairBytes::try_from(info).map_err(|_| der::ErrorKind::Failed)?;
            let point = SigningKey::from_bytes(&pair.secret_key).verifying_key().to_bytes();
            Ok(Some(Public::Ed25519(point.to_vec())))
        }
        _ => Ok(None),
    }
}

/// `RSAPublicKey`, or the beginning of `RSAPrivateKey`, which has a version in front of the same (RFC 8017, appendix A.1).
fn rsa(bytes: &[u8], private: bool) -> der::Result<Public> {
    AnyRef::from_der(bytes)?.sequence(|key| {
        if private {
            key.decode::<u8>()?;
        }
        let (modulus, exponent) = (key.decode::<UintRef<'_>>()?, key.decode::<UintRef<'_>>()?);
        while !key.is_finished() {
            key.decode::<AnyRef<'_>>()?;
        }
        Ok(Public::Rsa(modulus.as_bytes().to_vec(), exponent.as_bytes().to_vec()))
    })
}

/// `ECPrivateKey` (RFC 5915, 3), whose curve may stand outside.
fn curve(bytes: &[u8], named: Option<ObjectIdentifier>) -> der::Result<Option<Public>> {
    AnyRef::from_der(bytes)?.sequence(|key| {
        key.decode::<u8>()?;
        let scalar = key.decode::<OctetStringRef<'_>>()?;
        let (mut named, mut public) = (named, None);
        while !key.is_finished() {
            let field = key.decode::<AnyRef<'_>>()?;
            match field.tag() {
                // A curve may be described instead of named.
                Tag::ContextSpecific { number, .. } if number.value() == 0 => {
                    named = ObjectIdentifier::from_der(field.value()).ok().or(named);
                }
                Tag::ContextSpecific { number, .. } if number.value() == 1 => {
                    public = Some(BitStringRef::from_der(field.value())?.raw_bytes());
                }
                _ => {}
            }
        }
        match named {
            Some(P256) => {
                let key = p256::SecretKey::from_slice(scalar.as_bytes());
                let key = key.map_err(|_| der::ErrorKind::Failed)?;
                Ok(point(P256, &key.public_key().to_sec1_bytes()))
            }
            Some(named) => Ok(public.and_then(|public| point(named, public))),
            None => Ok(None),
        }
    })
}

/// A point of a curve, compressed or not (SEC 1, 2.3.3).
fn point(curve: ObjectIdentifier, bytes: &[u8]) -> Option<Public> {
    let first = match bytes.split_first()? {
        (2 | 3, first) => first,
        (4, both) => &both[..both.len() / 2],
        _ => return None,
    };
    Some(Public::Curve(curve, first.to_vec()))
}
