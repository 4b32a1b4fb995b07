//! The store of simulations, without faults, does what every store does.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Mutex;
use std::time::Duration;

use playhouse_store::sim::{Faults, SimStore};
use playhouse_store::{Backend, Collection, OpenError, Store};

/// Opens a store for the thread that asks; a case has one.
#[derive(Debug, Default)]
struct Simulated(Mutex<Vec<Collection>>);

impl Backend for Simulated {
    fn open(
        &self,
        collections: &[Collection],
        _system: &tokio::runtime::Handle,
    ) -> Result<(), OpenError> {
        self.0.lock().unwrap().extend_from_slice(collections);
        Ok(())
    }

    fn store(&self) -> Rc<dyn Store> {
        let state = Cell::new(1_u64);
        let store = SimStore::new(move || {
            state.set(state.get().wrapping_mul(0x5851_f42d_4c95_7f2d) + 1);
            state.get()
        });
        store.add_collections(&self.0.lock().unwrap());
        // In real time, of which there is less.
        store.set_faults(Faults {
            way: Duration::ZERO..Duration::from_micros(10),
            sync: Duration::ZERO..Duration::from_micros(10),
            patience: Duration::from_secs(60),
            ..Faults::none()
        });
        store.for_host("one", 0)
    }

    fn is_exclusive(&self) -> bool {
        false
    }

    fn close(&self) {}
}

fn empty() -> (Simulated, ()) {
    (Simulated::default(), ())
}

playhouse_store_tests::suite!(empty);
