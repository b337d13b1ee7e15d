//! What a recipe has made of a Secret: which of its values stay, and which are made anew.
//!
//! ```text
//! ensure   what is there stays; what is missing is made, and again what is made from that
//! take     the same for a Secret in plain text, where only values that the recipe could have made stay
//! rotate   drawn values are drawn anew, and again what is made from them
//! ```
//!
//! A value that is made from others is never made anew by itself: a hash without its password is of no use. A value that
//! somebody has to give is kept or asked for. Who changes what a recipe keeps, or what is known to encrypt data, has to
//! say so.

use super::recipe::{How, Ingredient, Recipe};
use crate::make::Entry;
use crate::secret::Secret;

/// Keys whose values encrypt data that would be lost with them, and why.
const KEEPERS: &[(&str, &str)] = &[
    // https://restic.readthedocs.io/en/stable/070_encryption.html
    (
        "RESTIC_PASSWORD",
        "a restic repository stays encrypted with the password that it was made with",
    ),
    // https://kopia.io/docs/reference/command-line/common/repository-change-password/
    (
        "KOPIA_PASSWORD",
        "a Kopia repository stays encrypted with the password that it was made with",
    ),
    // https://borgbackup.readthedocs.io/en/stable/usage/key.html
    ("BORG_PASSPHRASE", "a Borg key stays encrypted with the passphrase that it was made with"),
    // https://docs.n8n.io/hosting/configuration/configuration-examples/encryption-key/
    ("N8N_ENCRYPTION_KEY", "n8n cannot read the credentials that it stored with another key"),
];

/// Why a recipe makes nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// A value that nobody has given.
    #[error("`{secret}` has no `{key}`, which somebody has to give")]
    Given {
        /// The Secret.
        secret: String,
        /// The key.
        key: String,
    },
    /// The recipe does not have this key.
    #[error("the recipe of `{secret}` has no key `{key}`; it has {}", found.join(", "))]
    Unknown {
        /// The Secret.
        secret: String,
        /// The key.
        key: String,
        /// Its keys.
        found: Vec<String>,
    },
    /// A value that is made from others.
    #[error("`{key}` is made from {}, and changes with it", sources.join(", "))]
    Dependent {
        /// The key.
        key: String,
        /// What it is made from.
        sources: Vec<String>,
    },
    /// A value that somebody gives is not drawn.
    #[error("`{key}` is given by somebody, so nothing can make a new one")]
    NotDrawn {
        /// The key.
        key: String,
    },
    /// Nothing of it is drawn.
    #[error("nothing in the recipe of `{secret}` is generated")]
    NothingDrawn {
        /// The Secret.
        secret: String,
    },
    /// Who changes it loses data.
    #[error("`{key}` is not to change: {reason}")]
    Keeper {
        /// The key.
        key: String,
        /// What would be lost.
        reason: String,
    },
}

/// What somebody should know about a value that stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Remark {
    /// The recipe does not have the key any more.
    Extra {
        /// The key.
        key: String,
    },
    /// The value is not what its recipe would make of the others.
    Stale {
        /// The key.
        key: String,
        /// What it is made from.
        sources: Vec<String>,
    },
    /// A value in plain text was not what the recipe makes.
    Replaced {
        /// The key.
        key: String,
        /// What does not fit.
        reason: String,
    },
}

/// What is to be evaluated, and which of it is new.
pub(crate) struct Making {
    /// Every key of the recipe, then those that only the Secret has.
    pub(crate) entries: Vec<(String, Entry)>,
    /// The keys whose values are made.
    pub(crate) made: Vec<String>,
    /// What somebody should know.
    pub(crate) remarks: Vec<Remark>,
}

/// Values by their keys.
pub(crate) type Values = [(String, Secret)];

/// What is missing of a Secret that is encrypted, or not there at all.
pub(crate) fn ensure(recipe: &Recipe, present: &Values) -> Result<Making, Error> {
    let missing = recipe.keys.iter().filter(|one| is_missing(one, present));
    let missing: Vec<&str> = missing.map(|one| one.key.as_str()).collect();
    let mut making = plan(recipe, present, &missing)?;
    for one in recipe.keys.iter().filter(|one| !making.made.contains(&one.key)) {
        if holds(&one.how, present, &one.key) == Some(false) {
            let sources = one.how.sources().into_iter().map(str::to_owned).collect();
            making.remarks.push(Remark::Stale { key: one.key.clone(), sources });
        }
    }
    Ok(making)
}

