//! What the ledger's entities do.

use std::cell::RefCell;

use playhouse::{Cx, Failure, FailureKind, Reach, Ref, Refusal, component, entity, service};

use crate::schema::ledger::{
    Bank, Battle, BattleJoinArgs, Ghost, Player, PlayerBegArgs, PlayerBombArgs, PlayerPlainArgs,
    PlayerRingArgs, Purse, PurseReceiveArgs, PurseTaxArgs, PurseVoucherArgs,
};
use playhouse::host::{Setup, TraceContext};

thread_local! {
    /// The traces of what `Purse.receive` was asked.
    pub(crate) static TRACES: RefCell<Vec<Option<TraceContext>>> = const { RefCell::new(Vec::new()) };
}

/// What a node of the tests runs.
pub(crate) fn setup(node: &str) -> Setup {
    Setup::new(node)
        .entity::<PlayerLogic>()
        .entity::<GhostLogic>()
        .entity::<BattleLogic>()
        .service(|| BankLogic)
}

#[derive(Default)]
#[component(Purse)]
pub(crate) struct PurseLogic {
    props: Purse,
}

impl PurseLogic {
    fn has(&self, amount: u64) -> Result<(), Failure> {
        if self.props.gold() < amount {
            return Err(Failure::unknown(FailureKind::Invalid).because("too little"));
        }
        Ok(())
    }

    fn take(&mut self, amount: u64) -> Result<u64, Failure> {
        self.has(amount)?;
        self.props.set_gold(self.props.gold() - amount);
        Ok(self.props.gold())
    }
}

#[component(Purse)]
impl PurseLogic {
    #[rpc]
    async fn give(&mut self, _cx: &mut Cx, to: Ref<Purse>, amount: u64) -> Result<u64, Failure> {
        self.has(amount)?;
        to.proxy().receive(amount)?;
        self.take(amount)
    }

    #[rpc]
    async fn receive(&mut self, cx: &mut Cx, amount: u64) -> Result<(), Failure> {
        TRACES.with_borrow_mut(|traces| traces.push(cx.trace()));
        if amount == 13 {
            return Err(Failure::unknown(FailureKind::Invalid).because("an unlucky number"));
        }
        self.props.set_gold(self.props.gold() + amount);
        Ok(())
    }

    #[rpc]
    async fn balance(&mut self, _cx: &mut Cx) -> u64 {
        self.props.gold()
    }

    #[rpc]
    async fn returned(&mut self, _cx: &mut Cx) -> u64 {
        self.props.back()
    }

    #[rpc]
    async fn voucher(&mut self, _cx: &mut Cx, amount: u64) {
        self.props.set_gold(self.props.gold() + amount);
    }

    #[rpc]
    async fn give_voucher(
        &mut self,
        _cx: &mut Cx,
        to: Ref<Purse>,
        amount: u64,
    ) -> Result<(), Failure> {
        self.has(amount)?;
        to.proxy().voucher(amount)?;
        self.take(amount)?;
        Ok(())
    }

    #[rpc]
    async fn pay(&mut self, _cx: &mut Cx, to: Ref<Purse>, amount: u64) -> Result<u64, Failure> {
        self.has(amount)?;
        to.proxy().receive(amount)?;
        self.take(amount)
    }

    #[rpc]
    async fn read(&mut self, _cx: &mut Cx) -> u64 {
        self.props.gold()
    }

    #[rpc]
    async fn set(&mut self, _cx: &mut Cx, gold: u64) {
        self.props.set_gold(gold);
    }

    #[rpc]
    async fn tax(&mut self, _cx: &mut Cx, amount: u64) {
        self.props
            .set_gold(self.props.gold().saturating_sub(amount));
    }

    #[rpc]
    async fn give_tax(&mut self, _cx: &mut Cx, to: Ref<Purse>, amount: u64) -> Result<(), Failure> {
        to.proxy().tax(amount)
    }

    #[hook]
    async fn refused(&mut self, _cx: &mut Cx, refusal: Refusal) {
        let voucher = refusal.args().map(|PurseVoucherArgs { amount }| amount);
        let receive = refusal.args().map(|PurseReceiveArgs { amount }| amount);
        let tax: Option<PurseTaxArgs> = refusal.args();
        assert!(tax.is_none(), "a refusal has the arguments of its own call");
        let joined = refusal.args().map(|BattleJoinArgs { gold }| gold);
        let amount = voucher.or(receive).or(joined).unwrap_or(0);
        self.props.set_gold(self.props.gold() + amount);
        self.props.set_back(self.props.back() + amount);
    }
}

