//! What fits into a bag and what can be taken out of it: plain arithmetic over places and stacks.
//!
//! Nothing here changes a bag. Each function says which places would change and how, so that a caller checks both
//! sides first and then applies all of it or nothing.

use std::collections::BTreeMap;

use arena_schema::common::{BagSlot, ItemId, Stack};
use arena_schema::world::BAG_MAX;

use crate::tables;

/// A bag as the schema has it.
pub type Places = BTreeMap<BagSlot, Stack>;

/// What a place holds afterwards; nothing if it is empty then.
pub type Change = (BagSlot, Option<Stack>);

/// How many of an item there are.
#[must_use]
pub fn count(bag: &Places, item: ItemId) -> u64 {
    bag.values()
        .filter(|stack| stack.item == item)
        .map(|stack| u64::from(stack.count))
        .sum()
}

/// The places that change when all of `wanted` are taken out.
///
/// # Errors
///
/// The first item of which there is not enough.
pub fn take(bag: &Places, wanted: &[Stack]) -> Result<Vec<Change>, ItemId> {
    let mut after = Overlay::over(bag);
    for stack in wanted {
        let mut left = stack.count;
        for &slot in bag.keys() {
            let Some(held) = after.at(slot).filter(|held| held.item == stack.item) else {
                continue;
            };
            let taken = left.min(held.count);
            after.set(slot, held.item, held.count - taken);
            left -= taken;
            if left == 0 {
                break;
            }
        }
        if left > 0 {
            return Err(stack.item);
        }
    }
    Ok(after.changes)
}

/// The places that change when `stacks` are put in, and what finds no room.
#[must_use]
pub fn put(bag: &Places, stacks: &[Stack]) -> (Vec<Change>, Vec<Stack>) {
    let mut after = Overlay::over(bag);
    let mut rest = Vec::new();
    for stack in stacks {
        let most = tables::item(stack.item).map_or(1, |item| item.stack_max);
        let mut left = stack.count;
        // Stacks of the same item are filled up before an empty place is taken.
        for fresh in [false, true] {
            for slot in (0..).take(BAG_MAX as usize).map(BagSlot) {
                if left == 0 {
                    break;
                }
                let held = match after.at(slot) {
                    Some(held) if held.item == stack.item && !fresh => held.count,
                    None if fresh => 0,
                    _ => continue,
                };
                let room = most.saturating_sub(held).min(left);
                if room > 0 {
                    after.set(slot, stack.item, held + room);
                    left -= room;
                }
            }
        }
        if left > 0 {
            rest.push(Stack {
                item: stack.item,
                count: left,
            });
        }
    }
    (after.changes, rest)
}

/// The bag in order of items, its stacks filled up.
#[must_use]
pub fn sorted(bag: &Places, descending: bool) -> Places {
    let mut counts = BTreeMap::<ItemId, u32>::new();
    for stack in bag.values() {
        *counts.entry(stack.item).or_default() += stack.count;
    }
    let stacks = counts.into_iter().flat_map(|(item, mut left)| {
        let most = tables::item(item).map_or(1, |item| item.stack_max);
        std::iter::from_fn(move || {
            let count = left.min(most);
            left -= count;
            (count > 0).then_some(Stack { item, count })
        })
    });
    let mut stacks: Vec<_> = stacks.collect();
    if descending {
        stacks.reverse();
    }
    (0..).map(BagSlot).zip(stacks).collect()
}

/// What all of it weighs.
#[must_use]
pub fn weight(stacks: &[Stack]) -> u32 {
    stacks.iter().fold(0, |sum, stack| {
        let each = tables::item(stack.item).map_or(1, |item| item.weight);
        sum.saturating_add(each.saturating_mul(stack.count))
    })
}

/// A bag with changes laid over it.
struct Overlay<'a> {
    bag: &'a Places,
    changes: Vec<Change>,
}

impl<'a> Overlay<'a> {
    const fn over(bag: &'a Places) -> Self {
        Self {
            bag,
            changes: Vec::new(),
        }
    }

    fn at(&self, slot: BagSlot) -> Option<Stack> {
        match self.changes.iter().find(|(changed, _)| *changed == slot) {
            Some((_, held)) => held.clone(),
            None => self.bag.get(&slot).cloned(),
        }
    }

    fn set(&mut self, slot: BagSlot, item: ItemId, count: u32) {
        let held = (count > 0).then_some(Stack { item, count });
        match self
            .changes
            .iter_mut()
            .find(|(changed, _)| *changed == slot)
        {
            Some((_, change)) => *change = held,
            None => self.changes.push((slot, held)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{POTION, SWORD};

    fn stack(item: ItemId, count: u32) -> Stack {
        Stack { item, count }
    }

    fn bag(stacks: &[Stack]) -> Places {
        (0..).map(BagSlot).zip(stacks.iter().cloned()).collect()
    }

    fn apply(bag: &mut Places, changes: Vec<Change>) {
        for (slot, held) in changes {
            match held {
                Some(held) => bag.insert(slot, held),
                None => bag.remove(&slot),
            };
        }
    }

    #[test]
    fn taking_goes_over_several_places() {
        let mut bag = bag(&[stack(POTION, 3), stack(SWORD, 1), stack(POTION, 4)]);
        let changes = take(&bag, &[stack(POTION, 5)]).unwrap();
        apply(&mut bag, changes);
        assert_eq!(count(&bag, POTION), 2);
        assert_eq!(count(&bag, SWORD), 1);
        assert_eq!(bag.len(), 2);
    }

    #[test]
    fn the_same_item_asked_for_twice_is_taken_twice() {
        let bag = bag(&[stack(POTION, 3)]);
        assert_eq!(
            take(&bag, &[stack(POTION, 2), stack(POTION, 2)]),
            Err(POTION)
        );
        assert!(take(&bag, &[stack(POTION, 2), stack(POTION, 1)]).is_ok());
    }

    #[test]
    fn what_is_not_there_is_named() {
        assert_eq!(take(&bag(&[]), &[stack(SWORD, 1)]), Err(SWORD));
    }

    #[test]
    fn putting_fills_stacks_first() {
        let most = tables::item(POTION).unwrap().stack_max;
        let mut bag = bag(&[stack(SWORD, 1), stack(POTION, most - 1)]);
        let (changes, rest) = put(&bag, &[stack(POTION, 3)]);
        apply(&mut bag, changes);
        assert_eq!(rest, []);
        assert_eq!(bag[&BagSlot(1)], stack(POTION, most));
        assert_eq!(bag[&BagSlot(2)], stack(POTION, 2));
    }

    #[test]
    fn a_full_bag_gives_the_rest_back() {
        let full = bag(&vec![stack(SWORD, 1); BAG_MAX as usize]);
        let (changes, rest) = put(&full, &[stack(SWORD, 2)]);
        assert_eq!((changes, rest), (vec![], vec![stack(SWORD, 2)]));

        let nearly = bag(&vec![stack(SWORD, 1); BAG_MAX as usize - 1]);
        let (changes, rest) = put(&nearly, &[stack(SWORD, 2)]);
        assert_eq!((changes.len(), rest), (1, vec![stack(SWORD, 1)]));
    }

    #[test]
    fn sorting_keeps_every_item() {
        let mixed = bag(&[stack(SWORD, 1), stack(POTION, 5), stack(POTION, 90)]);
        for descending in [false, true] {
            let after = sorted(&mixed, descending);
            assert_eq!(count(&after, POTION), 95);
            assert_eq!(count(&after, SWORD), 1);
        }
    }
}
