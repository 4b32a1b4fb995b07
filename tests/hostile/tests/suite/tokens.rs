//! Tokens that admit nobody: old, changed, of others, or shown by others.

use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use playhouse::login::{Claims, LOGIN_TIME, TokenKeys, TokenKind};
use playhouse::node::{DoorLimits, ServerKey};
use playhouse::{EntityRef, NodeBuilder, Timestamp};
use playhouse_net::noise;
use playhouse_wire::message::{Open, Role, SessionReason};
use playhouse_wire::session::{Pass, open_mac};

use crate::client::{Client, Note};
use crate::raw::elsewhere;
use crate::scene::{Scene, linked, say, under_attack_by, without_authenticator};
use crate::schema::harbour::{AccountId, Guest};

const SECRET: &[u8] = b"a secret of the suite";

/// A node whose players bring tokens, the keys of these, and the honest player's pass.
fn node() -> (NodeBuilder, TokenKeys, Vec<u8>) {
    let keys = TokenKeys::new([SECRET]).unwrap();
    let pass = pass(&keys, &claims(1));
    (without_authenticator().tokens(keys.clone()), keys, pass)
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap())
}

fn entity(number: u64) -> EntityRef {
    Guest::reference(AccountId(number)).address().clone()
}

pub(crate) fn claims(number: u64) -> Claims {
    Claims {
        entity: entity(number),
        login_no: 1,
        issued: now(),
        expires: now() + LOGIN_TIME,
        kind: TokenKind::Login,
    }
}

pub(crate) fn pass(keys: &TokenKeys, claims: &Claims) -> Vec<u8> {
    let (token, key) = keys.issue(claims);
    Pass::join(&key, &token.0)
}

fn seconds(seconds: i64) -> playhouse::Duration {
    playhouse::Duration::from_micros(seconds * 1_000_000)
}

/// Whoever shows this is denied, and told why.
async fn denied(scene: &Scene, pass: &[u8], why: &str) {
    let client = scene.stranger();
    match client.open(pass).await {
        Note::Refused(SessionReason::Denied, text) => assert!(text.contains(why), "{text}"),
        other => panic!("{other:?}, not {why}"),
    }
}

async fn tokens(scene: &Scene, outcome: &str, least: u32) {
    let series = format!("playhouse_tokens_total{{outcome=\"{outcome}\"}}");
    scene.counted(&series, least).await;
}

#[test]
fn a_token_that_is_no_more_or_never_was_admits_nobody() {
    let (builder, keys, honest) = node();
    under_attack_by(builder, &honest, async |scene| {
        let old = Claims {
            issued: now() - seconds(3_600),
            expires: now() - seconds(60),
            ..claims(66)
        };
        denied(scene, &pass(&keys, &old), "has expired").await;
        let early = Claims {
            issued: now() + seconds(600),
            expires: now() + seconds(900),
            ..claims(66)
        };
        denied(scene, &pass(&keys, &early), "from the future").await;
        let others = TokenKeys::new([b"another cluster's secret"]).unwrap();
        denied(
            scene,
            &pass(&others, &claims(66)),
            "not one of this cluster's",
        )
        .await;
        keys.revocations().revoke_below(&entity(66), 2, now());
        denied(scene, &pass(&keys, &claims(66)), "was revoked").await;
        let whole = pass(&keys, &claims(67));
        for length in [whole.len() - 1, 60, 37, 36] {
            denied(scene, &whole[..length], "").await;
        }
        for outcome in ["expired", "early", "foreign", "revoked", "truncated"] {
            tokens(scene, outcome, 1).await;
        }
        denied(scene, b"guest 1", "").await;
        denied(scene, b"", "").await;
        scene.opens_refused("denied", 10).await;
    });
}

