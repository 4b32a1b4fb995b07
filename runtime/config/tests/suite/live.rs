//! Configurations in use: reloaded, swapped, told about.

use std::fs;
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use playhouse_config::{Config, KeyPath, Loader, Report};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(default)]
struct Game {
    a: u32,
    log: Log,
    list: Vec<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(default)]
struct Log {
    level: String,
    colour: bool,
}

impl Default for Game {
    fn default() -> Self {
        Self {
            a: 1,
            log: Log::default(),
            list: Vec::new(),
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: "info".to_owned(),
            colour: true,
        }
    }
}

/// So long a test waits for what must come: only a test that fails waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).unwrap();
}

fn names(paths: &[KeyPath]) -> Vec<String> {
    paths.iter().map(ToString::to_string).collect()
}

fn load(folder: &Path) -> Config<Game> {
    Config::load(Loader::file(folder.join("main.json"))).unwrap()
}

#[test]
fn a_reload_swaps_the_value_and_says_what_changed() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "main.json",
        r#"{ "a": 1, "log": { "level": "info" }, "list": [1, 2] }"#,
    );
    let config = load(folder.path());
    let old = config.get();
    assert!(config.reload().unwrap().is_empty());
    assert!(Arc::ptr_eq(&old, &config.get()));
    write(
        folder.path(),
        "main.json",
        r#"{ "log": { "level": "debug", "colour": false }, "list": [1, 3] }"#,
    );
    assert_eq!(
        names(&config.reload().unwrap()),
        ["a", "log.level", "log.colour", "list"]
    );
    assert_eq!(
        (old.log.level.as_str(), config.get().log.level.as_str()),
        ("info", "debug")
    );
    // Comments, order and the way a value is written are no change.
    write(
        folder.path(),
        "main.json",
        "// new\n{ \"list\": [1, 3,], \"log\": { \"colour\": false, \"level\": \"debug\" } }",
    );
    assert!(config.reload().unwrap().is_empty());
}

#[test]
fn a_bad_file_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "main.json", r#"{ "a": 1 }"#);
    let config = load(folder.path());
    for bad in [
        r#"{ "a": "#,
        r#"{ "a": "x" }"#,
        r#"{ "b": 1 }"#,
        r#"{ "$INCLUDE$": "none.json" }"#,
    ] {
        write(folder.path(), "main.json", bad);
        let report: Report = config.reload().unwrap_err();
        assert_eq!(report.to_string(), config.problem().unwrap().to_string());
        assert_eq!(config.get().a, 1);
    }
    fs::remove_file(folder.path().join("main.json")).unwrap();
    assert!(config.reload().is_err());
    write(folder.path(), "main.json", r#"{ "a": 2 }"#);
    assert_eq!(names(&config.reload().unwrap()), ["a"]);
    assert!(config.problem().is_none());
}

