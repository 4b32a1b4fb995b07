//! What a shard counts of sessions, as gate and as home.

use playhouse_net::Transport;

use super::tally::Counter;

/// What carries clients' links.
pub(crate) const CARRIERS: [Transport; 4] = [
    Transport::Tcp,
    Transport::Kcp,
    Transport::WebSocket,
    Transport::Quic,
];

/// What befalls a client at its gate, as metrics have it.
pub(crate) const GATE_TURNS: [&str; 4] = ["redirected", "detached", "stale", "held"];

/// The same as numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum GateTurn {
    /// Its home had moved, and its `Open` went on.
    Redirected,
    /// It was told to open its session again.
    Detached,
    /// What a home sent was for an attachment that is over.
    Stale,
    /// Nothing was read of it, since there was no room on the way to its home.
    Held,
}

/// What befalls a session at its home, as metrics have it.
pub(crate) const SESSION_TURNS: [&str; 4] = ["opened", "resumed", "switched", "lost"];

/// The same as numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SessionTurn {
    Opened,
    /// It was without a link.
    Resumed,
    /// Another link took over from one that served it.
    Switched,
    Lost,
}

/// The counters of one shard.
#[derive(Debug, Default)]
pub(crate) struct GateTally {
    up: [Flow; CARRIERS.len()],
    down: [Flow; CARRIERS.len()],
    gate: [Counter; GATE_TURNS.len()],
    sessions: [Counter; SESSION_TURNS.len()],
}

#[derive(Debug, Default)]
struct Flow {
    messages: Counter,
    bytes: Counter,
}

/// As numbers, to be sent to who asked.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct GateCounts {
    /// Clients whose links serve their sessions.
    pub(crate) attached: [u64; CARRIERS.len()],
    /// Messages and their bytes.
    pub(crate) up: [(u64, u64); CARRIERS.len()],
    pub(crate) down: [(u64, u64); CARRIERS.len()],
    pub(crate) gate: [u64; GATE_TURNS.len()],
    pub(crate) sessions: [u64; SESSION_TURNS.len()],
    /// Bytes that wait to go out to other nodes.
    pub(crate) queued: u64,
    /// Links to other nodes that were closed since they were full.
    pub(crate) overfull: u64,
}

impl GateTally {
    /// A client's message goes to its home.
    pub(crate) fn up(&self, carrier: Option<usize>, bytes: usize) {
        Flow::of(&self.up, carrier, bytes);
    }

    /// One of its home's goes to a client.
    pub(crate) fn down(&self, carrier: Option<usize>, bytes: usize) {
        Flow::of(&self.down, carrier, bytes);
    }

    pub(crate) fn gate(&self, turn: GateTurn) {
        if let Some(counter) = self.gate.get(turn as usize) {
            counter.add(1);
        }
    }

    pub(crate) fn session(&self, turn: SessionTurn) {
        if let Some(counter) = self.sessions.get(turn as usize) {
            counter.add(1);
        }
    }

    /// What was counted; the rest is to be filled in.
    pub(crate) fn counts(&self) -> GateCounts {
        let flow = |flow: &Flow| (flow.messages.get(), flow.bytes.get());
        GateCounts {
            up: self.up.each_ref().map(flow),
            down: self.down.each_ref().map(flow),
            gate: self.gate.each_ref().map(Counter::get),
            sessions: self.sessions.each_ref().map(Counter::get),
            ..GateCounts::default()
        }
    }
}

impl Flow {
    fn of(flows: &[Self], carrier: Option<usize>, bytes: usize) {
        if let Some(flow) = carrier.and_then(|carrier| flows.get(carrier)) {
            flow.messages.add(1);
            flow.bytes.add(bytes as u64);
        }
    }
}

impl GateCounts {
    pub(super) fn add(&mut self, one: &Self) {
        let turns = self.gate.iter_mut().zip(one.gate);
        let sessions = self.sessions.iter_mut().zip(one.sessions);
        let attached = self.attached.iter_mut().zip(one.attached);
        for (sum, more) in turns.chain(sessions).chain(attached) {
            *sum += more;
        }
        let up = self.up.iter_mut().zip(one.up);
        for (sum, more) in up.chain(self.down.iter_mut().zip(one.down)) {
            sum.0 += more.0;
            sum.1 += more.1;
        }
        self.queued += one.queued;
        self.overfull += one.overfull;
    }
}

/// The place of a transport among [`CARRIERS`]; none for the simulated one.
pub(crate) fn carrier(transport: Option<Transport>) -> Option<usize> {
    CARRIERS.iter().position(|it| Some(*it) == transport)
}
