//! A link to a running node, for tools: one question at a time over a blocking socket.

mod line;

use std::fs;
use std::io::ErrorKind;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use playhouse_net::noise::ClusterKey;
use playhouse_wire::frame::{self, FRAME_BYTES_MAX, Frames};
use playhouse_wire::message::{
    self, Executed, FailureKind, Header, Hello, Message, Method, Outcome, Role,
};
use playhouse_wire::{Decode as _, Limits, Reader, Writer};

use self::line::Line;
use crate::arguments::KeyFile;

/// What a node answers tools by itself: package and service 0. The tag of the description.
pub(super) const DESCRIBE: u8 = 1;
/// The tag of a call by name.
pub(super) const CALL: u8 = 2;
/// How the node is.
pub(super) const STATUS: u8 = 3;
/// All nodes that it knows of.
pub(super) const NODES: u8 = 4;
/// The levels of its log.
pub(super) const LOG_LEVELS: u8 = 5;
/// It stops, to be started again.
pub(super) const RESTART: u8 = 6;
/// Asks another node by name.
pub(super) const AT: u8 = 7;
/// It hands over what it runs, and stops.
pub(super) const DRAIN: u8 = 8;
/// Whom it does not let in from now on.
pub(super) const BAN: u8 = 9;
/// Whom it lets in again.
pub(super) const UNBAN: u8 = 10;
/// Whom it does not let in.
pub(super) const BANS: u8 = 11;

/// Longest wait for a connection and for the node's hello.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Given to an answer beyond its deadline: the node's own word is better than ours.
const GRACE: Duration = Duration::from_secs(1);

/// A link to a node.
pub(super) struct Node {
    line: Line,
    address: String,
    input: Vec<u8>,
    /// The node's own name.
    pub(super) name: String,
}

/// What became of a question.
pub(super) enum Answer {
    /// The text that came back.
    Text(String),
    Failed(Failed),
}

/// Why there is no answer.
pub(super) struct Failed {
    pub(super) kind: FailureKind,
    pub(super) executed: Executed,
    pub(super) text: String,
    pub(super) path: String,
}

impl Node {
    /// Connects, by the cluster's key if there is one, and says hello.
    pub(super) fn connect(address: &str, key: &KeyFile) -> anyhow::Result<Self> {
        let key = key.read()?;
        let unreachable = || {
            format!(
                "can't reach {address}: is the node running, and is this the address it listens on?"
            )
        };
        let mut last = None;
        let found = address
            .to_socket_addrs()
            .with_context(|| format!("{address} is no address: write host:port, 127.0.0.1:7000"))?;
        for socket in found {
            match TcpStream::connect_timeout(&socket, CONNECT_TIMEOUT) {
                Ok(stream) => return Self::greet(stream, address, key.as_ref()),
                Err(error) => last = Some(error),
            }
        }
        match last {
            Some(error) => Err(error).with_context(unreachable),
            None => bail!("{address} names no host: write host:port, 127.0.0.1:7000"),
        }
    }

    fn greet(stream: TcpStream, address: &str, key: Option<&ClusterKey>) -> anyhow::Result<Self> {
        stream.set_nodelay(true)?;
        let line = match key {
            Some(key) => Line::sealed(stream, key, CONNECT_TIMEOUT)
                .with_context(|| format!("no encrypted link to {address}"))?,
            None => Line::plain(stream),
        };
        let mut node = Self {
            line,
            address: address.to_owned(),
            input: Vec::new(),
            name: String::new(),
        };
        let mut hello = Hello::new(Role::Tool, "playhouse");
        hello.root = 0;
        node.send(|w| message::put_hello(w, &hello))?;
        let until = Instant::now() + CONNECT_TIMEOUT;
        let digests = node.receive(until, |message| match message {
            Message::HelloReply(hello, digests) => Some((hello.name.to_owned(), digests.is_some())),
            _ => None,
        })?;
        let Some((name, digests)) = digests else {
            bail!("{address} doesn't answer a hello: is it a Playhouse node's address?");
        };
        node.name = name;
        if digests {
            // A tool has no schema of its own, so there is nothing to compare.
            node.send(|w| message::put_digests(w, &[]))?;
        }
        Ok(node)
    }

    /// Asks the node itself; the answer is one text.
    pub(super) fn ask(
        &mut self,
        tag: u8,
        deadline: Duration,
        args: impl FnOnce(&mut Writer),
    ) -> anyhow::Result<Answer> {
        const ID: u32 = 1;
        let header = Header {
            deadline_us: u64::try_from(deadline.as_micros()).ok(),
            ..Header::EMPTY
        };
        let method = Method {
            tag,
            ..Method::default()
        };
        self.send(|w| message::put_request(w, ID, method, &header, args))?;
        let answer = self.receive(Instant::now() + deadline + GRACE, |message| {
            let Message::Response(response) = message else {
                return None;
            };
            (response.id == ID).then(|| answer(response.outcome))
        })?;
        match answer {
            Some(answer) => answer,
            None => Ok(Answer::Failed(Failed {
                kind: FailureKind::Timeout,
                executed: Executed::Unknown,
                text: format!("no answer within {deadline:?}"),
                path: String::new(),
            })),
        }
    }

