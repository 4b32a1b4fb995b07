//! Entities that do one thing each that timers must get right.

use std::time::Duration;

use playhouse::host::Setup;
use playhouse::timer::TimerHandle;
use playhouse::{Cx, Failure, component, entity};

use crate::schema::island::{Clock, ClockFailsArgs, ClockRingsArgs, Hand, HandMovesArgs, Mill};

/// A host with clocks and mills.
#[must_use]
pub fn setup() -> Setup {
    Setup::new("clocks")
        .entity::<ClockLogic>()
        .entity::<MillLogic>()
}

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// The hand of a clock.
#[derive(Debug, Default)]
#[component(Hand)]
pub struct HandLogic {
    props: Hand,
}

#[component(Hand)]
impl HandLogic {
    #[rpc]
    async fn wind(&mut self, cx: &mut Cx, after: playhouse::Duration) -> Result<(), Failure> {
        cx.timer(HandMovesArgs { by: 3 }).key("k").after(after)?;
        Ok(())
    }

    #[rpc]
    async fn moves(&mut self, cx: &mut Cx, by: u32) {
        self.props.set_moved(self.props.moved() + u64::from(by));
        cx.with(|clock: &mut ClockLogic| clock.rung.push("the hand moved".to_owned()));
    }
}

/// A clock.
#[derive(Debug, Default)]
#[entity(Clock { hand: HandLogic })]
pub struct ClockLogic {
    props: Clock,
    rung: Vec<String>,
    own: Option<TimerHandle>,
}

#[entity(Clock)]
impl ClockLogic {
    #[rpc]
    async fn act(&mut self, cx: &mut Cx, what: String) -> Result<u64, Failure> {
        let ring = |number| ClockRingsArgs { number };
        match what.as_str() {
            "key thrice" => {
                for number in 1..=3 {
                    cx.timer(ring(number)).key("k").after(ms(100))?;
                }
                cx.timer(ring(4)).after(ms(100))?;
            }
            "cancel the key" => return Ok(cx.cancel_timers("k") as u64),
            "three times" => {
                cx.timer(ring(1)).times(3).every(ms(100))?;
            }
            "for ever" => self.own = Some(cx.timer(ring(1)).key("k").every(ms(100))?),
            "at once, then seldom" => {
                cx.timer(ring(1)).first(ms(0)).every(ms(10_000))?;
            }
            "until told" => self.own = Some(cx.timer(ring(99)).key("k").every(ms(100))?),
            "with a closure" => {
                let mut left = 2;
                let closure = move |clock: &mut Self, cx: &mut Cx| {
                    clock.note(cx, "closure");
                    left -= 1;
                    if left == 0 {
                        cx.cancel_timers(7_u32);
                    }
                };
                cx.timer_fn(closure).key(7_u32).every(ms(100))?;
            }
            "at noon" => {
                cx.timer(ring(12)).times(2).cron("0 12 * * *")?;
            }
            "of the hand" => {
                cx.timer(HandMovesArgs { by: 1 }).after(ms(100))?;
            }
            "without sense" => {
                cx.timer(ring(1)).times(0).after(ms(1))?;
            }
            "busy" => tokio::time::sleep(ms(1_050)).await,
            "fail" => {
                let fails = ClockFailsArgs { hard: false };
                cx.timer(fails).times(2).every(ms(100))?;
            }
            "fail hard" => {
                cx.timer(ClockFailsArgs { hard: true }).every(ms(100))?;
            }
            "end" => cx.destroy(),
            _ => return Err(Failure::not_executed(playhouse::FailureKind::Invalid)),
        }
        Ok(0)
    }

    #[rpc]
    async fn rings(&mut self, cx: &mut Cx, number: u32) {
        let missed = cx.missed();
        self.note(cx, &format!("{number} missed {missed}"));
        if number == 99 && self.rung.len() == 2 {
            let own = self.own.is_some_and(|own| cx.cancel_timer(own));
            let others = cx.cancel_timers("k");
            self.note(cx, &format!("cancelled {own} {others}"));
        }
    }

    #[rpc]
    async fn fails(&mut self, cx: &mut Cx, hard: bool) -> Result<(), Failure> {
        self.note(cx, "fails");
        assert!(!hard, "on purpose");
        Err(Failure::unknown(playhouse::FailureKind::Internal))
    }

    #[rpc]
    async fn rung(&mut self, _cx: &mut Cx) -> Vec<String> {
        self.rung.clone()
    }

    fn note(&mut self, cx: &Cx, what: &str) {
        // The simulation begins at midnight.
        let ms = cx.utc().as_micros() / 1_000 % 86_400_000;
        self.rung.push(format!("{ms}: {what}"));
    }
}

/// What turns by itself.
#[derive(Debug, Default)]
#[entity(Mill {})]
pub struct MillLogic {
    props: Mill,
    turns: u64,
    load: Duration,
}

#[entity(Mill)]
impl MillLogic {
    #[hook]
    async fn tick(&mut self, _cx: &mut Cx, step: u64) {
        self.turns += 1;
        assert_eq!(step, self.turns, "steps are counted from 1");
        if !self.load.is_zero() {
            tokio::time::sleep(self.load).await;
        }
    }

    #[rpc]
    async fn turns(&mut self, _cx: &mut Cx) -> u64 {
        self.turns
    }

    #[rpc]
    async fn load(&mut self, _cx: &mut Cx, time: playhouse::Duration) {
        self.load = time.try_into().unwrap_or_default();
    }
}
