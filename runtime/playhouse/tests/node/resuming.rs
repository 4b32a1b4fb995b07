//! Sessions outlive links: what was on its way arrives once, in order, and what can't go on is told so.

use std::time::Duration;

use playhouse_wire::message::{FailureKind, GoAwayReason, Role, SessionReason};
use playhouse_wire::session::SessionLimits;

use crate::client::{self, Client, Ended, Note, header, method};
use crate::schema::harbour::{
    AccountId, BagChangedArgs, BagContentArgs, BagPutArgs, Guest, GuestAskArgs, GuestLifeArgs,
    GuestManyArgs, GuestSayArgs,
};
use crate::world::{self, token};

/// A client with a session of `Guest(number)`.
async fn guest(address: &str, number: u64) -> Client {
    let client = Client::connect(address, Role::Client);
    assert_eq!(client.open(&token(number)).await, opened(number));
    client
}

fn opened(number: u64) -> Note {
    Note::Opened(Guest::reference(AccountId(number)).address().clone())
}

async fn life(address: &str, number: u64) -> Vec<String> {
    let peer = Client::connect(address, Role::Node);
    let life = GuestLifeArgs {};
    peer.call::<Guest, _>(0, Some(number), &life).await.value()
}

/// What has happened to a guest, once so much has.
async fn life_of(address: &str, number: u64, length: usize) -> Vec<String> {
    let mut heard = Vec::new();
    for _ in 0..500 {
        heard = life(address, number).await;
        if heard.len() >= length {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    heard
}

async fn cut(client: &Client) {
    client.link.close(GoAwayReason::Idle, "");
    client.link.closed().await;
}

fn say(line: &str) -> GuestSayArgs {
    GuestSayArgs {
        line: line.to_owned(),
    }
}

fn many(count: u32) -> GuestManyArgs {
    GuestManyArgs { count }
}

#[test]
fn a_session_that_changes_links_loses_and_doubles_nothing() {
    const ROUNDS: u32 = 40;
    const EACH: u32 = 30;
    let (_running, address) = world::node();
    client::run(async move {
        let mut client = guest(&address, 7).await;
        let mut events = Vec::new();
        for round in 0..ROUNDS {
            for number in 0..EACH {
                let parcel = round * EACH + number;
                client.oneway::<Guest, _>(1, None, &BagPutArgs { parcel });
            }
            if round % 3 == 0 {
                // Some of it has come so far.
                client.news().await;
            }
            if round % 2 == 0 {
                client.link.close(GoAwayReason::Idle, "");
            }
            let next = client.again(&address);
            // Perhaps before the node knows that the other one is gone.
            assert_eq!(next.resume().await, opened(7), "round {round}");
            events.append(&mut client.inbox.events.borrow_mut());
            client = next;
        }
        let all: Vec<u32> = (0..ROUNDS * EACH).collect();
        while events.len() < all.len() {
            let more = all.len() - events.len();
            events.append(&mut client.events(more).await);
        }
        let changed = method::<Guest, BagChangedArgs>(1);
        let heard = events.iter().map(|(of, _, args)| {
            assert_eq!(*of, changed);
            let args: BagChangedArgs =
                playhouse::from_slice(args, &playhouse::Limits::DEFAULT).unwrap();
            args.parcel
        });
        assert_eq!(heard.collect::<Vec<_>>(), all);
        let peer = Client::connect(&address, Role::Node);
        let content = peer.call::<Guest, _>(1, Some(7), &BagContentArgs {}).await;
        assert_eq!(content.value::<Vec<u32>>(), all);
        let heard = life(&address, 7).await;
        assert_eq!(heard[..2], ["construct 7", "attached true"]);
        assert!(
            heard[2..]
                .chunks(2)
                .all(|pair| *pair == ["lost", "resumed"])
        );
    });
}

#[test]
fn a_call_is_answered_on_the_link_that_is_there() {
    let (_running, address) = world::node();
    client::run(async move {
        let client = guest(&address, 7).await;
        let ask = playhouse::to_vec(&GuestAskArgs {
            text: "still there?".to_owned(),
        });
        let (_, said) = client.begin(method::<Guest, GuestAskArgs>(0), &header(None), &ask);
        client.news().await;
        // It was asked, and is gone before it answers.
        cut(&client).await;
        let heard = life_of(&address, 8, 1).await;
        assert_eq!(heard, ["construct 8"]);
        let next = client.again(&address);
        next.inbox.answer.set(Some(true));
        assert_eq!(next.resume().await, opened(7));
        // The question is not asked again: it was taken. So it is answered late.
        assert_eq!(client.inbox.asked.get() + next.inbox.asked.get(), 1);
        let question = client.inbox.question.get().or(next.inbox.question.get());
        next.inbox.answer(&next.link, question.unwrap(), true);
        assert!(said.await.value::<bool>());
    });
}

#[test]
fn a_node_that_stops_does_not_wait_for_the_answer_of_who_has_no_link() {
    // Its deadline is later than that.
    let (running, address) =
        world::start(world::builder().stop_timeout(Duration::from_millis(1500)));
    client::run(async move {
        let client = guest(&address, 7).await;
        let ask = playhouse::to_vec(&GuestAskArgs {
            text: "still there?".to_owned(),
        });
        let (_, said) = client.begin(method::<Guest, GuestAskArgs>(0), &header(None), &ask);
        client.news().await;
        cut(&client).await;
        drop(said);
    });
    running.stop();
    running.wait().expect("no handler was cut off");
}

#[test]
fn a_session_without_a_link_ends_when_its_grace_is_over() {
    let limits = SessionLimits {
        grace_us: 300_000,
        ..SessionLimits::DEFAULT
    };
    let (_running, address) = world::start(world::builder().session_limits(limits));
    client::run(async move {
        let client = guest(&address, 7).await;
        cut(&client).await;
        let heard = life_of(&address, 7, 3).await;
        assert_eq!(heard, ["construct 7", "attached true", "lost"]);
        let next = client.again(&address);
        assert_eq!(next.resume().await, opened(7), "within its grace");
        cut(&next).await;
        tokio::time::sleep(Duration::from_millis(900)).await;
        let late = client.again(&address);
        let note = late.resume().await;
        assert!(
            matches!(note, Note::Refused(SessionReason::Expired, _)),
            "{note:?}"
        );
        let heard = life(&address, 7).await;
        assert_eq!(heard[2..], ["lost", "resumed", "lost"]);
        // Another login begins another session, though the bag is still there.
        guest(&address, 7).await;
    });
}

#[test]
fn what_a_client_does_not_take_is_kept_up_to_a_bound() {
    let (_running, address) = world::node();
    let buffer = SessionLimits::DEFAULT.buffer;
    client::run(async move {
        // One that never acknowledges: the last that fits is kept, one more ends the session.
        let client = guest(&address, 7).await;
        client.inbox.session.is_mute.set(true);
        // The answer is one of them.
        let fits = client.call::<Guest, _>(0, None, &many(buffer - 1)).await;
        assert!(matches!(fits, Ended::Ok(_)), "{fits:?}");
        client.oneway::<Guest, _>(1, None, &BagPutArgs { parcel: 1 });
        let note = client.note().await;
        assert!(
            matches!(note, Note::End(SessionReason::Overflow, _)),
            "{note:?}"
        );
        // One that is away.
        let client = guest(&address, 8).await;
        cut(&client).await;
        life_of(&address, 8, 3).await;
        let peer = Client::connect(&address, Role::Node);
        let told = peer.call::<Guest, _>(0, Some(8), &many(buffer)).await;
        assert!(matches!(told, Ended::Ok(_)), "{told:?}");
        let next = client.again(&address);
        assert_eq!(next.resume().await, opened(8));
        assert_eq!(next.events(buffer as usize).await.len(), buffer as usize);
        cut(&next).await;
        life_of(&address, 8, 5).await;
        let told = peer.call::<Guest, _>(0, Some(8), &many(buffer + 1)).await;
        assert!(matches!(told, Ended::Ok(_)), "{told:?}");
        let note = client.again(&address).resume().await;
        assert!(
            matches!(note, Note::Refused(SessionReason::Overflow, _)),
            "{note:?}"
        );
        // Others are none the worse for it.
        let other = guest(&address, 9).await;
        let said = other.call::<Guest, _>(0, None, &say("hi")).await;
        assert_eq!(said.value::<u32>(), 1);
    });
}

#[test]
fn a_session_that_nobody_knows_is_lost() {
    let (_running, address) = world::node();
    client::run(async move {
        let client = guest(&address, 7).await;
        client
            .inbox
            .session
            .name
            .set(Some(playhouse::Uuid([9; 16])));
        let note = client.again(&address).resume().await;
        assert!(
            matches!(note, Note::Refused(SessionReason::Lost, _)),
            "{note:?}"
        );
        // Not another's either.
        let other = guest(&address, 8).await;
        let theirs = other.inbox.session.name.get();
        client.inbox.session.name.set(theirs);
        let note = client.again(&address).resume().await;
        assert!(
            matches!(note, Note::Refused(SessionReason::Lost, _)),
            "{note:?}"
        );
        let said = other.call::<Guest, _>(0, None, &say("hi")).await;
        assert_eq!(said.value::<u32>(), 1);
    });
}

#[test]
fn an_older_attempt_does_not_take_a_session_back() {
    let (_running, address) = world::node();
    client::run(async move {
        let client = guest(&address, 7).await;
        let next = client.again(&address);
        assert_eq!(next.resume().await, opened(7));
        assert_eq!(client.note().await, Note::Detached);
        // Recorded, and played again.
        client.inbox.session.attempt.set(0);
        let note = client.again(&address).resume().await;
        assert!(
            matches!(note, Note::Refused(SessionReason::Stale, _)),
            "{note:?}"
        );
        let said = next.call::<Guest, _>(0, None, &say("hi")).await;
        assert_eq!(said.value::<u32>(), 1);
    });
}

#[test]
fn a_client_that_breaks_the_sequence_loses_its_session() {
    let (_running, address) = world::node();
    client::run(async move {
        let client = guest(&address, 7).await;
        let given = &client.inbox.session.given;
        given.set(given.get() + 1);
        client.oneway::<Guest, _>(1, None, &BagPutArgs { parcel: 1 });
        let note = client.note().await;
        assert!(
            matches!(note, Note::End(SessionReason::Protocol, _)),
            "{note:?}"
        );
        let peer = Client::connect(&address, Role::Node);
        let content = peer.call::<Guest, _>(1, Some(7), &BagContentArgs {}).await;
        assert_eq!(content.value::<Vec<u32>>(), Vec::<u32>::new());
        let refused = client.call::<Guest, _>(0, Some(7), &say("hi")).await;
        refused.refused(FailureKind::Denied);
    });
}

#[test]
fn a_node_that_stops_answers_what_runs_and_ends_its_sessions() {
    let (running, address) = world::node();
    client::run(async move {
        let client = guest(&address, 7).await;
        let ask = playhouse::to_vec(&GuestAskArgs {
            text: "the last?".to_owned(),
        });
        let (_, said) = client.begin(method::<Guest, GuestAskArgs>(0), &header(None), &ask);
        client.news().await;
        running.stop();
        loop {
            // It is still served what it was promised, but nothing new.
            let late = client.call::<Guest, _>(0, None, &say("late")).await;
            match late {
                Ended::Failed(FailureKind::Unreachable, executed, _) => {
                    let not = playhouse_wire::message::Executed::NotExecuted;
                    assert_eq!(executed, not);
                    break;
                }
                Ended::Ok(_) => {}
                late => panic!("{late:?}"),
            }
        }
        let question = client.inbox.question.get().unwrap();
        client.inbox.answer(&client.link, question, true);
        assert!(said.await.value::<bool>());
        loop {
            match client.note().await {
                Note::GoAway(_) => {}
                Note::End(SessionReason::Unavailable, _) => break,
                note => panic!("{note:?}"),
            }
        }
        running.wait().unwrap();
    });
}
