//! Data keys and the master keys around them: from the copies in a file to the key, and back.

use super::cipher::DataKey;
use super::error::{Error, NotOpened};
use super::group::KeyGroup;
use super::metadata::{Metadata, WrappedGroup, WrappedKey};
use super::shamir;
use crate::keys::{self, Identities, Recipient};
use crate::secret::{RandomSource, Secret};

/// Unwraps the data key of a file, or as many of its shares as can be had.
pub(super) fn unwrap(metadata: &Metadata, identities: &Identities) -> Result<DataKey, Error> {
    let secret = match metadata.groups.as_slice() {
        [only] => open(only, identities).map_err(|reason| {
            identities.explain();
            match reason {
                NotOpened::Keys(error) => Error::Keys(error),
                NotOpened::Foreign(foreign) => Error::ForeignAlone(foreign),
            }
        })?,
        groups => {
            let opened: Vec<_> = groups.iter().map(|group| open(group, identities)).collect();
            let shares: Vec<&Secret> = opened.iter().filter_map(|one| one.as_ref().ok()).collect();
            // No polynomial of SOPS is constant: one share is never enough.
            let needed = metadata.threshold.max(2);
            if shares.len() < needed {
                identities.explain();
                let (recovered, all) = (shares.len(), groups.len());
                let missing = (0..).zip(opened).filter_map(|(at, one)| Some((at, one.err()?)));
                return Err(Error::Parts { recovered, all, needed, missing: missing.collect() });
            }
            shamir::combine(&shares)?
        }
    };
    DataKey::from_bytes(secret.expose()).map_err(Error::DataKey)
}

/// Wraps a data key for every recipient of every group.
pub(super) fn wrap(
    key: &DataKey,
    groups: &[KeyGroup],
    threshold: usize,
    random: &mut dyn RandomSource,
) -> Result<Vec<Vec<WrappedKey>>, Error> {
    refuse(groups)?;
    if let [only] = groups {
        return Ok(vec![wrap_for(key.expose(), &only.recipients)?]);
    }
    let shares = shamir::split(key.expose(), groups.len(), effective(threshold, groups), random)?;
    let pairs = shares.iter().zip(groups);
    pairs.map(|(share, group)| wrap_for(share.expose(), &group.recipients)).collect()
}

/// Wraps a data key for other groups than before. A recipient who could read the file keeps the copy,
/// and so do keys of other kinds, as long as there is one group: shares are made anew.
pub(super) fn rewrap(
    key: &DataKey,
    present: &[WrappedGroup],
    groups: &[KeyGroup],
    threshold: usize,
    random: &mut dyn RandomSource,
) -> Result<Vec<Vec<WrappedKey>>, Error> {
    let ([before], [after]) = (present, groups) else {
        refuse_foreign(present.iter().flat_map(|group| &group.foreign))?;
        return wrap(key, groups, threshold, random);
    };
    if after.is_empty() {
        return Err(Error::NoRecipients);
    }
    refuse_foreign(after.foreign.iter().filter(|foreign| !before.foreign.contains(foreign)))?;
    let named = |text: &str| after.recipients.iter().any(|recipient| recipient.text() == text);
    let mut kept: Vec<WrappedKey> =
        before.age.iter().filter(|copy| named(&copy.recipient)).cloned().collect();
    for recipient in &after.recipients {
        if !kept.iter().any(|copy| copy.recipient == recipient.text()) {
            kept.extend(wrap_for(key.expose(), std::slice::from_ref(recipient))?);
        }
    }
    Ok(vec![kept])
}

/// The threshold that a file is to state.
pub(super) fn stated(threshold: usize, groups: &[KeyGroup]) -> usize {
    if groups.len() > 1 { effective(threshold, groups) } else { threshold }
}

/// SOPS takes 0 for all groups.
fn effective(threshold: usize, groups: &[KeyGroup]) -> usize {
    if threshold == 0 { groups.len() } else { threshold }
}

fn open(group: &WrappedGroup, identities: &Identities) -> Result<Secret, NotOpened> {
    let copies: Vec<(&str, &str)> =
        group.age.iter().map(|copy| (copy.recipient.as_str(), copy.armored.as_str())).collect();
    if let (true, Some(foreign)) = (copies.is_empty(), group.foreign.first()) {
        return Err(NotOpened::Foreign(foreign.clone()));
    }
    identities.unwrap_share(&copies).map_err(NotOpened::Keys)
}

fn wrap_for(secret: &[u8], recipients: &[Recipient]) -> Result<Vec<WrappedKey>, Error> {
    let copy = |recipient: &Recipient| -> Result<WrappedKey, keys::Error> {
        let armored = recipient.wrap(secret)?;
        Ok(WrappedKey { recipient: recipient.text().to_owned(), armored })
    };
    Ok(recipients.iter().map(copy).collect::<Result<_, _>>()?)
}

fn refuse(groups: &[KeyGroup]) -> Result<(), Error> {
    refuse_foreign(groups.iter().flat_map(|group| &group.foreign))?;
    let nobody = groups.is_empty() || groups.iter().any(KeyGroup::is_empty);
    if nobody { Err(Error::NoRecipients) } else { Ok(()) }
}

fn refuse_foreign<'f>(
    mut foreign: impl Iterator<Item = &'f super::group::Foreign>,
) -> Result<(), Error> {
    foreign.next().map_or(Ok(()), |key| Err(Error::Foreign(key.clone())))
}
