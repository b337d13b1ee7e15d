//! A plain document with its metadata block still there: for people who want to see, or edit, both.

use std::collections::HashSet;

use super::error::Error;
use super::file::Unlocked;
use super::metadata::field;
use super::metadata::{self, Metadata};
use crate::document::{Document, Edits};
use crate::secret::RandomSource;

impl Unlocked<'_> {
    /// The plain document, the block left in it.
    pub fn decrypt_with_block(&self) -> Result<Document, Error> {
        self.plain_with(true, false, true).map(|(document, _)| document)
    }

    /// What became of [`Unlocked::decrypt_with_block`], encrypted again. What was changed in the block counts, too:
    /// another selection is applied, and who was taken out has no copy of the data key any more. MAC and time are
    /// made anew.
    pub fn encrypt_with_block_again(
        &self,
        shown: &Document,
        now: &str,
        random: &mut dyn RandomSource,
    ) -> Result<Document, Error> {
        if self.decrypt_with_block()?.source() == shown.source() {
            return self.unchanged();
        }
        let place = field::place(shown, 0).ok_or(metadata::Error::Removed)?;
        let block = field::read(shown, &place)?;
        let metadata = Metadata::of(&block, field::position(shown, &place))?;
        self.refuse_other_copies(&metadata)?;
        let mut edits = Edits::new(shown);
        field::remove_all(&mut edits, shown)?;
        let (plain, (_, stash)) = (edits.apply()?, self.plain_with(true, true, false)?);
        let scope = (&metadata.selection, metadata.mac_only_encrypted);
        self.seal_again(&plain, scope, stash, block, now, random)
    }

    /// Copies of the data key can be taken out, but only a recipient's own is of use to anybody.
    fn refuse_other_copies(&self, edited: &Metadata) -> Result<(), Error> {
        let copies = |metadata: &Metadata| -> HashSet<(String, String)> {
            let all = metadata.groups.iter().flat_map(|group| &group.age);
            all.map(|copy| (copy.recipient.clone(), copy.armored.clone())).collect()
        };
        let known = copies(self.metadata());
        let groups = edited.groups.len() == self.metadata().groups.len();
        if groups && copies(edited).is_subset(&known) {
            return Ok(());
        }
        Err(metadata::Error::Copies.into())
    }
}
