//! Membership over etcd, against the real server.

mod server;
