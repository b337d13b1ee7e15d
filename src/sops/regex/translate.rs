//! One pass over a pattern in Go's syntax, writing it in the syntax of the `regex` crate: groups and repetitions.
//!
//! What a backslash or a bracket begins is read in [`super::escape`]. The result is meant for [`regex::Regex::new`],
//! which still refuses what is too large.

use std::iter::Peekable;
use std::str::CharIndices;

/// Go's limit on a repetition count, nested ones multiplied.
const MAX_REPEAT: u32 = 1000;

/// Translates `pattern`, or says what Go would not accept in it.
pub(super) fn translate(pattern: &str) -> Result<String, Fault> {
    Translator::new(pattern).run()
}

/// A refusal on its way out of the translator.
pub(super) struct Fault {
    /// See [`super::RegexError::Syntax`].
    pub(super) reason: &'static str,
    /// See [`super::RegexError::Syntax`].
    pub(super) position: usize,
}

/// An open group, or the pattern itself.
#[derive(Default)]
struct Group {
    /// What a repetition operator would apply to: the last atom, by the product of the repetition counts inside. None
    /// at the start, after `|` and, more strictly than in Go, after flags.
    last: Option<u32>,
    /// The largest weight of an atom in the group.
    weight: u32,
}

/// One pass over the pattern, writing the translation.
pub(super) struct Translator<'p> {
    /// What is left of the pattern.
    pub(super) rest: Peekable<CharIndices<'p>>,
    /// The whole pattern.
    pattern: &'p str,
    /// The translation so far.
    pub(super) out: String,
    /// The open groups; the first is the pattern itself.
    groups: Vec<Group>,
    /// Whether the token before was a repetition, upon which Go allows no other.
    repeated: bool,
}

impl<'p> Translator<'p> {
    /// At the start of `pattern`.
    fn new(pattern: &'p str) -> Self {
        Translator {
            rest: pattern.char_indices().peekable(),
            pattern,
            out: String::with_capacity(pattern.len()),
            groups: vec![Group::default()],
            repeated: false,
        }
    }

    /// Translates the whole pattern.
    fn run(mut self) -> Result<String, Fault> {
        while let Some((at, character)) = self.rest.next() {
            let repeated = std::mem::take(&mut self.repeated);
            match character {
                '(' => self.open(at)?,
                ')' => self.close(at)?,
                '|' => {
                    self.no_atom();
                    self.out.push('|');
                }
                '*' | '+' | '?' => self.repeat(at, repeated, &String::from(character), 1)?,
                '{' => match self.counts() {
                    Some(counts) => self.counted(at, repeated, counts)?,
                    None => self.literal('{'),
                },
                '[' => {
                    self.class(at)?;
                    self.atom(1);
                }
                '.' | '^' | '$' => {
                    self.out.push(character);
                    self.atom(1);
                }
                '\\' => self.escape(at)?,
                other => self.literal(other),
            }
        }
        if self.groups.len() > 1 {
            return Err(self.fault("missing `)`"));
        }
        Ok(self.out)
    }

    /// The innermost open group.
    fn group(&mut self) -> &mut Group {
        self.groups.last_mut().expect("the pattern itself is never closed")
    }

    /// Declares what was just written an atom.
    pub(super) fn atom(&mut self, weight: u32) {
        let group = self.group();
        group.last = Some(weight);
        group.weight = group.weight.max(weight);
    }

    /// Leaves nothing to repeat.
    pub(super) fn no_atom(&mut self) {
        self.group().last = None;
    }

    /// Writes a character that stands for itself.
    pub(super) fn literal(&mut self, character: char) {
        self.out.push_str(&regex::escape(character.encode_utf8(&mut [0; 4])));
        self.atom(1);
    }

    /// A fault at the present position.
    pub(super) fn fault(&mut self, reason: &'static str) -> Fault {
        let position = self.offset();
        Fault { reason, position }
    }

    /// Byte offset of what is left.
    pub(super) fn offset(&mut self) -> usize {
        self.rest.peek().map_or(self.pattern.len(), |&(at, _)| at)
    }

