//! Messages: what peers send each other, one MessagePack array each, whose first element is its kind.
//!
//! `docs/wire.md` gives every field. Messages are read where they lie ([`Message::decode`]: arguments and texts are
//! borrowed, a request without chain and trace allocates nothing) and written straight into a link's output (the
//! `put_*` functions and `put` methods; [`crate::frame`] puts a length in front).

mod bounded;
mod call;
mod chain;
mod control;
mod elements;
mod failure;
mod fields;
mod gate;
mod handoff;
mod header;
mod hello;
pub mod kind;
mod method;
mod placement;
mod reason;
mod session;
mod stream;
mod wait;

pub use call::{
    Notify, Outcome, Request, Response, put_cancel, put_notify, put_request, put_response_failure,
    put_response_ok, put_response_thrown,
};
pub use chain::{CHAIN_MAX, Chain, ChainBuffer, ChainFull, ChainIter, Waiting};
pub use control::{
    GO_AWAY_TEXT_BYTES_MAX, GoAway, GoAwayReason, put_go_away, put_go_away_ack, put_ping, put_pong,
};
pub use elements::{Element, ElementBuffer, Elements, Iter as ElementIter};
pub use failure::{
    Executed, FAILURE_PATH_BYTES_MAX, FAILURE_TEXT_BYTES_MAX, FailureKind, WireFailure,
};
pub use gate::{
    Admission, Attached, BINDING_BYTES_MAX, FAN_LINKS_MAX, Fan, FanLink, Lost, Redirect,
    put_attached,
};
pub use handoff::{
    HANDOFF_CRON_BYTES_MAX, HANDOFF_SESSION_BYTES_MAX, HANDOFF_TIMERS_MAX, HANDOFF_VALUE_BYTES_MAX,
    Handoff, HandoffDone, HandoffReason, TimerState,
};
pub use header::{DEADLINE_DEFAULT_US, DEADLINE_US_MAX, Header, Trace};
pub use hello::{
    DIGESTS_MAX, Digests, FRAME_BYTES_LEAST, Hello, Incarnation, NAME_BYTES_MAX, PACKING_LZ4,
    REQUESTS_MAX, Role, TypeDigest, VERSION, VERSION_LEAST, put_digests, put_hello,
    put_hello_reply,
};
pub use method::Method;
pub use placement::{At, Locate, Moved, NoOwner, NoOwnerReason, Owner, Release};
pub use session::{
    Aside, End, LOGIN_TOKEN_BYTES_MAX, Latest, Msg, Open, Opened, Refused, SESSION_ENTITIES_MAX,
    SESSION_TEXT_BYTES_MAX, SessionReason, Terms, put_ack, put_aside, put_detach, put_msg,
};
pub use stream::{StreamCredit, StreamEnd, StreamItem, Sync, put_stream_item, put_sync};
pub use wait::{Initiator, WaitFound, WaitProbe};

use crate::error::{Problem, Result};
use crate::{Check, Decode, Limits, Reader, Writer};

