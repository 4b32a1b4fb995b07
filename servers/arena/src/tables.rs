//! The game's data: items, offers, heroes, spells, quests and zones.
//!
//! A real game loads these from files that its designers write; the shape is the same.

use arena_schema::common::{Coins, Currency, HeroId, ItemId, Mode, Price, Reward, Stack, TextKey};
use arena_schema::world::{Goal, ZoneId};
use playhouse::Duration;

/// Heals a little.
pub const POTION: ItemId = ItemId(1);
/// Perishes after ten minutes.
pub const APPLE: ItemId = ItemId(2);
/// Worn in the right hand.
pub const SWORD: ItemId = ItemId(3);
/// Worn on the head.
pub const HELMET: ItemId = ItemId(4);

/// A row of the item table.
#[derive(Debug, Clone, Copy)]
pub struct Item {
    /// Which item.
    pub id: ItemId,
    /// How many lie in one place.
    pub stack_max: u32,
    /// What one weighs.
    pub weight: u32,
    /// Where it is worn, if it is.
    pub place: Option<u8>,
    /// When it perishes, if it does.
    pub spoils_after: Option<Duration>,
}

const ITEMS: [Item; 4] = [
    Item {
        id: POTION,
        stack_max: 99,
        weight: 1,
        place: None,
        spoils_after: None,
    },
    Item {
        id: APPLE,
        stack_max: 20,
        weight: 1,
        place: None,
        spoils_after: Some(Duration::from_seconds(600)),
    },
    Item {
        id: SWORD,
        stack_max: 1,
        weight: 20,
        place: Some(0),
        spoils_after: None,
    },
    Item {
        id: HELMET,
        stack_max: 1,
        weight: 10,
        place: Some(1),
        spoils_after: None,
    },
];

/// The row of an item.
#[must_use]
pub fn item(id: ItemId) -> Option<&'static Item> {
    ITEMS.iter().find(|item| item.id == id)
}

/// Something that is for sale.
#[derive(Debug, Clone, Copy)]
pub struct Offer {
    /// What one asks for.
    pub id: u32,
    /// What one gets.
    pub item: ItemId,
    /// How many of it.
    pub count: u32,
    /// What it costs, in gold.
    pub gold: u64,
}

const OFFERS: [Offer; 4] = [
    Offer {
        id: 1,
        item: POTION,
        count: 1,
        gold: 10,
    },
    Offer {
        id: 2,
        item: APPLE,
        count: 5,
        gold: 5,
    },
    Offer {
        id: 3,
        item: SWORD,
        count: 1,
        gold: 150,
    },
    Offer {
        id: 4,
        item: HELMET,
        count: 1,
        gold: 80,
    },
];

/// An offer by its number.
#[must_use]
pub fn offer(id: u32) -> Option<&'static Offer> {
    OFFERS.iter().find(|offer| offer.id == id)
}

impl Offer {
    /// What it costs.
    #[must_use]
    pub const fn price(&self) -> Price {
        gold(self.gold)
    }

    /// What one gets.
    #[must_use]
    pub const fn stack(&self) -> Stack {
        Stack {
            item: self.item,
            count: self.count,
        }
    }
}

/// An amount of gold.
#[must_use]
pub const fn gold(amount: u64) -> Price {
    Price {
        currency: Currency::Gold,
        amount: Coins(amount),
    }
}

/// The heroes that everybody may play from the beginning.
pub const STARTERS: [HeroId; 3] = [HeroId(1), HeroId(2), HeroId(3)];

/// What an avatar begins with.
pub const STARTING_GOLD: u64 = 100;
/// What an avatar begins with.
pub const STARTING_ITEMS: [Stack; 2] = [
    Stack {
        item: POTION,
        count: 10,
    },
    Stack {
        item: APPLE,
        count: 5,
    },
];

