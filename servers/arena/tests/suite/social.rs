//! Friends and parties, names and cards.

use arena_bots::common::{Line, Name};
use arena_bots::world::{
    Avatar, Bond, Channel, ChatError, NameError, SocialJoinPartyArgs, TravelError, ZoneId,
};
use playhouse_client::FailureKind;

use crate::game::{play, thrown};

#[test]
fn friends_are_those_who_both_asked() {
    play(async |game| {
        let (one, other) = game.two().await;
        let befriend = one.avatar().social().befriend(other.account).await;
        assert_eq!(befriend.unwrap(), Bond::Invited);
        other.avatar().social().befriend(one.account).await.unwrap();
        // Each side tells the other once; the second to ask hears it when the first one has.
        let bond = async || one.avatar().social().befriend(other.account).await.unwrap();
        while bond().await != Bond::Friend {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
        let own = one.avatar().social().befriend(one.account).await;
        assert_eq!(thrown(own), ChatError::Blocked);
    });
}

#[test]
fn a_party_talks_among_itself() {
    play(async |game| {
        let (one, other) = game.two().await;
        other.client.answer(|_: SocialJoinPartyArgs| async { true });
        assert!(one.avatar().social().invite(other.account).await.unwrap());
        other.travel(5).await;
        let line = Line("far but together".to_owned());
        one.avatar().chat().say(Channel::Party, line).await.unwrap();
        let heard = other.until(|known| known.heard.pop_front()).await;
        assert_eq!(heard, "far but together");
    });
}

#[test]
fn who_declines_or_says_nothing_is_in_no_party() {
    play(async |game| {
        let (one, other) = game.two().await;
        other
            .client
            .answer(|_: SocialJoinPartyArgs| async { false });
        assert!(!one.avatar().social().invite(other.account).await.unwrap());
        let nobody = arena_bots::common::AccountId(4711);
        assert_eq!(
            thrown(one.avatar().social().invite(nobody).await),
            ChatError::NotOnline
        );
        let refused = one
            .avatar()
            .chat()
            .say(Channel::Party, Line("hello?".to_owned()))
            .await;
        assert_eq!(thrown(refused), ChatError::NoParty);
    });
}

#[test]
fn names_are_chosen_and_seen_by_others() {
    play(async |game| {
        let (one, other) = game.two().await;
        one.avatar().rename(Name("Ada".to_owned())).await.unwrap();
        let card = other
            .avatar()
            .look(Avatar::reference(one.account))
            .await
            .unwrap();
        assert_eq!((card.name.0.as_str(), card.level), ("Ada", 1));
        let odd = other.avatar().rename(Name("A<b>".to_owned())).await;
        assert_eq!(thrown(odd), NameError::NotAllowed);
    });
}

#[test]
fn a_name_is_kept_for_a_while_and_has_its_length() {
    play(async |game| {
        let one = game.player(1).await;
        let long = crate::game::failure(one.avatar().rename(Name("x".repeat(21))).await);
        assert_eq!(long.kind(), FailureKind::Invalid, "{long}");
        one.avatar().rename(Name("Ada".to_owned())).await.unwrap();
        let soon = crate::game::failure(one.avatar().rename(Name("Eve".to_owned())).await);
        assert_eq!(soon.kind(), FailureKind::RateLimited, "{soon}");
    });
}

#[test]
fn travel_takes_a_zone_that_exists_and_a_level() {
    play(async |game| {
        let one = game.player(1).await;
        let travel = |zone| one.avatar().transform().travel(ZoneId(zone));
        assert_eq!(thrown(travel(999).await), TravelError::NoSuchZone);
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        assert_eq!(
            thrown(travel(17).await),
            TravelError::LevelTooLow { needed: 5 }
        );
    });
}
