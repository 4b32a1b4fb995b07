//! Sessions that outlive their links.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use arena_bots::account::Login;
use arena_bots::common::Region;
use arena_bots::world::{Avatar, AvatarConfirmArgs, AvatarNoticeArgs};
use playhouse_client::{
    CallError, Client, Closed, Executed, Failure, FailureKind, SessionLimits, SessionReason, State,
};
use playhouse_wire::message::GoAwayReason;
use playhouse_wire::session::{Pass, SessionKey};
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::{Instant, sleep};

use super::server::{Reply, TOKEN, World, method, run};

/// What the client was told of its session.
fn states(client: &Client) -> Rc<RefCell<Vec<State>>> {
    let told = Rc::new(RefCell::new(Vec::new()));
    let into = Rc::clone(&told);
    client.on_state(move |state| into.borrow_mut().push(state));
    told
}

/// A call on its way.
fn rename(client: &Client) -> JoinHandle<Result<(), Failure>> {
    let client = client.clone();
    spawn_local(async move {
        let avatar = client.entity::<Avatar>().deadline(Duration::from_secs(600));
        match avatar.rename("Ada".to_owned().into()).await {
            Ok(()) => Ok(()),
            Err(CallError::Failed(failure)) => Err(failure),
            Err(error) => panic!("{error}"),
        }
    })
}

async fn settle() {
    sleep(Duration::from_secs(1)).await;
}

/// Cuts the client's link.
fn cut(world: &World) {
    world.server.link().close(GoAwayReason::Stopping, "");
}

#[test]
fn a_call_waits_through_a_lost_link() {
    run(async |world| {
        let client = world.player().await;
        let told = states(&client);
        let kept = Rc::new(RefCell::new(Vec::new()));
        let replies = Rc::clone(&kept);
        world
            .server
            .script(move |reply, _| replies.borrow_mut().push(reply.clone()));
        let calling = rename(&client);
        settle().await;
        cut(&world);
        settle().await;
        let [
            State::Detached,
            State::Connecting,
            State::Live { resumed: true, .. },
        ] = told.borrow()[..]
        else {
            panic!("{told:?}")
        };
        let replies: Vec<Reply> = kept.take();
        assert_eq!(replies.len(), 1, "it is executed once");
        replies[0].value(&());
        assert_eq!(calling.await.unwrap(), Ok(()));
        assert_eq!(world.server.homes.count(), 1);
        assert_eq!(client.bound().len(), 1);
    });
}

#[test]
fn what_is_sent_and_told_without_a_link_arrives_in_order_and_once() {
    run(async |world| {
        let client = world.player().await;
        world.server.script(|reply, _| reply.value(&()));
        let heard = Rc::new(RefCell::new(Vec::new()));
        let into = Rc::clone(&heard);
        client.on(move |args: AvatarNoticeArgs| into.borrow_mut().push(args.text));
        let told = states(&client);
        let mut sent = 0;
        for round in 0..20 {
            for number in 0..3 {
                client.entity::<Avatar>().bag().sort(true).unwrap();
                sent += 1;
                let text = format!("{round} {number}");
                let args = AvatarNoticeArgs {
                    text,
                    seconds: None,
                };
                world.server.tell(0, method(0, 4), &args);
                sleep(Duration::from_millis(7 * round % 13)).await;
                if number == 1 {
                    cut(&world);
                }
            }
            sleep(Duration::from_millis(700)).await;
        }
        settle().await;
        assert_eq!(world.server.seen.borrow().len(), sent);
        let expected = (0..20).flat_map(|round| (0..3).map(move |n| format!("{round} {n}")));
        assert_eq!(*heard.borrow(), expected.collect::<Vec<_>>());
        let resumed = told
            .borrow()
            .iter()
            .filter(|state| matches!(state, State::Live { resumed: true, .. }))
            .count();
        assert!(resumed >= 15, "{resumed}");
        assert_eq!(world.server.homes.count(), 1);
    });
}

#[test]
fn a_client_rpc_is_answered_over_the_next_link() {
    run(async |world| {
        struct Answered(Rc<RefCell<u32>>);
        impl playhouse_net::link::ReplySink for Answered {
            fn complete(&self, outcome: playhouse_net::link::ReplyOutcome<'_>) {
                assert!(outcome.into_result().unwrap().is_ok());
                *self.0.borrow_mut() += 1;
            }
        }
        let client = world.player().await;
        client.answer(|_: AvatarConfirmArgs| async {
            sleep(Duration::from_millis(500)).await;
            true
        });
        let answered = Rc::new(RefCell::new(0));
        let text = "sell it?".to_owned();
        let sink = Rc::new(Answered(Rc::clone(&answered)));
        world
            .server
            .ask(method(0, 3), None, sink, &AvatarConfirmArgs { text });
        sleep(Duration::from_millis(100)).await;
        cut(&world);
        sleep(Duration::from_secs(3)).await;
        assert_eq!(*answered.borrow(), 1);
    });
}

