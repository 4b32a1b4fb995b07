//! Taking connections that may be encrypted.

use std::{
    fmt, io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use playhouse_wire::{
    Writer,
    frame::{self, FRAME_BYTES_MAX},
    message::{GoAway, GoAwayReason, put_go_away},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    time::timeout,
};

use super::{
    HANDSHAKE_TIMEOUT, Keys, NoiseError, OFFER_BYTES_MAX, Profile, answer, offer_length,
    stream::Sealed,
};
use crate::network::{Datagrams, Handover, Stream, Transport};

/// How long a peer that is refused may take to read why.
const LINGER: Duration = Duration::from_secs(1);

/// What is done with a peer that speaks without encryption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// It is let in.
    Any,
    /// It is refused, and told so. Streams of transports that are encrypted themselves are let in.
    #[default]
    Sealed,
}

/// A stream that was let in.
#[derive(Debug)]
pub struct Accepted {
    /// What is to be read and written.
    pub stream: Box<dyn Stream>,
    /// By which keys it is encrypted here; none if it isn't, or below.
    pub profile: Option<Profile>,
}

/// Answers the handshake of a stream that a listener accepted, if it begins with one. Takes at most [`HANDSHAKE_TIMEOUT`],
/// and as long as that the first byte of a plain peer is waited for.
///
/// # Errors
///
/// If the peer is not let in, or the stream breaks. The peer has been told what it may know, and the stream is closed.
pub async fn accept(
    stream: Box<dyn Stream>,
    keys: &Keys,
    policy: Policy,
) -> Result<Accepted, NoiseError> {
    let mut stream = stream;
    let accepted = timeout(HANDSHAKE_TIMEOUT, handshake(&mut stream, keys, policy)).await;
    let error = match accepted {
        Ok(Ok(First::Sealed(records, profile))) => {
            let stream = Box::new(Sealed::new(stream, *records, keys.counts.clone()));
            let profile = Some(profile);
            return Ok(Accepted { stream, profile });
        }
        Ok(Ok(First::Plain(first))) => {
            let stream = Box::new(Begun {
                stream,
                first,
                used: 0,
            });
            let profile = None;
            return Ok(Accepted { stream, profile });
        }
        Ok(Err(error)) => error,
        Err(_) => {
            keys.counts.problem(&NoiseError::TimedOut);
            return Err(NoiseError::TimedOut);
        }
    };
    if !matches!(error, NoiseError::Broken(_) | NoiseError::Truncated) {
        // Whether the peer hears it is its own affair.
        let _ = timeout(LINGER, refuse(&mut *stream, &error)).await;
    }
    Err(error)
}

/// How a stream begins.
enum First {
    Sealed(Box<super::Records>, Profile),
    Plain(Vec<u8>),
}

async fn handshake(
    stream: &mut Box<dyn Stream>,
    keys: &Keys,
    policy: Policy,
) -> Result<First, NoiseError> {
    let mut offer = Vec::new();
    let judged = loop {
        match offer_length(&offer) {
            Ok(Some(length)) if offer.len() >= length => {
                // Nobody sends on before the answer: what stands behind the offer makes it malformed.
                break answer(keys, &offer, &[]);
            }
            Ok(_) => {}
            // Asked here and not before: with the first bytes that come the handshake beneath is through.
            Err(NoiseError::Plain) if policy == Policy::Any || stream.binding().is_some() => {
                return Ok(First::Plain(offer));
            }
            Err(error) => {
                keys.counts.problem(&error);
                break Err(error);
            }
        }
        let mut room = [0; OFFER_BYTES_MAX];
        let count = stream.read(&mut room).await?;
        if count == 0 {
            break Err(NoiseError::Truncated);
        }
        offer.extend_from_slice(room.get(..count).unwrap_or_default());
    };
    let answered = judged?;
    stream.write_all(&answered.answer).await?;
    stream.flush().await?;
    let records = Box::new(answered.secured.into_records());
    Ok(First::Sealed(records, answered.profile))
}

/// Says why, in the peer's own way, and reads until the peer has closed: a socket closed over unread bytes takes back what
/// it wrote.
async fn refuse(stream: &mut dyn Stream, error: &NoiseError) -> io::Result<()> {
    let words = if *error == NoiseError::Plain {
        goodbye(&error.to_string())
    } else {
        error.refusal()
    };
    stream.write_all(&words).await?;
    stream.shutdown().await?;
    let mut unread = [0; 1024];
    while stream.read(&mut unread).await? > 0 {}
    Ok(())
}

/// A frame for a peer that speaks without encryption.
fn goodbye(text: &str) -> Vec<u8> {
    let go_away = GoAway {
        reason: GoAwayReason::Denied,
        text,
    };
    let mut words = Writer::new();
    // Far below the longest: its text is cut.
    let _ = frame::put(&mut words, FRAME_BYTES_MAX, |w| put_go_away(w, &go_away));
    words.into_bytes()
}

/// A stream of which the first bytes were read.
struct Begun {
    stream: Box<dyn Stream>,
    first: Vec<u8>,
    used: usize,
}

impl Stream for Begun {
    fn peer_address(&self) -> &str {
        self.stream.peer_address()
    }

    fn transport(&self) -> Transport {
        self.stream.transport()
    }

    fn binding(&self) -> Option<&[u8]> {
        self.stream.binding()
    }

    fn datagrams(&self) -> Option<Rc<dyn Datagrams>> {
        self.stream.datagrams()
    }

    fn hand_over(self: Box<Self>) -> io::Result<Handover> {
        let Self {
            stream,
            first,
            used,
        } = *self;
        let wrap = move |stream| Self {
            stream,
            first,
            used,
        };
        Ok(stream.hand_over()?.wrapped(wrap))
    }
}

impl AsyncRead for Begun {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let rest = self.first.get(self.used..).unwrap_or_default();
        if rest.is_empty() {
            return Pin::new(&mut *self.stream).poll_read(cx, out);
        }
        let count = rest.len().min(out.remaining());
        out.put_slice(rest.get(..count).unwrap_or_default());
        self.used += count;
        if self.used == self.first.len() {
            self.first = Vec::new();
            self.used = 0;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Begun {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_shutdown(cx)
    }
}

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stream.fmt(f)
    }
}