    fn send(&mut self, write: impl FnOnce(&mut Writer)) -> anyhow::Result<()> {
        let mut w = Writer::new();
        frame::put(&mut w, FRAME_BYTES_MAX, write)?;
        self.line
            .write(w.as_bytes())
            .with_context(|| format!("the link to {} broke", self.address))
    }

    /// Waits for the message that `pick` takes; none at `until`.
    fn receive<T>(
        &mut self,
        until: Instant,
        mut pick: impl FnMut(&Message<'_>) -> Option<T>,
    ) -> anyhow::Result<Option<T>> {
        loop {
            let mut pongs = Vec::new();
            let mut frames = Frames::new(&self.input, FRAME_BYTES_MAX);
            let mut picked = None;
            while let Some(bytes) = frames.poll()? {
                let message = Message::decode(bytes).with_context(|| {
                    format!("{} sends what is no message: is it a node?", self.address)
                })?;
                match &message {
                    Message::Ping(nonce) => pongs.push(*nonce),
                    // What it says before it goes counts.
                    Message::GoAway(away) if picked.is_none() => {
                        bail!("the node sends tools away: {:?} {}", away.reason, away.text)
                    }
                    other => picked = picked.or_else(|| pick(other)),
                }
            }
            let used = frames.consumed();
            self.input.drain(..used);
            for nonce in pongs {
                self.send(|w| message::put_pong(w, nonce))?;
            }
            if picked.is_some() {
                return Ok(picked);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            match self.line.read(left, &mut self.input) {
                Ok(false) => bail!("{} closed the link", self.address),
                Ok(true) => {}
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => return Ok(None),
                    ErrorKind::Interrupted => {}
                    _ => {
                        return Err(error)
                            .with_context(|| format!("the link to {} broke", self.address));
                    }
                },
            }
        }
    }
}

impl KeyFile {
    fn read(&self) -> anyhow::Result<Option<ClusterKey>> {
        let Some(path) = &self.cluster_key_file else {
            return Ok(None);
        };
        let shown = path.display();
        let text = fs::read_to_string(path).with_context(|| format!("{shown} can't be read"))?;
        let key = text.parse();
        Ok(Some(key.with_context(|| format!("{shown} holds no key"))?))
    }
}

fn answer(outcome: Outcome<'_>) -> anyhow::Result<Answer> {
    Ok(match outcome {
        Outcome::Returned(bytes) => {
            let mut r = Reader::new(bytes, &Limits::DEFAULT);
            Answer::Text(String::decode(&mut r)?)
        }
        // What a node answers tools throws nothing.
        Outcome::Thrown(_) => bail!("the node speaks another version: use the tool of its version"),
        Outcome::Failed(failure) => Answer::Failed(Failed {
            kind: failure.kind,
            executed: failure.executed,
            text: failure.text.to_owned(),
            path: failure.path.to_owned(),
        }),
    })
}

impl Failed {
    /// The kind's name, as in the schema of failures.
    pub(super) fn name(&self) -> String {
        format!("{:?}", self.kind)
    }

    /// `not_executed` or `unknown`.
    pub(super) const fn executed(&self) -> &'static str {
        match self.executed {
            Executed::NotExecuted => "not_executed",
            Executed::Unknown => "unknown",
        }
    }

    /// What to do about it.
    pub(super) const fn hint(&self) -> &'static str {
        match self.kind {
            FailureKind::Timeout => "give it longer with --deadline 30s, or see why it is slow",
            FailureKind::Unreachable => "see whether the node it leads to runs",
            FailureKind::Cancelled => "the node may be stopping: try another one",
            FailureKind::Denied => "tools may call what is not @internal",
            FailureKind::RateLimited => "wait a moment",
            FailureKind::Overloaded => "wait a moment, or look at the node's load",
            FailureKind::NotFound => "see what there is with playhouse describe ADDR",
            FailureKind::Invalid => "see what the call takes with playhouse describe ADDR",
            FailureKind::Deadlock => "the path names the calls that wait for one another",
            FailureKind::Unimplemented => {
                "the node runs another version of the schema, or not this role"
            }
            FailureKind::Incompatible => "use the tool of the node's version",
            // Internal, which is also how a kind that isn't known is read.
            _ => "look into the node's log",
        }
    }
}
