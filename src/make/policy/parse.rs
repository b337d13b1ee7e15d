//! How a policy is written.

use std::str::FromStr;

use super::{Encoding, Error, Kind, LEAST_BITS, Policy, Set, draw};
use crate::make::private_key::{Algorithm, certificate};

/// The most characters: what all values of a Kubernetes Secret may have together (1 MiB).
const MOST_CHARACTERS: usize = 1 << 20;

/// The most random bytes: hexadecimal digits double them.
const MOST_BYTES: usize = MOST_CHARACTERS / 2;

/// The most words.
const MOST_WORDS: usize = MOST_CHARACTERS / (draw::LONGEST_WORD + 1);

/// The most characters of a prefix.
const MOST_PREFIX: usize = 64;

impl FromStr for Policy {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let parts = split(text);
        let (head, options) = parts.split_first().expect("a text has a first part");
        let (name, argument) = match head.split_once(':') {
            Some((name, argument)) => (name, Some(argument)),
            None => (head.as_str(), None),
        };
        match name {
            "alnum" => characters(Set::Alnum, argument, options),
            "ascii" => characters(Set::Ascii, argument, options),
            "pin" => characters(Set::Pin, argument, options),
            "hex" => bytes(Encoding::Hex, argument, options),
            "base64" => bytes(Encoding::Base64, argument, options),
            "base64url" => bytes(Encoding::Base64Url, argument, options),
            "uuid" if argument.is_some() => Err(Error::NoLength { policy: "uuid" }),
            "uuid" => with_prefix(Kind::Uuid, "uuid", options),
            "words" => words(argument, options),
            "rsa" => rsa(argument, options),
            "self-signed" => certificate(argument, options),
            _ => key(name, argument, options),
        }
    }
}

/// The parts between commas; a doubled one belongs to its part.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let last = parts.last_mut().expect("there is one from the beginning");
        match character {
            ',' if characters.next_if_eq(&',').is_none() => parts.push(String::new()),
            character => last.push(character),
        }
    }
    parts
}

/// A number without a sign, up to some most.
fn number(text: Option<&str>, most: usize) -> Option<usize> {
    let digits = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse().ok().filter(|number| *number <= most)
}

fn characters(set: Set, argument: Option<&str>, options: &[String]) -> Result<Policy, Error> {
    let policy = set.name();
    let length = number(argument, MOST_CHARACTERS)
        .filter(|length| *length > 0)
        .ok_or(Error::Length { policy, most: MOST_CHARACTERS })?;
    if set == Set::Pin {
        let kind = Kind::Characters { set, exclude: String::new(), length };
        return with_prefix(kind, policy, options);
    }
    let known = "`exclude=` and `prefix=`";
    let [exclude, prefix] = take(["exclude", "prefix"], options).ok_or(Error::Option {
        policy,
        known,
        several: false,
    })?;
    let exclude = exclude.unwrap_or_default();
    let (all, left) = (set.without("").len(), set.without(&exclude).len());
    // Fewer are left out than are named: one is not of the alphabet, or is named twice.
    if all - left != exclude.chars().count() || left < 2 {
        return Err(Error::Exclude { policy });
    }
    let kind = Kind::Characters { set, exclude, length };
    strong(kind, policy, length, (left as f64).log2()).and_then(|it| prefixed(it, policy, prefix))
}

fn bytes(encoding: Encoding, argument: Option<&str>, options: &[String]) -> Result<Policy, Error> {
    let policy = encoding.name();
    let count = number(argument, MOST_BYTES).ok_or(Error::Length { policy, most: MOST_BYTES })?;
    let kind = strong(Kind::Bytes { encoding, count }, policy, count, 8.0)?;
    with_prefix(kind.kind, policy, options)
}

fn words(argument: Option<&str>, options: &[String]) -> Result<Policy, Error> {
    let policy = "words";
    let count = number(argument, MOST_WORDS).ok_or(Error::Length { policy, most: MOST_WORDS })?;
    let kind = strong(Kind::Words(count), policy, count, (draw::WORDS as f64).log2())?;
    with_prefix(kind.kind, policy, options)
}

