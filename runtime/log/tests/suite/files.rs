//! Files of a folder: when the next one begins, and which go.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use playhouse_log::{Files, InstallError, Logging, Rotation};

use crate::harness::{lines, logged};

fn names(folder: &Path) -> Vec<String> {
    lines(folder).into_iter().map(|(name, _)| name).collect()
}

fn files(folder: &Path) -> Files {
    Files::in_folder(folder)
        .name("arena")
        .rotate(Rotation::Never)
}

#[test]
fn a_file_is_named_by_its_day_or_its_hour() {
    for (rotation, length) in [(Rotation::Daily, 10), (Rotation::Hourly, 13)] {
        let folder = tempfile::tempdir().unwrap();
        let files = files(folder.path()).rotate(rotation);
        logged(Logging::builder().files(files), |_| tracing::info!("x"));
        let names = names(folder.path());
        assert_eq!(names.len(), 1);
        assert_eq!(names[0].len(), "arena.".len() + length + ".jsonl".len());
        assert!(names[0].starts_with("arena.20"), "{names:?}");
    }
}

#[test]
fn a_full_file_is_followed_by_the_next_and_none_is_overrun() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path()).bytes_max(2_000).keep_files(1_000);
    logged(Logging::builder().files(files), |guard| {
        for number in 0..100 {
            tracing::info!(number);
            guard.flush();
        }
    });
    let found = lines(folder.path());
    assert!(found.len() > 5, "{}", found.len());
    for (name, _) in &found {
        assert!(fs::metadata(folder.path().join(name)).unwrap().len() <= 2_000);
    }
    let mut numbers: Vec<u64> = found
        .iter()
        .flat_map(|(_, lines)| lines)
        .map(|line| line["fields"]["number"].as_u64().unwrap())
        .collect();
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..100));
}

#[test]
fn a_program_that_begins_again_goes_on_in_the_newest_file() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("arena.jsonl"), "{}\n").unwrap();
    fs::write(folder.path().join("arena.7.jsonl"), "{}\n").unwrap();
    logged(Logging::builder().files(files(folder.path())), |_| {
        tracing::info!("x");
    });
    let found = lines(folder.path());
    assert_eq!(found[0].0, "arena.7.jsonl");
    assert_eq!((found[0].1.len(), found[1].1.len()), (2, 1));
}

#[test]
fn the_oldest_go_by_count_and_others_stay() {
    let folder = tempfile::tempdir().unwrap();
    for index in 1..=9 {
        let name = format!("arena.{index}.jsonl");
        fs::write(folder.path().join(name), "{}\n").unwrap();
    }
    fs::write(folder.path().join("arena-2.jsonl"), "{}\n").unwrap();
    fs::write(folder.path().join("notes.txt"), "\n").unwrap_or_default();
    fs::remove_file(folder.path().join("notes.txt")).unwrap();
    let files = files(folder.path()).keep_files(3);
    logged(Logging::builder().files(files), |_| tracing::info!("x"));
    assert_eq!(
        names(folder.path()),
        [
            "arena-2.jsonl",
            "arena.7.jsonl",
            "arena.8.jsonl",
            "arena.9.jsonl"
        ]
    );
}

#[test]
fn the_oldest_go_by_bytes_and_by_age() {
    let folder = tempfile::tempdir().unwrap();
    for index in 1..=9 {
        let path = folder.path().join(format!("arena.{index}.jsonl"));
        fs::write(&path, format!("\"{}\"\n", "x".repeat(997))).unwrap();
        let hours = if index == 6 { 30 } else { 1 };
        let modified = SystemTime::now() - Duration::from_secs(hours * 3600);
        let file = fs::File::options().append(true).open(&path).unwrap();
        file.set_modified(modified).unwrap();
    }
    let files = files(folder.path())
        .keep_bytes(5_000)
        .keep_for(Duration::from_secs(24 * 3600));
    logged(Logging::builder().files(files), |_| tracing::info!("x"));
    assert_eq!(
        names(folder.path()),
        [
            "arena.5.jsonl",
            "arena.7.jsonl",
            "arena.8.jsonl",
            "arena.9.jsonl"
        ]
    );
}

#[test]
fn a_file_that_somebody_writes_stays() {
    let folder = tempfile::tempdir().unwrap();
    let old = Logging::builder()
        .files(files(folder.path()))
        .start()
        .unwrap();
    fs::write(folder.path().join("arena.1.jsonl"), "{}\n").unwrap();
    fs::write(folder.path().join("arena.2.jsonl"), "{}\n").unwrap();
    let keep_one = files(folder.path()).keep_files(1);
    logged(Logging::builder().files(keep_one), |_| {
        tracing::info!("new")
    });
    tracing::dispatcher::with_default(old.dispatch(), || tracing::info!("old"));
    drop(old);
    let found = lines(folder.path());
    assert_eq!(found[0].0, "arena.2.jsonl");
    assert_eq!(found[1].0, "arena.jsonl");
    assert_eq!(found[1].1[0]["message"], "old");
    assert_eq!(found.len(), 2);
}

#[test]
fn a_file_that_was_deleted_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    logged(Logging::builder().files(files(folder.path())), |guard| {
        tracing::info!("one");
        guard.flush();
        fs::remove_file(folder.path().join("arena.jsonl")).unwrap();
        tracing::info!("two");
    });
    let found = lines(folder.path());
    assert_eq!(found[0].1[0]["message"], "two");
}

#[test]
fn lines_wait_for_a_folder_that_is_away() {
    let outer = tempfile::tempdir().unwrap();
    let (folder, away) = (outer.path().join("logs"), outer.path().join("away"));
    logged(Logging::builder().files(files(&folder)), |guard| {
        fs::remove_file(folder.join("arena.jsonl")).unwrap();
        fs::rename(&folder, &away).unwrap();
        fs::write(&folder, "").unwrap();
        tracing::info!("held");
        guard.flush();
        fs::remove_file(&folder).unwrap();
        fs::rename(&away, &folder).unwrap();
        // The next attempt is made within a second or at the end.
    });
    let found = lines(&folder);
    let messages: Vec<&str> = found[0]
        .1
        .iter()
        .filter_map(|it| it["message"].as_str())
        .collect();
    assert!(messages.contains(&"held"), "{messages:?}");
    assert!(
        messages.iter().any(|it| it.contains("can't be written")),
        "{messages:?}"
    );
    assert!(
        messages
            .iter()
            .any(|it| it.contains("can be written again; 0 lines")),
        "{messages:?}"
    );
}

#[test]
fn what_can_not_be_is_said_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Logging::builder()
        .files(Files::in_folder(file.join("logs")))
        .start()
        .unwrap_err();
    assert!(matches!(error, InstallError::Folder { .. }), "{error}");
    for name in ["", "a.b", "../a", &"x".repeat(65)] {
        let files = Files::in_folder(folder.path()).name(name);
        let error = Logging::builder().files(files).start().unwrap_err();
        assert!(matches!(error, InstallError::Name(_)), "{error}");
    }
    let name = "x".repeat(64);
    let files = Files::in_folder(folder.path()).name(name);
    assert!(Logging::builder().files(files).start().is_ok());
}