#[derive(Default)]
#[entity(Player { purse: PurseLogic, chest: PurseLogic })]
pub(crate) struct PlayerLogic {
    props: Player,
}

#[entity(Player)]
impl PlayerLogic {
    #[rpc]
    async fn send(&mut self, _cx: &mut Cx, to: Ref<Player>, first: u32, count: u32) -> u32 {
        let to = to.proxy();
        let mut sent = 0;
        for number in first..first + count {
            match to.note(number) {
                Ok(()) => sent += 1,
                Err(failure) => {
                    assert_eq!(failure.kind(), FailureKind::Overloaded);
                    break;
                }
            }
        }
        sent
    }

    #[rpc]
    async fn note(&mut self, _cx: &mut Cx, number: u32) -> Result<(), Failure> {
        self.props.notes_mut().push(number).map_err(bound)
    }

    #[rpc]
    async fn read(&mut self, _cx: &mut Cx) -> Vec<u32> {
        self.props.notes().to_vec()
    }

    #[rpc]
    async fn bomb(&mut self, _cx: &mut Cx) {
        self.props.heard_mut().push("boom".to_owned()).ok();
        panic!("a bomb goes off");
    }

    #[rpc]
    async fn throw_bomb(&mut self, _cx: &mut Cx, to: Ref<Player>) -> Result<(), Failure> {
        to.proxy().bomb()
    }

    #[rpc]
    async fn beg(&mut self, _cx: &mut Cx, why: String) -> Result<(), Failure> {
        Err(Failure::unknown(FailureKind::Denied).because(why))
    }

    #[rpc]
    async fn send_beg(
        &mut self,
        _cx: &mut Cx,
        to: Ref<Player>,
        why: String,
    ) -> Result<(), Failure> {
        to.proxy().beg(&why)
    }

    #[rpc]
    async fn hears(&mut self, _cx: &mut Cx) -> Vec<String> {
        self.props.heard().to_vec()
    }

    #[rpc]
    async fn hand_on(
        &mut self,
        _cx: &mut Cx,
        number: u32,
        rest: Vec<Ref<Player>>,
    ) -> Result<(), Failure> {
        self.props.notes_mut().push(number).map_err(bound)?;
        if let Some((next, rest)) = rest.split_first() {
            next.proxy().hand_on(number + 1, rest.to_vec())?;
        }
        Ok(())
    }

    #[rpc]
    async fn start(
        &mut self,
        _cx: &mut Cx,
        number: u32,
        rest: Vec<Ref<Player>>,
    ) -> Result<(), Failure> {
        if let Some((next, rest)) = rest.split_first() {
            next.proxy().hand_on(number, rest.to_vec())?;
        }
        Ok(())
    }

    #[rpc]
    async fn close(&mut self, _cx: &mut Cx, battle: Ref<Battle>) -> Result<(), Failure> {
        battle.proxy().join(7)
    }

    #[rpc]
    async fn far(&mut self, _cx: &mut Cx, to: Ref<Player>) -> String {
        let failure = to.proxy().at("127.0.0.1:1").note(1).unwrap_err();
        failure.to_string()
    }

    #[rpc]
    async fn tell(&mut self, _cx: &mut Cx, to: Ref<Player>, number: u32) -> Result<(), Failure> {
        self.props.notes_mut().push(number).map_err(bound)?;
        to.proxy().hear(number)
    }

    #[rpc]
    async fn tell_many(&mut self, _cx: &mut Cx, to: Ref<Player>, count: u32) -> u32 {
        let to = to.proxy();
        let taken = (0..count).take_while(|number| match to.hear(*number) {
            Ok(()) => true,
            Err(failure) => {
                assert_eq!(failure.kind(), FailureKind::Overloaded);
                false
            }
        });
        u32::try_from(taken.count()).unwrap_or(u32::MAX)
    }

    #[rpc]
    async fn linger(&mut self, _cx: &mut Cx, time: playhouse::Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(0);
        tokio::time::sleep(std::time::Duration::from_micros(micros)).await;
    }

    #[rpc]
    async fn hear(&mut self, _cx: &mut Cx, number: u32) -> Result<(), Failure> {
        self.props.notes_mut().push(number).map_err(bound)
    }

    #[rpc]
    async fn ring(&mut self, cx: &mut Cx, number: u32) -> Result<(), Failure> {
        assert_ne!(number, 666, "the number of the beast");
        let missed = u32::try_from(cx.missed()).unwrap_or(u32::MAX);
        self.props
            .notes_mut()
            .push(number + 1000 * missed)
            .map_err(bound)
    }