fn rsa(argument: Option<&str>, options: &[String]) -> Result<Policy, Error> {
    let bits = number(argument, 4096).filter(|bits| [2048, 3072, 4096].contains(bits));
    let bits = bits.ok_or(Error::RsaSize)?;
    if !cfg!(feature = "ssh") {
        return Err(Error::NoRsa);
    }
    without_options(Algorithm::Rsa(bits), "rsa", options)
}

/// The keys without a size.
fn key(name: &str, argument: Option<&str>, options: &[String]) -> Result<Policy, Error> {
    let known = [Algorithm::Age, Algorithm::Ed25519, Algorithm::SshEd25519, Algorithm::Wireguard]
        .into_iter();
    let found = known.map(|algorithm| (algorithm, algorithm.name()));
    let (algorithm, policy) =
        found.into_iter().find(|known| known.1 == name).ok_or(Error::Unknown)?;
    match argument {
        None => without_options(algorithm, policy, options),
        Some(_) => Err(Error::NoLength { policy }),
    }
}

fn without_options(
    algorithm: Algorithm,
    policy: &'static str,
    options: &[String],
) -> Result<Policy, Error> {
    match options {
        [] => Ok(Policy::drawn(Kind::Key(algorithm))),
        _ => Err(Error::NoOptions { policy }),
    }
}

/// What stands behind the colon is the first option.
fn certificate(first: Option<&str>, options: &[String]) -> Result<Policy, Error> {
    let known = "`cn=`, `days=` and `san=`";
    let wrong = || Error::Option { policy: "self-signed", known, several: true };
    let all: Vec<String> = first.map(str::to_owned).into_iter().chain(options.to_vec()).collect();
    let (san, others): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|option| option.starts_with("san="));
    let [cn, days] = take(["cn", "days"], &others).ok_or_else(wrong)?;
    let (cn, days) = (cn.ok_or_else(wrong)?, days.ok_or_else(wrong)?);
    let san = san.iter().map(|option| option["san=".len()..].to_owned()).collect();
    let days = number(Some(&days), certificate::MOST_DAYS as usize).unwrap_or(0);
    certificate::Request::new(cn, days as u32, san)
        .map(|request| Policy::drawn(Kind::Certificate(request)))
}

/// The values of the options of these names; `None` where there is another one, or one twice.
fn take<const N: usize>(names: [&str; N], options: &[String]) -> Option<[Option<String>; N]> {
    let mut values = [const { None }; N];
    for option in options {
        let (name, value) = option.split_once('=')?;
        let place = names.iter().position(|known| *known == name)?;
        if values[place].replace(value.to_owned()).is_some() {
            return None;
        }
    }
    Some(values)
}

/// The policy, if a length of it is hard enough to guess.
fn strong(kind: Kind, policy: &'static str, length: usize, each: f64) -> Result<Policy, Error> {
    let bits = length as f64 * each;
    if bits < LEAST_BITS {
        let least = (LEAST_BITS / each).ceil() as usize;
        return Err(Error::Weak { policy, length, bits, least });
    }
    Ok(Policy::drawn(kind))
}

/// The policy with the one option that all have.
fn with_prefix(kind: Kind, policy: &'static str, options: &[String]) -> Result<Policy, Error> {
    let [prefix] = take(["prefix"], options).ok_or(Error::Option {
        policy,
        known: "`prefix=`",
        several: false,
    })?;
    prefixed(Policy::drawn(kind), policy, prefix)
}

fn prefixed(it: Policy, policy: &'static str, prefix: Option<String>) -> Result<Policy, Error> {
    let Some(prefix) = prefix else { return Ok(it) };
    let fits = (1..=MOST_PREFIX).contains(&prefix.len())
        && prefix.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if fits { Ok(Policy { prefix, ..it }) } else { Err(Error::Prefix { policy }) }
}
