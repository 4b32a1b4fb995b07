//! Fighting: into the queue, over a second link into the battle, and home with gold and experience.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use playhouse_client::math::Vec2;
use playhouse_client::{Arguments, CallError, Client, FailureKind};
use tokio::time::{Instant, sleep};

use super::{Bot, connect, timed};
use crate::battle::{
    CastError, FlyerBurstsArgs, PuppetBind, PuppetBindAgreeToSurrenderArgs, PuppetBindProxy,
    PuppetBindResultArgs, PuppetCastsArgs, SpellSlot, Step, Target, VitalsHitArgs,
};
use crate::common::{BattleResult, HeroId, Mode, Outcome, Reward, Ticket};
use crate::meter::{Count, Gauge};
use crate::world::Standing;

/// How long a bot stands in line before it thinks better of it.
const QUEUE_TIME: Duration = Duration::from_secs(20);
/// How long a battle may last.
const BATTLE_TIME: Duration = Duration::from_secs(60);
/// How often it tries to get into a battle, if it is worth trying again.
const TRIES: u32 = 10;
/// How often it decides what to do.
const THINKS_EVERY: Duration = Duration::from_millis(100);
/// By how much the server's clock may differ from the bots': they are on one machine.
const CLOCKS_DIFFER: Duration = Duration::from_secs(1);

impl Bot {
    /// Stands in line, fights if there is somebody to fight, and checks what it gets.
    pub(super) async fn fight(self: &Rc<Self>) {
        self.pace("enter", 2).await;
        let mode = if self.random.chance(0.7) {
            Mode::Duel
        } else {
            Mode::Pairs
        };
        let hero = HeroId(1 + self.random.below(3) as u16);
        self.mirror.with(|known| {
            known.ticket = None;
            known.called_off = None;
        });
        let seat = self.avatar().seat();
        match timed(&self.meter, seat.enter(mode, hero, false)).await {
            Ok(waiting) => {
                self.expect(waiting.mode == mode, "a place in its line", || {
                    format!("{waiting:?}")
                });
            }
            // Those who let offers pass wait a while.
            Err(CallError::Thrown(crate::match_making::QueueError::Penalty { .. })) => return,
            Err(error) => {
                self.expect(false, "a place in line", || error.to_string());
                return;
            }
        }
        let Some(ticket) = self.wait_for_ticket().await else {
            return;
        };
        let before = self.standing().await;
        let purse = self.mirror.gold();
        let gauged = self.meter.gauge(Gauge::Fighting);
        let result = self.fight_with(&ticket).await;
        drop(gauged);
        match (result, before) {
            (Some(result), Some(before)) => {
                self.check_result(&ticket, &result, &before, purse).await;
            }
            // The battle goes on without this bot, and what it gives counts all the same.
            _ => {
                let rewards = self.rewards_of(&ticket, BATTLE_TIME).await;
                self.expect(rewards.is_some(), "a battle's rewards at home", || {
                    "none".to_owned()
                });
                self.earn(purse, &rewards.unwrap_or_default()).await;
            }
        }
    }

    /// The way into a battle; none if nobody was found, or if this bot didn't want to.
    async fn wait_for_ticket(&self) -> Option<Ticket> {
        let found = self.mirror.until(QUEUE_TIME, |known| {
            let gives_up = self.stopping.get() || known.called_off == Some(true);
            match known.ticket.take() {
                Some(ticket) => Some(Some(ticket)),
                None => gives_up.then_some(None),
            }
        });
        if let Some(Some(ticket)) = found.await {
            return Some(ticket);
        }
        self.sent("to leave the line", self.avatar().seat().leave());
        // A ticket may have been on its way already: whoever accepted is expected to come.
        self.mirror
            .until(Duration::from_secs(2), |known| known.ticket.take())
            .await
    }

    async fn fight_with(self: &Rc<Self>, ticket: &Ticket) -> Option<BattleResult> {
        let result = Rc::new(RefCell::new(None));
        let client = self.go_into(ticket, &result).await?;
        self.steer_until(&client, &result).await;
        let sees = self
            .mirror
            .until(self.patience(), |_| result.borrow().clone());
        let seen = tokio::select! {
            biased;
            seen = sees => seen,
            _ = client.closed() => result.borrow().clone(),
        };
        // The puppet goes with the battle, and what it had still to say to somebody without a link goes with it.
        let missed = self.options.crowd.chaos && client.is_closed();
        self.expect(seen.is_some() || missed, "a battle that ends", || {
            format!("nothing of {:?}", ticket.battle)
        });
        client.close();
        seen
    }

