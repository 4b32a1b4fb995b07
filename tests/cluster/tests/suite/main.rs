//! The suite against the embedded registry.

use playhouse_cluster_tests::Hosted;

playhouse_cluster_tests::suite!(|| (Hosted::new(), ()));
