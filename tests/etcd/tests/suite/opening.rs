//! How a node comes to etcd, and how it does not.

use std::time::Duration;

use etcd_client::{Permission, PermissionType, RoleRevokePermissionOptions};
use playhouse_cluster::{
    ETCD_ENDPOINTS_MAX, ETCD_PREFIX_MAX, ETCD_TTL_MAX, ETCD_TTL_MIN, Etcd, OpenError, Tls,
};
use playhouse_config::Secret;
use playhouse_etcd_tests::{Certificates, Server, shared};

use crate::{TTL, joined, lease_of, node, prefix, run, sees, sees_names, sit};

/// Why a node can't join.
async fn refused(etcd: &Etcd) -> OpenError {
    let seat = sit(etcd, node("a", 1));
    seat.opened().await.expect_err("it can't join")
}

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

#[test]
fn etcd_that_is_away_is_waited_for_up_to_a_limit() {
    run(async {
        let server = Server::absent().expect("a free port");
        let wait = Duration::from_millis(300);
        let etcd = Etcd::at([server.endpoint()]).prefix("/away").wait_max(wait);
        let why = refused(&etcd).await;
        assert!(matches!(why, OpenError::Away(_)), "{why}");
        let why = why.to_string();
        let expected = format!(
            "the cluster's registry can't be reached: etcd at {} under /away was waited for for 300ms: ",
            server.endpoint()
        );
        assert!(why.starts_with(&expected), "{why}");
        assert!(why.contains("refused"), "{why}");
        assert!(why.ends_with("start it, or check the endpoints"), "{why}");
    });
}

#[test]
fn etcd_that_comes_later_is_found() {
    run(async {
        let mut server = Server::absent().expect("a free port");
        let etcd = Etcd::at([server.endpoint()]).prefix(prefix());
        let seat = sit(&etcd, node("a", 1));
        sees(&seat, "being away", |view| view.away_since_us.is_some()).await;
        server.resume().expect("it is installed");
        seat.opened().await.expect("it joins");
        sees_names(&seat, &["a"]).await;
    });
}

#[test]
fn credentials_are_asked_for_checked_and_never_shown() {
    run(async {
        let server = Server::start().expect("it is installed");
        let mut client = server.client(None).await.expect("it connects");
        let plain = Etcd::at([server.endpoint()]).prefix("/game");
        let with = |user: &str, password: &str| plain.clone().credentials(user, secret(password));
        // It would wait for a minute if it took the server for absent.
        let why = refused(&with("anna", "sesame")).await;
        assert!(matches!(why, OpenError::Denied(_)), "{why}");
        assert!(why.to_string().contains("etcdctl auth enable"), "{why}");

        client.role_add("root").await.expect("it is made");
        client.role_add("game").await.expect("it is made");
        let all = Permission::new(PermissionType::Readwrite, "/game/").with_prefix();
        client
            .role_grant_permission("game", all)
            .await
            .expect("it is given");
        for (user, role) in [("root", "root"), ("anna", "game"), ("berta", "")] {
            client
                .user_add(user, "sesame", None)
                .await
                .expect("it is made");
            if !role.is_empty() {
                client
                    .user_grant_role(user, role)
                    .await
                    .expect("it is given");
            }
        }
        client.auth_enable().await.expect("it is enabled");

        let seat = joined(&with("anna", "sesame"), node("a", 1)).await;
        let lock = seat.lock("x").await.expect("it is free");
        for (etcd, advice) in [
            (with("anna", "wr0ng"), "check the user and the password"),
            (with("carla", "wr0ng"), "check the user and the password"),
            (plain.clone(), "give this node a user"),
            (with("berta", "sesame"), "give this user a role"),
        ] {
            let why = refused(&etcd).await;
            assert!(matches!(why, OpenError::Denied(_)), "{why}");
            let (why, debug) = (why.to_string(), format!("{etcd:?} {etcd}"));
            assert!(why.contains(advice), "{why}");
            for secret in ["wr0ng", "sesame"] {
                assert!(!why.contains(secret) && !debug.contains(secret), "{why}");
            }
        }

        // Who was let in is not put out for good by what passes.
        let mut root = server
            .client(Some(("root", "sesame")))
            .await
            .expect("it connects");
        let range = RoleRevokePermissionOptions::new().with_prefix();
        root.role_revoke_permission("game", "/game/", Some(range))
            .await
            .expect("it is taken");
        let lease = lease_of(&mut root, "/game/nodes/a").await;
        root.lease_revoke(lease).await.expect("it is there");
        sees(&seat, "being away", |view| view.away_since_us.is_some()).await;
        lock.lost().await;
        let all = Permission::new(PermissionType::Readwrite, "/game/").with_prefix();
        root.role_grant_permission("game", all)
            .await
            .expect("it is given");
        sees_names(&seat, &["a"]).await;
    });
}