    /// A link into the battle with a puppet to steer; none if there is no getting in.
    async fn go_into(
        self: &Rc<Self>,
        ticket: &Ticket,
        result: &Rc<RefCell<Option<BattleResult>>>,
    ) -> Option<Client> {
        let crowd = &self.options.crowd;
        let is_gate = |address: &String| crowd.addresses.contains(address);
        // A gate has more ways in than the ticket names: those over other transports.
        let ways = match ticket.addresses.iter().any(is_gate) {
            true => crowd.ways(self.options.index),
            false => ticket.addresses.clone(),
        };
        let mut tries_left = TRIES;
        loop {
            tries_left -= 1;
            let client = match connect(&self.options, &ways, Some(&ticket.seal), &self.meter).await
            {
                Ok(client) => client,
                Err(error) => {
                    self.expect(false, "a link into the battle", || error);
                    return None;
                }
            };
            self.follow_battle(&client, result);
            let Err(failure) = client.open(&ticket.seal).await else {
                return Some(client);
            };
            client.close();
            let may_try_again = match failure.kind() {
                // The puppet ended while the session came to it: now it is known that it did.
                FailureKind::Overloaded => true,
                // The gate was killed before there was a session: another one lets it in.
                FailureKind::Unreachable | FailureKind::Timeout => crowd.chaos,
                _ => false,
            };
            if may_try_again && tries_left > 0 {
                sleep(THINKS_EVERY).await;
                continue;
            }
            // The others may have settled it before this one came.
            let text = failure.to_string();
            let ended = ["already ended", "there is no such entity"];
            let is_over = failure.kind() == FailureKind::Denied
                && ended.into_iter().any(|words| text.contains(words));
            if self.expect(is_over, "a puppet to steer", || text.clone()) {
                self.was_over(ticket, SystemTime::now(), &text).await;
            }
            return None;
        }
    }

    /// Checks that a battle was over when this bot was told so: the game knows when it ended.
    async fn was_over(&self, ticket: &Ticket, told: SystemTime, text: &str) {
        self.rewards_of(ticket, BATTLE_TIME).await;
        self.pace("battles", 1).await;
        let fought = self.avatar().progress().battles(None, 20);
        let fought = timed(&self.meter, fought).await.unwrap_or_default();
        let result = fought.iter().find(|result| result.battle == ticket.battle);
        let ended_us = result.map(|result| result.ended_at.as_micros());
        let told = told.duration_since(UNIX_EPOCH).unwrap_or_default();
        let latest_us = i64::try_from((told + CLOCKS_DIFFER).as_micros()).unwrap_or(i64::MAX);
        let met = ended_us.is_some_and(|ended_us| ended_us <= latest_us);
        self.expect(met, "a battle that was over", || {
            format!("`{text}`, but it ended at {ended_us:?}, which is later than {latest_us}")
        });
    }

    fn follow_battle(self: &Rc<Self>, client: &Client, result: &Rc<RefCell<Option<BattleResult>>>) {
        let (told, bot) = (Rc::clone(result), Rc::downgrade(self));
        client.on(move |args: PuppetBindResultArgs| {
            *told.borrow_mut() = Some(args.result);
            if let Some(bot) = bot.upgrade() {
                bot.meter.count(Count::Event);
                bot.mirror.with(|_| ());
            }
        });
        self.count::<PuppetCastsArgs>(client);
        self.count::<VitalsHitArgs>(client);
        self.count::<FlyerBurstsArgs>(client);
        client.answer(|_: PuppetBindAgreeToSurrenderArgs| async { true });
    }

    /// Counts events that it has no use for otherwise.
    fn count<A: Arguments>(&self, client: &Client) {
        let meter = Arc::clone(&self.meter);
        client.on(move |_: A| meter.count(Count::Event));
    }

