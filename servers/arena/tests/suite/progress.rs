//! Quests.

use arena_bots::common::Reward;
use arena_bots::world::QuestError;

use crate::game::{play, thrown};

#[test]
fn a_quest_is_taken_done_and_paid_once() {
    play(async |game| {
        let one = game.player(1).await;
        let progress = one.avatar().progress();
        progress.take_quest(3).await.unwrap();
        let reward = progress.finish_quest(3).await.unwrap();
        assert!(matches!(reward, Reward::Coins(_)), "{reward:?}");
        one.until(|known| (known.gold == 5).then_some(())).await;
        assert_eq!(
            thrown(progress.finish_quest(3).await),
            QuestError::UnknownQuest
        );
    });
}

#[test]
fn quests_that_are_not_to_be_had() {
    play(async |game| {
        let one = game.player(1).await;
        let progress = one.avatar().progress();
        assert_eq!(
            thrown(progress.take_quest(99).await),
            QuestError::UnknownQuest
        );
        progress.take_quest(2).await.unwrap();
        let missing = thrown(progress.finish_quest(2).await);
        assert_eq!(missing, QuestError::NotDone { missing: 2 });
    });
}