#[test]
fn what_the_check_refuses_is_never_taken() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "main.json", r#"{ "a": 0 }"#);
    let check = |game: &Game| {
        if game.a == 0 {
            Err("`a` is zero")
        } else {
            Ok(())
        }
    };
    let loader = Loader::file(folder.path().join("main.json"));
    assert!(Config::load_checked(loader.clone(), check).is_err());
    write(folder.path(), "main.json", r#"{ "a": 1 }"#);
    let config = Config::load_checked(loader, check).unwrap();
    write(folder.path(), "main.json", r#"{ "a": 0 }"#);
    assert!(
        config
            .reload()
            .unwrap_err()
            .to_string()
            .contains("`a` is zero")
    );
    assert_eq!(config.get().a, 1);
}

#[test]
fn subscribers_hear_of_their_keys_alone() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "main.json",
        r#"{ "a": 1, "log": { "level": "info" }, "list": [1] }"#,
    );
    let config = load(folder.path());
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let mut subscriptions = Vec::new();
    for prefix in [
        "",
        "a",
        "log",
        "log.level",
        "log.colour",
        "list",
        "list.0",
        "lo",
        "a..b",
    ] {
        let heard = Arc::clone(&heard);
        let prefix_text = prefix.to_owned();
        subscriptions.push(config.subscribe(prefix, move |change| {
            heard.lock().unwrap().push(format!(
                "{prefix_text}: {}",
                names(change.paths()).join(" ")
            ));
        }));
    }
    let after = |text: &str| {
        write(folder.path(), "main.json", text);
        config.reload().unwrap();
        std::mem::take(&mut *heard.lock().unwrap())
    };
    assert_eq!(
        after(r#"{ "a": 2, "log": { "level": "debug" }, "list": [1] }"#),
        [
            ": a log.level",
            "a: a",
            "log: log.level",
            "log.level: log.level"
        ]
    );
    assert_eq!(
        after(r#"{ "a": 2, "list": [2] }"#),
        [
            ": log list",
            "log: log",
            "log.level: log",
            "log.colour: log",
            "list: list",
            "list.0: list"
        ]
    );
    assert!(after(r#"{ "list": [2], "a": 2 }"#).is_empty());
    subscriptions.clear();
    assert!(after(r#"{ "a": 3 }"#).is_empty());
}

#[test]
fn subscribers_may_do_anything_with_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "main.json", r#"{ "a": 1 }"#);
    let config = load(folder.path());
    let heard: Arc<Mutex<Vec<(u32, u32)>>> = Arc::default();
    let path = folder.path().join("main.json");
    let inner: Arc<OnceLock<Config<Game>>> = Arc::default();
    inner.set(config.clone()).unwrap();
    let subscription = {
        let (heard, inner) = (Arc::clone(&heard), Arc::clone(&inner));
        config.subscribe("a", move |change| {
            heard
                .lock()
                .unwrap()
                .push((change.before().a, change.after().a));
            let config = inner.get().unwrap();
            config.subscribe("", |_| {}).forever();
            assert!(config.get().a >= change.after().a);
            if change.after().a == 2 {
                fs::write(&path, r#"{ "a": 3 }"#).unwrap();
                assert_eq!(config.reload().unwrap().len(), 1);
                // Told after this call, not within it.
                assert_eq!(heard.lock().unwrap().len(), 1);
            }
        })
    };
    write(folder.path(), "main.json", r#"{ "a": 2 }"#);
    config.reload().unwrap();
    assert_eq!(*heard.lock().unwrap(), [(1, 2), (2, 3)]);
    drop(subscription);
}

#[test]
fn a_subscriber_that_panics_costs_nobody_else_his_call() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "main.json", r#"{ "a": 1 }"#);
    let config = load(folder.path());
    config.subscribe("a", |_| panic!("on purpose")).forever();
    let heard: Arc<Mutex<Vec<u32>>> = Arc::default();
    let tell = Arc::clone(&heard);
    config
        .subscribe("a", move |change| {
            tell.lock().unwrap().push(change.after().a)
        })
        .forever();
    for a in [2, 3] {
        write(folder.path(), "main.json", &format!("{{ \"a\": {a} }}"));
        config.reload().unwrap();
    }
    assert_eq!(*heard.lock().unwrap(), [2, 3]);
}

#[test]
fn reloads_of_many_threads_end_in_the_last_file() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "main.json", r#"{ "a": 0 }"#);
    let config = load(folder.path());
    let heard: Arc<Mutex<Vec<(u32, u32)>>> = Arc::default();
    let tell = Arc::clone(&heard);
    config
        .subscribe("a", move |change| {
            tell.lock()
                .unwrap()
                .push((change.before().a, change.after().a))
        })
        .forever();
    for a in 1..=50 {
        // Put in place as a whole: a half file would be a bad one.
        write(folder.path(), "next.json", &format!("{{ \"a\": {a} }}"));
        fs::rename(
            folder.path().join("next.json"),
            folder.path().join("main.json"),
        )
        .unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| config.reload().unwrap());
            }
        });
        assert_eq!(config.get().a, a);
    }
    let heard = heard.lock().unwrap();
    assert!(
        heard.windows(2).all(|pair| pair[0].1 == pair[1].0),
        "{heard:?}"
    );
    assert_eq!(heard.last().unwrap().1, 50);
}

