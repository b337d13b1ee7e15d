//! Escapes and bracketed classes in Go's syntax, for the translator.

use std::fmt::Write as _;

use regex::Regex;

use super::translate::{Fault, Translator};

/// The names both engines know in `[[:name:]]`, with the same ASCII characters behind them.
const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

impl Translator<'_> {
    /// An escape outside of a class.
    pub(super) fn escape(&mut self, at: usize) -> Result<(), Fault> {
        let rest = self.remaining();
        if let Some(quoted) = rest.strip_prefix('Q') {
            let (text, length) =
                quoted.find("\\E").map_or((quoted, rest.len()), |end| (&quoted[..end], end + 3));
            text.chars().for_each(|character| self.literal(character));
            if text.is_empty() {
                // Nothing to repeat, where Go would repeat what stands before.
                self.no_atom();
            }
            self.skip(length);
            return Ok(());
        }
        let assertion = match rest.chars().next() {
            Some('A') => "\\A",
            Some('z') => "\\z",
            Some('b') => "(?-u:\\b)",
            Some('B') => "(?-u:\\B)",
            _ => "",
        };
        if !assertion.is_empty() {
            self.skip(1);
            self.out.push_str(assertion);
        } else if let Some(class) = self.named_class(at)? {
            self.out.push_str(&class);
        } else {
            let character = self.escaped_character(at)?;
            self.literal(character);
        }
        self.atom(1);
        Ok(())
    }

    /// `\d \s \w`, `\pL`, `\p{Greek}` and their negations, behind the backslash at `at`; `None` where it is something else.
    fn named_class(&mut self, at: usize) -> Result<Option<String>, Fault> {
        let rest = self.remaining();
        let class = match rest.chars().next() {
            Some('d') => "[0-9]",
            Some('D') => "[^0-9]",
            Some('s') => "[\\t\\n\\f\\r ]",
            Some('S') => "[^\\t\\n\\f\\r ]",
            Some('w') => "[0-9A-Za-z_]",
            Some('W') => "[^0-9A-Za-z_]",
            Some('p' | 'P') => return self.unicode_class(at).map(Some),
            _ => return Ok(None),
        };
        self.skip(1);
        Ok(Some(class.to_owned()))
    }

    /// A general category or a script. The `regex` crate knows more properties, hence the explicit `gc=` and `sc=`. (What
    /// remains of its surplus are short names of scripts: `Grek`.)
    fn unicode_class(&mut self, at: usize) -> Result<String, Fault> {
        let fault = Fault { reason: "unknown character class", position: at };
        let rest = self.remaining();
        let mut negative = rest.starts_with('P');
        let (mut name, length) = match rest[1..].chars().next() {
            None => return Err(fault),
            Some('{') => match rest[2..].split_once('}') {
                Some((name, _)) => (name, name.len() + 3),
                None => return Err(fault),
            },
            Some(letter) => (&rest[1..1 + letter.len_utf8()], 1 + letter.len_utf8()),
        };
        if let Some(plain) = name.strip_prefix('^') {
            (name, negative) = (plain, !negative);
        }
        let is_name =
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_- ".contains(&byte));
        let class = ["gc", "sc"]
            .map(|property| format!("\\{}{{{property}={name}}}", if negative { 'P' } else { 'p' }))
            .into_iter()
            .find(|class| is_name && Regex::new(class).is_ok())
            .ok_or(fault)?;
        self.skip(length);
        Ok(class)
    }

    /// The character an escape stands for, behind the backslash at `at`.
    fn escaped_character(&mut self, at: usize) -> Result<char, Fault> {
        let fault = Fault { reason: "invalid escape", position: at };
        let Some((_, character)) = self.rest.next() else { return Err(fault) };
        let code = match character {
            'a' => 0x07,
            'f' => 0x0C,
            'n' => 0x0A,
            'r' => 0x0D,
            't' => 0x09,
            'v' => 0x0B,
            'x' => return self.hex_character().ok_or(fault),
            // A single digit but zero would be a back reference.
            '0'..='7' => {
                let more = self
                    .remaining()
                    .bytes()
                    .take(2)
                    .take_while(|byte| (b'0'..=b'7').contains(byte))
                    .count();
                if character != '0' && more == 0 {
                    return Err(fault);
                }
                let digits = &self.remaining()[..more];
                self.skip(more);
                digits.bytes().fold(u32::from(character) - 0x30, |code, digit| {
                    code * 8 + u32::from(digit - b'0')
                })
            }
            other if other.is_ascii() && !other.is_ascii_alphanumeric() => return Ok(other),
            _ => return Err(fault),
        };
        char::from_u32(code).ok_or(fault)
    }

    /// The rest of `\xHH` or `\x{H…}`. Surrogates, which Go lets pass though no text contains one, are refused.
    fn hex_character(&mut self) -> Option<char> {
        let rest = self.remaining();
        let (digits, length) = match rest.strip_prefix('{') {
            Some(braced) => braced.split_once('}').map(|(digits, _)| (digits, digits.len() + 2))?,
            None => (rest.get(..2)?, 2),
        };
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let character = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
        self.skip(length);
        Some(character)
    }

    /// A class, whose `[` is at `at`.
    pub(super) fn class(&mut self, at: usize) -> Result<(), Fault> {
        self.out.push('[');
        if self.rest.next_if(|&(_, next)| next == '^').is_some() {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            let rest = self.remaining();
            if rest.is_empty() {
                return Err(Fault { reason: "missing `]`", position: at });
            }
            if rest.starts_with(']') && !first {
                self.skip(1);
                self.out.push(']');
                return Ok(());
            }
            first = false;
            if let Some(named) = rest.strip_prefix("[:")
                && let Some((name, _)) = named.split_once(":]")
            {
                self.posix_class(name)?;
            } else {
                self.class_item(at)?;
            }
        }
    }

    /// `[:alpha:]` or `[:^alpha:]` inside of a class.
    fn posix_class(&mut self, name: &str) -> Result<(), Fault> {
        if !POSIX.contains(&name.strip_prefix('^').unwrap_or(name)) {
            return Err(self.fault("unknown character class"));
        }
        write!(self.out, "[:{name}:]").expect("a string takes all text");
        self.skip(name.len() + 4);
        Ok(())
    }

    /// A named class, a character or a range inside of the class that began at `at`.
    fn class_item(&mut self, at: usize) -> Result<(), Fault> {
        let here = self.offset();
        let rest = self.remaining();
        if rest.starts_with('\\') && rest[1..].starts_with(['d', 'D', 's', 'S', 'w', 'W', 'p', 'P'])
        {
            self.skip(1);
            let class = self.named_class(here)?.unwrap_or_default();
            self.out.push_str(&class);
            return Ok(());
        }
        let low = self.class_character(at)?;
        let mut high = low;
        let after = self.remaining();
        if after.starts_with('-') && after.len() > 1 && !after.starts_with("-]") {
            self.skip(1);
            high = self.class_character(at)?;
        }
        if high < low {
            return Err(Fault { reason: "range out of order", position: here });
        }
        write!(self.out, "\\x{{{:x}}}-\\x{{{:x}}}", u32::from(low), u32::from(high))
            .expect("a string takes all text");
        Ok(())
    }

    /// One character of the class that began at `at`.
    fn class_character(&mut self, at: usize) -> Result<char, Fault> {
        match self.rest.next() {
            Some((here, '\\')) => self.escaped_character(here),
            Some((_, character)) => Ok(character),
            None => Err(Fault { reason: "missing `]`", position: at }),
        }
    }
}
