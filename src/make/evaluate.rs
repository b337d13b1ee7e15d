//! All values of a set of keys: given, generated, composed and derived, in whatever order they need each other.
//!
//! ```text
//! URL       smtp://me:{PASSWORD|url}@mail.test    composed, from a value that comes later
//! PASSWORD  alnum:40                              generated
//! HASH      bcrypt(PASSWORD)                      derived
//! tls.crt   self-signed:cn=mail.test,days=365     generated, and `tls.key` right after it
//! ```
//!
//! What is refused: a key that is there twice, one that needs another which is not there, and values that are made
//! from themselves. The order of the keys is kept.

use super::derivation::{self, Derivation};
use super::policy::{self, Policy};
use super::template::{self, Template};
use crate::secret::{RandomSource, Secret};

/// Why there are no values. Errors name keys, never values.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// Two values for one key.
    #[error("key `{key}` is given twice")]
    Twice {
        /// The key.
        key: String,
    },
    /// A certificate brings a second key, which is taken.
    #[error("key `{key}` is given, but the certificate of `{of}` brings it")]
    Companion {
        /// The key of the certificate.
        of: String,
        /// The second key.
        key: String,
    },
    /// A value cannot be generated.
    #[error("{of}: {source}")]
    Policy {
        /// The key of the value.
        of: String,
        /// Why not.
        source: policy::Error,
    },
    /// A value cannot be composed.
    #[error("template of `{of}`, {source}")]
    Template {
        /// The key whose template it is.
        of: String,
        /// Where and why.
        source: template::Error,
    },
    /// A value cannot be derived.
    #[error("derivation of `{of}`: {source}")]
    Derivation {
        /// The key of the value.
        of: String,
        /// Why not.
        source: derivation::Error,
    },
    /// A derivation names a key that is not there. Its name is left out: some take the parentheses for the place of
    /// the password itself.
    #[error(
        "derivation of `{of}`: what it is derived from is none of the keys{}",
        if known.is_empty() { String::new() } else { format!(" {}", known.join(", ")) }
    )]
    NoSource {
        /// The key of the value.
        of: String,
        /// The other keys.
        known: Vec<String>,
    },
    /// Templates that need each other.
    #[error("template of `{of}`, column {column}: `{key}` is made from itself")]
    TemplateCircle {
        /// The key whose template closes the circle.
        of: String,
        /// Where the brace before it stands.
        column: usize,
        /// The key that the circle leads back to.
        key: String,
    },
    /// The same with a derivation at the end.
    #[error("derivation of `{of}`: `{key}` is made from itself")]
    DerivationCircle {
        /// The key whose derivation closes the circle.
        of: String,
        /// The key that the circle leads back to.
        key: String,
    },
}

/// Where a value comes from.
pub(crate) enum Entry {
    /// It is there already.
    Value(Secret),
    /// It is drawn.
    Generate(Policy),
    /// It is composed from other values of the set.
    Template(Template),
    /// It is derived from another value of the set.
    Derive(Derivation),
}

impl Entry {
    /// The same once more, for who keeps it until somebody agrees to what it makes.
    pub(crate) fn copy(&self) -> Entry {
        match self {
            Entry::Value(value) => Entry::Value(Secret::new(value.expose().to_vec())),
            Entry::Generate(policy) => Entry::Generate(policy.clone()),
            Entry::Template(template) => Entry::Template(template.clone()),
            Entry::Derive(derivation) => Entry::Derive(derivation.clone()),
        }
    }

    /// The keys that it names, each with its column where it is a template.
    fn places(&self) -> Vec<(&str, Option<usize>)> {
        match self {
            Entry::Value(_) | Entry::Generate(_) => Vec::new(),
            Entry::Template(template) => {
                template.places().map(|(key, column)| (key, Some(column))).collect()
            }
            Entry::Derive(derivation) => derivation.keys().map(|key| (key, None)).collect(),
        }
    }
}

/// Makes the values that are not there yet, and gives all of them in the order of the entries; the key of a certificate
/// stands behind it. `now` is the time, RFC 3339 in UTC.
pub(crate) fn evaluate(
    entries: Vec<(String, Entry)>,
    random: &mut dyn RandomSource,
    now: &str,
) -> Result<Vec<(String, Secret)>, Error> {
    let mut slots = generated(entries, random, now)?;
    for index in 0..slots.len() {
        fill(index, &mut slots, random)?;
    }
    let value = |slot: Slot| (slot.key, slot.value.expect("every value was made above"));
    Ok(slots.into_iter().map(value).collect())
}

