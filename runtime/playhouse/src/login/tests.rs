//! Tokens, as those who show, forge and check them.

use playhouse_wire::{Duration, EntityKey, EntityRef, KeyPart, Timestamp};

use super::*;

const NOW: Timestamp = Timestamp::from_micros(1_000_000_000);
const SECRET: &[u8] = b"a secret that nobody knows";
const OTHER: &[u8] = b"another one of these";
const JOT: Duration = Duration::from_micros(1);

fn keys(secrets: &[&[u8]]) -> TokenKeys {
    TokenKeys::new(secrets).unwrap()
}

fn entity(key: u64) -> EntityRef {
    EntityRef {
        package: 1,
        number: 2,
        slot: 0,
        key: EntityKey::new([KeyPart::Unsigned(key)]),
    }
}

fn login() -> Claims {
    Claims {
        entity: entity(7),
        login_no: 3,
        issued: NOW,
        expires: NOW + LOGIN_TIME,
        kind: TokenKind::Login,
    }
}

fn ticket() -> Claims {
    Claims {
        kind: TokenKind::Ticket {
            node: "battle-1".to_owned(),
            session: entity(9),
        },
        ..login()
    }
}

#[test]
fn a_token_says_what_was_sealed_and_has_one_key() {
    let keys = keys(&[SECRET]);
    for claims in [login(), ticket()] {
        let (token, key) = keys.issue(&claims);
        assert_eq!(keys.at_gate(&token, NOW), Ok(claims.clone()));
        assert_eq!(keys.at_home(&token, NOW), Ok((claims, key)));
    }
    let (_, login) = keys.issue(&login());
    let (_, ticket) = keys.issue(&ticket());
    assert_ne!(login, ticket);
}

#[test]
fn nodes_with_the_same_secret_agree() {
    let (token, key) = keys(&[SECRET]).issue(&login());
    assert_eq!(keys(&[SECRET]).at_home(&token, NOW), Ok((login(), key)));
}

#[test]
fn the_bytes_of_a_token_are_a_promise_to_other_releases() {
    let (token, key) = keys(&[SECRET]).issue(&login());
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    // Made by another implementation of HKDF and HMAC.
    let expected = "010b838f4012009501940102000703ce3b9aca00ce3f2e5100ef72d009c48f12\
                    457348030ea5c316bac531e0b818056b363cab555c740f3c56";
    assert_eq!(hex(&token), expected);
    assert_eq!(
        hex(&key.0),
        "8d3b98ced0239f798eada49f8ac28260349d3b81bb170648c3e3389015c1eaef"
    );
    let pass = Pass::join(&key, &token);
    assert_eq!(keys(&[SECRET]).holder(&pass), Ok(login()));
}

#[test]
fn a_token_that_was_changed_anywhere_admits_nobody() {
    let keys = keys(&[SECRET]);
    let (token, _) = keys.issue(&ticket());
    for place in 0..token.len() {
        for bit in 0..8 {
            let mut changed = token.clone();
            changed[place] ^= 1 << bit;
            let refused = keys.at_gate(&changed, NOW).unwrap_err();
            // Made by another implementation of HKDF and HMAC.
            let expected = match place {
                0 => TokenError::Malformed,
                1..5 => TokenError::Foreign,
                5..7 if refused == TokenError::Truncated => TokenError::Truncated,
                _ => TokenError::Forged,
            };
            assert_eq!(refused, expected, "bit {bit} of byte {place}");
            assert_eq!(keys.at_home(&changed, NOW).unwrap_err(), refused);
        }
    }
    let longer = [&token[..], &[0]].concat();
    assert_eq!(keys.at_gate(&longer, NOW), Err(TokenError::Forged));
}

