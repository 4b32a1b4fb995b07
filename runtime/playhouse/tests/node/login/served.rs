//! What is served at which path, to pages of which origins, and where proxies say that a client is.

use playhouse::login::Http;
use serde_json::Value;

use super::{desk, desk_at, guest};

#[test]
fn the_document_has_all_that_is_served_and_no_more() {
    let desk = desk();
    let paths = desk.document["paths"].as_object().unwrap();
    assert!(paths.len() >= 6, "{paths:?}");
    for (path, operations) in paths {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let said = desk.raw(method, path, "", b"");
            if operations.get(method.to_lowercase()).is_some() {
                // What takes a body refuses none at all.
                assert!(matches!(said.status, 200 | 415), "{method} {path}");
                continue;
            }
            assert_eq!(said.status, 405, "{method} {path}");
            assert_eq!(said.body["code"], "method_not_allowed");
            let mut allowed = operations.as_object().unwrap().keys();
            let listed = allowed.all(|it| said.head.contains(&format!("allow: {it}")));
            assert!(listed, "{}", said.head);
        }
    }
    // `HEAD` is `GET` without the body.
    let head = desk.raw("HEAD", "/health", "", b"");
    assert_eq!((head.status, &head.body), (200, &Value::Null));
    assert_eq!(desk.raw("HEAD", "/v1/guest", "", b"").status, 405);
    for path in [
        "/",
        "/v1",
        "/v1/guest/",
        "//v1/guest",
        "/v1/%67uest",
        "/v1/{path}",
        "*",
    ] {
        for method in ["GET", "POST", "OPTIONS"] {
            let said = desk.raw(method, path, "", b"");
            let nothing = said.status == 404 && said.body["code"] == "not_found";
            // Only `OPTIONS` has `*`, and hyper knows.
            assert!(
                nothing || path == "*" && said.status == 400,
                "{method} {path}"
            );
        }
    }
    assert!(desk.raw("CONNECT", "x:1", "", b"").status >= 400);
    desk.end();
}

#[test]
fn a_proxy_that_is_trusted_says_where_a_client_is() {
    let proxies = Http::at("127.0.0.1:0").trust_forwarded("127.0.0.1".parse().unwrap());
    let desk = desk_at(proxies.trust_forwarded("10.0.0.0/8".parse().unwrap()));
    let seen = |forwarded: &str| {
        let headers = format!("x-forwarded-for: {forwarded}\r\n");
        let said = desk.ask_with("/v1/guest", &headers, guest("where").to_string().as_bytes());
        said.body["account"].as_str().unwrap().to_owned()
    };
    assert_eq!(seen("203.0.113.7"), "203.0.113.7");
    assert_eq!(
        seen("1.1.1.1, 203.0.113.7, 10.0.0.2"),
        "203.0.113.7",
        "the first is a lie"
    );
    assert_eq!(seen("2001:db8::1"), "2001:db8::1");
    assert_eq!(
        seen("203.0.113.7, what"),
        "127.0.0.1",
        "what is behind nonsense isn't believed"
    );
    desk.end();

    let alone = super::desk();
    let headers = "x-forwarded-for: 203.0.113.7\r\n";
    let said = alone.ask_with("/v1/guest", headers, guest("where").to_string().as_bytes());
    assert_eq!(said.body["account"], "127.0.0.1", "nobody is trusted");
    alone.end();
}

#[test]
fn pages_of_named_origins_may_ask() {
    let desk = desk();
    let origin = |origin: &str| {
        let headers = format!("origin: {origin}\r\naccess-control-request-method: POST\r\n");
        desk.raw("OPTIONS", "/v1/guest", &headers, b"")
    };
    let allowed = origin("https://play.example.org");
    assert_eq!(allowed.status, 204);
    assert!(
        allowed
            .head
            .contains("access-control-allow-origin: https://play.example.org")
    );
    assert!(
        allowed
            .head
            .contains("access-control-allow-headers: content-type")
    );
    let other = origin("https://evil.example.org");
    assert_eq!(other.status, 405);
    assert!(
        !other.head.contains("access-control-allow-origin"),
        "{}",
        other.head
    );
    let headers = "origin: https://play.example.org\r\n";
    let said = desk.ask_with("/v1/guest", headers, guest("1.0").to_string().as_bytes());
    assert!(
        said.head
            .contains("access-control-allow-origin: https://play.example.org")
    );
    desk.end();
}
