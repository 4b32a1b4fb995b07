//! A gate's side of one client link: where its session's messages go, and which of the home's are for it.

use super::rules::{Rule, Rules};
use crate::Message;
use crate::message::kind;

/// A way to a home: a number that is never given twice, so that a link to a node which was made again is another one.
pub type HomeId = u64;

/// What a gate knows of a client's link.
///
/// # Call order
///
/// [`GateLink::handle_up`] for each message of the client, [`GateLink::handle_down`] for each of a home's that names this link. After
/// [`GateUp::Locate`] the driver looks for the home and calls [`GateLink::found`] or [`GateLink::not_found`]; the link may have
/// gone on meanwhile. [`GateLink::handle_home_lost`] when a hop breaks, [`GateLink::handle_closed`] when the client's link does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct GateLink {
    /// The highest attempt of an `Open`.
    attempt: u64,
    state: State,
    rules: Rules,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
enum State {
    #[default]
    Unbound,
    /// The home is looked for. The one before may think that this link serves it still.
    Locating {
        before: Option<(HomeId, u64)>,
    },
    Bound(HomeId),
}

/// What becomes of a client's message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GateUp {
    /// An `Open`: find the home of this attempt.
    Locate {
        /// The `Open`'s.
        attempt: u64,
    },
    /// It goes to this home, with this attempt.
    Forward {
        /// Where to.
        home: HomeId,
        /// For whom.
        attempt: u64,
    },
    /// It belongs to an attachment that is over.
    Drop,
    /// The client breaks the protocol: close its link.
    Broken(&'static str),
}

/// Whether a home that was looked for is still wanted, and whom to tell first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Found {
    /// Whether the `Open` goes on: to the home that was found, or back to the client as a refusal.
    pub is_wanted: bool,
    /// A home to tell that this link, for this attempt, is lost.
    pub lost: Option<(HomeId, u64)>,
}

impl GateLink {
    /// A link of which nothing has come.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same under other rules.
    #[doc(hidden)]
    #[must_use]
    pub fn with_rules(self, rules: Rules) -> Self {
        Self { rules, ..self }
    }

    /// A message of the client: an `Open`, `Msg`, `Ack`, `Aside` or `End`.
    pub fn handle_up(&mut self, message: &Message<'_>) -> GateUp {
        match message {
            Message::Open(open) => {
                if open.attempt <= self.attempt {
                    return GateUp::Broken("an attempt that is not above those before it");
                }
                let before = match self.state {
                    State::Unbound => None,
                    State::Locating { before } => before,
                    State::Bound(home) => Some((home, self.attempt)),
                };
                self.attempt = open.attempt;
                self.state = State::Locating { before };
                GateUp::Locate {
                    attempt: open.attempt,
                }
            }
            Message::Msg(_) | Message::Ack(_) | Message::End(_) => match self.state {
                State::Bound(home) => GateUp::Forward {
                    home,
                    attempt: self.attempt,
                },
                _ if self.attempt == 0 => GateUp::Broken("a session's message before its open"),
                _ => GateUp::Drop,
            },
            // It may have come in a datagram, by no order.
            Message::Aside(aside) => match self.state {
                State::Bound(home)
                    if aside.attempt == self.attempt
                        || !self.rules.has(Rule::AsideNamesAttempt) =>
                {
                    GateUp::Forward {
                        home,
                        attempt: self.attempt,
                    }
                }
                _ => GateUp::Drop,
            },
            _ => GateUp::Broken("a message that no client sends in a session"),
        }
    }

    /// The home of this attempt is there. If it is wanted still, the `Open` goes to it.
    pub fn found(&mut self, attempt: u64, home: HomeId) -> Found {
        let State::Locating { before } = self.state else {
            return Found::default();
        };
        if attempt != self.attempt {
            return Found::default();
        }
        self.state = State::Bound(home);
        Found {
            is_wanted: true,
            // The same home learns it from the `Open`.
            lost: before.filter(|(other, _)| *other != home),
        }
    }

    /// There is none. If it is wanted still, the client is told: by a refusal, or a detach to have it try again.
    pub fn not_found(&mut self, attempt: u64) -> Found {
        let State::Locating { before } = self.state else {
            return Found::default();
        };
        if attempt != self.attempt {
            return Found::default();
        }
        self.state = State::Unbound;
        Found {
            is_wanted: true,
            lost: before,
        }
    }

    /// A home's message of this kind for this attempt. Whether it goes to the client.
    pub fn handle_down(&mut self, home: HomeId, attempt: u64, of_kind: u8) -> bool {
        if !self.is_bound(home, attempt) {
            return false;
        }
        if matches!(of_kind, kind::DETACH | kind::END | kind::REFUSED) {
            self.state = State::Unbound;
        }
        true
    }

    /// That home says that another one has the session. Whether the driver is to look for it, as after [`GateUp::Locate`].
    pub fn handle_redirect(&mut self, home: HomeId, attempt: u64) -> bool {
        let is_mine = self.is_bound(home, attempt);
        if is_mine {
            self.state = State::Locating { before: None };
        }
        is_mine
    }

    /// The way to that home is gone. The attempt that the client is told a detach of, if it was served by it.
    pub fn handle_home_lost(&mut self, home: HomeId) -> Option<u64> {
        match &mut self.state {
            State::Bound(bound) if *bound == home && self.rules.has(Rule::BrokenHopDetaches) => {
                self.state = State::Unbound;
                Some(self.attempt)
            }
            State::Locating { before } => {
                before.take_if(|(other, _)| *other == home);
                None
            }
            _ => None,
        }
    }

    /// The client's link is gone. The home to tell, and for which attempt.
    pub fn handle_closed(&mut self) -> Option<(HomeId, u64)> {
        match std::mem::take(&mut self.state) {
            State::Bound(home) => Some((home, self.attempt)),
            State::Locating { before } => before,
            State::Unbound => None,
        }
    }

    /// The home that it is bound to, and the attempt.
    #[must_use]
    pub const fn bound(&self) -> Option<(HomeId, u64)> {
        match self.state {
            State::Bound(home) => Some((home, self.attempt)),
            _ => None,
        }
    }

    fn is_bound(&self, home: HomeId, attempt: u64) -> bool {
        self.state == State::Bound(home) && self.attempt == attempt
    }
}
