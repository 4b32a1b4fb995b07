//! Battles, from the ticket to the result at home.

use std::cell::RefCell;
use std::rc::Rc;

use arena::app::Rules;
use arena_bots::SCHEMA;
use arena_bots::battle::{
    CastError, PuppetBind, PuppetBindAgreeToSurrenderArgs, PuppetBindResultArgs,
    PuppetBindShoutedArgs, SpellSlot, Step, Target,
};
use arena_bots::common::{
    BattleResult, Coins, Currency, HeroId, Line, Mode, Outcome, Reward, Ticket,
};
use arena_bots::match_making::MatchSeatAcceptArgs;
use playhouse::Duration;
use playhouse_client::math::Vec2;
use playhouse_client::{CallError, Client, FailureKind, PublicKey, SessionReason};

use crate::game::{Game, Player, ended, play_by, play_sealed, thrown};

/// Somebody in a battle.
struct Fighter {
    client: Client,
    result: Rc<RefCell<Option<BattleResult>>>,
    heard: Rc<RefCell<Vec<String>>>,
}

fn short() -> Rules {
    Rules {
        battle_time: Duration::from_seconds(3),
        gather_time: Duration::from_seconds(2),
        ..Rules::default()
    }
}

/// Both stand in line and accept.
async fn tickets(one: &Player, other: &Player) -> [Ticket; 2] {
    for player in [one, other] {
        player
            .client
            .answer(|_: MatchSeatAcceptArgs| async { true });
        player
            .avatar()
            .seat()
            .enter(Mode::Duel, HeroId(1), false)
            .await
            .unwrap();
    }
    let own = one.until(|known| known.ticket.clone()).await;
    [own, other.until(|known| known.ticket.clone()).await]
}

impl Fighter {
    async fn enter(ticket: &Ticket) -> Self {
        let mut builder = Client::builder(&SCHEMA);
        if let Some(key) = &ticket.server_key {
            let key = PublicKey::from_bytes(key.0[..].try_into().unwrap());
            builder = builder.server_key(key).ticket(&ticket.seal);
        }
        let client = builder.connect(&ticket.addresses[0]).await.unwrap();
        let (result, heard) = (Rc::default(), Rc::default());
        let fighter = Self {
            client,
            result,
            heard,
        };
        let told = Rc::clone(&fighter.result);
        fighter.client.on(move |args: PuppetBindResultArgs| {
            *told.borrow_mut() = Some(args.result);
        });
        let heard = Rc::clone(&fighter.heard);
        fighter.client.on(move |args: PuppetBindShoutedArgs| {
            heard.borrow_mut().push(args.line.0);
        });
        fighter
            .client
            .answer(|_: PuppetBindAgreeToSurrenderArgs| async { false });
        fighter.client.open(&ticket.seal).await.unwrap();
        fighter
    }

