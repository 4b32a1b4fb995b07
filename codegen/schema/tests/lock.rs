//! The lock: written, read, updated, checked and released.

use playhouse_schema::{
    Sources, check,
    evolution::{
        Key, Lock, Surface, Verdict, compare,
        key::{Root, Space},
    },
};
use playhouse_syntax::{Diagnostic, FileId};

fn surface(text: &str) -> Surface {
    let manifest = "[packages]\n\"test\" = 1\n".to_owned();
    let text = format!("package test;\nrole lobby;\n{text}");
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

fn read(text: &str) -> (Lock, Vec<Diagnostic>) {
    Lock::parse(FileId(0), text)
}

fn codes(diagnostics: &[Diagnostic]) -> Vec<&'static str> {
    diagnostics
        .iter()
        .map(|diagnostic| diagnostic.code.0)
        .collect()
}

fn key(text: &str) -> Key {
    Key::parse(text).expect("the test writes a key")
}

fn released(text: &str) -> Lock {
    let mut lock = Lock::default();
    lock.release(&surface(text))
        .expect("the first release is never refused");
    lock
}

/// What `compat` against the lock would say.
fn verdicts(lock: &Lock, current: &Surface) -> Vec<Verdict> {
    let previous = lock.surface();
    let mut verdicts = compare(&previous, current);
    lock.apply(&mut verdicts, previous.release);
    verdicts
}

const WALLET: &str = r#"
enum Team: u8 { 0 neutral; 1 red; }
struct Stack { 1 item: u32; 2 note: string[..=20] = "a \"b\" = c"; }
component 1 Wallet {
    1 coins: u64 @persist @sync(owner);
    2 stacks: map<u32, Stack>[..=8] @persist;
    @exposed(1/s)
    rpc 1 pay(amount: u64, to: ref<Wallet>) -> Team;
}
entity 10 Player: keyed(u64) on lobby { has 1 wallet: Wallet; }
"#;

#[test]
fn what_is_written_is_read_again() {
    let mut lock = released(WALLET);
    let grown = WALLET.replace("1 red;", "1 red; 2 blue;");
    lock.release(&surface(&grown))
        .expect("a new value breaks nothing");
    let narrower = surface(&grown.replace("..=20", "..=10"));
    let count = lock.accept(&verdicts(&lock, &narrower), "nobody wrote \"that\" much\n");
    assert_eq!(count, 1);
    let text = lock.print();
    let (again, diagnostics) = read(&text);
    assert_eq!(codes(&diagnostics), Vec::<&str>::new(), "{text}");
    assert_eq!(again.print(), text);
    assert_eq!(again.surface(), lock.surface());
}

#[test]
fn the_surface_of_the_lock_is_that_of_its_schema() {
    let lock = released(WALLET);
    assert_eq!(verdicts(&lock, &surface(WALLET)), Vec::new());
}

#[test]
fn lines_are_sorted_by_number() {
    let mut lock = Lock::default();
    lock.update(&surface("struct S { 10 a: u8; 9 b: u8; 100 c: u8; }"));
    let text = lock.print();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("/field:"))
        .collect();
    assert_eq!(
        lines,
        [
            "test:S/field:9 field b new",
            "test:S/field:10 field a new",
            "test:S/field:100 field c new"
        ]
    );
}

#[test]
fn updating_twice_changes_nothing() {
    let mut lock = Lock::default();
    assert!(lock.update(&surface(WALLET)));
    assert!(!lock.update(&surface(WALLET)));
    let text = lock.print();
    let (mut again, _) = read(&text);
    assert!(!again.update(&surface(WALLET)));
    assert_eq!(again.print(), text);
}

#[test]
fn what_was_never_released_may_vanish() {
    let mut lock = released("struct S { 1 a: u8; }");
    lock.update(&surface("struct S { 1 a: u8; 2 b: u8; }"));
    assert_eq!(lock.number_max(&key("test:S"), Space::Field), Some(2));
    lock.update(&surface("struct S { 1 a: u8; }"));
    assert_eq!(lock.number_max(&key("test:S"), Space::Field), Some(1));
}