/// One message, as it was read. Arguments, texts and lists are borrowed from the frame.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Message<'a> {
    /// A call that is answered.
    Request(Request<'a>),
    /// How a request ended.
    Response(Response<'a>),
    /// A call that isn't answered.
    Notify(Notify<'a>),
    /// The caller of the request with this id wants no response any more.
    Cancel(u32),
    /// One item of a stream.
    StreamItem(StreamItem<'a>),
    /// A stream's end.
    StreamEnd(StreamEnd<'a>),
    /// More items may be sent.
    StreamCredit(StreamCredit),
    /// Changed state.
    Sync(Sync<'a>),
    /// All of the session up to this sequence number was taken.
    Ack(u64),
    /// A question with this nonce.
    Ping(u64),
    /// The answer to the ping with this nonce.
    Pong(u64),
    /// The sender takes nothing new, and closes soon.
    GoAway(GoAway<'a>),
    /// A goaway was read.
    GoAwayAck,
    /// The first message of who dialled.
    Hello(Hello<'a>),
    /// Its answer, with the digests of all types if the roots differ.
    HelloReply(Hello<'a>, Option<Digests<'a>>),
    /// The dialler's digests, after a reply with some.
    Digests(Digests<'a>),
    /// Does this entity wait for that one?
    WaitProbe(WaitProbe<'a>),
    /// It does.
    WaitFound(WaitFound<'a>),
    /// Who owns this entity?
    Locate(Locate),
    /// This activation does.
    At(At<'a>),
    /// Nobody does.
    NoOwner(NoOwner),
    /// The epoch of a request is over.
    Moved(Moved<'a>),
    /// Take this entity over.
    Handoff(Box<Handoff<'a>>),
    /// It was taken over, or not.
    HandoffDone(HandoffDone),
    /// Give this activation up.
    Release(Release),
    /// A client begins a session or goes on with it.
    Open(Open<'a>),
    /// It is attached.
    Opened(Opened<'a>),
    /// It is not.
    Refused(Refused<'a>),
    /// A message of a session.
    Msg(Msg<'a>),
    /// Newest state.
    Latest(Latest<'a>),
    /// The link serves the session no more, for this attempt.
    Detach(u64),
    /// A client's call that passes by the sequence.
    Aside(Aside<'a>),
    /// The session is over.
    End(End<'a>),
    /// The client's link is gone.
    Lost(Lost),
    /// The session's home is elsewhere.
    Redirect(Redirect<'a>),
    /// A session's message between gate and home.
    Attached(Attached<'a>),
    /// One message for many clients of a gate.
    Fan(Fan<'a>),
    /// A kind in [`kind::IGNORED`] that this version doesn't know: to be passed over.
    Ignored(u8),
}

impl<'a> Message<'a> {
    /// Reads one message that fills `bytes`.
    ///
    /// Arguments, results and whatever else is the rest of a frame is not looked at: its own reader finds what is wrong
    /// with it.
    ///
    /// # Errors
    ///
    /// What is wrong with the bytes, where and at which byte; [`Problem::UnknownKind`] for a kind that must be known.
    #[inline]
    pub fn decode(bytes: &'a [u8]) -> Result<Self> {
        let r = &mut Reader::new(bytes, &Limits::STRICT);
        let length = r.enter_array()?;
        let Some(left) = length.checked_sub(1) else {
            return Err(r.error(Problem::Missing).member("kind"));
        };
        let kind = r.u64().map_err(|error| error.member("kind"))?;
        // The kinds that must be fast come first: the others are decoded out of line, through memory.
        let message = if kind == u64::from(kind::REQUEST) {
            Self::Request(Request::decode_rest(r, left)?)
        } else if kind == u64::from(kind::RESPONSE) {
            Self::Response(Response::decode_rest(r, left)?)
        } else if kind == u64::from(kind::NOTIFY) {
            Self::Notify(Notify::decode_rest(r, left)?)
        } else {
            Self::decode_rest(r, kind, left)?
        };
        r.end()?;
        Ok(message)
    }

    #[inline(never)]
    fn decode_rest(r: &mut Reader<'a>, number: u64, left: usize) -> Result<Self> {
        let kind = u8::try_from(number).map_err(|_| r.error(Problem::UnknownKind(number)))?;
        Ok(match kind {
            kind::CANCEL => Self::Cancel(only(r, left, "id")?),
            kind::STREAM_ITEM => Self::StreamItem(StreamItem::decode_rest(r, left)?),
            kind::STREAM_END => Self::StreamEnd(StreamEnd::decode_rest(r, left)?),
            kind::STREAM_CREDIT => Self::StreamCredit(StreamCredit::decode_rest(r, left)?),
            kind::SYNC => Self::Sync(Sync::decode_rest(r, left)?),
            kind::ACK => Self::Ack(only(r, left, "seq")?),
            kind::PING => Self::Ping(only(r, left, "nonce")?),
            kind::PONG => Self::Pong(only(r, left, "nonce")?),
            kind::GO_AWAY => Self::GoAway(GoAway::decode_rest(r, left)?),
            kind::GO_AWAY_ACK => {
                r.slots_left(left).end()?;
                Self::GoAwayAck
            }
            kind::HELLO => Self::Hello(Hello::decode_rest(r, left, false)?.0),
            kind::HELLO_REPLY => {
                let (hello, digests) = Hello::decode_rest(r, left, true)?;
                Self::HelloReply(hello, digests)
            }
            kind::DIGESTS => {
                let mut slots = r.slots_left(left);
                let digests = slots.required_with("digests", Digests::decode)?;
                slots.end()?;
                Self::Digests(digests)
            }
            kind::WAIT_PROBE => Self::WaitProbe(WaitProbe::decode_rest(r, left)?),
            kind::WAIT_FOUND => Self::WaitFound(WaitFound::decode_rest(r, left)?),
            kind::LOCATE => Self::Locate(Locate::decode_rest(r, left)?),
            kind::AT => Self::At(At::decode_rest(r, left)?),
            kind::NO_OWNER => Self::NoOwner(NoOwner::decode_rest(r, left)?),
            kind::MOVED => Self::Moved(Moved::decode_rest(r, left)?),
            kind::HANDOFF => Self::Handoff(Box::new(Handoff::decode_rest(r, left)?)),
            kind::HANDOFF_DONE => Self::HandoffDone(HandoffDone::decode_rest(r, left)?),
            kind::RELEASE => Self::Release(Release::decode_rest(r, left)?),
            kind::OPEN => Self::Open(Open::decode_rest(r, left)?),
            kind::OPENED => Self::Opened(Opened::decode_rest(r, left)?),
            kind::REFUSED => Self::Refused(Refused::decode_rest(r, left)?),
            kind::MSG => Self::Msg(Msg::decode_rest(r, left)?),
            kind::LATEST => Self::Latest(Latest::decode_rest(r, left)?),
            kind::DETACH => Self::Detach(only(r, left, "attempt")?),
            kind::END => Self::End(End::decode_rest(r, left)?),
            kind::LOST => Self::Lost(Lost::decode_rest(r, left)?),
            kind::REDIRECT => Self::Redirect(Redirect::decode_rest(r, left)?),
            kind::ATTACHED => Self::Attached(Attached::decode_rest(r, left)?),
            kind::ASIDE => Self::Aside(Aside::decode_rest(r, left)?),
            kind::FAN => Self::Fan(Fan::decode_rest(r, left)?),
            _ if kind::IGNORED.contains(&kind) => {
                r.slots_left(left).end()?;
                Self::Ignored(kind)
            }
            _ => return Err(r.error(Problem::UnknownKind(number))),
        })
    }

    /// Appends the message in its canonical form; of an ignored one only the kind.
    pub fn put(&self, w: &mut Writer) {
        match self {
            Self::Request(Request {
                id,
                method,
                header,
                args,
            }) => put_request(w, *id, *method, header, |w| w.raw(args)),
            Self::Response(Response { id, outcome }) => match outcome {
                Outcome::Returned(result) => put_response_ok(w, *id, |w| w.raw(result)),
                Outcome::Thrown(body) => put_response_thrown(w, *id, |w| w.raw(body)),
                Outcome::Failed(failure) => put_response_failure(w, *id, failure),
            },
            Self::Notify(Notify {
                method,
                header,
                args,
            }) => put_notify(w, *method, header, |w| w.raw(args)),
            Self::Cancel(id) => put_cancel(w, *id),
            Self::StreamItem(item) => item.put(w),
            Self::StreamEnd(end) => end.put(w),
            Self::StreamCredit(credit) => credit.put(w),
            Self::Sync(sync) => sync.put(w),
            Self::Ack(seq) => put_ack(w, *seq),
            Self::Ping(nonce) => put_ping(w, *nonce),
            Self::Pong(nonce) => put_pong(w, *nonce),
            Self::GoAway(go_away) => put_go_away(w, go_away),
            Self::GoAwayAck => put_go_away_ack(w),
            Self::Hello(hello) => put_hello(w, hello),
            Self::HelloReply(hello, digests) => {
                hello
                    .begin(w, kind::HELLO_REPLY)
                    .maybe(digests.as_ref())
                    .or(&hello.date_us, &0)
                    .or(&hello.packing, &0)
                    .end();
            }
            Self::Digests(digests) => {
                fields::Fields::of_kind(w, kind::DIGESTS).put(digests).end();
            }
            Self::WaitProbe(probe) => probe.put(w),
            Self::WaitFound(found) => found.put(w),
            Self::Locate(locate) => locate.put(w),
            Self::At(at) => at.put(w),
            Self::NoOwner(none) => none.put(w),
            Self::Moved(moved) => moved.put(w),
            Self::Handoff(handoff) => handoff.put(w),
            Self::HandoffDone(done) => done.put(w),
            Self::Release(release) => release.put(w),
            Self::Open(open) => open.put(w),
            Self::Opened(opened) => opened.put(w),
            Self::Refused(refused) => refused.put(w),
            Self::Msg(msg) => msg.put(w),
            Self::Latest(latest) => latest.put(w),
            Self::Aside(aside) => aside.put(w),
            Self::Detach(attempt) => put_detach(w, *attempt),
            Self::End(end) => end.put(w),
            Self::Lost(lost) => lost.put(w),
            Self::Redirect(redirect) => redirect.put(w),
            Self::Attached(attached) => attached.put(w),
            Self::Fan(fan) => fan.put(w),
            Self::Ignored(kind) => {
                fields::Fields::of_kind(w, *kind).end();
            }
        }
    }

    /// Whether only a node may send it: placement, probes, what gates and homes say to each other, and the home's half of
    /// a session.
    #[must_use]
    pub const fn is_of_nodes(&self) -> bool {
        matches!(
            self,
            Self::WaitProbe(_)
                | Self::WaitFound(_)
                | Self::Locate(_)
                | Self::At(_)
                | Self::NoOwner(_)
                | Self::Moved(_)
                | Self::Handoff(_)
                | Self::HandoffDone(_)
                | Self::Release(_)
                | Self::Sync(_)
                | Self::Opened(_)
                | Self::Refused(_)
                | Self::Latest(_)
                | Self::Detach(_)
                | Self::Lost(_)
                | Self::Redirect(_)
                | Self::Attached(_)
                | Self::Fan(_)
        )
    }

    /// Whether it may stand inside of a [`Msg`]: calls, streams and state, and a [`Latest`] that others are to follow.
    #[must_use]
    pub const fn in_session(&self) -> bool {
        matches!(
            self,
            Self::Request(_)
                | Self::Response(_)
                | Self::Notify(_)
                | Self::Cancel(_)
                | Self::StreamItem(_)
                | Self::StreamEnd(_)
                | Self::StreamCredit(_)
                | Self::Sync(_)
                | Self::Latest(_)
        )
    }

    /// Whether it may stand inside of an [`Attached`]: what client and home say about a session.
    #[must_use]
    pub const fn of_session(&self) -> bool {
        matches!(
            self,
            Self::Open(_)
                | Self::Opened(_)
                | Self::Refused(_)
                | Self::Msg(_)
                | Self::Ack(_)
                | Self::Latest(_)
                | Self::Aside(_)
                | Self::Detach(_)
                | Self::End(_)
        )
    }
}

/// A message of one field.
fn only<T: Decode + Check>(r: &mut Reader<'_>, left: usize, name: &'static str) -> Result<T> {
    let mut slots = r.slots_left(left);
    let value = slots.required::<T>(name)?;
    slots.end()?;
    Ok(value)
}

#[cfg(test)]
#[expect(
    clippy::indexing_slicing,
    reason = "a test that is wrong about its own bytes must fail"
)]
mod tests;
