//! The login over HTTP, where strangers come first.

use std::fs;
use std::sync::LazyLock;
use std::time::Duration;

use playhouse::login::http::{
    BANNED_RETRY, BODY_BYTES_MAX, CONNECTIONS_PER_ADDRESS, HEAD_BYTES_MAX,
};
use playhouse::login::{
    Answer, Ask, Asked, Attempts, Claims, FREE_OF_ACCOUNT, FREE_OF_BOTH, Grant, Http, LOGIN_TIME,
    Pass, Refused, TokenKeys, TokenKind,
};
use playhouse::node::DoorLimits;
use playhouse::{Bytes, Cx, Failure, NodeBuilder};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::raw::{ELSEWHERE, connect_from};
use crate::scene::{Scene, under_attack, wary};
use crate::schema::harbour::{AccountId, Guest};

const RIGHT: &str = "correct horse";
/// Where the owner of an account is.
const HOME: &str = "127.0.0.1:0";

static ATTEMPTS: LazyLock<Attempts> = LazyLock::new(Attempts::default);

/// A game whose players log in with a password, as Arena's do.
async fn answer(cx: &mut Cx, asked: Asked) -> Result<Answer, Refused> {
    let Ask::Login(password, _) = asked.ask else {
        return Err(Refused::WrongProof);
    };
    let attempt = ATTEMPTS
        .begin(&password.email, Some(asked.address), cx.utc())
        .map_err(|wait| Refused::TooOften { wait })?;
    if password.secret != RIGHT {
        return Err(Refused::WrongProof);
    }
    attempt.succeeded();
    Ok(Answer::Granted(grant(cx)?))
}

fn grant(cx: &Cx) -> Result<Grant, Failure> {
    let (token, key) = TokenKeys::of(cx)?.issue(&Claims {
        entity: Guest::reference(AccountId(1)).into(),
        login_no: 1,
        issued: cx.utc(),
        expires: cx.utc() + LOGIN_TIME,
        kind: TokenKind::Login,
    });
    Ok(Grant {
        account: "ann".to_owned(),
        pass: Bytes(Pass::join(&key, &token)),
        gates: Vec::new(),
        valid_for: LOGIN_TIME,
        fresh: false,
    })
}

fn desk() -> NodeBuilder {
    let keys = TokenKeys::random().unwrap();
    let http = Http::at("127.0.0.1:0");
    wary().tokens(keys).login(answer).login_http(http)
}

async fn connect(scene: &Scene, from: &str) -> TcpStream {
    let address = scene.running.login_address().unwrap();
    connect_from(from, &address).await.unwrap()
}

/// The status of the answer to these bytes; none if the connection ends without one.
async fn status(stream: &mut TcpStream, bytes: &[u8]) -> Option<u16> {
    status_of(&answer_to(stream, bytes).await)
}

async fn answer_to(stream: &mut TcpStream, bytes: &[u8]) -> String {
    // It may be closed before everything is written.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let read = timeout(Duration::from_secs(20), stream.read_to_end(&mut answer));
    let _ = read.await.expect("it is answered or closed");
    String::from_utf8(answer).unwrap()
}

