//! Who is online, and what everybody on a node is told.

use std::cell::RefCell;
use std::rc::Rc;

use arena_bots::common::Name;
use arena_bots::world::AvatarNoticeArgs;
use arena_schema::world::{LobbyCenter, LobbyStub};

use crate::game::{Game, play};

/// The names of those online, as the center knows them.
async fn online(game: &Game) -> Vec<String> {
    let page = game
        .inside(|| async { LobbyCenter::only().online("").await.unwrap() })
        .await;
    page.rows.into_iter().map(|card| card.name.0).collect()
}

#[test]
fn the_center_lists_who_is_online_by_name() {
    play(async |game| {
        let (one, other) = game.two().await;
        one.avatar().rename(Name("Zoe".to_owned())).await.unwrap();
        other.avatar().rename(Name("Ada".to_owned())).await.unwrap();
        while online(game).await != ["Ada", "Zoe"] {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        one.client.close();
        while online(game).await != ["Ada"] {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    });
}

#[test]
fn an_announcement_reaches_everybody() {
    play(async |game| {
        let (one, other) = game.two().await;
        let told = Rc::new(RefCell::new(Vec::new()));
        for player in [&one, &other] {
            let told = Rc::clone(&told);
            player
                .client
                .on(move |args: AvatarNoticeArgs| told.borrow_mut().push(args.text));
        }
        game.inside(|| async { LobbyStub::of("dev").announce("soon closed").unwrap() })
            .await;
        while told.borrow().len() < 2 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(*told.borrow(), ["soon closed", "soon closed"]);
    });
}
