//! The links that a shard has dialled, one for each address.
//!
//! Whoever wants to send asks for the [`Link`] of an [`Address`] and gets one at once: the one that lives, the one that is
//! being dialled (what is sent on it waits, bounded, and goes out in order), or a new one. An address that could not be
//! reached is left alone for a while, and everybody is refused at once until then.

mod address;
mod backoff;

use std::{cell::RefCell, collections::BTreeMap, fmt, rc::Rc};

use playhouse_wire::message::{FailureKind, GoAwayReason};
use tokio::{
    task::AbortHandle,
    time::{Instant, sleep_until},
};

use crate::{
    link::{Link, LinkHandler, LinkOptions, Refused},
    network::Network,
    random::Random,
};

pub use self::address::Address;
pub use self::backoff::{BACKOFF_LEAST, BACKOFF_MOST, Backoff};

/// Most addresses that a shard has links to or waits for.
pub const ADDRESSES_MAX: usize = 4096;

/// Makes the owner of a new link to an address.
pub type Handlers = Rc<dyn Fn(&Address) -> Rc<dyn LinkHandler>>;

/// The dialled links of one shard. Clones are the same links.
#[derive(Clone)]
pub struct Links {
    shared: Rc<Shared>,
}

struct Shared {
    network: Rc<dyn Network>,
    options: LinkOptions,
    backoff: Backoff,
    random: Random,
    handlers: Handlers,
    slots: RefCell<BTreeMap<Address, Slot>>,
    /// Links whose peers go away: another may have taken their place.
    leaving: RefCell<Vec<Link>>,
}

/// What is known of an address.
#[derive(Default)]
struct Slot {
    link: Option<Link>,
    failures: u32,
    /// Until when it is left alone, and why.
    pause: Option<(Instant, Refused)>,
    /// The task that redials it by itself.
    keeper: Option<AbortHandle>,
}

impl Links {
    /// No links yet. `handlers` makes the owner of each new one. If the identity in `options` has a lane, it is that of the
    /// first lane of each address, and the 255 after it are those of the others.
    #[must_use]
    pub fn new(
        network: Rc<dyn Network>,
        options: LinkOptions,
        backoff: Backoff,
        random: Random,
        handlers: Handlers,
    ) -> Self {
        Self {
            shared: Rc::new(Shared {
                network,
                options,
                backoff,
                random,
                handlers,
                slots: RefCell::default(),
                leaving: RefCell::default(),
            }),
        }
    }

    /// The link to `address`, dialled now if there is none. Never waits.
    ///
    /// # Errors
    ///
    /// If the address could not be reached and is left alone, with the reason; or if there are too many addresses.
    pub fn link(&self, address: &Address) -> Result<Link, Refused> {
        if let Some(link) = self.shared.living(address)? {
            return Ok(link);
        }
        let handler = (self.shared.handlers)(address);
        let mut options = self.shared.options.clone();
        if options.identity.lane != 0 {
            options.identity.lane += u32::from(address.lane());
        }
        let network = self.shared.network.clone();
        let link = Link::dial(network, address.host(), options, handler);
        let mut slots = self.shared.slots.borrow_mut();
        slots.entry(address.clone()).or_default().link = Some(link.clone());
        Ok(link)
    }

    /// Dials `address` now, and again whenever its link is lost, until [`release`](Self::release).
    pub fn keep(&self, address: &Address) {
        let mut slots = self.shared.slots.borrow_mut();
        let slot = slots.entry(address.clone()).or_default();
        if slot.keeper.is_none() {
            let (links, address) = (self.clone(), address.clone());
            let keeper = tokio::task::spawn_local(async move { links.keep_dialled(address).await });
            slot.keeper = Some(keeper.abort_handle());
        }
    }

    /// Undoes [`keep`](Self::keep). The link stays as long as it lives.
    pub fn release(&self, address: &Address) {
        if let Some(slot) = self.shared.slots.borrow_mut().get_mut(address)
            && let Some(keeper) = slot.keeper.take()
        {
            keeper.abort();
        }
    }

