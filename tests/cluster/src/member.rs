//! Members of a test's cluster.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use playhouse::node::Running;
use playhouse_cluster::{OpenError, Seat, View};

use crate::{Registry, blocking};

/// A node whose membership a test holds in its hands.
pub struct Member {
    /// Its place.
    pub seat: Seat,
    hands: Arc<Hands>,
    /// On which the membership runs.
    running: Option<Running>,
}

/// The name of the member that hosts a registry, which no case sees.
pub(crate) const HOST: &str = "host";

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Runs,
    Frozen,
    Killed,
}

/// By which a test holds a membership.
#[derive(Debug, Default)]
struct Hands(Mutex<(State, Option<Waker>)>);

impl Hands {
    fn set(&self, state: State) {
        let mut hands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if hands.0 != State::Killed {
            hands.0 = state;
        }
        if let Some(waker) = hands.1.take() {
            waker.wake();
        }
    }

    fn look(&self, context: &Context<'_>) -> State {
        let mut hands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hands.1 = Some(context.waker().clone());
        hands.0
    }
}

impl Member {
    /// A member of this name that has joined. It plays the role `lobby`.
    ///
    /// # Panics
    ///
    /// If it can't.
    pub async fn join(registry: &impl Registry, name: &str) -> Self {
        let member = Self::begin(registry, plain(name, 0));
        member.seat.opened().await.expect("the member joins");
        member
    }

    /// A member that begins to join.
    ///
    /// # Panics
    ///
    /// If it can't have threads.
    pub fn begin(registry: &impl Registry, me: playhouse_cluster::Member) -> Self {
        let running = playhouse::Node::builder()
            .schema(&arena_schema::SCHEMA)
            .name(&*me.name)
            .roles(Vec::<String>::new())
            .shards(1)
            .build()
            .expect("the node is right");
        let running = blocking(|| running.start()).expect("the node starts");
        let (seat, driver) = playhouse_cluster::seat(me);
        let hands = Arc::new(Hands::default());
        let backend = registry.membership();
        let held = Arc::clone(&hands);
        let _driving = running.spawn_on(0, move || {
            let driving = backend.drive(driver, tokio::runtime::Handle::current());
            Driving {
                driving,
                hands: held,
            }
        });
        Self {
            seat,
            hands,
            running: Some(running),
        }
    }

    /// Nothing of it runs any more, and nobody is told.
    pub fn kill(&self) {
        self.hands.set(State::Killed);
    }

    /// Nothing of it runs until [`Self::thaw`].
    pub fn freeze(&self) {
        self.hands.set(State::Frozen);
    }

    /// It runs on.
    pub fn thaw(&self) {
        self.hands.set(State::Runs);
    }

    /// Waits until its view is so.
    ///
    /// # Panics
    ///
    /// If its membership ends first.
    pub async fn sees(&self, what: impl Fn(&View) -> bool) -> Arc<View> {
        let mut views = self.seat.views();
        let view = views.wait_for(|view| what(view)).await;
        Arc::clone(&*view.expect("the membership goes on"))
    }

    /// Waits until it sees exactly these, and hears of them.
    pub async fn sees_all(&self, names: &[&str]) {
        let same = |view: &View| {
            let seen = view.members.keys().map(|name| &**name);
            let seen = seen.filter(|name| *name != HOST);
            view.away_since_us.is_none() && seen.eq(names.iter().copied())
        };
        self.sees(same).await;
    }

    /// Waits until it sees this one.
    pub async fn sees_member(&self, name: &str) {
        self.sees(|view| view.get(name).is_some()).await;
    }

    /// Waits until it sees this one no more.
    pub async fn misses(&self, name: &str) -> Arc<View> {
        self.sees(|view| view.get(name).is_none()).await
    }

    /// Waits for how its joining went.
    ///
    /// # Errors
    ///
    /// Why it never will.
    pub async fn opened(&self) -> Result<(), OpenError> {
        self.seat.opened().await
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.kill();
        blocking(|| drop(self.running.take()));
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Member").field(&self.seat).finish()
    }
}

/// What a member of this name says of itself, whose process began then.
#[must_use]
pub(crate) fn plain(name: &str, started_us: i64) -> playhouse_cluster::Member {
    let mut me = playhouse_cluster::Member::new(name, 1, format!("{name}:7000"));
    me.roles.push("lobby".to_owned());
    me.started_us = started_us;
    me
}

/// A membership that is polled as long as its test lets it run.
struct Driving {
    driving: Pin<Box<dyn Future<Output = ()>>>,
    hands: Arc<Hands>,
}

impl Future for Driving {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match self.hands.look(context) {
            State::Runs => self.driving.as_mut().poll(context),
            State::Frozen => Poll::Pending,
            State::Killed => Poll::Ready(()),
        }
    }
}
