//! What the client knows of the schema at run time: digests for the hello, and whose call a message carries.

use std::cell::RefCell;

use playhouse::descriptor::{Declaration, Schema};
use playhouse_wire::Method;
use playhouse_wire::link::Identity;
use playhouse_wire::message::{Role, TypeDigest};
use rustc_hash::FxHashMap;

/// A call by its owner: package and number of the component, entity or service, and the call's tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct CallKey {
    pub(crate) package: u16,
    pub(crate) number: u16,
    pub(crate) tag: u8,
}

/// Most methods whose owner is remembered: a peer must not make it grow.
const OWNERS_MAX: usize = 4096;

/// Whose calls methods are: a slot's are those of the component that fills it.
#[derive(Debug)]
pub(crate) struct Owners {
    schema: &'static Schema,
    known: RefCell<FxHashMap<u64, Option<CallKey>>>,
}

impl Owners {
    pub(crate) fn new(schema: &'static Schema) -> Self {
        Self {
            schema,
            known: RefCell::default(),
        }
    }

    /// The call that `method` names, if the schema has its entity and slot.
    pub(crate) fn of(&self, method: Method) -> Option<CallKey> {
        let packed = method.pack();
        let mut known = self.known.borrow_mut();
        if let Some(key) = known.get(&packed) {
            return *key;
        }
        let key = self.find(method);
        if known.len() < OWNERS_MAX {
            known.insert(packed, key);
        }
        key
    }

    fn find(&self, method: Method) -> Option<CallKey> {
        let (package, number) = match method.slot {
            0 => (method.package, method.number),
            slot => {
                let entity = self.schema.entity(method.package, method.number)?;
                let component = entity.slot_by_tag(slot)?.component;
                (component.package, component.number)
            }
        };
        Some(CallKey {
            package,
            number,
            tag: method.tag,
        })
    }
}

/// What the client says of itself.
pub(crate) fn identity(schema: &'static Schema, name: &str) -> Identity {
    let modules = schema.packages.iter().flat_map(|package| package.modules);
    let digests = modules
        .flat_map(|module| module.declarations)
        .filter_map(|declaration| {
            let (package, number, digest) = match declaration {
                Declaration::Component(it) => (it.package, it.number, it.digest),
                Declaration::Entity(it) => (it.package, it.number, it.digest),
                Declaration::Service(it) => (it.package, it.number, it.digest),
                _ => return None,
            };
            Some(TypeDigest {
                package,
                number,
                digest,
            })
        });
    Identity {
        root: schema.digest,
        release: schema.release,
        digests: digests.collect(),
        ..Identity::new(Role::Client, name)
    }
}
