//! Keys without `?`: that there was one is seen at its `:` only.

use super::{Kind, Mark, Scanner, Token};

/// A key without `?` ends within so many characters.
const LONGEST_KEY: usize = 1024;

/// Where a key without `?` may begin.
#[derive(Clone, Copy)]
pub(super) struct SimpleKey {
    token: usize,
    start: Mark,
}

impl Scanner<'_> {
    /// Whether the token may be the start of a key, so that a `:` has to be looked for.
    pub(super) fn may_be_key(&mut self, token: usize) -> bool {
        let level = self.levels.get(&token).copied();
        level.is_some_and(|level| self.simple_key(level).is_some())
    }

    /// The possible key at a level, if it has not ended.
    pub(super) fn simple_key(&mut self, level: usize) -> Option<SimpleKey> {
        let mark = self.mark;
        let slot = self.simple_keys.get_mut(level)?;
        *slot =
            slot.filter(|key| key.start.line == mark.line && key.start.at + LONGEST_KEY >= mark.at);
        *slot
    }

    pub(super) fn save_simple_key(&mut self) {
        if self.simple_key_allowed {
            self.remove_simple_key();
            let level = self.simple_keys.len() - 1;
            let token = self.tokens.len();
            self.simple_keys[level] = Some(SimpleKey { token, start: self.mark });
            self.levels.insert(token, level);
        }
    }

    pub(super) fn remove_simple_key(&mut self) {
        if let Some(key) = self.simple_keys.last_mut().and_then(Option::take) {
            self.levels.remove(&key.token);
        }
    }

    pub(super) fn colon(&mut self) {
        let key = self.simple_key(self.simple_keys.len() - 1);
        match key {
            Some(SimpleKey { token, start }) => {
                self.tokens.insert(token, Token { kind: Kind::Key, start: start.at });
                self.roll(start, token, Kind::MappingStart);
                self.remove_simple_key();
                self.simple_key_allowed = false;
            }
            None => {
                self.roll(self.mark, self.tokens.len(), Kind::MappingStart);
                self.simple_key_allowed = self.flow_level == 0;
            }
        }
        self.indicator(Kind::Colon);
    }
}
