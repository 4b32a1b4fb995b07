//! The login over HTTP, as games, browsers and strangers use it. Every answer is held against the document.

mod document;
mod served;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use playhouse::login::http::{BODY_BYTES_MAX, CONNECTIONS_PER_ADDRESS, HEAD_BYTES_MAX, RATE};
use playhouse::login::{
    Answer, Ask, Asked, Claims, Grant, Http, LOGIN_TIME, Pass, Refused, TokenKeys, TokenKind,
};
use playhouse::node::{BuildError, GUESTS_PER_ADDRESS, NodeBuilder, Running};
use playhouse::{Bytes, Cx, Failure, FailureKind, Timestamp};
use serde_json::{Value, json};

use crate::schema::harbour::{AccountId, Guest};
use crate::world;

const SECRET: &[u8] = b"a secret of this test";

/// A node that people log in to, and what it says it can do.
struct Desk {
    running: Running,
    address: String,
    document: Value,
}

/// What came back.
struct Said {
    status: u16,
    head: String,
    body: Value,
}

fn builder(http: Http) -> NodeBuilder {
    world::builder()
        .tokens(TokenKeys::new([SECRET]).unwrap())
        .login(answer)
        .login_http(http)
}

fn desk() -> Desk {
    desk_at(Http::at("127.0.0.1:0").allow_origin("https://play.example.org"))
}

fn desk_at(http: Http) -> Desk {
    desk_of(builder(http).guests_per_address(1_000))
}

fn desk_of(builder: NodeBuilder) -> Desk {
    let running = builder.build().unwrap().start().unwrap();
    let address = running.login_address().unwrap();
    let mut desk = Desk {
        running,
        address,
        document: Value::Null,
    };
    desk.document = desk.raw("GET", "/v1/openapi.json", "", b"").body;
    let itself = document::check(
        &desk.document,
        ("GET", "/v1/openapi.json"),
        200,
        &desk.document,
    );
    itself.unwrap();
    desk
}

/// A game with one rule for each thing that can be said.
async fn answer(cx: &mut Cx, asked: Asked) -> Result<Answer, Refused> {
    match asked.ask {
        Ask::Guest { client, .. } => match client.version.as_str() {
            "0.9" => Err(Refused::ClientTooOld {
                least: "1.0".to_owned(),
            }),
            "banned" => Err(Refused::Banned {
                until: None,
                reason: "cheats".to_owned(),
            }),
            "banned for a while" => Err(Refused::Banned {
                until: Some(Timestamp::from_micros(1_700_000_000_000_000)),
                reason: "words".to_owned(),
            }),
            "closed" => Err(Refused::Closed),
            "taken" => Err(Refused::Taken),
            "done" => Ok(Answer::Done),
            "broken" => Err(Failure::not_executed(FailureKind::Internal)
                .because("secret details")
                .into()),
            "slow" => Err(Failure::unknown(FailureKind::Timeout).into()),
            "panics" => panic!("the game breaks"),
            "where" => Ok(Answer::Granted(grant(cx, &asked.address.to_string())?)),
            _ => Ok(Answer::Granted(grant(
                cx,
                &format!("{}-{}", client.region, client.language),
            )?)),
        },
        Ask::Login(password, _) if password.secret == "correct horse" => {
            Ok(Answer::Granted(grant(cx, &password.email)?))
        }
        Ask::Login(password, _) if password.secret == "too often" => {
            Err(Refused::TooOften { wait: LOGIN_TIME })
        }
        Ask::Upgrade(claims, password) if claims.login_no == 7 => match password.email.as_str() {
            "taken@example.org" => Err(Refused::Taken),
            "twice@example.org" => Err(Refused::NotAGuest),
            "old@example.org" => Err(Refused::ClientTooOld {
                least: "1.0".to_owned(),
            }),
            "in@example.org" => Ok(Answer::Granted(grant(cx, "in")?)),
            _ => Ok(Answer::Done),
        },
        Ask::Logout(_) => Ok(Answer::Done),
        _ => Err(Refused::WrongProof),
    }
}

