//! Binary files: any bytes as one value.
//!
//! ```json
//! {
//!     "data": "ENC[AES256_GCM,data:…,type:str]",
//!     "sops": {…}
//! }
//! ```
//!
//! What is encrypted is JSON like any other and opened as [`super::file::EncryptedFile`]; what is plain is no
//! document, hence the calls of this module. SOPS gives a new binary file no selection (`BinaryStore` in
//! `stores/json`): its one value is always encrypted, unless it is empty.

use super::cipher::DataKey;
use super::file::{Encryption, Error, Unlocked, seal_mac};
use super::mac::Mac;
use super::metadata::{self, field::Field};
use super::plaintext::Plaintext;
use super::selection::Selection;
use super::token::{Kind, Token};
use crate::document::{Document, Edits, Indentation, Syntax};
use crate::secret::{RandomSource, Secret};

/// The key of the value.
const KEY: &str = "data";

/// The AAD of the value.
const AAD: &str = "data:";

/// Encrypts bytes under a new data key. The selection and `mac_only_encrypted` do not count.
pub fn encrypt(
    bytes: &[u8],
    how: &Encryption<'_>,
    random: &mut dyn RandomSource,
) -> Result<Document, Error> {
    let key = DataKey::generate(random);
    let selection = &Selection::Everything;
    let block = Encryption { selection, mac_only_encrypted: false, ..*how }.block(&key, random)?;
    seal(bytes, &key, block, how.now, random)
}

impl Unlocked<'_> {
    /// The bytes of a binary file; refused if they or the MAC do not verify, or if it is no binary file.
    pub fn decrypt_binary(&self) -> Result<Secret, Error> {
        let document = self.file.document;
        let root = document.roots().first().ok_or(Error::NotBinary)?.node;
        let (_, value) = document.entry(root, KEY).ok_or(Error::NotBinary)?;
        let text = document.text(value).ok_or(Error::NotBinary)?;
        let failed = |source| {
            let (position, route) = (document.position_of(value), document.route(value));
            Error::Token { position, route, source }
        };
        let plain = match text {
            "" => Secret::new(Vec::new()),
            _ => {
                let (token, _) = Token::parse(text).map_err(|error| failed(error.into()))?;
                self.key.decrypt(&token, AAD).map_err(|error| failed(error.into()))?
            }
        };
        self.verify(&mac_of(plain.expose()))?;
        Ok(plain)
    }

    /// Other bytes under the same data key, for the same recipients; the same bytes leave the file as it is.
    pub fn encrypt_binary_again(
        &self,
        bytes: &[u8],
        now: &str,
        random: &mut dyn RandomSource,
    ) -> Result<Document, Error> {
        if self.decrypt_binary()?.expose() == bytes {
            return self.unchanged();
        }
        seal(bytes, &self.key, self.file.block.copy(), now, random)
    }
}

fn seal(
    bytes: &[u8],
    key: &DataKey,
    mut block: Field,
    now: &str,
    random: &mut dyn RandomSource,
) -> Result<Document, Error> {
    let token = match bytes {
        [] => String::new(),
        _ => key.encrypt(&Plaintext::bytes(Kind::Str, bytes), AAD, random).to_string(),
    };
    metadata::set_mac(&mut block, seal_mac(key, mac_of(bytes), now, random), now);
    // SOPS' layout: tabs and a line for each member.
    let frame = format!("{{\n\t\"{KEY}\": \"{token}\"\n}}\n");
    let document = Document::parse_as(Syntax::Json, frame.into_bytes())
        .expect("a token needs no escapes in JSON");
    let mut edits = Edits::new(&document);
    edits.append_to_root(0, block.entries_for(Syntax::Json), Indentation::default())?;
    Ok(edits.apply()?)
}

fn mac_of(bytes: &[u8]) -> Mac {
    let mut mac = Mac::over_all();
    mac.add(&Plaintext::bytes(Kind::Str, bytes));
    mac
}
