//! What keeps a session on a link: its timeouts, another link when one is lost, and a better one when it is half dead.

use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use playhouse::{Failure, FailureKind};
use playhouse_net::Random;
use playhouse_net::link::Link;
use playhouse_wire::message::SessionReason;
use playhouse_wire::session::{ClientSession, ClientState};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until};

use super::Engine;
use crate::line::Line;
use crate::race::first_usable;
use crate::state::{Closed, State};

impl Engine {
    /// Has the timeouts of the session seen to, until there is none any more.
    pub(super) fn keep(self: &Rc<Self>) {
        if self.kept.replace(true) {
            return;
        }
        let engine = Rc::clone(self);
        tokio::task::spawn_local(async move {
            while let Some(at) = engine.next_timeout() {
                let timeout = async {
                    match at {
                        Some(at) => sleep_until(at).await,
                        None => pending().await,
                    }
                };
                tokio::select! {
                    biased;
                    () = engine.timeouts.notified() => {}
                    () = timeout => {
                        engine.handle_timeout();
                        engine.seek_if_half_dead();
                    }
                }
            }
            engine.kept.set(false);
        });
    }

    /// When something is to be done if nothing comes, if ever; none without a session.
    fn next_timeout(&self) -> Option<Option<Instant>> {
        let of_session = match &*self.session.borrow() {
            Some(session) => session.poll_timeout(),
            None => return None,
        };
        self.armed_us.set(of_session.unwrap_or(u64::MAX));
        let of_session =
            of_session.and_then(|us| self.began.checked_add(Duration::from_micros(us)));
        let next = of_session.into_iter().chain(self.half_dead_at()).min();
        Some(next)
    }

    /// When the link in use counts as half dead, if nothing comes over it and nothing is looked for yet.
    fn half_dead_at(&self) -> Option<Instant> {
        if !self.in_session.get() || self.seeker.borrow().is_some() {
            return None;
        }
        self.dead_at(&self.current_link()?)
    }

    /// When a link counts as half dead, if nothing comes over it: it was asked, and has not answered.
    fn dead_at(&self, link: &Link) -> Option<Instant> {
        let asked = Duration::from_micros(self.setup.options.limits.ping_after_us);
        link.heard_at()
            .checked_add(asked)?
            .checked_add(self.setup.migrate_after)
    }

    fn seek_if_half_dead(self: &Rc<Self>) {
        if self.half_dead_at().is_some_and(|at| at <= Instant::now()) {
            self.seek();
        }
    }

    /// Looks for a link that the session can go on with, unless something does already.
    pub(super) fn seek(self: &Rc<Self>) {
        if self.is_closed() || self.seeker.borrow().is_some() {
            return;
        }
        let engine = Rc::clone(self);
        let task = tokio::task::spawn_local(async move {
            engine.find_link().await;
            engine.seeker.take();
            engine.timeouts.notify_one();
        });
        *self.seeker.borrow_mut() = Some(task.abort_handle());
    }

    pub(super) fn stop_seeking(&self) {
        if let Some(seeker) = self.seeker.take() {
            seeker.abort();
        }
    }

    /// Tries until the session is well, with pauses that grow, first on a link that is there.
    async fn find_link(self: &Rc<Self>) {
        while !self.is_well() {
            let failures = self.failures.get() + 1;
            self.failures.set(failures);
            sleep(self.setup.backoff.pause(failures, &self.chance())).await;
            if self.is_well() {
                return;
            }
            if let Some(line) = self.idle_line() {
                if self.open_on(line).await {
                    return;
                }
                continue;
            }
            if matches!(self.session_state(), Some(ClientState::Down)) {
                self.states.tell(State::Connecting);
            }
            match first_usable(self, self.addresses()).await {
                Ok((place, line)) => {
                    self.place.set(place);
                    if self.adopt(line).await {
                        return;
                    }
                }
                Err(failure) if failure.kind() == FailureKind::Incompatible => {
                    // It would be so however often it tries.
                    let why = failure.text().to_owned();
                    return self.close(Closed::Session(SessionReason::Incompatible, why));
                }
                Err(failure) => {
                    tracing::debug!(%failure, failures, "no link for the session yet");
                }
            }
        }
    }

    /// Whether the session is live on a link that answers and stays.
    fn is_well(&self) -> bool {
        let live = matches!(self.session_state(), Some(ClientState::Live { .. }));
        live && self
            .current_link()
            .is_some_and(|link| link.takes_requests() && !self.is_half_dead(&link))
    }

    fn is_half_dead(&self, link: &Link) -> bool {
        self.dead_at(link).is_some_and(|at| at <= Instant::now())
    }

    fn session_state(&self) -> Option<ClientState> {
        self.session.borrow().as_ref().map(ClientSession::state)
    }

    /// A link that is there and free, while the session has none.
    fn idle_line(&self) -> Option<u64> {
        if !matches!(self.session_state(), Some(ClientState::Down)) {
            return None;
        }
        let lines = self.lines.borrow();
        let good = lines.iter().filter(|line| {
            let link = line.link();
            link.takes_requests() && !self.is_half_dead(link)
        });
        good.map(Line::id).next_back()
    }

    /// The addresses, from the one that was good last.
    fn addresses(&self) -> impl Iterator<Item = (usize, &str)> {
        let addresses = &self.setup.addresses;
        let all = addresses.iter().enumerate().cycle();
        all.skip(self.place.get())
            .take(addresses.len())
            .map(|(place, address)| (place, &**address))
    }

    /// What jitter comes from: another stream for each session and each try, and no chance of the machine's.
    fn chance(&self) -> Random {
        let session = self.session.borrow();
        let id = session.as_ref().and_then(ClientSession::id);
        let seed = id.map_or(0, |id| {
            let (half, _) = id.0.split_first_chunk().unwrap_or((&[0; 8], &[]));
            u64::from_le_bytes(*half)
        });
        Random::stream(seed, self.lines_made.get())
    }

    /// Opens the session on a new link. Whether it is live there.
    async fn adopt(self: &Rc<Self>, line: Line) -> bool {
        let id = line.id();
        self.lines.borrow_mut().push(line);
        self.open_on(id).await
    }

    /// Opens the session on a link. Whether it is live there.
    async fn open_on(self: &Rc<Self>, line: u64) -> bool {
        let now_us = self.now_us();
        let Some(link) = self.link(line) else {
            return false;
        };
        let (sender, receiver) = oneshot::channel();
        let earlier = self.moving.replace(Some((line, sender)));
        drop(earlier);
        match &mut *self.session.borrow_mut() {
            Some(session) => session.open(now_us, line, link.binding().as_deref()),
            None => return false,
        }
        self.transmit();
        receiver.await.is_ok()
    }

    /// Moves the session to another address, while the link that it has is still read.
    pub(crate) async fn migrate(self: &Rc<Self>, address: &str) -> Result<(), Failure> {
        if !self.in_session.get() {
            let why = "there is no session to move: open one first";
            return Err(Failure::not_executed(FailureKind::NotFound).because(why));
        }
        let (_, line) = first_usable(self, [(self.place.get(), address)]).await?;
        if self.is_closed() {
            return Err(self.refusal());
        }
        if self.adopt(line).await {
            return Ok(());
        }
        let why = "the session could not be opened there, and goes on over another link";
        Err(Failure::not_executed(FailureKind::Unreachable).because(why))
    }
}