fn grant(cx: &Cx, account: &str) -> Result<Grant, Failure> {
    let (token, key) = TokenKeys::of(cx)?.issue(&Claims {
        entity: Guest::reference(AccountId(1)).into(),
        login_no: 7,
        issued: cx.utc(),
        expires: cx.utc() + LOGIN_TIME,
        kind: TokenKind::Login,
    });
    Ok(Grant {
        account: account.to_owned(),
        pass: Bytes(Pass::join(&key, &token)),
        gates: cx.node().addresses().to_vec(),
        valid_for: LOGIN_TIME,
        fresh: true,
    })
}

fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
}

impl Desk {
    /// Asks for something, and holds what comes back against the document if it speaks of that.
    #[track_caller]
    fn raw(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Said {
        let mut stream = connect(&self.address);
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\n{headers}content-length: {length}\r\n\r\n"
        );
        // It may be closed before everything is written.
        let _ = stream.write_all(&[head.as_bytes(), body].concat());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head
            .get(9..12)
            .and_then(|it| it.parse().ok())
            .unwrap_or_default();
        let body = serde_json::from_str(body).unwrap_or(Value::Null);
        let operation = &self.document["paths"][path][method.to_lowercase()];
        if status != 0 && !operation.is_null() {
            let checked = document::check(&self.document, (method, path), status, &body);
            checked.unwrap_or_else(|error| panic!("{path} {status}: {error}"));
        }
        Said {
            status,
            head: head.to_lowercase(),
            body,
        }
    }

    #[track_caller]
    fn ask_with(&self, path: &str, headers: &str, body: &[u8]) -> Said {
        let headers = format!("content-type: application/json\r\n{headers}");
        let said = self.raw("POST", path, &headers, body);
        assert!(
            said.head.contains("cache-control: no-store"),
            "{}",
            said.head
        );
        said
    }

    #[track_caller]
    fn ask(&self, path: &str, body: Value) -> Said {
        self.ask_with(path, "", body.to_string().as_bytes())
    }

    #[track_caller]
    fn guest(&self, version: &str) -> Said {
        self.ask("/v1/guest", guest(version))
    }

    #[track_caller]
    fn refuses(&self, path: &str, body: Value, status: u16, code: &str) -> Value {
        let said = self.ask(path, body);
        assert_eq!(
            (said.status, said.body["code"].as_str()),
            (status, Some(code)),
            "{}",
            said.body
        );
        said.body
    }

    fn end(self) {
        self.running.stop();
        self.running.wait().unwrap();
    }
}

fn guest(version: &str) -> Value {
    let installation = "01234567-89ab-cdef-0123-456789abcdef";
    json!({ "installation": installation, "client": { "version": version, "region": "europe" } })
}

fn login(email: &str, password: &str) -> Value {
    json!({ "email": email, "password": password, "client": { "version": "1.0" } })
}

#[test]
fn a_guest_gets_a_pass_that_counts() {
    let desk = desk();
    let said = desk.guest("1.0");
    assert_eq!(said.status, 200, "{}", said.body);
    assert_eq!(said.body["account"], "europe-en");
    assert_eq!(said.body["valid_for_seconds"], 60);
    assert_eq!(said.body["gates"], json!(desk.running.addresses()));
    // The node takes it as its own.
    let done = desk.ask("/v1/logout", json!({ "pass": said.body["pass"] }));
    assert_eq!((done.status, &done.body), (200, &json!({ "done": true })));
    assert_eq!(desk.raw("GET", "/health", "", b"").status, 200);
    desk.end();
}

#[test]
fn a_client_is_told_where_it_can_come() {
    let gates = |listen: &str, advertise: &[&str]| {
        let builder = builder(Http::at("127.0.0.1:0")).listen(listen);
        let desk = desk_of(advertise.iter().fold(builder, |it, at| it.advertise(*at)));
        let gates = desk.guest("1.0").body["gates"].take();
        desk.end();
        gates
    };
    let own = gates("0.0.0.0:0", &[]);
    let own = own.as_array().unwrap();
    assert!(
        own.iter().all(|it| !it.to_string().contains("0.0.0.0:")),
        "{own:?}"
    );
    let told = ["203.0.113.7:7000", "wss://play.example:7443/play"];
    assert_eq!(gates("0.0.0.0:0", &told), json!(told));
}

