//! TEST ONLY: random sources that give the same bytes every time.

use crate::secret::RandomSource;

/// A well-mixed generator with a fixed seed (SplitMix64).
pub(super) struct Mixed(pub(super) u64);

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

/// Gives out the bytes of a list again and again.
pub(super) struct Cycle(pub(super) Vec<u8>, pub(super) usize);

impl RandomSource for Cycle {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.0[self.1 % self.0.len()];
            self.1 += 1;
        }
    }
}

/// A time for certificates.
pub(super) const NOW: &str = "2031-01-02T03:04:05Z";
