//! What is kept of players while the game is down, and what reaches those who aren't there.

use arena_bots::common::{AccountId, Coins, Currency, ItemId, MailId, Name, Reward, Stack};
use arena_bots::world::{NameError, Settings};
use arena_schema::account::Payments;
use playhouse::Uuid;

use crate::game::{Game, play_in, thrown};

const POTION: ItemId = ItemId(1);

/// Told by the payment provider.
async fn pay(game: &Game, payment: u8, account: AccountId, gold: u64) {
    let account = arena_schema::common::AccountId(account.0);
    let paid = game.inside(move || Payments::any().paid(Uuid([payment; 16]), account, gold));
    paid.await.unwrap();
}

#[test]
fn a_player_comes_back_to_what_was_left() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        volume: 7,
        ..Settings::default()
    };
    play_in(folder.path(), async |game| {
        let (one, other) = game.two().await;
        let potions = Stack {
            item: POTION,
            count: 4,
        };
        let bag = arena_bots::world::Avatar::reference(other.account)
            .in_slot(arena_bots::world::Avatar::BAG_SLOT);
        one.avatar().bag().trade(bag, vec![potions]).await.unwrap();
        one.avatar().rename(Name("Ada".to_owned())).await.unwrap();
        one.avatar().configure(settings.clone()).unwrap();
    });
    play_in(folder.path(), async |game| {
        let (one, other) = (game.player(1).await, game.player(2).await);
        let count = |player: &crate::game::Player| player.mirror.count(POTION);
        assert_eq!((count(&one), count(&other)), (6, 14));
        let card = one
            .avatar()
            .look(arena_bots::world::Avatar::reference(one.account));
        assert_eq!(card.await.unwrap().name.0, "Ada");
        let coins = one.avatar().wallet().balance().await.unwrap();
        assert_eq!(coins[&Currency::Gold], Coins(99));
    });
}

#[test]
fn of_two_who_want_a_name_one_gets_it() {
    let folder = tempfile::tempdir().unwrap();
    play_in(folder.path(), async |game| {
        let (one, other) = game.two().await;
        let name = || Name("Only".to_owned());
        let (first, second) = (one.avatar(), other.avatar());
        let (first, second) = tokio::join!(first.rename(name()), second.rename(name()));
        let refused = match (first, second) {
            (Ok(()), refused) | (refused, Ok(())) => refused,
            both => panic!("{both:?}"),
        };
        assert_eq!(thrown(refused), NameError::Taken);
    });
}

#[test]
fn a_payment_told_twice_is_credited_once_to_one_who_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut account = AccountId(0);
    play_in(folder.path(), async |game| {
        account = game.grant(1).await.1.account;
        for _ in 0..2 {
            pay(game, 1, account, 500).await;
        }
    });
    play_in(folder.path(), async |game| {
        pay(game, 1, account, 500).await;
        let player = game.player(1).await;
        player.until(|known| (known.gold >= 0).then_some(())).await;
        let coins = player.avatar().wallet().balance().await.unwrap();
        assert_eq!(coins[&Currency::Gold], Coins(600));
    });
}

#[test]
fn a_letter_waits_for_one_who_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let potion = Stack {
        item: POTION,
        count: 1,
    };
    play_in(folder.path(), async |game| {
        let one = game.player(1).await;
        let (_, absent) = game.grant(2).await;
        let bag = one.avatar().bag();
        bag.mail(absent.account, "a gift", vec![potion.clone()])
            .await
            .unwrap();
    });
    play_in(folder.path(), async |game| {
        let other = game.player(2).await;
        let letters = other.avatar().mailbox().contents().await.unwrap();
        let (id, letter) = letters.into_iter().next().unwrap();
        assert_eq!((id, letter.letter.subject.as_str()), (MailId(0), "a gift"));
        let claimed = other.avatar().mailbox().claim(id).await.unwrap();
        assert_eq!(claimed, [Reward::Stack(potion.clone())]);
        other
            .until(|known| {
                (known.bag.values().map(|stack| stack.count).sum::<u32>() > 10).then_some(())
            })
            .await;
    });
}
