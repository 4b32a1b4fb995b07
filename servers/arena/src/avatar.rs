//! A player, as long as they are not in battle: one file a component, and the avatar itself.

pub mod bag;
pub mod quests;

mod chat;
mod inventory;
mod mailbox;
mod progress;
mod seat;
mod social;
mod transform;
mod wallet;

use arena_schema::common::{AccountId, Name};
use arena_schema::world::{
    Avatar, AvatarLeaveArgs, Card, LobbyStub, NameError, Progress, Settings,
};
use playhouse::logic::EntitySchema;
use playhouse::{CallError, Cx, Duration, Failure, Reach, Ref, entity};

use crate::away;

pub use chat::ChatLogic;
pub use inventory::InventoryLogic;
pub use mailbox::MailboxLogic;
pub use progress::ProgressLogic;
pub use seat::MatchSeatLogic;
pub use social::SocialLogic;
pub use transform::TransformLogic;
pub use wallet::WalletLogic;

/// How long one keeps a name.
const RENAME_AFTER: Duration = Duration::from_seconds(10);
/// How long an avatar whose player never came is kept.
const STRANGER_KEPT: Duration = Duration::from_seconds(60);

/// A player's own entity.
#[entity(Avatar {
    transform: TransformLogic,
    bag: InventoryLogic,
    vault: InventoryLogic = InventoryLogic::locked(),
    wallet: WalletLogic,
    social: SocialLogic,
    chat: ChatLogic,
    progress: ProgressLogic,
    mailbox: MailboxLogic,
    seat: MatchSeatLogic,
})]
#[derive(Debug)]
pub struct AvatarLogic {
    props: Avatar,
}

#[entity(Avatar)]
impl AvatarLogic {
    #[hook]
    fn construct(account: AccountId) -> Self {
        Self {
            props: Avatar::new(guest_name(account))
                .expect("a guest's name is as long as names may be"),
        }
    }

    #[hook]
    async fn created(&mut self, cx: &mut Cx) {
        // Anybody may whisper to any number, which makes an avatar: those whose player never comes are let go.
        let _full = cx.timer(AvatarLeaveArgs {}).after(STRANGER_KEPT);
    }

    #[hook]
    async fn loaded(&mut self, cx: &mut Cx) {
        // It has moved here with its player, who has noticed nothing.
        if cx.has_session() {
            self.come(cx);
        }
    }

    #[hook]
    async fn attached(&mut self, cx: &mut Cx) {
        away::stay(cx);
        self.keep();
        self.come(cx);
    }

    #[hook]
    async fn resumed(&mut self, cx: &mut Cx) {
        away::stay(cx);
        self.come(cx);
    }

    #[hook]
    async fn lost(&mut self, cx: &mut Cx) {
        away::leave(cx, self, |_, cx| {
            if let Some(account) = cx.key::<Avatar>() {
                let _unheard = LobbyStub::of(cx.node().name()).went(account);
            }
        });
    }

    #[rpc]
    async fn rename(&mut self, cx: &mut Cx, name: Name) -> Result<(), CallError<NameError>> {
        if name == *self.props.name() {
            return Ok(());
        }
        let now = cx.utc();
        if let Some(renamed_at) = self.props.renamed_at() {
            let left = (renamed_at + RENAME_AFTER - now).as_micros();
            if left > 0 {
                let left = Duration::from_micros(left);
                return Err(NameError::TooSoon { left }.into());
            }
        }
        let is_allowed = |letter: char| letter.is_alphanumeric() || " -_'".contains(letter);
        if !name.0.chars().all(is_allowed) || name.0.trim() != name.0 {
            return Err(NameError::NotAllowed.into());
        }
        let before = self.name();
        self.props.set_name(name).map_err(Failure::from)?;
        if let Err(error) = cx.save(self).await {
            self.props.set_name(before).map_err(Failure::from)?;
            if error.is_taken("name") {
                return Err(NameError::Taken.into());
            }
            return Err(Failure::from(error).into());
        }
        self.props.set_renamed_at(Some(now));
        if let Some(account) = cx.key::<Avatar>() {
            let stub = LobbyStub::of(cx.node().name());
            let _unheard = stub.came(account, self.own_card(cx));
        }
        Ok(())
    }

    #[rpc]
    async fn configure(&mut self, _cx: &mut Cx, settings: Settings) -> Result<(), Failure> {
        Ok(self.props.set_settings(settings)?)
    }

    #[rpc]
    async fn look(&mut self, cx: &mut Cx, whom: Ref<Avatar>) -> Result<Card, Failure> {
        if Avatar::key(&whom.address().key) == cx.key::<Avatar>() {
            return Ok(self.own_card(cx));
        }
        whom.proxy().card().await
    }

    #[rpc]
    async fn card(&mut self, cx: &mut Cx) -> Card {
        self.own_card(cx)
    }

    #[rpc]
    async fn tell(&mut self, cx: &mut Cx, text: String, seconds: Option<u32>) {
        Avatar::notice(cx, text, seconds);
    }

    #[rpc]
    async fn leave(&mut self, cx: &mut Cx) {
        if !self.props.kept() {
            cx.destroy();
        }
    }

    /// It stays, though its player may not have come yet.
    pub fn keep(&mut self) {
        self.props.set_kept(true);
    }

    /// What others call them.
    #[must_use]
    pub fn name(&self) -> Name {
        self.props.name().clone()
    }

    /// Tells the node's lobby that the player is here.
    fn come(&self, cx: &Cx) {
        if let Some(account) = cx.key::<Avatar>() {
            let stub = LobbyStub::of(cx.node().name());
            let _unheard = stub.came(account, self.own_card(cx));
        }
    }

    fn own_card(&self, cx: &Cx) -> Card {
        let (level, titles) =
            cx.with(|progress: &mut Progress| (progress.level(), progress.titles().clone()));
        Card {
            name: self.name(),
            level,
            hero: self.props.shown_hero(),
            titles,
        }
    }
}

/// What somebody is called until they choose a name: short, and different for each account.
fn guest_name(account: AccountId) -> Name {
    let mut digits = Vec::new();
    let mut left = account.0;
    while left > 0 || digits.is_empty() {
        let digit = u32::try_from(left % 36).unwrap_or_default();
        digits.extend(char::from_digit(digit, 36));
        left /= 36;
    }
    Name(format!(
        "guest-{}",
        digits.into_iter().rev().collect::<String>()
    ))
}

#[cfg(test)]
mod tests {
    use arena_schema::common::NAME_MAX;

    use super::*;

    #[test]
    fn every_guest_has_a_name_of_their_own_that_fits() {
        for account in [1, 35, 36, u64::MAX] {
            let name = guest_name(AccountId(account));
            assert!(name.0.len() <= NAME_MAX as usize, "{name}");
        }
        assert_eq!(guest_name(AccountId(36)).0, "guest-10");
    }
}
