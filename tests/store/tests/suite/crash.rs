//! What the embedded store keeps through kills, torn journals and damaged files.

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use playhouse_store::{Backend as _, Claimed, Committed, StoreError, Value};
use playhouse_store_tests::held::{claim, one};
use playhouse_store_tests::{AVATARS, Held, block_on, rounds};

use crate::place::{child, folder, open, with};

/// The last round that a child has said was answered, from all that it said before it ended.
fn answered(said: &str) -> u64 {
    let whole = said.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole
        .lines()
        .last()
        .map_or(0, |line| line.parse().expect("a round"))
}

/// The journal that is written now.
fn journal(folder: &Path) -> PathBuf {
    let files = std::fs::read_dir(folder.join("rows")).unwrap();
    let journals = files.map(|file| file.unwrap().path());
    let number = |path: &PathBuf| path.file_stem()?.to_str()?.parse::<u64>().ok();
    let journals = journals.filter(|path| path.extension().is_some_and(|it| it == "jnl"));
    journals.max_by_key(number).expect("a journal")
}

#[test]
fn what_was_answered_is_there_when_it_is_opened_again() {
    let folder = folder();
    with(folder.path(), async |store| {
        let mut writer = rounds::Writer::claim(&store, 1).await;
        for round in 1..=5 {
            writer.round(&store, round).await;
        }
    });
    let reached = with(folder.path(), async |store| {
        rounds::verify(&store, 5, 2).await
    });
    assert_eq!(reached, Ok(5));
}

