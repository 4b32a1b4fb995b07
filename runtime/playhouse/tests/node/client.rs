//! A client, a tool or a node made of a bare link: it can say what no SDK would.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fs;
use std::future::Future;
use std::rc::Rc;
use std::sync::LazyLock;
use std::time::Duration;

use playhouse::{Arguments, EntityKey, EntityRef, Numbered, Uuid, from_slice, to_vec};
use playhouse_net::kcp::{self, Kcp, Options};
use playhouse_net::link::{
    CallId, CloseReason, Link, LinkHandler, LinkOptions, ReplyOutcome, ReplySink,
};
use playhouse_net::tls::Trust;
use playhouse_net::{Located, Network, Scheme, Tcp, quic, ws};
use playhouse_wire::link::Identity;
use playhouse_wire::message::{
    End, Executed, FailureKind, GoAway, Header, Latest, Message, Method, Notify, Request, Role,
    SessionReason, WireFailure, put_notify, put_response_failure, put_response_ok,
};
use tempfile::TempDir;
use tokio::sync::oneshot;

#[path = "client/session.rs"]
mod session;

use session::Session;

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Where the certificate of all nodes is, and what it says.
pub(crate) static CERTIFICATE: LazyLock<(TempDir, String)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    fs::write(folder.path().join("chain.pem"), made.cert.pem()).unwrap();
    let key = made.signing_key.serialize_pem();
    fs::write(folder.path().join("key.pem"), key).unwrap();
    (folder, made.cert.pem())
});

/// The network that an address is dialled on.
fn network(address: &str) -> Rc<dyn Network> {
    let trust = || Trust::pem(CERTIFICATE.1.as_bytes()).unwrap();
    match Located::of(address).unwrap().scheme {
        Scheme::Kcp => Rc::new(Kcp::new(Options::FAST, kcp::Trust::Plain)),
        Scheme::Ws | Scheme::Wss => Rc::new(ws::Network::trusting(trust())),
        Scheme::Quic => Rc::new(quic::Network::trusting(trust())),
        _ => Rc::new(Tcp),
    }
}

/// What a client hears of its session.
#[derive(Debug, PartialEq)]
pub(crate) enum Note {
    Opened(EntityRef),
    Refused(SessionReason, String),
    Detached,
    End(SessionReason, String),
    GoAway(String),
    Closed(String),
}

/// An event that came: its method, of whom, and its arguments.
pub(crate) type Event = (Method, Option<EntityKey>, Vec<u8>);

#[derive(Default)]
pub(crate) struct Inbox {
    pub(crate) events: RefCell<Vec<Event>>,
    notes: RefCell<VecDeque<Note>>,
    /// What every client rpc is answered with; none: nothing.
    pub(crate) answer: Cell<Option<bool>>,
    pub(crate) asked: Cell<u32>,
    /// The last question that came in the session.
    pub(crate) question: Cell<Option<u32>>,
    pub(crate) session: Rc<Session>,
    /// Searches for deadlocks that came to something.
    pub(crate) found: RefCell<Vec<u64>>,
    news: tokio::sync::Notify,
}

impl LinkHandler for Inbox {
    fn request(&self, link: &Link, request: Request<'_>) {
        self.asked.set(self.asked.get() + 1);
        if let Some(answer) = self.answer.get() {
            link.respond(request.id, |w| w.bool(answer));
        }
        self.news.notify_one();
    }

    fn notify(&self, _link: &Link, notify: Notify<'_>) {
        let event = (notify.method, notify.header.target, notify.args.to_vec());
        self.events.borrow_mut().push(event);
        self.news.notify_one();
    }

    fn other(&self, link: &Link, message: Message<'_>) {
        let session = &self.session;
        let note = match message {
            Message::Cancel(id) => {
                let failure = WireFailure::new(FailureKind::Cancelled, Executed::Unknown);
                return link.respond_failure(id, &failure);
            }
            Message::Msg(msg) => {
                if session.take(link, &msg) {
                    self.in_session(link, Message::decode(msg.body).unwrap());
                }
                return self.news.notify_one();
            }
            Message::Ack(seq) => {
                session.acknowledged(seq);
                return self.news.notify_one();
            }
            Message::Latest(latest) => return self.passed(link, &latest),
            Message::Opened(opened) => {
                session.opened(link, &opened);
                Note::Opened(opened.entities.iter().next().unwrap())
            }
            Message::WaitFound(found) => {
                self.found.borrow_mut().push(found.probe);
                return self.news.notify_one();
            }
            Message::Detach(_) => Note::Detached,
            Message::Refused(refused) => {
                session.moves.set(false);
                Note::Refused(refused.reason, refused.text.to_owned())
            }
            Message::End(end) => {
                session.over();
                Note::End(end.reason, end.text.to_owned())
            }
            other => panic!("not for a client: {other:?}"),
        };
        self.note(note);
    }

