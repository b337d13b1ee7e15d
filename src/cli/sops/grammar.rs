//! Words into flags and the rest, as Go's flag library and urfave/cli read them.
//!
//! One dash or two, `--flag value` or `--flag=value`, switches with `=false`, no bundling of letters, `--` ends
//! the flags. The program and the families `groups` and `completion` stop at the first word that is no flag; the
//! verbs take their flags from anywhere, and an unknown one behind that word counts as a word. Of a flag given
//! twice the last value holds, but its two names exclude each other. A flag that is not given may have its value
//! in the environment.
//!
//! Different from urfave/cli: that moves a flag to the front together with the word behind it, also behind a
//! switch, and so takes `set FILE --idempotent INDEX VALUE` for another file. Here words keep their order.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::flags::{Flag, Kind};

/// Looks up an environment variable.
pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// What is wrong with a word. Names and numbers alone are repeated: a text may be a secret.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Fault {
    /// `--=x`, `---x`.
    #[error("bad flag syntax: {0}")]
    Syntax(String),
    /// No such flag here.
    #[error("flag provided but not defined: -{0}")]
    Unknown(String),
    /// The last word is a flag that takes a value.
    #[error("flag needs an argument: -{0}")]
    NoValue(String),
    /// `--in-place=perhaps`.
    #[error("invalid boolean value {value:?} for -{name}: parse error")]
    Switch {
        /// The flag as it was given.
        name: String,
        /// What it was given.
        value: String,
    },
    /// `--indent=wide`.
    #[error("invalid value {value:?} for flag -{name}: parse error")]
    Number {
        /// The flag as it was given.
        name: String,
        /// What it was given.
        value: String,
    },
    /// A variable that stands for a switch.
    #[error("could not parse {value} as bool value for flag {name}: it comes from `{variable}`")]
    Variable {
        /// The flag it stands for.
        name: String,
        /// What it holds.
        value: String,
        /// The variable.
        variable: &'static str,
    },
    /// Text that is none.
    #[error("the value of -{0} is not UTF-8")]
    NotText(String),
    /// `-i --in-place`.
    #[error("cannot use two forms of the same flag: {0} {1}")]
    TwoForms(&'static str, &'static str),
}

/// Where flags may stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Before the first word that is none.
    First,
    /// Anywhere before `--`.
    Anywhere,
}

/// The flags that were given.
#[derive(Default)]
pub(super) struct Given {
    /// In the order of the command line, then those of the environment.
    values: Vec<Value>,
}

/// One flag with its value, checked for its kind.
struct Value {
    /// The flag.
    flag: Flag,
    /// The name it was given by; empty from the environment.
    by: String,
    /// The value, `true` for a switch without one.
    value: OsString,
}

impl Given {
    /// Whether a switch is on.
    pub(super) fn on(&self, flag: &Flag) -> bool {
        self.last(flag).and_then(OsStr::to_str).and_then(truth).unwrap_or(false)
    }

    /// Whether a switch is expressly off.
    pub(super) fn off(&self, flag: &Flag) -> bool {
        self.last(flag).and_then(OsStr::to_str).and_then(truth) == Some(false)
    }

    /// A number.
    pub(super) fn number(&self, flag: &Flag) -> Option<i64> {
        self.last(flag).and_then(OsStr::to_str).and_then(number)
    }

    /// A text; an empty one counts as not given.
    pub(super) fn text(&self, flag: &Flag) -> Option<String> {
        self.last(flag).and_then(OsStr::to_str).map(str::to_owned)
    }

    /// A path; an empty one counts as not given.
    pub(super) fn path(&self, flag: &Flag) -> Option<PathBuf> {
        self.last(flag).map(PathBuf::from)
    }

    /// A list with commas between; what is given last holds.
    pub(super) fn list(&self, flag: &Flag) -> Vec<String> {
        self.text(flag).as_deref().map(items).unwrap_or_default()
    }

    /// All the lists, one after the other.
    pub(super) fn every(&self, flag: &Flag) -> Vec<String> {
        let values = self.values.iter().filter(|given| given.flag.name == flag.name);
        let texts = values.filter_map(|given| given.value.to_str()).filter(|text| !text.is_empty());
        texts.flat_map(items).collect()
    }

