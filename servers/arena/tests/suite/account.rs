//! Accounts: passwords, logging out, and the login over HTTP.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use arena_bots::account::{Credential, Email, Login, LoginError, UpgradeError};
use arena_bots::world::Avatar;
use playhouse::login::FREE_OF_BOTH;
use playhouse_client::{FailureKind, Uuid};
use serde_json::{Value, json};

use crate::game::{Game, info, play, play_in, thrown};

fn password(email: &str, secret: &str) -> Credential {
    Credential::Password {
        email: Email(email.to_owned()),
        secret: secret.to_owned(),
    }
}

/// Asks the login over HTTP: the status, and what came back.
fn ask(game: &Game, path: &str, body: &Value) -> (u16, Value) {
    let mut stream = TcpStream::connect(game.running.login_address().unwrap()).unwrap();
    let body = body.to_string();
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all((head + &body).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (
        head[9..12].parse().unwrap(),
        serde_json::from_str(body).unwrap(),
    )
}

fn guest(number: u8) -> Value {
    json!({ "installation": Uuid([number; 16]).to_string(), "client": { "version": "1.0", "region": "asia" } })
}

fn login(email: &str, password: &str) -> Value {
    json!({ "email": email, "password": password, "client": { "version": "1.0" } })
}

fn pass(granted: &Value) -> Vec<u8> {
    let text = granted["pass"].as_str().unwrap();
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let text = text.trim_end_matches('=');
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for digit in text.bytes() {
        let value = digits.iter().position(|it| *it == digit).unwrap();
        bits = bits << 6 | u32::try_from(value).unwrap();
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    bytes
}

#[test]
fn a_guest_takes_a_password_and_comes_back_with_it() {
    let folder = tempfile::tempdir().unwrap();
    play_in(folder.path(), async |game| {
        let (client, grant) = game.grant(1).await;
        client.open(&grant.token.0).await.unwrap();
        let login = client.service::<Login>();
        let credential = password("Ann@Example.org", "correct horse");
        let upgraded = login.upgrade(credential.clone(), Some(grant.token.clone()));
        upgraded.await.unwrap();

        let (stranger, own) = game.grant(2).await;
        stranger.open(&own.token.0).await.unwrap();
        let login = stranger.service::<Login>();
        let refused = thrown(login.upgrade(credential, None).await);
        let wrong = UpgradeError::Login(LoginError::WrongProof);
        assert_eq!(refused, wrong, "whoever has no proof");

        let other = game.link().await;
        let login = other.service::<Login>();
        let enter = |email, secret| login.enter(password(email, secret), info("1.0"));
        let entered = enter("ann@example.org", "correct horse").await.unwrap();
        assert_eq!(entered.account, grant.account);
        let bound = other.open(&entered.token.0).await.unwrap();
        assert_eq!(bound, *Avatar::reference(grant.account).address());
        // Nobody learns which of the two was wrong.
        let wrong = thrown(enter("ann@example.org", "wrong horse!").await);
        assert_eq!(wrong, LoginError::WrongProof);
    });
}

#[test]
fn accounts_over_http() {
    let folder = tempfile::tempdir().unwrap();
    play_in(folder.path(), async |game| {
        let (status, first) = ask(game, "/v1/guest", &guest(1));
        assert_eq!((status, &first["fresh"]), (200, &json!(true)), "{first}");
        assert_eq!(first["gates"], json!([game.address]));
        let client = game.link().await;
        let bound = client.open(&pass(&first)).await.unwrap();
        let account =
            arena_bots::common::AccountId(first["account"].as_str().unwrap().parse().unwrap());
        assert_eq!(bound, *Avatar::reference(account).address());

        let upgrade = |granted: &Value, email: &str| {
            let body =
                json!({ "pass": granted["pass"], "email": email, "password": "correct horse" });
            ask(game, "/v1/upgrade", &body)
        };
        assert_eq!(upgrade(&first, "ann@example.org").0, 200);
        assert_eq!(upgrade(&first, "ann@example.org").1["code"], "not_a_guest");
        let (_, second) = ask(game, "/v1/guest", &guest(2));
        assert_eq!(upgrade(&second, "ANN@example.org").1["code"], "taken");

        let (status, entered) = ask(
            game,
            "/v1/login",
            &login("ann@example.org", "correct horse"),
        );
        assert_eq!((status, &entered["account"]), (200, &first["account"]));
        // The first login is an old one by now.
        let (status, refused) = ask(game, "/v1/logout", &json!({ "pass": first["pass"] }));
        assert_eq!((status, &refused["code"]), (401, &json!("wrong_proof")));
        assert_eq!(
            ask(game, "/v1/logout", &json!({ "pass": entered["pass"] })).0,
            200
        );
        let refused = game.link().await.open(&pass(&entered)).await.unwrap_err();
        assert_eq!(refused.kind(), FailureKind::Denied, "{refused}");

        let unknown = ask(
            game,
            "/v1/login",
            &login("bob@example.org", "correct horse"),
        );
        let wrong = ask(game, "/v1/login", &login("ann@example.org", "wrong horse!"));
        assert_eq!(unknown, wrong, "nobody learns who has an account");
        assert_eq!(wrong.0, 401);
        for _ in 1..FREE_OF_BOTH {
            assert_eq!(
                ask(game, "/v1/login", &login("ann@example.org", "wrong horse!")).0,
                401
            );
        }
        let (status, often) = ask(
            game,
            "/v1/login",
            &login("ann@example.org", "correct horse"),
        );
        assert_eq!(
            (status, &often["code"]),
            (429, &json!("too_often")),
            "right or wrong"
        );
    });
}

#[test]
fn guests_over_http_need_the_right_words() {
    play(async |game| {
        let mut old = guest(1);
        old["client"]["version"] = json!("0.9");
        let (status, refused) = ask(game, "/v1/guest", &old);
        assert_eq!((status, &refused["least"]), (426, &json!("1.0")));
        let mut nowhere = guest(1);
        nowhere["client"]["region"] = json!("atlantis");
        assert_eq!(ask(game, "/v1/guest", &nowhere).0, 400);
    });
}

/// The page on logging in is played from its beginning, request by request: each comes to the status that it shows, and
/// what stands in full comes back as it stands.
#[test]
fn the_page_on_logging_in_says_what_comes_back() {
    let page = include_str!("../../../../docs/login.md");
    let folder = tempfile::tempdir().unwrap();
    play_in(folder.path(), async |game| {
        let mut pass = Value::Null;
        let mut played = 0;
        for block in page.split("```http\n").skip(1) {
            let (block, _) = block.split_once("```").unwrap();
            let lines: Vec<_> = block.lines().collect();
            let [head, body, "", status, expected] = lines[..] else {
                panic!("{block}");
            };
            let mut body: Value = serde_json::from_str(body).unwrap();
            if body["pass"] == "$pass" {
                body["pass"] = pass.clone();
            }
            let path = head.strip_prefix("POST ").unwrap();
            let (came, answer) = ask(game, path, &body);
            assert_eq!(came.to_string(), status, "{head}: {answer}");
            let expected: Value = serde_json::from_str(expected).unwrap();
            let (expected, members) = (expected.as_object().unwrap(), answer.as_object().unwrap());
            assert!(expected.keys().eq(members.keys()), "{head}: {answer}");
            for (name, value) in expected {
                let is_meant = *value != json!("..") && *value != json!([".."]);
                assert!(!is_meant || *value == answer[name], "{head}: {answer}");
            }
            if !answer["pass"].is_null() {
                pass = answer["pass"].clone();
            }
            played += 1;
        }
        assert_eq!(played, 6);
    });
}
