//! A node that runs, as the code that started it sees it.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::thread::JoinHandle;

use playhouse_cluster::watch;
use playhouse_net::noise::PublicKey;
use playhouse_store::Backend;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

#[cfg(feature = "opentelemetry")]
use super::exporting::exporting;
use super::problem::StartError;
use super::shared::Shared;
use super::threads;
use crate::call::{Failure, FailureKind};
use crate::db;

/// A node that runs. It stops when this is dropped, or told to.
pub struct Running {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    shards: Vec<JoinHandle<Stopped>>,
    system: Option<Runtime>,
    /// The store, once it is open.
    store: Option<Arc<dyn Backend>>,
    next: AtomicUsize,
    /// Closed when the last spans were sent.
    #[cfg(feature = "opentelemetry")]
    exported: Option<std::sync::mpsc::Receiver<()>>,
}

/// How a shard's thread ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stopped {
    Regularly,
    /// Handlers were still at work when their time was over.
    HandlersLeft(usize),
    /// So many entities had changes that the store had not acknowledged when their time was over.
    Unsaved(usize),
    /// Shard of this index.
    Panicked(usize),
}

/// The status that a process ends with whose node is to be started again: `EX_TEMPFAIL` of `sysexits.h`.
pub const RESTART_STATUS: u8 = 75;

/// How a node that was waited for did not end well.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopError {
    /// So many handlers were still at work when [`STOP_TIMEOUT`](super::STOP_TIMEOUT) was over, and were cut off.
    HandlersLeft(usize),
    /// So many entities had changes that the store had not acknowledged when the time was over: they are lost.
    Unsaved(usize),
    /// An operator asked for it, so that whoever supervises the process starts it again: end it with [`RESTART_STATUS`].
    Restart,
    /// The node had a place in its cluster and has lost it for good: another node has its name. It has stopped in order.
    Ousted {
        /// Who has the name, and what to do.
        why: String,
    },
    /// A shard's own thread panicked, by a mistake of the framework. The log says where.
    Panicked {
        /// Which one.
        shard: usize,
    },
}

impl fmt::Display for StopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HandlersLeft(count) => write!(
                f,
                "{count} handlers were cut off: let them watch `cx.cancelled()`, or allow more with `.stop_timeout(..)`"
            ),
            Self::Unsaved(count) => write!(
                f,
                "{count} entities were not saved: see why the store did not answer, or allow more time with `.stop_timeout(..)`"
            ),
            Self::Restart => f.write_str("the node is to be started again, as an operator asked"),
            Self::Ousted { why } => write!(f, "the node has lost its place in the cluster: {why}"),
            Self::Panicked { shard } => {
                write!(
                    f,
                    "shard {shard} panicked: please report it with what the log says"
                )
            }
        }
    }
}

impl std::error::Error for StopError {}

/// Why [`Node::run`](super::Node::run) did not end well.
#[derive(Debug)]
#[non_exhaustive]
pub enum RunError {
    /// It did not start.
    Start(StartError),
    /// It did not stop well.
    Stop(StopError),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(error) => error.fmt(f),
            Self::Stop(error) => error.fmt(f),
        }
    }
}

impl RunError {
    /// What the process should end with: [`RESTART_STATUS`] if the node is to be started again, else 1.
    ///
    /// ```no_run
    /// # fn node() -> playhouse::Node { unimplemented!() }
    /// use std::process::ExitCode;
    ///
    /// fn main() -> ExitCode {
    ///     match node().run() {
    ///         Ok(()) => ExitCode::SUCCESS,
    ///         Err(error) => {
    ///             eprintln!("{error}");
    ///             error.exit_code()
    ///         }
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Stop(StopError::Restart) => ExitCode::from(RESTART_STATUS),
            Self::Start(_) | Self::Stop(_) => ExitCode::FAILURE,
        }
    }
}

impl std::error::Error for RunError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Start(error) => error.source(),
            Self::Stop(error) => error.source(),
        }
    }
}

impl Running {
    pub(super) fn new(shared: Arc<Shared>, stop: watch::Sender<bool>, system: Runtime) -> Self {
        Self {
            shared,
            stop,
            shards: Vec::new(),
            system: Some(system),
            store: None,
            next: AtomicUsize::new(0),
            #[cfg(feature = "opentelemetry")]
            exported: None,
        }
    }

