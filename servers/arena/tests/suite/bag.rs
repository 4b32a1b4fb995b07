//! Bags, wallets and letters.

use arena_bots::common::{BagSlot, Coins, Currency, ItemId, MailId, Price, Reward, Stack};
use arena_bots::mail::MailError;
use arena_bots::world::{Avatar, Inventory, TradeError, WalletError};
use arena_schema::world as server;
use playhouse_client::{FailureKind, Ref};

use crate::game::{Game, Player, failure, play, thrown};

const POTION: ItemId = ItemId(1);
const SWORD: ItemId = ItemId(3);

fn stack(item: ItemId, count: u32) -> Stack {
    Stack { item, count }
}

fn bag_of(player: &Player) -> Ref<Inventory> {
    Avatar::reference(player.account).in_slot(Avatar::BAG_SLOT)
}

const fn gold(amount: u64) -> Price {
    Price {
        currency: Currency::Gold,
        amount: Coins(amount),
    }
}

/// Puts something into a bag from the server's side, and waits until it is there.
async fn give(game: &Game, player: &Player, item: ItemId, count: u32) {
    let account = arena_schema::common::AccountId(player.account.0);
    let item = arena_schema::common::ItemId(item.0);
    game.inside(move || async move {
        let bag = server::Avatar::of(account).bag();
        let stack = arena_schema::common::Stack { item, count };
        bag.deliver(arena_schema::common::Reward::Stack(stack), "test")
            .unwrap();
        bag.contents().await.unwrap()
    })
    .await;
}

#[test]
fn a_trade_moves_stacks_and_costs_the_giver() {
    play(async |game| {
        let (one, other) = game.two().await;
        let bag = one.avatar().bag();
        let receipt = bag
            .trade(bag_of(&other), vec![stack(POTION, 3)])
            .await
            .unwrap();
        assert_eq!(
            (receipt.given, receipt.fee),
            (vec![stack(POTION, 3)], Coins(1))
        );
        one.until(|known| (known.bag[&BagSlot(0)].count == 7).then_some(()))
            .await;
        other
            .until(|known| (known.bag[&BagSlot(0)].count == 13).then_some(()))
            .await;
        let coins = one.avatar().wallet().balance().await.unwrap();
        assert_eq!(coins[&Currency::Gold], Coins(99));
    });
}

#[test]
fn trades_that_are_not_to_be_had() {
    play(async |game| {
        let (one, other) = game.two().await;
        let bag = one.avatar().bag();
        let trade = |to, give| bag.trade(to, give);

        let missing = thrown(trade(bag_of(&other), vec![stack(SWORD, 1)]).await);
        assert_eq!(missing, TradeError::NotThere { item: SWORD });
        let heavy = thrown(trade(bag_of(&other), vec![stack(POTION, 9_999)]).await);
        assert!(matches!(heavy, TradeError::TooHeavy { .. }), "{heavy:?}");
        let own = thrown(trade(bag_of(&one), vec![stack(POTION, 1)]).await);
        assert_eq!(own, TradeError::NotNearby);
        // Clients are not told of the vault, but anybody can make a number up.
        let vault = Avatar::reference(other.account).in_slot(3);
        let hidden = thrown(trade(vault, vec![stack(POTION, 1)]).await);
        assert_eq!(hidden, TradeError::NotNearby);
        other.travel(4).await;
        game.until_alone(&one, 2).await;
        let away = thrown(trade(bag_of(&other), vec![stack(POTION, 1)]).await);
        assert_eq!(away, TradeError::NotNearby);

        let held = bag.contents().await.unwrap();
        assert_eq!(held[&BagSlot(0)], stack(POTION, 10), "nothing was lost");
    });
}

#[test]
fn arguments_beyond_their_bounds_never_reach_the_bag() {
    play(async |game| {
        let (one, other) = game.two().await;
        let too_many = vec![stack(POTION, 1); 17];
        let refused = failure(one.avatar().bag().trade(bag_of(&other), too_many).await);
        assert_eq!(refused.kind(), FailureKind::Invalid, "{refused}");
    });
}

