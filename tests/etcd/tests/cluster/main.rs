//! What every membership must do, over etcd.

use std::time::Duration;

use playhouse_cluster::{Backend, Etcd};
use playhouse_cluster_tests::{Registry, suite};
use playhouse_etcd_tests::Server;

/// An etcd of the case's own.
struct Alone(Server);

impl Registry for Alone {
    fn membership(&self) -> Box<dyn Backend> {
        let etcd = Etcd::at([self.0.endpoint()]).prefix("/playhouse/cases");
        // Some cases wait until it is over.
        Box::new(etcd.ttl(Duration::from_secs(2)))
    }

    fn stop(&mut self) {
        self.0.kill();
    }

    fn start(&mut self) {
        self.0.resume().expect("it is installed");
    }
}

suite!(|| (Alone(Server::start().expect("it is installed")), ()));