/// What is missing or wrong in a Secret that is in plain text.
pub(crate) fn take(recipe: &Recipe, present: &Values) -> Result<Making, Error> {
    let mut wrong: Vec<&str> = Vec::new();
    let mut remarks = Vec::new();
    for one in &recipe.keys {
        let reason = value(present, &one.key).and_then(|found| unfit(one, found, present));
        if reason.is_some() || is_missing(one, present) {
            wrong.push(&one.key);
        }
        remarks.extend(reason.map(|reason| Remark::Replaced { key: one.key.clone(), reason }));
    }
    let mut making = plan(recipe, present, &wrong)?;
    making.remarks.splice(0..0, remarks);
    Ok(making)
}

/// New values for some keys, or for all that are drawn. `forced` are those that may lose data.
pub(crate) fn rotate(
    recipe: &Recipe,
    present: &Values,
    chosen: &[String],
    forced: &[String],
) -> Result<Making, Error> {
    let all = || recipe.keys.iter().filter(|one| matches!(one.how, How::Generate(_)));
    let mut keys: Vec<&str> = Vec::new();
    for key in chosen.iter().chain(forced) {
        let found = recipe.keys.iter().map(|one| one.key.clone());
        let unknown = || Error::Unknown {
            secret: recipe.name.clone(),
            key: key.clone(),
            found: found.collect(),
        };
        let one = recipe.ingredient(key).ok_or_else(unknown)?;
        match (&one.how, one.how.sources()) {
            (How::Generate(_), _) => keys.push(&one.key),
            (How::Given, _) => return Err(Error::NotDrawn { key: key.clone() }),
            (_, sources) => {
                let sources = sources.into_iter().map(|source| format!("`{source}`")).collect();
                return Err(Error::Dependent { key: key.clone(), sources });
            }
        }
    }
    if chosen.is_empty() {
        keys.extend(all().map(|one| one.key.as_str()));
    }
    if keys.is_empty() {
        return Err(Error::NothingDrawn { secret: recipe.name.clone() });
    }
    // Checked before anything is missing: the value that would be lost is the one that is there.
    for key in keys.iter().filter(|key| !forced.iter().any(|forced| forced == *key)) {
        if let Some(reason) = recipe.ingredient(key).and_then(keeper) {
            return Err(Error::Keeper { key: (*key).to_owned(), reason: reason.to_owned() });
        }
    }
    let missing = recipe.keys.iter().filter(|one| is_missing(one, present));
    keys.extend(missing.map(|one| one.key.as_str()));
    plan(recipe, present, &keys)
}

/// Why a value is not to change.
pub(crate) fn keeper(one: &Ingredient) -> Option<&'static str> {
    let known = KEEPERS.iter().find(|(key, _)| *key == one.key).map(|(_, reason)| *reason);
    known.or(one.keep.then_some("the recipe says `keep: true`"))
}

/// These keys anew, with what is made from them; the rest as it is.
fn plan(recipe: &Recipe, present: &Values, anew: &[&str]) -> Result<Making, Error> {
    let companions: Vec<String> = recipe.keys.iter().filter_map(Ingredient::companion).collect();
    let mut anew: Vec<&str> = anew.to_vec();
    let of_pairs = recipe.keys.iter().filter(|one| anew.contains(&one.key.as_str()));
    let seconds: Vec<String> = of_pairs.filter_map(Ingredient::companion).collect();
    let sources: Vec<&str> =
        anew.iter().copied().chain(seconds.iter().map(String::as_str)).collect();
    anew.extend(recipe.dependents(&sources));
    let (mut entries, mut made) = (Vec::new(), Vec::new());
    for one in &recipe.keys {
        let entry = match value(present, &one.key) {
            Some(found) if !anew.contains(&one.key.as_str()) => Entry::Value(copy(found)),
            found => match (one.how.entry(), found) {
                (Some(entry), _) => {
                    made.push(one.key.clone());
                    made.extend(one.companion());
                    entry
                }
                (None, Some(found)) => Entry::Value(copy(found)),
                (None, None) => {
                    let (secret, key) = (recipe.name.clone(), one.key.clone());
                    return Err(Error::Given { secret, key });
                }
            },
        };
        entries.push((one.key.clone(), entry));
    }
    let mut remarks = Vec::new();
    for (key, found) in present {
        if recipe.ingredient(key).is_some() || made.contains(key) {
            continue;
        }
        if !companions.contains(key) {
            remarks.push(Remark::Extra { key: key.clone() });
        }
        entries.push((key.clone(), Entry::Value(copy(found))));
    }
    Ok(Making { entries, made, remarks })
}

