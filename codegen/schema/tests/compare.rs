//! What corresponds to what: one change is told once, where it was made, and nothing else is.

use playhouse_schema::{
    Sources, check,
    evolution::{Surface, compare},
};

fn surface(text: &str) -> Surface {
    let manifest = "[packages]\ntest = 1\ntrial = 1\n".replace(
        if text.contains("package trial") {
            "test = 1\n"
        } else {
            "trial = 1\n"
        },
        "",
    );
    let text = if text.contains("package ") {
        text.to_owned()
    } else {
        format!("package test;\n{text}")
    };
    let sources = Sources::new(
        ("playhouse.toml".to_owned(), manifest),
        [("a.idl".to_owned(), text)],
    );
    let checked = check(&sources);
    let messages: Vec<_> = checked
        .diagnostics
        .iter()
        .map(|d| d.message.as_str())
        .collect();
    assert!(!checked.has_errors(), "{messages:?}");
    Surface::of(&checked.model)
}

/// The cells and classes that the way from `previous` to `current` shows, one a line.
fn told(previous: &str, current: &str) -> Vec<String> {
    let verdicts = compare(&surface(previous), &surface(current));
    let line = |verdict: &playhouse_schema::evolution::Verdict| {
        format!(
            "{} {} {}",
            verdict.key,
            verdict.cell(),
            verdict.class_text()
        )
    };
    let mut lines: Vec<String> = verdicts.iter().map(line).collect();
    lines.sort();
    lines
}

#[track_caller]
fn expect(previous: &str, current: &str, expected: &[&str]) {
    assert_eq!(told(previous, current), expected);
}

#[test]
fn tags_exchanged_are_two_retags() {
    expect(
        "struct S { 1 a: u8; 2 b: u8; }",
        "struct S { 2 a: u8; 1 b: u8; }",
        &[
            "test:S/field:1 field/retag WIRE",
            "test:S/field:2 field/retag WIRE",
        ],
    );
}

#[test]
fn a_number_used_for_something_else_is_both_renamed_and_retyped() {
    expect(
        "struct S { 1 a: u8; 2 b: u8; }",
        "struct S { 1 a: u8; 2 c: string; }",
        &[
            "test:S/field:2 field/rename_unmarked SOURCE",
            "test:S/field:2 field/retype_other WIRE, SOURCE",
        ],
    );
}

#[test]
fn a_renamed_type_is_told_once() {
    let text = r"
        struct Stack { 1 item: u32; 2 inner: list<Stack>; }
        struct Page<T> { 1 rows: list<T>; }
        struct Shop { 1 page: Page<Stack>; 2 best: Stack?; 3 all: map<u32, Stack>; }
        error Full { 1 of: Stack; }
    ";
    let renamed = text
        .replace("Stack", "Pile")
        .replace("struct Pile", "@was(\"Stack\")\nstruct Pile");
    expect(
        text,
        &renamed,
        &[
            "test:PageOfPile struct/rename_was SOURCE",
            "test:Pile struct/rename_was SOURCE",
        ],
    );
}

#[test]
fn a_renamed_generic_is_told_at_each_instance() {
    let text =
        "struct Page<T> { 1 rows: list<T>; } struct Shop { 1 a: Page<u8>; 2 b: Page<bool>; }";
    let renamed = text
        .replace("Page", "Leaf")
        .replace("struct Leaf", "@was(\"Page\")\nstruct Leaf");
    expect(
        text,
        &renamed,
        &[
            "test:LeafOfBool struct/rename_was SOURCE",
            "test:LeafOfU8 struct/rename_was SOURCE",
        ],
    );
}

#[test]
fn a_renamed_type_without_a_word_is_gone_and_new() {
    expect(
        "enum Team: u8 { 0 a; } struct S { 1 t: Team; }",
        "enum Side: u8 { 0 a; } struct S { 1 t: Side; }",
        &[
            "test:S/field:1 field/retype_twin SOURCE",
            "test:Side enum/add fine",
            "test:Team enum/remove SOURCE",
        ],
    );
}

#[test]
fn types_of_one_structure_and_other_names_are_not_the_same() {
    expect(
        "enum Team: u8 { 0 red; 1 blue; } struct S { 1 t: Team; }",
        "enum Mood: u8 { 0 good; 1 bad; } struct S { 1 t: Mood; }",
        &[
            "test:Mood enum/add fine",
            "test:S/field:1 field/retype_other WIRE, SOURCE",
            "test:Team enum/remove SOURCE",
        ],
    );
}

#[test]
fn a_renamed_package_is_told_once() {
    let text = r"
        role lobby;
        audience gm;
        newtype Id = u64;
        struct S { 1 id: Id; }
        component 1 C { 1 s: S? @sync(gm); }
        entity 2 E: keyed(Id) on lobby { has 1 c: C; 2 friend: ref<E>?; rpc 1 go(s: S); }
    ";
    let old = format!("package test;{text}");
    let new = format!("package trial;{text}");
    expect(&old, &new, &["trial package/rename SOURCE"]);
}

#[test]
fn a_role_or_audience_that_was_renamed_changes_nothing_that_uses_it() {
    let old = "role lobby; audience gm; entity 1 E: keyed(u8) on lobby { 1 x: u8 @sync(gm); }";
    let new = r#"
        @was("lobby") role hall;
        @was("gm") audience master;
        entity 1 E: keyed(u8) on hall { 1 x: u8 @sync(master); }
    "#;
    expect(
        old,
        new,
        &[
            "test:hall role/rename_was WIRE, SOURCE",
            "test:master audience/rename_was SOURCE",
        ],
    );
}

