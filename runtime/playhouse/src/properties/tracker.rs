//! Which properties were touched, for each consumer.

use super::Tags;

/// Who looks at changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consumer {
    /// The store.
    Persist,
    /// The observers.
    Sync,
}

/// Who looks at one property: its tag, and the consumers it has.
#[derive(Debug, Clone, Copy)]
pub struct Watch {
    pub(super) tag: u8,
    pub(super) persist: bool,
    pub(super) sync: bool,
}

impl Watch {
    /// The property with this tag, which nobody looks at.
    #[must_use]
    pub const fn new(tag: u8) -> Self {
        Self {
            tag,
            persist: false,
            sync: false,
        }
    }

    /// The store looks at it.
    #[must_use]
    pub const fn persist(mut self) -> Self {
        self.persist = true;
        self
    }

    /// Observers look at it.
    #[must_use]
    pub const fn sync(mut self) -> Self {
        self.sync = true;
        self
    }
}

/// The properties that were touched since each consumer last cleared them. One pointer wide; empty while nothing is.
#[derive(Debug, Clone, Default)]
pub struct Tracker(Option<Box<Touched>>);

#[derive(Debug, Clone, Default)]
struct Touched {
    persist: Tags,
    sync: Tags,
}

impl Tracker {
    /// Nothing was touched.
    #[must_use]
    pub const fn new() -> Self {
        Self(None)
    }

    /// Notes that a property changed, for those who look at it.
    pub fn touch(&mut self, watch: Watch) {
        if !(watch.persist || watch.sync) {
            return;
        }
        let touched = self.0.get_or_insert_default();
        if watch.persist {
            touched.persist = touched.persist.with(watch.tag);
        }
        if watch.sync {
            touched.sync = touched.sync.with(watch.tag);
        }
    }

    /// What was touched. A container that was only borrowed counts; it knows itself whether it changed.
    #[must_use]
    pub fn touched(&self, consumer: Consumer) -> Tags {
        match (&self.0, consumer) {
            (None, _) => Tags::NONE,
            (Some(touched), Consumer::Persist) => touched.persist,
            (Some(touched), Consumer::Sync) => touched.sync,
        }
    }

    /// Forgets what was touched for `consumer`.
    pub fn clear(&mut self, consumer: Consumer) {
        if let Some(touched) = &mut self.0 {
            match consumer {
                Consumer::Persist => touched.persist = Tags::NONE,
                Consumer::Sync => touched.sync = Tags::NONE,
            }
            if touched.persist.is_empty() && touched.sync.is_empty() {
                self.0 = None;
            }
        }
    }
}
