//! What a player did, as the player knows it: what was acknowledged has happened, what was only tried may have.

use std::collections::BTreeMap;

use playhouse_client::Uuid;

/// How often something was acknowledged, and how often it was tried.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) acknowledged: u64,
    pub(crate) tried: u64,
}

/// The book of one player.
#[derive(Debug, Clone, Default)]
pub(crate) struct Book {
    /// Potions that it began with.
    pub(crate) potions: u64,
    /// Gold that it began with.
    pub(crate) gold: u64,
    /// Potions that it gave away.
    pub(crate) given: Count,
    /// Potions that others gave it.
    pub(crate) received: Count,
    /// Payments, and whether they were acknowledged.
    pub(crate) payments: BTreeMap<Uuid, Payment>,
}

/// Gold for money: whoever takes the money asks until it is acknowledged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Payment {
    pub(crate) gold: u64,
    pub(crate) acknowledged: bool,
}

impl Book {
    /// The fewest and the most potions that it can have.
    pub(crate) fn potions(&self) -> (u64, u64) {
        let least = (self.potions + self.received.acknowledged).saturating_sub(self.given.tried);
        let most = (self.potions + self.received.tried).saturating_sub(self.given.acknowledged);
        (least, most)
    }

    /// The gold that it was paid, once all payments are acknowledged.
    pub(crate) fn paid(&self) -> u64 {
        self.payments.values().map(|payment| payment.gold).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_only_tried_widens_the_bounds_on_its_side() {
        let count = |acknowledged, tried| Count {
            acknowledged,
            tried,
        };
        let book = Book {
            potions: 5,
            given: count(2, 3),
            received: count(1, 4),
            ..Book::default()
        };
        assert_eq!(book.potions(), (3, 7));
    }
}
