//! Two islands whose people wake by their timers and give one another gold, within an island and across.
//!
//! Nobody makes gold: whatever is lost on the way, with a crash or with a call whose outcome is unknown, there is never
//! more of it than there was at first.

use std::time::Duration;

use playhouse::host::Setup;
use playhouse::node::Node;
use playhouse::sim::{Ended, Sim, SimError};
use playhouse::{CallError, Cx, Executed, Failure, component, entity};

use crate::schema::SCHEMA;
use crate::schema::island::{
    GiveError, Islander, IslanderProxy, IslanderSnoresArgs, IslanderWakesArgs, Purse,
};

/// What everybody has at first.
pub const GOLD: u64 = 100;

/// The names of the islands, which are those of their nodes.
pub const ISLANDS: [&str; 2] = ["east", "west"];

/// On which island somebody lives.
#[must_use]
pub const fn island(number: u32) -> &'static str {
    ISLANDS[number as usize % ISLANDS.len()]
}

/// Somebody, wherever they live.
fn reach(cx: &Cx, number: u32) -> IslanderProxy {
    let islander = Islander::of(number);
    let home = island(number);
    if cx.node().name() == home {
        return islander;
    }
    islander.at(format!("{home}:7000"))
}

/// A purse.
#[derive(Debug, Default)]
#[component(Purse)]
pub struct PurseLogic {
    props: Purse,
}

#[component(Purse)]
impl PurseLogic {
    #[rpc]
    async fn take(&mut self, _cx: &mut Cx, amount: u64) -> Result<u64, CallError<GiveError>> {
        let have = self.props.gold();
        let left = have
            .checked_sub(amount)
            .ok_or(GiveError::TooPoor { have })?;
        self.props.set_gold(left);
        Ok(left)
    }
}

/// Somebody.
#[derive(Debug, Default)]
#[entity(Islander { purse: PurseLogic })]
pub struct IslanderLogic {
    props: Islander,
    people: u32,
}

#[entity(Islander)]
impl IslanderLogic {
    #[rpc]
    async fn live(&mut self, cx: &mut Cx, people: u32, times: u32) -> Result<(), Failure> {
        self.people = people;
        cx.with(|purse: &mut Purse| purse.set_gold(GOLD));
        let every = Duration::from_millis(100 + cx.random().below(200));
        cx.timer(IslanderWakesArgs {})
            .key("wakes")
            .times(times)
            .every(every)?;
        cx.timer(IslanderSnoresArgs {})
            .times(3)
            .every(Duration::from_millis(400))?;
        Ok(())
    }

    #[rpc]
    async fn accept(&mut self, cx: &mut Cx, amount: u64, steps: u8) -> Result<u64, Failure> {
        self.props.set_got(self.props.got() + amount);
        let gold = cx.with(|purse: &mut Purse| {
            purse.set_gold(purse.gold() + amount);
            purse.gold()
        });
        if cx.random().chance(0.3) {
            let moment = Duration::from_millis(cx.random().below(30));
            tokio::time::sleep(moment).await;
        }
        if steps > 0 && gold > 0 {
            self.give(cx, 1, steps - 1).await;
        }
        Ok(gold)
    }

    #[rpc]
    async fn hail(&mut self, _cx: &mut Cx, _sender: u32) {
        self.props.set_hails(self.props.hails() + 1);
    }

    #[rpc]
    async fn wakes(&mut self, cx: &mut Cx) {
        let amount = 1 + cx.random().below(5);
        let steps = cx.random().below(3) as u8;
        self.give(cx, amount, steps).await;
    }

    #[rpc]
    async fn snores(&mut self, cx: &mut Cx) {
        let other = cx.random().below(u64::from(self.people)) as u32;
        let me = cx.key::<Islander>().unwrap_or_default();
        if reach(cx, other).hail(me).is_err() {
            self.props.set_failed(self.props.failed() + 1);
        }
    }

    #[rpc]
    async fn sum(&mut self, cx: &mut Cx) -> Vec<u64> {
        let gold = cx.with(|purse: &mut Purse| purse.gold());
        let props = &self.props;
        vec![
            gold,
            props.given(),
            props.got(),
            props.failed(),
            props.hails(),
        ]
    }

