//! Standing in line.

use arena_bots::common::{HeroId, Mode, Region};
use arena_bots::match_making::{MatchMaker, MatchSeatAcceptArgs, QueueError};
use arena_bots::world::{TravelError, ZoneId};

use crate::game::{Player, play, thrown};

const HERO: HeroId = HeroId(1);

fn accepts(player: &Player, accepts: bool) {
    player
        .client
        .answer(move |_: MatchSeatAcceptArgs| async move { accepts });
}

#[test]
fn one_stands_in_one_line_at_a_time() {
    play(async |game| {
        let one = game.player(1).await;
        let seat = one.avatar().seat();
        let waiting = seat.enter(Mode::Duel, HERO, false).await.unwrap();
        assert_eq!((waiting.mode, waiting.found), (Mode::Duel, 1));
        let twice = thrown(seat.enter(Mode::Pairs, HERO, false).await);
        assert_eq!(twice, QueueError::AlreadyWaiting);
        let stays = thrown(one.avatar().transform().travel(ZoneId(1)).await);
        assert_eq!(stays, TravelError::InLine);
        let stats = game
            .link()
            .await
            .service::<MatchMaker>()
            .stats(Region::Europe)
            .await;
        assert!(stats.is_err(), "queues are for those with a session");
        let stats = one
            .client
            .service::<MatchMaker>()
            .stats(Region::Europe)
            .await
            .unwrap();
        assert_eq!(stats[0].waiting, 1);
    });
}

#[test]
fn heroes_must_be_owned_and_parties_led() {
    play(async |game| {
        let one = game.player(1).await;
        let seat = one.avatar().seat();
        let hero = HeroId(77);
        let foreign = thrown(seat.enter(Mode::Duel, hero, false).await);
        assert_eq!(foreign, QueueError::HeroNotOwned { hero });
        let alone = thrown(seat.enter(Mode::Duel, HERO, true).await);
        assert!(matches!(alone, QueueError::Party(_)), "{alone:?}");
    });
}

#[test]
fn who_declines_is_out_and_the_other_one_stays_in_line() {
    play(async |game| {
        let (one, other) = game.two().await;
        accepts(&one, true);
        accepts(&other, false);
        for player in [&one, &other] {
            player
                .avatar()
                .seat()
                .enter(Mode::Duel, HERO, false)
                .await
                .unwrap();
        }
        let by_one = one.until(|known| known.called_off).await;
        let by_other = other.until(|known| known.called_off).await;
        assert_eq!((by_one, by_other), (false, true));
        let still = thrown(one.avatar().seat().enter(Mode::Duel, HERO, false).await);
        assert_eq!(still, QueueError::AlreadyWaiting);
        accepts(&other, true);
        other
            .avatar()
            .seat()
            .enter(Mode::Duel, HERO, false)
            .await
            .unwrap();
        let tickets = [
            one.until(|known| known.ticket.clone()).await,
            other.until(|known| known.ticket.clone()).await,
        ];
        assert_eq!(tickets[0].battle, tickets[1].battle);
        assert_ne!(tickets[0].seal, tickets[1].seal);
    });
}

#[test]
fn who_leaves_is_not_asked() {
    play(async |game| {
        let (one, other) = game.two().await;
        accepts(&one, true);
        accepts(&other, true);
        one.avatar()
            .seat()
            .enter(Mode::Duel, HERO, false)
            .await
            .unwrap();
        one.avatar().seat().leave().unwrap();
        let stats = async || {
            let lines = one
                .client
                .service::<MatchMaker>()
                .stats(Region::Europe)
                .await;
            lines.unwrap()[0].waiting
        };
        while stats().await > 0 {
            tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        }
        other
            .avatar()
            .seat()
            .enter(Mode::Duel, HERO, false)
            .await
            .unwrap();
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        assert!(other.mirror.with(|known| known.ticket.is_none()));
    });
}