    #[rpc]
    async fn set_ring(
        &mut self,
        cx: &mut Cx,
        number: u32,
        after: playhouse::Duration,
        every: Option<playhouse::Duration>,
        times: Option<u32>,
        key: Option<u32>,
    ) -> Result<(), Failure> {
        let mut timer = cx.timer(PlayerRingArgs { number });
        if let Some(key) = key {
            timer = timer.key(key);
        }
        if let Some(times) = times {
            timer = timer.times(times);
        }
        match every {
            Some(every) => timer.first(after).every(every)?,
            None => timer.after(after)?,
        };
        Ok(())
    }

    #[rpc]
    async fn stop_rings(&mut self, cx: &mut Cx, key: u32) -> u32 {
        u32::try_from(cx.cancel_timers(key)).unwrap_or(u32::MAX)
    }

    #[rpc]
    async fn set_cron(&mut self, cx: &mut Cx, number: u32, cron: String) -> Result<(), Failure> {
        cx.timer(PlayerRingArgs { number }).cron(cron)?;
        Ok(())
    }

    #[rpc]
    async fn panic_now(&mut self, _cx: &mut Cx) {
        panic!("asked to");
    }

    #[rpc]
    async fn plain(&mut self, _cx: &mut Cx, number: u32) -> Result<(), Failure> {
        self.props.notes_mut().push(number).map_err(bound)
    }

    #[rpc]
    async fn set_plain(
        &mut self,
        cx: &mut Cx,
        number: u32,
        after: playhouse::Duration,
    ) -> Result<(), Failure> {
        cx.timer(PlayerPlainArgs { number }).after(after)?;
        Ok(())
    }

    #[rpc]
    async fn save_in_note(
        &mut self,
        _cx: &mut Cx,
        to: Ref<Player>,
        number: u32,
    ) -> Result<(), Failure> {
        to.proxy().saving_note(number)
    }

    #[rpc]
    async fn saving_note(&mut self, cx: &mut Cx, number: u32) -> Result<(), Failure> {
        self.props.notes_mut().push(number).map_err(bound)?;
        cx.save(self).await?;
        self.props.notes_mut().push(number + 1).map_err(bound)
    }

    #[hook]
    async fn refused(&mut self, _cx: &mut Cx, refusal: Refusal) {
        let text = match (
            refusal.args::<PlayerBegArgs>(),
            refusal.args::<PlayerBombArgs>(),
        ) {
            (Some(PlayerBegArgs { why }), None) => format!("begged: {why}"),
            (None, Some(PlayerBombArgs {})) => "a bomb".to_owned(),
            _ => refusal.call.clone(),
        };
        let text = format!("{text}, number {}: {}", refusal.seq, refusal.why);
        self.props.heard_mut().push(text).ok();
    }
}

fn bound(error: playhouse::Error) -> Failure {
    Failure::unknown(FailureKind::Invalid).because(error.to_string())
}

#[derive(Default)]
#[entity(Ghost)]
pub(crate) struct GhostLogic {
    props: Ghost,
}

#[entity(Ghost)]
impl GhostLogic {
    #[rpc]
    async fn send(&mut self, _cx: &mut Cx, to: Ref<Player>, number: u32) -> Result<(), Failure> {
        to.proxy().note(number)
    }
}

#[derive(Default)]
#[entity(Battle)]
pub(crate) struct BattleLogic {
    props: Battle,
}

#[entity(Battle)]
impl BattleLogic {
    #[rpc]
    async fn join(&mut self, _cx: &mut Cx, _gold: u64) {
        self.props.set_turns(self.props.turns() + 1);
    }

    #[rpc]
    async fn finish(&mut self, cx: &mut Cx) {
        cx.destroy();
    }

    #[rpc]
    async fn ready(&mut self, _cx: &mut Cx) -> u32 {
        self.props.turns()
    }
}

pub(crate) struct BankLogic;

#[service(Bank)]
impl BankLogic {
    #[rpc]
    async fn grant(
        &self,
        cx: &mut Cx,
        to: Ref<Purse>,
        amount: u64,
        flush: bool,
    ) -> Result<(), Failure> {
        to.proxy().receive(amount)?;
        if flush {
            cx.flush().await?;
        }
        Ok(())
    }

    #[rpc]
    async fn open(&self, cx: &mut Cx) -> Result<Ref<Battle>, Failure> {
        cx.create(BattleLogic::default())
    }
}