/// A key on its way to a value.
struct Slot {
    key: String,
    /// How it is made, until it is being made.
    entry: Option<Entry>,
    /// `None` as long as it is not made: without an entry, to come back to it is a circle.
    value: Option<Secret>,
}

/// The keys in their order, with those values that need no others.
fn generated(
    entries: Vec<(String, Entry)>,
    random: &mut dyn RandomSource,
    now: &str,
) -> Result<Vec<Slot>, Error> {
    let keys: Vec<String> = entries.iter().map(|(key, _)| key.clone()).collect();
    if let Some(place) = (1..keys.len()).find(|place| keys[..*place].contains(&keys[*place])) {
        return Err(Error::Twice { key: keys[place].clone() });
    }
    let mut slots: Vec<Slot> = Vec::with_capacity(entries.len());
    for (key, entry) in entries {
        let ready = |key, value| Slot { key, entry: None, value: Some(value) };
        match entry {
            Entry::Value(value) => slots.push(ready(key, value)),
            Entry::Generate(policy) => {
                let failed = |source| Error::Policy { of: key.clone(), source };
                let companion = policy.companion(&key).map_err(failed)?;
                let made = policy.generate(random, now).map_err(failed)?;
                let second = companion.zip(made.companion);
                if let Some((second, _)) = &second
                    && (keys.contains(second) || slots.iter().any(|slot| slot.key == *second))
                {
                    return Err(Error::Companion { of: key, key: second.clone() });
                }
                slots.push(ready(key, made.value));
                slots.extend(second.map(|(key, value)| ready(key, value)));
            }
            entry => slots.push(Slot { key, entry: Some(entry), value: None }),
        }
    }
    Ok(slots)
}

/// Makes a value, and those that it needs before it.
fn fill(index: usize, slots: &mut [Slot], random: &mut dyn RandomSource) -> Result<(), Error> {
    let Some(entry) = slots[index].entry.take() else { return Ok(()) };
    let of = slots[index].key.clone();
    for (key, column) in entry.places() {
        let Some(needed) = slots.iter().position(|slot| slot.key == key) else {
            return Err(unknown(of, key, column, slots));
        };
        fill(needed, slots, random)?;
        if slots[needed].value.is_none() {
            let key = key.to_owned();
            return Err(match column {
                Some(column) => Error::TemplateCircle { of, column, key },
                None => Error::DerivationCircle { of, key },
            });
        }
    }
    let sources = |key: &str| slots.iter().find(|slot| slot.key == key)?.value.as_ref();
    let value = match entry {
        Entry::Template(template) => {
            template.fill(&sources).map_err(|source| Error::Template { of, source })?
        }
        Entry::Derive(derivation) => derivation
            .derive(&sources, random)
            .map_err(|source| Error::Derivation { of, source })?,
        Entry::Value(_) | Entry::Generate(_) => unreachable!("these are made first"),
    };
    slots[index].value = Some(value);
    Ok(())
}

