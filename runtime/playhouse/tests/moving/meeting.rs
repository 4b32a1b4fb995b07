//! A membership in the test's own hands: who drives a seat is there, at once and for all.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use playhouse::cluster::Membership;
use playhouse_cluster::{Backend, Driver, Member};
use tokio::sync::watch;

/// Who is there.
#[derive(Debug, Clone)]
pub(crate) struct Meeting(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    members: Mutex<BTreeMap<Arc<str>, Arc<Member>>>,
    changes: watch::Sender<u64>,
}

impl Default for Meeting {
    fn default() -> Self {
        Self(Arc::new(Inner {
            members: Mutex::default(),
            changes: watch::Sender::new(0),
        }))
    }
}

impl Meeting {
    /// A node is there, as it says itself or a test does.
    pub(crate) fn set(&self, member: Arc<Member>) {
        let name = Arc::clone(&member.name);
        self.0.members.lock().unwrap().insert(name, member);
        self.0.changes.send_modify(|changes| *changes += 1);
    }

    /// A node is not there any more, as far as anybody hears.
    pub(crate) fn forget(&self, name: &str) {
        self.0.members.lock().unwrap().remove(name);
        self.0.changes.send_modify(|changes| *changes += 1);
    }

    fn members(&self) -> Vec<Arc<Member>> {
        self.0.members.lock().unwrap().values().cloned().collect()
    }
}

impl Backend for Meeting {
    fn drive(
        &self,
        driver: Driver,
        _system: tokio::runtime::Handle,
    ) -> Pin<Box<dyn Future<Output = ()>>> {
        let meeting = self.clone();
        Box::pin(async move {
            let mut driver = driver;
            let mut changes = meeting.0.changes.subscribe();
            let name = Arc::clone(&driver.me.borrow().name);
            meeting.set(driver.me.borrow_and_update().clone());
            driver.board.publish(meeting.members(), 0);
            driver.board.opened(Ok(()));
            loop {
                tokio::select! {
                    biased;
                    () = driver.leaving.wait() => break,
                    changed = driver.me.changed() => {
                        if changed.is_err() {
                            break;
                        }
                        meeting.set(driver.me.borrow_and_update().clone());
                    }
                    _ = changes.changed() => driver.board.publish(meeting.members(), 0),
                }
            }
            meeting.forget(&name);
        })
    }
}

impl Membership for Meeting {}