    /// What is left.
    pub(super) fn remaining(&mut self) -> &'p str {
        let offset = self.offset();
        &self.pattern[offset..]
    }

    /// Drops `bytes` of what is left; they must end at a character.
    pub(super) fn skip(&mut self, bytes: usize) {
        let offset = self.offset() + bytes;
        while self.rest.next_if(|&(at, _)| at < offset).is_some() {}
    }

    /// `(`, behind which may stand a name, flags, or one of the look-around forms that Go has not.
    fn open(&mut self, at: usize) -> Result<(), Fault> {
        let rest = self.remaining();
        if let Some(named) = rest.strip_prefix("?P<").or(rest.strip_prefix("?<")) {
            let fault = Fault { reason: "invalid group name", position: at };
            let Some((name, after)) = named.split_once('>') else { return Err(fault) };
            let is_word = !name.is_empty()
                && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
            if !is_word {
                return Err(fault);
            }
            self.skip(rest.len() - after.len());
        } else if rest.starts_with('?') {
            return self.flags(at);
        }
        // Nobody asks for captures, and the two engines differ on names.
        self.out.push_str("(?:");
        self.groups.push(Group::default());
        Ok(())
    }

    /// `(?flags)` or `(?flags:`. Where a flag is given twice the last one counts.
    fn flags(&mut self, at: usize) -> Result<(), Fault> {
        let fault = Fault { reason: "invalid or unsupported `(?` syntax", position: at };
        self.rest.next();
        let (mut states, mut negative, mut seen) = ([None; 3], false, false);
        let opens = loop {
            let Some((_, character)) = self.rest.next() else { return Err(fault) };
            match character {
                // Greed does not change whether there is a match.
                'U' => seen = true,
                'i' | 'm' | 's' => {
                    states[usize::from(character == 'm') + 2 * usize::from(character == 's')] =
                        Some(!negative);
                    seen = true;
                }
                '-' if !negative => (negative, seen) = (true, false),
                ':' | ')' if seen || !negative => break character == ':',
                _ => return Err(fault),
            }
        };
        let with = |state: bool| {
            "ims"
                .chars()
                .zip(states)
                .filter(move |(_, flag)| *flag == Some(state))
                .map(|(name, _)| name)
        };
        // Go would repeat what stands before the flags.
        self.no_atom();
        let off: String = with(false).collect();
        let flags = with(true).collect::<String>() + if off.is_empty() { "" } else { "-" } + &off;
        if opens {
            self.out.push_str(&format!("(?{flags}:"));
            self.groups.push(Group::default());
        } else if !flags.is_empty() {
            self.out.push_str(&format!("(?{flags})"));
        }
        Ok(())
    }

    /// `)`.
    fn close(&mut self, at: usize) -> Result<(), Fault> {
        if self.groups.len() == 1 {
            return Err(Fault { reason: "unexpected `)`", position: at });
        }
        let weight = self.group().weight.max(1);
        self.groups.pop();
        self.out.push(')');
        self.atom(weight);
        Ok(())
    }

    /// Appends a repetition to the last atom; `count` is how often it may repeat it, for the limit.
    fn repeat(
        &mut self,
        at: usize,
        repeated: bool,
        operator: &str,
        count: u32,
    ) -> Result<(), Fault> {
        // Lazy or greedy makes no difference to whether there is a match.
        self.rest.next_if(|&(_, next)| next == '?');
        if repeated {
            return Err(Fault { reason: "repetition of a repetition", position: at });
        }
        let Some(weight) = self.group().last else {
            return Err(Fault { reason: "nothing to repeat", position: at });
        };
        let weight = weight * count;
        if weight > MAX_REPEAT {
            return Err(Fault { reason: "repetition count over 1000", position: at });
        }
        self.out.push_str(operator);
        self.atom(weight);
        self.repeated = true;
        Ok(())
    }

    /// Takes `n}`, `n,}` or `n,m}`; anything else leaves the brace a literal. Leading zeros are such a thing.
    fn counts(&mut self) -> Option<(&'p str, &'p str)> {
        let (counts, _) = self.remaining().split_once('}')?;
        let (min, max) = counts.split_once(',').unwrap_or((counts, counts));
        let is_number = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_digit())
                && (text == "0" || !text.starts_with('0'))
        };
        if !is_number(min) || !(max.is_empty() || is_number(max)) {
            return None;
        }
        self.skip(counts.len() + 1);
        Some((min, max))
    }

    /// A counted repetition; `max` is empty where there is no limit.
    fn counted(
        &mut self,
        at: usize,
        repeated: bool,
        (min, max): (&str, &str),
    ) -> Result<(), Fault> {
        let number = |text: &str| text.parse::<u32>().ok().filter(|count| *count <= MAX_REPEAT);
        let fault = Fault { reason: "repetition count over 1000 or out of order", position: at };
        let (Some(low), Some(high)) =
            (number(min), if max.is_empty() { Some(MAX_REPEAT) } else { number(max) })
        else {
            return Err(fault);
        };
        if low > high {
            return Err(fault);
        }
        let count = if max.is_empty() { low } else { high };
        self.repeat(at, repeated, &format!("{{{min},{max}}}"), count.max(1))
    }
}