#[test]
fn what_was_released_keeps_its_number() {
    let mut lock = released("struct S { 1 a: u8; 2 b: u8; }");
    lock.release(&surface("struct S { 1 a: u8; }"))
        .expect("code alone notices");
    assert_eq!(lock.number_max(&key("test:S"), Space::Field), Some(2));
    let found = lock.check(&surface("struct S { 1 a: u8; 2 c: u16; }"));
    assert_eq!(codes(&found), ["E0905"]);
    assert!(
        found[0]
            .message
            .contains("`c` uses the number 2, which was that of `b`")
    );
    assert_eq!(
        found[0].primary.message,
        "the field was removed in release 2"
    );
}

#[test]
fn the_very_same_may_come_back() {
    let mut lock = released("struct S { 1 a: u8; 2 b: u8; }");
    lock.release(&surface("struct S { 1 a: u8; }"))
        .expect("code alone notices");
    let back = surface("struct S { 1 a: u8; 2 b: u8; }");
    assert_eq!(codes(&lock.check(&back)), Vec::<&str>::new());
    lock.release(&back).expect("it was there before");
    assert_eq!(
        lock.get(&key("test:S/field:2"))
            .map(|e| (e.since, e.removed)),
        Some((Some(1), None))
    );
}

#[test]
fn a_name_is_not_used_again_under_another_number() {
    let mut lock = released("struct S { 1 a: u8; 2 b: u8; }");
    lock.release(&surface("struct S { 1 a: u8; }"))
        .expect("code alone notices");
    assert_eq!(
        codes(&lock.check(&surface("struct S { 1 a: u8; 3 b: string; }"))),
        ["E0906"]
    );
}

#[test]
fn since_is_checked() {
    let lock = released("struct S { 1 a: u8; }");
    let with = |text: &str| codes(&lock.check(&surface(text)));
    assert_eq!(
        with("struct S { 1 a: u8 @since(1); 2 b: u8 @since(2); }"),
        Vec::<&str>::new()
    );
    assert_eq!(with("struct S { 1 a: u8 @since(2); }"), ["E0908"]);
    assert_eq!(with("struct S { 1 a: u8; 2 b: u8 @since(3); }"), ["E0907"]);
    assert_eq!(with("struct S { 1 a: u8; 2 b: u8 @since(1); }"), ["E0908"]);
}

#[test]
fn two_branches_that_take_one_number_conflict() {
    let base = released("struct S { 1 a: u8; }");
    let branch = |text: &str| {
        let mut lock = base.clone();
        lock.update(&surface(text));
        lock.print()
    };
    let ours = branch("struct S { 1 a: u8; 2 gold: u8; }");
    let theirs = branch("struct S { 1 a: u8; 2 gems: u8; }");
    let at = |text: &str| {
        text.lines()
            .position(|line| line.starts_with("test:S/field:2"))
    };
    assert_eq!(
        at(&ours),
        at(&theirs),
        "both sides add a line at the same place"
    );

    let line = theirs
        .lines()
        .find(|line| line.starts_with("test:S/field:2"))
        .expect("it is there");
    let both = format!("{ours}{line}\n");
    let (_, diagnostics) = read(&both);
    assert_eq!(codes(&diagnostics), ["E0904"]);
    assert!(
        diagnostics[0].message.contains("`gold` and `gems`"),
        "{}",
        diagnostics[0].message
    );
    let marked = format!("<<<<<<< ours\n{ours}=======\n{theirs}>>>>>>> theirs\n");
    assert!(codes(&read(&marked).1).contains(&"E0903"));
}

