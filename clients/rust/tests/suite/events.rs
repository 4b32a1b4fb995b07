//! Events: who hears of them, in which order.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use arena_bots::account::Login;
use arena_bots::common::Region;
use arena_bots::world::{AvatarNoticeArgs, InventoryChangedArgs};
use playhouse_client::{FailureKind, Origin};
use playhouse_wire::Encode;

use super::server::{Server, avatar, method, run};

fn notice(text: &str) -> AvatarNoticeArgs {
    AvatarNoticeArgs {
        text: text.to_owned(),
        seconds: None,
    }
}

fn send(server: &Rc<Server>, slot: u8, tag: u8, args: &impl Encode) {
    server.tell(0, method(slot, tag), args);
}

#[test]
fn handlers_hear_of_events_in_the_order_in_which_they_were_added() {
    run(async |world| {
        let client = world.player().await;
        let heard = Rc::new(RefCell::new(Vec::new()));
        for name in ["a", "b"] {
            let heard = Rc::clone(&heard);
            client.on(move |args: AvatarNoticeArgs| {
                heard.borrow_mut().push(format!("{name}: {}", args.text));
            });
        }
        send(&world.server, 0, 4, &notice("one"));
        send(&world.server, 0, 4, &notice("two"));
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(*heard.borrow(), ["a: one", "b: one", "a: two", "b: two"]);
    });
}

#[test]
fn an_event_of_a_component_says_from_which_slot_it_came() {
    run(async |world| {
        let client = world.player().await;
        let heard = Rc::new(RefCell::new(Vec::new()));
        let into = Rc::clone(&heard);
        client.on_from(move |args: InventoryChangedArgs, origin: &Origin| {
            into.borrow_mut().push((args.slot.0, origin.clone()));
        });
        let changed = InventoryChangedArgs {
            slot: 3u16.into(),
            stack: None,
        };
        send(&world.server, 2, 4, &changed);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut entity = avatar();
        entity.slot = 2;
        assert_eq!(
            *heard.borrow(),
            [(
                3,
                Origin {
                    entity,
                    local: None
                }
            )]
        );
    });
}

#[test]
fn a_handler_may_add_another_one_and_make_calls() {
    run(async |world| {
        let client = world.player().await;
        let heard = Rc::new(RefCell::new(0));
        let (into, again) = (Rc::clone(&heard), client.clone());
        client.on(move |_: AvatarNoticeArgs| {
            *into.borrow_mut() += 1;
            let into = Rc::clone(&into);
            again.on(move |_: AvatarNoticeArgs| *into.borrow_mut() += 10);
            again
                .entity::<arena_bots::world::Avatar>()
                .bag()
                .sort(false)
                .unwrap();
        });
        send(&world.server, 0, 4, &notice("one"));
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(*heard.borrow(), 11);
        assert_eq!(world.server.seen.borrow().len(), 1);
    });
}

#[test]
fn what_nobody_understands_is_passed_over() {
    run(async |world| {
        let client = world.player().await;
        let heard = Rc::new(RefCell::new(0));
        let into = Rc::clone(&heard);
        client.on(move |_: AvatarNoticeArgs| *into.borrow_mut() += 1);
        send(&world.server, 0, 99, &notice("no such event"));
        send(&world.server, 99, 4, &notice("no such slot"));
        send(&world.server, 0, 4, &true);
        send(&world.server, 0, 4, &notice("good"));
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(*heard.borrow(), 1);
        assert!(!client.is_closed());
    });
}

#[test]
fn a_handler_that_panics_ends_its_client_and_nothing_else() {
    run(async |world| {
        let client = world.player().await;
        let other = world.player().await;
        client.on(|_: AvatarNoticeArgs| panic!("a handler's own fault"));
        let calling = {
            let client = client.clone();
            tokio::task::spawn_local(async move {
                client.service::<Login>().weather(Region::Asia).await
            })
        };
        tokio::time::sleep(Duration::from_secs(1)).await;
        send(&world.server, 0, 4, &notice("boo"));
        client.closed().await;
        let failure = calling.await.unwrap().unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Unreachable);
        assert!(!other.is_closed());
    });
}
