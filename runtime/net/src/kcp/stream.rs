//! A connection as a stream, and the task that drives it.

use std::{
    cell::{Cell, RefCell},
    fmt,
    future::poll_fn,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    task::spawn_local,
    time::{Duration, Instant, Sleep, sleep_until},
};

use super::{connection::State, line::Line};
use crate::network::{Datagrams, Handover, Stream, Transport};

/// How long bytes that were written to a stream are still delivered once it was dropped.
pub const LINGER: Duration = Duration::from_secs(5);
/// Datagrams that are taken before other tasks have their turn.
const TURN_DATAGRAMS: usize = 64;

/// What stream and task share. Both are on one thread; neither keeps a borrow over a wait.
struct Shared {
    line: RefCell<Option<Line>>,
    driver: Wakers,
    reader: Wakers,
    writer: Wakers,
    receiver: Wakers,
    /// Nobody holds the stream any more; until when what was written is delivered.
    dropped: Cell<Option<Instant>>,
}

#[derive(Default)]
struct Wakers(Cell<Option<Waker>>);

impl Wakers {
    fn register(&self, cx: &Context<'_>) {
        self.0.set(Some(cx.waker().clone()));
    }

    fn wake(&self) {
        if let Some(waker) = self.0.take() {
            waker.wake();
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

/// The stream of a connection.
#[derive(Debug)]
pub(super) struct KcpStream {
    shared: Rc<Shared>,
    peer: String,
    binding: Option<[u8; 32]>,
}

/// Makes a connection a stream, driven by a new task of the current `LocalSet`.
pub(super) fn start(line: Line, peer: String) -> io::Result<Box<dyn Stream>> {
    let line = line.attached()?;
    let binding = line.connection.binding();
    let shared = Rc::new(Shared {
        line: RefCell::new(Some(line)),
        driver: Wakers::default(),
        reader: Wakers::default(),
        writer: Wakers::default(),
        receiver: Wakers::default(),
        dropped: Cell::new(None),
    });
    let driven = Rc::clone(&shared);
    spawn_local(async move {
        let mut timer = Box::pin(sleep_until(Instant::now()));
        poll_fn(|cx| driven.poll(cx, &mut timer)).await;
        // Whoever holds the stream still reads what has come.
        if driven.dropped.get().is_some() {
            driven.line.take();
        }
    });
    Ok(Box::new(KcpStream {
        shared,
        peer,
        binding,
    }))
}

impl Shared {
    /// Ready when the connection is over, or another thread's.
    fn poll(&self, cx: &mut Context<'_>, timer: &mut Pin<Box<Sleep>>) -> Poll<()> {
        self.driver.register(cx);
        let mut held = self.line.borrow_mut();
        let Some(line) = &mut *held else {
            return Poll::Ready(());
        };
        let mut turn = 0;
        while turn < TURN_DATAGRAMS
            && let Poll::Ready(handled) = line.poll_handle(cx)
        {
            if handled.is_err() {
                line.connection.abandon();
                break;
            }
            turn += 1;
        }
        if turn == TURN_DATAGRAMS {
            cx.waker().wake_by_ref();
        }
        loop {
            if let Some(until) = self.dropped.get()
                && is_done(line, until)
            {
                return Poll::Ready(());
            }
            let due_ms = line.connection.poll_timeout();
            if due_ms.is_some_and(|due_ms| due_ms <= line.now_ms()) {
                line.flush();
            }
            if line.connection.state() != State::Live {
                self.reader.wake();
                self.writer.wake();
                return Poll::Ready(());
            }
            self.wake_users(line);
            let lingering = self.dropped.get();
            let due = line.connection.poll_timeout().map(|ms| line.at(ms));
            let Some(due) = [due, lingering].into_iter().flatten().min() else {
                return Poll::Pending;
            };
            timer.as_mut().reset(due);
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    fn wake_users(&self, line: &mut Line) {
        let conversation = line.connection.conversation();
        if !conversation.is_dry() {
            self.reader.wake();
        }
        if conversation.room() > 0 {
            self.writer.wake();
        }
        if line.connection.has_datagram() {
            self.receiver.wake();
        }
    }

    /// Runs `act` on the connection, and the task after it; an error if there is none.
    fn act<T>(&self, act: impl FnOnce(&mut Line) -> io::Result<T>) -> io::Result<T> {
        match &mut *self.line.borrow_mut() {
            Some(line) => act(line),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

/// Whether a connection whose stream was dropped has nothing more to deliver, or no more time.
fn is_done(line: &mut Line, until: Instant) -> bool {
    let mut unread = [0; 1024];
    let conversation = line.connection.conversation();
    while conversation.read(&mut unread) > 0 {}
    conversation.is_delivered() || Instant::now() >= until
}

fn ended(state: State) -> io::Error {
    match state {
        State::Silent => io::Error::new(io::ErrorKind::TimedOut, "the peer is silent"),
        _ => io::ErrorKind::ConnectionReset.into(),
    }
}

impl AsyncRead for KcpStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = self.shared.act(|line| {
            let state = line.connection.state();
            let conversation = line.connection.conversation();
            let read = conversation.read(buffer.initialize_unfilled());
            if read == 0 && !conversation.is_ended() && buffer.remaining() > 0 {
                return match state {
                    State::Live => Ok(None),
                    state => Err(ended(state)),
                };
            }
            Ok(Some((read, conversation.poll_timeout().is_some())))
        });
        match read? {
            Some((read, more)) => {
                buffer.advance(read);
                if more {
                    // The window may have to be told.
                    self.shared.driver.wake();
                }
                Poll::Ready(Ok(()))
            }
            None => {
                self.shared.reader.register(cx);
                Poll::Pending
            }
        }
    }
}

impl AsyncWrite for KcpStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = self.shared.act(|line| match line.connection.state() {
            State::Live if line.connection.conversation().is_finished() => {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            State::Live => Ok(line.connection.conversation().write(bytes)),
            state => Err(ended(state)),
        })?;
        if written == 0 && !bytes.is_empty() {
            self.shared.writer.register(cx);
            return Poll::Pending;
        }
        self.shared.driver.wake();
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The task sends all that the windows let through.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.act(|line| {
            line.connection.conversation().finish();
            Ok(())
        })?;
        self.shared.driver.wake();
        Poll::Ready(Ok(()))
    }
}

impl Stream for KcpStream {
    fn peer_address(&self) -> &str {
        &self.peer
    }

    fn transport(&self) -> Transport {
        Transport::Kcp
    }

    fn binding(&self) -> Option<&[u8]> {
        self.binding.as_ref().map(|binding| &binding[..])
    }

    fn datagrams(&self) -> Option<Rc<dyn Datagrams>> {
        Some(Rc::clone(&self.shared) as Rc<dyn Datagrams>)
    }

    fn hand_over(self: Box<Self>) -> io::Result<Handover> {
        let line = self.shared.line.take();
        self.shared.driver.wake();
        let line = line.ok_or(io::ErrorKind::NotConnected)?.detached()?;
        let peer = self.peer.clone();
        Ok(Handover::moving(move || start(line, peer)))
    }
}

impl Datagrams for Shared {
    fn bytes_max(&self) -> usize {
        let held = self.line.borrow();
        held.as_ref()
            .map_or(0, |line| line.connection.datagram_bytes_max())
    }

    fn send(&self, bytes: &[u8]) {
        if let Some(line) = &mut *self.line.borrow_mut() {
            line.connection.send_datagram(bytes);
        }
        self.driver.wake();
    }

    fn poll_receive(&self, cx: &mut Context<'_>) -> Poll<Vec<u8>> {
        let mut held = self.line.borrow_mut();
        match held
            .as_mut()
            .and_then(|line| line.connection.receive_datagram())
        {
            Some(bytes) => Poll::Ready(bytes),
            None => {
                self.receiver.register(cx);
                Poll::Pending
            }
        }
    }
}

impl Drop for KcpStream {
    fn drop(&mut self) {
        if let Some(line) = &mut *self.shared.line.borrow_mut() {
            line.connection.conversation().finish();
        }
        self.shared.dropped.set(Some(Instant::now() + LINGER));
        self.shared.driver.wake();
        // Unless its task has ended already.
        let over = |line: &Line| line.connection.state() != State::Live;
        let over = self.shared.line.borrow().as_ref().is_some_and(over);
        if over {
            self.shared.line.take();
        }
    }
}
