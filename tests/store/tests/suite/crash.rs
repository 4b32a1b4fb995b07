//! What the embedded store keeps through kills, torn files, and disks without room.

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;

use playhouse_store::{
    Backend as _, Claimed, Committed, Embedded, OpenError, Store, StoreError, Value,
};
use playhouse_store_tests::held::{claim, one, read, text};
use playhouse_store_tests::{AVATARS, Held, block_on, collections, rounds};

const CHILD: &str = env!("CARGO_BIN_EXE_store-child");

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn open(folder: &Path) -> Result<Embedded, OpenError> {
    let backend = Embedded::at(folder).free_bytes_min(0);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    backend.open(&collections(), runtime.handle())?;
    Ok(backend)
}

#[track_caller]
fn why(folder: &Path) -> String {
    match open(folder) {
        Ok(_) => panic!("it was opened"),
        Err(error) => error.to_string(),
    }
}

fn with<T>(folder: &Path, case: impl AsyncFnOnce(Rc<dyn Store>) -> T) -> T {
    let backend = open(folder).unwrap_or_else(|error| panic!("{error}"));
    let result = block_on(case(backend.store()));
    backend.close();
    result
}

fn child(folder: &Path, arguments: &[&str]) -> Child {
    Command::new(CHILD)
        .arg(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the child can be started")
}

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

#[test]
fn a_folder_is_open_in_one_process_at_a_time() {
    let folder = folder();
    let mut holder = child(folder.path(), &["hold"]);
    let mut lines = BufReader::new(holder.stdout.take().unwrap());
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    assert_eq!(line, "open\n");
    let expected = format!(
        "the store {} can't be opened: process {} has it open; end that process, or name another folder for this one",
        folder.path().display(),
        holder.id()
    );
    assert_eq!(why(folder.path()), expected);
    holder.kill().unwrap();
    holder.wait().unwrap();
    // The lock goes with the process, however it ends.
    let first = open(folder.path()).unwrap();
    assert!(why(folder.path()).contains(&format!("process {} has it open", std::process::id())));
    first.close();
    open(folder.path()).unwrap().close();
}

#[test]
fn a_folder_of_something_else_is_left_alone() {
    let folder = folder();
    std::fs::write(folder.path().join("novel.txt"), "It was a dark night.").unwrap();
    let why = why(folder.path());
    assert!(why.ends_with("it is a folder of something else, with `novel.txt` in it; name an empty folder, or one that is not there"), "{why}");
    assert!(!folder.path().join("rows").exists());
    let file = folder.path().join("novel.txt");
    let why = self::why(&file);
    assert!(
        why.contains("a file stands in its way: name another folder"),
        "{why}"
    );
}

#[test]
fn a_store_of_a_newer_format_is_left_alone() {
    let folder = folder();
    open(folder.path()).unwrap().close();
    let format = folder.path().join("format");
    assert_eq!(
        std::fs::read_to_string(&format).unwrap(),
        "playhouse store, format 1\n"
    );
    std::fs::write(&format, "playhouse store, format 2\n").unwrap();
    let why = why(folder.path());
    assert!(why.ends_with("it was written by a newer build, in format 2, and this build reads up to 1; start it with that build or a later one"), "{why}");
    for damaged in ["", "playhouse store, format", "\u{0}"] {
        std::fs::write(&format, damaged).unwrap();
        let why = self::why(folder.path());
        assert!(
            why.contains("its file `format` does not say which format it has"),
            "{why}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_written_is_refused() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::os::unix::process::CommandExt as _;

    let folder = folder();
    let closed = folder.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    for (path, mode) in [(folder.path(), 0o755), (closed.as_path(), 0o555)] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let open = |target: &Path| {
        let mut command = Command::new(CHILD);
        command.arg(target).arg("open");
        if std::fs::metadata(folder.path()).unwrap().uid() == 0 {
            // Root may write everywhere; nobody may not.
            let child = folder.path().join("store-child");
            std::fs::copy(CHILD, &child).unwrap();
            command = Command::new(child);
            command.arg(target).arg("open").uid(65_534).gid(65_534);
        }
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let advice = "give this user the right to write there, or name another folder";
    for target in [closed.clone(), closed.join("below")] {
        let said = open(&target);
        assert!(
            said.contains("can't be opened") && said.contains(advice),
            "{said}"
        );
    }
}

#[test]
fn a_disk_without_room_refuses_commits_and_loses_nothing() {
    let folder = folder();
    with(folder.path(), async |store| {
        let held = Held::claim(&store, AVATARS, "u1", 1).await;
        assert_eq!(
            one(&store, &held.set("name", text("Ada"))).await,
            Committed::Applied
        );
    });
    let backend = Embedded::at(folder.path()).free_bytes_min(u64::MAX);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    backend.open(&collections(), runtime.handle()).unwrap();
    block_on(async {
        let store = backend.store();
        let id = playhouse_store::DocumentId::new(AVATARS, "u1");
        for _ in 0..2 {
            let Err(error @ StoreError::Full(_)) = store.claim(claim(&id, 2)).await else {
                panic!("it was claimed");
            };
            assert!(error.is_undone() && error.is_passing());
            let words = error.to_string();
            assert!(
                words.contains("must stay so that what is under way can be finished: make room"),
                "{words}"
            );
        }
        let document = read(&store, &id).await;
        assert_eq!((document.header.epoch, document.header.rev), (1, 2));
    });
    backend.close();
    with(folder.path(), async |store| {
        let held = Held::claim(&store, AVATARS, "u1", 2).await;
        assert_eq!(
            held.document.root.at(&["body".into(), "name".into()]),
            Some(&text("Ada"))
        );
    });
}

#[cfg(unix)]
#[test]
fn a_write_that_fails_is_unknown_and_ends_writing() {
    let folder = folder();
    // No file may be longer than this: the journal, of 64 MiB from the start, reaches it.
    let script = "trap '' XFSZ; ulimit -f 66560; exec \"$0\" \"$@\"";
    let output = Command::new("bash")
        .args(["-c", script, CHILD])
        .arg(folder.path())
        .arg("fill")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = said.lines().collect();
    let applied = lines
        .iter()
        .take_while(|line| line.ends_with("[Applied]"))
        .count();
    let [unknown, refused, again] = lines[applied..] else {
        panic!("{said}");
    };
    assert!(applied >= 1, "{said}");
    assert!(
        unknown.contains("the store may or may not have done it: writing to"),
        "{said}"
    );
    for line in [refused, again] {
        assert!(
            line.contains("the store can't be written: a write to"),
            "{said}"
        );
        assert!(
            line.ends_with(
                "so nothing more is written: look after the disk, then start the node again"
            ),
            "{said}"
        );
    }
    // Everything that was answered is there, and at most the one more.
    with(folder.path(), async |store| {
        let held = Held::claim(&store, AVATARS, "u1", 2).await;
        let rev = held.document.header.rev - 2;
        assert!(
            rev == applied as u64 || rev == applied as u64 + 1,
            "{rev} of {applied}"
        );
        let blob = held.document.root.at(&["body".into(), "blob".into()]);
        assert_eq!(blob, Some(&Value::Bytes(vec![7; 15 << 20])));
    });
}

#[test]
fn a_store_that_is_closed_refuses() {
    let folder = folder();
    let backend = Embedded::at(folder.path());
    let ask = |store: Rc<dyn Store>| {
        let id = playhouse_store::DocumentId::new(AVATARS, "u1");
        let (claimed, read) = (store.claim(claim(&id, 1)), store.read(id));
        block_on(async move {
            (
                claimed.await.map(|it| matches!(it, Claimed::Mine(_))),
                read.await.map(|_| ()),
            )
        })
    };
    let closed = (Err(StoreError::Closed), Err(StoreError::Closed));
    assert_eq!(ask(backend.store()), closed);
    let backend = open(folder.path()).unwrap();
    let store = backend.store();
    assert_eq!(ask(store.clone()), (Ok(true), Ok(())));
    backend.close();
    assert_eq!(ask(store), closed);
}