#[test]
fn the_released_side_keeps_the_number() {
    let mut lock = released("struct S { 1 a: u8; 2 gold: u8; }");
    lock.update(&surface("struct S { 1 a: u8; 2 gold: u8; 3 gems: u8; }"));
    assert!(lock.owns(&key("test:S/field:2"), "gold"));
    assert!(!lock.owns(&key("test:S/field:2"), "silver"));
    assert!(!lock.owns(&key("test:S/field:3"), "gems"));
}

#[test]
fn broken_lines_are_named() {
    let check = |line: &str, wanted: &str| {
        let (_, diagnostics) = read(&format!("@lock 1\n{line}\n"));
        assert_eq!(codes(&diagnostics), [wanted], "{line}");
        let range = diagnostics[0].primary.span.range;
        assert_eq!(u32::from(range.start()), 8, "{line}");
    };
    check("test:S", "E0901");
    check("test:S struct S", "E0901");
    check("test:S strukt S new", "E0901");
    check("test:S struct S new since=1", "E0901");
    check("test:S struct S since=1", "E0901");
    check("test:S struct S new colour=red", "E0901");
    check("test:S struct \"S new", "E0901");
    check("test:S/fields:1 field a new", "E0901");
    check("@release 2 root=0000000000000000", "E0901");
    check("@release 1 root=0", "E0901");
    check("@accepted new test:S struct/remove SOURCE", "E0901");
    check("@lock 2", "E0902");
}

#[test]
fn a_number_that_is_too_new_stops_the_reading() {
    let (lock, diagnostics) = read("@lock 9\nthis is what locks look like then\n");
    assert_eq!(codes(&diagnostics), ["E0902"]);
    assert_eq!(lock, Lock::default());
}

#[test]
fn breaks_must_be_accepted_before_a_release() {
    let mut lock = released(WALLET);
    let changed = surface(&WALLET.replace("amount: u64", "amount: u32"));
    let refusal = lock
        .release(&changed)
        .expect_err("the argument is read as another type");
    assert_eq!(refusal.breaks.len(), 1);
    assert_eq!(lock.last_release(), 1, "the lock is as it was");

    assert_eq!(
        lock.accept(&verdicts(&lock, &changed), "no client is out yet"),
        1
    );
    assert!(
        verdicts(&lock, &changed)
            .iter()
            .all(|verdict| !verdict.is_break())
    );
    assert_eq!(lock.accept(&verdicts(&lock, &changed), "again"), 0);

    // Exactly that break: another type is another one.
    let other = surface(&WALLET.replace("amount: u64", "amount: u16"));
    assert!(verdicts(&lock, &other).iter().any(Verdict::is_break));

    assert_eq!(lock.release(&changed), Ok(2));
    assert_eq!(lock.accepted[0].release, Some(2));
    let back = surface(WALLET);
    lock.accept(&verdicts(&lock, &back), "back again");
    lock.release(&back).expect("accepted");
    assert!(
        verdicts(&lock, &changed).iter().any(Verdict::is_break),
        "what was accepted for release 2 says nothing of release 4"
    );
}

#[test]
fn exposure_must_be_accepted_and_source_must_not() {
    let mut lock = released(WALLET);
    let renamed = surface(&WALLET.replace("rpc 1 pay", "rpc 1 give"));
    lock.release(&renamed)
        .expect("code alone notices a new name");
    let exposed = surface(
        &WALLET
            .replace("rpc 1 pay", "rpc 1 give")
            .replace("1/s", "2/s"),
    );
    let refusal = lock.release(&exposed).expect_err("clients may do more");
    assert_eq!(refusal.breaks[0].cell(), "rpc/reattribute_rate_looser");
}