#[test]
fn a_token_that_is_cut_off_anywhere_admits_nobody() {
    let keys = keys(&[SECRET]);
    let (token, _) = keys.issue(&ticket());
    for length in 0..token.len() {
        let refused = keys.at_gate(&token[..length], NOW);
        assert_eq!(refused, Err(TokenError::Truncated), "{length} bytes");
    }
    assert_eq!(keys.at_gate(b"hello", NOW), Err(TokenError::Malformed));
}

#[test]
fn another_clusters_token_is_foreign() {
    let (token, _) = keys(&[OTHER]).issue(&login());
    let keys = keys(&[SECRET]);
    assert_eq!(keys.at_gate(&token, NOW), Err(TokenError::Foreign));
    // Who claims to have our key does not have it.
    let (ours, _) = keys.issue(&login());
    let mut posing = token;
    posing[1..5].copy_from_slice(&ours[1..5]);
    assert_eq!(keys.at_gate(&posing, NOW), Err(TokenError::Forged));
}

#[test]
fn two_secrets_overlap_while_one_takes_over() {
    let (old, both, new) = (keys(&[SECRET]), keys(&[OTHER, SECRET]), keys(&[OTHER]));
    let (before, _) = old.issue(&login());
    let (after, _) = both.issue(&login());
    assert_eq!(both.at_gate(&before, NOW), Ok(login()));
    assert_eq!(both.at_gate(&after, NOW), Ok(login()));
    assert_eq!(new.at_gate(&after, NOW), Ok(login()));
    assert_eq!(new.at_gate(&before, NOW), Err(TokenError::Foreign));
}

#[test]
fn a_token_has_a_beginning_and_an_end() {
    let keys = keys(&[SECRET]);
    let (token, _) = keys.issue(&login());
    let last = NOW + LOGIN_TIME + CLOCK_SKEW_MAX;
    assert_eq!(keys.at_gate(&token, last), Ok(login()));
    assert_eq!(keys.at_gate(&token, last + JOT), Err(TokenError::Expired));
    assert_eq!(keys.at_gate(&token, None), Ok(login()), "a session goes on");
    let first = Timestamp::from_micros(NOW.as_micros() - CLOCK_SKEW_MAX.as_micros());
    assert_eq!(keys.at_gate(&token, first), Ok(login()));
    let earlier = Timestamp::from_micros(first.as_micros() - 1);
    assert_eq!(keys.at_gate(&token, earlier), Err(TokenError::Early));
}

#[test]
fn no_token_outlives_the_longest_time() {
    let keys = keys(&[SECRET]);
    let (token, _) = keys.issue(&Claims {
        expires: Timestamp::from_micros(i64::MAX),
        ..login()
    });
    let claims = keys.at_gate(&token, NOW).unwrap();
    assert_eq!(claims.expires, NOW + TOKEN_TIME_MAX);
}

#[test]
fn a_revoked_login_admits_nobody_and_a_newer_one_does() {
    let keys = keys(&[SECRET]);
    let (token, _) = keys.issue(&login());
    keys.revocations().revoke_below(&entity(7), 4, NOW);
    assert_eq!(keys.at_gate(&token, NOW), Err(TokenError::Revoked));
    assert_eq!(keys.at_home(&token, NOW), Err(TokenError::Revoked));
    let (token, _) = keys.issue(&Claims {
        login_no: 4,
        ..login()
    });
    assert!(keys.at_gate(&token, NOW).is_ok());
}

#[test]
fn each_outcome_at_a_gate_has_its_counter() {
    let keys = keys(&[SECRET]);
    let (token, _) = keys.issue(&login());
    let mut forged = token.clone();
    *forged.last_mut().unwrap() ^= 1;
    let (foreign, _) = self::keys(&[OTHER]).issue(&login());
    let early = Timestamp::from_micros(0);
    let late = NOW + TOKEN_TIME_MAX;
    for (shown, at) in [
        (&token[..], NOW),
        (&token[..9], NOW),
        (b"?", NOW),
        (&foreign, NOW),
        (&forged, NOW),
        (&token, early),
        (&token, late),
    ] {
        let _ = keys.at_gate(shown, at);
    }
    keys.revocations().revoke_below(&entity(7), 4, NOW);
    let _ = keys.at_gate(&token, NOW);
    let counts = keys.counts();
    assert!(counts.iter().all(|(_, count)| *count == 1), "{counts:?}");
    assert_eq!(counts.len(), 1 + TokenError::ALL.len());
}

