//! The game `mygame`: its schemas are in `idl/`, what is generated from them in `src/generated/`.

pub mod generated;

use generated::mygame::{Inventory, Reward, Slot};

/// Puts what a player won into the inventory; a stack goes to `slot`.
///
/// # Errors
///
/// If the bag is full, or the stack breaks its bounds. Nothing has changed then.
pub fn receive(inventory: &mut Inventory, slot: Slot, reward: Reward) -> playhouse::Result<()> {
    match reward {
        Reward::Gold(amount) => inventory.set_gold(inventory.gold() + u64::from(amount)),
        Reward::Stack(stack) => {
            inventory.bag_mut().insert(slot, stack)?;
        }
        // What a newer schema has is kept and passed on, but means nothing here.
        Reward::Title { .. } | Reward::Nothing | Reward::Unknown(_) => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use playhouse::properties::{Consumer, Properties, Tags};
    use playhouse::{Limits, Reader, Writer};

    use super::*;
    use crate::generated::mygame::{AccountId, ItemId, Name, Player, Rarity, Stack};

    fn stack(count: u16) -> Stack {
        Stack {
            item: ItemId(7),
            count,
            rarity: Rarity::Rare,
        }
    }

    #[test]
    fn values_survive_the_wire() {
        let reward = Reward::Stack(stack(3));
        let bytes = playhouse::to_vec(&reward);
        let back: Reward = playhouse::from_slice(&bytes, &Limits::default()).unwrap();
        assert_eq!(back, reward);
    }

    #[test]
    fn bounds_are_checked_before_anything_is_built() {
        let bytes = playhouse::to_vec(&stack(1_000));
        let error = playhouse::from_slice::<Stack>(&bytes, &Limits::default()).unwrap_err();
        assert!(error.to_string().contains("count"), "{error}");
    }

    #[test]
    fn only_what_changed_travels() {
        let mut inventory = Inventory::default();
        receive(&mut inventory, Slot(0), Reward::Gold(5)).unwrap();
        receive(&mut inventory, Slot(2), Reward::Stack(stack(3))).unwrap();

        let mut changes = Writer::new();
        assert!(inventory.encode_changes(Consumer::Sync, Tags::ALL, &mut changes));
        inventory.clear_changes(Consumer::Sync);
        assert!(inventory.changed(Consumer::Sync).is_empty());

        let mut shown = Inventory::default();
        let limits = Limits::default();
        let mut reader = Reader::new(changes.as_bytes(), &limits);
        shown.apply(Tags::ALL, &mut reader).unwrap();
        assert_eq!(shown.gold(), 5);
        assert_eq!(shown.bag()[&Slot(2)], stack(3));
    }

    #[test]
    fn a_player_is_addressed_by_account() {
        let player = Player::new(Name("Ada".to_owned())).unwrap();
        assert_eq!(player.level(), 1);
        let (ada, eve) = (AccountId(7), AccountId(8));
        assert_ne!(Player::reference(ada), Player::reference(eve));
    }
}
