//! How a derivation is written: `NAME(KEY, OPTION=NUMBER …)`; `htpasswd` has a user before the key.

use std::str::FromStr;

use super::password_hash::{self, LEAST_ROUNDS, MOST_COST, MOST_ROUNDS};
use super::{
    ARGON2ID, BCRYPT_COST, Derivation, Error, Method, Prefix, SCRYPT, SHA_CRYPT_ROUNDS, User,
    Variant, is_user,
};
use crate::make::is_key;

impl FromStr for Derivation {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (name, rest) = text.trim().split_once('(').ok_or(Error::Unknown)?;
        let inside = rest.strip_suffix(')').ok_or(Error::Unknown)?;
        match name.trim_end() {
            "bcrypt" => bcrypt(inside),
            "argon2id" => argon2id(inside),
            "scrypt" => scrypt(inside),
            "htpasswd" => htpasswd(inside),
            "sha256-crypt" => sha_crypt("sha256-crypt", Variant::Sha256, inside),
            "sha512-crypt" => sha_crypt("sha512-crypt", Variant::Sha512, inside),
            "scram-sha-256" => plain(Method::ScramSha256, "scram-sha-256(KEY)", inside),
            "base64" => plain(Method::Base64, "base64(KEY)", inside),
            "hex" => plain(Method::Hex, "hex(KEY)", inside),
            "url" => plain(Method::Url, "url(KEY)", inside),
            "public" => plain(Method::Public, "public(KEY)", inside),
            "recipient" => plain(Method::Recipient, "recipient(KEY)", inside),
            _ => Err(Error::Unknown),
        }
    }
}

/// What stands in the parentheses.
struct Arguments<'t> {
    name: &'static str,
    usage: &'static str,
    /// In order, before the options.
    values: Vec<&'t str>,
    options: Vec<(&'t str, &'t str)>,
}

impl<'t> Arguments<'t> {
    fn read(
        name: &'static str,
        usage: &'static str,
        inside: &'t str,
        known: &[&str],
    ) -> Result<Self, Error> {
        let wrong = Error::Arguments { name, usage };
        let mut read = Arguments { name, usage, values: Vec::new(), options: Vec::new() };
        for part in split(inside) {
            match part.split_once('=') {
                Some((option, value)) if !part.starts_with(['"', '\'']) => {
                    let (option, value) = (option.trim_end(), value.trim_start());
                    let twice = read.options.iter().any(|(earlier, _)| *earlier == option);
                    if twice || !known.contains(&option) {
                        return Err(wrong);
                    }
                    read.options.push((option, value));
                }
                _ if read.options.is_empty() => read.values.push(part),
                _ => return Err(wrong),
            }
        }
        Ok(read)
    }

    fn wrong(&self) -> Error {
        Error::Arguments { name: self.name, usage: self.usage }
    }

    /// The key, where there is nothing before it.
    fn key(&self) -> Result<String, Error> {
        match self.values[..] {
            [key] if is_key(key) => Ok(key.to_owned()),
            _ => Err(self.wrong()),
        }
    }

    fn option(&self, name: &str) -> Option<&'t str> {
        self.options.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    fn number(&self, option: &'static str, default: u32, range: [u32; 2]) -> Result<u32, Error> {
        let [least, most] = range;
        let Some(text) = self.option(option) else { return Ok(default) };
        let number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok());
        let number = number.flatten().filter(|number| (least..=most).contains(number));
        number.ok_or(Error::Number { name: self.name, option, least, most })
    }
}

/// The parts between commas outside of quotes, without the blanks around them.
fn split(inside: &str) -> Vec<&str> {
    let mut quote = None;
    let parts = inside.split(|character: char| match (quote, character) {
        (None, ',') => true,
        (None, '"' | '\'') => {
            quote = Some(character);
            false
        }
        (Some(open), close) => {
            if open == close {
                quote = None;
            }
            false
        }
        _ => false,
    });
    parts.map(str::trim).collect()
}

