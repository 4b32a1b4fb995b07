//! The network of the machine: TCP.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};

use crate::{
    network::{Handover, Listener, LocalBoxFuture, Network, Stream, Transport},
    scheme::{Located, Scheme},
};

/// TCP with `nodelay`: links batch by themselves, and a lone request must not wait for another.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tcp;

#[derive(Debug)]
struct TcpListening {
    listener: TcpListener,
    address: String,
}

#[derive(Debug)]
struct TcpLine {
    stream: TcpStream,
    peer: String,
}

impl Tcp {
    /// A stream of this thread's runtime over a connection that [`Stream::hand_over`] gave, or that was made otherwise.
    ///
    /// # Errors
    ///
    /// What the system says: the connection is gone, or the runtime has no IO.
    pub fn adopt(stream: std::net::TcpStream) -> io::Result<Box<dyn Stream>> {
        stream.set_nonblocking(true)?;
        let peer = stream.peer_addr()?.to_string();
        boxed(TcpStream::from_std(stream)?, peer)
    }

    /// As [`Self::adopt`], from `peer`, where the connection comes from if a proxy stands between.
    ///
    /// # Errors
    ///
    /// As [`Self::adopt`].
    pub fn adopt_from(stream: std::net::TcpStream, peer: String) -> io::Result<Box<dyn Stream>> {
        stream.set_nonblocking(true)?;
        boxed(TcpStream::from_std(stream)?, peer)
    }
}

impl Network for Tcp {
    fn dial<'a>(&'a self, address: &'a str) -> LocalBoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            let stream = TcpStream::connect(Located::only(address, Scheme::Tcp)?).await?;
            boxed(stream, address.to_owned())
        })
    }

    fn listen<'a>(&'a self, address: &'a str) -> LocalBoxFuture<'a, io::Result<Box<dyn Listener>>> {
        Box::pin(async move {
            let listener = TcpListener::bind(Located::only(address, Scheme::Tcp)?).await?;
            let address = listener.local_addr()?.to_string();
            let listening: Box<dyn Listener> = Box::new(TcpListening { listener, address });
            Ok(listening)
        })
    }
}

impl Listener for TcpListening {
    fn local_address(&self) -> &str {
        &self.address
    }

    fn accept(&mut self) -> LocalBoxFuture<'_, io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            let (stream, peer) = self.listener.accept().await?;
            boxed(stream, peer.to_string())
        })
    }
}

fn boxed(stream: TcpStream, peer: String) -> io::Result<Box<dyn Stream>> {
    stream.set_nodelay(true)?;
    Ok(Box::new(TcpLine { stream, peer }))
}

impl Stream for TcpLine {
    fn peer_address(&self) -> &str {
        &self.peer
    }

    fn transport(&self) -> Transport {
        Transport::Tcp
    }

    fn hand_over(self: Box<Self>) -> io::Result<Handover> {
        let stream = self.stream.into_std()?;
        Ok(Handover::moving(move || Tcp::adopt(stream)))
    }
}

impl AsyncRead for TcpLine {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for TcpLine {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
