//! The simulated network: many hosts in one thread, virtual time, and every fault chosen by a seed.
//!
//! ```no_run
//! # use playhouse_net::sim::{Conditions, SimNetwork};
//! # async fn example() {
//! let network = SimNetwork::new(7, Conditions::default());
//! let pump = network.clone();
//! tokio::task::spawn_local(async move { pump.run().await });
//! let a = network.host("a");
//! let b = network.host("b");
//! let listener = b.listen("b:7000").await;
//! let stream = a.dial("b:7000").await;
//! network.partition("a", "b");
//! # }
//! ```
//!
//! It wants a current-thread runtime whose clock is paused; one pump, spawned on the root `LocalSet`, delivers
//! everything in the order of (time, sequence). Streams are reliable and ordered, as TCP is: what is lost arrives later,
//! what is cut off stalls until it is healed, and one stream overtakes another. Each stream draws from a random stream
//! of its own, so that more traffic on one doesn't shift the delays of the others.
//!
//! Not modelled: bandwidth, and datagrams (they will join [`Network`] with the transports that need them).

mod event;
mod fault;
mod host;
mod state;
mod wire;

use std::{
    cell::RefCell,
    fmt,
    future::poll_fn,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

use self::state::State;
use crate::network::Network;

pub use self::fault::{Crash, Cut};

/// How good the network is between two different hosts. Within a host it is fast and loses nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Conditions {
    /// The least time from end to end.
    pub delay: Duration,
    /// What chance adds to it, at most.
    pub jitter: Duration,
    /// The probability, 0 to 1, that a piece is lost and sent again.
    pub loss: f64,
    /// How long the sender waits before it sends again; twice as long each further time.
    pub retransmission: Duration,
    /// How many bytes may be underway or unread before a writer waits.
    pub window_bytes: usize,
}

impl Default for Conditions {
    /// 0.5 to 1.5 ms, one piece in 1,000 lost, sent again after 200 ms, a window of 256 KiB.
    fn default() -> Self {
        Self {
            delay: Duration::from_micros(500),
            jitter: Duration::from_millis(1),
            loss: 0.001,
            retransmission: Duration::from_millis(200),
            window_bytes: 256 * 1024,
        }
    }
}

/// The simulated network. Clones are the same network.
#[derive(Clone)]
pub struct SimNetwork {
    shared: Rc<Shared>,
}

struct Shared {
    began: Instant,
    state: RefCell<State>,
}

impl SimNetwork {
    /// A network without hosts, whose chances all come from `seed`. Call it inside of the runtime: its time begins now.
    #[must_use]
    pub fn new(seed: u64, conditions: Conditions) -> Self {
        Self {
            shared: Rc::new(Shared {
                began: Instant::now(),
                state: RefCell::new(State::new(seed, conditions)),
            }),
        }
    }

    /// The network as the host `name` sees it; the host is switched on if it isn't.
    ///
    /// The name is the host's part of its addresses. After a crash the old handle is dead and this gives a new one.
    #[must_use]
    pub fn host(&self, name: &str) -> Rc<dyn Network> {
        let incarnation = self.state().switch_on(name);
        Rc::new(host::SimHost::new(self.clone(), name, incarnation))
    }

    /// Delivers what is due, for ever. Spawn it once on the `LocalSet` that outlives every host.
    pub async fn run(&self) {
        let mut sleep: Option<Pin<Box<Sleep>>> = None;
        poll_fn(|cx| self.poll_pump(cx, &mut sleep)).await;
    }

    fn poll_pump(&self, cx: &mut Context<'_>, sleep: &mut Option<Pin<Box<Sleep>>>) -> Poll<()> {
        loop {
            let now = self.now();
            let due = self.state().deliver_due(now, cx.waker());
            let Some(due) = due else {
                return Poll::Pending;
            };
            let at = self.shared.began + Duration::from_nanos(due);
            match sleep {
                Some(sleep) => sleep.as_mut().reset(at),
                None => *sleep = Some(Box::pin(sleep_until(at))),
            }
            let fired = sleep
                .as_mut()
                .is_none_or(|sleep| sleep.as_mut().poll(cx).is_ready());
            if !fired {
                return Poll::Pending;
            }
        }
    }

    /// Cuts the two hosts off from each other: everything between them stalls until [`heal`](Self::heal).
    pub fn partition(&self, a: &str, b: &str) {
        self.cut(a, b, Cut::Stall);
        self.cut(b, a, Cut::Stall);
    }

    /// Cuts one direction: what `from` sends doesn't reach `to`.
    pub fn cut(&self, from: &str, to: &str, cut: Cut) {
        let now = self.now();
        self.state().cut(now, from, to, cut);
    }

    /// Ends every cut between the two hosts; what stalled is sent again.
    pub fn heal(&self, a: &str, b: &str) {
        let now = self.now();
        self.state().heal(now, a, b);
    }

    /// Every stream between the two hosts breaks now, at both ends, and what is underway on it is lost. New ones may be made
    /// at once.
    pub fn break_streams(&self, a: &str, b: &str) {
        let now = self.now();
        self.state().break_streams(now, a, b);
    }

    /// The host dies now, in a way that the seed chooses. [`host`](Self::host) starts it again.
    ///
    /// What it had sent still arrives; nothing that it does afterwards reaches anybody.
    pub fn crash(&self, name: &str) -> Crash {
        let now = self.now();
        let crash = self.state().choose_crash();
        self.state().crash(now, name, crash);
        crash
    }

    /// The host dies now, in the given way.
    pub fn crash_as(&self, name: &str, crash: Crash) {
        let now = self.now();
        self.state().crash(now, name, crash);
    }

    /// A number over everything that happened so far: two runs that differ anywhere differ here.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.state().fingerprint()
    }

    /// How many pieces, requests to connect, resets and faults happened so far.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.state().events()
    }

    /// Nanoseconds since the network began.
    fn now(&self) -> u64 {
        u64::try_from(self.shared.began.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn state(&self) -> std::cell::RefMut<'_, State> {
        self.shared.state.borrow_mut()
    }
}

impl fmt::Debug for SimNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimNetwork").finish_non_exhaustive()
    }
}
