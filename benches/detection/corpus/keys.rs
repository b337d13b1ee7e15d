//! Private and public keys in the formats that people keep them in. Structures, lengths and checksums are right; only
//! numbers that would have to be prime are just drawn.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::draw::Draw;

/// RFC 8410: what stands before the 32 bytes of an Ed25519 key in PKCS 8.
const ED25519: &[u8] = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";

/// The same for a public key.
const ED25519_PUBLIC: &[u8] = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";

/// RFC 5915: the curve P-256, and that a point follows.
const P256: &[u8] = b"\xa0\x0a\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\xa1\x44\x03\x42\x00\x04";

/// How the numbers of an RSA key of 2,048 bits begin: version, then the modulus.
const RSA: &[u8] = b"\x30\x82\x04\xa4\x02\x01\x00\x02\x82\x01\x01\x00";

/// A private key.
pub(crate) fn private(draw: &mut Draw, kind: &str) -> String {
    match kind {
        "age" => bech32("age-secret-key-", &draw.bytes(32)).to_uppercase(),
        "ed25519" => pem("PRIVATE KEY", &[ED25519, &draw.bytes(32)].concat()),
        "ec" => {
            let scalar = [&b"\x30\x77\x02\x01\x01\x04\x20"[..], &draw.bytes(32)].concat();
            pem("EC PRIVATE KEY", &[&scalar, P256, &draw.bytes(64)].concat())
        }
        "rsa" => pem("RSA PRIVATE KEY", &[RSA, &draw.bytes(1180)].concat()),
        "protected" => {
            let head = b"\x30\x82\x04\xe3\x30\x1b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x03";
            pem("ENCRYPTED PRIVATE KEY", &[head, &draw.bytes(1200)[..]].concat())
        }
        "openssh" => pem("OPENSSH PRIVATE KEY", &openssh(draw)),
        "pgp" => {
            let bytes = [&b"\x95\x03\x98"[..], &draw.bytes(900)].concat();
            let checksum = STANDARD.encode(draw.bytes(3));
            let block = pem("PGP PRIVATE KEY BLOCK", &bytes);
            let (body, end) = block.split_once("\n-----END").expect("armor has an end");
            let body = body.replacen('\n', "\n\n", 1);
            format!("{body}\n={checksum}\n-----END{end}")
        }
        "putty" => putty(draw),
        _ => panic!("no private key is called `{kind}`"),
    }
}

/// A public key, or something else that everybody may see.
pub(crate) fn public(draw: &mut Draw, kind: &str) -> String {
    match kind {
        "age" => bech32("age", &draw.bytes(32)),
        "ssh" => {
            let blob = [&field(b"ssh-ed25519")[..], &field(&draw.bytes(32))].concat();
            format!("ssh-ed25519 {}", STANDARD.encode(blob))
        }
        "ssh-rsa" => {
            let exponent = field(b"\x01\x00\x01");
            let blob = [field(b"ssh-rsa"), exponent, field(&draw.bytes(385))].concat();
            format!("ssh-rsa {}", STANDARD.encode(blob))
        }
        "pem" => pem("PUBLIC KEY", &[ED25519_PUBLIC, &draw.bytes(32)].concat()),
        "certificate" => pem("CERTIFICATE", &[b"\x30\x82\x02\xb4", &draw.bytes(690)[..]].concat()),
        "request" => {
            pem("CERTIFICATE REQUEST", &[b"\x30\x82\x01\x5a", &draw.bytes(340)[..]].concat())
        }
        "pgp" => {
            let bytes = [&b"\x99\x01\x8d"[..], &draw.bytes(420)].concat();
            pem("PGP PUBLIC KEY BLOCK", &bytes).replacen('\n', "\n\n", 1)
        }
        "minisign" => STANDARD.encode([b"Ed", &draw.bytes(40)[..]].concat()),
        "png" => {
            let head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x20\0\0\0\x20\x08\x06\0\0\0";
            STANDARD.encode([head, &draw.bytes(400)[..]].concat())
        }
        // What kubeseal writes: a wrapped key of 512 bytes, then the text.
        "sealed" => STANDARD.encode([b"\x02\0", &draw.bytes(580)[..]].concat()),
        _ => panic!("no public key is called `{kind}`"),
    }
}

