//! Identities: the secret side, which can only unwrap.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::ask::{self, Ask, Nobody};
use super::pool::{Pool, Reluctant};
use super::{Attempt, Error, Kind, Problem, Reason, Recipient, envelope, x25519};
use crate::secret::Secret;

/// The identities at hand and the places where more are, each of which is read once and not before it is needed.
///
/// It can be shared between threads; whoever has to be asked something is asked one thing at a time.
pub struct Identities {
    ask: Arc<dyn Ask>,
    at_hand: Pool,
    places: Vec<Place>,
    lookups: Vec<Lookup>,
    /// Whether the problems were told.
    warned: AtomicBool,
}

/// Adds what there is.
type ReadPlace = dyn Fn(&mut Pool) + Send + Sync;

/// Adds what there is for a recipient.
type ReadLookup = dyn Fn(&str, &mut Pool) + Send + Sync;

/// Somewhere to look when what was found before does not help.
struct Place {
    read: Box<ReadPlace>,
    found: OnceLock<Pool>,
}

/// Something that gives the identity of one recipient.
struct Lookup {
    read: Box<ReadLookup>,
    found: Mutex<Vec<(String, Arc<Pool>)>>,
}

/// An identity that was just made and is stored nowhere yet.
pub struct NewIdentity {
    /// Its public side.
    pub recipient: Recipient,
    /// Its secret side, `AGE-SECRET-KEY-1…`, without a line feed.
    pub text: Secret,
}

impl Default for Identities {
    fn default() -> Self {
        Identities::asking(Arc::new(Nobody))
    }
}

impl Identities {
    /// No identities, and nobody to ask.
    pub fn new() -> Self {
        Identities::default()
    }

    /// No identities, and somebody to ask for passphrases and for what plugins want to know.
    pub fn asking(ask: Arc<dyn Ask>) -> Self {
        let at_hand = Pool::new(ask.clone());
        let (places, lookups, warned) = (Vec::new(), Vec::new(), AtomicBool::new(false));
        Identities { ask, at_hand, places, lookups, warned }
    }

    /// Makes an X25519 identity. It does not become part of a pool.
    pub fn generate() -> NewIdentity {
        let (text, recipient) = x25519::generate();
        let recipient = Recipient::parse(&recipient).expect("an identity has a valid recipient");
        NewIdentity { recipient, text }
    }

    /// Adds the identities in `content`, which `origin` names; see [`Pool::add`].
    pub fn add(&mut self, content: &[u8], origin: &str) {
        self.at_hand.add(content, origin);
    }

    /// Adds a place that is read when no identity found before unwraps a data key by itself: after the
    /// places that were added earlier, and at most once.
    pub fn add_place(&mut self, read: impl Fn(&mut Pool) + Send + Sync + 'static) {
        self.places.push(Place { read: Box::new(read), found: OnceLock::new() });
    }

    /// Adds something that gives the identity of a recipient. It is called for one recipient of a file after
    /// the other until the data key is unwrapped, after all places were read, and at most once for each.
    pub fn add_lookup(&mut self, read: impl Fn(&str, &mut Pool) + Send + Sync + 'static) {
        self.lookups.push(Lookup { read: Box::new(read), found: Mutex::default() });
    }

    /// What could not be read in the places that were needed so far.
    pub fn problems(&self) -> Vec<Problem> {
        self.gather(|pool| pool.problems().cloned().collect())
    }

    /// The places that were needed so far and had nothing.
    pub fn absent(&self) -> Vec<String> {
        self.gather(|pool| pool.absences().to_vec())
    }

    /// The recipients of the identities that were found so far and can be used without asking anybody.
    pub fn recipients(&self) -> Vec<String> {
        self.gather(|pool| pool.recipients().map(str::to_owned).collect())
    }

    /// Unwraps a data key from its copies, given as recipient and armored age file.
    ///
    /// The copies that name the recipient of one of the identities are opened first, with that identity
    /// alone: two curve operations, however many copies and identities there are, and no further place is read. But
    /// what a file names is not authenticated, so if that fails every identity is tried on every copy. Only
    /// then somebody is asked, or a plugin started: at first for the copies that name them.
    pub fn unwrap(&self, copies: &[(&str, &str)]) -> Result<Secret, Error> {
        self.unwrap_share(copies).inspect_err(|_| self.explain())
    }

    /// As [`Identities::unwrap`], for one of several shares: a failure, which others may make up for, is not
    /// [explained](Identities::explain).
    pub fn unwrap_share(&self, copies: &[(&str, &str)]) -> Result<Secret, Error> {
        let read = self.places.iter().map(|place| place.pool(&self.ask));
        let mut places = std::iter::once(&self.at_hand).chain(read);
        if let Some(data_key) = places.find_map(|pool| pool.open_own(copies)) {
            return Ok(data_key);
        }
        for lookup in &self.lookups {
            for copy in copies {
                let pool = lookup.pool(copy.0.trim(), &self.ask);
                if let Some(data_key) = pool.open_own(copies) {
                    return Ok(data_key);
                }
            }
        }
        let looked_up = self.looked_up();
        let pools: Vec<&Pool> = self.found().chain(looked_up.iter().map(Arc::as_ref)).collect();
        self.unwrap_with(&pools, copies)
    }