#[test]
fn a_detached_session_is_opened_again_on_the_same_link() {
    run(async |world| {
        let client = world.player().await;
        let told = states(&client);
        world.server.detach(0);
        settle().await;
        let [State::Detached, State::Live { resumed: true, .. }] = told.borrow()[..] else {
            panic!("{told:?}")
        };
        assert_eq!(world.server.links.borrow().len(), 1);
        assert_eq!(world.server.homes.opens.get(), 2);
    });
}

#[test]
fn a_full_window_refuses_calls_at_once() {
    run(async |world| {
        let client = world.player().await;
        world.server.homes.is_busy.set(true);
        let bag = || client.entity::<Avatar>().bag();
        let window = SessionLimits::DEFAULT.window;
        // The home acknowledges what it takes, and takes as much as a window without beginning it.
        for _ in 0..window {
            bag().sort(true).unwrap();
        }
        settle().await;
        let mut more = 0;
        let failure = loop {
            match bag().sort(true) {
                Ok(()) => more += 1,
                Err(failure) => break failure,
            }
            assert!(more <= window, "there is no end of it");
        };
        assert_eq!(failure.kind(), FailureKind::Overloaded);
        assert_eq!(failure.executed(), Executed::NotExecuted);
        world.server.homes.is_busy.set(false);
        settle().await;
        assert_eq!(world.server.seen.borrow().len() as u32, window + more);
        bag().sort(true).unwrap();
    });
}

#[test]
fn a_client_that_finds_no_link_gives_up_and_tags_its_calls() {
    run(async |world| {
        let client = world.player().await;
        let told = states(&client);
        let sent = rename(&client);
        settle().await;
        world.network.partition("client", "server");
        cut(&world);
        // The client hears nothing of it: it finds out by its heartbeat.
        sleep(Duration::from_secs(20)).await;
        let unsent = rename(&client);
        let began = Instant::now();
        let Closed::Session(SessionReason::Expired, text) = client.closed().await else {
            panic!("{client:?}")
        };
        assert!(text.contains("no link for 90 s"), "{text}");
        assert!(began.elapsed() < Duration::from_secs(91));
        assert_eq!(
            sent.await.unwrap().unwrap_err().executed(),
            Executed::Unknown
        );
        let unsent = unsent.await.unwrap().unwrap_err();
        assert_eq!(unsent.executed(), Executed::NotExecuted);
        assert_eq!(unsent.kind(), FailureKind::Unreachable);
        assert_eq!(
            told.borrow().last(),
            Some(&State::Lost {
                reason: SessionReason::Expired
            })
        );
        let after = rename(&client).await.unwrap().unwrap_err();
        assert_eq!(after.executed(), Executed::NotExecuted);
        assert!(client.bound().is_empty());
    });
}

#[test]
fn a_home_that_forgot_the_session_ends_it_with_true_tags() {
    run(async |world| {
        let client = world.player().await;
        let told = states(&client);
        let sent = rename(&client);
        settle().await;
        world.server.forget(0);
        cut(&world);
        sleep(Duration::from_millis(20)).await;
        let unsent = rename(&client);
        let closed = client.closed().await;
        assert!(
            matches!(closed, Closed::Session(SessionReason::Lost, _)),
            "{closed}"
        );
        assert_eq!(
            sent.await.unwrap().unwrap_err().executed(),
            Executed::Unknown
        );
        let unsent = unsent.await.unwrap().unwrap_err();
        assert_eq!(unsent.executed(), Executed::NotExecuted);
        assert!(matches!(told.borrow().last(), Some(State::Lost { .. })));
    });
}

#[test]
fn calls_that_had_not_begun_at_the_end_were_not_executed() {
    run(async |world| {
        let client = world.player().await;
        let begun = rename(&client);
        settle().await;
        world.server.homes.is_busy.set(true);
        let waiting = rename(&client);
        settle().await;
        world.server.end(0, SessionReason::Kicked, "go home");
        assert_eq!(
            begun.await.unwrap().unwrap_err().executed(),
            Executed::Unknown
        );
        let waiting = waiting.await.unwrap().unwrap_err();
        assert_eq!(waiting.executed(), Executed::NotExecuted);
        assert!(waiting.text().contains("go home"), "{waiting}");
        assert!(world.server.closed.get() || client.is_closed());
    });
}

#[test]
fn a_session_that_was_replaced_stays_over() {
    run(async |world| {
        let client = world.player().await;
        world
            .server
            .end(0, SessionReason::Replaced, "another login");
        let closed = client.closed().await;
        assert!(
            matches!(closed, Closed::Session(SessionReason::Replaced, _)),
            "{closed}"
        );
        sleep(Duration::from_secs(200)).await;
        assert_eq!(world.server.homes.opens.get(), 1);
        assert_eq!(world.server.links.borrow().len(), 1);
    });
}

#[test]
fn no_room_for_the_session_is_tried_again() {
    run(async |world| {
        let client = world.guest().await;
        world
            .server
            .homes
            .refuses
            .set(Some(SessionReason::Unavailable));
        let failure = client.open(TOKEN).await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Overloaded);
        assert_eq!(failure.executed(), Executed::NotExecuted);
        world.server.homes.refuses.set(None);
        client.open(TOKEN).await.unwrap();
        let failure = client.open(TOKEN).await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Invalid);
    });
}