/// A row of the hero table.
#[derive(Debug, Clone, Copy)]
pub struct Hero {
    /// Health in full.
    pub health: u32,
    /// Mana in full.
    pub mana: u32,
    /// Metres a second.
    pub speed: f32,
}

/// The row of a hero. Whoever isn't in the table fights as the first one does.
#[must_use]
pub const fn hero(id: HeroId) -> Hero {
    match id.0 {
        2 => Hero {
            health: 130,
            mana: 80,
            speed: 5.0,
        },
        3 => Hero {
            health: 80,
            mana: 140,
            speed: 6.5,
        },
        _ => Hero {
            health: 100,
            mana: 100,
            speed: 6.0,
        },
    }
}

/// What a spell does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Effect {
    /// A flyer sets off and hurts whom it meets.
    Bolt,
    /// All enemies around a point are hurt at once.
    Blast {
        /// Metres around it.
        radius: f32,
    },
    /// One enemy is hurt.
    Strike,
    /// The caster is healed.
    Heal,
}

/// A row of the spell table.
#[derive(Debug, Clone, Copy)]
pub struct Spell {
    /// What it does.
    pub effect: Effect,
    /// How much of it.
    pub amount: u32,
    /// What it costs.
    pub mana: u32,
    /// Steps of the battle until it can be cast again.
    pub cooldown_steps: u32,
    /// How far it reaches, in metres.
    pub range: f32,
}

/// The four spells, by their place. All heroes have the same ones.
pub const SPELLS: [Spell; 4] = [
    Spell {
        effect: Effect::Bolt,
        amount: 20,
        mana: 8,
        cooldown_steps: 8,
        range: 24.0,
    },
    Spell {
        effect: Effect::Blast { radius: 5.0 },
        amount: 25,
        mana: 20,
        cooldown_steps: 30,
        range: 14.0,
    },
    Spell {
        effect: Effect::Strike,
        amount: 30,
        mana: 0,
        cooldown_steps: 16,
        range: 4.0,
    },
    Spell {
        effect: Effect::Heal,
        amount: 35,
        mana: 25,
        cooldown_steps: 80,
        range: 0.0,
    },
];

/// A row of the quest table.
#[derive(Debug, Clone)]
pub struct QuestRow {
    /// The key of its title.
    pub title: TextKey,
    /// What it asks for.
    pub goal: Goal,
    /// What it gives.
    pub reward: Reward,
    /// How long one has.
    pub lasts: Duration,
}

/// A quest by its number.
#[must_use]
pub fn quest(id: u32) -> Option<QuestRow> {
    let (title, goal, reward) = match id {
        1 => (
            "quest.first_duel",
            Goal::Win {
                mode: Mode::Duel,
                times: 1,
            },
            Reward::Coins(gold(50)),
        ),
        2 => (
            "quest.armed",
            Goal::AllOf(vec![Goal::Own(SWORD), Goal::Own(HELMET)]),
            Reward::Title { id: 1, until: None },
        ),
        3 => (
            "quest.provisions",
            Goal::AnyOf(vec![Goal::Own(POTION), Goal::ReachLevel(5)]),
            Reward::Coins(gold(5)),
        ),
        _ => return None,
    };
    Some(QuestRow {
        title: TextKey(title.to_owned()),
        goal,
        reward,
        lasts: Duration::from_seconds(24 * 3600),
    })
}

/// The level that a zone asks for; none if there is no such zone.
#[must_use]
pub const fn zone_level(zone: ZoneId) -> Option<u16> {
    match zone.0 {
        0..=16 => Some(1),
        17 => Some(5),
        _ => None,
    }
}

/// Half the length of a zone's side, in metres, from its middle.
pub const ZONE_HALF: f32 = 200.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sold_and_given_exists() {
        for offer in &OFFERS {
            assert!(item(offer.item).is_some(), "{offer:?}");
        }
        for stack in &STARTING_ITEMS {
            assert!(item(stack.item).is_some(), "{stack:?}");
        }
    }
}