    fn peer_goes_away(&self, _link: &Link, go_away: GoAway<'_>) {
        self.note(Note::GoAway(go_away.text.to_owned()));
    }

    fn closed(&self, _link: &Link, reason: &CloseReason) {
        self.note(Note::Closed(reason.to_string()));
    }
}

impl Inbox {
    fn in_session(&self, link: &Link, message: Message<'_>) {
        match message {
            Message::Request(Request { id, .. }) => {
                self.asked.set(self.asked.get() + 1);
                self.question.set(Some(id));
                if let Some(answer) = self.answer.get() {
                    self.answer(link, id, answer);
                }
            }
            Message::Cancel(id) => {
                let failure = WireFailure::new(FailureKind::Cancelled, Executed::Unknown);
                self.session
                    .send(link, |w| put_response_failure(w, id, &failure));
            }
            Message::Response(response) => self.session.answered(response.id, response.outcome),
            Message::Notify(notify) => self.notify(link, notify),
            Message::Latest(latest) => self.passed(link, &latest),
            other => panic!("not for a client: {other:?}"),
        }
    }

    /// An event that may be lost, or the first of such.
    fn passed(&self, link: &Link, latest: &Latest<'_>) {
        if let Message::Notify(notify) = Message::decode(latest.body).unwrap() {
            self.notify(link, notify);
        }
    }

    /// Answers what the node has asked in the session.
    pub(crate) fn answer(&self, link: &Link, id: u32, answer: bool) {
        self.session
            .send(link, |w| put_response_ok(w, id, |w| w.bool(answer)));
    }

    fn note(&self, note: Note) {
        self.notes.borrow_mut().push_back(note);
        self.news.notify_one();
    }
}

/// How a call of a [`Client`] ended.
#[derive(Debug, PartialEq)]
pub(crate) enum Ended {
    Ok(Vec<u8>),
    Thrown(Vec<u8>),
    Failed(FailureKind, Executed, String),
}

