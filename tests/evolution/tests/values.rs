//! What `compat` calls fine keeps values, and what it calls a break has a value that shows it.

use std::collections::BTreeMap;

use playhouse_evolution::{Dice, Draft, Trial, Version, change::Change};
use playhouse_schema::evolution::{Class, verdict};

/// Two versions of a random schema, `count` changes apart; `None` if the changes make no schema.
fn trial(seed: u64, changes: &[Change], count: usize) -> Option<(Trial, Dice)> {
    let mut dice = Dice::new(seed);
    let draft = Draft::random(&mut dice);
    apart(draft, dice, changes, count)
}

/// Two versions of a random call.
fn call_trial(seed: u64, changes: &[Change], count: usize) -> Option<(Trial, Dice)> {
    let mut dice = Dice::new(seed);
    let draft = Draft::random(&mut dice).into_call();
    apart(draft, dice, changes, count)
}

fn apart(draft: Draft, mut dice: Dice, changes: &[Change], count: usize) -> Option<(Trial, Dice)> {
    let old = Version::of(draft.clone()).expect("a random draft is a schema");
    let mut changed = draft;
    let mut applied = 0;
    for _ in 0..50 {
        let change = dice.pick(changes)?;
        applied += usize::from(change.apply(&mut changed, &mut dice));
        if applied == count {
            break;
        }
    }
    let new = Version::of(changed).ok()?;
    Some((Trial::of(old, new), dice))
}

fn report(trial: &Trial, seed: u64, what: &str) -> String {
    let verdicts = verdict::render(&trial.verdicts);
    format!(
        "seed {seed}: {what}\n\nold:\n{}\nnew:\n{}\n{verdicts}",
        trial.old.text, trial.new.text
    )
}

#[test]
fn values_survive_the_way_there_and_back() {
    let mut dice = Dice::new(1);
    for seed in 0..60 {
        let draft = Draft::random(&mut Dice::new(seed));
        let version = Version::of(draft).expect("a random draft is a schema");
        for _ in 0..10 {
            if let Err(what) = Trial::send(&version, &version, &mut dice) {
                panic!("seed {seed}: {what}\n{}", version.text);
            }
        }
    }
}

#[test]
fn what_is_fine_on_the_wire_is_read_by_both_sides() {
    let mut tried = 0;
    for seed in 0..1200 {
        let count = 1 + usize::try_from(seed % 4).expect("below 4");
        let made = if seed % 3 == 0 { call_trial } else { trial };
        let Some((trial, mut dice)) = made(seed, &Change::HARMLESS, count) else {
            continue;
        };
        if trial.breaks(Class::Wire) {
            continue;
        }
        tried += 1;
        for _ in 0..6 {
            for (writer, reader) in [(&trial.old, &trial.new), (&trial.new, &trial.old)] {
                if let Err(what) = Trial::send(writer, reader, &mut dice) {
                    panic!("{}", report(&trial, seed, &what));
                }
            }
        }
    }
    assert!(
        tried > 300,
        "only {tried} pairs of schemas were fine on the wire"
    );
}

#[test]
fn what_is_fine_for_documents_is_loaded() {
    let mut tried = 0;
    for seed in 10_000..11_200 {
        let count = 1 + usize::try_from(seed % 3).expect("below 3");
        let Some((trial, mut dice)) = trial(seed, &Change::ALL, count) else {
            continue;
        };
        if trial.breaks(Class::Document) {
            continue;
        }
        tried += 1;
        for _ in 0..6 {
            if let Err(what) = trial.reload(&mut dice) {
                panic!("{}", report(&trial, seed, &what));
            }
        }
    }
    assert!(
        tried > 200,
        "only {tried} pairs of schemas were fine for documents"
    );
}

/// Looks for a value that shows the break, in up to `tries` values.
fn shown(trial: &Trial, class: Class, dice: &mut Dice, tries: usize) -> bool {
    (0..tries).any(|_| match class {
        Class::Wire => {
            Trial::send(&trial.old, &trial.new, dice).is_err()
                || Trial::send(&trial.new, &trial.old, dice).is_err()
        }
        Class::Document => trial.reload(dice).is_err(),
        Class::Exposure => trial.takes_more(dice),
        Class::Source => true,
    })
}

/// How often a cell was met, and how often a value showed that it breaks something.
#[derive(Debug, Default)]
struct Score {
    met: usize,
    shown: usize,
    /// One that no value showed.
    unseen: String,
}

#[test]
fn every_break_has_a_value_that_shows_it() {
    let mut scores: BTreeMap<(Class, String), Score> = BTreeMap::new();
    for seed in 20_000..22_400 {
        let made = if seed % 4 == 0 { call_trial } else { trial };
        let Some((trial, mut dice)) = made(seed, &Change::ALL, 1) else {
            continue;
        };
        for class in [Class::Wire, Class::Document, Class::Exposure] {
            if class == Class::Document && trial.old.draft.is_call {
                continue;
            }
            let verdict = trial
                .verdicts
                .iter()
                .find(|verdict| verdict.classes.contains(&class));
            let Some(verdict) = verdict else { continue };
            let score = scores.entry((class, verdict.cell())).or_default();
            score.met += 1;
            if shown(&trial, class, &mut dice, 200) {
                score.shown += 1;
            } else {
                score.unseen = report(&trial, seed, "no value shows it");
            }
        }
    }
    // Not each single break can be shown: the default that changed may be one that no member relies on, or one before a
    // required member, which is always written. But many are, in every cell.
    for ((class, cell), score) in &scores {
        let Score { met, shown, unseen } = score;
        assert!(
            shown * 3 >= *met,
            "{class:?} of {cell} was shown in {shown} cases of {met}\n{unseen}"
        );
    }
    let count = |wanted| scores.keys().filter(|(class, _)| *class == wanted).count();
    let table: Vec<String> = scores
        .iter()
        .map(|((class, cell), s)| format!("{class:?} {cell} {}/{}", s.shown, s.met))
        .collect();
    println!("{}", table.join("\n"));
    assert!(count(Class::Wire) >= 30, "{}", table.join("\n"));
    assert!(count(Class::Document) >= 20, "{}", table.join("\n"));
    assert!(count(Class::Exposure) >= 3, "{}", table.join("\n"));
}
