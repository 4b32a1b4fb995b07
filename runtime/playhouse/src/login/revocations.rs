//! Logins that count no more although their tokens have not expired.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use playhouse_wire::{EntityRef, Timestamp};

use super::claims::Claims;
use super::keys::{CLOCK_SKEW_MAX, TOKEN_TIME_MAX};

/// Most entities whose logins are revoked at the same time. Beyond it the one that was revoked first is forgotten, whose
/// tokens are the nearest to their end.
pub const REVOCATIONS_MAX: usize = 65_536;

/// Logins that count no more: for each entity the lowest number of a login that still does. A clone is the same.
///
/// It is what a node has heard, and a hint: a node that started since knows nothing of it. Whoever must be certain asks
/// where the login's number is kept. An entry is forgotten once every token that it speaks of has expired.
#[derive(Clone)]
pub struct Revocations {
    max: usize,
    table: Arc<Mutex<Table>>,
}

#[derive(Default)]
struct Table {
    least: HashMap<EntityRef, u64>,
    /// What was revoked, in that order. An entity that was revoked again is here again.
    order: VecDeque<Entry>,
}

struct Entry {
    at: Timestamp,
    entity: EntityRef,
    login_no: u64,
}

impl Revocations {
    fn with_room_for(max: usize) -> Self {
        Self {
            max,
            table: Arc::default(),
        }
    }

    /// From now on only logins of this entity with at least this number count.
    pub fn revoke_below(&self, entity: &EntityRef, login_no: u64, now: Timestamp) {
        let mut table = self.lock();
        let known = table.least.get(entity).copied().unwrap_or_default();
        if login_no <= known {
            return;
        }
        table.least.insert(entity.clone(), login_no);
        table.order.push_back(Entry {
            at: now,
            entity: entity.clone(),
            login_no,
        });
        table.forget(now, self.max);
    }

    /// How many entities have an entry.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().least.len()
    }

    /// Whether nothing was revoked of late.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether these claims count.
    #[must_use]
    pub fn allow(&self, claims: &Claims) -> bool {
        if claims.login_no == 0 {
            return true;
        }
        let table = self.lock();
        let least = table.least.get(&claims.entity);
        least.is_none_or(|least| claims.login_no >= *least)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Table> {
        // Nothing panics while it holds this lock.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Revocations {
    fn default() -> Self {
        Self::with_room_for(REVOCATIONS_MAX)
    }
}

impl Table {
    /// Forgets what has expired, and the oldest of what is too many. Entries of the order count too, so that revoking the
    /// same entity over and over costs no more than revoking many.
    fn forget(&mut self, now: Timestamp, max: usize) {
        while let Some(oldest) = self.order.front() {
            let is_over = oldest.at + TOKEN_TIME_MAX + CLOCK_SKEW_MAX < now;
            if !is_over && self.order.len() <= max {
                break;
            }
            if self.least.get(&oldest.entity) == Some(&oldest.login_no) {
                self.least.remove(&oldest.entity);
            }
            self.order.pop_front();
        }
    }
}

impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocations")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use playhouse_wire::{EntityKey, KeyPart};

    use super::super::{LOGIN_TIME, TokenKind};
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_000_000);

    fn entity(key: u64) -> EntityRef {
        EntityRef {
            package: 1,
            number: 2,
            slot: 0,
            key: EntityKey::new([KeyPart::Unsigned(key)]),
        }
    }

    fn allows(revocations: &Revocations, key: u64, login_no: u64) -> bool {
        revocations.allow(&Claims {
            entity: entity(key),
            login_no,
            issued: NOW,
            expires: NOW + LOGIN_TIME,
            kind: TokenKind::Login,
        })
    }

    #[test]
    fn older_logins_count_no_more_and_newer_ones_do() {
        let revocations = Revocations::default();
        revocations.revoke_below(&entity(1), 5, NOW);
        revocations.revoke_below(&entity(1), 3, NOW);
        assert!(!allows(&revocations, 1, 4));
        assert!(allows(&revocations, 1, 5));
        assert!(allows(&revocations, 2, 1), "somebody else");
        assert!(allows(&revocations, 1, 0), "from no login");
    }

    #[test]
    fn the_table_is_bounded_and_forgets_the_oldest() {
        let revocations = Revocations::with_room_for(3);
        for key in 1..=4 {
            revocations.revoke_below(&entity(key), 2, NOW);
        }
        assert_eq!(revocations.len(), 3);
        assert!(allows(&revocations, 1, 1));
        assert!(!allows(&revocations, 4, 1));
        for login_no in 3..1_000 {
            revocations.revoke_below(&entity(4), login_no, NOW);
        }
        assert!(revocations.lock().order.len() <= 3);
        assert!(!allows(&revocations, 4, 998));
    }

    #[test]
    fn what_has_expired_is_forgotten() {
        let revocations = Revocations::default();
        revocations.revoke_below(&entity(1), 2, NOW);
        let last = NOW + TOKEN_TIME_MAX + CLOCK_SKEW_MAX;
        revocations.revoke_below(&entity(2), 2, last);
        assert!(!allows(&revocations, 1, 1));
        let later = last + playhouse_wire::Duration::from_micros(1);
        revocations.revoke_below(&entity(3), 2, later);
        assert!(allows(&revocations, 1, 1));
        assert_eq!(revocations.len(), 2);
    }
}
