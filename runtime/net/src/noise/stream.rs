//! A stream whose bytes are encrypted.

use std::{
    fmt, io,
    mem::MaybeUninit,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    Counts, NoiseError,
    records::{RECORD_BYTES_MAX, RECORD_OVERHEAD, Records},
};
use crate::network::{Handover, Stream, Transport};

/// What one read takes of the stream below: two records.
const READ_MAX: usize = 2 * (RECORD_BYTES_MAX + RECORD_OVERHEAD);
/// How many bytes are encrypted before they are written.
const WRITE_MAX: usize = 4 * RECORD_BYTES_MAX;
/// Buffers that grew longer than this are given back once they are empty: most links are idle most of the time.
const BUFFER_KEPT: usize = 2 * 1024;

/// Records over a stream. What is written may stay here until the stream below takes more, or until it is flushed: at most
/// 64 KiB and what their records add.
///
/// A stream that ends between two records has ended; whoever cuts it there is not noticed here, and need not be: the link
/// above tells an end with a goodbye from one without.
pub(super) struct Sealed {
    stream: Box<dyn Stream>,
    state: State,
}

/// All but the stream, which another thread takes up differently.
struct State {
    records: Records,
    counts: Arc<Counts>,
    /// Of the stream below: a record whose end is to come, or some for which the reader had no room.
    input: Buffer,
    /// Of a record that was opened and did not fit.
    plain: Buffer,
    /// Records that the stream below has not taken.
    output: Buffer,
    /// Why nothing more is read: said each time.
    failed: Option<NoiseError>,
}

/// Bytes of which the first ones were used.
#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    used: usize,
}

impl Sealed {
    pub(super) fn new(stream: Box<dyn Stream>, records: Records, counts: Arc<Counts>) -> Self {
        Self {
            stream,
            state: State {
                records,
                counts,
                input: Buffer::default(),
                plain: Buffer::default(),
                output: Buffer::default(),
                failed: None,
            },
        }
    }

    /// Writes what was encrypted.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let output = &mut self.state.output;
        while !output.rest().is_empty() {
            let count = ready!(Pin::new(&mut *self.stream).poll_write(cx, output.rest()))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            output.consume(count);
        }
        Poll::Ready(Ok(()))
    }
}

impl State {
    /// Takes bytes of the stream below, and opens what `out` has room for.
    fn handle(&mut self, mut fresh: &[u8], out: &mut ReadBuf<'_>) -> Result<(), NoiseError> {
        // The record that was begun is completed by itself, so that those behind it need not be copied.
        while !self.input.rest().is_empty() && !fresh.is_empty() {
            let missing = missing(self.input.rest())?;
            if missing == 0 {
                break;
            }
            let (ahead, behind) = fresh.split_at(missing.min(fresh.len()));
            self.input.bytes.extend_from_slice(ahead);
            fresh = behind;
        }
        self.open_kept(out)?;
        if self.input.rest().is_empty() {
            let used = open(&mut self.records, &mut self.plain, fresh, out)?;
            fresh = fresh.get(used..).unwrap_or_default();
        }
        self.input.bytes.extend_from_slice(fresh);
        Ok(())
    }

    /// Opens what was kept.
    fn open_kept(&mut self, out: &mut ReadBuf<'_>) -> Result<(), NoiseError> {
        let used = open(&mut self.records, &mut self.plain, self.input.rest(), out)?;
        self.input.consume(used);
        Ok(())
    }

    /// Notes an error, for this read and all that follow.
    fn fail(&mut self, error: NoiseError) -> io::Error {
        if error == NoiseError::Forged {
            self.counts.problem(&error);
        }
        self.failed = Some(error.clone());
        error.into()
    }
}

/// Opens records into `out` while it has room; the one that fills it may leave a rest in `plain`. How many bytes were used.
fn open(
    records: &mut Records,
    plain: &mut Buffer,
    input: &[u8],
    out: &mut ReadBuf<'_>,
) -> Result<usize, NoiseError> {
    let mut used = 0;
    while out.remaining() > 0 && plain.rest().is_empty() {
        let rest = input.get(used..).unwrap_or_default();
        let Some(length) = Records::first_length(rest)? else {
            break;
        };
        if length <= out.remaining() {
            records.open(rest, out.initialize_unfilled_to(length))?;
            out.advance(length);
        } else {
            plain.bytes.resize(length, 0);
            records.open(rest, &mut plain.bytes)?;
            plain.copy_into(out);
        }
        used += length + RECORD_OVERHEAD;
    }
    Ok(used)
}

/// How many bytes of the first record are still to come.
fn missing(input: &[u8]) -> Result<usize, NoiseError> {
    let Some((length, rest)) = input.split_first_chunk() else {
        return Ok(2 - input.len());
    };
    Records::first_length(input)?;
    Ok(usize::from(u16::from_le_bytes(*length)).saturating_sub(rest.len()))
}

impl Buffer {
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.used..).unwrap_or_default()
    }

    fn consume(&mut self, count: usize) {
        self.used += count;
        if self.used < self.bytes.len() {
            return;
        }
        self.used = 0;
        if self.bytes.capacity() > BUFFER_KEPT {
            self.bytes = Vec::new();
        } else {
            self.bytes.clear();
        }
    }

    fn copy_into(&mut self, out: &mut ReadBuf<'_>) {
        let count = out.remaining().min(self.rest().len());
        out.put_slice(self.rest().get(..count).unwrap_or_default());
        self.consume(count);
    }
}

impl Stream for Sealed {
    fn peer_address(&self) -> &str {
        self.stream.peer_address()
    }

    fn transport(&self) -> Transport {
        self.stream.transport()
    }

    fn binding(&self) -> Option<&[u8]> {
        Some(self.state.records.binding())
    }

    fn hand_over(self: Box<Self>) -> io::Result<Handover> {
        let state = self.state;
        let handover = self.stream.hand_over()?;
        Ok(handover.wrapped(move |stream| Self { stream, state }))
    }
}

impl AsyncRead for Sealed {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, state } = self.get_mut();
        let before = out.filled().len();
        if let Some(error) = &state.failed {
            return Poll::Ready(Err(error.clone().into()));
        }
        state.plain.copy_into(out);
        let mut opened = state.open_kept(out);
        while opened.is_ok() && out.remaining() > 0 && out.filled().len() == before {
            let mut room = [const { MaybeUninit::uninit() }; READ_MAX];
            let mut fresh = ReadBuf::uninit(&mut room);
            ready!(Pin::new(&mut **stream).poll_read(cx, &mut fresh))?;
            if fresh.filled().is_empty() {
                if state.input.rest().is_empty() {
                    break;
                }
                opened = Err(NoiseError::Truncated);
            } else {
                opened = state.handle(fresh.filled(), out);
            }
        }
        // What was opened before the error is good, and the error is met again.
        if let Err(error) = opened {
            let error = state.fail(error);
            if out.filled().len() == before {
                return Poll::Ready(Err(error));
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Sealed {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_drain(cx))?;
        let bytes = bytes.get(..WRITE_MAX).unwrap_or(bytes);
        this.state
            .records
            .seal(bytes, &mut this.state.output.bytes)?;
        // What the stream does not take now goes with the next write or flush.
        if let Poll::Ready(Err(error)) = this.poll_drain(cx) {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_drain(cx))?;
        Pin::new(&mut *this.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_drain(cx))?;
        Pin::new(&mut *this.stream).poll_shutdown(cx)
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed")
            .field("stream", &self.stream)
            .field("records", &self.state.records)
            .finish_non_exhaustive()
    }
}