#[test]
fn what_refers_to_a_number_follows_it() {
    let text = |number: u8| {
        format!(
            "role lobby; component {number} C {{ 1 x: u8; }} component 5 D requires C {{ }}
             entity 9 E: keyed(u8) on lobby {{ has 1 c: C; has 2 d: D; 3 r: ref<C>?; }}"
        )
    };
    expect(&text(1), &text(2), &["test#2 component/retag WIRE"]);
}

#[test]
fn a_newtype_gone_for_what_was_in_it_is_the_same_on_the_wire() {
    expect(
        "newtype Name = string[..=9] = \"x\"; struct S { 1 n: list<Name>; }",
        "struct S { 1 n: list<string[..=9]>; }",
        &[
            "test:Name newtype/remove SOURCE",
            "test:S/field:1 field/retype_same_form SOURCE",
        ],
    );
    expect(
        "newtype Name = string[..=9]; struct S { 1 n: Name; }",
        "newtype Name = string[..=9]; struct S { 1 n: string[..=9] = \"\"; }",
        &[
            "test:S/field:1 field/reattribute_default_added WIRE",
            "test:S/field:1 field/retype_same_form SOURCE",
        ],
    );
}

#[test]
fn a_default_that_follows_from_a_type_is_told_at_the_type() {
    expect(
        "newtype Level = u8 = 1; struct S { 1 l: Level; } struct T { 1 s: S; }",
        "newtype Level = u8 = 2; struct S { 1 l: Level; } struct T { 1 s: S; }",
        &["test:Level newtype/reattribute_default_changed WIRE"],
    );
    expect(
        "struct S { 1 l: u8; } struct T { 1 s: S; }",
        "struct S { 1 l: u8; 2 at: uuid; } struct T { 1 s: S; }",
        &["test:S/field:2 field/add_required WIRE, SOURCE"],
    );
}

#[test]
fn bounds_are_judged_at_every_depth() {
    let bounds = |a: &str, b: &str| format!("struct S {{ 1 l: map<u8, list<string{a}>>{b}; }}");
    expect(
        &bounds("[..=5]", "[..=3]"),
        &bounds("[..=6]", "[..=4]"),
        &["test:S/field:1 field/rebound_wider WIRE"],
    );
    expect(
        &bounds("[..=5]", "[..=3]"),
        &bounds("[..=6]", "[..=2]"),
        &["test:S/field:1 field/rebound_moved WIRE"],
    );
    expect(
        &bounds("", "[..=3]"),
        &bounds("[..=5]", "[..=3]"),
        &["test:S/field:1 field/rebound_narrower WIRE"],
    );
    expect(
        "struct S { 1 a: u8; }",
        "struct S { 1 a: u8[0..=255]; }",
        &[],
    );
}

#[test]
fn integers_that_hold_the_same_values_are_the_same() {
    expect(
        "struct S { 1 a: u8[..=99]; }",
        "struct S { 1 a: i32[0..=99]; }",
        &["test:S/field:1 field/retype_same_form SOURCE"],
    );
    expect(
        "struct S { 1 a: u8[..=99]; }",
        "struct S { 1 a: i32[-1..=99]; }",
        &["test:S/field:1 field/retype_widened WIRE, SOURCE"],
    );
}

#[test]
fn only_ways_in_are_told_of_what_is_new_as_a_whole() {
    let component = "role lobby; component 1 C { 1 must: uuid; @exposed(1/s) rpc 1 go(); }";
    let entity = format!(
        "{component} entity 2 E: instance on lobby {{
            has 1 c: C; has 2 quiet: C @hidden; 3 id: uuid; @exposed(1/s) oneway 1 hit(); rpc 2 ask();
        }}"
    );
    expect(
        component,
        &entity,
        &[
            "test#2 entity/add fine",
            "test#2/call:1 oneway/add_exposed EXPOSURE",
            "test#2/member:1 slot/add_exposed EXPOSURE",
        ],
    );
}

#[test]
fn parameters_go_by_name_as_long_as_their_order_is_kept() {
    let call = |params: &str| {
        format!("role lobby; entity 1 E: keyed(u8) on lobby {{ rpc 1 go({params}); }}")
    };
    let param = |number: u8, rest: &str| format!("test#1/call:1/param:{number} parameter/{rest}");
    expect(
        &call("a: u8, b: u8, c: u8"),
        &call("a: u8, x: u8, b: u8, c: u8"),
        &[&param(2, "add_between WIRE, SOURCE")],
    );
    expect(
        &call("a: u8, b: u8"),
        &call("a: u8, x: u8"),
        &[&param(2, "rename SOURCE")],
    );
    expect(
        &call("a: u8, b: u8, c: u8"),
        &call("b: u8, a: u8, c: u8"),
        &[
            &param(1, "reorder WIRE, SOURCE"),
            &param(2, "reorder WIRE, SOURCE"),
        ],
    );
    expect(
        &call("a: u8, b: uuid"),
        &call("a: u8"),
        &[&param(2, "remove_required WIRE, SOURCE")],
    );
}

#[test]
fn fields_of_arms_are_fields() {
    expect(
        "union U { 1 title { 1 id: u32; 2 old: u8; } }",
        "union U { 1 title { 1 id: u32; 3 fresh: uuid; } }",
        &[
            "test:U/arm:1/field:2 field/remove_with_default SOURCE",
            "test:U/arm:1/field:3 field/add_required WIRE, SOURCE",
        ],
    );
}