    pub(super) fn add(&mut self, shard: JoinHandle<Stopped>) {
        self.shards.push(shard);
    }

    /// Opens the node's store, and closes it when the node has ended.
    pub(super) fn open_store(&mut self) -> Result<(), StartError> {
        let Some(store) = &self.shared.policy.store else {
            return Ok(());
        };
        let about = &self.shared.about;
        let collections = if about.services.contains(&db::SERVICE) {
            // Other nodes run what is saved here.
            db::collections(about.schema)
        } else {
            self.shared.setup.collections()
        };
        store
            .open(&collections, self.system().handle())
            .map_err(StartError::Store)?;
        self.store = Some(Arc::clone(store));
        Ok(())
    }

    /// Begins to send spans to the collector, if there is one.
    #[cfg(feature = "opentelemetry")]
    pub(super) fn begin_exporting(&mut self) -> Result<(), StartError> {
        let Some(address) = &self.shared.policy.collector else {
            return Ok(());
        };
        let name = &self.shared.about.name;
        let (exporting, exporter) =
            exporting(address, name).map_err(|problem| StartError::Collector {
                address: address.clone(),
                problem,
            })?;
        let _ = self.shared.exporting.set(exporting);
        let (done, exported) = std::sync::mpsc::channel();
        self.exported = Some(exported);
        self.system().spawn(async move {
            exporter.run().await;
            drop(done);
        });
        Ok(())
    }

    /// Waits for the last spans to be sent, for a moment.
    #[cfg(feature = "opentelemetry")]
    fn end_exporting(&mut self) {
        if let (Some(exporting), Some(exported)) =
            (self.shared.exporting.get(), self.exported.take())
        {
            exporting.end();
            let _ = exported.recv_timeout(super::exporting::LAST_SPANS_WAIT);
        }
    }

    pub(super) fn system(&self) -> &Runtime {
        // Taken out by `Drop` alone.
        #[expect(clippy::expect_used, reason = "only dropping takes it away")]
        self.system
            .as_ref()
            .expect("a running node has its system runtime")
    }

