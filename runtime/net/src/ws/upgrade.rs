//! From HTTP to WebSocket: what is asked of a request before it is let in.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::{
    accept_hdr_async_with_config,
    tungstenite::{
        handshake::server::{ErrorResponse, Request, Response},
        http::{StatusCode, header::ORIGIN},
    },
};

use super::stream::{Line, config, problem};
use crate::network::Stream;

/// The longest request or answer before messages begin, in bytes: 8 KiB.
pub const UPGRADE_BYTES_MAX: usize = 8 * 1024;

/// Which requests are let in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// The path that they name, `/play`; any if none is given.
    pub path: Option<String>,
    /// From whose pages browsers may come: `https://game.example`; any if there are none. A program that is no browser
    /// names no page, and is let in.
    pub origins: Vec<String>,
}

impl Rules {
    fn judge(&self, request: &Request) -> Result<(), (StatusCode, &'static str)> {
        if self
            .path
            .as_ref()
            .is_some_and(|path| request.uri().path() != path)
        {
            return Err((StatusCode::NOT_FOUND, "nothing listens at this path"));
        }
        let mut origins = request.headers().get_all(ORIGIN).iter();
        let foreign = origins.any(|origin| {
            let origin = origin.as_bytes();
            !self.origins.iter().any(|it| it.as_bytes() == origin)
        });
        if foreign && !self.origins.is_empty() {
            return Err((StatusCode::FORBIDDEN, "pages of this origin are not let in"));
        }
        Ok(())
    }
}

/// Takes a WebSocket over a connection that was accepted. Whoever calls sets the limit of time.
///
/// # Errors
///
/// What the connection says; if the request is none for a WebSocket, longer than [`UPGRADE_BYTES_MAX`], or against the
/// rules, of which the other side is told.
pub async fn accept(stream: Box<dyn Stream>, rules: Rules) -> io::Result<Box<dyn Stream>> {
    let peer = stream.peer_address().to_owned();
    #[expect(
        clippy::result_large_err,
        reason = "the answer to a request that is refused is what the crate asks for"
    )]
    let judge = move |request: &Request, response: Response| match rules.judge(request) {
        Ok(()) => Ok(response),
        Err((status, why)) => {
            let mut refusal = ErrorResponse::new(Some(why.to_owned()));
            *refusal.status_mut() = status;
            Err(refusal)
        }
    };
    let bounded = Bounded::new(stream);
    let socket = accept_hdr_async_with_config(bounded, judge, Some(config()));
    let socket = socket.await.map_err(problem)?;
    Ok(Box::new(Line::new(socket, peer)))
}

/// A stream of which so many bytes are read before its handshake is over.
#[derive(Debug)]
pub(super) struct Bounded {
    stream: Box<dyn Stream>,
    /// None once the handshake is over.
    left: Option<usize>,
}

impl Bounded {
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        Self {
            stream,
            left: Some(UPGRADE_BYTES_MAX),
        }
    }

    pub(super) fn unbounded(&mut self) {
        self.left = None;
    }

    pub(super) fn binding(&self) -> Option<&[u8]> {
        self.stream.binding()
    }
}

impl AsyncRead for Bounded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut *self.stream).poll_read(cx, buffer))?;
        if let Some(left) = &mut self.left {
            let count = buffer.filled().len() - before;
            *left = left.checked_sub(count).ok_or_else(|| {
                io::Error::new(io::ErrorKind::InvalidData, "the upgrade is too long")
            })?;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Bounded {
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