#[test]
fn a_pass_with_a_key_proves_itself_on_every_link() {
    run(async |world| {
        let key = SessionKey([7; 32]);
        *world.server.homes.key.borrow_mut() = Some(key.clone());
        let client = world.guest().await;
        let failure = client.open(TOKEN).await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Denied);
        client.open(&Pass::join(&key, TOKEN)).await.unwrap();
        cut(&world);
        settle().await;
        world.server.script(|reply, _| reply.value(&()));
        assert_eq!(rename(&client).await.unwrap(), Ok(()));
    });
}

#[test]
fn calls_of_services_go_through_the_session_too() {
    run(async |world| {
        let client = world.player().await;
        let calling = {
            let client = client.clone();
            spawn_local(async move {
                let login = client.service::<Login>().deadline(Duration::from_secs(60));
                login.weather(Region::Asia).await
            })
        };
        settle().await;
        assert!(world.server.seen.borrow().len() == 1);
        cut(&world);
        world.server.end(0, SessionReason::Kicked, "");
        let failure = calling.await.unwrap().unwrap_err();
        assert_eq!(failure.executed(), Executed::Unknown);
    });
}

#[test]
fn a_session_moves_while_its_old_link_is_read() {
    run(async |world| {
        world.listen("spare:7000").await;
        let client = world.player().await;
        world.server.script(|reply, _| reply.value(&()));
        let told = states(&client);
        let mut calls = Vec::new();
        for number in 0..200 {
            calls.push(rename(&client));
            if number == 100 {
                let client = client.clone();
                calls.push(spawn_local(
                    async move { client.migrate("spare:7000").await },
                ));
            }
            sleep(Duration::from_micros(300)).await;
        }
        for call in calls {
            assert_eq!(call.await.unwrap(), Ok(()));
        }
        assert_eq!(world.server.seen.borrow().len(), 200);
        let [State::Live { resumed: true, .. }] = told.borrow()[..] else {
            panic!("{told:?}")
        };
        settle().await;
        let links = world.server.links.borrow();
        let closed: Vec<bool> = links.iter().map(playhouse_net::Link::is_closed).collect();
        assert_eq!(closed, [true, false]);
    });
}

#[test]
fn a_move_to_nowhere_leaves_the_session_where_it_is() {
    run(async |world| {
        let client = world.guest().await;
        let failure = client.migrate("server:7000").await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::NotFound);
        client.open(TOKEN).await.unwrap();
        let told = states(&client);
        let failure = client.migrate("server:9").await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Unreachable);
        world.server.script(|reply, _| reply.value(&()));
        assert_eq!(rename(&client).await.unwrap(), Ok(()));
        assert!(told.borrow().is_empty());
    });
}

#[test]
fn a_link_that_owes_an_answer_is_left_for_one_that_answers() {
    run(async |world| {
        world.listen("spare:7000").await;
        let builder = world.builder();
        let client = builder.connect_any(&["server:7000", "spare:7000"]).await;
        let client = client.unwrap();
        client.open(TOKEN).await.unwrap();
        let told = states(&client);
        world.network.partition("client", "server");
        let began = Instant::now();
        while told.borrow().is_empty() {
            sleep(Duration::from_millis(100)).await;
            assert!(
                began.elapsed() < Duration::from_secs(14),
                "before the link is dead"
            );
        }
        let [State::Live { resumed: true, .. }] = told.borrow()[..] else {
            panic!("{told:?}")
        };
        world.server.script(|reply, _| reply.value(&()));
        assert_eq!(rename(&client).await.unwrap(), Ok(()));
    });
}

#[test]
fn a_server_that_goes_away_is_left_at_once() {
    run(async |world| {
        world.listen("spare:7000").await;
        let builder = world.builder();
        let client = builder.connect_any(&["server:7000", "spare:7000"]).await;
        let client = client.unwrap();
        client.open(TOKEN).await.unwrap();
        let told = states(&client);
        let link = world.server.link();
        link.go_away(GoAwayReason::Stopping, "maintenance");
        settle().await;
        let [State::Live { resumed: true, .. }] = told.borrow()[..] else {
            panic!("{told:?}")
        };
        assert!(link.is_closed());
    });
}

#[test]
fn a_client_that_is_closed_logs_out() {
    run(async |world| {
        let client = world.player().await;
        let told = states(&client);
        let calling = rename(&client);
        settle().await;
        client.close();
        assert_eq!(client.session_end().unwrap().0, SessionReason::LoggedOut);
        let failure = calling.await.unwrap().unwrap_err();
        assert_eq!(failure.executed(), Executed::Unknown);
        settle().await;
        assert!(world.server.closed.get());
        assert!(world.server.has_ended(0));
        let reason = SessionReason::LoggedOut;
        assert_eq!(*told.borrow(), [State::Lost { reason }]);
    });
}