    async fn keep_dialled(&self, address: Address) {
        loop {
            match self.link(&address) {
                Ok(link) => drop(link.closed().await),
                Err(_) => {
                    let until = self.shared.paused_until(&address);
                    // Without a pause there were too many addresses.
                    let until = until.unwrap_or_else(|| Instant::now() + self.shared.backoff.most);
                    sleep_until(until).await;
                }
            }
        }
    }

    /// Whether an address could not be reached, so that it is left alone just now.
    #[must_use]
    pub fn is_left_alone(&self, address: &Address) -> bool {
        let mut slots = self.shared.slots.borrow_mut();
        let slot = slots.get_mut(address);
        slot.is_some_and(|slot| {
            let is_over = slot.link.as_ref().is_none_or(Link::is_closed);
            is_over && self.shared.settle(address, slot).is_err()
        })
    }

    /// The links that are not over, in the order of their addresses; then those whose peers go away.
    #[must_use]
    pub fn all(&self) -> Vec<Link> {
        let slots = self.shared.slots.borrow();
        let leaving = self.shared.leaving.borrow();
        let links = slots.values().filter_map(|slot| slot.link.as_ref());
        links
            .chain(leaving.iter())
            .filter(|link| !link.is_closed())
            .cloned()
            .collect()
    }

    /// Ends all links and keeps no address any more.
    pub fn close_all(&self, reason: GoAwayReason, text: &str) {
        for slot in self.shared.slots.borrow_mut().values_mut() {
            if let Some(keeper) = slot.keeper.take() {
                keeper.abort();
            }
        }
        for link in self.all() {
            link.close(reason, text);
        }
    }
}

impl Shared {
    /// The link to use, none if one is to be dialled.
    fn living(&self, address: &Address) -> Result<Option<Link>, Refused> {
        let mut slots = self.slots.borrow_mut();
        if let Some(slot) = slots.get_mut(address) {
            if let Some(link) = &slot.link
                && link.takes_requests()
            {
                return Ok(Some(link.clone()));
            }
            return self.settle(address, slot).map(|()| None);
        }
        if slots.len() >= ADDRESSES_MAX {
            let now = Instant::now();
            slots.retain(|_, slot| slot.is_needed(now));
        }
        if slots.len() >= ADDRESSES_MAX {
            return Err(Refused::new(
                FailureKind::Overloaded,
                format!("no link to {address}: there are {ADDRESSES_MAX} addresses already"),
            ));
        }
        Ok(None)
    }

    /// Draws the consequences of a link that takes nothing any more: dial again, or leave the address alone.
    fn settle(&self, address: &Address, slot: &mut Slot) -> Result<(), Refused> {
        if let Some(link) = slot.link.take() {
            if let Some((ended, reason)) = link.end() {
                let opened = link.opened_at();
                let lived = opened.is_some_and(|opened| ended - opened >= self.backoff.least);
                if lived {
                    slot.failures = 0;
                } else {
                    slot.failures = slot.failures.saturating_add(1);
                    let until = ended + self.backoff.pause(slot.failures, &self.random);
                    let text = format!("no link to {address}: {reason}");
                    slot.pause = Some((until, Refused::new(reason.failure_kind(), text)));
                }
            } else {
                slot.failures = 0;
                let mut leaving = self.leaving.borrow_mut();
                leaving.retain(|link| !link.is_closed());
                leaving.push(link);
            }
        }
        match &slot.pause {
            Some((until, refused)) if Instant::now() < *until => Err(refused.clone()),
            _ => {
                slot.pause = None;
                Ok(())
            }
        }
    }

    fn paused_until(&self, address: &Address) -> Option<Instant> {
        let slots = self.slots.borrow();
        let (until, _) = slots.get(address)?.pause.as_ref()?;
        Some(*until)
    }
}

impl Slot {
    /// Whether forgetting it would lose a link, a pause or a keeper.
    fn is_needed(&self, now: Instant) -> bool {
        self.keeper.is_some()
            || self.link.as_ref().is_some_and(|link| !link.is_closed())
            || self.pause.as_ref().is_some_and(|(until, _)| now < *until)
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all()).finish()
    }
}
