//! Calls and their parameters as elements.

use super::{
    Fact, Facts, Kind,
    collect::{Collector, Own},
};
use crate::{
    evolution::key::{Key, Space, full_name},
    model::{Call, CallKind},
};

pub(super) fn collect(collector: &mut Collector<'_>, parent: &Key, path: &str, calls: &[Call]) {
    for call in calls {
        let key = parent.step(Space::Call, call.tag);
        let at = collector.next();
        for param in &call.params {
            let mut facts = collector.member_facts(param);
            facts.mark(Fact::Input, call.exposed.is_some());
            let key = key.step(Space::Param, param.tag);
            collector.add(key, Kind::Parameter, Own::member(param, path), facts);
        }
        let own = Own {
            name: &call.name,
            marks: &call.marks,
            path,
            line: call.line,
            span: call.span,
        };
        let facts = call_facts(collector, call);
        collector.add(key, call_kind(call.kind), own, facts);
        collector.lead(at);
    }
}

const fn call_kind(kind: CallKind) -> Kind {
    match kind {
        CallKind::Rpc => Kind::Rpc,
        CallKind::Oneway => Kind::Oneway,
        CallKind::Event => Kind::Event,
        CallKind::Timer => Kind::Timer,
        CallKind::ClientRpc => Kind::ClientRpc,
    }
}

fn call_facts(collector: &Collector<'_>, call: &Call) -> Facts {
    let model = collector.model;
    let mut facts = Facts::default();
    facts.set_if(
        Fact::Result,
        call.result.as_ref().map(|ty| collector.form(ty)),
    );
    facts.mark(Fact::Stream, call.stream);
    if let Some(error) = call.throws {
        facts.set(
            Fact::Throws,
            full_name(model, &model.types[error.0 as usize].head),
        );
    }
    if !call.to.is_empty() {
        let mut to: Vec<String> = call.to.iter().map(|to| collector.audience(*to)).collect();
        to.sort();
        facts.set(Fact::To, to.join("|"));
    }
    if let Some(exposed) = &call.exposed {
        facts.set(Fact::Rate, format!("{}/{}", exposed.count, exposed.per_us));
        facts.set(Fact::Burst, exposed.burst.to_string());
        facts.mark(Fact::Guest, exposed.guest);
        if let Some(audience) = exposed.audience {
            facts.set(
                Fact::For,
                full_name(model, &model.audiences[audience.0 as usize].head),
            );
        }
    }
    facts.mark(Fact::Input, call.kind == CallKind::ClientRpc);
    facts.set_if(Fact::Deadline, call.deadline_us);
    facts.mark(Fact::Idempotent, call.idempotent);
    facts.mark(Fact::Committed, call.committed);
    facts.mark(Fact::Durable, call.durable);
    facts.set_if(Fact::Expires, call.expires_us);
    facts.mark(Fact::Unreliable, call.unreliable);
    facts
}
