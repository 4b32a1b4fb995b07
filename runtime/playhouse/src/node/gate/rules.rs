//! What clients may do: which calls, of whom, how often. Judged from the method and the header, before any argument
//! is read.

use playhouse_wire::EntityRef;
use playhouse_wire::message::{Header, Method};
use rustc_hash::FxHashMap;

use super::super::tool::served;
use crate::call::{Failure, FailureKind};
use crate::descriptor::{
    AudienceKind, Call, CallKind, Declaration, Entity, Exposed, Package, Schema, Service,
};
use crate::rate::{Bucket, Rate};

/// Which calls of a schema clients may make.
#[derive(Debug)]
pub(in crate::node) struct Gate {
    rules: FxHashMap<u64, Rule>,
}

/// What is to be known of a call when a client makes it.
#[derive(Debug, Clone, Copy)]
pub(in crate::node) struct Rule {
    /// None: not for clients.
    exposed: Option<Exposed>,
    pub(in crate::node) kind: CallKind,
    /// Of an entity or a component in one of its slots, not of a service.
    entity: bool,
}

/// How often a client has made each of its calls. At most one bucket for each call that is exposed.
#[derive(Debug, Default)]
pub(in crate::node) struct Rates(FxHashMap<u64, Bucket>);

impl Gate {
    pub(in crate::node) fn new(schema: &'static Schema) -> Self {
        let mut gate = Self {
            rules: FxHashMap::default(),
        };
        for declaration in schema.packages.iter().flat_map(Package::declarations) {
            match declaration {
                Declaration::Service(service) => gate.add_service(service),
                Declaration::Entity(entity) => gate.add_entity(entity),
                _ => {}
            }
        }
        gate
    }

    fn add_service(&mut self, service: &Service) {
        let method = Method {
            package: service.package,
            number: service.number,
            slot: 0,
            tag: 0,
        };
        self.add(method, service.calls, false, false);
    }

    fn add_entity(&mut self, entity: &Entity) {
        let method = Method {
            package: entity.package,
            number: entity.number,
            slot: 0,
            tag: 0,
        };
        self.add(method, entity.calls, true, false);
        for slot in entity.slots {
            let method = Method {
                slot: slot.tag,
                ..method
            };
            self.add(method, slot.component.calls, true, slot.hidden);
        }
    }

    fn add(&mut self, method: Method, calls: &'static [Call], entity: bool, hidden: bool) {
        for call in calls.iter().filter(|call| served(call)) {
            let method = Method {
                tag: call.tag,
                ..method
            };
            let rule = Rule {
                exposed: call.exposed.filter(|_| !hidden),
                kind: call.kind,
                entity,
            };
            self.rules.insert(method.pack(), rule);
        }
    }

    /// Whether a client whose session is bound to `bound` may make this call, whatever its rate.
    pub(in crate::node) fn judge(
        &self,
        method: Method,
        header: &Header<'_>,
        bound: Option<&EntityRef>,
        in_audience: impl FnOnce(&EntityRef, &'static AudienceKind) -> bool,
    ) -> Result<(Rule, Exposed), Failure> {
        let Some(rule) = self.rules.get(&method.pack()) else {
            return Err(Failure::not_executed(FailureKind::Unimplemented));
        };
        let Some(exposed) = rule.exposed else {
            return Err(denied("the call is not exposed to clients"));
        };
        if header.local.is_some() {
            return Err(denied(
                "local entities are reached through their owner alone",
            ));
        }
        if rule.entity {
            let Some(bound) = bound else {
                return Err(denied("open a session first"));
            };
            let own_type = (bound.package, bound.number) == (method.package, method.number);
            // Without a key the client means the only one it may.
            let own_key = header.target.as_ref().is_none_or(|key| *key == bound.key);
            if !own_type || !own_key {
                return Err(denied("the session is bound to another entity"));
            }
        } else if header.target.is_some() {
            return Err(denied("a service has no key"));
        } else if bound.is_none() && !exposed.guest {
            return Err(denied("open a session first"));
        }
        if let Some(audience) = exposed.audience
            && !bound.is_some_and(|bound| in_audience(bound, audience))
        {
            return Err(denied(
                "the client is not in the audience that the call is for",
            ));
        }
        Ok((*rule, exposed))
    }
}

impl Rule {
    /// Whether it is made on an entity, or on a component in one of its slots.
    pub(in crate::node) const fn is_entity(&self) -> bool {
        self.entity
    }

    /// It was made in the wrong way.
    #[cold]
    pub(in crate::node) fn wrong_kind(self) -> Failure {
        Failure::not_executed(FailureKind::Invalid).because(match self.kind {
            CallKind::Oneway => "a oneway is sent without waiting for an answer",
            _ => "an rpc is sent with an id, by which it is answered",
        })
    }
}

impl Rates {
    /// Counts one more call of this method.
    pub(in crate::node) fn take(
        &mut self,
        method: Method,
        rate: Rate,
        now_us: u64,
    ) -> Result<(), Failure> {
        let bucket = self.0.entry(method.pack()).or_default();
        if bucket.take(rate, now_us) {
            return Ok(());
        }
        let failure = Failure::not_executed(FailureKind::RateLimited);
        Err(match bucket.wait_us(rate, now_us) {
            Some(wait_us) => failure.because(format!("try again in {} ms", wait_us.div_ceil(1000))),
            None => failure,
        })
    }
}

#[cold]
fn denied(why: &str) -> Failure {
    Failure::not_executed(FailureKind::Denied).because(why)
}
