//! What a node says of itself to the others of its cluster.

use std::net::IpAddr;

use playhouse_cluster::Member;

use super::accepting::is_tcp;
use super::judging;
use super::shared::Shared;

/// The node as a member, once its addresses are known.
pub(super) fn member(shared: &Shared, started_us: i64) -> Member {
    let about = &shared.about;
    let places = shared.places();
    let incarnation = places.incarnation;
    // Nodes dial each other over TCP; what else there is, is for clients.
    let mut tcp = places.addresses;
    tcp.retain(|address| is_tcp(address));
    Member {
        addresses: reachable(&shared.policy.advertise, &tcp),
        roles: about.roles.clone(),
        entities: about.entities.clone(),
        services: about.services.clone(),
        root: about.schema.digest,
        release: about.schema.release,
        breaks: judging::breaks(about.schema),
        started_us,
        ..Member::new(
            about.name.as_str(),
            incarnation.boot.wrapping_add(incarnation.lease),
            "",
        )
    }
}

/// Where others reach a node that listens at `bound`: at what it is told to say, else where it listens. What is said
/// without a port has that of the first address.
pub(super) fn reachable(advertised: &[String], bound: &[String]) -> Vec<String> {
    if advertised.is_empty() {
        let mut addresses = bound.to_vec();
        addresses.retain(|address| !is_everywhere(address));
        return addresses;
    }
    let port = bound.first().and_then(|address| port_of(address));
    let complete = |address: &String| match (port_of(address), port) {
        (None, Some(port)) => format!("{address}:{port}"),
        _ => address.clone(),
    };
    advertised.iter().map(complete).collect()
}

/// Whether an address means every interface of its machine, so that nobody else can dial it.
pub(super) fn is_everywhere(address: &str) -> bool {
    let address = located(address);
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.is_empty() || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_unspecified())
}

/// An address without its scheme and its path.
fn located(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split_once('/').map_or(rest, |(located, _)| located)
}

fn port_of(address: &str) -> Option<&str> {
    let (host, port) = located(address).rsplit_once(':')?;
    // The colons of a bare IPv6 address are its own.
    let is_bare = host.contains(':') && !host.ends_with(']');
    (!is_bare && port.parse::<u16>().is_ok()).then_some(port)
}

#[cfg(test)]
mod tests {
    use super::{is_everywhere, reachable};

    fn check(advertised: &[&str], bound: &[&str], expected: &[&str]) {
        let owned = |list: &[&str]| list.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        assert_eq!(reachable(&owned(advertised), &owned(bound)), expected);
    }

    #[test]
    fn others_hear_where_a_node_can_be_dialled() {
        check(&[], &["127.0.0.1:7000"], &["127.0.0.1:7000"]);
        check(
            &[],
            &["0.0.0.0:7000", "[::]:7000", "10.0.0.7:7000"],
            &["10.0.0.7:7000"],
        );
        check(&["10.0.0.7"], &["0.0.0.0:4711"], &["10.0.0.7:4711"]);
        check(&["[2001:db8::7]"], &["[::]:4711"], &["[2001:db8::7]:4711"]);
        check(&["lobby-1:80"], &["0.0.0.0:4711"], &["lobby-1:80"]);
        check(&[], &["lobby-1:7000"], &["lobby-1:7000"]);
        // Clients come by other ways, too.
        check(&[], &["kcp://0.0.0.0:7000", "ws://[::]:7080/play"], &[]);
        check(
            &["play.example"],
            &["kcp://0.0.0.0:7000"],
            &["play.example:7000"],
        );
        let wss = "wss://play.example:7443/play";
        check(&[wss], &["wss://0.0.0.0:7443/play"], &[wss]);
        check(&[], &[wss], &[wss]);
    }

    #[test]
    fn every_interface_is_no_address_to_dial() {
        for address in ["0.0.0.0:7000", "[::]:0", ":7000"] {
            assert!(is_everywhere(address), "{address}");
        }
        for address in ["127.0.0.1:0", "[::1]:7000", "lobby-1:7000"] {
            assert!(!is_everywhere(address), "{address}");
        }
    }
}
