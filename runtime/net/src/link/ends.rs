//! How the stream of a link begins, and how it ends.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    rc::Rc,
    task::{Poll, ready},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use super::{CloseReason, Link, shared::Phase};
use crate::network::{Network, Stream};

/// Where the stream comes from.
pub(super) enum Source {
    Stream(Box<dyn Stream>),
    Network(Rc<dyn Network>),
}

pub(super) async fn connect(link: &Link, source: Source) -> Result<Box<dyn Stream>, CloseReason> {
    let network = match source {
        Source::Stream(stream) => return Ok(stream),
        Source::Network(network) => network,
    };
    let shared = &*link.shared;
    let (address, limit) = (&*shared.address, shared.options.queues.connect_timeout);
    let mut dial = pin!(timeout(limit, network.dial(address)));
    poll_fn(|cx| {
        shared.awake.set(false);
        shared.register(cx.waker());
        if shared.phase.get() == Phase::Closed {
            let end = shared.end.borrow().clone();
            return Poll::Ready(Err(end.map_or(CloseReason::Abandoned, |(_, reason)| reason)));
        }
        let dialled = ready!(dial.as_mut().poll(cx));
        Poll::Ready(match dialled {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(CloseReason::Unreached(
                format!("could not connect to {address}: {error}").into(),
            )),
            Err(_) => Err(CloseReason::Unreached(
                format!("{address} did not answer within {limit:?}").into(),
            )),
        })
    })
    .await
}

/// Writes what is left, and reads until the peer has closed: a socket closed over unread bytes takes back what it wrote.
pub(super) async fn say(mut stream: Box<dyn Stream>, words: Vec<u8>) -> std::io::Result<()> {
    stream.write_all(&words).await?;
    stream.shutdown().await?;
    let mut unread = [0; 1024];
    while stream.read(&mut unread).await? > 0 {}
    Ok(())
}
