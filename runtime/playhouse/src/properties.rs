//! Properties of components and entities, and what changed of them.
//!
//! A generated property struct (`Inventory`) holds the values and a [`Tracker`]. Each setter and each guard
//! ([`MapMut`], [`ListMut`], [`SetMut`]) notes what it changed, down to a key or an index, for those of two
//! consumers that look at the property: the store ([`Consumer::Persist`]) and the observers ([`Consumer::Sync`]).
//! Each takes the changes at its own pace:
//!
//! 1. [`Properties::changed`]: which properties changed since the last time.
//! 2. [`Properties::encode_changes`]: as bytes, for as many audiences as there are.
//! 3. [`Properties::clear_changes`]: from here on anew.
//!
//! What hasn't changed costs a pointer a struct and a pointer a container.

mod list;
mod map;
mod masks;
mod plain;
mod set;
mod tags;
mod touched;
mod tracker;

pub use list::{ListMut, TrackedList, apply_list};
pub use map::{MapMut, TrackedMap, apply_map};
pub use plain::{Quantize, Round, apply, set, set_rounded};
pub use set::{SetMut, TrackedSet, apply_set};
pub use tags::Tags;
pub use tracker::{Consumer, Tracker, Watch};

pub use crate::descriptor::{Audience, AudienceKind};

use playhouse_wire::{Encode, Error, Problem, Reader, Result, Writer};

/// A generated property struct.
pub trait Properties {
    /// What the schema says about the properties.
    const PROPERTIES: &'static [crate::descriptor::Property];
    /// The properties that are persisted.
    const PERSISTED: Tags = masks::persisted(Self::PROPERTIES);
    /// The properties that move with the entity: those that are persisted, and those marked `@handoff`.
    const MOVED: Tags = masks::moved(Self::PROPERTIES);
    /// The properties that anybody sees.
    const SYNCED: Tags = masks::synced(Self::PROPERTIES);
    /// The properties synced to `owner`.
    const SYNCED_TO_OWNER: Tags = masks::synced_to(Self::PROPERTIES, &Audience::Owner);
    /// The properties synced to `all`.
    const SYNCED_TO_ALL: Tags = masks::synced_to(Self::PROPERTIES, &Audience::All);
    /// The properties synced to `others`.
    const SYNCED_TO_OTHERS: Tags = masks::synced_to(Self::PROPERTIES, &Audience::Others);
    /// The properties synced to `near`.
    const SYNCED_TO_NEAR: Tags = masks::synced_to(Self::PROPERTIES, &Audience::Near);

    /// The properties synced to a declared audience.
    #[must_use]
    fn synced_to(audience: &'static AudienceKind) -> Tags {
        masks::synced_to_named(Self::PROPERTIES, audience)
    }

    /// Which properties may have changed.
    fn tracker(&self) -> &Tracker;

    /// The property with this tag.
    fn property(&self, tag: u8) -> Option<Property<'_>>;

    /// Reads a change of the property with this tag; false if there is none.
    ///
    /// # Errors
    ///
    /// If the change can't be read or breaks a bound; the property is as it was.
    fn apply_change(&mut self, tag: u8, r: &mut Reader<'_>) -> Result<bool>;

    /// Forgets what changed for `consumer`.
    fn clear_changes(&mut self, consumer: Consumer);

    /// The properties that changed for `consumer`.
    fn changed(&self, consumer: Consumer) -> Tags {
        let touched = self.tracker().touched(consumer);
        touched.filter(|tag| {
            self.property(tag)
                .is_some_and(|held| held.is_changed(consumer))
        })
    }

    /// Writes the changes for `consumer` of the properties `among`; false, and nothing, if there are none.
    fn encode_changes(&self, consumer: Consumer, among: Tags, w: &mut Writer) -> bool {
        let tags = self.changed(consumer).and(among);
        if tags.is_empty() {
            return false;
        }
        w.map(tags.len());
        for tag in tags {
            w.unsigned(tag.into());
            if let Some(property) = self.property(tag) {
                property.encode_change(consumer, w);
            }
        }
        true
    }

    /// Writes the properties `among` in full, in the form that `consumer` gets.
    fn encode_all(&self, consumer: Consumer, among: Tags, w: &mut Writer) {
        let tags = among.filter(|tag| self.property(tag).is_some());
        w.map(tags.len());
        for tag in tags {
            w.unsigned(tag.into());
            if let Some(property) = self.property(tag) {
                property.encode_all(consumer, w);
            }
        }
    }

    /// Reads changes, or all, of properties: those `among` are taken over, others are passed over. Returns which came.
    ///
    /// This is the receiver's side: nothing is noted as changed.
    ///
    /// # Errors
    ///
    /// If a change can't be read or breaks a bound. Properties that came before it have changed.
    fn apply(&mut self, among: Tags, r: &mut Reader<'_>) -> Result<Tags> {
        let mut applied = Tags::NONE;
        for _ in 0..r.enter_map()? {
            let start = r.offset();
            let tag = r.u8()?;
            if applied.contains(tag) {
                return Err(Error::at(Problem::Duplicate, start).key(&tag));
            }
            if among.contains(tag) && self.apply_change(tag, r)? {
                applied = applied.with(tag);
            } else {
                r.skip()?;
            }
        }
        r.leave();
        Ok(applied)
    }
}

/// A property as the consumers see it.
#[derive(Clone, Copy)]
pub enum Property<'p> {
    /// A value that changes as a whole.
    Plain(&'p dyn Encode),
    /// A value that changes as a whole and whose floats are rounded to a step for sync.
    Rounded(&'p dyn Quantize, f64),
    /// A map, set or list, which changes in part.
    Container(&'p dyn Container),
}

/// A map, set or list that knows which of its parts changed.
pub trait Container {
    /// Whether anything changed for `consumer`.
    fn is_changed(&self, consumer: Consumer) -> bool;

    /// Writes the change for `consumer`.
    fn encode_change(&self, consumer: Consumer, w: &mut Writer);

    /// Writes all of it, in the form of a change.
    fn encode_all(&self, w: &mut Writer);
}

impl Property<'_> {
    fn is_changed(&self, consumer: Consumer) -> bool {
        match self {
            Self::Plain(_) | Self::Rounded(..) => true,
            Self::Container(container) => container.is_changed(consumer),
        }
    }

    fn encode_change(&self, consumer: Consumer, w: &mut Writer) {
        match self {
            Self::Container(container) => container.encode_change(consumer, w),
            Self::Plain(_) | Self::Rounded(..) => self.encode_all(consumer, w),
        }
    }

    pub(crate) fn encode_all(&self, consumer: Consumer, w: &mut Writer) {
        match self {
            Self::Plain(value) => value.encode(w),
            Self::Rounded(value, step) if consumer == Consumer::Sync => {
                value.encode_rounded(*step, w)
            }
            Self::Rounded(value, _) => value.encode_exact(w),
            Self::Container(container) => container.encode_all(w),
        }
    }
}

impl std::fmt::Debug for Property<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Plain(_) => "Plain",
            Self::Rounded(..) => "Rounded",
            Self::Container(_) => "Container",
        })
    }
}
