//! Friends, parties, and whom one does not want to hear.

use std::collections::BTreeSet;

use arena_schema::common::{AccountId, Name, PARTY_MAX, PartyId};
use arena_schema::world::{Avatar, Bond, ChatError, Contact, Presence, Social};
use playhouse::{CallError, Cx, Failure, component};

use super::AvatarLogic;
use crate::away;

/// Friends and the party.
#[component(Social)]
#[derive(Debug, Default)]
pub struct SocialLogic {
    props: Social,
}

#[component(Social)]
impl SocialLogic {
    #[hook]
    async fn attached(&mut self, cx: &mut Cx) {
        away::stay(cx);
    }

    #[hook]
    async fn resumed(&mut self, cx: &mut Cx) {
        away::stay(cx);
    }

    #[hook]
    async fn lost(&mut self, cx: &mut Cx) {
        away::leave(cx, self, |social, cx| social.leave(cx));
    }

    #[rpc]
    async fn befriend(
        &mut self,
        cx: &mut Cx,
        whom: AccountId,
    ) -> Result<Bond, CallError<ChatError>> {
        let own = cx
            .key::<Avatar>()
            .filter(|own| *own != whom)
            .ok_or(ChatError::Blocked)?;
        let name = cx.with(|avatar: &mut AvatarLogic| avatar.name());
        let bond = self
            .props
            .contacts()
            .get(&whom)
            .map_or(Bond::Stranger, |contact| contact.bond);
        let bond = match bond {
            Bond::Blocked => return Err(ChatError::Blocked.into()),
            // The other one asked before.
            Bond::Friend => return Ok(bond),
            _ => Bond::Invited,
        };
        self.remember(whom, None, bond)?;
        Avatar::of(whom).social().befriended(own, name)?;
        Ok(bond)
    }

    #[rpc]
    async fn befriended(&mut self, cx: &mut Cx, by: AccountId, name: Name) -> Result<(), Failure> {
        let bond = self.props.contacts().get(&by).map(|contact| contact.bond);
        match bond {
            Some(Bond::Blocked) => Ok(()),
            // Both asked: each tells the other once, which ends here.
            Some(Bond::Invited) => {
                self.remember(by, Some(name), Bond::Friend)?;
                let own = cx.with(|avatar: &mut AvatarLogic| avatar.name());
                match cx.key::<Avatar>() {
                    Some(account) => Avatar::of(by).social().befriended(account, own),
                    None => Ok(()),
                }
            }
            Some(_) => self.remember(by, Some(name), Bond::Friend),
            None => self.remember(by, Some(name), Bond::Stranger),
        }
    }

    #[rpc]
    async fn forget(&mut self, _cx: &mut Cx, whom: AccountId) {
        self.props.contacts_mut().remove(&whom);
    }

    #[rpc]
    async fn show(&mut self, _cx: &mut Cx, presence: Presence) {
        self.props.set_presence(presence);
    }

    #[rpc]
    async fn invite(&mut self, cx: &mut Cx, whom: AccountId) -> Result<bool, CallError<ChatError>> {
        let own = cx
            .key::<Avatar>()
            .filter(|own| *own != whom)
            .ok_or(ChatError::Blocked)?;
        let name = cx.with(|avatar: &mut AvatarLogic| avatar.name());
        // A party bears the number of who began it.
        let party = self.props.party().unwrap_or(PartyId(own.0));
        if self.props.members().len() >= PARTY_MAX as usize {
            return Ok(false);
        }
        if !Avatar::of(whom).social().invited(own, name, party).await? {
            return Ok(false);
        }
        let mut members = self.props.members().clone();
        members.extend([own, whom]);
        self.join(Some(party), members.clone())?;
        for member in members.iter().filter(|member| **member != own) {
            Avatar::of(*member)
                .social()
                .regroup(Some(party), members.clone())?;
        }
        Ok(true)
    }

    #[rpc]
    async fn invited(
        &mut self,
        cx: &mut Cx,
        by: AccountId,
        name: Name,
        party: PartyId,
    ) -> Result<bool, CallError<ChatError>> {
        if !cx.has_session() {
            return Err(ChatError::NotOnline.into());
        }
        let contact = self.props.contacts().get(&by);
        if contact.is_some_and(|contact| contact.bond == Bond::Blocked) {
            return Err(ChatError::Blocked.into());
        }
        if self.props.party().is_some() {
            return Ok(false);
        }
        Ok(Social::join_party(cx, name, party).await?)
    }

    #[rpc]
    async fn regroup(
        &mut self,
        _cx: &mut Cx,
        party: Option<PartyId>,
        members: BTreeSet<AccountId>,
    ) -> Result<(), Failure> {
        self.join(party, members)
    }

    #[rpc]
    async fn part(&mut self, cx: &mut Cx) {
        self.leave(cx);
    }

    /// Leaves the party, and tells those who stay; one alone is no party.
    fn leave(&mut self, cx: &Cx) {
        let (Some(own), Some(party)) = (cx.key::<Avatar>(), self.props.party()) else {
            return;
        };
        let mut members = self.props.members().clone();
        members.remove(&own);
        let party = (members.len() > 1).then_some(party);
        for member in &members {
            let stay = party.map(|_| members.clone()).unwrap_or_default();
            let _unheard = Avatar::of(*member).social().regroup(party, stay);
        }
        let _fits = self.join(None, BTreeSet::new());
    }

    fn join(
        &mut self,
        party: Option<PartyId>,
        members: BTreeSet<AccountId>,
    ) -> Result<(), Failure> {
        self.props.members_mut().replace(members)?;
        self.props.set_party(party)?;
        Ok(())
    }

    fn remember(&mut self, whom: AccountId, name: Option<Name>, bond: Bond) -> Result<(), Failure> {
        let known = self.props.contacts().get(&whom).cloned();
        let contact = known.unwrap_or_else(|| Contact {
            name: Name("unknown".to_owned()),
            bond,
            last_seen: None,
            note: String::new(),
        });
        let contact = Contact {
            name: name.unwrap_or(contact.name),
            bond,
            ..contact
        };
        self.props.contacts_mut().insert(whom, contact)?;
        Ok(())
    }
}
