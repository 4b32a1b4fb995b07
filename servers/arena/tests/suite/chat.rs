//! Saying and hearing.

use arena_bots::common::Line;
use arena_bots::world::{Channel, ChatError, ZoneId};
use arena_schema::world::Avatar;
use playhouse::Timestamp;
use playhouse_client::FailureKind;
use playhouse_client::math::Vec2;

use crate::game::{failure, play, thrown};

fn line(text: &str) -> Line {
    Line(text.to_owned())
}

#[test]
fn neighbours_hear_and_foul_words_are_hidden() {
    play(async |game| {
        let (one, other) = game.two().await;
        one.avatar()
            .chat()
            .say(Channel::Nearby, line("what the heck"))
            .await
            .unwrap();
        for player in [&one, &other] {
            let heard = player.until(|known| known.heard.pop_front()).await;
            assert_eq!(heard, "what the ****");
        }
    });
}

#[test]
fn nobody_hears_from_afar_or_from_another_zone() {
    play(async |game| {
        let (one, other) = game.two().await;
        let stranger = game.player(3).await;
        stranger
            .avatar()
            .transform()
            .travel(ZoneId(3))
            .await
            .unwrap();
        // Out of earshot in a few strides, no longer than one may take at once.
        for stride in 1..=3 {
            let pos = Vec2 {
                x: 10.0 * stride as f32,
                y: 0.0,
            };
            other.avatar().transform().walk(pos, 0.0).unwrap();
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
        one.avatar()
            .chat()
            .say(Channel::Nearby, line("hello"))
            .await
            .unwrap();
        one.until(|known| known.heard.pop_front()).await;
        let whisper = one
            .avatar()
            .chat()
            .say(Channel::Whisper(other.account), line("psst"));
        whisper.await.unwrap();
        other.until(|known| known.whispers.pop_front()).await;
        assert_eq!(other.heard(), [""; 0]);
        assert_eq!(stranger.heard(), [""; 0]);
    });
}

#[test]
fn whispers_reach_one_and_only_who_is_there() {
    play(async |game| {
        let (one, other) = game.two().await;
        let say = |whom| {
            one.avatar()
                .chat()
                .say(Channel::Whisper(whom), line("psst"))
        };
        say(other.account).await.unwrap();
        let heard = other.until(|known| known.whispers.pop_front()).await;
        assert_eq!(heard, (one.account, "psst".to_owned()));
        let nobody = arena_bots::common::AccountId(12345);
        assert_eq!(thrown(say(nobody).await), ChatError::NotOnline);
        assert_eq!(thrown(say(one.account).await), ChatError::Blocked);
    });
}

#[test]
fn the_muted_are_told_until_when() {
    play(async |game| {
        let one = game.player(1).await;
        let account = arena_schema::common::AccountId(one.account.0);
        let until = Timestamp::from_micros(i64::MAX);
        game.inside(move || async move {
            Avatar::of(account).chat().mute(until, "shouts").unwrap();
            Avatar::of(account).card().await.unwrap()
        })
        .await;
        let refused = thrown(
            one.avatar()
                .chat()
                .say(Channel::Nearby, line("hello"))
                .await,
        );
        assert_eq!(refused, ChatError::Muted { until: Some(until) });
    });
}

#[test]
fn a_party_of_one_is_none() {
    play(async |game| {
        let one = game.player(1).await;
        let refused = one
            .avatar()
            .chat()
            .say(Channel::Party, line("anybody?"))
            .await;
        assert_eq!(thrown(refused), ChatError::NoParty);
    });
}

#[test]
fn a_flood_is_limited() {
    play(async |game| {
        let one = game.player(1).await;
        for _ in 0..5 {
            one.avatar()
                .chat()
                .say(Channel::Nearby, line("hello"))
                .await
                .unwrap();
        }
        let refused = failure(
            one.avatar()
                .chat()
                .say(Channel::Nearby, line("hello"))
                .await,
        );
        assert_eq!(refused.kind(), FailureKind::RateLimited, "{refused}");
    });
}
