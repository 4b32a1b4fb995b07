//! The threads of a node: one a shard, and one for the system's own work.
//!
//! The only place that makes threads, and that waits for the machine's signals.

use std::io;
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;

use playhouse_cluster::watch;
use playhouse_net::Tcp;
use playhouse_wire::message::Incarnation;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::mpsc;
use tokio::task::LocalSet;

use super::accepting::{Bound, Door, Opening, Speech, accept};
#[cfg(feature = "login-http")]
use super::desk;
use super::doors::BanList;
use super::environment::{Machine, date_us, seed};
use super::observing::Observed;
use super::problem::StartError;
use super::running::{Running, Stopped};
use super::shard::ShardNode;
use super::shared::{Jobs, Mailbox, Places, Shared};
use crate::metrics;
use crate::standing::NameLock;

/// Starts everything; on an error everything that had started is stopped.
pub(super) fn start(shared: &Arc<Shared>) -> Result<Running, StartError> {
    let lock = lock(shared)?;
    let mut listeners = Vec::new();
    let mut places = Places {
        incarnation: Incarnation {
            boot: seed(),
            lease: 0,
        },
        ..Places::default()
    };
    let opening = Opening::new(&shared.policy)?;
    opening.tell(&shared.about.name, &shared.policy);
    #[cfg(feature = "tls")]
    {
        let shown = opening.shown.as_ref();
        places.shown = shown.map(|shown| shown.certificates().clone());
    }
    let ban_list = shared.policy.ban_list.as_deref();
    let ban_list = ban_list.map(|path| BanList::read(path, &shared.doors.bans));
    let ban_list = ban_list.transpose()?;
    for address in &shared.policy.listen {
        let bound = opening.bind(address, Speech::Playhouse)?;
        places.addresses.push(bound.address().to_owned());
        listeners.push(bound);
    }
    for address in &shared.policy.interop {
        let bound = opening.bind(address, Speech::MessagePackRpc)?;
        places.interop.push(bound.address().to_owned());
        listeners.push(bound);
    }
    let mut metrics = None;
    if let Some(address) = &shared.policy.metrics {
        let (listener, bound) = listen(address)?;
        places.metrics = Some(bound);
        metrics = Some(listener);
    }
    #[cfg(feature = "login-http")]
    let mut login = None;
    #[cfg(feature = "login-http")]
    if let Some(http) = &shared.policy.http {
        let (listener, bound) = listen(&http.address)?;
        places.login = Some(bound);
        login = Some((listener, http.clone()));
    }

    let system = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name(format!("{}-system", shared.about.name))
        .enable_all()
        .build()
        .map_err(StartError::Thread)?;
    let (mailboxes, jobs): (Vec<_>, Vec<_>) =
        (0..shared.shards_in_all()).map(|_| Mailbox::new()).unzip();
    shared.open(mailboxes, places, date_us(), lock);

    let (stop, stopping) = watch::channel(false);
    shared.control.begin(stop.clone());
    let (started, mut reports) = mpsc::unbounded_channel();
    let (joined, mut joining) = mpsc::unbounded_channel();
    let mut running = Running::new(Arc::clone(shared), stop.clone(), system);
    if let Some(listener) = metrics {
        // From now on, so that whoever watches sees what it waits for.
        let observed = Arc::new(Observed(Arc::clone(shared)));
        running.system().spawn(observe(listener, observed));
    }
    #[cfg(feature = "login-http")]
    if let Some((listener, http)) = login {
        let serving = desk::serve(listener, http, Arc::clone(shared));
        running.system().spawn(serving);
    }
    #[cfg(feature = "opentelemetry")]
    running.begin_exporting()?;
    running.open_store()?;
    if shared.policy.store.is_none() && shared.setup.is_persistent() {
        tracing::warn!(
            node = shared.about.name,
            "the node has no store, so that nothing is saved: give it one with `.store(..)`"
        );
    }
    for (index, jobs) in jobs.into_iter().enumerate() {
        let shard = Thread {
            shared: Arc::clone(shared),
            index,
            jobs,
            stop: stop.clone(),
            stopping: stopping.clone(),
            started: started.clone(),
            joined: joined.clone(),
            system: running.system().handle().clone(),
        };
        running.add(shard.spawn().map_err(StartError::Thread)?);
    }
    drop((started, joined));
    for _ in 0..shared.shards_in_all() {
        match reports.blocking_recv() {
            Some(Ok(())) => {}
            Some(Err(error)) => return Err(error),
            // A shard that panics before it says so.
            None => return Err(ended_at_once()),
        }
    }
    // At most `SHARDS_MAX`.
    let shards = u32::try_from(shared.about.shards).unwrap_or(u32::MAX);
    let watchdog = shared.setup.watchdog(shards, shared.stall_after);
    running.system().spawn(watchdog.run());
    for bound in listeners {
        let door = open(running.system(), bound)?;
        let accepting = accept(Arc::clone(shared), door, stopping.clone());
        running.system().spawn(accepting);
    }
    if let Some(list) = ban_list {
        let of_all = Arc::clone(shared);
        let turn_out = move || of_all.turn_out_banned();
        running
            .system()
            .spawn(list.keep_fresh(Arc::clone(&shared.doors), turn_out));
    }
    #[cfg(feature = "tls")]
    if let Some(shown) = opening.shown {
        running.system().spawn(shown.keep_fresh());
    }
    if shared.policy.cluster.is_some() {
        // What keeps the cluster may run here, so that links are taken by now.
        match joining.blocking_recv() {
            Some(joined) => joined?,
            None => return Err(ended_at_once()),
        }
    }
    shared.control.set_started();
    Ok(running)
}

