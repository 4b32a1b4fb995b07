//! Interceptors, the watchdog and traces.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use playhouse::host::{CallInfo, CallOutcome, Interceptor, TraceContext};
use playhouse::{Failure, FailureKind};

use crate::harness::{heroes_of, kind, on_shard_of, on_two_shards};
use crate::schema::trial::{Desk, Hero};
use crate::world::{ms, setup};

#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Interceptor for Notes {
    fn before(&self, call: &CallInfo<'_>) -> Result<(), Failure> {
        let note = format!("{:?} {}.{}", call.direction, call.owner, call.call.name);
        self.0.lock().unwrap().push(note);
        if call.call.name == "burst" {
            return Err(Failure::not_executed(FailureKind::Denied));
        }
        Ok(())
    }

    fn after(&self, call: &CallInfo<'_>, outcome: &CallOutcome) {
        let note = format!("{:?} {} {outcome:?}", call.direction, call.call.name);
        self.0.lock().unwrap().push(note);
    }
}

#[test]
fn interceptors_see_both_ways_and_may_refuse() {
    let notes = Notes::default();
    let setup = setup().interceptor(notes.clone());
    on_shard_of(&setup, async move |shard| {
        Hero::of(1).purse().add(1).await.unwrap();
        assert_eq!(
            notes.take(),
            ["Out Hero.add", "In Hero.add", "In add Ok", "Out add Ok"]
        );
        Hero::of(1).purse().take(9).await.unwrap_err();
        assert_eq!(notes.take()[2..], ["In take Thrown", "Out take Thrown"]);
        Desk::any().slow(ms(1)).await.unwrap();
        assert_eq!(
            notes.take(),
            ["Out Desk.slow", "In Desk.slow", "In slow Ok", "Out slow Ok"]
        );
        assert_eq!(kind(Hero::of(1).burst().await), FailureKind::Denied);
        assert_eq!(notes.take(), ["Out Hero.burst"]);
        let short = Hero::of(1).deadline(Duration::from_millis(1));
        assert_eq!(kind(short.linger(ms(5)).await), FailureKind::Timeout);
        assert_eq!(notes.take()[2..], ["Out linger Failed(Timeout)"]);
        Hero::of(1).finished().await.unwrap();
        assert_eq!(notes.take()[2], "In linger Ok");
        assert_eq!(shard.calls_open(), 0);
    });
}

#[test]
fn interceptors_of_both_shards_see_a_call_once_each_way() {
    let notes = Notes::default();
    let setup = setup().interceptor(notes.clone());
    on_two_shards(&setup, async move |[_, b]| {
        let [far, ..] = heroes_of(&b);
        Hero::of(far).purse().add(1).await.unwrap();
        assert_eq!(
            notes.take(),
            ["Out Hero.add", "In Hero.add", "In add Ok", "Out add Ok"]
        );
    });
}

struct TraceSeen(Arc<Mutex<Vec<Option<TraceContext>>>>);

impl Interceptor for TraceSeen {
    fn before(&self, call: &CallInfo<'_>) -> Result<(), Failure> {
        self.0.lock().unwrap().push(call.trace);
        Ok(())
    }
}

#[test]
fn a_trace_goes_along_and_a_sampled_one_gets_spans() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let setup = setup().interceptor(TraceSeen(Arc::clone(&seen)));
    on_shard_of(&setup, async move |shard| {
        for sampled in [false, true] {
            let context = TraceContext {
                id: 5,
                span: 6,
                sampled,
            };
            let (done, waits) = tokio::sync::oneshot::channel();
            shard.spawn_traced(context, async move {
                assert_eq!(Hero::of(1).circle(vec![2]).await, Ok(1));
                done.send(()).unwrap();
            });
            waits.await.unwrap();
            let seen: Vec<_> = seen.lock().unwrap().drain(..).flatten().collect();
            assert_eq!(seen.len(), 4);
            assert!(
                seen.iter()
                    .all(|trace| (trace.id, trace.sampled) == (5, sampled))
            );
            let own = seen.iter().all(|trace| trace.span == 6);
            assert_eq!(own, !sampled, "each sampled call has a span of its own");
        }
        assert_eq!(shard.calls_open(), 0);
    });
}
