//! Bech32 texts of any length, as age uses them for keys (BIP 173 without its limit of 90 characters).

use age_core::primitives::{bech32_decode, bech32_encode};
use zeroize::Zeroizing;

/// The data behind a prefix, which must have exactly this spelling; `None` for any other or a mistyped text.
pub(super) fn decode(prefix: &str, text: &str) -> Option<Zeroizing<Vec<u8>>> {
    // Five bits a character at most: a vector that grows leaves copies of a secret behind.
    let mut data = Zeroizing::new(Vec::with_capacity(text.len()));
    let wanted = |found: &str| (found == prefix).then_some(()).ok_or(());
    let decoded = bech32_decode(
        text,
        drop,
        |hrp| wanted(hrp.as_str()),
        |_, bytes| {
            data.extend(bytes);
            Ok(())
        },
    );
    decoded.ok()?;
    Some(data)
}

/// The text with the prefix of `empty`, which is a text without data.
///
/// It stands for the prefix because the type of those belongs to a crate that `age-core` does not pass on.
pub(super) fn encode(empty: &str, data: &[u8]) -> String {
    let prefix = bech32_decode(empty, drop, |_| Ok(()), |hrp, _| Ok(hrp));
    bech32_encode(prefix.expect("it is a constant of this crate"), data)
}
