//! Where things stand.

use playhouse::document::{self, Path};
use playhouse::logic::EntitySchema;
use playhouse_documents_tests::guild::{Hero, Statue};
use playhouse_store::Index;

#[test]
fn names_in_documents_are_those_that_came_first() {
    let hero = Hero::descriptor();
    assert_eq!(document::collection(hero), "guild.Character");
    let key = playhouse::EntityKey::new([playhouse::KeyPart::Unsigned(7)]);
    let id = document::document_id(hero, &key);
    assert_eq!(id.to_string(), "guild.Character/u7");
    assert_eq!(document::place(hero, 0), Some(Path::of(["body"])));
    assert_eq!(
        document::place(hero, 1),
        Some(Path::of(["body", "inventory"]))
    );
    assert_eq!(document::place(hero, 2), None, "it is transient");
    assert_eq!(document::place(hero, 99), None, "there is none");
    let unsaved = hero.property("unsaved").expect("a property");
    assert_eq!(document::property_place(hero, 0, unsaved), None);
}

#[test]
fn collections_have_the_indexes_of_their_entities_and_of_their_slots() {
    let collections = document::collections([Hero::descriptor(), Statue::descriptor()]);
    let names: Vec<&str> = collections.iter().map(|it| &*it.name).collect();
    assert_eq!(names, ["guild.Character", "guild.Statue"]);
    let index = |path: Path, unique| Index { path, unique };
    assert_eq!(
        collections[0].indexes,
        [
            index(Path::of(["body", "name"]), true),
            index(Path::of(["body", "level"]), false),
            index(Path::of(["body", "team"]), false),
            index(Path::of(["body", "big"]), false),
            index(Path::of(["body", "badge"]), true),
            index(Path::of(["body", "inventory", "coins"]), false),
        ]
    );
    assert_eq!(collections[1].indexes, []);
}
