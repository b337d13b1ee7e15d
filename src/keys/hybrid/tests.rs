use std::collections::HashMap;
use std::fs;
use std::io::Read as _;

use age::Decryptor;
use age::armor::ArmoredReader;

use sha2::Sha256;

use super::*;

/// TEST ONLY: the identity of C2SP's vectors.
const SECRET: &str =
    "AGE-SECRET-KEY-PQ-1HZLGZUPT4ETPKDEV8HSGFDCYZ4E522W0A7PU2LHT8EH9W6YLNC3SW78XKG";

/// How decrypting an age file ends, in the words of the vectors, and what is in it.
fn outcome(file: &[u8], identities: &[Box<dyn age::Identity>]) -> (&'static str, Vec<u8>) {
    let open = || {
        let decryptor = Decryptor::new_buffered(ArmoredReader::new(file))?;
        decryptor.decrypt(identities.iter().map(AsRef::as_ref))
    };
    let mut payload = Vec::new();
    let end = match open() {
        Ok(mut reader) => match reader.read_to_end(&mut payload) {
            Ok(_) => "success",
            Err(_) => "payload failure",
        },
        Err(DecryptError::NoMatchingKeys) => "no match",
        Err(DecryptError::InvalidMac) => "HMAC failure",
        Err(_) => "header failure",
    };
    (end, payload)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_vectors_of_c2sp_end_as_they_say() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/vectors/age");
    let mut ends = HashMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let vector = fs::read(&path).unwrap();
        let blank = vector.windows(2).position(|pair| pair == b"\n\n").unwrap();
        let header = std::str::from_utf8(&vector[..blank]).unwrap();
        let values = |wanted: &str| -> Vec<&str> {
            let fields = header.lines().map(|line| line.split_once(": ").unwrap());
            fields.filter(|(key, _)| *key == wanted).map(|(_, value)| value).collect()
        };
        let identities = values("identity").into_iter().map(|text| match x25519::identity(text) {
            Some((classical, _)) => Box::new(classical) as Box<dyn age::Identity>,
            None => Box::new(identity(text).unwrap().0),
        });
        let (end, payload) = outcome(&vector[blank + 2..], &identities.collect::<Vec<_>>());
        assert_eq!(end, values("expect")[0], "{}", path.display());
        if let [digest] = values("payload")[..] {
            assert_eq!(hex(&Sha256::digest(&payload)), digest, "{}", path.display());
        }
        *ends.entry(end).or_insert(0) += 1;
    }
    assert_eq!(ends, HashMap::from([("success", 5), ("no match", 5), ("header failure", 9)]));
}

#[test]
fn what_is_wrapped_is_unwrapped_and_looks_new_every_time() {
    let (identity, public) = identity(SECRET).unwrap();
    assert_eq!(public.len(), 1959);
    let recipient = recipient(&public).unwrap();
    let wrap = || age::encrypt(&recipient, b"data key").unwrap();
    let (first, second) = (wrap(), wrap());
    assert_ne!(first, second);
    assert_eq!(age::decrypt(&identity, &first).unwrap(), b"data key");
    assert_eq!(age::decrypt(&identity, &second).unwrap(), b"data key");
}

#[test]
fn classical_recipients_are_not_mixed_in() {
    let hybrid = recipient(&identity(SECRET).unwrap().1).unwrap();
    let classical = age::x25519::Identity::generate().to_public();
    let both: [&dyn age::Recipient; 2] = [&hybrid, &classical];
    let refused = age::Encryptor::with_recipients(both.into_iter());
    assert!(matches!(refused, Err(EncryptError::IncompatibleRecipients { .. })));
}

#[test]
fn malformed_recipients_are_refused() {
    let public = identity(SECRET).unwrap().1;
    let bytes = bech32::decode(RECIPIENT.0, &public).unwrap();
    assert!(recipient(&bech32::encode(RECIPIENT.1, &bytes)).is_some());

    let mut large_coefficient = bytes.clone();
    large_coefficient[..2].copy_from_slice(&[0xff, 0xff]);
    let mut low_order = bytes.clone();
    low_order[ML_KEM_KEY..].copy_from_slice(&[0; 32]);
    let longer = [&bytes[..], &[0]].concat();
    let malformed: [&[u8]; 6] =
        [&large_coefficient[..], &low_order[..], &longer, &bytes[1..], &bytes[..20], &[]];
    for wrong in malformed {
        let text = bech32::encode(RECIPIENT.1, wrong);
        assert!(recipient(&text).is_none(), "{text}");
    }
    let mistyped = public.replacen('q', "p", 5);
    let classical = bech32::encode("age19l388n", &bytes);
    for wrong in [mistyped, public.to_uppercase(), classical] {
        assert!(recipient(&wrong).is_none(), "{wrong}");
    }
}

#[test]
fn malformed_identities_are_refused() {
    assert!(identity(SECRET).is_some());
    let classical = "AGE-SECRET-KEY-1K35W25MT9740EHYLS6PR0UJY26XJSA7HQRGNF8KZXJSVELAMARCQJPRX8R";
    let longer = bech32::encode("age-secret-key-pq-1thfvtg", &[0; 33]).to_uppercase();
    for wrong in [&SECRET[..SECRET.len() - 1], &SECRET.to_lowercase(), classical, &longer] {
        assert!(identity(wrong).is_none(), "{wrong}");
    }
}
