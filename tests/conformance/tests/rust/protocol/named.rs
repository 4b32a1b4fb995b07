//! Messages as the vectors write them.

use playhouse_conformance::vectors::hex_of;
use playhouse_wire::message::{
    Chain, Digests, Executed, GoAwayReason, HandoffReason, Header, Hello, Incarnation, Initiator,
    NoOwnerReason, Outcome, Owner, Role, SessionReason, TimerState, Trace, Waiting, WireFailure,
};
use playhouse_wire::{EntityKey, EntityRef, KeyPart, Message, Method, Uuid};
use serde_json::{Map, Value as Json, json};

/// Every kind, by its name in the vectors.
pub(super) const KINDS: &[&str] = &[
    "request",
    "response",
    "notify",
    "cancel",
    "stream_item",
    "stream_end",
    "stream_credit",
    "sync",
    "ack",
    "ping",
    "pong",
    "go_away",
    "go_away_ack",
    "hello",
    "hello_reply",
    "wait_probe",
    "wait_found",
    "digests",
    "locate",
    "at",
    "no_owner",
    "moved",
    "handoff",
    "handoff_done",
    "release",
    "open",
    "opened",
    "refused",
    "msg",
    "latest",
    "detach",
    "end",
    "lost",
    "redirect",
    "attached",
    "fan",
    "aside",
    "ignored",
];

