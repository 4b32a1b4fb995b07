//! What a link knows of the stream that carries it.

use std::{
    rc::Rc,
    task::{Context, Poll},
};

use super::{Link, LinkHandler, Way};
use crate::network::{Datagrams, Stream, Transport};

/// Most datagrams that are handed over before the stream has its turn again.
const DATAGRAMS_MAX: usize = 64;

/// The stream as its link's handles see it.
#[derive(Debug)]
pub(super) struct Carrier {
    pub(super) transport: Transport,
    /// There once the stream's own handshake is over.
    pub(super) binding: Option<Rc<[u8]>>,
    pub(super) datagrams: Option<Rc<dyn Datagrams>>,
}

impl Carrier {
    pub(super) fn of(stream: &dyn Stream) -> Self {
        Self {
            transport: stream.transport(),
            binding: stream.binding().map(Rc::from),
            datagrams: stream.datagrams(),
        }
    }
}

/// Hands over datagrams that came; whether there may be more.
pub(super) fn poll_datagrams(link: &Link, handler: &dyn LinkHandler, cx: &mut Context<'_>) -> bool {
    let Some(datagrams) = link.carrier(|it| it.datagrams.clone()).flatten() else {
        return false;
    };
    for _ in 0..DATAGRAMS_MAX {
        match datagrams.poll_receive(cx) {
            Poll::Ready(bytes) => {
                let shared = &*link.shared;
                if shared.paced.get().is_none() || shared.pause_us(shared.now_us()) == 0 {
                    shared.took(bytes.len());
                    if let Some(transport) = link.transport() {
                        shared.options.traffic.pass(transport, Way::Received);
                    }
                    handler.datagram(link, &bytes);
                } else {
                    shared.options.traffic.slow();
                }
            }
            Poll::Pending => return false,
        }
        if link.is_closed() {
            return false;
        }
    }
    true
}