    async fn steer_until(&self, client: &Client, result: &Rc<RefCell<Option<BattleResult>>>) {
        let end = Instant::now() + BATTLE_TIME;
        let (mut step, mut has_begun, mut gave_up) = (0, false, false);
        while result.borrow().is_none() && Instant::now() < end && !client.is_closed() {
            let puppet = client.entity::<PuppetBind>();
            step += 1;
            let toward = self.point(4.0);
            self.sent("to steer", puppet.steer(Step(step), toward));
            if step % 4 == 0 {
                has_begun |= self.cast(&puppet).await;
            }
            if self.stopping.get() && has_begun && !gave_up {
                gave_up = true;
                let _agreed_or_not = timed(&self.meter, puppet.surrender()).await;
            }
            sleep(THINKS_EVERY).await;
        }
    }

    /// Casts something somewhere; false while the battle hasn't begun.
    async fn cast(&self, puppet: &PuppetBindProxy) -> bool {
        let spell = SpellSlot(self.random.below(4) as u8);
        let at = Target::Point(self.point(3.0));
        let cast = timed(&self.meter, puppet.cast(spell, at)).await;
        // Its deadline does not wait for another link.
        let late = |error: &CallError<CastError>| {
            let in_chaos = self.options.crowd.chaos;
            in_chaos && matches!(error, CallError::Failed(it) if it.kind() == FailureKind::Timeout)
        };
        let met = cast
            .as_ref()
            .err()
            .is_none_or(|error| fizzles(error) || late(error));
        self.expect(met, "to cast a spell", || format!("{cast:?}"));
        !matches!(cast, Err(CallError::Thrown(CastError::NotFighting)))
    }

    async fn check_result(
        &self,
        ticket: &Ticket,
        result: &BattleResult,
        before: &Standing,
        purse: i64,
    ) {
        self.meter.battle(result.battle);
        self.expect(
            result.battle == ticket.battle,
            "the result of this battle",
            || format!("{result:?}"),
        );
        let rewarded = self.rewards_of(ticket, self.patience()).await;
        self.expect(
            rewarded.as_ref() == Some(&result.rewards),
            "the same rewards at home",
            || format!("{rewarded:?} instead of {:?}", result.rewards),
        );
        self.earn(purse, &result.rewards).await;
        if result.outcome == Outcome::Aborted {
            return;
        }
        if let Some(after) = self.standing().await {
            let met = after.experience > before.experience && after.battles == before.battles + 1;
            self.expect(met, "experience of one battle more", || {
                format!("{before:?} became {after:?}")
            });
        }
    }

    async fn rewards_of(&self, ticket: &Ticket, limit: Duration) -> Option<Vec<Reward>> {
        let rewarded = self.mirror.until(limit, |known| {
            let found = known
                .rewarded
                .iter()
                .find(|(battle, _)| *battle == ticket.battle);
            found.map(|(_, rewards)| rewards.clone())
        });
        rewarded.await
    }

    /// Notes gold and expects to see it in the purse.
    async fn earn(&self, purse: i64, rewards: &[Reward]) {
        let coins = rewards.iter().map(|reward| match reward {
            Reward::Coins(price) => price.amount.0.cast_signed(),
            _ => 0,
        });
        let earned: i64 = coins.sum();
        self.ledger.borrow_mut().earned += earned;
        let paid = self.owns(purse + earned).await;
        self.expect(paid, "gold for the battle", || {
            format!("{purse} became {} with {earned}", self.mirror.gold())
        });
    }

    async fn standing(&self) -> Option<Standing> {
        self.pace("standing", 1).await;
        let standing = timed(&self.meter, self.avatar().progress().standing()).await;
        self.expect(standing.is_ok(), "its standing", || format!("{standing:?}"));
        standing.ok()
    }

    /// Somewhere around the middle.
    fn point(&self, within: f32) -> Vec2 {
        let along = |bot: &Self| (bot.random.below(2001) as f32 / 1000.0 - 1.0) * within;
        Vec2 {
            x: along(self),
            y: along(self),
        }
    }
}

/// Whether a spell may end like this: by the rules, or because the battle has ended meanwhile and the puppet with it.
fn fizzles(error: &CallError<CastError>) -> bool {
    match error {
        CallError::Thrown(thrown) => !matches!(thrown, CastError::Unknown(_)),
        CallError::Failed(failure) => matches!(
            failure.kind(),
            FailureKind::NotFound
                | FailureKind::Unreachable
                | FailureKind::Cancelled
                | FailureKind::Denied
        ),
    }
}