    /// Tries everything on everything.
    fn unwrap_with(&self, pools: &[&Pool], copies: &[(&str, &str)]) -> Result<Secret, Error> {
        if pools.iter().all(|pool| pool.is_empty()) {
            return Err(Error::NoIdentity);
        }
        let mut attempts = Vec::new();
        for (recipient, armored) in copies {
            match envelope::open(armored, pools.iter().flat_map(|pool| pool.ready())) {
                Ok(data_key) => return Ok(data_key),
                Err(reason) => attempts.push(attempt(recipient, reason)),
            }
        }
        let reluctant: Vec<_> = pools.iter().flat_map(|pool| pool.reluctant()).collect();
        let mut tries = [true, false]
            .into_iter()
            .flat_map(|own| reluctant.iter().map(move |identity| (*identity, own)));
        tries
            .find_map(|(identity, own)| open_reluctantly(identity, own, copies, &mut attempts))
            .ok_or(Error::NotUnwrapped(attempts))
    }

    /// Tells what might explain that nothing could be unwrapped, once.
    pub fn explain(&self) {
        if !self.warned.swap(true, Ordering::Relaxed) {
            self.problems().iter().for_each(|problem| self.ask.warn(problem));
        }
    }

    /// What was read so far.
    fn found(&self) -> impl Iterator<Item = &Pool> {
        let places = self.places.iter().filter_map(|place| place.found.get());
        std::iter::once(&self.at_hand).chain(places)
    }

    /// What lookups gave so far.
    fn looked_up(&self) -> Vec<Arc<Pool>> {
        self.lookups.iter().flat_map(Lookup::pools).collect()
    }

    /// Something of all pools, in the order in which they were found, each item once.
    fn gather<T: PartialEq>(&self, items: impl Fn(&Pool) -> Vec<T>) -> Vec<T> {
        let mut gathered = Vec::new();
        let looked_up = self.looked_up();
        for item in self.found().chain(looked_up.iter().map(Arc::as_ref)).flat_map(items) {
            if !gathered.contains(&item) {
                gathered.push(item);
            }
        }
        gathered
    }
}

impl Place {
    /// What is there, read now if it was not read before.
    fn pool(&self, ask: &Arc<dyn Ask>) -> &Pool {
        self.found.get_or_init(|| {
            let mut pool = Pool::new(ask.clone());
            (self.read)(&mut pool);
            pool
        })
    }
}

impl Lookup {
    /// What there is for a recipient. Threads wait for each other here, so that nothing is looked up twice.
    fn pool(&self, recipient: &str, ask: &Arc<dyn Ask>) -> Arc<Pool> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, pool)) = found.iter().find(|(known, _)| known == recipient) {
            return pool.clone();
        }
        let mut pool = Pool::new(ask.clone());
        // It may ask somebody by itself.
        let turn = ask::turn();
        (self.read)(recipient, &mut pool);
        drop(turn);
        let pool = Arc::new(pool);
        found.push((recipient.to_owned(), pool.clone()));
        pool
    }

    fn pools(&self) -> Vec<Arc<Pool>> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.iter().map(|(_, pool)| pool.clone()).collect()
    }
}

/// Opens a copy with an identity that asks first: one that is its own, or one that is not. What stands in the way
/// becomes the reason why the copy could not be opened.
fn open_reluctantly(
    identity: &dyn Reluctant,
    own: bool,
    copies: &[(&str, &str)],
    attempts: &mut [Attempt],
) -> Option<Secret> {
    for (attempt, (recipient, armored)) in attempts.iter_mut().zip(copies) {
        let hopeless = matches!(attempt.reason, Reason::Damaged | Reason::TooLong(_));
        if hopeless || identity.answers_to(recipient.trim()) != own {
            continue;
        }
        match identity.open(armored) {
            Ok(data_key) => return Some(data_key),
            Err(Reason::NoMatch) => {}
            Err(reason) => attempt.reason = reason,
        }
    }
    None
}

/// Where nothing matches, the kind of the recipient may tell why.
fn attempt(recipient: &str, reason: Reason) -> Attempt {
    let reason = match (reason, Kind::of_recipient(recipient.trim())) {
        (Reason::NoMatch, Some(kind)) if !kind.is_usable() => Reason::Unsupported(kind),
        (reason, _) => reason,
    };
    Attempt { recipient: recipient.to_owned(), reason }
}

#[cfg(test)]
mod tests;