    async fn result(&self) -> BattleResult {
        loop {
            if let Some(result) = self.result.borrow().clone() {
                return result;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    async fn cast(&self, spell: u8, x: f32) -> Result<Step, CallError<CastError>> {
        let at = Target::Point(Vec2 { x, y: 0.0 });
        self.client
            .entity::<PuppetBind>()
            .cast(SpellSlot(spell), at)
            .await
    }
}

#[test]
fn a_duel_is_fought_and_brings_gold_and_experience_home() {
    play_by(short(), async |game| {
        let (one, other) = game.two().await;
        let [dawn, dusk] = tickets(&one, &other).await;
        let (dawn, dusk) = (Fighter::enter(&dawn).await, Fighter::enter(&dusk).await);
        // Each walks into the other and strikes whoever is there.
        while dawn.result.borrow().is_none() {
            for fighter in [&dawn, &dusk] {
                let puppet = fighter.client.entity::<PuppetBind>();
                puppet.steer(Step(1), Vec2::default()).unwrap();
            }
            let _fizzles_while_far = dawn.cast(2, 0.0).await;
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        let results = [dawn.result().await, dusk.result().await];
        for (player, result) in [&one, &other].into_iter().zip(&results) {
            let rewards = player.until(|known| known.rewarded.pop_front()).await;
            assert_eq!(rewards, (result.battle, result.rewards.clone()));
            let Reward::Coins(price) = &result.rewards[0] else {
                panic!("{result:?}");
            };
            player.until(|known| (known.gold > 0).then_some(())).await;
            let coins = player.avatar().wallet().balance().await.unwrap();
            assert_eq!(coins[&Currency::Gold], Coins(100 + price.amount.0));
            let standing = player.avatar().progress().standing().await.unwrap();
            assert!(
                standing.experience >= 50 && standing.battles == 1,
                "{standing:?}"
            );
            let history = player.avatar().progress().battles(None, 10).await.unwrap();
            assert_eq!(history, std::slice::from_ref(result));
        }
        let outcomes = results.map(|result| result.outcome);
        assert!(
            outcomes.contains(&Outcome::Won) || outcomes == [Outcome::Drawn; 2],
            "{outcomes:?}"
        );
    });
}

#[test]
fn spells_are_checked_by_the_battle() {
    play_by(short(), async |game| {
        let (one, other) = game.two().await;
        let [dawn, dusk] = tickets(&one, &other).await;
        let dawn = Fighter::enter(&dawn).await;
        assert_eq!(thrown(dawn.cast(0, 0.0).await), CastError::NotFighting);
        let _dusk = Fighter::enter(&dusk).await;
        while let Err(error) = dawn.cast(0, 0.0).await {
            assert!(error.to_string().contains("not fighting"), "{error}");
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        let soon = thrown(dawn.cast(0, 0.0).await);
        assert!(matches!(soon, CastError::NotReady { .. }), "{soon:?}");
        let far = thrown(dawn.cast(1, 1_000.0).await);
        assert_eq!(far, CastError::OutOfRange);
    });
}

#[test]
fn a_fighters_link_is_encrypted_by_its_ticket() {
    play_sealed(short(), async |game| {
        let (one, other) = game.two().await;
        let [ticket, _] = tickets(&one, &other).await;
        assert!(ticket.server_key.is_some());
        let fighter = Fighter::enter(&ticket).await;
        assert_eq!(fighter.result().await.battle, ticket.battle);
        // With another key than that of the ticket nobody gets a link.
        let mut other = ticket.seal.clone();
        other.0[4] ^= 1;
        let key = PublicKey::from_bytes(ticket.server_key.unwrap().0[..].try_into().unwrap());
        let builder = Client::builder(&SCHEMA).server_key(key);
        let refused = builder.ticket(&other).connect(&ticket.addresses[0]);
        assert_eq!(refused.await.unwrap_err().kind(), FailureKind::Unreachable);
    });
}

#[test]
fn a_ticket_lets_its_bearer_in_and_nobody_else() {
    play_by(short(), async |game| {
        let (one, other) = game.two().await;
        let [ticket, _] = tickets(&one, &other).await;
        let fighter = Fighter::enter(&ticket).await;
        // The same ticket again takes over, as after a lost link.
        let again = Fighter::enter(&ticket).await;
        assert_eq!(ended(&fighter.client).await, SessionReason::Replaced);
        let mut forged = ticket.seal.clone();
        forged[2] ^= 1;
        let client = game.link().await;
        let refused = client.open(&forged).await.unwrap_err();
        assert_eq!(refused.kind(), FailureKind::Denied, "{refused}");
        // The other one never comes: after a while it begins without them.
        let result = again.result().await;
        assert_eq!(result.battle, ticket.battle);
        let late = client.open(&ticket.seal).await.unwrap_err();
        assert_eq!(late.kind(), FailureKind::Denied, "{late}");
    });
}

#[test]
fn a_battle_that_nobody_enters_is_called_off() {
    play_by(short(), async |game| {
        let (one, other) = game.two().await;
        let _unused = tickets(&one, &other).await;
        let (_, rewards) = one.until(|known| known.rewarded.pop_front()).await;
        assert_eq!(rewards, [Reward::Nothing]);
        assert_eq!(standing(&one).await, 0);
        // The ticket is over, too: both may stand in line again.
        one.avatar()
            .seat()
            .enter(Mode::Duel, HeroId(1), false)
            .await
            .unwrap();
    });
}

#[test]
fn one_alone_may_give_up_and_shouts_reach_ones_own_side() {
    play_by(short(), async |game: &Game| {
        let (one, other) = game.two().await;
        let [dawn, dusk] = tickets(&one, &other).await;
        let (dawn, dusk) = (Fighter::enter(&dawn).await, Fighter::enter(&dusk).await);
        dawn.client
            .entity::<PuppetBind>()
            .shout(Line("to me".to_owned()))
            .unwrap();
        while dawn.cast(0, 0.0).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        assert!(
            dawn.client
                .entity::<PuppetBind>()
                .surrender()
                .await
                .unwrap()
        );
        assert_eq!(dawn.result().await.outcome, Outcome::Lost);
        assert_eq!(dusk.result().await.outcome, Outcome::Won);
        assert_eq!(*dawn.heard.borrow(), ["to me"]);
        assert!(dusk.heard.borrow().is_empty());
    });
}

#[test]
fn who_falls_lies_for_a_while_and_rises_again() {
    let rules = Rules {
        battle_time: Duration::from_seconds(30),
        rise_time: Duration::from_seconds(1),
        points: 100,
        ..short()
    };
    play_by(rules, async |game| {
        let (one, other) = game.two().await;
        let [dawn, dusk] = tickets(&one, &other).await;
        let (dawn, dusk) = (Fighter::enter(&dawn).await, Fighter::enter(&dusk).await);
        for (fighter, x) in [(&dawn, 0.0), (&dusk, 1.0)] {
            let puppet = fighter.client.entity::<PuppetBind>();
            puppet.steer(Step(1), Vec2 { x, y: 0.0 }).unwrap();
        }
        let is_down = async || {
            let heal = dusk.cast(3, 0.0).await;
            matches!(heal, Err(CallError::Thrown(CastError::HeldBack { .. })))
        };
        while !is_down().await {
            for spell in 0..3 {
                let _fizzles_now_and_then = dawn.cast(spell, 1.0).await;
            }
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        }
        while is_down().await {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    });
}

async fn standing(player: &Player) -> u32 {
    player.avatar().progress().standing().await.unwrap().battles
}
