//! What a line of the log costs the thread that logs, beside `tracing-subscriber` with `tracing-appender`.
//!
//! Each case runs in a process of its own, since a process has one log; the cases take turns, and the best round of each
//! counts. A case logs in bursts of 1,000 lines, with pauses in which a writer can catch up, as a node's load comes.

use std::fs::OpenOptions;
use std::hint::black_box;
use std::io::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use hdrhistogram::Histogram;
use playhouse::log::{Backtraces, Files, Ids, Logging, Terminal};
use tracing_appender::non_blocking::{NonBlocking, WorkerGuard};

const BURST: u64 = 1_000;
const BURSTS: usize = 60;
const ROUNDS: usize = 5;

/// Name, and what it shows.
const CASES: &[(&str, &str)] = &[
    ("disabled", "level that is not wanted"),
    ("ours-terminal", "terminal form to /dev/null"),
    ("ours-file", "JSON to a file"),
    (
        "ours-file-ids",
        "JSON to a file, with node, entity, session and trace",
    ),
    (
        "ours-file-span",
        "JSON to a file, inside of a span with two fields",
    ),
    ("ours-error", "error to a file, no backtrace"),
    ("ours-backtrace", "error to a file, with its backtrace"),
    ("fmt-appender-null", "fmt + non_blocking to /dev/null"),
    ("fmt-appender-file", "fmt + non_blocking to a file"),
    (
        "fmt-appender-span",
        "fmt + non_blocking to a file, inside of a span with two fields",
    ),
    ("fmt-file", "fmt straight into a file"),
];

fn main() -> anyhow::Result<()> {
    if let Some(case) = std::env::args().nth(1) {
        return child(&case);
    }
    let mut best = vec![(f64::INFINITY, 0, 0); CASES.len()];
    for _ in 0..ROUNDS {
        for (best, (case, _)) in best.iter_mut().zip(CASES) {
            let output = Command::new(std::env::current_exe()?).arg(case).output()?;
            if !output.status.success() {
                bail!("{case}: {}", String::from_utf8_lossy(&output.stderr));
            }
            let text = String::from_utf8(output.stdout)?;
            let mut numbers = text.split_whitespace();
            let mut next = || numbers.next().context("three numbers");
            let (mean, p50, p99): (f64, u64, u64) =
                (next()?.parse()?, next()?.parse()?, next()?.parse()?);
            if mean < best.0 {
                *best = (mean, p50, p99);
            }
        }
    }
    let mut out = std::io::stdout();
    writeln!(out, "| | mean ns | p50 | p99 |\n|---|---|---|---|")?;
    for ((mean, p50, p99), (_, what)) in best.iter().zip(CASES) {
        writeln!(out, "| {what} | {mean:.0} | {p50} | {p99} |")?;
    }
    Ok(())
}

fn child(case: &str) -> anyhow::Result<()> {
    let folder = std::env::temp_dir().join(format!("playhouse-log-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let null = || OpenOptions::new().write(true).open("/dev/null");
    let files = || Files::in_folder(&folder).name("bench");
    let ours = || Logging::builder().backtraces(Backtraces::Never);
    let mut guard = None;
    let mut worker = None;
    match case {
        "disabled" => {
            guard = Some(
                ours()
                    .terminal(Terminal::writer(null()?))
                    .levels("off")
                    .install()?,
            )
        }
        "ours-terminal" => guard = Some(ours().terminal(Terminal::writer(null()?)).install()?),
        "ours-file" | "ours-file-span" | "ours-error" => {
            guard = Some(ours().files(files()).install()?)
        }
        "ours-file-ids" => {
            playhouse::log::set_source(ids);
            guard = Some(ours().files(files()).install()?);
        }
        "ours-backtrace" => {
            let builder = ours().backtraces(Backtraces::Always);
            guard = Some(builder.files(files()).install()?);
        }
        "fmt-appender-null" => worker = Some(fmt(tracing_appender::non_blocking(null()?))),
        "fmt-appender-file" | "fmt-appender-span" => {
            let file = tracing_appender::rolling::daily(&folder, "bench");
            worker = Some(fmt(tracing_appender::non_blocking(file)));
        }
        "fmt-file" => {
            let file = std::fs::File::create(folder.join("bench"))?;
            tracing_subscriber::fmt()
                .with_ansi(false)
                .with_writer(std::sync::Mutex::new(file))
                .init();
        }
        _ => bail!("no case `{case}`"),
    }
    let span = case
        .ends_with("-span")
        .then(|| tracing::info_span!("call", owner = "arena.Avatar", call = "trade"));
    let _entered = span.as_ref().map(tracing::Span::enter);
    let line: fn(u64) = match case {
        "ours-error" | "ours-backtrace" => error,
        _ => info,
    };
    let (mean, times) = bursts(line, case == "ours-backtrace")?;
    writeln!(
        std::io::stdout(),
        "{mean} {} {}",
        times.value_at_quantile(0.5),
        times.value_at_quantile(0.99)
    )?;
    drop((guard, worker));
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

fn fmt((writer, guard): (NonBlocking, WorkerGuard)) -> WorkerGuard {
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(writer)
        .init();
    guard
}

fn ids(ids: &mut Ids<'_>) {
    ids.node("arena-1");
    ids.entity(format_args!("Avatar({})", black_box(7_u64)));
    ids.session(12);
    ids.trace(0x1234_5678_9abc_def0_1234_5678_9abc_def0);
}

fn info(number: u64) {
    tracing::info!(number, account = "ann", price = %black_box(40_u32), "a trade is made");
}

fn error(number: u64) {
    tracing::error!(number, account = "ann", price = %black_box(40_u32), "a trade is made");
}

/// The best burst's mean, and the time of each line: the former without the clock's own time.
fn bursts(line: fn(u64), slow: bool) -> anyhow::Result<(f64, Histogram<u64>)> {
    let mut times = Histogram::<u64>::new(3)?;
    let mut best = f64::INFINITY;
    // Names are looked up in milliseconds: fewer, so that the end doesn't wait for minutes.
    let (burst, count) = if slow { (20, 10) } else { (BURST, BURSTS) };
    for round in 0..count {
        let begin = Instant::now();
        for number in 0..burst {
            line(number);
        }
        let mean = begin.elapsed().as_nanos() as f64 / burst as f64;
        if round > 0 {
            best = best.min(mean);
        }
        std::thread::sleep(Duration::from_millis(15));
        for number in 0..burst {
            let begin = Instant::now();
            line(number);
            let time = u64::try_from(begin.elapsed().as_nanos())?;
            if round > 0 {
                times.record(time)?;
            }
        }
        std::thread::sleep(Duration::from_millis(15));
    }
    Ok((best, times))
}
