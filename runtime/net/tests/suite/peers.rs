//! The two ends of a link under test: a server that answers by the tag of the call, and callers.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use playhouse_net::{
    Link, Network,
    link::{CallId, CloseReason, LinkHandler, LinkOptions, Refused, ReplyOutcome, ReplySink},
};
use playhouse_wire::{
    Writer,
    link::Identity,
    message::{
        Executed, FailureKind, Header, Incarnation, Message, Method, Moved, Notify, Owner, Request,
        Role,
    },
};
use tokio::{
    sync::oneshot,
    task::{JoinHandle, spawn_local},
    time::{sleep, timeout},
};

/// Answered with its own arguments, inline.
pub(crate) const ECHO: u8 = 1;
/// Answered with its own arguments after 50 ms, by a task.
pub(crate) const LATER: u8 = 2;
/// Never answered.
pub(crate) const NEVER: u8 = 3;
/// Answered with an error of its own.
pub(crate) const THROW: u8 = 4;
/// The handler panics.
pub(crate) const PANIC: u8 = 6;
/// Its entity runs elsewhere: at `c`, with the epoch after the one that the call names.
pub(crate) const MOVED: u8 = 7;
/// Answered with a megabyte.
pub(crate) const MEGABYTE: u8 = 5;

pub(crate) fn method(tag: u8) -> Method {
    Method {
        package: 1,
        number: 2,
        slot: 0,
        tag,
    }
}

/// What a server saw.
#[derive(Default)]
pub(crate) struct Server {
    pub(crate) links: RefCell<Vec<Link>>,
    pub(crate) requests: Cell<usize>,
    pub(crate) cancelled: Cell<usize>,
    pub(crate) notified: RefCell<Vec<u8>>,
    pub(crate) closed: RefCell<Vec<CloseReason>>,
}

impl LinkHandler for Server {
    fn request(&self, link: &Link, request: Request<'_>) {
        self.requests.set(self.requests.get() + 1);
        let id = request.id;
        match request.method.tag {
            ECHO => link.respond(id, |w| w.raw(request.args)),
            LATER => {
                let (link, args) = (link.clone(), request.args.to_vec());
                spawn_local(async move {
                    sleep(Duration::from_millis(50)).await;
                    link.respond(id, |w| w.raw(&args));
                });
            }
            THROW => link.respond_thrown(id, |w| w.raw(request.args)),
            PANIC => panic!("as the test asked"),
            MOVED => {
                let epoch = request.header.epoch.unwrap_or_default();
                let owner = Owner {
                    node: "c",
                    incarnation: Incarnation::default(),
                    epoch: epoch + 1,
                };
                let hint = Some(owner);
                link.respond_moved(&Moved { id, epoch, hint });
            }
            MEGABYTE => link.respond(id, |w| w.bin(&[0; 1 << 20])),
            _ => {}
        }
    }

    fn notify(&self, _link: &Link, notify: Notify<'_>) {
        self.notified.borrow_mut().extend_from_slice(notify.args);
    }

    fn other(&self, _link: &Link, message: Message<'_>) {
        if matches!(message, Message::Cancel(_)) {
            self.cancelled.set(self.cancelled.get() + 1);
        }
    }

    fn closed(&self, _link: &Link, reason: &CloseReason) {
        self.closed.borrow_mut().push(reason.clone());
    }
}

/// Who dials and takes no calls.
#[derive(Default)]
pub(crate) struct Client {
    pub(crate) closed: Cell<usize>,
}

impl LinkHandler for Client {
    fn request(&self, link: &Link, request: Request<'_>) {
        link.respond(request.id, |w| w.raw(request.args));
    }

    fn notify(&self, _link: &Link, _notify: Notify<'_>) {}

    fn closed(&self, _link: &Link, _reason: &CloseReason) {
        self.closed.set(self.closed.get() + 1);
    }
}

pub(crate) fn options(name: &str) -> LinkOptions {
    LinkOptions::new(Identity::new(Role::Node, name))
}

/// A running server: its address, what it saw, and the task that accepts.
pub(crate) struct Serving {
    pub(crate) address: String,
    pub(crate) server: Rc<Server>,
    pub(crate) accepting: JoinHandle<()>,
}

pub(crate) async fn serve(network: Rc<dyn Network>, options: LinkOptions) -> Serving {
    serve_at(network, "127.0.0.1:0", options).await
}

pub(crate) async fn serve_at(
    network: Rc<dyn Network>,
    address: &str,
    options: LinkOptions,
) -> Serving {
    let mut listener = network.listen(address).await.unwrap();
    let address = listener.local_address().to_owned();
    let server = Rc::new(Server::default());
    let seen = server.clone();
    let accepting = spawn_local(async move {
        while let Ok(stream) = listener.accept().await {
            let link = Link::accept(stream, options.clone(), seen.clone());
            seen.links.borrow_mut().push(link);
        }
    });
    Serving {
        address,
        server,
        accepting,
    }
}

/// How a call ended, in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended {
    Ok(Vec<u8>),
    Thrown(Vec<u8>),
    Failed(FailureKind, Executed, String),
}

impl Ended {
    pub(crate) fn failed(&self) -> (FailureKind, Executed) {
        match self {
            Self::Failed(kind, executed, _) => (*kind, *executed),
            other => panic!("a failure was expected, not {other:?}"),
        }
    }
}

impl From<Refused> for Ended {
    fn from(refused: Refused) -> Self {
        Self::Failed(refused.kind, Executed::NotExecuted, refused.text.into())
    }
}

/// A caller that waits.
pub(crate) struct Waiter(RefCell<Option<oneshot::Sender<Ended>>>);

impl ReplySink for Waiter {
    fn complete(&self, outcome: ReplyOutcome<'_>) {
        let sender = self.0.borrow_mut().take().expect("completed once");
        let _ = sender.send(match outcome.into_result() {
            Ok(Ok(bytes)) => Ended::Ok(bytes.to_vec()),
            Ok(Err(bytes)) => Ended::Thrown(bytes.to_vec()),
            Err(failure) => Ended::Failed(failure.kind, failure.executed, failure.text.into()),
        });
    }
}

/// Sends a request; its end can be waited for.
pub(crate) fn begin(
    link: &Link,
    tag: u8,
    args: impl FnOnce(&mut Writer),
) -> Result<(CallId, oneshot::Receiver<Ended>), Refused> {
    let (sender, receiver) = oneshot::channel();
    let waiter = Rc::new(Waiter(RefCell::new(Some(sender))));
    let id = link.request(method(tag), &Header::EMPTY, waiter, args)?;
    Ok((id, receiver))
}

/// Calls and waits; a call that hangs fails the test.
pub(crate) async fn call(link: &Link, tag: u8, args: &[u8]) -> Ended {
    match begin(link, tag, |w| w.raw(args)) {
        Ok((_, receiver)) => timeout(Duration::from_secs(60), receiver)
            .await
            .expect("the call hangs")
            .expect("the call was forgotten"),
        Err(refused) => refused.into(),
    }
}