fn status_of(answer: &str) -> Option<u16> {
    answer.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

fn request(kind: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST /v1/login HTTP/1.1\r\nHost: a\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Logs in with a password; the status.
async fn login(scene: &Scene, from: &str, email: &str, password: &str) -> Option<u16> {
    status_of(&asked_to_log_in(scene, from, email, password).await)
}

async fn asked_to_log_in(scene: &Scene, from: &str, email: &str, password: &str) -> String {
    let body =
        format!(r#"{{"email":"{email}","password":"{password}","client":{{"version":"1.0"}}}}"#);
    let mut stream = connect(scene, from).await;
    answer_to(&mut stream, &request("application/json", &body)).await
}

/// How long a banned address is told to wait, in seconds.
async fn told_to_wait(scene: &Scene) -> i64 {
    let answer = asked_to_log_in(scene, ELSEWHERE, "banned@example.org", RIGHT).await;
    assert_eq!(status_of(&answer), Some(429), "{answer}");
    let mut lines = answer.lines();
    let header = lines.find_map(|line| line.strip_prefix("retry-after: "));
    header.unwrap().parse().unwrap()
}

async fn counted(scene: &Scene, outcome: &str, least: u32) {
    let series = format!("playhouse_login_requests_total{{outcome=\"{outcome}\"}}");
    scene.counted(&series, least).await;
}

#[test]
fn requests_that_are_too_large_of_another_kind_or_none_are_refused() {
    under_attack(desk(), async |scene| {
        let long = " ".repeat(BODY_BYTES_MAX + 1);
        for (bytes, expected) in [
            (request("application/json", &long), 413),
            (request("text/plain", "{}"), 415),
            (request("application/json", &"[".repeat(5_000)), 400),
            (request("application/json", "{\"email\":1}"), 400),
            (
                b"DELETE /v1/login HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
                405,
            ),
            (
                b"GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
                404,
            ),
        ] {
            let mut stream = connect(scene, ELSEWHERE).await;
            assert_eq!(status(&mut stream, &bytes).await, Some(expected));
            counted(scene, &expected.to_string(), 1).await;
        }
        let head = format!(
            "GET /health HTTP/1.1\r\nX: {}\r\n\r\n",
            "x".repeat(HEAD_BYTES_MAX)
        );
        for bytes in [head.as_bytes(), b"\x16\x03\x01\x02\0\r\n\r\n"] {
            let mut stream = connect(scene, ELSEWHERE).await;
            let answered = status(&mut stream, bytes).await;
            assert!(answered.is_none_or(|it| it >= 400), "{answered:?}");
        }
        counted(scene, "broken", 2).await;
    });
}

#[test]
fn a_body_and_a_head_that_come_byte_by_byte_are_cut_off() {
    under_attack(desk(), async |scene| {
        let mut stream = connect(scene, ELSEWHERE).await;
        let whole = request("application/json", &"x".repeat(1_000));
        let began = Instant::now();
        let (head, body) = whole.split_at(whole.len() - 1_000);
        stream.write_all(head).await.unwrap();
        let (mut read, mut write) = stream.into_split();
        let mut answer = [0; 12];
        let dribble = async {
            for byte in body {
                let _ = write.write_all(&[*byte]).await;
                sleep(Duration::from_millis(200)).await;
            }
        };
        tokio::select! {
            () = dribble => panic!("it waited for all of it"),
            came = read.read_exact(&mut answer) => { came.unwrap(); }
        }
        assert_eq!(&answer, b"HTTP/1.1 408");
        assert!(began.elapsed() >= Duration::from_secs(4));
        counted(scene, "408", 1).await;
        // Half of a head, and then nothing.
        let mut stream = connect(scene, ELSEWHERE).await;
        assert_eq!(status(&mut stream, b"POST /v1/lo").await, None);
        counted(scene, "broken", 1).await;
    });
}

#[test]
fn a_storm_of_connections_to_the_login_stays_outside() {
    under_attack(desk(), async |scene| {
        let mut all = Vec::new();
        for _ in 0..CONNECTIONS_PER_ADDRESS + 20 {
            all.push(connect(scene, ELSEWHERE).await);
        }
        counted(scene, "dropped", 20).await;
        // Others log in meanwhile.
        assert_eq!(login(scene, HOME, "storm@a", RIGHT).await, Some(200));
        counted(scene, "200", 1).await;
    });
}

#[test]
fn whoever_guesses_passwords_waits_and_the_owner_does_not() {
    under_attack(desk(), async |scene| {
        let email = "ann@example.org";
        assert_eq!(login(scene, HOME, email, RIGHT).await, Some(200));
        for _ in 0..FREE_OF_BOTH {
            let guessed = login(scene, ELSEWHERE, email, "a wrong guess").await;
            assert_eq!(guessed, Some(401));
        }
        // Not even the right one is looked at now.
        assert_eq!(login(scene, ELSEWHERE, email, RIGHT).await, Some(429));
        // Many addresses gain little: the account is closed to strangers then.
        for host in 100..100 + FREE_OF_ACCOUNT / FREE_OF_BOTH {
            for _ in 0..FREE_OF_BOTH {
                let from = format!("127.0.0.{host}:0");
                login(scene, &from, email, "another guess").await;
            }
        }
        let late = login(scene, "127.0.0.99:0", email, "a first guess").await;
        assert_eq!(late, Some(429));
        assert_eq!(
            login(scene, HOME, email, RIGHT).await,
            Some(200),
            "the owner"
        );
        counted(scene, "401", FREE_OF_BOTH).await;
        counted(scene, "429", 2).await;
    });
}

#[test]
fn whoever_is_banned_may_not_log_in_either() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bans.txt");
    fs::write(&path, "127.0.0.66\n").unwrap();
    under_attack(desk().ban_list(&path), async |scene| {
        // Nobody knows for how long.
        let wait = told_to_wait(scene).await;
        assert_eq!(wait, BANNED_RETRY.as_micros() / 1_000_000);
        counted(scene, "429", 1).await;
        let home = login(scene, HOME, "banned@example.org", RIGHT).await;
        assert_eq!(home, Some(200));
    });
}

#[test]
fn whoever_is_banned_for_a_while_may_log_in_after_it() {
    let ban_time = Duration::from_secs(1_000);
    let limits = DoorLimits {
        auth_failures: 3,
        ban_time,
        ..DoorLimits::default()
    };
    under_attack(desk().doors(limits), async |scene| {
        // One more than may fail.
        for _ in 0..=3 {
            scene.stranger().open(b"a guess").await;
        }
        scene.counted("playhouse_bans", 1).await;
        let wait = told_to_wait(scene).await;
        // All of it but for what has gone by.
        assert!((900..=1_000).contains(&wait), "{wait}");
    });
}