fn plain(method: Method, usage: &'static str, inside: &str) -> Result<Derivation, Error> {
    let source = Arguments::read(method.name(), usage, inside, &[])?.key()?;
    Ok(Derivation { method, source })
}

fn bcrypt(inside: &str) -> Result<Derivation, Error> {
    let usage = "bcrypt(KEY, cost=11, prefix=2a)";
    let arguments = Arguments::read("bcrypt", usage, inside, &["cost", "prefix"])?;
    let cost = arguments.number("cost", BCRYPT_COST, [4, MOST_COST])?;
    let prefix = match arguments.option("prefix") {
        None | Some("2a") => Prefix::A,
        Some("2b") => Prefix::B,
        Some("2y") => Prefix::Y,
        Some(_) => return Err(Error::Prefix),
    };
    Ok(Derivation { method: Method::Bcrypt { cost, prefix }, source: arguments.key()? })
}

fn argon2id(inside: &str) -> Result<Derivation, Error> {
    let usage = "argon2id(KEY, m=65536, t=3, p=4)";
    let arguments = Arguments::read("argon2id", usage, inside, &["m", "t", "p"])?;
    let [m, t, p] = ARGON2ID;
    let memory = arguments.number("m", m, [8, 1 << 21])?;
    let passes = arguments.number("t", t, [1, 1000])?;
    let lanes = arguments.number("p", p, [1, 255])?;
    if !password_hash::is_bearable_argon2([memory, passes, lanes]) {
        return Err(Error::Cost { name: "argon2id" });
    }
    Ok(Derivation { method: Method::Argon2id { memory, passes, lanes }, source: arguments.key()? })
}

fn scrypt(inside: &str) -> Result<Derivation, Error> {
    let usage = "scrypt(KEY, ln=17, r=8, p=1)";
    let arguments = Arguments::read("scrypt", usage, inside, &["ln", "r", "p"])?;
    let [ln, r, p] = SCRYPT;
    let log_n = arguments.number("ln", ln, [1, 24])?;
    let block = arguments.number("r", r, [1, 64])?;
    let parallel = arguments.number("p", p, [1, 64])?;
    if !password_hash::is_bearable_scrypt([log_n, block, parallel]) {
        return Err(Error::Cost { name: "scrypt" });
    }
    Ok(Derivation { method: Method::Scrypt { log_n, block, parallel }, source: arguments.key()? })
}

fn sha_crypt(name: &'static str, variant: Variant, inside: &str) -> Result<Derivation, Error> {
    let usage = match variant {
        Variant::Sha256 => "sha256-crypt(KEY, rounds=5000)",
        Variant::Sha512 => "sha512-crypt(KEY, rounds=5000)",
    };
    let arguments = Arguments::read(name, usage, inside, &["rounds"])?;
    let rounds = arguments.number("rounds", SHA_CRYPT_ROUNDS, [LEAST_ROUNDS, MOST_ROUNDS])?;
    Ok(Derivation { method: Method::ShaCrypt { variant, rounds }, source: arguments.key()? })
}

fn htpasswd(inside: &str) -> Result<Derivation, Error> {
    let usage = "htpasswd(\"NAME\", KEY, cost=11)` or `htpasswd(USER, KEY)";
    let arguments = Arguments::read("htpasswd", usage, inside, &["cost"])?;
    let [user, key] = arguments.values[..] else { return Err(arguments.wrong()) };
    if !is_key(key) {
        return Err(arguments.wrong());
    }
    let user = match user.chars().next().filter(|first| ['"', '\''].contains(first)) {
        Some(quote) => {
            let inside = user[1..].strip_suffix(quote).ok_or_else(|| arguments.wrong())?;
            // A quote in it could not be written again.
            if !is_user(inside) || inside.contains('"') {
                return Err(Error::User);
            }
            User::Literal(inside.to_owned())
        }
        None if is_key(user) => User::Key(user.to_owned()),
        None => return Err(arguments.wrong()),
    };
    let cost = arguments.number("cost", BCRYPT_COST, [4, MOST_COST])?;
    Ok(Derivation { method: Method::Htpasswd { user, cost }, source: key.to_owned() })
}