/// Whether a value is not there, or the second one of its pair.
fn is_missing(one: &Ingredient, present: &Values) -> bool {
    let second = one.companion();
    value(present, &one.key).is_none() || second.is_some_and(|key| value(present, &key).is_none())
}

/// Why a value is not one that its recipe could have made.
fn unfit(one: &Ingredient, found: &Secret, present: &Values) -> Option<String> {
    if found.is_empty() {
        return Some("it is empty".to_owned());
    }
    match &one.how {
        How::Generate(policy) => policy.accepts(found).err().map(|mismatch| mismatch.to_string()),
        How::Given => None,
        how => match holds(how, present, &one.key) {
            Some(true) => None,
            _ => Some("it is not made from what it should be".to_owned()),
        },
    }
}

/// Whether a value is what its recipe makes of the others; `None` where that does not show.
fn holds(how: &How, present: &Values, key: &str) -> Option<bool> {
    let found = value(present, key)?;
    let sources = |key: &str| value(present, key);
    match how {
        How::Derive(derivation) => derivation.holds(found, &sources),
        How::Template(template) => template.holds(found, &sources),
        How::Generate(_) | How::Given => None,
    }
}

fn value<'v>(present: &'v Values, key: &str) -> Option<&'v Secret> {
    present.iter().find(|(known, _)| known == key).map(|(_, value)| value)
}

