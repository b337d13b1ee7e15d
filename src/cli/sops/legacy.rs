//! The grammar without a verb: `sops -d FILE`, `sops -e -i FILE`, `sops --set 'INDEX JSON' FILE`, `sops FILE`.

use super::error::UsageError;
use super::flags;
use super::invocation::{Invocation, NewValue, Set};
use super::meaning::{self, Asked};
use crate::secret::Secret;
use crate::sops::index;

/// Understands flags and words without a verb; none of the four modes is to edit. Of several modes the last one
/// in the order encrypt, decrypt, rotate, set counts, wherever they stand: sops carries out all of them and
/// keeps the result of the last.
pub(super) fn invocation(asked: Asked) -> Result<Invocation, UsageError> {
    if asked.words.is_empty() {
        return Err(UsageError::NoFile);
    }
    // Also where the result goes to the file in any case.
    asked.output()?;
    let set = asked.given.text(&flags::SET);
    let on = |flag| asked.given.on(flag);
    let (encrypt, decrypt, rotate) = (on(&flags::ENCRYPT), on(&flags::DECRYPT), on(&flags::ROTATE));
    if [encrypt, decrypt, rotate, set.is_some()].iter().filter(|mode| **mode).count() > 1 {
        asked.warnings.push(
            "several of --encrypt, --decrypt, --rotate and --set: only the last of them, in this order, is done"
                .into(),
        );
    }
    match set {
        Some(text) => self::set(asked, text),
        None if rotate => meaning::rotate(asked),
        None if decrypt => meaning::decrypt(asked),
        None if encrypt => meaning::encrypt(asked),
        None => meaning::edit(asked),
    }
}

/// `INDEX JSON` in one word: the index ends at the first `] `.
fn set(mut asked: Asked, text: String) -> Result<Invocation, UsageError> {
    let text = Secret::from(text);
    let file = asked.file()?;
    let naming = asked.naming();
    let opening = asked.opening()?;
    let (index, json) =
        text.expose_text().and_then(|text| text.split_once("] ")).ok_or(UsageError::SetFormat)?;
    let index = index::parse(&format!("{index}]"))
        .map_err(|error| UsageError::Index { verb: "set", error })?;
    let value = NewValue::Given(Secret::new(json.as_bytes().to_vec()));
    Ok(Invocation::Set(Set {
        file,
        naming,
        opening,
        index,
        value,
        idempotent: false,
        legacy: true,
    }))
}
