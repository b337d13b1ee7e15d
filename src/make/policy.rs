//! Policies: how a value is generated.
//!
//! `alnum:40`, the default, draws 40 characters of `A-Z a-z 0-9`: nothing that Flux would substitute
//! (`$`), that a URL or a shell gives a meaning, or that YAML would read as something else than text once
//! it is quoted. What is refused: fewer than 64 bits of entropy, and more than a Secret can hold.

use std::str::FromStr;

use zeroize::Zeroizing;

use crate::secret::{RandomSource, Secret};

/// The characters of `alnum`.
const ALNUM: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Random bytes from here on are drawn again: 256 is no multiple of 62, and the characters at the
/// beginning would come up more often.
const ACCEPTED: u8 = (256 / ALNUM.len() * ALNUM.len()) as u8;

/// The least entropy of a generated value in bits: out of reach of guessing online, and of most guessing
/// offline against a fast hash.
const LEAST_BITS: f64 = 64.0;

/// The most characters: what all values of a Kubernetes Secret may have together (1 MiB).
const MOST_CHARACTERS: usize = 1 << 20;

/// Why a text is no policy.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// No policy of this name. Its text is left out: it may be a value that was meant to be one.
    #[error("unknown policy; known is `alnum:LENGTH`")]
    Unknown,
    /// The length is no number, or more than a Secret can hold.
    #[error("policy `{text}`: the length has to be a number up to {MOST_CHARACTERS}")]
    Length {
        /// The policy as given.
        text: String,
    },
    /// The values would be too easy to guess.
    #[error(
        "policy `{text}`: {bits:.0} bits of entropy, at least {LEAST_BITS} are needed; take `alnum:{least}` or more"
    )]
    Weak {
        /// The policy as given.
        text: String,
        /// The entropy of its values.
        bits: f64,
        /// The shortest length that would do.
        least: usize,
    },
}

/// How a value is generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    /// So many characters of `A-Z a-z 0-9`, each as likely as any other.
    Alnum(usize),
}

impl Default for Policy {
    /// `alnum:40`: 238 bits.
    fn default() -> Self {
        Policy::Alnum(40)
    }
}

impl FromStr for Policy {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let Some(("alnum", length)) = text.split_once(':') else {
            return Err(Error::Unknown);
        };
        let is_number = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
        let length = length.parse().ok().filter(|length| is_number && *length <= MOST_CHARACTERS);
        let length: usize = length.ok_or_else(|| Error::Length { text: text.to_owned() })?;
        let bits = length as f64 * bits_per_character();
        if bits < LEAST_BITS {
            let least = (LEAST_BITS / bits_per_character()).ceil() as usize;
            return Err(Error::Weak { text: text.to_owned(), bits, least });
        }
        Ok(Policy::Alnum(length))
    }
}

impl Policy {
    /// A new value.
    pub(crate) fn generate(self, random: &mut dyn RandomSource) -> Secret {
        let Policy::Alnum(length) = self;
        let mut value = Vec::with_capacity(length);
        let mut drawn = Zeroizing::new([0; 64]);
        while value.len() < length {
            random.fill(drawn.as_mut());
            let accepted = drawn.iter().filter(|byte| **byte < ACCEPTED);
            let characters = accepted.map(|byte| ALNUM[usize::from(*byte) % ALNUM.len()]);
            // Never more than the capacity: a buffer that grows leaves its old bytes behind.
            value.extend(characters.take(length - value.len()));
        }
        Secret::new(value)
    }
}

fn bits_per_character() -> f64 {
    (ALNUM.len() as f64).log2()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives out the bytes of a list again and again.
    struct Cycle(Vec<u8>, usize);

    impl RandomSource for Cycle {
        fn fill(&mut self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0[self.1 % self.0.len()];
                self.1 += 1;
            }
        }
    }

    /// A well-mixed generator with a fixed seed (SplitMix64).
    struct Mixed(u64);

    impl RandomSource for Mixed {
        fn fill(&mut self, bytes: &mut [u8]) {
            for byte in bytes {
                self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                *byte = (mixed ^ (mixed >> 31)) as u8;
            }
        }
    }

    #[test]
    fn the_default_is_forty_letters_and_digits() {
        let value = Policy::default().generate(&mut Mixed(1));
        assert_eq!(value.len(), 40);
        assert!(value.expose().iter().all(u8::is_ascii_alphanumeric));
        assert_eq!("alnum:40".parse(), Ok(Policy::default()));
    }

    #[test]
    fn of_all_bytes_each_character_takes_four_and_the_rest_is_drawn_again() {
        // One round of all 256 bytes gives 62 × 4 characters; byte 248 and above give none.
        let mut source = Cycle((0..=255).collect(), 0);
        let value = Policy::Alnum(248).generate(&mut source);
        for character in ALNUM {
            let count = value.expose().iter().filter(|byte| *byte == character).count();
            assert_eq!(count, 4, "{}", char::from(*character));
        }
        assert_eq!(source.1, 256);
        let mut rejected = Cycle(vec![248, 255, 247], 0);
        assert_eq!(Policy::Alnum(11).generate(&mut rejected).expose(), [b'9'; 11]);
    }

    #[test]
    fn characters_are_uniform() {
        // χ² with 61 degrees of freedom is above 112.6 once in 20,000 times; the seed is fixed.
        const DRAWS: usize = 620_000;
        let value = Policy::Alnum(DRAWS).generate(&mut Mixed(42));
        let wanted = DRAWS as f64 / 62.0;
        let chi_squared: f64 = ALNUM
            .iter()
            .map(|character| value.expose().iter().filter(|byte| *byte == character).count())
            .map(|count| (count as f64 - wanted).powi(2) / wanted)
            .sum();
        assert!(chi_squared < 112.6, "{chi_squared}");
    }

    #[test]
    fn two_values_of_one_source_differ() {
        let mut source = Mixed(7);
        let first = Policy::default().generate(&mut source);
        assert!(first != Policy::default().generate(&mut source));
    }

    #[test]
    fn fewer_than_64_bits_are_refused() {
        assert_eq!("alnum:11".parse(), Ok(Policy::Alnum(11)));
        assert_eq!(
            "alnum:10".parse::<Policy>().unwrap_err().to_string(),
            "policy `alnum:10`: 60 bits of entropy, at least 64 are needed; take `alnum:11` or more"
        );
    }

    #[test]
    fn what_is_no_policy_is_refused_by_name() {
        let refusal = |text: &str| text.parse::<Policy>().unwrap_err().to_string();
        for text in ["", "alnum", "words:6", "Alnum:40", "40"] {
            assert_eq!(refusal(text), "unknown policy; known is `alnum:LENGTH`");
        }
        for length in ["", "x", "-1", "+40", " 40", "1048577", "99999999999999999999"] {
            assert_eq!(
                refusal(&format!("alnum:{length}")),
                format!("policy `alnum:{length}`: the length has to be a number up to 1048576")
            );
        }
    }
}
