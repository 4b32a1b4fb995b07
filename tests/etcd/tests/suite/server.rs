//! The server that the other tests stand on.

use playhouse_etcd_tests::{Certificates, Relay, Server, shared};

#[tokio::test]
async fn it_has_what_it_had_before_a_crash() {
    let mut server = Server::start().expect("it is installed");
    let mut client = server.client(None).await.expect("it connects");
    client.put("a", "b", None).await.expect("it is put");
    server.kill();
    client.get("a", None).await.expect_err("it is down");
    server.resume().expect("it is installed");
    let mut client = server.client(None).await.expect("it connects");
    let found = client.get("a", None).await.expect("it is up");
    assert_eq!(found.kvs()[0].value(), b"b");
}

#[tokio::test]
async fn it_takes_tls() {
    let certificates = Certificates::new().expect("there is randomness");
    let server = Server::start_tls(certificates).expect("it is installed");
    let mut client = server.client(None).await.expect("it connects");
    client.put("a", "b", None).await.expect("it is put");
}

#[tokio::test]
async fn a_relay_carries_until_it_is_cut() {
    let relay = Relay::to(shared().port()).await.expect("a free port");
    let mut client = etcd_client::Client::connect([relay.endpoint()], None)
        .await
        .expect("it connects");
    client.get("a", None).await.expect("it carries");
    relay.cut();
    client.get("a", None).await.expect_err("it is cut");
    relay.restore();
    client.get("a", None).await.expect("it carries again");
}
