//! Letters: the way things reach a player who may not be there, or whose bag is full.

use std::collections::BTreeMap;

use arena_schema::common::{MailId, Reward, Stack};
use arena_schema::mail::{
    LETTER_AGE_MAX, LETTERS_MAX, Letter, MailError, Mailbox, MailboxExpireArgs, Marks, StoredLetter,
};
use arena_schema::world::Avatar;
use playhouse::{CallError, Cx, Failure, component};

use super::{InventoryLogic, bag};

/// A player's letters.
#[component(Mailbox)]
#[derive(Debug, Default)]
pub struct MailboxLogic {
    props: Mailbox,
}

#[component(Mailbox)]
impl MailboxLogic {
    #[rpc]
    async fn open(&mut self, _cx: &mut Cx, id: MailId) {
        self.mark(id, Marks::OPENED, true);
    }

    #[rpc]
    async fn claim(
        &mut self,
        cx: &mut Cx,
        id: MailId,
    ) -> Result<Vec<Reward>, CallError<MailError>> {
        let stored = self
            .props
            .letters()
            .get(&id)
            .ok_or(MailError::NoSuchLetter)?;
        let attached = stored.letter.attachments.clone();
        if attached.is_empty() || stored.marks.contains(Marks::CLAIMED) {
            return Err(MailError::NothingToClaim.into());
        }
        let account = cx.key::<Avatar>().ok_or(MailError::NothingToClaim)?;
        let stacks: Vec<_> = attached.iter().filter_map(as_stack).collect();
        let (_, rest) = cx.with_slot(Avatar::BAG_SLOT, |bag: &mut InventoryLogic| {
            bag::put(bag.bag(), &stacks)
        });
        if !rest.is_empty() {
            let needed = u16::try_from(rest.len()).unwrap_or(u16::MAX);
            return Err(MailError::NoRoom { needed }.into());
        }
        let avatar = Avatar::of(account);
        for reward in &attached {
            match reward {
                Reward::Coins(price) => {
                    avatar.wallet().credit(cx.random().uuid(), price.clone())?
                }
                other => avatar.bag().deliver(other.clone(), "mail")?,
            }
        }
        self.mark(id, Marks::CLAIMED, true);
        Ok(attached)
    }

    #[rpc]
    async fn discard(&mut self, cx: &mut Cx, id: MailId) -> Result<(), CallError<MailError>> {
        self.props
            .letters_mut()
            .remove(&id)
            .ok_or(MailError::NoSuchLetter)?;
        cx.cancel_timers(u64::from(id.0));
        Ok(())
    }

    #[rpc]
    async fn star(&mut self, _cx: &mut Cx, id: MailId, on: bool) {
        self.mark(id, Marks::STARRED, on);
    }

    #[rpc]
    async fn deliver(
        &mut self,
        cx: &mut Cx,
        letter: Letter,
        campaign: Option<u32>,
    ) -> Result<(), Failure> {
        if let Some(campaign) = campaign
            && !self.props.campaigns_mut().insert(campaign)?
        {
            return Ok(());
        }
        self.make_room(cx);
        let id = self.props.next();
        self.props.set_next(MailId(id.0.wrapping_add(1)));
        let subject = letter.subject.clone();
        let marks = Marks(0);
        self.props
            .letters_mut()
            .insert(id, StoredLetter { letter, marks })?;
        cx.timer(MailboxExpireArgs { id })
            .key(u64::from(id.0))
            .after(LETTER_AGE_MAX)?;
        Mailbox::arrived(cx, id, subject);
        Ok(())
    }

    #[rpc]
    async fn contents(&mut self, _cx: &mut Cx) -> BTreeMap<MailId, StoredLetter> {
        self.props.letters().clone()
    }

    #[rpc]
    async fn expire(&mut self, _cx: &mut Cx, id: MailId) {
        self.props.letters_mut().remove(&id);
    }

    /// The oldest letter that is neither starred nor holds something goes first; if all do, the oldest of all.
    fn make_room(&mut self, cx: &mut Cx) {
        let letters = self.props.letters();
        if letters.len() < LETTERS_MAX as usize {
            return;
        }
        let dispensable = |stored: &StoredLetter| {
            let holds =
                !stored.letter.attachments.is_empty() && !stored.marks.contains(Marks::CLAIMED);
            !holds && !stored.marks.contains(Marks::STARRED)
        };
        let oldest = letters
            .iter()
            .find(|(_, stored)| dispensable(stored))
            .or_else(|| letters.iter().next())
            .map(|(&id, _)| id);
        if let Some(id) = oldest {
            self.props.letters_mut().remove(&id);
            cx.cancel_timers(u64::from(id.0));
        }
    }

    fn mark(&mut self, id: MailId, mark: Marks, on: bool) {
        let marked = self.props.letters_mut().update(&id, |stored| {
            stored.marks = if on {
                stored.marks | mark
            } else {
                Marks(stored.marks.0 & !mark.0)
            };
        });
        if !matches!(marked, Ok(true)) {
            tracing::debug!(%id, "there is no such letter to mark");
        }
    }
}

fn as_stack(reward: &Reward) -> Option<Stack> {
    match reward {
        Reward::Stack(stack) => Some(stack.clone()),
        Reward::Gear(gear) => Some(Stack {
            item: gear.item,
            count: 1,
        }),
        _ => None,
    }
}