#[test]
fn a_pass_proves_who_holds_it_and_a_token_does_not() {
    let keys = keys(&[SECRET]);
    let (token, mut key) = keys.issue(&login());
    assert_eq!(keys.holder(&Pass::join(&key, &token)), Ok(login()));
    assert_eq!(keys.holder(&token), Err(TokenError::Forged));
    key.0[31] ^= 1;
    assert_eq!(
        keys.holder(&Pass::join(&key, &token)),
        Err(TokenError::Forged)
    );
    assert_eq!(keys.holder(b"PHP1"), Err(TokenError::Malformed));
}

#[test]
fn secrets_have_a_least_length_and_a_greatest_number() {
    let of = |secrets: &[&[u8]]| TokenKeys::new(secrets).map(drop);
    assert_eq!(of(&[]), Err(KeysError::Generations { count: 0 }));
    assert_eq!(of(&[SECRET; GENERATIONS_MAX]), Ok(()));
    let count = GENERATIONS_MAX + 1;
    assert_eq!(
        of(&[SECRET; GENERATIONS_MAX + 1]),
        Err(KeysError::Generations { count })
    );
    assert_eq!(of(&[&[1; SECRET_BYTES_MIN]]), Ok(()));
    let bytes = SECRET_BYTES_MIN - 1;
    assert_eq!(
        of(&[&[1; SECRET_BYTES_MIN - 1]]),
        Err(KeysError::Short { bytes })
    );
}

#[test]
fn nothing_shows_a_secret() {
    let keys = keys(&[SECRET]);
    let (_, key) = keys.issue(&login());
    assert_eq!(format!("{key:?}"), "SessionKey(..)");
    let shown = format!("{keys:?} {:?}", keys.revocations());
    assert!(
        shown.starts_with("TokenKeys { generations: 1, .. }"),
        "{shown}"
    );
    let (one, other) = (TokenKeys::random().unwrap(), TokenKeys::random().unwrap());
    let (token, _) = one.issue(&login());
    assert_eq!(other.at_gate(&token, NOW), Err(TokenError::Foreign));
}

#[test]
fn no_bytes_make_it_panic() {
    use proptest::prelude::*;
    let keys = keys(&[SECRET]);
    let (token, _) = keys.issue(&ticket());
    proptest!(|(bytes in proptest::collection::vec(any::<u8>(), 0..256), keep in 0..71_usize)| {
        let _ = keys.at_gate(&bytes, NOW);
        let kept = &token[..keep.min(token.len())];
        prop_assert!(keys.at_gate(&[kept, &bytes].concat(), NOW).is_err());
    });
    // What is sealed rightly may still be nonsense, from another release.
    let mut runner = proptest::test_runner::TestRunner::default();
    let strategy = proptest::collection::vec(any::<u8>(), 0..64);
    let ran = runner.run(&strategy, |bytes| {
        let _ = Claims::from_bytes(&bytes);
        Ok(())
    });
    ran.unwrap();
}

#[test]
fn a_token_has_a_key_for_links_on_all_nodes_of_its_cluster() {
    let keys = keys(&[SECRET]);
    let (token, key) = keys.issue(&ticket());
    assert!(keys.link_key(&token).is_some());
    assert_ne!(key.link_key(), key.0);
    let (foreign, _) = self::keys(&[OTHER]).issue(&ticket());
    assert!(keys.link_key(&foreign).is_none());
    keys.revocations().revoke_below(&entity(7), 4, NOW);
    assert!(keys.link_key(&token).is_none(), "revoked");
}
