//! The network as one simulated host sees it.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    SimNetwork,
    event::Side,
    wire::{Content, other},
};
use crate::network::{Handover, Listener, LocalBoxFuture, Network, Stream, Transport};

/// One life of a host. After a crash it is dead for ever.
#[derive(Debug, Clone)]
pub(super) struct SimHost {
    network: SimNetwork,
    name: Rc<str>,
    incarnation: u32,
}

#[derive(Debug)]
struct SimListener {
    host: SimHost,
    port: u16,
    address: String,
}

/// One end of a stream.
#[derive(Debug)]
struct SimStream {
    network: SimNetwork,
    wire: u64,
    side: Side,
    peer: String,
}

/// A request to connect that is forgotten when its future is dropped.
struct Dialling<'a> {
    network: &'a SimNetwork,
    dial: u64,
}

impl SimHost {
    pub(super) fn new(network: SimNetwork, name: &str, incarnation: u32) -> Self {
        Self {
            network,
            name: Rc::from(name),
            incarnation,
        }
    }

    fn lives(&self) -> io::Result<()> {
        if self.network.state().lives(&self.name, self.incarnation) {
            Ok(())
        } else {
            Err(io::Error::new(
                io::ErrorKind::NotConnected,
                format!("the simulated host {} has crashed", self.name),
            ))
        }
    }

    /// The host and port that an address means here. Addresses of the machine itself mean this host.
    fn resolve<'a>(&'a self, address: &'a str) -> io::Result<(&'a str, u16)> {
        let parts = address.rsplit_once(':');
        let parsed = parts.and_then(|(host, port)| Some((host, port.parse().ok()?)));
        let Some((host, port)) = parsed else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{address:?} is not an address: write host:port"),
            ));
        };
        match host {
            "" | "localhost" | "127.0.0.1" | "0.0.0.0" | "[::1]" | "[::]" => Ok((&self.name, port)),
            host => Ok((host, port)),
        }
    }
}

impl Network for SimHost {
    fn dial<'a>(&'a self, address: &'a str) -> LocalBoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            self.lives()?;
            let (to, port) = self.resolve(address)?;
            let now = self.network.now();
            let dial = self.network.state().dial(now, &self.name, to, port);
            let dialling = Dialling {
                network: &self.network,
                dial,
            };
            let wire = poll_fn(|cx| dialling.poll(cx)).await?;
            let stream: Box<dyn Stream> = Box::new(SimStream {
                network: self.network.clone(),
                wire,
                side: 0,
                peer: format!("{to}:{port}"),
            });
            Ok(stream)
        })
    }

    fn listen<'a>(&'a self, address: &'a str) -> LocalBoxFuture<'a, io::Result<Box<dyn Listener>>> {
        Box::pin(async move {
            self.lives()?;
            let (host, port) = self.resolve(address)?;
            if *host != *self.name {
                return Err(io::ErrorKind::AddrNotAvailable.into());
            }
            let port = self.network.state().listen(host, port)?;
            let listener: Box<dyn Listener> = Box::new(SimListener {
                host: self.clone(),
                port,
                address: format!("{host}:{port}"),
            });
            Ok(listener)
        })
    }
}

impl Dialling<'_> {
    fn poll(&self, cx: &Context<'_>) -> Poll<io::Result<u64>> {
        let mut state = self.network.state();
        let Some(dial) = state.dials.get_mut(&self.dial) else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        // The answer is known as soon as the request arrives, and is seen when it has travelled back.
        if dial.waker.is_none() && dial.answer.is_some() {
            let answer = dial
                .answer
                .take()
                .map(|answer| answer.map_err(io::Error::from));
            dial.wire = None;
            if let Some(answer) = answer {
                return Poll::Ready(answer);
            }
        }
        dial.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Dialling<'_> {
    fn drop(&mut self) {
        let now = self.network.now();
        let mut state = self.network.state();
        let wire = state.dials.remove(&self.dial).and_then(|dial| dial.wire);
        if let Some(wire) = wire {
            state.close(now, wire, 0);
        }
    }
}

impl Listener for SimListener {
    fn local_address(&self) -> &str {
        &self.address
    }

    fn accept(&mut self) -> LocalBoxFuture<'_, io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            let wire = poll_fn(|cx| self.poll_accept(cx)).await?;
            let peer = match self.host.network.state().wires.get(&wire) {
                Some(wire) => wire.ends[0].address.clone(),
                None => String::new(),
            };
            let stream: Box<dyn Stream> = Box::new(SimStream {
                network: self.host.network.clone(),
                wire,
                side: 1,
                peer,
            });
            Ok(stream)
        })
    }
}

impl SimListener {
    fn poll_accept(&self, cx: &Context<'_>) -> Poll<io::Result<u64>> {
        self.host.lives()?;
        let mut state = self.host.network.state();
        let listening = state
            .hosts
            .get_mut(&self.host.name)
            .and_then(|host| host.listeners.get_mut(&self.port));
        let Some(listening) = listening else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        if let Some(wire) = listening.ready.pop_front() {
            return Poll::Ready(Ok(wire));
        }
        listening.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for SimListener {
    fn drop(&mut self) {
        if self.host.lives().is_err() {
            return;
        }
        let now = self.host.network.now();
        let mut state = self.host.network.state();
        let listening = state
            .hosts
            .get_mut(&self.host.name)
            .and_then(|host| host.listeners.remove(&self.port));
        for wire in listening.into_iter().flat_map(|listening| listening.ready) {
            state.close(now, wire, 1);
            state.send_reset(now, wire, 0);
        }
    }
}

impl Stream for SimStream {
    fn peer_address(&self) -> &str {
        &self.peer
    }

    fn transport(&self) -> Transport {
        Transport::Simulated
    }

    fn hand_over(self: Box<Self>) -> io::Result<Handover> {
        Ok(Handover::staying(self))
    }
}

impl AsyncRead for SimStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut state = self.network.state();
        let Some(wire) = state.wires.get_mut(&self.wire) else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        let taken = wire.ends[self.side].poll_take(cx, buffer);
        if taken.is_ready()
            && let Some(writer) = wire.ends[other(self.side)].writer.take()
        {
            writer.wake();
        }
        taken
    }
}

impl AsyncWrite for SimStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let now = self.network.now();
        let mut state = self.network.state();
        let room = state.room(self.wire, self.side);
        let Some(wire) = state.wires.get_mut(&self.wire) else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        let end = &mut wire.ends[self.side];
        end.alive()?;
        if end.finished {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if room == 0 && !bytes.is_empty() {
            end.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let taken = bytes.get(..room).unwrap_or(bytes);
        if !taken.is_empty() {
            state.send(now, self.wire, self.side, Content::Bytes(taken.to_vec()));
        }
        Poll::Ready(Ok(taken.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let now = self.network.now();
        let mut state = self.network.state();
        let open = state
            .wires
            .get(&self.wire)
            .is_some_and(|wire| !wire.ends[self.side].finished);
        if open {
            state.send(now, self.wire, self.side, Content::Finish);
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for SimStream {
    fn drop(&mut self) {
        let now = self.network.now();
        self.network.state().close(now, self.wire, self.side);
    }
}