/// The lock of the node's name, where there is a folder for it.
fn lock(shared: &Shared) -> Result<Option<NameLock>, StartError> {
    let policy = &shared.policy;
    let has_lease = policy.cluster.is_some() && policy.store.is_some();
    let Some(folder) = policy.lock.as_ref().filter(|_| has_lease) else {
        return Ok(None);
    };
    let lock = NameLock::take(folder, &shared.about.name);
    lock.map(Some).map_err(|error| StartError::Lock {
        name: shared.about.name.clone(),
        folder: folder.clone(),
        error,
    })
}

fn ended_at_once() -> StartError {
    StartError::Thread(io::Error::other("a shard ended at once"))
}

/// Begins to listen, on the system's runtime.
fn open(system: &Runtime, bound: Bound) -> Result<Door, StartError> {
    let address = bound.address().to_owned();
    let _inside = system.enter();
    bound
        .open()
        .map_err(|error| StartError::Listen { address, error })
}

fn listen(address: &str) -> Result<(TcpListener, String), StartError> {
    let problem = |error| StartError::Listen {
        address: address.to_owned(),
        error,
    };
    let listener = TcpListener::bind(address).map_err(problem)?;
    listener.set_nonblocking(true).map_err(problem)?;
    let bound = listener.local_addr().map_err(problem)?.to_string();
    Ok((listener, bound))
}

/// Serves what is to be seen of the node.
async fn observe(listener: TcpListener, observed: Arc<Observed>) {
    match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => metrics::serve(listener, observed).await,
        Err(error) => tracing::error!(%error, "the listener for metrics can't be used"),
    }
}

/// A shard's thread before it starts.
struct Thread {
    shared: Arc<Shared>,
    index: usize,
    jobs: Jobs,
    stop: watch::Sender<bool>,
    stopping: watch::Receiver<bool>,
    started: mpsc::UnboundedSender<Result<(), StartError>>,
    /// How taking the node's place in its cluster went.
    joined: mpsc::UnboundedSender<Result<(), StartError>>,
    system: Handle,
}

impl Thread {
    fn spawn(self) -> io::Result<JoinHandle<Stopped>> {
        let name = match self.is_system() {
            false => format!("{}-shard-{}", self.shared.about.name, self.index),
            true => format!("{}-cluster", self.shared.about.name),
        };
        let alive = (!self.is_system()).then(|| self.shared.progress.begin_shard());
        std::thread::Builder::new().name(name).spawn(move || {
            let _alive = alive;
            let (index, stop) = (self.index, self.stop.clone());
            // Handlers' panics end at their polls. What comes here is the framework's own, and takes the node along.
            catch_unwind(AssertUnwindSafe(|| self.run())).unwrap_or_else(|_| {
                stop.send_replace(true);
                Stopped::Panicked(index)
            })
        })
    }

    fn is_system(&self) -> bool {
        self.index == self.shared.about.shards
    }

    fn run(self) -> Stopped {
        let runtime = match Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                let _ = self.started.send(Err(StartError::Thread(error)));
                return Stopped::Regularly;
            }
        };
        let local = LocalSet::new();
        let environment = Rc::new(Machine::new(
            self.shared.about.shards > 1 && !self.is_system(),
        ));
        local.block_on(&runtime, async {
            let network = Rc::new(Tcp);
            let store = self.shared.policy.store.as_ref();
            let lease = store.filter(|_| self.is_system()).map(|it| it.store());
            let store = store.map(|store| self.shared.keeping(store.store(), store.is_exclusive()));
            let node = ShardNode::new(&self.shared, self.index, environment, network, store);
            let _current = node.host().enter();
            // Nobody listens any more if another shard failed first.
            let _ = self.started.send(Ok(()));
            if self.is_system() {
                let joined = |result| {
                    let _ = self.joined.send(result);
                };
                return node
                    .run_system(self.jobs, self.stopping, lease, self.system, joined)
                    .await;
            }
            // Whoever waits for the place of the node must hear if the system's shard ends.
            drop(self.joined);
            node.run(self.jobs, self.stopping).await
        })
    }
}

/// Waits for Ctrl-C, or what the machine sends a process that is to stop.
pub(super) fn wait_for_signal(system: &Runtime, stopped: impl Future<Output = ()>) {
    system.block_on(async {
        tokio::select! {
            biased;
            () = signal() => {}
            () = stopped => {}
        }
    });
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        biased;
        _ = terminate.recv() => {}
        // Where Ctrl-C can't be listened for there is nothing to wait for.
        result = tokio::signal::ctrl_c() => if result.is_err() { std::future::pending::<()>().await },
    }
}

#[cfg(not(unix))]
async fn signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