#[test]
fn what_finds_no_room_goes_by_mail_and_can_be_claimed_later() {
    play(async |game| {
        let (one, other) = game.two().await;
        give(game, &other, SWORD, 62).await;
        give(game, &other, SWORD, 1).await;
        // Another potion fits on a stack, another sword doesn't fit at all.
        give(game, &other, SWORD, 1).await;
        let bag = other.avatar().bag().contents().await.unwrap();
        assert_eq!(bag.len(), 64);
        let claim = || async { other.avatar().mailbox().claim(MailId(0)).await };
        assert!(matches!(
            thrown(claim().await),
            MailError::NoRoom { needed: 1 }
        ));

        let apples = bag
            .values()
            .find(|stack| stack.item == ItemId(2))
            .cloned()
            .unwrap();
        other
            .avatar()
            .bag()
            .trade(bag_of(&one), vec![apples])
            .await
            .unwrap();
        assert_eq!(claim().await.unwrap(), [Reward::Stack(stack(SWORD, 1))]);
        assert!(matches!(thrown(claim().await), MailError::NothingToClaim));
        let missing = other.avatar().mailbox().discard(MailId(77)).await;
        assert!(matches!(thrown(missing), MailError::NoSuchLetter));
        assert_eq!(other.avatar().bag().contents().await.unwrap().len(), 64);
    });
}

#[test]
fn the_shop_sells_at_its_price_to_those_who_can_pay() {
    play(async |game| {
        let one = game.player(1).await;
        let wallet = one.avatar().wallet();
        let bought = wallet.buy(1, gold(10)).await.unwrap();
        assert_eq!(bought, Reward::Stack(stack(POTION, 1)));
        one.until(|known| (known.bag[&BagSlot(0)].count == 11).then_some(()))
            .await;
        let changed = thrown(wallet.buy(1, gold(1)).await);
        assert_eq!(changed, WalletError::PriceChanged { now: gold(10) });
        let poor = thrown(wallet.buy(3, gold(150)).await);
        assert_eq!(poor, WalletError::TooPoor { missing: Coins(60) });
        assert_eq!(thrown(wallet.buy(99, gold(1)).await), WalletError::SoldOut);
        assert_eq!(wallet.balance().await.unwrap()[&Currency::Gold], Coins(90));
    });
}

#[test]
fn a_payment_counts_once() {
    play(async |game| {
        let one = game.player(1).await;
        let account = arena_schema::common::AccountId(one.account.0);
        game.inside(move || async move {
            let wallet = server::Avatar::of(account).wallet();
            for _ in 0..2 {
                let price = arena::tables::gold(40);
                wallet.credit(playhouse::Uuid([5; 16]), price).unwrap();
            }
            wallet.balance().await.unwrap()
        })
        .await;
        let coins = one.avatar().wallet().balance().await.unwrap();
        assert_eq!(coins[&Currency::Gold], Coins(140));
    });
}

#[test]
fn only_what_can_be_worn_is_worn() {
    play(async |game| {
        let one = game.player(1).await;
        let bag = one.avatar().bag();
        give(game, &one, SWORD, 2).await;
        assert_eq!(
            thrown(bag.wear(BagSlot(0), 0).await),
            TradeError::NotWearable
        );
        assert_eq!(
            thrown(bag.wear(BagSlot(50), 0).await),
            TradeError::NotWearable
        );
        assert_eq!(
            thrown(bag.wear(BagSlot(2), 1).await),
            TradeError::NotWearable
        );
        bag.wear(BagSlot(2), 0).await.unwrap();
        // The second one takes the first one's place, which goes back into the bag.
        bag.wear(BagSlot(3), 0).await.unwrap();
        let held = bag.contents().await.unwrap();
        assert_eq!(held.get(&BagSlot(2)), None);
        assert_eq!(held[&BagSlot(3)], stack(SWORD, 1));
    });
}
