//! Clients that break the rules of sessions, or want another's.

use std::time::Duration;

use playhouse_wire::message::{
    Header, Open, Role, SessionReason, put_ack, put_msg, put_notify, put_ping, put_request,
};

use crate::client::{Client, Note, PATIENCE, method};
use crate::raw::Raw;
use crate::scene::{Scene, say, under_attack, wary};
use crate::schema::harbour::{Guest, GuestAskArgs, GuestSayArgs};
use crate::world::token;

async fn is_served(client: &Client) {
    let said = client.call::<Guest, _>(0, None, &say()).await;
    assert_eq!(said.value::<u32>(), 1);
}

/// The client's session is over, since it broke the rules.
async fn has_broken(client: &Client) {
    let note = client.note().await;
    assert!(
        matches!(note, Note::End(SessionReason::Protocol, _)),
        "{note:?}"
    );
}

/// The node says why, and closes the client's link.
async fn is_closed(client: &Client, how: &str) {
    let mut said = String::new();
    loop {
        match client.note().await {
            Note::Closed(why) => {
                let why = if said.is_empty() { why } else { said };
                return assert!(why.contains(how), "{why}");
            }
            Note::GoAway(text) => said = text,
            Note::Opened(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn ended(scene: &Scene, least: u32) {
    let series = "playhouse_sessions_ended_total{reason=\"protocol\"}";
    scene.counted(series, least).await;
}

#[test]
fn an_open_with_an_attempt_that_was_seen_is_stale() {
    under_attack(wary(), async |scene| {
        let victim = scene.player(66).await;
        is_served(&victim).await;
        // All that it said, said again on another link.
        let thief = scene.stranger();
        thief.inbox.session.begin(&token(66));
        thief.inbox.session.name.set(Some(victim.session()));
        let refused = thief.resume().await;
        assert!(
            matches!(refused, Note::Refused(SessionReason::Stale, _)),
            "{refused:?}"
        );
        scene.opens_refused("stale", 1).await;
        is_served(&victim).await;
    });
}

#[test]
fn the_name_of_anothers_session_is_worth_nothing() {
    under_attack(wary(), async |scene| {
        let thief = scene.stranger();
        thief.inbox.session.begin(&token(66));
        let name = scene.honest.client.session();
        thief.inbox.session.name.set(Some(name));
        thief.inbox.session.attempt.set(1_000);
        let refused = thief.resume().await;
        assert!(
            matches!(refused, Note::Refused(SessionReason::Lost, _)),
            "{refused:?}"
        );
        // Nor does the end of a session that is not its own end it.
        let player = scene.player(67).await;
        player.end(name, 1);
        is_served(&player).await;
        scene.opens_refused("lost", 1).await;
    });
}

#[test]
fn attempts_on_a_link_rise_or_the_link_ends() {
    under_attack(wary(), async |scene| {
        for attempt in [1, 0] {
            let client = scene.player(66).await;
            let token = token(66);
            let open = Open::new(&token, attempt);
            client.link.send(|w| open.put(w)).unwrap();
            is_closed(&client, "attempt").await;
        }
        scene.links_closed("protocol", 2).await;
    });
}

#[test]
fn a_sessions_messages_stand_in_a_session() {
    under_attack(wary(), async |scene| {
        let mut raw = Raw::hello(&scene.address, Role::Client).await;
        raw.put(|w| put_msg(w, 1, None, |w| put_ping(w, 1))).await;
        raw.has_broken("before its open").await;
        let mut raw = Raw::hello(&scene.address, Role::Client).await;
        raw.put(|w| put_ack(w, 1)).await;
        raw.has_broken("before its open").await;
        // What may not be inside of one: the link's own messages, another open, junk.
        let opens = token(67);
        let inside: [&dyn Fn(&mut playhouse::Writer); 4] = [
            &|w| put_ping(w, 1),
            &|w| Open::new(&opens, 9).put(w),
            &|w| put_msg(w, 1, None, |w| put_ping(w, 1)),
            &|w| w.raw(&[0x91, 0xc1]),
        ];
        for inside in inside {
            let client = scene.player(66).await;
            client.link.send(|w| put_msg(w, 1, None, inside)).unwrap();
            is_closed(&client, "session").await;
        }
        scene.links_closed("protocol", 6).await;
    });
}

#[test]
fn numbers_that_do_not_follow_end_the_session() {
    under_attack(wary(), async |scene| {
        let args = playhouse::to_vec(&say());
        let method = method::<Guest, GuestSayArgs>(0);
        let said = |w: &mut playhouse::Writer| {
            put_notify(w, method, &Header::EMPTY, |w| w.raw(&args));
        };
        for seq in [2, 1_000_000, u64::MAX] {
            let client = scene.player(66).await;
            client.link.send(|w| put_msg(w, seq, None, said)).unwrap();
            has_broken(&client).await;
        }
        // What was never sent can't be acknowledged.
        let client = scene.player(66).await;
        client.link.send(|w| put_ack(w, 1_000_000)).unwrap();
        has_broken(&client).await;
        ended(scene, 4).await;
    });
}

#[test]
fn two_calls_of_one_number_end_the_session() {
    under_attack(wary(), async |scene| {
        let client = scene.player(66).await;
        // The guest waits for what its client is asked, so that the first of the two waits for its turn.
        let ask = GuestAskArgs {
            text: "well?".to_owned(),
        };
        let calls = [
            (6, method::<Guest, GuestAskArgs>(0), playhouse::to_vec(&ask)),
            (
                7,
                method::<Guest, GuestSayArgs>(0),
                playhouse::to_vec(&say()),
            ),
            (
                7,
                method::<Guest, GuestSayArgs>(0),
                playhouse::to_vec(&say()),
            ),
        ];
        for (seq, (call, method, args)) in (1..).zip(&calls) {
            let request = |w: &mut playhouse::Writer| {
                put_request(w, *call, *method, &Header::EMPTY, |w| w.raw(args));
            };
            client
                .link
                .send(|w| put_msg(w, seq, None, request))
                .unwrap();
        }
        has_broken(&client).await;
        ended(scene, 1).await;
    });
}

#[test]
fn who_claims_to_have_heard_more_than_was_said_is_refused() {
    under_attack(wary(), async |scene| {
        let client = scene.player(66).await;
        is_served(&client).await;
        client.inbox.session.rx.set(1_000_000);
        let again = client.again(&scene.address);
        let refused = again.resume().await;
        assert!(
            matches!(refused, Note::Refused(SessionReason::Protocol, _)),
            "{refused:?}"
        );
        scene.opens_refused("protocol", 1).await;
        ended(scene, 1).await;
    });
}

#[test]
fn a_session_that_moves_all_the_time_waits_and_is_not_lost() {
    under_attack(wary(), async |scene| {
        let first = scene.player(66).await;
        let second = first.again(&scene.address);
        let mut refused = 0;
        for round in 0..60 {
            let (to, from) = if round % 2 == 0 {
                (&second, &first)
            } else {
                (&first, &second)
            };
            match to.resume().await {
                Note::Opened(_) => while !matches!(from.note().await, Note::Detached) {},
                Note::Refused(SessionReason::Unavailable, text) => {
                    assert!(text.contains("try again in"), "{text}");
                    refused += 1;
                    break;
                }
                Note::Detached => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(refused, 1, "never refused");
        scene.opens_refused("unavailable", 1).await;
        // Whoever waits as long as was said goes on.
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            assert!(tokio::time::Instant::now() < until);
            tokio::time::sleep(Duration::from_secs(1)).await;
            first.inbox.session.send_open(&first.link);
            match first.note().await {
                Note::Opened(_) => break,
                Note::Refused(SessionReason::Unavailable, _) | Note::Detached => {}
                other => panic!("{other:?}"),
            }
        }
        is_served(&first).await;
    });
}
