//! Whose a folder is, what is in it, and whether it can be written.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Command;
use std::rc::Rc;

use playhouse_store::{Backend as _, Claimed, Committed, Embedded, Store, StoreError, Value};
use playhouse_store_tests::held::{claim, one, read, text};
use playhouse_store_tests::{AVATARS, Held, block_on, collections};

use crate::place::{CHILD, child, folder, open, why, with};

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
