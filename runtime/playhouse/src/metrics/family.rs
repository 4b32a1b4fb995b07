//! All families of numbers: their names, kinds and labels.

use std::fmt;

/// Numbers of one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// As Prometheus knows it.
    pub name: &'static str,
    /// What kind of number it is.
    pub kind: FamilyKind,
    /// What its labels are called, in order.
    pub labels: &'static [&'static str],
    /// What it counts, in which unit.
    pub help: &'static str,
}

/// What kind of number a family has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FamilyKind {
    /// Grows until the node ends.
    Counter,
    /// As it is just now.
    Gauge,
    /// Counts in buckets by size.
    Histogram,
}

impl fmt::Display for FamilyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        })
    }
}

macro_rules! families {
    ($($constant:ident = $kind:ident $name:literal [$($label:literal),*] $help:literal;)*) => {
        $(
            pub(super) const $constant: Family = Family {
                name: $name,
                kind: FamilyKind::$kind,
                labels: &[$($label),*],
                help: $help,
            };
        )*

        /// All families, in the order in which they are shown.
        pub const FAMILIES: &[Family] = &[$($constant),*];
    };
}

families! {
    INFO = Gauge "playhouse_info" ["node", "version", "release", "digest"]
        "Always 1: who the node is, and which schema it was built with.";
    UPTIME = Gauge "playhouse_uptime_seconds" []
        "How long the node has run.";
    READY = Gauge "playhouse_ready" []
        "1 if /ready says yes.";
    SHARDS = Gauge "playhouse_shards" []
        "Shards of the node, each a thread.";
    SHARDS_SILENT = Gauge "playhouse_shards_silent" []
        "Shards that did not say their numbers within a second: a handler holds their thread.";
    CALLS = Counter "playhouse_calls_total" ["method", "outcome"]
        "Calls that handlers of this node have ended: ok, thrown, or the kind of failure.";
    CALL_SECONDS = Histogram "playhouse_call_seconds" ["method"]
        "How long calls took, from when their handler was asked. Of those that never wait one in 64 is timed, for all.";
    REFUSED = Counter "playhouse_calls_refused_total" ["kind"]
        "Calls for which no handler was asked, by kind of failure.";
    OPEN = Gauge "playhouse_calls_open" []
        "Calls that have not ended, those that are made from here included.";
    QUEUED = Gauge "playhouse_mailbox_calls" []
        "Calls that wait for their turn on an entity.";
    INBOX = Gauge "playhouse_inbox_packets" ["shard"]
        "Packets from other shards of the node that wait for this one.";
    ENTITIES = Gauge "playhouse_entities" ["type"]
        "Entities that live on this node.";
    SESSIONS = Gauge "playhouse_sessions" []
        "Clients with a session.";
    SESSION_TURNS = Counter "playhouse_session_turns_total" ["kind"]
        "What befell sessions of entities of this node: opened, lost their link, resumed without one, or switched from one to another.";
    ATTACHED = Gauge "playhouse_attached" ["transport"]
        "Clients whose links to this node serve their sessions, wherever those are, by what carries them.";
    GATE_MESSAGES = Counter "playhouse_gate_messages_total" ["transport", "direction"]
        "Messages of sessions that came in of clients or went out to them.";
    GATE_BYTES = Counter "playhouse_gate_bytes_total" ["transport", "direction"]
        "Bytes of those messages, without frames and encryption.";
    GATE_TURNS = Counter "playhouse_gate_turns_total" ["kind"]
        "What befell clients at this gate: an open that went on to where the entity is by now (redirected), a session that has to be opened again since the way to its home broke (detached), a home's message for an attachment that is over (stale), nothing read for a while since too much waited for the home's node or shard (held).";
    HOP_QUEUE = Gauge "playhouse_hop_queue_bytes" []
        "Bytes that wait to go out to other nodes.";
    HOPS_OVERFULL = Counter "playhouse_hops_overfull_total" []
        "Links between nodes that were closed since a message of a session did not fit any more.";
    LINKS = Gauge "playhouse_links" ["side"]
        "Links: those that others dialled (accepted), and those that this node did (dialled).";
    LINK_BYTES = Counter "playhouse_link_bytes_total" ["direction"]
        "Bytes that came in or went out on links.";
    LINKS_CLOSED = Counter "playhouse_links_closed_total" ["reason"]
        "Links that others had dialled and that are over: their side closed them (gone) or what carries them failed or was misused (broken); the peer read nothing (stalled), or too slowly (full), said no hello in time (hello), was silent (silent), broke the protocol (protocol), speaks no version of it that fits (version), may not be here (denied), or was too much (overloaded); another took their place (replaced), nobody used them (idle), this side stops (stopping).";
    UNRELIABLE = Counter "playhouse_unreliable_total" ["transport", "way"]
        "Messages of clients' sessions that may be lost, by what carries their links: those that went in a datagram (datagram), or on the stream where datagrams don't carry them (stream), that went nowhere since too much waited there (dropped), and those that came in a datagram (received).";
    SLOWED = Counter "playhouse_links_slowed_total" []
        "How often a client was made to wait, since it had sent faster than it may.";
    CONNECTIONS = Gauge "playhouse_connections" ["transport"]
        "Connections that were let in, by what carries them.";
    SHAKING = Gauge "playhouse_connections_shaking" []
        "Connections that have not said hello yet.";
    TURNED_AWAY = Counter "playhouse_connections_refused_total" ["reason"]
        "Connections that were not let in: of a banned address, one too many of the node (full) or of its address (crowded), too many without a hello (handshakes), or a proxy that does not say where they come from (proxy).";
    BANS = Gauge "playhouse_bans" []
        "Addresses and networks that are banned.";
    TOOLS = Gauge "playhouse_tool_connections" []
        "Connections to the port for MessagePack-RPC.";
    TOKENS = Counter "playhouse_tokens_total" ["outcome"]
        "Tokens that clients have shown here, by what came of it: accepted, truncated, malformed, foreign, forged, early, expired, revoked.";
    OPENS_REFUSED = Counter "playhouse_opens_refused_total" ["reason"]
        "Sessions that clients asked for and did not get, by what they were told; see the reasons of sessions.";
    SESSIONS_ENDED = Counter "playhouse_sessions_ended_total" ["reason"]
        "Sessions of entities of this node that are over, by what their clients were told.";
    UNWANTED = Counter "playhouse_messages_unwanted_total" []
        "Messages that no client sends, which were left out.";
    HANDSHAKES = Counter "playhouse_handshakes_total" ["outcome"]
        "Handshakes of encryption that others began: answered, or refused since the peer spoke plainly (plain), lacked the key or sent something else (refused), or took too long (timed_out).";
    FORGED = Counter "playhouse_forged_total" []
        "Encrypted records and datagrams that were not what the peer had sent, or came again.";
    KCP = Counter "playhouse_kcp_total" ["kind"]
        "What came to the listeners of KCP: first contacts (hello) and connections (opened); what begins as none of ours does (garbage); cookies that were old or another's (cookie) and handshakes that failed (handshake); refused by a limit (full) and never confirmed (expired); data of no connection (stranger), that its peer did not send (foul), or for which a queue had no room (dropped).";
    LOGINS = Counter "playhouse_login_requests_total" ["outcome"]
        "Requests to log in over HTTP, by the status of their answer, and connections there that were closed at once (dropped), or ended without a whole request (broken).";
    TIMERS = Gauge "playhouse_timers" []
        "Moments that are waited for: timers of entities, deadlines of calls, steps, saves.";
    FIRED = Counter "playhouse_timers_fired_total" []
        "Timers of entities that fired.";
    EVENTS = Counter "playhouse_events_total" []
        "Events of entities that were written for clients: each once, however many hear it.";
    EVENTS_SENT = Counter "playhouse_events_sent_total" []
        "Clients that events were sent to: one event to three of them counts three.";
    STORE_LOADS = Counter "playhouse_store_loads_total" []
        "Entities that were loaded.";
    STORE_SAVES = Counter "playhouse_store_saves_total" []
        "Commits that the store acknowledged.";
    STORE_FAILURES = Counter "playhouse_store_failures_total" []
        "How often the store did not do what it was asked.";
    STORE_IN_FLIGHT = Gauge "playhouse_store_commits_in_flight" []
        "Commits that the store has not answered yet.";
    STORE_UNSAVED = Gauge "playhouse_store_unsaved_entities" []
        "Entities with changes that the store has not acknowledged.";
    DURABLE = Gauge "playhouse_durable_senders" []
        "Entities whose durable messages nobody has acknowledged.";
    PANICS = Counter "playhouse_handler_panics_total" []
        "Handlers that panicked.";
    OVERRUNS = Counter "playhouse_tick_overruns_total" []
        "How often entities with @tick skipped steps, since theirs took too long.";
    STALLS = Counter "playhouse_stalls_total" []
        "Polls of handlers that held their thread for too long.";
    LOG_DROPPED = Counter "playhouse_log_records_dropped_total" []
        "Records of the log that were dropped, since more came than could be written.";
    PASSIVATED = Counter "playhouse_passivated_total" []
        "Entities that were released since nothing used them.";
    PLACED = Counter "playhouse_placed_calls_total" []
        "Calls of entities that were sent to the nodes that run them: each attempt.";
    LOCATES = Counter "playhouse_locates_total" []
        "How often it had to be asked which node runs an entity, since that was not known or no longer right.";
    HANDOFFS = Counter "playhouse_handoffs_total" ["outcome"]
        "Entities that this node has handed over to others while it drained (done), and attempts that failed (failed).";
    LEASE = Gauge "playhouse_lease_seconds" []
        "For how long the node may still run entities unless the store renews its lease; 0 if it has lost it.";
    MEMBERS = Gauge "playhouse_members" ["state"]
        "Nodes of the cluster that this one sees, itself included.";
    DISCOVERY_AWAY = Gauge "playhouse_discovery_away" []
        "1 while discovery can't be reached, and what it said last holds.";
}