impl Ended {
    /// Its result.
    #[track_caller]
    pub(crate) fn value<T: playhouse::Decode>(self) -> T {
        match self {
            Self::Ok(bytes) => from_slice(&bytes, &playhouse::Limits::DEFAULT).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// Refused before anything was done.
    #[track_caller]
    pub(crate) fn refused(self, kind: FailureKind) -> String {
        match self {
            Self::Failed(found, Executed::NotExecuted, text) if found == kind => text,
            other => panic!("{other:?} is not {kind:?}"),
        }
    }
}

/// Hands on how a call of a bare link ended.
pub(crate) struct Sink(pub(crate) RefCell<Option<oneshot::Sender<Ended>>>);

impl ReplySink for Sink {
    fn complete(&self, outcome: ReplyOutcome<'_>) {
        let ended = match outcome.into_result() {
            Ok(Ok(bytes)) => Ended::Ok(bytes.to_vec()),
            Ok(Err(bytes)) => Ended::Thrown(bytes.to_vec()),
            Err(failure) => Ended::Failed(failure.kind, failure.executed, failure.text.to_owned()),
        };
        let _ = self.0.borrow_mut().take().unwrap().send(ended);
    }
}

pub(crate) struct Client {
    pub(crate) link: Link,
    pub(crate) inbox: Rc<Inbox>,
}

impl Client {
    pub(crate) fn connect(address: &str, role: Role) -> Self {
        Self::connect_over(network(address), address, role)
    }

    pub(crate) fn connect_over(network: Rc<dyn Network>, address: &str, role: Role) -> Self {
        Self::with_session(network, address, role, Rc::default())
    }

    /// Another link of the same session, which was not opened on it yet.
    pub(crate) fn again(&self, address: &str) -> Self {
        let session = Rc::clone(&self.inbox.session);
        Self::with_session(network(address), address, Role::Client, session)
    }

    fn with_session(
        network: Rc<dyn Network>,
        address: &str,
        role: Role,
        session: Rc<Session>,
    ) -> Self {
        let inbox = Rc::new(Inbox {
            session,
            ..Inbox::default()
        });
        let options = LinkOptions::new(Identity::new(role, "test"));
        let handler = Rc::<Inbox>::clone(&inbox);
        Self {
            link: Link::dial(network, address, options, handler),
            inbox,
        }
    }

    /// The next thing that is said of the session or the link.
    pub(crate) async fn note(&self) -> Note {
        loop {
            if let Some(note) = self.inbox.notes.borrow_mut().pop_front() {
                return note;
            }
            self.news().await;
        }
    }

    /// Waits until anything has come.
    pub(crate) async fn news(&self) {
        let news = tokio::time::timeout(PATIENCE, self.inbox.news.notified());
        news.await.expect("something should have come");
    }

    /// Waits for so many events.
    pub(crate) async fn events(&self, count: usize) -> Vec<Event> {
        while self.inbox.events.borrow().len() < count {
            self.news().await;
        }
        self.inbox.events.borrow_mut().drain(..).collect()
    }

    pub(crate) async fn open(&self, token: &[u8]) -> Note {
        self.begin_open(token);
        self.note().await
    }

    /// The session that was opened last; nobody's before.
    pub(crate) fn session(&self) -> Uuid {
        self.inbox.session.name.get().unwrap_or(Uuid([0; 16]))
    }

    pub(crate) fn begin_open(&self, token: &[u8]) {
        self.inbox.session.begin(token);
        self.inbox.session.send_open(&self.link);
    }

    /// Goes on with the session on this link.
    pub(crate) async fn resume(&self) -> Note {
        self.begin_resume();
        self.note().await
    }

    pub(crate) fn begin_resume(&self) {
        self.inbox.session.send_open(&self.link);
    }

    /// Ends a session, or the opening of one.
    pub(crate) fn end(&self, session: Uuid, attempt: u64) {
        let end = End {
            session,
            attempt,
            reason: SessionReason::LoggedOut,
            ran: None,
            text: "",
        };
        self.link.send(|w| end.put(w)).unwrap();
    }

    /// Calls `A` of `T` itself (slot 0) or of the component in a slot.
    pub(crate) async fn call<T: Numbered, A: Arguments>(
        &self,
        slot: u8,
        key: Option<u64>,
        args: &A,
    ) -> Ended {
        self.raw(method::<T, A>(slot), key, &to_vec(args)).await
    }

    pub(crate) async fn raw(&self, method: Method, key: Option<u64>, args: &[u8]) -> Ended {
        let (_, ended) = self.begin(method, &header(key), args);
        ended.await
    }

    pub(crate) fn begin(
        &self,
        method: Method,
        header: &Header<'_>,
        args: &[u8],
    ) -> (CallId, impl Future<Output = Ended> + use<>) {
        let (give, take) = oneshot::channel();
        let session = &self.inbox.session;
        let id = if session.is_open.get() {
            CallId::from_number(session.request(&self.link, method, header, args, give))
        } else {
            let sink = Rc::new(Sink(RefCell::new(Some(give))));
            self.link
                .request(method, header, sink, |w| w.raw(args))
                .unwrap()
        };
        let ended = async move {
            let ended = tokio::time::timeout(PATIENCE, take).await;
            ended.expect("every call ends").unwrap()
        };
        (id, ended)
    }

    pub(crate) fn oneway<T: Numbered, A: Arguments>(&self, slot: u8, key: Option<u64>, args: &A) {
        let args = to_vec(args);
        let (method, header) = (method::<T, A>(slot), header(key));
        let session = &self.inbox.session;
        if session.is_open.get() {
            return session.send(&self.link, |w| {
                put_notify(w, method, &header, |w| w.raw(&args));
            });
        }
        self.link.notify(method, &header, |w| w.raw(&args)).unwrap();
    }
}

pub(crate) fn method<T: Numbered, A: Arguments>(slot: u8) -> Method {
    Method {
        package: T::PACKAGE,
        number: T::NUMBER,
        slot,
        tag: A::TAG,
    }
}

pub(crate) fn header(key: Option<u64>) -> Header<'static> {
    Header {
        target: key.map(|key| EntityKey::new([key.into()])),
        ..Header::EMPTY
    }
}

/// Runs a test that has links of its own.
pub(crate) fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, test);
}
