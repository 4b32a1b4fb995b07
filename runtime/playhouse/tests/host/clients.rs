//! Sessions: events, client rpcs, hooks; and calls that come in as bytes.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use playhouse::host::{Answer, EgressId, Incoming, Origin, ReplyTo, SessionId, SessionPort, Shard};
use playhouse::{Arguments, Encode, Failure, FailureKind, Limits, Writer, to_vec};
use playhouse_net::link::{ReplyOutcome, ReplySink};
use playhouse_wire::message::{Header, Message, Method};

use crate::harness::{hero, heroes_of, kind, on_shard, on_two_shards};
use crate::schema::trial::{
    Hero, HeroFinishedArgs, HeroLingerArgs, HeroNoteArgs, HeroTradeArgs, PurseAddArgs,
};
use crate::world::{ms, setup};

/// A client that notes events, and answers what the test says.
#[derive(Default)]
struct Client {
    events: RefCell<Vec<(SessionId, u8, Vec<u8>)>>,
    asked: RefCell<Vec<Rc<dyn ReplySink>>>,
    cancelled: Cell<u32>,
}

impl SessionPort for Client {
    fn notify(&self, sessions: &[SessionId], body: &Arc<[u8]>) {
        let Ok(Message::Notify(notify)) = Message::decode(body) else {
            panic!("{body:?} is no event");
        };
        for session in sessions {
            let event = (*session, notify.method.tag, notify.args.to_vec());
            self.events.borrow_mut().push(event);
        }
    }

    fn request(
        &self,
        _session: SessionId,
        _method: Method,
        _header: &Header<'_>,
        _args: &dyn Encode,
        sink: Rc<dyn ReplySink>,
    ) -> Result<EgressId, Failure> {
        self.asked.borrow_mut().push(sink);
        Ok(EgressId(7))
    }

    fn cancel(&self, _session: SessionId, id: EgressId) {
        assert_eq!(id, EgressId(7));
        self.cancelled.set(self.cancelled.get() + 1);
    }
}

impl Client {
    fn answer(&self, yes: bool) {
        let sink = self.asked.borrow_mut().remove(0);
        sink.complete(ReplyOutcome::Ok(&to_vec(&yes)));
    }
}

const SESSION: SessionId = SessionId(3);

async fn bind(shard: &Rc<Shard>, id: u64, session: SessionId) {
    let entity = hero(id);
    shard.ready(entity.address()).await.unwrap();
    let replaced = shard.bound(entity.address()).is_some();
    shard.attach(entity.address(), session, replaced);
}

#[test]
fn the_bound_client_gets_events_and_answers() {
    on_shard(async |shard| {
        let client = Rc::new(Client::default());
        shard.set_session_port(Rc::clone(&client) as Rc<dyn SessionPort>);
        assert_eq!(kind(Hero::of(1).ask().await), FailureKind::NotFound);
        bind(&shard, 1, SESSION).await;
        let asking = tokio::task::spawn_local(Hero::of(1).ask());
        tokio::task::yield_now().await;
        assert_eq!(client.events.borrow().len(), 1);
        client.answer(true);
        assert_eq!(asking.await.unwrap(), Ok(true));
        bind(&shard, 1, SessionId(4)).await;
        shard.left(hero(1).address(), SESSION, true);
        assert_eq!(
            shard.bound(hero(1).address()),
            Some(SessionId(4)),
            "the old one is over"
        );
        shard.lost(hero(1).address(), SessionId(4));
        assert_eq!(
            shard.bound(hero(1).address()),
            Some(SessionId(4)),
            "it may come back"
        );
        shard.left(hero(1).address(), SessionId(4), false);
        assert_eq!(kind(Hero::of(1).ask().await), FailureKind::NotFound);
        assert_eq!(shard.calls_open(), 0);
    });
}

