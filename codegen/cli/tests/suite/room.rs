//! A cluster of nodes in one process, which see one another as soon as they are there.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use playhouse::cluster::Membership;
use playhouse_cluster::{Backend, Driver, Member};
use tokio::sync::watch;

/// Where the nodes meet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Room(Arc<watch::Sender<BTreeMap<Arc<str>, Arc<Member>>>>);

impl Backend for Room {
    fn drive(
        &self,
        driver: Driver,
        _system: tokio::runtime::Handle,
    ) -> Pin<Box<dyn Future<Output = ()>>> {
        let room = Arc::clone(&self.0);
        Box::pin(async move {
            let mut driver = driver;
            let mut seen = room.subscribe();
            driver.board.opened(Ok(()));
            loop {
                let me = Arc::clone(&driver.me.borrow_and_update());
                let name = Arc::clone(&me.name);
                room.send_if_modified(|members| members.insert(name, Arc::clone(&me)) != Some(me));
                let members: Vec<_> = seen.borrow_and_update().values().cloned().collect();
                driver.board.publish(members, 1);
                tokio::select! {
                    biased;
                    () = driver.leaving.wait() => break,
                    _ = driver.me.changed() => {}
                    _ = seen.changed() => {}
                }
            }
            let name = Arc::clone(&driver.me.borrow().name);
            room.send_modify(|members| {
                members.remove(&name);
            });
        })
    }
}

impl Membership for Room {}
