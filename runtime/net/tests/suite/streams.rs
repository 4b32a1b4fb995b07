//! What every network promises of its streams.

use std::io::ErrorKind;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::spawn_local,
};

use crate::world::{on_all, on_both};

#[test]
fn bytes_arrive_in_order_and_the_end_is_seen() {
    on_all(|world| async move {
        let (a, b) = (world.host("a"), world.host("b"));
        let mut listener = b.listen("127.0.0.1:0").await.unwrap();
        let address = listener.local_address().to_owned();
        let server = spawn_local(async move {
            let mut stream = listener.accept().await.unwrap();
            assert!(!stream.peer_address().is_empty());
            let mut received = Vec::new();
            stream.read_to_end(&mut received).await.unwrap();
            stream.write_all(&received).await.unwrap();
            stream.shutdown().await.unwrap();
        });
        let mut stream = a.dial(&address).await.unwrap();
        assert_eq!(stream.peer_address(), address);
        let sent: Vec<u8> = (0..500_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        stream.write_all(&sent).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut back = Vec::new();
        stream.read_to_end(&mut back).await.unwrap();
        assert!(back == sent);
        server.await.unwrap();
    });
}

#[test]
fn an_address_without_a_listener_refuses() {
    on_both(|world| async move {
        let address = world.dead_address("b").await;
        let refused = world.host("a").dial(&address).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn an_address_is_taken_once() {
    on_both(|world| async move {
        let host = world.host("a");
        let listener = host.listen("127.0.0.1:0").await.unwrap();
        let address = listener.local_address().to_owned();
        let taken = host.listen(&address).await.unwrap_err();
        assert_eq!(taken.kind(), ErrorKind::AddrInUse);
        drop(listener);
        host.listen(&address).await.unwrap();
    });
}

#[test]
fn a_writer_waits_for_a_reader_who_does_not_read() {
    on_all(|world| async move {
        let (a, b) = (world.host("a"), world.host("b"));
        let mut listener = b.listen("127.0.0.1:0").await.unwrap();
        let mut stream = a.dial(listener.local_address()).await.unwrap();
        let _reader = listener.accept().await.unwrap();
        let endless = async { while stream.write_all(&[0; 65_536]).await.is_ok() {} };
        let wait = std::time::Duration::from_millis(300);
        assert!(tokio::time::timeout(wait, endless).await.is_err());
    });
}

#[test]
fn a_stream_changes_its_shard() {
    on_all(|world| async move {
        let (a, b) = (world.host("a"), world.host("b"));
        let mut listener = b.listen("127.0.0.1:0").await.unwrap();
        let mut stream = a.dial(listener.local_address()).await.unwrap();
        let accepted = listener.accept().await.unwrap();
        let peer = accepted.peer_address().to_owned();
        let mut moved = accepted.hand_over().unwrap().adopt().unwrap();
        assert_eq!(moved.peer_address(), peer);
        moved.write_u8(7).await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), 7);
    });
}
