//! A relay in front of a server: what a network between does, at a test's word.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Result;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What the relay does with what comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Carries it on.
    Open,
    /// Ends every connection, and takes none.
    Cut,
    /// Holds everything back, without a sign to either side: a partition.
    Silent,
}

/// Carries connections on to a port of this machine until it is dropped.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    state: Arc<watch::Sender<State>>,
    /// Ends with this.
    _tasks: JoinSet<()>,
}

impl Relay {
    /// Starts one to a port on loopback.
    ///
    /// # Errors
    ///
    /// If there is no free port.
    pub async fn to(port: u16) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let state = Arc::new(watch::Sender::new(State::Open));
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, port, Arc::clone(&state)));
        Ok(Self {
            address,
            state,
            _tasks: tasks,
        })
    }

    /// The address that nodes connect to.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Host and port.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends every connection, and takes none from now on.
    pub fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    /// Holds everything back from now on; connections stay open.
    pub fn silence(&self) {
        self.state.send_replace(State::Silent);
    }

    /// Carries again.
    pub fn restore(&self) {
        self.state.send_replace(State::Open);
    }
}

async fn accept(listener: TcpListener, port: u16, state: Arc<watch::Sender<State>>) {
    let mut connections = JoinSet::new();
    while let Ok((near, _)) = listener.accept().await {
        if *state.borrow() == State::Cut {
            continue;
        }
        let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else {
            continue;
        };
        let watched = state.subscribe();
        connections.spawn(carry(near, far, watched));
    }
}

/// Until either end closes, or the relay is cut.
async fn carry(near: TcpStream, far: TcpStream, mut state: watch::Receiver<State>) {
    let (near_read, near_write) = near.into_split();
    let (far_read, far_write) = far.into_split();
    let (there, back) = (state.clone(), state.clone());
    tokio::select! {
        biased;
        () = wait_for(&mut state, State::Cut) => {}
        () = pump(near_read, far_write, there) => {}
        () = pump(far_read, near_write, back) => {}
    }
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut state: watch::Receiver<State>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        wait_for(&mut state, State::Open).await;
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

async fn wait_for(state: &mut watch::Receiver<State>, wanted: State) {
    if state.wait_for(|&state| state == wanted).await.is_err() {
        // The relay is gone, and this with it.
        std::future::pending::<()>().await;
    }
}