/// Outcomes of a watch, as text.
fn watched(config: &Config<Game>) -> (playhouse_config::Watching, Receiver<String>) {
    let (tell, told) = mpsc::channel();
    let watching = config.watch(move |outcome| {
        let text = match outcome {
            Ok(paths) => names(paths).join(" "),
            Err(report) => report.mistakes()[0].kind.name().to_owned(),
        };
        tell.send(text).unwrap();
    });
    (watching.unwrap(), told)
}

fn next(told: &Receiver<String>) -> String {
    told.recv_timeout(PATIENCE)
        .expect("the change was not seen")
}

#[test]
fn files_that_change_are_read_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write(path, "main.json", r#"{ "$INCLUDE$": "parts/base.json" }"#);
    fs::create_dir(path.join("parts")).unwrap();
    write(path, "parts/base.json", r#"{ "a": 1 }"#);
    let config = load(path);
    let (watching, told) = watched(&config);
    // An included file, written in place.
    write(path, "parts/base.json", r#"{ "a": 2 }"#);
    assert_eq!(next(&told), "a");
    // Replaced, as editors do.
    write(
        path,
        "new.json",
        r#"{ "$INCLUDE$": "parts/base.json", "list": [1] }"#,
    );
    fs::rename(path.join("new.json"), path.join("main.json")).unwrap();
    assert_eq!(next(&told), "list");
    // Again: the watch is not on the old file.
    write(
        path,
        "new.json",
        r#"{ "$INCLUDE$": ["parts/base.json", "other.json"] }"#,
    );
    fs::rename(path.join("new.json"), path.join("main.json")).unwrap();
    assert_eq!(next(&told), "unreadable");
    assert_eq!(config.get().list, [1]);
    // A file that was missing comes.
    write(path, "new.json", r#"{ "a": 7 }"#);
    fs::rename(path.join("new.json"), path.join("other.json")).unwrap();
    assert_eq!(next(&told), "a list");
    assert_eq!(config.get().a, 7);
    drop(watching);
    assert!(told.recv().is_err(), "its thread has ended");
}

#[test]
fn what_changed_before_the_watch_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "main.json", r#"{ "a": 1 }"#);
    let config = load(folder.path());
    write(folder.path(), "main.json", r#"{ "a": 2 }"#);
    let (_watching, told) = watched(&config);
    assert_eq!(next(&told), "a");
}

#[cfg(unix)]
#[test]
fn a_mounted_folder_that_is_switched_is_seen() {
    use std::os::unix::fs::symlink;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for (name, text) in [("..1", r#"{ "a": 1 }"#), ("..2", r#"{ "a": 2 }"#)] {
        fs::create_dir(path.join(name)).unwrap();
        write(&path.join(name), "main.json", text);
    }
    symlink("..1", path.join("..data")).unwrap();
    symlink("..data/main.json", path.join("main.json")).unwrap();
    let config = load(path);
    let (_watching, told) = watched(&config);
    symlink("..2", path.join("..data_tmp")).unwrap();
    fs::rename(path.join("..data_tmp"), path.join("..data")).unwrap();
    assert_eq!(next(&told), "a");
}

#[test]
fn what_is_no_file_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let report = Loader::file(folder.path()).load::<Game>().unwrap_err();
    assert!(
        report.to_string().contains("not a regular file"),
        "{report}"
    );
    fs::write(folder.path().join("latin.json"), b"{ \"a\": \"\xe9\" }").unwrap();
    let report = Loader::file(folder.path().join("latin.json"))
        .load::<Game>()
        .unwrap_err();
    assert!(
        report
            .to_string()
            .contains("is not UTF-8: the byte at offset 8"),
        "{report}"
    );
}
