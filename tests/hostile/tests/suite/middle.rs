//! Somebody between a client and a node, who changes what passes.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use playhouse_net::noise::offer_length;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};

use crate::raw::{ELSEWHERE, connect};

/// What becomes of a piece of what the client sends, the first of which is its handshake: what goes on in its place.
pub(crate) type Change = Box<dyn FnMut(usize, &[u8]) -> Vec<Vec<u8>>>;

/// Pieces as they passed.
pub(crate) type Record = Rc<RefCell<Vec<Vec<u8>>>>;

/// Stands before a node's TCP: what is to be dialled to pass here. Each record of a client is a piece.
pub(crate) async fn of_stream(address: &str, mut change: Change) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = listener.local_addr().unwrap().to_string();
    let address = address.to_owned();
    tokio::task::spawn_local(async move {
        let (client, _) = listener.accept().await.unwrap();
        let node = connect(&address).await.unwrap();
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_node, mut to_node) = node.into_split();
        tokio::task::spawn_local(async move {
            let _ = tokio::io::copy(&mut from_node, &mut to_client).await;
        });
        let mut bytes = Vec::new();
        let mut count = 0;
        while from_client
            .read_buf(&mut bytes)
            .await
            .is_ok_and(|it| it > 0)
        {
            while let Some(length) = piece(count == 0, &bytes) {
                let piece: Vec<u8> = bytes.drain(..length).collect();
                for piece in change(count, &piece) {
                    let _ = to_node.write_all(&piece).await;
                }
                count += 1;
            }
        }
    });
    here
}

/// How long the first piece of what came is, if all of it is there.
fn piece(is_offer: bool, bytes: &[u8]) -> Option<usize> {
    let length = if is_offer {
        offer_length(bytes).unwrap()?
    } else {
        let length = bytes.first_chunk::<2>()?;
        2 + usize::from(u16::from_le_bytes(*length))
    };
    (bytes.len() >= length).then_some(length)
}

/// What passed between the two ends of datagrams, in bytes.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Passed {
    pub(crate) up: usize,
    pub(crate) down: usize,
}

/// Stands before a node's UDP: what is to be dialled to pass here, and how much passes. Where it is deaf the client
/// never hears the node.
pub(crate) async fn of_datagrams(
    address: &str,
    is_deaf: bool,
    mut change: Change,
) -> (String, Rc<RefCell<Passed>>) {
    let (scheme, node) = address.split_once("://").unwrap();
    let node: SocketAddr = node.parse().unwrap();
    let front = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let here = format!("{scheme}://{}", front.local_addr().unwrap());
    let back = UdpSocket::bind(ELSEWHERE).await.unwrap();
    let passed = Rc::new(RefCell::new(Passed::default()));
    let counted = Rc::clone(&passed);
    tokio::task::spawn_local(async move {
        let mut client = None;
        let (mut up, mut down) = ([0; 2048], [0; 2048]);
        let mut count = 0;
        loop {
            tokio::select! {
                Ok((length, from)) = front.recv_from(&mut up) => {
                    client = Some(from);
                    for piece in change(count, &up[..length]) {
                        counted.borrow_mut().up += piece.len();
                        back.send_to(&piece, node).await.unwrap();
                    }
                    count += 1;
                }
                Ok((length, _)) = back.recv_from(&mut down) => {
                    counted.borrow_mut().down += length;
                    if let Some(client) = client.filter(|_| !is_deaf) {
                        front.send_to(&down[..length], client).await.unwrap();
                    }
                }
            }
        }
    });
    (here, passed)
}