fn unknown(of: String, key: &str, column: Option<usize>, slots: &[Slot]) -> Error {
    match column {
        Some(column) => {
            let source = template::Error::UnknownKey { column, key: key.to_owned() };
            Error::Template { of, source }
        }
        None => {
            let others = slots.iter().map(|slot| &slot.key).filter(|known| **known != of);
            Error::NoSource { known: others.cloned().collect(), of }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::make::trial::{Mixed, NOW};

    fn given(key: &str, value: &str) -> (String, Entry) {
        (key.to_owned(), Entry::Value(Secret::from(value.to_owned())))
    }

    fn template(key: &str, text: &str) -> (String, Entry) {
        (key.to_owned(), Entry::Template(text.parse().unwrap()))
    }

    fn derived(key: &str, text: &str) -> (String, Entry) {
        (key.to_owned(), Entry::Derive(text.parse().unwrap()))
    }

    fn drawn(key: &str, text: &str) -> (String, Entry) {
        (key.to_owned(), Entry::Generate(text.parse().unwrap()))
    }

    fn made(entries: Vec<(String, Entry)>) -> Result<Vec<(String, String)>, String> {
        let values = evaluate(entries, &mut Mixed(3), NOW).map_err(|error| error.to_string())?;
        let text = |value: Secret| value.expose_text().unwrap().to_owned();
        Ok(values.into_iter().map(|(key, value)| (key, text(value))).collect())
    }

    fn texts(entries: Vec<(String, Entry)>) -> Vec<String> {
        made(entries).unwrap().into_iter().map(|(_, value)| value).collect()
    }

    #[track_caller]
    fn refusal(entries: Vec<(String, Entry)>) -> String {
        made(entries).expect_err("refused")
    }

    #[test]
    fn values_may_need_each_other_in_any_order() {
        let entries = vec![
            template("C", "{B}{B}"),
            derived("H", "hex(C)"),
            template("B", "<{A}>"),
            given("A", "a"),
            template("D", "{H}"),
            derived("E", "base64(D)"),
        ];
        let encoded = "M2M2MTNlM2M2MTNl";
        assert_eq!(texts(entries), ["<a><a>", "3c613e3c613e", "<a>", "a", "3c613e3c613e", encoded]);
    }

    #[test]
    fn a_generated_value_is_the_same_wherever_it_is_used() {
        let entries =
            vec![template("URL", "x:{P}"), drawn("P", "alnum:40"), derived("B", "base64(P)")];
        let [url, password, encoded] = texts(entries).try_into().unwrap();
        assert_eq!(url, format!("x:{password}"));
        assert_eq!(encoded, crate::make::encode::base64(password.as_bytes()));
    }

    #[test]
    fn the_key_of_a_certificate_stands_behind_it() {
        let entries = vec![
            derived("tls.pub", "public(tls.key)"),
            drawn("tls.crt", "self-signed:cn=a.test,days=1"),
            given("Z", "z"),
        ];
        let made = made(entries).unwrap();
        let keys: Vec<&str> = made.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["tls.pub", "tls.crt", "tls.key", "Z"]);
        assert!(made[0].1.starts_with("-----BEGIN PUBLIC KEY-----\n"));
        assert!(made[2].1.starts_with("-----BEGIN PRIVATE KEY-----\n"));
        let policy = "self-signed:cn=a.test,days=1";
        assert_eq!(
            refusal(vec![drawn("a.crt", policy), given("a.key", "x")]),
            "key `a.key` is given, but the certificate of `a.crt` brings it"
        );
        assert!(refusal(vec![drawn("cert", policy)]).starts_with("cert: policy `self-signed`"));
    }

    #[test]
    fn circles_are_refused() {
        let cases = [
            (
                vec![template("A", "x{B}"), template("B", "{A|url}")],
                "template of `B`, column 1: `A` is made from itself",
            ),
            (vec![template("A", "ä{A}")], "template of `A`, column 2: `A` is made from itself"),
            (vec![derived("A", "hex(A)")], "derivation of `A`: `A` is made from itself"),
            (
                vec![template("A", "{B}"), derived("B", "hex(C)"), derived("C", "url(A)")],
                "derivation of `C`: `A` is made from itself",
            ),
        ];
        for (entries, wanted) in cases {
            assert_eq!(refusal(entries), wanted);
        }
    }

    #[test]
    fn a_missing_source_is_refused_and_not_named_in_a_derivation() {
        assert_eq!(
            refusal(vec![template("URL", "://{PASSWROD}")]),
            "template of `URL`, column 4: there is no key `PASSWROD`"
        );
        assert_eq!(
            refusal(vec![given("A", "a"), derived("H", "bcrypt(hunter2)"), given("B", "b")]),
            "derivation of `H`: what it is derived from is none of the keys A, B"
        );
        assert_eq!(
            refusal(vec![derived("H", "bcrypt(hunter2)")]),
            "derivation of `H`: what it is derived from is none of the keys"
        );
    }

    #[test]
    fn what_cannot_be_made_is_refused_with_its_key() {
        let binary = || ("B".to_owned(), Entry::Value(Secret::new(vec![0xff])));
        assert_eq!(
            refusal(vec![template("T", "{B|url}"), binary()]),
            "template of `T`, column 1: the value of `B` is not text"
        );
        assert!(
            refusal(vec![derived("T", "public(B)"), binary()])
                .starts_with("derivation of `T`: `public` takes a private key")
        );
        assert_eq!(refusal(vec![given("A", "1"), given("A", "2")]), "key `A` is given twice");
    }

    #[test]
    fn an_entry_tells_what_it_needs() {
        let needs = |entry: (String, Entry)| {
            entry.1.places().into_iter().map(|(key, _)| key.to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(needs(template("A", "{B}{C|url}")), ["B", "C"]);
        assert_eq!(needs(derived("A", "htpasswd(U, P)")), ["U", "P"]);
        assert_eq!(needs(derived("A", "htpasswd('U', P)")), ["P"]);
        assert!(needs(drawn("A", "uuid")).is_empty());
    }
}