fn copy(value: &Secret) -> Secret {
    Secret::new(value.expose().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;
    use crate::make::evaluate;
    use crate::secret::RandomSource;

    const NOW: &str = "2031-02-03T04:05:06Z";

    /// Bytes that never repeat soon.
    struct Counter(u64);

    impl RandomSource for Counter {
        fn fill(&mut self, bytes: &mut [u8]) {
            for byte in bytes {
                self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                *byte = (self.0 >> 56) as u8;
            }
        }
    }

    fn recipe(keys: &str) -> Recipe {
        let text = format!("secrets:\n  s:\n    keys:\n{keys}");
        Recipe::all(&Document::parse(text.into_bytes()).unwrap()).unwrap().swap_remove(0)
    }

    fn nats() -> Recipe {
        recipe(
            "      P: {generate: 'alnum:20'}\n      H: {derive: 'bcrypt(P, cost=4)'}\n      L: {given: true}\n",
        )
    }

    fn values(pairs: &[(&str, &str)]) -> Vec<(String, Secret)> {
        let one = |(key, text): &(&str, &str)| ((*key).into(), Secret::from((*text).to_owned()));
        pairs.iter().map(one).collect()
    }

    /// The values that a making makes, and the keys that are new.
    fn made(making: Result<Making, Error>) -> (Vec<(String, Secret)>, Vec<String>) {
        made_by(7, making)
    }

    fn made_by(seed: u64, making: Result<Making, Error>) -> (Vec<(String, Secret)>, Vec<String>) {
        let making = making.unwrap_or_else(|error| panic!("{error}"));
        (evaluate(making.entries, &mut Counter(seed), NOW).unwrap(), making.made)
    }

    fn error(making: Result<Making, Error>) -> String {
        making.err().expect("a refusal").to_string()
    }

    const GOOD: &str = "TESTonlyNatsDefault4kQ7";

    #[test]
    fn what_is_there_stays_and_what_is_missing_is_made() {
        let recipe = nats();
        let (first, new) = made(ensure(&recipe, &values(&[("L", "x"), ("P", GOOD)])));
        assert_eq!(new, ["H"]);
        let keys: Vec<&str> = first.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["P", "H", "L"]);
        let sources = |key: &str| value(&first, key);
        let How::Derive(hash) = &recipe.ingredient("H").unwrap().how else { panic!("derived") };
        assert_eq!(hash.holds(&first[1].1, &sources), Some(true));
        let (second, new) = made(ensure(&recipe, &first));
        assert!(new.is_empty() && second == first);
        assert_eq!(error(ensure(&recipe, &[])), "`s` has no `L`, which somebody has to give");
    }

    #[test]
    fn a_hash_is_made_again_with_its_password_and_never_alone() {
        let recipe = nats();
        let old = made(ensure(&recipe, &values(&[("L", "x")]))).0;
        let (new, keys) = made_by(8, rotate(&recipe, &old, &[], &[]));
        assert_eq!(keys, ["P", "H"]);
        assert!(new[0] != old[0] && new[1] != old[1] && new[2] == old[2]);
        let refused = rotate(&recipe, &old, &["H".into()], &[]);
        assert_eq!(error(refused), "`H` is made from `P`, and changes with it");
        assert!(error(rotate(&recipe, &old, &["L".into()], &[])).contains("given by somebody"));
        assert!(error(rotate(&recipe, &old, &["X".into()], &[])).contains("it has P, H, L"));
        let without = values(&[("H", "$2a$04$x"), ("L", "x")]);
        assert_eq!(made(ensure(&recipe, &without)).1, ["P", "H"]);
    }

    #[test]
    fn a_stale_hash_and_a_key_that_nobody_makes_are_named() {
        let present = values(&[("P", GOOD), ("H", "$2a$04$x"), ("L", "x"), ("OLD", "y")]);
        let making = ensure(&nats(), &present).unwrap_or_else(|error| panic!("{error}"));
        let stale = Remark::Stale { key: "H".into(), sources: vec!["P".into()] };
        assert_eq!(making.remarks, [Remark::Extra { key: "OLD".into() }, stale]);
        assert!(making.made.is_empty());
        assert_eq!(making.entries.len(), 4);
    }

    #[test]
    fn of_plain_values_those_stay_that_the_recipe_could_have_made() {
        let recipe = nats();
        let hash = made(ensure(&recipe, &values(&[("L", "x"), ("P", GOOD)]))).0.swap_remove(1).1;
        let hash = hash.expose_text().unwrap().to_owned();
        let good = values(&[("P", GOOD), ("H", &hash), ("L", "x")]);
        let (kept, new) = made(take(&recipe, &good));
        assert!(kept == good && new.is_empty());
        for bad in ["short", "", "has a blank in its text"] {
            let present = values(&[("P", bad), ("H", &hash), ("L", "x")]);
            let making = take(&recipe, &present).unwrap_or_else(|error| panic!("{error}"));
            assert!(matches!(&making.remarks[0], Remark::Replaced { key, .. } if key == "P"));
            assert_eq!(making.made, ["P", "H"], "{bad}");
        }
    }

    #[test]
    fn what_would_lose_data_is_changed_only_on_demand() {
        let recipe = recipe(
            "      RESTIC_PASSWORD: {generate: 'alnum:40'}\n      KEY: {generate: 'hex:32', keep: true}\n      \
             FREE: {generate: uuid}\n",
        );
        let old = made(ensure(&recipe, &[])).0;
        let all = error(rotate(&recipe, &old, &[], &[]));
        assert!(
            all.starts_with("`RESTIC_PASSWORD` is not to change: a restic repository"),
            "{all}"
        );
        let one = error(rotate(&recipe, &old, &["KEY".into()], &[]));
        assert_eq!(one, "`KEY` is not to change: the recipe says `keep: true`");
        assert_eq!(made(rotate(&recipe, &old, &["FREE".into()], &[])).1, ["FREE"]);
        let forced = ["KEY".to_owned()];
        assert_eq!(made(rotate(&recipe, &old, &forced, &forced)).1, ["KEY"]);
    }

    #[test]
    fn a_certificate_and_its_key_are_one() {
        let recipe = recipe("      tls.crt: {generate: 'self-signed:cn=a.example,days=9'}\n");
        let (pair, new) = made(ensure(&recipe, &[]));
        assert_eq!(new, ["tls.crt", "tls.key"]);
        assert_eq!(made(ensure(&recipe, &pair)).1, Vec::<String>::new());
        assert_eq!(made(ensure(&recipe, &pair[..1])).1, ["tls.crt", "tls.key"]);
    }
}
