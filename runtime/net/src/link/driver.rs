//! The task of a link: reads a batch, has it handled, writes what came of it.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use playhouse_wire::{
    Writer,
    frame::{Frame, Frames},
    link::{CloseReason as ProtocolEnd, Event, Side},
    message::{Message, kind},
};
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use super::{
    CloseReason, LINGER, Link, LinkHandler,
    carrier::{Carrier, poll_datagrams},
    ends::{Source, connect, say},
    events::{LastWord, dispatch, finish, handle_event},
    input::Input,
    shared::Phase,
};
use crate::network::Stream;

/// How many batches are read before other tasks have their turn.
const ROUNDS_MAX: usize = 2;
/// Half-way through a read what there is to write is written, if it is as much as this and no other link is busy.
const WRITE_EARLY: usize = 2 * 1024;
/// Buffers that grew longer than this are given back once they are written.
const WRITE_BUFFER_KEPT: usize = 256 * 1024;

/// Drives a link from its first byte to its last.
pub(super) async fn drive(link: Link, source: Source, handler: Rc<dyn LinkHandler>) {
    let _last_word = LastWord {
        link: &link,
        handler: &*handler,
    };
    let stream = match connect(&link, source).await {
        Ok(stream) => stream,
        Err(reason) => return link.shared.finish_later(reason),
    };
    let now = link.shared.now_us();
    let protocol = link.shared.options.protocol(link.shared.side, now);
    *link.shared.protocol.borrow_mut() = protocol;
    *link.shared.carrier.borrow_mut() = Some(Carrier::of(&*stream));
    let mut driver = Driver {
        link: &link,
        handler: &*handler,
        stream,
        input: Input::default(),
        writing: Writer::new(),
        offset: 0,
        output_part: 0,
        unflushed: false,
        blocked_us: None,
        timer: Box::pin(sleep_until(Instant::now())),
        timer_seen: false,
        kept: false,
        resume_us: None,
    };
    driver.arm();
    poll_fn(|cx| driver.poll(cx)).await;
    let words = driver.take_last_words();
    let stream = driver.stream;
    finish(&link, &*handler);
    if !words.is_empty() {
        // Whether the peer hears it is its own affair.
        let _ = timeout(LINGER, say(stream, words)).await;
    }
}

struct Driver<'a> {
    link: &'a Link,
    handler: &'a dyn LinkHandler,
    stream: Box<dyn Stream>,
    input: Input,
    /// What is being written: first a part of the link's output, then what the protocol says itself. So an
    /// acknowledgement stands behind what was sent before it.
    writing: Writer,
    offset: usize,
    output_part: usize,
    /// The stream may keep back some of what it took.
    unflushed: bool,
    /// Since when the peer has taken nothing of what is being written.
    blocked_us: Option<u64>,
    timer: Pin<Box<Sleep>>,
    /// The timer knows this task's waker.
    timer_seen: bool,
    /// Messages were read and not handed over, since the link is held or the peer has sent too fast.
    kept: bool,
    /// Until when nothing more of a peer is taken that has sent too fast.
    resume_us: Option<u64>,
}

