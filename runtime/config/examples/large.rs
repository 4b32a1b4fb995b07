//! How long a configuration of 1 MB takes to parse and to type, whole and with mistakes in it.
//!
//! ```sh
//! cargo run --release -p playhouse-config --example large
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::{Duration, Instant};

use playhouse_config::{Config, Loader, Secret, Time};
use serde::Deserialize;

/// What the file is read as: the usual mixture of a game's tables.
#[derive(Debug, Deserialize)]
struct Game {
    zones: BTreeMap<String, Zone>,
}

#[derive(Debug, Deserialize)]
#[allow(
    dead_code,
    reason = "fields are there to be read from the file, nothing looks at them"
)]
struct Zone {
    players_max: u32,
    listen: String,
    respawn: Time,
    open: bool,
    spawn: (f64, f64),
    tags: Vec<String>,
    #[serde(default)]
    password: Option<Secret<String>>,
}

/// Bytes of the file.
const BYTES: usize = 1_000_000;
/// Rounds of which the best counts.
const ROUNDS: usize = 20;

/// A file of that size; each `wrong` of its zones has a mistake, `broken` ends it too soon, `lines` breaks it into lines.
fn file(wrong: usize, broken: bool, lines: bool) -> String {
    let zone = |number: usize, port: &str| {
        format!(
            "        \"zone {number}\": {{ \"players_max\": {port}, \"listen\": \"$HOST$:{number}\", // where\n\
             \x20           \"respawn\": \"8s\", \"open\": true, \"spawn\": [{number}.5, -3], \"tags\": [\"north\", \"pvp\",],\n\
             \x20           \"password\": \"hunter2\" }},\n"
        )
    };
    let mut text = String::from(
        "{\n    \"$MACRO$\": { \"HOST\": \"127.0.0.1\", \"MAX\": 64 },\n    \"zones\": {\n",
    );
    let zones = BYTES / zone(1000, "\"$MAX$\"").len();
    let every = zones.checked_div(wrong);
    for number in 0..zones {
        let is_wrong = every.is_some_and(|every| number % every == every - 1);
        let value = if is_wrong { "\"many\"" } else { "\"$MAX$\"" };
        text.push_str(&zone(number, value));
    }
    if !broken {
        text.push_str("    },\n}\n");
    }
    if !lines {
        text = text.replace("// where", "").replace('\n', " ");
    }
    text
}

/// The best of some rounds.
fn best(mut round: impl FnMut()) -> Duration {
    let times = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        round();
        start.elapsed()
    });
    times.min().unwrap_or_default()
}

fn main() -> std::io::Result<()> {
    let mut out = String::new();
    let mut row = |name: &str, bytes: usize, time: Duration| {
        let ms = time.as_secs_f64() * 1000.0;
        let _infallible = writeln!(out, "{name:<44} {bytes:>9} bytes {ms:>8.1} ms");
    };
    let loader = |text: &str| Loader::memory([("game.json", text)]);

    let text = file(0, false, true);
    let whole = loader(&text);
    row(
        "parsed, macros replaced, typed",
        text.len(),
        best(|| {
            assert!(whole.load::<Game>().is_ok_and(|it| it.zones.len() > 4000));
        }),
    );
    let config: Result<Config<Game>, _> = Config::load(whole);
    let config = config.map_err(std::io::Error::other)?;
    row(
        "reloaded, nothing changed",
        text.len(),
        best(|| {
            assert!(config.reload().is_ok_and(|it| it.is_empty()));
        }),
    );
    for (name, wrong, broken, lines) in [
        ("50 mistakes, shown as text", 50, false, true),
        ("1,000 mistakes, of which 100 are shown", 1000, false, true),
        ("50 mistakes, all in one line", 50, false, false),
        ("no end, shown as text", 0, true, true),
        ("no end, all in one line", 0, true, false),
    ] {
        let text = file(wrong, broken, lines);
        let loader = loader(&text);
        row(
            name,
            text.len(),
            best(|| {
                let report = loader.load::<Game>().err().map(|it| it.to_string());
                assert!(report.is_some_and(|it| it.starts_with("error[")));
            }),
        );
    }
    std::io::stdout().write_all(out.as_bytes())
}
