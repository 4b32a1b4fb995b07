//! One stream between two hosts, and what is underway on it.

use std::{
    collections::VecDeque,
    io,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use super::event::Side;
use crate::random::Random;

/// A stream: two ends, each with what it has sent and what it has received.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) ends: [End; 2],
    pub(super) random: Random,
}

#[derive(Debug)]
pub(super) struct End {
    pub(super) host: Rc<str>,
    pub(super) address: String,
    pub(super) life: Life,
    /// Sent and not arrived yet, in order.
    pub(super) sent: VecDeque<Piece>,
    pub(super) sent_bytes: usize,
    /// When the last piece arrives: nothing of this end overtakes it.
    pub(super) last_at: u64,
    /// What was sent waits for a cut to be healed.
    pub(super) stalled: bool,
    /// This end will send no more.
    pub(super) finished: bool,
    pub(super) inbox: VecDeque<u8>,
    /// The other end will send no more, and all of it is in the inbox.
    pub(super) inbox_finished: bool,
    pub(super) reader: Option<Waker>,
    pub(super) writer: Option<Waker>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    Open,
    /// The peer, or the network, ended it.
    Reset,
    /// Its own side dropped it.
    Closed,
    /// Its host died.
    Crashed,
}

#[derive(Debug)]
pub(super) struct Piece {
    pub(super) at: u64,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    Bytes(Vec<u8>),
    Finish,
}

impl End {
    pub(super) fn new(host: Rc<str>, address: String) -> Self {
        Self {
            host,
            address,
            life: Life::Open,
            sent: VecDeque::new(),
            sent_bytes: 0,
            last_at: 0,
            stalled: false,
            finished: false,
            inbox: VecDeque::new(),
            inbox_finished: false,
            reader: None,
            writer: None,
        }
    }

    pub(super) fn wake(&mut self) {
        for waker in [self.reader.take(), self.writer.take()]
            .into_iter()
            .flatten()
        {
            waker.wake();
        }
    }

    pub(super) fn reset(&mut self) {
        if self.life == Life::Open {
            self.life = Life::Reset;
            self.inbox.clear();
            self.wake();
        }
    }

    /// Takes what arrived, as much as fits.
    pub(super) fn poll_take(
        &mut self,
        cx: &Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.alive()?;
        if !self.inbox.is_empty() {
            let (front, _) = self.inbox.as_slices();
            let taken = front.len().min(buffer.remaining());
            buffer.put_slice(front.get(..taken).unwrap_or_default());
            self.inbox.drain(..taken);
            return Poll::Ready(Ok(()));
        }
        if self.inbox_finished {
            return Poll::Ready(Ok(()));
        }
        self.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    pub(super) fn alive(&self) -> io::Result<()> {
        match self.life {
            Life::Open => Ok(()),
            Life::Reset => Err(io::Error::new(
                io::ErrorKind::ConnectionReset,
                "the stream was reset by its peer",
            )),
            Life::Closed | Life::Crashed => Err(io::Error::new(
                io::ErrorKind::NotConnected,
                "the stream is closed",
            )),
        }
    }
}

/// The other end.
pub(super) const fn other(side: Side) -> Side {
    1 - side
}