#[test]
fn a_process_that_is_killed_loses_nothing_that_was_answered() {
    let folder = folder();
    for seed in 1..=6_u64 {
        let mut child = child(folder.path(), &["write", &seed.to_string()]);
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        // It is killed in the midst of a round, each time after another number of them.
        let mut said = String::new();
        for _ in 0..seed * seed {
            assert_ne!(lines.read_line(&mut said).unwrap(), 0, "it ended by itself");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        lines.read_to_string(&mut said).unwrap();
        let answered = answered(&said);
        let reached = with(folder.path(), async |store| {
            let reached = rounds::verify(&store, answered, seed << 32).await;
            // The next child counts from one again.
            let mut writer = rounds::Writer::claim(&store, (seed << 32) + 1).await;
            writer.round(&store, 0).await;
            reached
        });
        assert!(reached.is_ok(), "{reached:?}");
    }
}

/// All rounds up to one, exactly that one's state, and it can be written to.
fn check_cut(folder: &Path, rounds: u64) -> u64 {
    with(folder, async |store| {
        for answered in (0..=rounds).rev() {
            if rounds::verify(&store, answered, 9).await.is_ok() {
                let mut writer = rounds::Writer::claim(&store, 10).await;
                writer.round(&store, rounds + 1).await;
                return answered;
            }
        }
        panic!("it is of no round");
    })
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// A store of some rounds, and the length of what was written to its journal.
fn written(folder: &Path, rounds: u64) -> u64 {
    with(folder, async |store| {
        let mut writer = rounds::Writer::claim(&store, 1).await;
        for round in 1..=rounds {
            writer.round(&store, round).await;
        }
    });
    let bytes = std::fs::read(journal(folder)).unwrap();
    let last = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    last as u64 + 1
}

#[test]
fn a_journal_that_was_cut_off_has_everything_before_the_cut() {
    let folder = folder();
    let base = folder.path().join("base");
    let length = written(&base, 4);
    let mut before = 4;
    for (number, cut) in [1, 3, 12, 13, 100, 1000, 3000, 5000, 9000, length - 40]
        .into_iter()
        .enumerate()
    {
        let torn = folder.path().join(number.to_string());
        copy(&base, &torn);
        let file = OpenOptions::new().write(true).open(journal(&torn)).unwrap();
        file.set_len(length - cut).unwrap();
        let reached = check_cut(&torn, 4);
        assert!(reached <= before, "{cut} bytes less, and round {reached}");
        before = reached;
        // What was written after the cut is there too.
        with(&torn, async |store| {
            assert_eq!(rounds::verify(&store, 5, 11).await, Ok(5));
        });
        std::fs::remove_dir_all(&torn).unwrap();
    }
    assert_eq!(before, 0);
}

/// Overwrites a part of the journal.
fn damage(folder: &Path, at: u64, with: &[u8]) {
    use std::io::{Seek as _, SeekFrom, Write as _};
    let mut file = OpenOptions::new()
        .write(true)
        .open(journal(folder))
        .unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(with).unwrap();
}

#[test]
fn a_last_batch_that_came_to_the_disk_in_pieces_is_dropped() {
    let folder = folder();
    let base = folder.path().join("base");
    written(&base, 3);
    // One batch by itself, with a value longer than several pages of the disk.
    with(&base, async |store| {
        let held = Held::claim(&store, AVATARS, "u1", 1).await;
        let commit = held.set("blob", Value::Bytes(vec![7; 20_000]));
        assert_eq!(one(&store, &commit).await, Committed::Applied);
    });
    let bytes = std::fs::read(journal(&base)).unwrap();
    let last = bytes.iter().rposition(|byte| *byte != 0).unwrap() as u64;
    for (number, back) in [2_000_u64, 8_000, 19_000].into_iter().enumerate() {
        let torn = folder.path().join(number.to_string());
        copy(&base, &torn);
        damage(&torn, last - back, &[0; 1024]);
        with(&torn, async |store| {
            assert_eq!(rounds::verify(&store, 3, 9).await, Ok(3));
            let held = Held::claim(&store, AVATARS, "u1", 2).await;
            assert_eq!(
                (held.document.header.epoch, held.document.header.rev),
                (2, 2)
            );
        });
        std::fs::remove_dir_all(&torn).unwrap();
    }
}

#[test]
fn a_torn_batch_may_have_an_empty_journal_behind_it_but_no_other() {
    let folder = folder();
    let base = folder.path().join("base");
    let length = written(&base, 6);
    let first = std::fs::read(journal(&base)).unwrap();
    for (name, next) in [("blank", vec![0; 4096]), ("begun", first)] {
        let torn = folder.path().join(name);
        copy(&base, &torn);
        damage(&torn, length - 8, &[0; 8]);
        let number: u64 = (journal(&torn).file_stem().unwrap().to_str())
            .unwrap()
            .parse()
            .unwrap();
        std::fs::write(torn.join(format!("rows/{}.jnl", number + 1)), &next).unwrap();
        match open(&torn) {
            Ok(backend) => {
                assert_eq!(name, "blank");
                let store = backend.store();
                // The torn batch has all of the last round, or only what was not written with the rest.
                let lost = block_on(rounds::verify(&store, 6, 9));
                assert!(lost.is_err(), "{lost:?}");
                let reached = block_on(rounds::verify(&store, 5, 10));
                assert!(reached.is_ok(), "{reached:?}");
                backend.close();
            }
            Err(error) => {
                assert_eq!(name, "begun", "{error}");
                assert!(error.why.contains("is damaged at byte "), "{error}");
            }
        }
    }
}

#[test]
fn a_journal_that_is_damaged_before_its_end_is_refused() {
    let folder = folder();
    let base = folder.path().join("base");
    let length = written(&base, 6);
    let whole = std::fs::read(journal(&base)).unwrap();
    let (mut refused, mut dropped) = (0, 0);
    for number in 0..24 {
        let at = number * (length - 1) / 24;
        let broken = folder.path().join("broken");
        copy(&base, &broken);
        let byte = whole[usize::try_from(at).unwrap()];
        damage(&broken, at, &[byte ^ (1 << (number % 8))]);
        match open(&broken) {
            Err(error) => {
                refused += 1;
                assert!(error.why.contains("is damaged at byte "), "{error}");
                assert!(
                    error
                        .why
                        .ends_with("nothing was changed: restore the folder from a backup"),
                    "{error}"
                );
                assert_ne!(std::fs::read(journal(&broken)).unwrap(), whole);
                assert_eq!(
                    std::fs::metadata(journal(&broken)).unwrap().len(),
                    whole.len() as u64
                );
            }
            Ok(backend) => {
                // Of the last batch nobody can tell whether it was answered.
                dropped += 1;
                let store = backend.store();
                let mut reached = Err(String::new());
                for answered in [6, 5] {
                    reached = reached.or(block_on(rounds::verify(&store, answered, 9)));
                }
                backend.close();
                assert!(reached.is_ok(), "byte {at}: {reached:?}");
            }
        }
        std::fs::remove_dir_all(&broken).unwrap();
    }
    assert!(refused > 15 && dropped > 0, "{refused} and {dropped}");
}

/// The files of rows in order.
fn tables(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let keyspaces = std::fs::read_dir(folder.join("rows/keyspaces")).unwrap();
    for keyspace in keyspaces {
        let Ok(files) = std::fs::read_dir(keyspace.unwrap().path().join("tables")) else {
            continue;
        };
        found.extend(files.map(|file| file.unwrap().path()));
    }
    found
}

#[test]
fn a_table_that_is_damaged_is_reported() {
    let folder = folder();
    let key = |number: usize| format!("u{number}");
    let large = |path: &PathBuf| std::fs::metadata(path).is_ok_and(|file| file.len() > 1 << 20);
    let mut count = 0;
    with(folder.path(), async |store| {
        // Rows go to a table once there are many, by a thread in the background.
        while count < 6 || !tables(folder.path()).iter().any(large) {
            assert!(count < 100, "nothing was written to a table");
            let held = Held::claim(&store, AVATARS, &key(count), 1).await;
            let commit = held.set("blob", Value::Bytes(vec![7; 10 << 20]));
            assert_eq!(one(&store, &commit).await, Committed::Applied);
            count += 1;
        }
    });
    let tables = tables(folder.path()).into_iter().filter(large);
    for table in tables {
        let mut bytes = std::fs::read(&table).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&table, bytes).unwrap();
    }
    with(folder.path(), async |store| {
        let mut corrupt = 0;
        for number in 0..count {
            let id = playhouse_store::DocumentId::new(AVATARS, key(number));
            let (read, claimed) = (
                store.read(id.clone()).await,
                store.claim(claim(&id, 2)).await,
            );
            match (read, claimed) {
                (Ok(Some(_)), Ok(Claimed::Mine(_))) => {}
                (Err(StoreError::Corrupt(read)), Err(StoreError::Corrupt(claimed))) => {
                    corrupt += 1;
                    for why in [read, claimed] {
                        assert!(
                            why.ends_with("restore the folder from a backup if it comes again"),
                            "{why}"
                        );
                    }
                }
                other => panic!("{number}: {other:?}"),
            }
        }
        assert!(corrupt > 0 && corrupt < count, "{corrupt} of {count}");
    });
}