impl Driver<'_> {
    /// Ready when the link is over.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let shared = &*self.link.shared;
        shared.awake.set(true);
        if shared.register(cx.waker()) {
            self.timer_seen = false;
        }
        for _ in 0..ROUNDS_MAX {
            if self.kept && !shared.held.get() && !self.is_paused() {
                self.kept = false;
                self.handle_input(usize::MAX);
            }
            let reading = self.may_read();
            let mut again = reading && self.poll_read(cx);
            if self.is_over() {
                return Poll::Ready(());
            }
            if let Err(reason) = self.poll_write(cx) {
                self.read_last(cx);
                shared.finish_later(reason);
                return Poll::Ready(());
            }
            again |= !reading && self.may_read();
            again |= self.poll_timer(cx);
            again |=
                shared.opened_at.get().is_some() && poll_datagrams(self.link, self.handler, cx);
            if self.is_over() {
                return Poll::Ready(());
            }
            if !again {
                shared.awake.set(false);
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn is_over(&self) -> bool {
        self.link.shared.phase.get() == Phase::Closed
    }

    /// An accepted link takes nothing in while too much waits to go out, so that its peer slows down. A dialled one
    /// always reads, or two peers could wait for each other; it refuses requests instead.
    #[inline]
    fn may_read(&self) -> bool {
        let shared = &self.link.shared;
        !shared.held.get()
            && self.resume_us.is_none()
            && (shared.side == Side::Dialled || !shared.is_crowded())
    }

    /// Reads and handles one batch; whether there may be more.
    #[inline]
    fn poll_read(&mut self, cx: &mut Context<'_>) -> bool {
        let shared = &*self.link.shared;
        let frame_max = shared.protocol.borrow().receive_bytes_max();
        match self.input.poll_fill(cx, &mut *self.stream, frame_max) {
            Poll::Pending => false,
            Poll::Ready(Ok(0)) => {
                let event = shared.protocol.borrow_mut().handle_disconnect();
                self.handle_event(event);
                false
            }
            Poll::Ready(Ok(count)) => {
                shared.options.traffic.read(count);
                if shared.opened_at.get().is_none() {
                    // By now the stream's own handshake is over, and knows more.
                    *shared.carrier.borrow_mut() = Some(Carrier::of(&*self.stream));
                }
                let half = self.input.filled().len() / 2;
                // An error is met again where everything is written.
                if self.handle_input(half) && self.poll_write(cx).is_ok() {
                    self.handle_input(usize::MAX);
                }
                true
            }
            Poll::Ready(Err(error)) => {
                shared.finish_later(CloseReason::Broken(error.to_string().into()));
                false
            }
        }
    }

    /// The stream can't be written any more, but the peer may have said why.
    #[cold]
    fn read_last(&mut self, cx: &mut Context<'_>) {
        for _ in 0..ROUNDS_MAX {
            if self.is_over() || !self.poll_read(cx) {
                return;
            }
        }
    }

    /// Has messages handled that were read. True if it stopped behind `half` of the bytes, since enough is there to be
    /// written.
    fn handle_input(&mut self, half: usize) -> bool {
        let (link, handler) = (self.link, self.handler);
        let batch = Batch::begin(link, handler);
        let shared = &*link.shared;
        let now = shared.now_us();
        let mut used = 0;
        let mut early = false;
        let mut unpacked = Vec::new();
        let mut frames_max = shared.protocol.borrow().receive_bytes_max();
        'batch: loop {
            // The protocol has a say in everything but calls on a link that is open and lets new ones in.
            let calls_pass = shared.opened_at.get().is_some() && !shared.drained.get();
            let filled = self.input.filled();
            let mut frames = Frames::new(filled.get(used..).unwrap_or_default(), frames_max);
            if shared.packs.get() {
                frames = frames.or_packed();
            }
            loop {
                let wait_us = shared.pause_us(now);
                if wait_us > 0 {
                    shared.options.traffic.slow();
                    self.kept = true;
                    self.resume_us = Some(now.saturating_add(wait_us));
                    shared.timeout_moved.set(true);
                    used += frames.consumed();
                    shared.protocol.borrow_mut().handle_bytes(now);
                    break 'batch;
                }
                let frame = match frames.poll_any() {
                    Ok(Some(Frame::Plain(frame))) => frame,
                    Ok(Some(Frame::Packed(packed))) => match packed.open(frames_max, &mut unpacked)
                    {
                        Ok(()) => &unpacked[..],
                        Err(error) => {
                            let event = shared.protocol.borrow_mut().handle_unpacked(&error);
                            handle_event(link, handler, event);
                            break 'batch;
                        }
                    },
                    Ok(None) => {
                        used += frames.consumed();
                        shared.protocol.borrow_mut().handle_bytes(now);
                        break 'batch;
                    }
                    Err(too_long) => {
                        let event = shared.protocol.borrow_mut().handle_too_long(&too_long);
                        handle_event(link, handler, event);
                        break 'batch;
                    }
                };
                shared.took(frame.len());
                if calls_pass
                    && is_call(frame)
                    && let Ok(message) = Message::decode(frame)
                {
                    dispatch(link, handler, message);
                } else {
                    let event = shared.protocol.borrow_mut().handle_frame(now, frame);
                    let message = matches!(event, Event::Message(_));
                    handle_event(link, handler, event);
                    if !message && !shared.held.get() && shared.phase.get() != Phase::Closed {
                        // What may be read next can be another length, and pass in another way.
                        frames_max = shared.protocol.borrow().receive_bytes_max();
                        used += frames.consumed();
                        continue 'batch;
                    }
                }
                early = batch.alone
                    && used + frames.consumed() >= half
                    && self.blocked_us.is_none()
                    && shared.output.borrow().queued() >= WRITE_EARLY;
                self.kept = shared.held.get();
                if early || self.kept || shared.phase.get() == Phase::Closed {
                    used += frames.consumed();
                    break 'batch;
                }
            }
        }
        self.input.consume(used);
        early
    }

    /// Whether a pause is not over.
    fn is_paused(&mut self) -> bool {
        let now_us = self.link.shared.now_us();
        self.resume_us = self.resume_us.filter(|until_us| now_us < *until_us);
        self.resume_us.is_some()
    }

    fn handle_event(&self, event: Event<'_>) {
        handle_event(self.link, self.handler, event);
    }

    /// Writes until nothing is left or the socket is full.
    #[inline]
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Result<(), CloseReason> {
        loop {
            if self.offset == self.writing.len() && !self.load() {
                return self.poll_flush(cx);
            }
            let bytes = self.writing.as_bytes().get(self.offset..);
            match Pin::new(&mut *self.stream).poll_write(cx, bytes.unwrap_or_default()) {
                Poll::Ready(Ok(0)) => return Err(CloseReason::Broken("it takes nothing".into())),
                Poll::Ready(Ok(count)) => self.advance(count),
                Poll::Ready(Err(error)) => {
                    return Err(CloseReason::Broken(error.to_string().into()));
                }
                Poll::Pending => {
                    self.blocked();
                    return Ok(());
                }
            }
        }
    }

    /// Has the stream send what it kept back.
    #[inline]
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Result<(), CloseReason> {
        if !self.unflushed {
            return Ok(());
        }
        match Pin::new(&mut *self.stream).poll_flush(cx) {
            Poll::Ready(Ok(())) => {
                self.unflushed = false;
                self.blocked_us = None;
                Ok(())
            }
            Poll::Ready(Err(error)) => Err(CloseReason::Broken(error.to_string().into())),
            Poll::Pending => {
                self.blocked();
                Ok(())
            }
        }
    }

    /// The peer takes nothing for the moment.
    fn blocked(&mut self) {
        if self.blocked_us.is_none() {
            self.blocked_us = Some(self.link.shared.now_us());
            self.link.shared.timeout_moved.set(true);
        }
    }

    /// Takes what is to be written next; false if there is nothing.
    #[inline]
    fn load(&mut self) -> bool {
        if self.writing.len() > WRITE_BUFFER_KEPT {
            self.writing = Writer::new();
        }
        self.writing.clear();
        self.offset = 0;
        let shared = &*self.link.shared;
        self.output_part = 0;
        // What was queued while the link opened comes behind.
        if shared.protocol.borrow_mut().poll_hello(&mut self.writing) {
            return true;
        }
        if matches!(shared.phase.get(), Phase::Open | Phase::Leaving) {
            let mut output = shared.output.borrow_mut();
            if !output.is_empty() {
                output.hand_over(&mut self.writing);
            }
        }
        self.output_part = self.writing.len();
        shared
            .protocol
            .borrow_mut()
            .poll_transmit(&mut self.writing);
        !self.writing.is_empty()
    }

    #[inline]
    fn advance(&mut self, count: usize) {
        self.link.shared.options.traffic.wrote(count);
        let before = self.offset.min(self.output_part);
        self.offset += count;
        self.unflushed = true;
        let after = self.offset.min(self.output_part);
        self.link.shared.output.borrow_mut().sent(after - before);
        self.blocked_us = None;
    }

    /// Whether the timer fired.
    #[inline]
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> bool {
        let shared = &*self.link.shared;
        if shared.timeout_moved.replace(false) {
            self.arm();
        }
        if self.timer_seen && !self.timer.is_elapsed() {
            return false;
        }
        self.timer_seen = true;
        if self.timer.as_mut().poll(cx).is_pending() {
            return false;
        }
        let now = shared.now_us();
        let event = shared.protocol.borrow_mut().handle_timeout(now);
        self.handle_event(event);
        if self.stalled_us().is_some_and(|stalled| now >= stalled) {
            shared.finish_later(CloseReason::Stalled);
        }
        self.arm();
        true
    }

    /// When the peer has taken nothing for too long.
    fn stalled_us(&self) -> Option<u64> {
        let limit = self.link.shared.options.queues.write_stall.as_micros();
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        Some(self.blocked_us?.saturating_add(limit))
    }

    fn arm(&mut self) {
        let shared = &*self.link.shared;
        let protocol = shared.protocol.borrow().poll_timeout();
        let waits = [protocol, self.stalled_us(), self.resume_us];
        let next = waits.into_iter().flatten().min();
        if let Some(next) = next
            && let Some(at) = shared.began.checked_add(Duration::from_micros(next))
        {
            self.timer.as_mut().reset(at);
            self.timer_seen = false;
        }
    }

    /// What still goes out of a link that is over, and is counted as sent from here on: nothing if the stream is dead.
    fn take_last_words(&mut self) -> Vec<u8> {
        let shared = &*self.link.shared;
        let end = shared.end.borrow();
        let Some((_, CloseReason::Protocol(reason))) = &*end else {
            return Vec::new();
        };
        let mut farewell = Writer::new();
        if !shared.protocol.borrow_mut().poll_transmit(&mut farewell) {
            return Vec::new();
        }
        let mut words = self
            .writing
            .as_bytes()
            .get(self.offset..)
            .unwrap_or_default()
            .to_vec();
        let mut output = shared.output.borrow_mut();
        let local = matches!(reason, ProtocolEnd::Local(_));
        if local && shared.opened_at.get().is_some() {
            let mut rest = Writer::new();
            output.hand_over(&mut rest);
            words.extend_from_slice(rest.as_bytes());
        }
        output.sent(usize::MAX);
        words.extend_from_slice(farewell.as_bytes());
        words
    }
}

/// The messages of one read, while they are handed over.
struct Batch<'a> {
    link: &'a Link,
    handler: &'a dyn LinkHandler,
    /// No other link is busy.
    alone: bool,
}

impl<'a> Batch<'a> {
    fn begin(link: &'a Link, handler: &'a dyn LinkHandler) -> Self {
        let alone = handler.batch_begins(link);
        Self {
            link,
            handler,
            alone,
        }
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        self.handler.batch_ends(self.link);
    }
}

/// Whether this looks like a request, a response or a notification.
#[inline]
fn is_call(frame: &[u8]) -> bool {
    matches!(
        frame,
        [
            0x90..=0x9f,
            kind::REQUEST | kind::RESPONSE | kind::NOTIFY,
            ..
        ]
    )
}
