//! A node as those see it who watch it: numbers, health, readiness, and what hostile scrapers come to.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use playhouse::FailureKind;
use playhouse::metrics::{CONNECTIONS_MAX, FAMILIES, FRESH_FOR, REQUEST_BYTES_MAX};
use playhouse::node::Running;

use crate::schema::harbour::{AccountId, Door, Guest};
use crate::world::{self, ms};

fn node() -> (Running, String) {
    let builder = world::builder().metrics("127.0.0.1:0");
    let running = builder.build().unwrap().start().unwrap();
    let address = running.metrics_address().unwrap();
    (running, address)
}

fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    let limit = Some(Duration::from_secs(10));
    stream.set_read_timeout(limit).unwrap();
    stream
}

/// What comes back for these bytes, to the end of the connection.
fn answer(address: &str, request: &[u8]) -> String {
    let mut stream = connect(address);
    // It may be closed before everything is written.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

pub(crate) fn get(address: &str, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
    answer(address, request.as_bytes())
}

/// The value of a series.
#[track_caller]
fn value(page: &str, series: &str) -> f64 {
    let line = page.lines().find_map(|line| line.strip_prefix(series));
    let value = line.unwrap_or_else(|| panic!("no {series}: {page}"));
    value.trim().parse().unwrap()
}

#[test]
fn what_happens_on_a_node_is_counted() {
    let (running, address) = node();
    let before = get(&address, "/metrics");
    assert!(
        before.starts_with("HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4"),
        "{before}"
    );
    for family in FAMILIES {
        let head = format!("# TYPE {} {}\n", family.name, family.kind);
        assert!(before.contains(&head), "{head}{before}");
    }
    assert_eq!(value(&before, "playhouse_shards "), 2.0);
    assert_eq!(value(&before, "playhouse_ready "), 1.0);
    assert!(!before.contains("method="), "{before}");

    let calls = running.spawn(|| async {
        for _ in 0..3 {
            Door::any().weather("north".to_owned()).await.unwrap();
        }
        Door::any().enter(2).await.unwrap_err();
        let guest = Guest::of(AccountId(7));
        guest.hold(ms(2)).await.unwrap();
        let gone = Guest::of(AccountId(7)).panics().await.unwrap_err();
        assert_eq!(gone.kind(), FailureKind::Internal);
        Guest::of(AccountId(8)).hidden().await.unwrap();
    });
    calls.wait().unwrap();
    std::thread::sleep(FRESH_FOR);
    let page = get(&address, "/metrics");
    let weather = "harbour.Door.weather";
    let of = |name: &str, labels: &str| value(&page, &format!("playhouse_{name}{{{labels}}} "));
    let calls = |method: &str, end: &str| {
        of(
            "calls_total",
            &format!("method=\"{method}\",outcome=\"{end}\""),
        )
    };
    assert_eq!(calls(weather, "ok"), 3.0);
    assert_eq!(calls("harbour.Door.enter", "thrown"), 1.0);
    assert_eq!(calls("harbour.Guest.panics", "internal"), 1.0);
    // Those that never wait are timed now and then, those that wait each by itself.
    assert_eq!(
        of("call_seconds_count", "method=\"harbour.Guest.hold\""),
        1.0
    );
    let slow = of("call_seconds_sum", "method=\"harbour.Guest.hold\"");
    assert!(slow >= 0.002, "{slow}");
    let quick = "method=\"harbour.Guest.hold\",le=\"0.0005\"";
    assert_eq!(of("call_seconds_bucket", quick), 0.0);
    assert_eq!(
        of("entities", "type=\"harbour.Guest\""),
        1.0,
        "one panicked"
    );
    assert_eq!(value(&page, "playhouse_handler_panics_total "), 1.0);
    assert_eq!(value(&page, "playhouse_calls_open "), 0.0);
}

#[test]
fn traffic_of_links_is_counted() {
    let (running, metrics) = {
        let builder = world::builder().metrics("127.0.0.1:0");
        let running = builder.build().unwrap().start().unwrap();
        let metrics = running.metrics_address().unwrap();
        (running, metrics)
    };
    let address = running.addresses().pop().unwrap();
    let caller = world::caller();
    let call = caller.spawn(move || async move {
        let data = vec![7; 4_000].into();
        Door::at(address.clone()).echo(data).await.unwrap();
        Door::at(address).knock().await.unwrap();
    });
    call.wait().unwrap();
    std::thread::sleep(FRESH_FOR);
    let page = get(&metrics, "/metrics");
    for direction in ["in", "out"] {
        let series = format!("playhouse_link_bytes_total{{direction=\"{direction}\"}} ");
        let bytes = value(&page, &series);
        assert!((4_000.0..20_000.0).contains(&bytes), "{direction} {bytes}");
    }
    assert_eq!(value(&page, "playhouse_links{side=\"accepted\"} "), 1.0);
}

#[test]
fn a_node_lives_and_is_ready_until_a_handler_holds_a_shard() {
    let (running, address) = node();
    let ready = get(&address, "/ready");
    assert!(ready.starts_with("HTTP/1.1 200 OK"), "{ready}");
    assert!(ready.contains(r#""ready":true"#), "{ready}");

    let spin = running.spawn(|| Guest::of(AccountId(1)).spin(ms(3_000)));
    std::thread::sleep(FRESH_FOR);
    let busy = get(&address, "/ready");
    assert!(busy.starts_with("HTTP/1.1 503"), "{busy}");
    assert!(busy.contains("does not answer: a handler holds"), "{busy}");
    assert!(get(&address, "/health").ends_with("\r\n\r\nok\n"));
    let page = get(&address, "/metrics");
    assert_eq!(value(&page, "playhouse_shards_silent "), 1.0);
    assert_eq!(value(&page, "playhouse_ready "), 0.0);

    spin.wait().unwrap().unwrap();
    std::thread::sleep(FRESH_FOR);
    assert!(get(&address, "/ready").starts_with("HTTP/1.1 200 OK"));
}

#[test]
fn a_node_that_stops_is_not_ready_and_says_why() {
    let (running, address) = node();
    let hold = running.spawn(|| Guest::of(AccountId(1)).hold(ms(700)));
    std::thread::sleep(Duration::from_millis(50));
    running.stop();
    let answer = get(&address, "/ready");
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("the node is stopping"), "{answer}");
    hold.wait().unwrap().unwrap();
    running.wait().unwrap();
}

#[test]
fn what_is_not_asked_properly_is_refused_in_words() {
    let (_running, address) = node();
    assert!(get(&address, "/").starts_with("HTTP/1.1 404"));
    let posted = answer(
        &address,
        b"POST /metrics HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc",
    );
    assert!(posted.starts_with("HTTP/1.1 405"), "{posted}");
    assert!(posted.contains("allow: GET, HEAD"), "{posted}");
    let head = answer(&address, b"HEAD /metrics HTTP/1.1\r\nhost: x\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200 OK") && head.ends_with("\r\n\r\n"));
    assert!(answer(&address, b"\x00\x01\x02\r\n\r\n").starts_with("HTTP/1.1 400"));
    // One connection, one answer.
    let two = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\nGET /health HTTP/1.1\r\nhost: x\r\n\r\n";
    assert_eq!(answer(&address, two).matches("HTTP/1.1 200").count(), 1);
}

#[test]
fn a_head_may_be_so_long_and_no_longer() {
    let (_running, address) = node();
    let request = |bytes: usize| {
        let frame = "GET /health HTTP/1.1\r\nx: \r\n\r\n".len();
        let filling = "x".repeat(bytes - frame);
        format!("GET /health HTTP/1.1\r\nx: {filling}\r\n\r\n")
    };
    let fits = answer(&address, request(REQUEST_BYTES_MAX - 1).as_bytes());
    assert!(fits.starts_with("HTTP/1.1 200"), "{fits}");
    let over = answer(&address, request(REQUEST_BYTES_MAX + 1).as_bytes());
    assert!(over.starts_with("HTTP/1.1 431"), "{over}");
}

#[test]
fn connections_that_say_nothing_keep_nobody_out() {
    let (_running, address) = node();
    let mut silent: Vec<TcpStream> = (0..CONNECTIONS_MAX).map(|_| connect(&address)).collect();
    // The node takes them in order, so this one is one too many, and the first gives way.
    assert!(get(&address, "/health").starts_with("HTTP/1.1 200"));
    let mut first = silent.remove(0);
    // Closed or reset: it is over.
    assert!(matches!(first.read(&mut [0; 1]), Ok(0) | Err(_)));
    let last = silent.last_mut().unwrap();
    last.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
        .unwrap();
    let mut text = String::new();
    last.read_to_string(&mut text).unwrap();
    assert!(text.ends_with("ok\n"), "{text}");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let (_running, address) = node();
    let second = world::builder().metrics(&address).build().unwrap();
    let error = second.start().unwrap_err().to_string();
    assert!(error.contains(&address), "{error}");
}

/// `UPDATE=1` writes it.
#[test]
fn the_page_on_operations_lists_every_family() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once("<!-- metrics: ").unwrap();
    let (comment, rest) = rest.split_once("-->\n").unwrap();
    let (_, after) = rest.split_once("<!-- end of metrics -->").unwrap();
    let mut table = "\n| metric | kind | labels | |\n|---|---|---|---|\n".to_owned();
    for family in FAMILIES {
        let labels: Vec<String> = family.labels.iter().map(|it| format!("`{it}`")).collect();
        let (name, kind, labels) = (family.name, family.kind, labels.join(", "));
        table += &format!("| `{name}` | {kind} | {labels} | {} |\n", family.help);
    }
    let made =
        format!("{before}<!-- metrics: {comment}-->\n{table}\n<!-- end of metrics -->{after}");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &made).unwrap();
        return;
    }
    assert_eq!(made, page, "UPDATE=1 writes it");
}