#[test]
fn a_token_that_was_changed_admits_nobody() {
    let (builder, keys, honest) = node();
    under_attack_by(builder, &honest, async |scene| {
        let whole = pass(&keys, &claims(66));
        // Behind the pass's own magic and key, and the token's head: the claims and the seal.
        for at in [50, 55, whole.len() - 1] {
            let mut forged = whole.clone();
            forged[at] ^= 1;
            denied(scene, &forged, "").await;
        }
        tokens(scene, "forged", 3).await;
        scene.opens_refused("denied", 3).await;
    });
}

#[test]
fn a_ticket_opens_no_session_of_another_kind() {
    let (builder, keys, honest) = node();
    under_attack_by(builder, &honest, async |scene| {
        for node in ["pier", "elsewhere"] {
            let ticket = Claims {
                kind: TokenKind::Ticket {
                    node: node.to_owned(),
                    session: entity(67),
                },
                ..claims(66)
            };
            denied(scene, &pass(&keys, &ticket), "not that of a login").await;
        }
        scene.opens_refused("denied", 2).await;
    });
}

#[test]
fn a_token_without_its_key_is_worth_nothing() {
    let (builder, keys, honest) = node();
    under_attack_by(builder, &honest, async |scene| {
        // A gate sees tokens, and who reads a log may: the key never leaves the client.
        let (token, _) = keys.issue(&claims(66));
        denied(scene, &token.0, "the mac is wrong").await;
        let guessed = Pass::join(&playhouse_wire::session::SessionKey([7; 32]), &token.0);
        denied(scene, &guessed, "the mac is wrong").await;
        scene.opens_refused("denied", 2).await;
    });
}

#[test]
fn an_open_is_worth_nothing_on_another_connection() {
    let (builder, keys, honest) = node();
    let builder = builder.server_key(ServerKey::generate().unwrap());
    under_attack_by(builder, &honest, async |scene| {
        let dial = || {
            let key = scene.running.public_key().unwrap();
            let network = Rc::new(noise::Network::client(elsewhere(), key));
            Client::connect_over(network, &scene.address, Role::Client)
        };
        let victim = dial();
        linked(&victim).await;
        let whole = pass(&keys, &claims(66));
        let opened = victim.open(&whole).await;
        assert!(matches!(opened, Note::Opened(_)), "{opened:?}");
        // What the victim would say next, made for its connection and heard by somebody else.
        let pass = Pass::split(&whole);
        let open = Open {
            session: Some(victim.session()),
            ..Open::new(&pass.token, 2)
        };
        let binding = victim.link.binding().unwrap();
        let mac = open_mac(pass.key.as_ref().unwrap(), &open, Some(&binding));
        let open = Open {
            mac: Some(mac),
            ..open
        };
        let thief = dial();
        thief.link.send(|w| open.put(w)).unwrap();
        let refused = thief.note().await;
        assert!(
            matches!(&refused, Note::Refused(SessionReason::Denied, text) if text.contains("mac")),
            "{refused:?}"
        );
        scene.opens_refused("denied", 1).await;
        let said = victim.call::<Guest, _>(0, None, &say()).await;
        assert_eq!(said.value::<u32>(), 1);
    });
}

#[test]
fn whoever_guesses_tokens_or_keys_is_banned_for_a_while() {
    let (builder, keys, honest) = node();
    let limits = DoorLimits {
        auth_failures: 5,
        ..DoorLimits::default()
    };
    under_attack_by(builder.doors(limits), &honest, async |scene| {
        let (token, _) = keys.issue(&claims(66));
        for _ in 0..3 {
            denied(scene, &token.0, "the mac is wrong").await;
            denied(scene, b"a guess", "").await;
        }
        let late = scene.stranger();
        assert!(matches!(late.note().await, Note::Closed(_)));
        scene.counted("playhouse_bans", 1).await;
        let refused = "playhouse_connections_refused_total{reason=\"banned\"}";
        scene.counted(refused, 1).await;
        let tokens = "playhouse_tokens_total{outcome=\"malformed\"}";
        assert!(scene.page().await.value(tokens).is_some());
    });
}
