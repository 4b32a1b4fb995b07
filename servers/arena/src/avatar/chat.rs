//! Saying things: near, in the party, and in somebody's ear.

use arena_schema::common::{AccountId, Line, Name};
use arena_schema::world::{
    Avatar, Bond, Channel, Chat, ChatError, EARSHOT, Social, Transform, Zone,
};
use playhouse::{CallError, Cx, Failure, Timestamp, component};

use super::AvatarLogic;
use crate::clock::Moment;

/// What nobody should have to read. A real game has a service for that.
const FOUL: [&str; 3] = ["darn", "heck", "noob"];

/// Somebody's voice and ears.
#[component(Chat)]
#[derive(Debug, Default)]
pub struct ChatLogic {
    props: Chat,
}

#[component(Chat)]
impl ChatLogic {
    #[hook]
    async fn loaded(&mut self, cx: &mut Cx) {
        // What is called in the party is for those who are in it, and each avatar tells its own player.
        if let Some(own) = cx.key::<Avatar>()
            && let Err(failure) = cx.observe(Avatar::reference(own).address(), "party")
        {
            tracing::warn!(%failure, "a player can't hear the party");
        }
    }

    #[rpc]
    async fn say(
        &mut self,
        cx: &mut Cx,
        channel: Channel,
        line: Line,
    ) -> Result<(), CallError<ChatError>> {
        if let Some(until) = self.props.muted_until()
            && Moment::now(cx).until(until).as_micros() > 0
        {
            return Err(ChatError::Muted { until: Some(until) }.into());
        }
        let own = cx.key::<Avatar>().ok_or(ChatError::NotOnline)?;
        let name = cx.with(|avatar: &mut AvatarLogic| avatar.name());
        let line = Line(filtered(&line.0));
        match channel {
            Channel::Nearby => {
                let zone = cx.with(|transform: &mut Transform| transform.zone());
                let near = Zone::of(zone).near(own, EARSHOT).await?;
                tell(near, own, &name, &channel, &line)?;
                Chat::said(cx, name, line);
            }
            Channel::Party => {
                let party =
                    cx.with(|social: &mut Social| (social.party(), social.members().clone()));
                let (Some(_), members) = party else {
                    return Err(ChatError::NoParty.into());
                };
                tell(members, own, &name, &channel, &line)?;
                Chat::called(cx, name, line);
            }
            // Nobody waits for themselves.
            Channel::Whisper(whom) if whom == own => return Err(ChatError::Blocked.into()),
            Channel::Whisper(whom) => Avatar::of(whom).chat().hear(own, name, line).await?,
            Channel::Unknown(_) => return Err(ChatError::NotOnline.into()),
        }
        Ok(())
    }

    #[rpc]
    async fn hear(
        &mut self,
        cx: &mut Cx,
        who: AccountId,
        name: Name,
        line: Line,
    ) -> Result<(), CallError<ChatError>> {
        // Whose link broke hears it later.
        if !cx.has_session() {
            return Err(ChatError::NotOnline.into());
        }
        if is_blocked(cx, who) {
            return Err(ChatError::Blocked.into());
        }
        Chat::whispered(cx, who, name, line);
        Ok(())
    }

    #[rpc]
    async fn overhear(
        &mut self,
        cx: &mut Cx,
        who: AccountId,
        name: Name,
        channel: Channel,
        line: Line,
    ) {
        if !cx.has_session() || is_blocked(cx, who) {
            return;
        }
        match channel {
            Channel::Party => Chat::called(cx, name, line),
            _ => Chat::said(cx, name, line),
        }
    }

    #[rpc]
    async fn mute(&mut self, _cx: &mut Cx, until: Timestamp, reason: String) {
        tracing::info!(%until, reason, "a player is muted");
        self.props.set_muted_until(Some(until));
    }

    /// Whether this player may not be heard now.
    #[must_use]
    pub fn is_muted(&self, now: Moment) -> bool {
        self.props
            .muted_until()
            .is_some_and(|until| now.until(until).as_micros() > 0)
    }
}

fn tell(
    whom: impl IntoIterator<Item = AccountId>,
    own: AccountId,
    name: &Name,
    channel: &Channel,
    line: &Line,
) -> Result<(), Failure> {
    for account in whom.into_iter().filter(|account| *account != own) {
        Avatar::of(account)
            .chat()
            .overhear(own, name.clone(), channel.clone(), line.clone())?;
    }
    Ok(())
}

fn is_blocked(cx: &mut Cx, who: AccountId) -> bool {
    cx.with(|social: &mut Social| {
        let contact = social.contacts().get(&who);
        contact.is_some_and(|contact| contact.bond == Bond::Blocked)
    })
}

/// The line with stars for what nobody should have to read.
fn filtered(line: &str) -> String {
    let words = line.split(' ').map(|word| {
        let bare = word
            .trim_matches(|letter: char| !letter.is_alphanumeric())
            .to_lowercase();
        match FOUL.contains(&bare.as_str()) {
            true => "*".repeat(word.chars().count()),
            false => word.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foul_words_become_stars_and_lines_keep_their_length() {
        assert_eq!(filtered("What the heck!"), "What the *****");
        assert_eq!(filtered("darnit  is fine"), "darnit  is fine");
        assert_eq!(filtered("NOOB"), "****");
    }
}
