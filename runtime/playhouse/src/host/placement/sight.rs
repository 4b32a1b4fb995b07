//! Who is there, as a shard saw it last: read anew only when it has changed.
//!
//! A view is shared by all threads of the node. To take a copy for each call would have the shards change one count of
//! references by turns, which costs more than all that is looked up in it.

use std::cell::RefCell;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

use playhouse_cluster::{Seat, View, watch};

/// What a shard saw last.
#[derive(Default)]
pub(super) struct Sight(RefCell<Option<Looked>>);

struct Looked {
    views: watch::Receiver<Arc<View>>,
    view: Rc<Seen>,
}

/// A view that all of one shard share.
pub(super) struct Seen(Arc<View>);

impl Deref for Seen {
    type Target = View;

    fn deref(&self) -> &View {
        &self.0
    }
}

impl Sight {
    /// Who is there now.
    pub(super) fn view(&self, seat: &Seat) -> Rc<Seen> {
        let mut looked = self.0.borrow_mut();
        match &mut *looked {
            Some(looked) => {
                if looked.views.has_changed().unwrap_or(true) {
                    looked.view = Rc::new(Seen(Arc::clone(&looked.views.borrow_and_update())));
                }
                Rc::clone(&looked.view)
            }
            None => {
                let mut views = seat.views();
                let view = Rc::new(Seen(Arc::clone(&views.borrow_and_update())));
                *looked = Some(Looked {
                    views,
                    view: Rc::clone(&view),
                });
                view
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use playhouse_cluster::{Member, seat};

    use super::*;

    #[test]
    fn what_changed_is_seen_at_once() {
        let (seat, driver) = seat(Member::new("a", 1, "a:7000"));
        let sight = Sight::default();
        let first = sight.view(&seat);
        assert!(first.get("a").is_some());
        assert!(Rc::ptr_eq(&first, &sight.view(&seat)), "read anew");
        let members = ["a", "b"].map(|name| Arc::new(Member::new(name, 1, "x")));
        driver.board.publish(members, 0);
        assert!(sight.view(&seat).get("b").is_some());
        // A membership that is over shows what it showed last.
        drop(driver);
        assert!(sight.view(&seat).get("b").is_some());
    }
}