#[test]
fn past_digests_are_readable_until_a_break() {
    let stack = key("test:Stack");
    let wallet = key("test#1");
    let mut lock = released(WALLET);
    let grown = WALLET.replace("1 item: u32;", "1 item: u32; 3 worn: bool;");
    lock.release(&surface(&grown))
        .expect("a member with a default breaks nothing");
    assert_eq!(lock.compatible(&stack).len(), 2);
    assert_eq!(
        lock.compatible(&wallet).len(),
        2,
        "what reaches the type has another digest too"
    );

    let broken = surface(&grown.replace("1 item: u32;", "1 item: string;"));
    assert!(
        !lock.readable(&broken).contains_key(&stack),
        "what is not released yet breaks it"
    );
    assert_eq!(lock.readable_since(&broken), 3);
    assert_eq!(
        lock.readable(&surface(&grown)).get(&stack).map(Vec::len),
        Some(2)
    );
    assert_eq!(lock.readable_since(&surface(&grown)), 1);

    lock.accept(&verdicts(&lock, &broken), "nothing is stored");
    lock.release(&broken).expect("accepted");
    assert_eq!(lock.compatible(&stack).len(), 1);
    assert_eq!(lock.readable_since(&broken), 3);
    assert_eq!(lock.compatible(&wallet).len(), 1);
    assert_eq!(
        lock.compatible(&key("test:Team")).len(),
        1,
        "the enum has had one digest all along"
    );
    let (again, _) = read(&lock.print());
    assert_eq!(again.compatible(&stack), lock.compatible(&stack));
}

#[test]
fn what_broke_a_type_is_known_by_name_and_release() {
    let mut lock = released(WALLET);
    let broken = surface(&WALLET.replace("1 item: u32;", "1 item: string;"));
    let breaks = |lock: &Lock, surface: &Surface, key: &str| {
        let breaks = lock.breaks(surface);
        let of = breaks.get(&self::key(key)).into_iter().flatten();
        of.map(|it| (it.release, format!("{} {}", it.member, it.cell)))
            .collect::<Vec<_>>()
    };
    let retyped = "test.Stack.item field/retype_other".to_owned();
    assert_eq!(breaks(&lock, &surface(WALLET), "test#1"), []);
    // Before its release, and of all that is made of it.
    for key in ["test:Stack", "test#1"] {
        assert_eq!(breaks(&lock, &broken, key), [(2, retyped.clone())]);
    }
    assert_eq!(breaks(&lock, &broken, "test:Team"), []);

    lock.accept(&verdicts(&lock, &broken), "nothing is stored");
    lock.release(&broken).expect("accepted");
    let again = surface(&WALLET.replace("1 item: u32;", "1 item: bool;"));
    let expected = [(3, retyped.clone()), (2, retyped.clone())];
    assert_eq!(
        breaks(&lock, &again, "test#1"),
        expected,
        "the latest first"
    );
    let (read, _) = read(&lock.print());
    assert_eq!(breaks(&read, &broken, "test#1"), [(2, retyped)]);
}

#[test]
fn a_renamed_type_keeps_its_history() {
    let mut lock = released(WALLET);
    let renamed = WALLET
        .replace("Stack", "Pile")
        .replace("struct Pile", "@was(\"Stack\")\nstruct Pile");
    lock.release(&surface(&renamed))
        .expect("code alone notices");
    assert_eq!(lock.get(&key("test:Stack")), None);
    assert_eq!(
        lock.get(&key("test:Pile/field:1"))
            .and_then(|entry| entry.since),
        Some(1)
    );
    assert_eq!(verdicts(&lock, &surface(&renamed)), Vec::new());
}

#[test]
fn numbers_of_declarations_count_too() {
    let mut lock = released(WALLET);
    assert_eq!(lock.declaration_maxima().get("test"), Some(&10));
    lock.update(&surface(&format!(
        "{WALLET}\nservice 12 Shop on lobby {{ }}"
    )));
    assert_eq!(lock.declaration_maxima().get("test"), Some(&12));
    assert_eq!(lock.declaration_maxima().get("other"), None);
    let player = Key::declaration("test", Root::Numbered(10));
    assert_eq!(lock.number_max(&player, Space::Member), Some(1));
    assert_eq!(lock.number_max(&player, Space::Call), None);
}
