//! The store over MongoDB.

mod backend;
mod faults;
mod groups;
mod load;
mod opening;
mod written;

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use mongodb::bson::{Document, doc};
use playhouse_mongo_tests::{Server, shared};
use playhouse_store::{Backend as _, Commit, Committed, Mongo, Store, StoreError};
use playhouse_store_tests::block_on;
use tokio::runtime::{Builder, Runtime};

/// A database of its own on the shared server.
fn database() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A store that was opened, with the runtime that it works on.
struct Opened {
    mongo: Mongo,
    system: Runtime,
}

impl Opened {
    fn new(mongo: Mongo) -> Self {
        let system = system();
        if let Err(error) = mongo.open(&playhouse_store_tests::collections(), system.handle()) {
            panic!("{error}");
        }
        Self { mongo, system }
    }

    /// Of a server and a database, with little patience.
    fn at(server: &Server, database: &str) -> Self {
        // The driver finds a server sooner that was away.
        let uri = format!("{}?heartbeatFrequencyMS=500", server.uri());
        let mongo = Mongo::at(uri, database);
        Self::new(mongo.answer_max(Duration::from_secs(10)))
    }

    fn store(&self) -> Rc<dyn Store> {
        self.mongo.store()
    }

    /// Runs a command beside the store, by the bare driver.
    fn command(&self, server: &Server, database: &str, command: Document) -> Document {
        let answer = self.system.block_on(async {
            let client = mongodb::Client::with_uri_str(server.uri()).await?;
            client.database(database).run_command(command).await
        });
        answer.expect("a command of a test")
    }

    /// The same commits until they are answered for good: the outcome may be unknown, and the server away.
    fn until_answered(&self, commits: &[Arc<Commit>]) -> Vec<Committed> {
        let store = self.store();
        loop {
            match block_on(store.commit(commits.to_vec())) {
                Ok(outcomes) => return outcomes,
                Err(StoreError::Unknown(_) | StoreError::Unavailable(_)) => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// From now on the next `times` commands of this name end as `data` says.
    fn fail(&self, server: &Server, name: &str, times: i32, data: Document) {
        let mut data = data;
        data.insert("failCommands", vec![name]);
        let command =
            doc! { "configureFailPoint": "failCommand", "mode": { "times": times }, "data": data };
        self.command(server, "admin", command);
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.mongo.close();
    }
}

fn system() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).enable_all();
    builder.build().expect("a runtime can be built")
}