    /// The names of the flags of the command line, without those of the environment.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.values.iter().filter(|given| !given.by.is_empty()).map(|given| given.flag.name)
    }

    /// The first flag of these groups that has a value.
    pub(super) fn first_of(&self, groups: &[&[Flag]]) -> Option<&'static str> {
        let mut flags = groups.iter().copied().flatten();
        flags.find(|flag| self.last(flag).is_some()).map(|flag| flag.name)
    }

    /// The value that holds, unless it is empty.
    fn last(&self, flag: &Flag) -> Option<&OsStr> {
        let last = self.values.iter().rfind(|given| given.flag.name == flag.name)?;
        Some(last.value.as_os_str()).filter(|value| !value.is_empty())
    }

    /// Refuses a flag that was given by both of its names.
    fn check_forms(&self) -> Result<(), Fault> {
        for given in self.values.iter().filter(|given| !given.by.is_empty()) {
            let Some(short) = given.flag.short.filter(|short| given.by == *short) else { continue };
            if self.values.iter().any(|other| other.by == given.flag.name) {
                return Err(Fault::TwoForms(short, given.flag.name));
            }
        }
        Ok(())
    }

    /// Adds what the environment says of flags that were not given.
    fn add_environment(
        &mut self,
        flags: &[&'static [Flag]],
        environment: Environment,
    ) -> Result<(), Fault> {
        for flag in flags.iter().copied().flatten() {
            let Some(variable) = flag.env else { continue };
            let Some(value) = environment(variable).filter(|value| !value.is_empty()) else {
                continue;
            };
            if self.values.iter().any(|given| given.flag.name == flag.name) {
                continue;
            }
            check(flag, flag.name, &value).map_err(|fault| match fault {
                Fault::Switch { name, value } => Fault::Variable { name, value, variable },
                other => other,
            })?;
            self.values.push(Value { flag: *flag, by: String::new(), value });
        }
        Ok(())
    }
}

/// Separates flags from the other words.
pub(super) fn read(
    words: &[OsString],
    flags: &[&'static [Flag]],
    order: Order,
    environment: Environment,
) -> Result<(Given, Vec<OsString>), Fault> {
    let mut given = Given::default();
    let mut others = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let bytes = word.as_bytes();
        if bytes == b"--" {
            break;
        }
        if bytes.len() < 2 || bytes[0] != b'-' {
            others.push(word.clone());
            if order == Order::First {
                break;
            }
            continue;
        }
        match flag_of(word, flags) {
            Ok((flag, name, attached)) => {
                let value = match attached {
                    Some(value) => value,
                    None if flag.kind == Kind::Switch => "true".into(),
                    None => words.next().cloned().ok_or(Fault::NoValue(name.clone()))?,
                };
                check(flag, &name, &value)?;
                given.values.push(Value { flag: *flag, by: name, value });
            }
            // Behind another word it may be one itself: `set FILE INDEX -5`.
            Err(_) if !others.is_empty() => others.push(word.clone()),
            Err(fault) => return Err(fault),
        }
    }
    others.extend(words.cloned());
    given.check_forms()?;
    given.add_environment(flags, environment)?;
    Ok((given, others))
}

/// The flag of a word, the name it is given by, and the value behind `=`.
fn flag_of<'f>(
    word: &OsStr,
    flags: &[&'f [Flag]],
) -> Result<(&'f Flag, String, Option<OsString>), Fault> {
    let bytes = word.as_bytes();
    let name = bytes.strip_prefix(b"--").unwrap_or(&bytes[1..]);
    if name.is_empty() || name[0] == b'-' || name[0] == b'=' {
        return Err(Fault::Syntax(shown(name_of(bytes))));
    }
    let value = name.get(name_of(name).len() + 1..).map(|value| OsStr::from_bytes(value).into());
    let name = shown(name_of(name));
    match flags.iter().copied().flatten().find(|flag| flag.is_named(&name)) {
        Some(flag) => Ok((flag, name, value)),
        None => Err(Fault::Unknown(name)),
    }
}

/// What stands before the first `=`. What stands behind it may be a secret.
fn name_of(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == b'=').next().unwrap_or(bytes)
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Refuses a value that is not of the flag's kind.
fn check(flag: &Flag, name: &str, value: &OsStr) -> Result<(), Fault> {
    let name = name.to_owned();
    match flag.kind {
        Kind::Path => Ok(()),
        Kind::Text if value.to_str().is_some() => Ok(()),
        Kind::Text => Err(Fault::NotText(name)),
        Kind::Switch if value.to_str().and_then(truth).is_some() => Ok(()),
        Kind::Switch => Err(Fault::Switch { name, value: shown(value.as_bytes()) }),
        Kind::Number if value.to_str().and_then(number).is_some() => Ok(()),
        Kind::Number => Err(Fault::Number { name, value: shown(value.as_bytes()) }),
    }
}

/// Go's `strconv.ParseBool`.
fn truth(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// Go's `strconv.ParseInt` with base 0: a prefix gives the base, `_` may separate digits.
fn number(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, &lower[..]),
    };
    let separated = base == 10 && digits.starts_with('_') || digits.ends_with('_');
    // A second sign would be read by `from_str_radix`.
    if separated || digits.contains("__") || digits.starts_with(['+', '-']) {
        return None;
    }
    i64::from_str_radix(&format!("{sign}{}", digits.replace('_', "")), base).ok()
}

/// The items of a list with commas between.
fn items(text: &str) -> Vec<String> {
    text.split(',').map(|item| item.trim().to_owned()).collect()
}