#[test]
fn whatever_the_game_says_is_said_as_the_document_has_it() {
    let desk = desk();
    let refuses = |version, status, code| desk.refuses("/v1/guest", guest(version), status, code);
    assert_eq!(refuses("0.9", 426, "client_too_old")["least"], "1.0");
    assert_eq!(refuses("banned", 403, "banned")["reason"], "cheats");
    let until = &refuses("banned for a while", 403, "banned")["until"];
    assert_eq!(until, "2023-11-14T22:13:20Z");
    refuses("closed", 503, "unavailable");
    refuses("slow", 503, "unavailable");
    let broken = refuses("broken", 500, "internal");
    assert!(!broken.to_string().contains("secret"), "{broken}");
    refuses("panics", 500, "internal");

    let right = desk.ask("/v1/login", login("Ann@Example.org", "correct horse"));
    assert_eq!(
        (right.status, &right.body["account"]),
        (200, &json!("ann@example.org"))
    );
    desk.refuses(
        "/v1/login",
        login("ann@example.org", "wrong horse"),
        401,
        "wrong_proof",
    );
    let often = desk.ask("/v1/login", login("ann@example.org", "too often"));
    assert_eq!(
        (often.status, &often.body["retry_after_seconds"]),
        (429, &json!(60))
    );
    assert!(often.head.contains("retry-after: 60"), "{}", often.head);

    let pass = &right.body["pass"];
    let upgrade = |email| json!({ "pass": pass, "email": email, "password": "battery staple" });
    assert_eq!(
        desk.ask("/v1/upgrade", upgrade("ann@example.org")).status,
        200
    );
    desk.refuses("/v1/upgrade", upgrade("taken@example.org"), 409, "taken");
    desk.refuses(
        "/v1/upgrade",
        upgrade("twice@example.org"),
        409,
        "not_a_guest",
    );
    // What the document doesn't have, a game can't say either.
    for email in ["old@example.org", "in@example.org"] {
        desk.refuses("/v1/upgrade", upgrade(email), 500, "internal");
    }
    desk.refuses("/v1/guest", guest("taken"), 500, "internal");
    desk.refuses("/v1/guest", guest("done"), 500, "internal");
    desk.end();
}

#[test]
fn a_pass_that_is_not_whole_is_nobodys() {
    let desk = desk();
    let pass = desk.guest("1.0").body["pass"].as_str().unwrap().to_owned();
    let shorter = &pass[..pass.len() - 4];
    // The token alone, which gates see, without the key before it.
    let token = &pass[48..];
    let mut forged = pass.clone().into_bytes();
    forged[60] = if forged[60] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    for shown in [shorter, token, &forged, ""] {
        desk.refuses("/v1/logout", json!({ "pass": shown }), 401, "wrong_proof");
    }
    desk.end();
}

#[test]
fn an_old_pass_still_names_its_holder_and_another_clusters_nobody() {
    let desk = desk();
    let shown = |secret: &[u8], expires: Timestamp| {
        let (token, key) = TokenKeys::new([secret]).unwrap().issue(&Claims {
            entity: Guest::reference(AccountId(1)).into(),
            login_no: 7,
            issued: expires - LOGIN_TIME,
            expires,
            kind: TokenKind::Login,
        });
        json!({ "pass": STANDARD.encode(Pass::join(&key, &token)) })
    };
    let long_ago = Timestamp::from_micros(1_700_000_000_000_000);
    assert_eq!(desk.ask("/v1/logout", shown(SECRET, long_ago)).status, 200);
    let other = shown(b"a secret of another cluster", long_ago);
    desk.refuses("/v1/logout", other, 401, "wrong_proof");
    desk.end();
}

#[test]
fn what_is_not_as_the_api_has_it_is_refused_by_name() {
    let desk = desk();
    let invalid = |path, body: Value, expected: &str| {
        let said = desk.refuses(path, body, 400, "invalid_request");
        let field = said["field"].as_str().unwrap();
        assert!(field.contains(expected), "{field}");
    };
    invalid("/v1/guest", json!({}), "installation is missing");
    invalid("/v1/guest", json!([]), "no JSON object");
    let no_uuid = json!({ "installation": "me", "client": { "version": "1" } });
    invalid("/v1/guest", no_uuid, "installation is a uuid");
    let mut more = guest("1.0");
    more["clientt"] = json!(1);
    invalid("/v1/guest", more, "and no others");
    let mut within = guest("1.0");
    within["client"]["version"] = json!("x".repeat(33));
    invalid(
        "/v1/guest",
        within,
        "client.version is a text of 1 to 32 characters",
    );
    invalid(
        "/v1/login",
        login("a@b", "short"),
        "password is a text of 8 to 128",
    );
    invalid("/v1/logout", json!({ "pass": "?" }), "pass is base64");
    for body in [&b"{"[..], b"\xff", &b"[".repeat(5_000), b""] {
        let said = desk.ask_with("/v1/guest", "", body);
        assert_eq!(said.status, 400);
    }
    desk.end();
}