    /// Where the node listens, in the order of [`listen`](super::NodeBuilder::listen), with the ports that were taken.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        self.shared.places().addresses
    }

    /// What clients know the node by, if it has a [key](super::NodeBuilder::server_key).
    #[must_use]
    pub fn public_key(&self) -> Option<PublicKey> {
        let key = self.shared.policy.keys.server.as_ref()?;
        Some(key.public_key())
    }

    /// What clients pin the certificate by that the node shows now, if it shows one.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn certificate(&self) -> Option<super::Fingerprint> {
        self.shared.places().shown?.fingerprint()
    }

    /// Where tools that speak MessagePack-RPC are listened for.
    #[must_use]
    pub fn msgpack_rpc_addresses(&self) -> Vec<String> {
        self.shared.places().interop
    }

    /// Where [metrics](crate::metrics) are served, if they are.
    #[must_use]
    pub fn metrics_address(&self) -> Option<String> {
        self.shared.places().metrics
    }

    /// Where the [login](crate::login::http) is served over HTTP, if it is.
    #[must_use]
    #[cfg(feature = "login-http")]
    pub fn login_address(&self) -> Option<String> {
        self.shared.places().login
    }

    /// The node's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.about.name
    }

    /// Runs `make`'s future on one of the shards, one after another. Inside of it, proxies call.
    pub fn spawn<T, F, M>(&self, make: M) -> Spawned<T>
    where
        M: FnOnce() -> F + Send + 'static,
        F: Future<Output = T> + 'static,
        T: Send + 'static,
    {
        let index = self.next.fetch_add(1, Ordering::Relaxed) % self.shared.about.shards;
        self.spawn_on(index, make)
    }

    /// As [`Self::spawn`], on the shard of this index, counted from 0 and round again.
    pub fn spawn_on<T, F, M>(&self, index: usize, make: M) -> Spawned<T>
    where
        M: FnOnce() -> F + Send + 'static,
        F: Future<Output = T> + 'static,
        T: Send + 'static,
    {
        let (give, take) = oneshot::channel();
        if let Some(mailbox) = self.shared.mailbox(index % self.shared.about.shards) {
            mailbox.post(move |node| {
                node.host().spawn(async move {
                    // Nobody may want the result any more.
                    let _ = give.send(make().await);
                });
            });
        }
        Spawned(take)
    }

    /// Begins to stop: nothing new is taken in, handlers that run may end. [`Self::wait`] waits for the end.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Blocks until the node has stopped, by [`Self::stop`], because a shard panicked, or because another node has its name.
    ///
    /// # Errors
    ///
    /// If handlers were cut off, a shard panicked, or the node has lost its place in its cluster.
    pub fn wait(mut self) -> Result<(), StopError> {
        self.join()
    }

    /// Blocks until Ctrl-C, SIGTERM or [`Self::stop`], then stops as [`Node::run`](super::Node::run) does.
    ///
    /// # Errors
    ///
    /// As [`Self::wait`].
    pub fn run_until_signal(self) -> Result<(), StopError> {
        let mut stopping = self.stop.subscribe();
        let stopped = async {
            // The sender is in `self`.
            let _ = stopping.wait_for(|stopping| *stopping).await;
        };
        threads::wait_for_signal(self.system(), stopped);
        tracing::info!(node = self.name(), "stopping");
        self.stop();
        self.wait()
    }

    fn join(&mut self) -> Result<(), StopError> {
        let mut result = Ok(());
        let (mut left, mut unsaved) = (0, 0);
        for shard in std::mem::take(&mut self.shards) {
            match shard.join() {
                Ok(Stopped::Regularly) => {}
                Ok(Stopped::HandlersLeft(count)) => left += count,
                Ok(Stopped::Unsaved(count)) => unsaved += count,
                Ok(Stopped::Panicked(shard)) => result = Err(StopError::Panicked { shard }),
                Err(_) => result = Err(StopError::Panicked { shard: 0 }),
            }
        }
        if left > 0 && result.is_ok() {
            result = Err(StopError::HandlersLeft(left));
        }
        if unsaved > 0 && !matches!(result, Err(StopError::Panicked { .. })) {
            result = Err(StopError::Unsaved(unsaved));
        }
        if let Some(store) = self.store.take() {
            store.close();
        }
        #[cfg(feature = "opentelemetry")]
        self.end_exporting();
        if let (Some(why), false) = (
            self.shared.control.ousted(),
            matches!(result, Err(StopError::Panicked { .. })),
        ) {
            let why = why.to_owned();
            result = Err(StopError::Ousted { why });
        }
        if self.shared.control.restarts() {
            if let Err(error) = &result {
                tracing::warn!(%error, "a node that restarts stopped badly");
            }
            result = Err(StopError::Restart);
        }
        if let Some(system) = self.system.take() {
            system.shutdown_background();
        }
        result
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.system.is_some() {
            self.stop();
            if let Err(error) = self.join() {
                tracing::warn!(%error, "a node stopped badly");
            }
        }
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("name", &self.name())
            .field("addresses", &self.addresses())
            .finish_non_exhaustive()
    }
}

/// The result of what was spawned on a shard, as a future, or blocking.
#[derive(Debug)]
#[must_use = "the future runs whether or not its result is wanted; await it or call `wait`"]
pub struct Spawned<T>(oneshot::Receiver<T>);

impl<T> Spawned<T> {
    /// Whether the result is there, or will never be.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        !self.0.is_empty() || self.0.is_terminated()
    }

    /// Blocks until the result is there. Not to be called on a shard, nor in any other asynchronous code.
    ///
    /// # Errors
    ///
    /// If the future panicked, or the node stopped first.
    pub fn wait(self) -> Result<T, Failure> {
        let received = catch_unwind(AssertUnwindSafe(|| self.0.blocking_recv()));
        match received {
            Ok(Ok(value)) => Ok(value),
            _ => Err(lost()),
        }
    }
}

impl<T> Future for Spawned<T> {
    type Output = Result<T, Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0)
            .poll(cx)
            .map(|received| received.map_err(|_| lost()))
    }
}

fn lost() -> Failure {
    Failure::unknown(FailureKind::Cancelled).because("the node stopped first, or the code panicked")
}
