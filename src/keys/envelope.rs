//! One armored age file around one data key.
//!
//! ```text
//! -----BEGIN AGE ENCRYPTED FILE-----
//! YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBtV3dRcktqcXgrWlkxY1N1
//! …
//! -----END AGE ENCRYPTED FILE-----
//! ```

use std::io::{Read as _, Write as _};

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::{DecryptError, Decryptor, EncryptError, Encryptor};
use zeroize::Zeroizing;

use super::Reason;
use crate::secret::Secret;

/// The first line. The `age` crate would also take files without armor, SOPS has none.
const BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";

/// Most bytes that a wrapped data key may have: a key is 32, a Shamir share 33 bytes. Anything longer is not read.
const MAX_BYTES: usize = 64;

/// Encrypts `data_key` to one recipient; the text ends in a line feed.
pub(super) fn seal(
    data_key: &[u8],
    recipient: &dyn age::Recipient,
) -> Result<String, EncryptError> {
    let encryptor = Encryptor::with_recipients(std::iter::once(recipient))?;
    let armor = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?;
    let mut writer = encryptor.wrap_output(armor)?;
    writer.write_all(data_key)?;
    let text = writer.finish()?.finish()?;
    Ok(String::from_utf8(text).expect("armor is ASCII"))
}

/// Decrypts with the first identity that matches. CRLF and blanks around the armor are no fault.
pub(super) fn open<'a>(
    armored: &str,
    identities: impl Iterator<Item = &'a dyn age::Identity>,
) -> Result<Secret, Reason> {
    let armored = armored.trim();
    if !armored.starts_with(BEGIN) {
        return Err(Reason::Damaged);
    }
    let decryptor =
        Decryptor::new_buffered(ArmoredReader::new(armored.as_bytes())).map_err(reason)?;
    let mut reader = decryptor.decrypt(identities).map_err(reason)?;

    // Larger than what is read into it: a vector that grows leaves copies of the key behind.
    let mut data_key = Zeroizing::new(Vec::with_capacity(2 * MAX_BYTES));
    let limit = MAX_BYTES as u64 + 1;
    // Reading fails where the payload does not authenticate or is cut off.
    reader.by_ref().take(limit).read_to_end(&mut data_key).map_err(|_| Reason::Unauthentic)?;
    if data_key.len() > MAX_BYTES {
        return Err(Reason::TooLong(MAX_BYTES));
    }
    Ok(Secret::new(std::mem::take(&mut *data_key)))
}

/// Our words for the crate's errors, whose own are translated and advise on another program.
fn reason(error: DecryptError) -> Reason {
    match error {
        DecryptError::NoMatchingKeys => Reason::NoMatch,
        DecryptError::DecryptionFailed | DecryptError::InvalidMac => Reason::Unauthentic,
        _ => Reason::Damaged,
    }
}