#[test]
fn tls_is_spoken_and_what_is_wrong_with_it_is_said_at_once() {
    run(async {
        let ours = Certificates::new().expect("there is randomness");
        let theirs = Certificates::new().expect("there is randomness");
        let server = Server::start_tls(ours.clone()).expect("it is installed");
        let plain = Etcd::at([server.endpoint()]).prefix("/game");
        let identity = |tls: Tls, of: &Certificates| {
            let (certificate, key) = of.client.clone();
            tls.identity(certificate, Secret::new(key))
        };
        let fine = identity(Tls::trusting(&*ours.authority), &ours);
        joined(&plain.clone().tls(fine.clone()), node("a", 1)).await;
        joined(
            &plain.clone().tls(fine.clone().domain("etcd.test")),
            node("b", 1),
        )
        .await;

        for (case, tls) in [
            (
                "a stranger",
                identity(Tls::trusting(&*theirs.authority), &ours),
            ),
            ("another name", fine.clone().domain("other.test")),
            ("no identity", Tls::trusting(&*ours.authority)),
            (
                "a strange identity",
                identity(Tls::trusting(&*ours.authority), &theirs),
            ),
        ] {
            let why = refused(&plain.clone().tls(tls)).await;
            assert!(matches!(why, OpenError::Denied(_)), "{case}: {why}");
            assert!(
                why.to_string().contains("TLS with etcd failed"),
                "{case}: {why}"
            );
        }
        for (case, tls) in [
            ("no authority", Tls::trusting("none")),
            ("no key", fine.clone().identity("none", secret("k3y"))),
        ] {
            let etcd = plain.clone().tls(tls);
            let why = refused(&etcd).await;
            assert!(matches!(why, OpenError::Refused(_)), "{case}: {why}");
            assert!(!format!("{why} {etcd:?}").contains("k3y"), "{case}: {why}");
        }
        let why = refused(&plain).await.to_string();
        assert!(why.contains("give the authority"), "{why}");
    });
}

#[test]
fn two_nodes_of_one_name_are_told_apart() {
    run(async {
        let etcd = Etcd::at([shared().endpoint()]).prefix(prefix());
        let _later = joined(&etcd, node("a", 2)).await;
        let why = refused(&etcd).await;
        let expected = OpenError::NameTaken {
            name: "a".to_owned(),
            address: "127.0.0.1:7000".to_owned(),
        };
        assert_eq!(why, expected);
    });
}

#[test]
fn the_name_of_a_node_that_died_is_free_when_its_lease_is_over() {
    run(async {
        let prefix = prefix();
        let mut client = shared().client(None).await.expect("it connects");
        // It began later by its clock, and nobody renews its lease.
        let ttl = i64::try_from(TTL.as_secs()).expect("it is short");
        let lease = client.lease_grant(ttl, None).await.expect("it is granted");
        let options = etcd_client::PutOptions::new().with_lease(lease.id());
        let text = serde_json::to_string(&node("a", 2)).expect("it is text");
        let key = format!("{prefix}/nodes/a");
        client
            .put(key, text, Some(options))
            .await
            .expect("it is put");
        let etcd = Etcd::at([shared().endpoint()]).prefix(&*prefix).ttl(TTL);
        let seat = joined(&etcd, node("a", 1)).await;
        assert_eq!(seat.view().get("a").map(|a| a.started_us), Some(1));
    });
}

#[test]
fn a_name_that_was_taken_by_hand_says_by_which_key() {
    run(async {
        let prefix = prefix();
        let mut client = shared().client(None).await.expect("it connects");
        let key = format!("{prefix}/nodes/a");
        client.put(&*key, "rubbish", None).await.expect("it is put");
        let why = refused(&Etcd::at([shared().endpoint()]).prefix(&*prefix)).await;
        assert!(why.to_string().contains(&key), "{why}");
    });
}

#[test]
fn what_can_t_be_meant_is_refused_with_the_reason() {
    run(async {
        let fine = Etcd::at([shared().endpoint()]).prefix(prefix());
        let many = vec![shared().endpoint(); ETCD_ENDPOINTS_MAX + 1];
        let long = format!("/{}", "x".repeat(ETCD_PREFIX_MAX));
        let second = Duration::from_secs(1);
        for (etcd, reason) in [
            (Etcd::at(Vec::<String>::new()), "endpoints"),
            (Etcd::at(many.clone()), "endpoints"),
            (Etcd::at([""]), "no address"),
            (Etcd::at(["http://"]), "no address"),
            (
                Etcd::at(["ftp://127.0.0.1:1"]),
                "`ftp://127.0.0.1:1` won't do",
            ),
            (Etcd::at(["anna:sesame@127.0.0.1:1"]), "as credentials"),
            (fine.clone().prefix("game"), "starts with `/`"),
            (fine.clone().prefix("/"), "starts with `/`"),
            (fine.clone().prefix(&*long), "starts with `/`"),
            (fine.clone().ttl(ETCD_TTL_MIN - second), "lease lasts"),
            (fine.clone().ttl(ETCD_TTL_MAX + second), "lease lasts"),
            (fine.clone().ttl(ETCD_TTL_MIN + second / 2), "lease lasts"),
        ] {
            let why = refused(&etcd).await;
            assert!(matches!(why, OpenError::Refused(_)), "{etcd:?}: {why}");
            let (why, debug) = (why.to_string(), format!("{etcd:?} {etcd}"));
            assert!(why.contains(reason), "{etcd:?}: {why}");
            assert!(
                !why.contains("sesame") && !debug.contains("sesame"),
                "{why}"
            );
        }
        for etcd in [
            Etcd::at(&many[1..]).prefix(prefix()),
            fine.clone().prefix(&long[..ETCD_PREFIX_MAX]),
            fine.clone().ttl(ETCD_TTL_MAX),
        ] {
            joined(&etcd, node("a", 1)).await;
        }
    });
}