    /// Gives gold to somebody by chance. What surely did not arrive stays here.
    async fn give(&mut self, cx: &mut Cx, amount: u64, steps: u8) {
        let afford = cx.with(|purse: &mut Purse| {
            let left = purse.gold().checked_sub(amount);
            left.map(|left| purse.set_gold(left))
        });
        if afford.is_none() || self.people < 2 {
            return;
        }
        let me = cx.key::<Islander>().unwrap_or_default();
        let step = 1 + cx.random().below(u64::from(self.people) - 1) as u32;
        let other = (me + step) % self.people;
        let patience = Duration::from_millis(500);
        match reach(cx, other)
            .deadline(patience)
            .accept(amount, steps)
            .await
        {
            Ok(_) => self.props.set_given(self.props.given() + amount),
            Err(failure) => {
                self.props.set_failed(self.props.failed() + 1);
                if failure.executed() == Executed::NotExecuted {
                    cx.with(|purse: &mut Purse| purse.set_gold(purse.gold() + amount));
                }
            }
        }
    }
}

/// How many people there are.
pub const PEOPLE: u32 = 50;

/// How often each of them wakes.
pub const WAKES: u32 = 4;

/// Two nodes, whose people reach one another over links.
///
/// # Errors
///
/// The seed failed.
pub fn play_linked(seed: u64) -> Result<Ended, SimError> {
    let sim = Sim::new(seed);
    for name in ISLANDS {
        sim.node(name, move || {
            Node::builder()
                .schema(&SCHEMA)
                .roles(["shore"])
                .shards(2)
                .entity::<IslanderLogic>()
                .listen(format!("{name}:7000"))
        });
    }
    play(sim)
}

/// Two hosts without links to one another: whoever is on the other island can't be reached.
///
/// # Errors
///
/// The seed failed.
pub fn play_apart(seed: u64) -> Result<Ended, SimError> {
    let sim = Sim::new(seed);
    for name in ISLANDS {
        sim.shards(name, 2, move || Setup::new(name).entity::<IslanderLogic>());
    }
    play(sim)
}

fn play(sim: Sim) -> Result<Ended, SimError> {
    for name in ISLANDS {
        sim.on(name, async move || begin(name).await);
    }
    let script = sim.random();
    for _ in 0..8 {
        sim.run_for(Duration::from_millis(50 + script.below(200)));
        let name = ISLANDS[script.below(2) as usize];
        match script.below(6) {
            0 => sim.partition(ISLANDS[0], ISLANDS[1]),
            1 | 2 => sim.heal(ISLANDS[0], ISLANDS[1]),
            3 => sim.crash(name),
            _ => sim.restart(name),
        }
    }
    sim.heal(ISLANDS[0], ISLANDS[1]);
    for name in ISLANDS {
        sim.restart(name);
    }
    // Until nobody wakes any more, so that no gold is counted here and, given away meanwhile, there again.
    sim.run_for(Duration::from_secs(2));
    let mut gold = 0;
    for name in ISLANDS {
        for sum in sim
            .on(name, async move || sums(name).await)
            .unwrap_or_default()
        {
            gold += sum.first().copied().unwrap_or_default();
            for value in sum {
                sim.mix(&value.to_le_bytes());
            }
        }
    }
    assert!(
        gold <= GOLD * u64::from(PEOPLE),
        "seed {}: {gold} gold, and there was less at first",
        sim.seed()
    );
    sim.end()
}

fn people_of(name: &'static str) -> impl Iterator<Item = u32> {
    (0..PEOPLE).filter(move |number| island(*number) == name)
}

async fn begin(name: &'static str) {
    for number in people_of(name) {
        let begun = Islander::of(number).live(PEOPLE, WAKES).await;
        assert_eq!(begun, Ok(()), "{number} of {name}");
    }
}

async fn sums(name: &'static str) -> Vec<Vec<u64>> {
    let mut sums = Vec::new();
    for number in people_of(name) {
        sums.push(Islander::of(number).sum().await.unwrap_or_default());
    }
    sums
}
