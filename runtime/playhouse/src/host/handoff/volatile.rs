//! What of an entity moves with it though it is not saved: its properties that the schema marks `@handoff`.

use std::any::Any;
use std::marker::PhantomData;

use playhouse_wire::message::HANDOFF_VALUE_BYTES_MAX;
use playhouse_wire::{Error, Limits, Reader, Writer};

use super::super::cell::{Access, EntityCell, Hosted};
use crate::logic::Entity;
use crate::properties::{Consumer, Properties, Tags};

/// No value, as MessagePack.
const NIL: &[u8] = &[0xc0];

/// The parts of an entity type that have such properties.
#[derive(Default)]
pub(in crate::host) struct Moving(Vec<MovingPart>);

/// The entity itself, or one of its slots.
pub(in crate::host) struct MovingPart {
    slot: u8,
    run: Box<dyn MovePart>,
}

trait MovePart {
    fn write(&self, cell: &dyn Hosted, w: &mut Writer);
    fn read(&self, cell: &dyn Hosted, r: &mut Reader<'_>) -> Result<(), Error>;
}

struct PartOf<E, L, P, G> {
    access: G,
    of: fn(&mut L) -> &mut P,
    part: PhantomData<fn() -> E>,
}

fn marked<P: Properties>() -> Tags {
    P::MOVED.filter(|tag| !P::PERSISTED.contains(tag))
}

/// The part in this slot; nothing if none of its properties is marked.
pub(in crate::host) fn moving_part<E, L, P, G>(
    slot: u8,
    access: G,
    of: fn(&mut L) -> &mut P,
) -> Option<MovingPart>
where
    E: Entity,
    L: 'static,
    P: Properties + 'static,
    G: Access<E, L>,
{
    (!marked::<P>().is_empty()).then(|| MovingPart {
        slot,
        run: Box::new(PartOf::<E, L, P, G> {
            access,
            of,
            part: PhantomData,
        }),
    })
}

impl<E: Entity, L: 'static, P: Properties, G: Access<E, L>> MovePart for PartOf<E, L, P, G> {
    fn write(&self, cell: &dyn Hosted, w: &mut Writer) {
        let cell = (cell as &dyn Any).downcast_ref::<EntityCell<E>>();
        // Nothing runs on an entity that moves.
        match cell.map(|cell| self.access.of(cell).try_borrow_mut()) {
            Some(Ok(mut logic)) => {
                (self.of)(&mut logic).encode_all(Consumer::Persist, marked::<P>(), w)
            }
            _ => w.map(0),
        }
    }

    fn read(&self, cell: &dyn Hosted, r: &mut Reader<'_>) -> Result<(), Error> {
        let cell = (cell as &dyn Any).downcast_ref::<EntityCell<E>>();
        match cell.map(|cell| self.access.of(cell).try_borrow_mut()) {
            Some(Ok(mut logic)) => (self.of)(&mut logic).apply(marked::<P>(), r).map(drop),
            _ => r.skip(),
        }
    }
}

impl Moving {
    pub(in crate::host) fn add(&mut self, part: Option<MovingPart>) {
        self.0.extend(part);
    }

    /// The marked properties of an entity, by slot and tag; nothing if they are more than a message may hold.
    pub(super) fn write(&self, cell: &dyn Hosted) -> Option<Vec<u8>> {
        let mut w = Writer::new();
        if self.0.is_empty() {
            w.nil();
        } else {
            w.map(self.0.len());
            for part in &self.0 {
                w.unsigned(part.slot.into());
                part.run.write(cell, &mut w);
            }
        }
        let bytes = w.into_bytes();
        if bytes.len() > HANDOFF_VALUE_BYTES_MAX {
            tracing::warn!(
                entity = ?cell.header().key,
                bytes = bytes.len(),
                "what is marked `@handoff` is more than can move with the entity: at most {HANDOFF_VALUE_BYTES_MAX} bytes"
            );
            return None;
        }
        Some(bytes)
    }

    /// Takes over what came. A property that can't be read, of another release of the schema, stays as it is, with those after it.
    pub(super) fn read(&self, cell: &dyn Hosted, bytes: &[u8]) -> Result<(), Error> {
        if bytes == NIL {
            return Ok(());
        }
        let limits = Limits::DEFAULT;
        let mut r = Reader::new(bytes, &limits);
        for _ in 0..r.enter_map()? {
            let slot = r.u8()?;
            match self.0.iter().find(|part| part.slot == slot) {
                Some(part) => part.run.read(cell, &mut r)?,
                None => r.skip()?,
            }
        }
        r.leave();
        r.end()
    }
}
