//! Events to very many clients: in slices, in order, to each once, and to nobody who is gone.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use playhouse::host::{
    EVENT_SLICE, EVENTS_WAITING_MAX, EgressId, OBSERVERS_MAX, SessionId, SessionPort, Shard,
};
use playhouse::{Encode, Failure, FailureKind};
use playhouse_net::link::ReplySink;
use playhouse_wire::message::{Header, Message, Method};

use crate::harness::{hero, on_shard};
use crate::schema::trial::{Hero, HeroNoticedArgs};

/// Those who hear: which text came to whom, in order.
#[derive(Default)]
struct Ears {
    heard: RefCell<Vec<(u64, String)>>,
    longest: Cell<usize>,
    /// Sessions below this one are over.
    over_below: Cell<u64>,
}

impl SessionPort for Ears {
    fn notify(&self, sessions: &[SessionId], body: &Arc<[u8]>) {
        let Ok(Message::Notify(notify)) = Message::decode(body) else {
            panic!("{body:?} is no event");
        };
        let args: HeroNoticedArgs =
            playhouse::from_slice(notify.args, &playhouse::Limits::DEFAULT).unwrap();
        self.longest.set(self.longest.get().max(sessions.len()));
        let heard = sessions
            .iter()
            .map(|session| (session.0, args.text.clone()));
        self.heard.borrow_mut().extend(heard);
    }

    fn is_over(&self, session: SessionId) -> bool {
        session.0 < self.over_below.get()
    }

    fn request(
        &self,
        _session: SessionId,
        _method: Method,
        _header: &Header<'_>,
        _args: &dyn Encode,
        _sink: Rc<dyn ReplySink>,
    ) -> Result<EgressId, Failure> {
        Err(Failure::not_executed(FailureKind::Unreachable))
    }

    fn cancel(&self, _session: SessionId, _id: EgressId) {}
}

impl Ears {
    fn at(shard: &Rc<Shard>) -> Rc<Self> {
        let ears = Rc::new(Self::default());
        shard.set_session_port(Rc::clone(&ears) as Rc<dyn SessionPort>);
        ears
    }

    fn count(&self) -> usize {
        self.heard.borrow().len()
    }

    async fn until(&self, count: usize) {
        while self.count() < count {
            tokio::task::yield_now().await;
        }
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert_eq!(self.count(), count);
    }

    fn of(&self, session: u64) -> Vec<String> {
        let heard = self.heard.borrow();
        let heard = heard.iter().filter(|(whose, _)| *whose == session);
        heard.map(|(_, text)| text.clone()).collect()
    }
}

/// So many that they take three slices.
const MANY: u32 = 2 * EVENT_SLICE as u32 + 1;

#[test]
fn many_are_told_in_slices_and_each_of_them_in_order() {
    on_shard(async |shard| {
        let ears = Ears::at(&shard);
        assert_eq!(Hero::of(1).crowd(100, MANY).await, Ok(MANY));
        for text in ["first", "second"] {
            Hero::of(1).notice(text.to_owned()).await.unwrap();
        }
        // Others of the shard do not wait for them.
        assert_eq!(Hero::of(2).crowd(7, 1).await, Ok(1));
        Hero::of(2).notice("between".to_owned()).await.unwrap();
        assert_eq!(ears.of(7), ["between"]);
        assert!(ears.count() < MANY as usize, "not all have been told");
        // One who comes now has not missed anything that it should have heard, and hears what comes next.
        assert_eq!(Hero::of(1).crowd(9, 1).await, Ok(1));
        Hero::of(1).notice("third".to_owned()).await.unwrap();
        ears.until(3 * MANY as usize + 2).await;
        for session in 100..100 + u64::from(MANY) {
            assert_eq!(ears.of(session), ["first", "second", "third"]);
        }
        assert_eq!(ears.of(9), ["third"]);
        assert_eq!(ears.longest.get(), EVENT_SLICE);
        assert_eq!(shard.calls_open(), 0);
    });
}

#[test]
fn so_many_wait_to_be_told_and_no_more() {
    on_shard(async |shard| {
        let ears = Ears::at(&shard);
        let all = OBSERVERS_MAX as u32;
        assert_eq!(Hero::of(1).crowd(0, all + 1).await, Ok(all));
        let events = EVENTS_WAITING_MAX / OBSERVERS_MAX;
        for _ in 0..events {
            Hero::of(1).notice("more".to_owned()).await.unwrap();
        }
        let told = ears.count();
        assert!(told < OBSERVERS_MAX, "{told} were told at once");
        // Whoever sends more has the oldest event told to all first.
        Hero::of(1).notice("last".to_owned()).await.unwrap();
        assert!(ears.count() >= OBSERVERS_MAX);
        ears.until((events + 1) * OBSERVERS_MAX).await;
        assert_eq!(ears.heard.borrow().last().unwrap().1, "last");
    });
}

#[test]
fn who_is_gone_observes_nothing_any_more() {
    on_shard(async |shard| {
        let ears = Ears::at(&shard);
        let all = OBSERVERS_MAX as u32;
        shard.ready(hero(2).address()).await.unwrap();
        Hero::of(1).admit(hero(2)).await.unwrap();
        assert_eq!(Hero::of(1).crowd(100, all).await, Ok(all - 1));
        // Nobody is bound to the hero, who stays an observer; of the sessions three are over.
        ears.over_below.set(103);
        Hero::of(1).notice("to all".to_owned()).await.unwrap();
        ears.until(OBSERVERS_MAX - 1 - 3).await;
        assert_eq!(Hero::of(1).crowd(1_000_000, 10).await, Ok(3));
        Hero::of(2).leave().await.unwrap();
        Hero::of(1).notice("to all".to_owned()).await.unwrap();
        ears.until(2 * (OBSERVERS_MAX - 1) - 3).await;
        assert_eq!(Hero::of(1).crowd(2_000_000, 10).await, Ok(1));
    });
}