#[test]
fn a_client_that_does_not_answer_is_given_up() {
    on_shard(async |shard| {
        let client = Rc::new(Client::default());
        shard.set_session_port(Rc::clone(&client) as Rc<dyn SessionPort>);
        bind(&shard, 1, SESSION).await;
        let failure = Hero::of(1).ask().await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Timeout);
        assert_eq!(shard.calls_open(), 0);
        assert_eq!(client.cancelled.get(), 1);
    });
}

#[test]
fn the_client_of_an_entity_on_another_shard_is_reached_there() {
    on_two_shards(&setup(), async |[a, b]| {
        let client = Rc::new(Client::default());
        b.set_session_port(Rc::clone(&client) as Rc<dyn SessionPort>);
        let [far, ..] = heroes_of(&b);
        let session = SessionId(1 << SessionId::COUNT_BITS | 3);
        bind(&b, far, session).await;
        let asking = tokio::task::spawn_local({
            let call = crate::harness::start_on(&a, Hero::of(far).ask());
            async move { call.await.unwrap() }
        });
        while client.asked.borrow().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        assert_eq!(client.events.borrow()[0].0, session);
        client.answer(false);
        assert_eq!(asking.await.unwrap(), Ok(false));
        b.left(hero(far).address(), session, true);
        assert_eq!(b.bound(hero(far).address()), None);
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        assert_eq!((a.calls_open(), b.calls_open()), (0, 0));
    });
}

/// Takes one answer as bytes.
#[derive(Default)]
struct Taken(RefCell<Vec<Result<Vec<u8>, Failure>>>);

impl ReplyTo for Taken {
    fn answer(&self, answer: Answer<'_>) {
        let taken = match answer {
            Answer::Ok(value) | Answer::Thrown(value) => {
                let mut writer = Writer::new();
                value.encode(&mut writer);
                Ok(writer.into_bytes())
            }
            Answer::Failed(failure) => Err(failure.clone()),
        };
        self.0.borrow_mut().push(taken);
    }
}

fn serve<A: Arguments>(
    shard: &Rc<Shard>,
    id: u64,
    slot: u8,
    args: &A,
) -> (Rc<Taken>, Option<playhouse::host::Serving>) {
    serve_bytes(shard, id, (slot, A::TAG), &to_vec(args))
}

fn serve_bytes(
    shard: &Rc<Shard>,
    id: u64,
    (slot, tag): (u8, u8),
    args: &[u8],
) -> (Rc<Taken>, Option<playhouse::host::Serving>) {
    let taken = Rc::new(Taken::default());
    let header = Header::to(hero(id).address().key.clone());
    let incoming = Incoming {
        method: Method {
            package: 9,
            number: 3,
            slot,
            tag,
        },
        header: &header,
        args,
        origin: Origin::Peer,
        limits: Limits::STRICT,
    };
    let serving = shard.serve(incoming, Rc::clone(&taken));
    (taken, serving)
}

#[test]
fn bytes_are_served_inline_or_later() {
    on_shard(async |shard| {
        let (taken, serving) = serve(&shard, 1, Hero::PURSE_SLOT, &PurseAddArgs { amount: 5 });
        assert!(serving.is_none(), "answered at once");
        assert_eq!(*taken.0.borrow(), [Ok(to_vec(&5u64))]);
        let (taken, serving) = serve(&shard, 1, 0, &HeroLingerArgs { time: ms(5) });
        assert!(serving.is_some());
        assert!(taken.0.borrow().is_empty());
        assert_eq!(Hero::of(1).finished().await, Ok(1));
        assert_eq!(*taken.0.borrow(), [Ok(to_vec(&true))]);
        assert_eq!(shard.calls_open(), 0);
    });
}

#[test]
fn bad_bytes_and_unknown_calls_are_refused() {
    on_shard(async |shard| {
        let refused = |call, bytes: &[u8]| {
            let (taken, serving) = serve_bytes(&shard, 1, call, bytes);
            assert!(serving.is_none());
            taken.0.borrow()[0].clone().unwrap_err().kind()
        };
        assert_eq!(refused((1, 1), &[0xc1]), FailureKind::Invalid);
        assert_eq!(refused((1, 1), &[]), FailureKind::Invalid);
        assert_eq!(
            refused((1, 1), &[0x91, 0xce, 0, 0x1e, 0x84, 0x80]),
            FailureKind::Invalid
        );
        assert_eq!(refused((1, 99), &[0x90]), FailureKind::Unimplemented);
        assert_eq!(refused((99, 1), &[0x90]), FailureKind::Unimplemented);
        assert_eq!(
            refused((0, 9), &[0x91, 1]),
            FailureKind::Invalid,
            "a oneway"
        );
        assert_eq!(shard.calls_open(), 0);
    });
}

