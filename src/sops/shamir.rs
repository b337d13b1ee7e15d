//! A data key split over key groups: Shamir's secret sharing over GF(2⁸), byte by byte.
//!
//! ```text
//! secret 61 00, threshold 2 of 3  →  32 ca 01   c7 8f 02   94 45 03
//! ```
//!
//! A share is one byte for each byte of the secret – the value of a random polynomial whose constant term
//! that byte is – and, as its last byte, the place at which the polynomials were evaluated: 1, 2, 3 … The
//! field is that of AES, x⁸+x⁴+x³+x+1 (SOPS' `shamir/shamir.go`, itself HashiCorp Vault's). Nothing here
//! tells whether shares belong together: what they combine to is only tried on the values of the file.
//!
//! Arithmetic takes the same time whatever the bytes are.

use zeroize::Zeroizing;

use crate::secret::{RandomSource, Secret};

/// Most shares that there can be: places are the bytes but 0, which holds the secret.
const MOST_SHARES: usize = 255;

/// Why a secret cannot be split or combined.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Fewer shares than needed to combine them again, or too many for the field.
    #[error(
        "a threshold of {threshold} does not go with {shares} key groups: it takes 2 at least, and as many groups"
    )]
    Threshold {
        /// How many shares are needed.
        threshold: usize,
        /// How many there are.
        shares: usize,
    },
    /// Shares that cannot come from one secret.
    #[error("the shares of the key groups do not belong together")]
    Inconsistent,
}

/// Splits a secret into `shares`, any `threshold` of which combine to it again.
pub fn split(
    secret: &[u8],
    shares: usize,
    threshold: usize,
    random: &mut dyn RandomSource,
) -> Result<Vec<Secret>, Error> {
    if threshold < 2 || shares < threshold || shares > MOST_SHARES {
        return Err(Error::Threshold { threshold, shares });
    }
    // One row for each power of x, the constant term first.
    let mut rows = vec![Zeroizing::new(secret.to_vec())];
    for _ in 1..threshold {
        let mut row = Zeroizing::new(vec![0; secret.len()]);
        random.fill(&mut row);
        rows.push(row);
    }
    let share = |place: u8| {
        let at = |byte| rows.iter().rev().fold(0, |sum, row| multiply(sum, place) ^ row[byte]);
        Secret::new((0..secret.len()).map(at).chain([place]).collect())
    };
    Ok((1..=shares as u8).map(share).collect())
}

/// Combines shares: all of them, also where fewer would do.
pub fn combine(shares: &[&Secret]) -> Result<Secret, Error> {
    let places: Vec<u8> =
        shares.iter().filter_map(|share| share.expose().last().copied()).collect();
    let length = shares.first().map_or(0, |share| share.len());
    let distinct = (1..places.len()).all(|index| !places[..index].contains(&places[index]));
    let alike = shares.iter().all(|share| share.len() == length) && !places.contains(&0);
    if shares.len() < 2 || length < 2 || !distinct || !alike {
        return Err(Error::Inconsistent);
    }
    let weights: Vec<u8> = (0..places.len()).map(|index| weight(&places, index)).collect();
    let byte = |at: usize| {
        let terms = shares.iter().zip(&weights);
        terms.fold(0, |sum, (share, weight)| sum ^ multiply(share.expose()[at], *weight))
    };
    Ok(Secret::new((0..length - 1).map(byte).collect()))
}

/// The Lagrange basis polynomial of one place, evaluated at 0.
fn weight(places: &[u8], index: usize) -> u8 {
    let others = places.iter().enumerate().filter(|(other, _)| *other != index);
    others.fold(1, |product, (_, place)| {
        multiply(product, multiply(*place, invert(*place ^ places[index])))
    })
}

/// Product in GF(2⁸).
fn multiply(a: u8, b: u8) -> u8 {
    (0..8).rev().fold(0, |product: u8, bit| {
        // Both masks are 0 or all ones, so that no branch depends on a secret.
        let reduce = (product >> 7).wrapping_neg() & 0x1b;
        let add = (b >> bit & 1).wrapping_neg() & a;
        product << 1 ^ reduce ^ add
    })
}

/// The inverse a²⁵⁴; 0 for 0, which has none.
fn invert(a: u8) -> u8 {
    let square = |a| multiply(a, a);
    // 254 = 2 + 4 + … + 128
    let mut power = a;
    (0..7).fold(1, |product, _| {
        power = square(power);
        multiply(product, power)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives the bytes that it holds, over and over.
    struct Fixed(Vec<u8>, usize);

    impl RandomSource for Fixed {
        fn fill(&mut self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0[self.1 % self.0.len()];
                self.1 += 1;
            }
        }
    }

    #[test]
    fn the_field_is_that_of_aes() {
        assert_eq!(multiply(0x57, 0x83), 0xc1);
        assert_eq!(invert(0x53), 0xca);
        assert!((1..=255).all(|a| multiply(a, invert(a)) == 1));
        assert_eq!(invert(0), 0);
    }

    #[test]
    fn shares_are_those_of_the_reference() {
        let shares = split(&[0x61, 0x00], 3, 2, &mut Fixed(vec![0x53, 0xca], 0)).unwrap();
        let bytes: Vec<&[u8]> = shares.iter().map(Secret::expose).collect();
        assert_eq!(bytes, [[0x32, 0xca, 1], [0xc7, 0x8f, 2], [0x94, 0x45, 3]]);
    }

    #[test]
    fn any_shares_that_are_enough_combine_to_the_secret_and_fewer_do_not() {
        let secret: Vec<u8> = (0..32).map(|byte| byte * 7 + 1).collect();
        let mut random = Fixed((0..=250).rev().collect(), 3);
        for (count, threshold) in [(2, 2), (3, 2), (3, 3), (5, 3), (255, 4)] {
            let shares = split(&secret, count, threshold, &mut random).unwrap();
            for start in 0..=(count - threshold).min(4) {
                let some: Vec<&Secret> = shares[start..start + threshold].iter().collect();
                assert_eq!(combine(&some).unwrap().expose(), secret);
            }
            assert_eq!(combine(&shares.iter().collect::<Vec<_>>()).unwrap().expose(), secret);
            if threshold > 2 {
                let few: Vec<&Secret> = shares[..threshold - 1].iter().collect();
                assert_ne!(combine(&few).unwrap().expose(), secret);
            }
        }
    }

    #[test]
    fn thresholds_that_cannot_be_met_are_refused() {
        for (shares, threshold) in [(2, 1), (1, 1), (2, 3), (256, 2), (3, 0)] {
            let refused = split(&[1], shares, threshold, &mut Fixed(vec![9], 0)).err().unwrap();
            assert_eq!(refused, Error::Threshold { threshold, shares });
        }
    }

    #[test]
    fn shares_that_do_not_belong_together_are_refused() {
        let share = |bytes: &[u8]| Secret::new(bytes.to_vec());
        let (one, two) = (share(&[5, 1]), share(&[6, 2]));
        for wrong in [
            vec![&one],
            vec![&one, &one],
            vec![&one, &share(&[6, 7, 2])],
            vec![&one, &share(&[6, 0])],
            vec![&share(&[1]), &share(&[2])],
        ] {
            assert_eq!(combine(&wrong).err(), Some(Error::Inconsistent));
        }
        assert!(combine(&[&one, &two]).is_ok());
    }
}