/// Bytes in PEM (RFC 7468) or what looks like it, without a line break at the end.
pub(crate) fn pem(label: &str, bytes: &[u8]) -> String {
    let digits = STANDARD.encode(bytes).into_bytes();
    let lines: Vec<_> = digits.chunks(64).map(String::from_utf8_lossy).collect();
    // In parts, so that no header of a key stands here.
    let dashes = "-".repeat(5);
    format!("{dashes}BEGIN {label}{dashes}\n{}\n{dashes}END {label}{dashes}", lines.join("\n"))
}

/// The body of a key file of OpenSSH without a passphrase
/// (<https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key>).
fn openssh(draw: &mut Draw) -> Vec<u8> {
    let (public, secret, check) = (draw.bytes(32), draw.bytes(32), draw.bytes(4));
    let name = field(b"ssh-ed25519");
    let pair = [secret, public.clone()].concat();
    let mut body = [&check, &check, &name[..], &field(&public), &field(&pair)].concat();
    body.extend(field(b"me@workstation"));
    (1..).take((8 - body.len() % 8) % 8).for_each(|padding| body.push(padding));
    let none = field(b"none");
    let blob = [name, field(&public)].concat();
    let head = [b"openssh-key-v1\0", &none[..], &none, &field(b""), b"\0\0\0\x01"].concat();
    [head, field(&blob), field(&body)].concat()
}

/// A string as in RFC 4251: its length, then its bytes.
fn field(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).expect("keys are short");
    [&length.to_be_bytes()[..], bytes].concat()
}

/// A key file of PuTTY, version 3.
fn putty(draw: &mut Draw) -> String {
    let public = [field(b"ssh-ed25519"), field(&draw.bytes(32))].concat();
    let lines = |bytes: &[u8]| {
        let digits = STANDARD.encode(bytes).into_bytes();
        let lines: Vec<_> = digits.chunks(64).map(String::from_utf8_lossy).collect();
        format!("{}\n{}", lines.len(), lines.join("\n"))
    };
    let (public, private) = (lines(&public), lines(&draw.bytes(36)));
    let mac = draw.characters("0123456789abcdef", 64);
    format!(
        "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: me\nPublic-Lines: {public}\n\
         Private-Lines: {private}\nPrivate-MAC: {mac}"
    )
}

/// Bech32 as in BIP 173, without its limit of length.
fn bech32(prefix: &str, bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let mut values = Vec::new();
    let (mut buffer, mut bits) = (0_u32, 0);
    for byte in bytes {
        buffer = (buffer << 8 | u32::from(*byte)) & 0xfff;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            values.push((buffer >> bits & 31) as u8);
        }
    }
    if bits > 0 {
        values.push((buffer << (5 - bits) & 31) as u8);
    }
    let expanded = prefix.bytes().map(|byte| byte >> 5).chain([0]);
    let expanded = expanded.chain(prefix.bytes().map(|byte| byte & 31));
    let checked: Vec<u8> = expanded.chain(values.iter().copied()).chain([0; 6]).collect();
    let checksum = polymod(&checked) ^ 1;
    values.extend((0..6).map(|place| (checksum >> (5 * (5 - place)) & 31) as u8));
    let digits: String = values.iter().map(|value| char::from(ALPHABET[*value as usize])).collect();
    format!("{prefix}1{digits}")
}

/// The checksum of Bech32.
fn polymod(values: &[u8]) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    values.iter().fold(1, |checksum, value| {
        let top = checksum >> 25;
        let shifted = (checksum & 0x01ff_ffff) << 5 ^ u32::from(*value);
        let used = GENERATOR.iter().enumerate().filter(|(bit, _)| top >> bit & 1 == 1);
        used.fold(shifted, |checksum, (_, generator)| checksum ^ generator)
    })
}