#[test]
fn a_call_that_was_cancelled_is_not_answered() {
    on_shard(async |shard| {
        let (first, serving) = serve(&shard, 1, 0, &HeroLingerArgs { time: ms(5) });
        let (second, queued) = serve(&shard, 1, 0, &HeroLingerArgs { time: ms(5) });
        serving.unwrap().cancel();
        queued.unwrap().cancel();
        assert_eq!(Hero::of(1).finished().await, Ok(1));
        assert_eq!(Hero::of(1).was_cancelled().await, Ok(1));
        assert!(first.0.borrow().is_empty() && second.0.borrow().is_empty());
        assert_eq!(shard.calls_open(), 0);
    });
}

#[test]
fn bytes_for_another_shard_are_forwarded() {
    on_two_shards(&setup(), async |[a, b]| {
        let [far, ..] = heroes_of(&b);
        let (taken, serving) = serve(&a, far, Hero::PURSE_SLOT, &PurseAddArgs { amount: 5 });
        assert!(serving.is_some());
        let (slow, _) = serve(&a, far, 0, &HeroLingerArgs { time: ms(5) });
        let (given_up, serving) = serve(&a, far, 0, &HeroLingerArgs { time: ms(5) });
        serving.unwrap().cancel();
        let header = Header::to(hero(far).address().key.clone());
        let note = Incoming {
            method: Method {
                package: 9,
                number: 3,
                slot: 0,
                tag: HeroNoteArgs::TAG,
            },
            header: &header,
            args: &to_vec(&HeroNoteArgs { number: 4 }),
            origin: Origin::Client(Some(SESSION)),
            limits: Limits::STRICT,
        };
        a.serve_oneway(note).unwrap();
        assert_eq!(Hero::of(far).notes().await.unwrap(), [4]);
        assert_eq!(*taken.0.borrow(), [Ok(to_vec(&5u64))]);
        assert_eq!(*slow.0.borrow(), [Ok(to_vec(&true))]);
        assert!(given_up.0.borrow().is_empty());
        assert_eq!((a.calls_open(), b.calls_open()), (0, 0));
    });
}

#[test]
fn a_chain_that_comes_in_counts_in_the_search_for_deadlocks() {
    on_shard(async |shard| {
        // Hero 1 trades: another node serves a call of it that comes back.
        let trading = tokio::task::spawn_local(Hero::of(1).linger(ms(5)));
        tokio::task::yield_now().await;
        let mut chain = playhouse_wire::message::ChainBuffer::new();
        let waiting = Method {
            package: 9,
            number: 3,
            slot: 0,
            tag: HeroTradeArgs::TAG,
        };
        chain.push(waiting, &hero(1).address().key).unwrap();
        let header = Header {
            chain: chain.as_chain(),
            ..Header::to(hero(1).address().key.clone())
        };
        let taken = Rc::new(Taken::default());
        let incoming = Incoming {
            method: Method {
                tag: HeroFinishedArgs::TAG,
                ..waiting
            },
            header: &header,
            args: &to_vec(&HeroFinishedArgs {}),
            origin: Origin::Peer,
            limits: Limits::STRICT,
        };
        assert!(shard.serve(incoming, Rc::clone(&taken)).is_none());
        let failure = taken.0.borrow()[0].clone().unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Deadlock);
        assert_eq!(failure.path(), "Hero(1).trade -> Hero(1).finished");
        assert_eq!(trading.await.unwrap(), Ok(true));
        assert_eq!(shard.calls_open(), 0);
    });
}
