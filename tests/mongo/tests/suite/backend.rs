//! The store over MongoDB does what every store must.

use playhouse_store::Mongo;

use crate::{database, shared};

fn empty() -> (Mongo, ()) {
    (Mongo::at(shared().uri(), database()), ())
}

playhouse_store_tests::suite!(empty);