/// An object without the members that are nil.
fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
    let there = members.into_iter().filter(|(_, value)| !value.is_null());
    Json::Object(
        there
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

fn big(number: u64) -> Json {
    Json::from(number.to_string())
}

fn some_big(number: Option<u64>) -> Json {
    number.map_or(Json::Null, big)
}

fn raw(bytes: &[u8]) -> Json {
    Json::from(hex_of(bytes))
}

/// Nil for no words.
fn words(text: &str) -> Json {
    if text.is_empty() {
        Json::Null
    } else {
        Json::from(text)
    }
}

fn uuid(uuid: Uuid) -> Json {
    Json::from(uuid.to_string())
}

fn method(method: Method) -> Json {
    json!([method.package, method.number, method.slot, method.tag])
}

fn parts(key: &EntityKey) -> Vec<Json> {
    let part = |part: &KeyPart| match part {
        KeyPart::Unsigned(value) => json!({ "int": value.to_string() }),
        KeyPart::Negative(value) => json!({ "int": value.to_string() }),
        KeyPart::Text(text) => Json::from(&**text),
        KeyPart::Uuid(id) => json!({ "uuid": id.to_string() }),
    };
    key.parts().iter().map(part).collect()
}

fn waiting(waiting: &Waiting) -> Json {
    let Json::Array(mut list) = method(waiting.method) else {
        unreachable!("a method is a list")
    };
    list.extend(parts(&waiting.key));
    Json::from(list)
}

fn chain(chain: Chain<'_>) -> Json {
    chain.iter().map(|each| waiting(&each)).collect()
}

fn entity(entity: &EntityRef) -> Json {
    let mut list = vec![
        json!(entity.package),
        json!(entity.number),
        json!(entity.slot),
    ];
    list.extend(parts(&entity.key));
    Json::from(list)
}

fn incarnation(incarnation: Incarnation) -> Json {
    json!([incarnation.boot.to_string(), incarnation.lease.to_string()])
}

fn owner(owner: &Owner<'_>) -> Json {
    json!({ "node": owner.node, "incarnation": incarnation(owner.incarnation), "epoch": big(owner.epoch) })
}

fn header(header: &Header<'_>) -> Json {
    let trace = |Trace { id, span, flags }: Trace| json!({ "id": uuid(Uuid(id)), "span": big(span), "flags": flags });
    object([
        (
            "key",
            header
                .target
                .as_ref()
                .map_or(Json::Null, |key| parts(key).into()),
        ),
        ("deadline", some_big(header.deadline_us)),
        ("local", json!(header.local)),
        ("epoch", some_big(header.epoch)),
        ("trace", header.trace.map_or(Json::Null, trace)),
        (
            "chain",
            if header.chain.is_empty() {
                Json::Null
            } else {
                chain(header.chain)
            },
        ),
    ])
}

fn failure(failure: &WireFailure<'_>) -> Json {
    let executed = match failure.executed {
        Executed::NotExecuted => "not_executed",
        Executed::Unknown => "unknown",
    };
    object([
        ("kind", Json::from(format!("{:?}", failure.kind))),
        ("executed", Json::from(executed)),
        ("text", words(failure.text)),
        ("path", words(failure.path)),
    ])
}

fn outcome(id: u32, outcome: &Outcome<'_>) -> Json {
    match outcome {
        Outcome::Returned(result) => json!({ "id": id, "returned": raw(result) }),
        Outcome::Thrown(body) => json!({ "id": id, "thrown": raw(body) }),
        Outcome::Failed(fault) => json!({ "id": id, "failed": failure(fault) }),
    }
}

fn digests(digests: Digests<'_>) -> Json {
    let digest =
        |it: playhouse_wire::message::TypeDigest| json!([it.package, it.number, big(it.digest)]);
    digests.iter().map(digest).collect()
}

fn hello(hello: &Hello<'_>, types: Option<Digests<'_>>) -> Json {
    let role = match hello.role {
        Role::Node => "node",
        Role::Client => "client",
        Role::Tool => "tool",
    };
    let default = Hello::new(hello.role, hello.name);
    let unless = |number: u32, default: u32| {
        if number == default {
            Json::Null
        } else {
            json!(number)
        }
    };
    object([
        ("version", json!(hello.version)),
        ("least", json!(hello.version_least)),
        ("role", Json::from(role)),
        ("name", Json::from(hello.name)),
        ("incarnation", incarnation(hello.incarnation)),
        ("root", big(hello.root)),
        (
            "frame_bytes",
            unless(hello.frame_bytes_max, default.frame_bytes_max),
        ),
        ("requests", unless(hello.requests_max, default.requests_max)),
        ("lane", unless(hello.lane, default.lane)),
        ("digests", types.map_or(Json::Null, digests)),
        (
            "date",
            match hello.date_us {
                0 => Json::Null,
                date => Json::from(date.to_string()),
            },
        ),
        ("packing", unless(hello.packing.into(), 0)),
        ("release", unless(hello.release, 0)),
    ])
}

fn initiator(initiator: &Initiator<'_>) -> Json {
    json!({ "node": initiator.node, "waiting": waiting(&initiator.entity), "call": big(initiator.call) })
}

fn timer(timer: &TimerState<'_>) -> Json {
    let key = timer.key.clone().map(|key| parts(&EntityKey::new([key])));
    object([
        ("slot", json!(timer.slot)),
        ("tag", json!(timer.tag)),
        (
            "key",
            key.and_then(|key| key.into_iter().next())
                .unwrap_or(Json::Null),
        ),
        ("remaining", big(timer.remaining_us)),
        ("every", some_big(timer.every_us)),
        ("times", json!(timer.times)),
        ("args", raw(timer.args)),
        ("cron", json!(timer.cron)),
    ])
}

/// Reasons that have names, by them; others by their numbers.
macro_rules! reason {
    ($reason:expr, $of:ident) => {
        match $reason {
            $of::Other(number) => json!(number),
            known => Json::from(format!("{known:?}")),
        }
    };
}

/// The kind and the fields of a message.
pub(super) fn of(message: &Message<'_>) -> (&'static str, Json) {
    match message {
        Message::Request(it) => (
            "request",
            json!({ "id": it.id, "method": method(it.method), "header": header(&it.header), "args": raw(it.args) }),
        ),
        Message::Response(it) => ("response", outcome(it.id, &it.outcome)),
        Message::Notify(it) => (
            "notify",
            json!({ "method": method(it.method), "header": header(&it.header), "args": raw(it.args) }),
        ),
        Message::Cancel(id) => ("cancel", json!({ "id": id })),
        Message::StreamItem(it) => ("stream_item", json!({ "id": it.id, "item": raw(it.item) })),
        Message::StreamEnd(it) => match &it.outcome {
            Outcome::Returned(_) => ("stream_end", json!({ "id": it.id })),
            error => ("stream_end", outcome(it.id, error)),
        },
        Message::StreamCredit(it) => ("stream_credit", json!({ "id": it.id, "n": it.items })),
        Message::Sync(it) => {
            let Method {
                package,
                number,
                slot,
                tag,
            } = it.owner;
            let owner = json!([package, number, slot, tag]);
            (
                "sync",
                json!({ "owner": owner, "header": header(&it.header), "changes": raw(it.changes) }),
            )
        }
        Message::Ack(seq) => ("ack", json!({ "seq": big(*seq) })),
        Message::Ping(nonce) => ("ping", json!({ "nonce": big(*nonce) })),
        Message::Pong(nonce) => ("pong", json!({ "nonce": big(*nonce) })),
        Message::GoAway(it) => {
            let reason = reason!(it.reason, GoAwayReason);
            (
                "go_away",
                object([("reason", reason), ("text", words(it.text))]),
            )
        }
        Message::GoAwayAck => ("go_away_ack", Json::Object(Map::new())),
        Message::Hello(it) => ("hello", hello(it, None)),
        Message::HelloReply(it, digests) => ("hello_reply", hello(it, *digests)),
        Message::Digests(it) => ("digests", json!({ "digests": digests(*it) })),
        Message::WaitProbe(it) => (
            "wait_probe",
            json!({
                "probe": big(it.probe), "initiator": initiator(&it.initiator),
                "path": chain(it.path), "target": entity(&it.target),
            }),
        ),
        Message::WaitFound(it) => (
            "wait_found",
            json!({ "probe": big(it.probe), "initiator": initiator(&it.initiator), "path": chain(it.path) }),
        ),
        Message::Ignored(kind) => ("ignored", json!({ "kind": kind })),
        other => of_nodes_or_session(other),
    }
}

fn of_nodes_or_session(message: &Message<'_>) -> (&'static str, Json) {
    match message {
        Message::Locate(it) => (
            "locate",
            json!({ "entity": entity(&it.entity), "epoch_seen": big(it.epoch_seen) }),
        ),
        Message::At(it) => (
            "at",
            json!({ "entity": entity(&it.entity), "owner": owner(&it.owner) }),
        ),
        Message::NoOwner(it) => (
            "no_owner",
            json!({ "entity": entity(&it.entity), "reason": reason!(it.reason, NoOwnerReason) }),
        ),
        Message::Moved(it) => {
            let hint = it.hint.as_ref().map_or(Json::Null, owner);
            (
                "moved",
                object([
                    ("id", json!(it.id)),
                    ("epoch", big(it.epoch)),
                    ("hint", hint),
                ]),
            )
        }
        Message::Handoff(it) => {
            let timers: Json = it.timers.iter().map(|each| timer(&each)).collect();
            (
                "handoff",
                object([
                    ("entity", entity(&it.entity)),
                    ("epoch", big(it.epoch)),
                    ("from", incarnation(it.from)),
                    ("to", incarnation(it.to)),
                    ("schema", big(it.schema)),
                    ("volatile", raw(it.volatile)),
                    ("timers", timers),
                    ("session", it.session.map_or(Json::Null, raw)),
                ]),
            )
        }
        Message::HandoffDone(it) => (
            "handoff_done",
            json!({
                "entity": entity(&it.entity), "epoch": big(it.epoch), "ok": it.ok,
                "reason": reason!(it.reason, HandoffReason),
            }),
        ),
        Message::Release(it) => (
            "release",
            json!({ "entity": entity(&it.entity), "epoch": big(it.epoch) }),
        ),
        Message::Open(it) => (
            "open",
            object([
                ("session", it.session.map_or(Json::Null, uuid)),
                ("token", raw(it.token)),
                ("attempt", big(it.attempt)),
                ("rx", big(it.rx)),
                ("tx_lowest", big(it.tx_lowest)),
                ("tx_highest", big(it.tx_highest)),
                ("root", big(it.root)),
                ("mac", it.mac.map_or(Json::Null, |mac| raw(&mac))),
            ]),
        ),
        Message::Opened(it) => {
            let entities: Json = it.entities.iter().map(|each| entity(&each)).collect();
            (
                "opened",
                json!({
                    "session": uuid(it.session), "attempt": big(it.attempt), "rx": big(it.rx),
                    "window": it.terms.window, "window_bytes": it.terms.window_bytes,
                    "grace": big(it.terms.grace_us), "ack_delay": big(it.terms.ack_us),
                    "entities": entities,
                }),
            )
        }
        Message::Refused(it) => (
            "refused",
            object([
                ("session", it.session.map_or(Json::Null, uuid)),
                ("attempt", big(it.attempt)),
                ("reason", reason!(it.reason, SessionReason)),
                ("ran", some_big(it.ran)),
                ("text", words(it.text)),
            ]),
        ),
        Message::End(it) => (
            "end",
            object([
                ("session", uuid(it.session)),
                ("attempt", big(it.attempt)),
                ("reason", reason!(it.reason, SessionReason)),
                ("ran", some_big(it.ran)),
                ("text", words(it.text)),
            ]),
        ),
        Message::Msg(it) => (
            "msg",
            object([
                ("seq", big(it.seq)),
                ("ack", some_big(it.ack)),
                ("body", raw(it.body)),
            ]),
        ),
        Message::Latest(it) => (
            "latest",
            json!({
                "session": it.session, "entity": entity(&it.entity), "incarnation": big(it.incarnation),
                "base": big(it.base), "version": big(it.version), "body": raw(it.body),
            }),
        ),
        Message::Aside(it) => (
            "aside",
            json!({ "attempt": big(it.attempt), "number": big(it.number), "body": raw(it.body) }),
        ),
        Message::Detach(attempt) => ("detach", json!({ "attempt": big(*attempt) })),
        Message::Lost(it) => (
            "lost",
            json!({ "link": big(it.link), "attempt": big(it.attempt) }),
        ),
        Message::Redirect(it) => (
            "redirect",
            json!({
                "link": big(it.link), "attempt": big(it.attempt), "node": it.node,
                "incarnation": incarnation(it.incarnation), "open": raw(it.open),
            }),
        ),
        Message::Attached(it) => (
            "attached",
            object([
                ("link", big(it.link)),
                ("attempt", big(it.attempt)),
                (
                    "admission",
                    it.admission.as_ref().map_or(Json::Null, |it| {
                        object([
                            ("binding", it.binding.map_or(Json::Null, raw)),
                            ("entity", entity(&it.entity)),
                            ("login_no", some_big(it.login_no)),
                        ])
                    }),
                ),
                ("message", raw(it.message)),
            ]),
        ),
        Message::Fan(it) => {
            let links = it.links.iter();
            let links: Json = links
                .map(|it| json!([big(it.link), big(it.attempt), big(it.seq)]))
                .collect();
            ("fan", json!({ "links": links, "body": raw(it.body) }))
        }
        other => panic!("{other:?} has no name: give it one here and in KINDS"),
    }
}
