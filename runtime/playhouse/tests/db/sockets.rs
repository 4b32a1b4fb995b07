//! A db node and game nodes on real links, on a store in a folder.

use playhouse::Running;
use playhouse::db::Remote;
use playhouse::store::Embedded;

use crate::schema::Hero;
use crate::world::{db, lobby};

fn add(node: &Running, hero: u64, amount: u64) -> u64 {
    let added = node.spawn(async move || Hero::of(hero).add(amount).await);
    added.wait().unwrap().unwrap()
}

#[test]
fn an_embedded_store_serves_several_game_nodes() {
    let name = format!("playhouse-db-{}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    let start = || {
        let store = Embedded::at(&folder).free_bytes_min(0);
        let db = db().listen("127.0.0.1:0").store(store).build().unwrap();
        let db = db.start().unwrap();
        let address = db.addresses().remove(0);
        let lobbies = ["one", "two"].map(|name| {
            let lobby = lobby(name).store(Remote::at(&*address));
            lobby.build().unwrap().start().unwrap()
        });
        (db, lobbies)
    };
    let (db, [one, two]) = start();
    for hero in 0..50 {
        assert_eq!(add(&one, hero, 1), 1);
        assert_eq!(add(&two, 100 + hero, 2), 2);
    }
    // A game node that is told to stop has saved everything when it has ended.
    for node in [one, two, db] {
        node.stop();
        node.wait().unwrap();
    }
    let (db, [one, two]) = start();
    for hero in 0..50 {
        assert_eq!(add(&two, hero, 0), 1);
        assert_eq!(add(&one, 100 + hero, 0), 2);
    }
    for node in [one, two, db] {
        node.stop();
        node.wait().unwrap();
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