#[test]
fn requests_have_bounds() {
    let desk = desk();
    let body = |bytes: usize| {
        let mut body = guest("1.0").to_string();
        body.push_str(&" ".repeat(bytes - body.len()));
        body.into_bytes()
    };
    assert_eq!(
        desk.ask_with("/v1/guest", "", &body(BODY_BYTES_MAX)).status,
        200
    );
    assert_eq!(
        desk.ask_with("/v1/guest", "", &body(BODY_BYTES_MAX + 1))
            .status,
        413
    );
    let head = format!("x-long: {}\r\n", "x".repeat(HEAD_BYTES_MAX));
    let said = desk.raw("POST", "/v1/guest", &head, b"{}");
    assert_eq!(said.status, 431);
    let chunked = format!("{:x}\r\n", BODY_BYTES_MAX + 1);
    let mut stream = connect(&desk.address);
    let head = "POST /v1/guest HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let _ = stream.write_all(
        &[
            head.as_bytes(),
            chunked.as_bytes(),
            &body(BODY_BYTES_MAX + 1),
        ]
        .concat(),
    );
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
    let plain = desk.raw("POST", "/v1/guest", "content-type: text/plain\r\n", b"{}");
    assert_eq!(plain.status, 415);
    let other = desk.raw("GET", "/v1/guest", "", b"");
    assert_eq!(other.status, 405);
    document::check(&desk.document, ("POST", "/v1/guest"), 405, &other.body).unwrap();
    assert!(other.head.contains("allow: post"), "{}", other.head);
    assert_eq!(desk.raw("GET", "/v1/nothing", "", b"").status, 404);
    desk.end();
}

#[test]
fn a_body_that_is_said_to_be_too_large_is_not_waited_for() {
    let desk = desk();
    let mut stream = connect(&desk.address);
    let length = BODY_BYTES_MAX + 1;
    let head = format!(
        "POST /v1/guest HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
    desk.end();
}

#[test]
fn who_says_nothing_keeps_nobody_out_but_itself() {
    let desk = desk();
    let silent: Vec<_> = (0..CONNECTIONS_PER_ADDRESS)
        .map(|_| connect(&desk.address))
        .collect();
    // Its own place is full, until one of them goes.
    let said = loop {
        let said = desk.raw("GET", "/health", "", b"");
        if said.status != 200 {
            break said;
        }
    };
    assert_eq!(said.status, 0, "closed without a word");
    drop(silent);
    while desk.raw("GET", "/health", "", b"").status != 200 {}
    desk.end();
}

#[test]
fn an_address_may_ask_so_often() {
    let desk = desk_of(builder(Http::at("127.0.0.1:0")));
    let most = (RATE.burst * GUESTS_PER_ADDRESS) as usize;
    let answered = (0..most + 10)
        .take_while(|_| desk.guest("1.0").status == 200)
        .count();
    // Some time goes by meanwhile, in which a few more are allowed.
    assert!((most..most + 10).contains(&answered), "{answered}");
    let said = desk.refuses("/v1/guest", guest("1.0"), 429, "too_often");
    assert!(said["retry_after_seconds"].as_u64().is_some());
    desk.end();
}

#[test]
fn passwords_do_not_travel_in_the_clear() {
    let refused = builder(Http::at("0.0.0.0:0")).build().map(drop);
    let address = "0.0.0.0:0".to_owned();
    assert_eq!(refused.unwrap_err(), BuildError::PlainLogin { address });
    let proxied = Http::at("0.0.0.0:0").trust_forwarded("10.0.0.0/8".parse().unwrap());
    assert!(builder(proxied).build().is_ok());
    let without = world::builder().login_http(Http::at("127.0.0.1:0"));
    assert_eq!(without.build().map(drop).unwrap_err(), BuildError::NoLogin);
}
