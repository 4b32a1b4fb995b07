//! Whose lines of the log are: of handlers, hooks, timers, and of futures beside them.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use playhouse::host::{Incoming, Origin, SessionId, TraceContext};
use playhouse::log::{Guard, Level, Logging};
use playhouse::{Arguments as _, Limits, Reach as _, to_vec};
use playhouse_wire::message::{Header, Method};

use crate::harness::{hero, on_shard};
use crate::schema::trial::{Center, Desk, Hero, HeroNoteArgs};

/// A line: what it says, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    message: String,
    level: Level,
    node: String,
    entity: String,
    session: Option<u64>,
    trace: Option<u128>,
    fields: String,
}

/// What is logged on this thread.
struct Log {
    guard: Guard,
    lines: Receiver<Line>,
}

impl Log {
    fn new() -> Self {
        let (give, lines): (Sender<Line>, _) = channel();
        let builder = Logging::builder().on_record(Level::INFO, move |record| {
            let fields = record
                .fields()
                .map(|(name, value)| format!("{name}={value} "));
            let line = Line {
                message: record.message().to_owned(),
                level: record.level(),
                node: record.node().to_owned(),
                entity: record.entity().to_owned(),
                session: record.session(),
                trace: record.trace(),
                fields: fields.collect(),
            };
            give.send(line).unwrap();
        });
        let guard = builder.start().unwrap();
        Self { guard, lines }
    }

    /// The lines that the test leads to.
    fn of(self, test: impl FnOnce()) -> Vec<Line> {
        tracing::dispatcher::with_default(self.guard.dispatch(), test);
        drop(self.guard);
        self.lines.into_iter().collect()
    }
}

#[track_caller]
fn check(lines: &[Line], message: &str, entity: &str) -> Line {
    let found: Vec<&Line> = lines.iter().filter(|it| it.message == message).collect();
    let line = found.first().copied();
    let line = line.unwrap_or_else(|| panic!("no `{message}` in {lines:#?}"));
    assert_eq!((line.node.as_str(), line.entity.as_str()), ("test", entity));
    line.clone()
}

#[test]
fn lines_of_handlers_hooks_and_timers_say_whose_they_are() {
    let lines = Log::new().of(|| {
        on_shard(async |shard| {
            Desk::any().greet("ann").await.unwrap();
            Hero::of(7).note(1).unwrap();
            // A handler inside of another one's poll, and back again.
            Desk::any().relay(hero(8)).await.unwrap();
            let room = Center::only().open(1).await.unwrap().proxy();
            room.visit().await.unwrap();
            room.grow(1).await.unwrap();
            tokio::time::sleep(Duration::from_millis(15)).await;
            room.close().await.unwrap();
            tokio::time::sleep(Duration::from_millis(15)).await;
            tracing::info!("on the shard");
            assert_eq!(shard.calls_open(), 0);
        });
    });
    let greeted = check(&lines, "greets", "Desk");
    assert_eq!((greeted.session, greeted.trace), (None, None));
    check(&lines, "notes", "Hero(7)");
    check(&lines, "accepts", "Hero(8)");
    check(&lines, "relayed", "Desk");
    check(&lines, "on the shard", "");
    let of = |message: &str| {
        let line = lines.iter().find(|it| it.message == message);
        line.unwrap_or_else(|| panic!("no `{message}` in {lines:#?}"))
            .entity
            .clone()
    };
    let room = of("room created");
    assert!(room.starts_with("Room("), "{room}");
    for hook in ["room loaded", "room visited", "room destroyed"] {
        assert_eq!(of(hook), room, "{hook}");
    }
    assert_eq!(of("a tree grows"), format!("{room}.Tree(1)"));
}

#[test]
fn lines_that_a_client_causes_have_its_session() {
    let lines = Log::new().of(|| {
        on_shard(async |shard| {
            let header = Header::to(hero(9).address().key.clone());
            let note = Incoming {
                method: Method {
                    package: 9,
                    number: 3,
                    slot: 0,
                    tag: HeroNoteArgs::TAG,
                },
                header: &header,
                args: &to_vec(&HeroNoteArgs { number: 4 }),
                origin: Origin::Client(Some(SessionId(33))),
                limits: Limits::STRICT,
            };
            shard.serve_oneway(note).unwrap();
            assert_eq!(Hero::of(9).notes().await.unwrap(), [4]);
        });
    });
    assert_eq!(check(&lines, "notes", "Hero(9)").session, Some(33));
}

#[test]
fn lines_of_a_trace_have_its_id_and_those_of_a_sampled_one_its_spans() {
    let lines = Log::new().of(|| {
        on_shard(async |shard| {
            for sampled in [false, true] {
                let context = TraceContext {
                    id: 0xabc,
                    span: 6,
                    sampled,
                };
                let (done, waits) = tokio::sync::oneshot::channel();
                shard.spawn_traced(context, async move {
                    Desk::any().relay(hero(8)).await.unwrap();
                    done.send(()).unwrap();
                });
                waits.await.unwrap();
            }
        });
    });
    let of_trace = lines.iter().filter(|it| it.trace == Some(0xabc)).count();
    assert_eq!(of_trace, 4, "{lines:#?}");
    check(&lines, "accepts", "Hero(8)");
}

#[test]
fn a_panic_is_said_with_whose_it_was() {
    let lines = Log::new().of(|| {
        on_shard(async |_| {
            Hero::of(5).burst().await.unwrap_err();
        });
    });
    let line = check(&lines, "handler panicked: the hero bursts", "Hero(5)");
    assert_eq!(line.level, Level::ERROR);
    assert!(line.fields.contains("handler=Hero(5).burst"), "{line:?}");
}

#[test]
fn a_background_future_that_panics_is_said_with_who_began_it_and_where() {
    let lines = Log::new().of(|| {
        on_shard(async |shard| {
            assert_eq!(Hero::of(6).accept(13).await, Ok(true));
            tokio::time::sleep(Duration::from_millis(1)).await;
            assert_eq!(shard.panics(), 1);
            // Its place is free again, and the entity lives on.
            assert_eq!(Hero::of(6).accept(1).await, Ok(true));
        });
    });
    check(&lines, "beside", "Hero(6)");
    let line = check(&lines, "a background future panicked: unlucky", "Hero(6)");
    assert_eq!(line.level, Level::ERROR);
    assert!(line.fields.contains("begun_by=Hero(6)"), "{line:?}");
    assert!(line.fields.contains("tests/host/world.rs:"), "{line:?}");
    assert!(line.fields.contains("accept"), "{line:?}");
}
