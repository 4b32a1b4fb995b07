//! Where servers are, and over what they are reached.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use playhouse::{Failure, FailureKind};
use playhouse_net::kcp::{Kcp, Options, Trust};
use playhouse_net::noise;
use playhouse_net::{Located, Network, Scheme, Tcp};

/// How the first link is made to an address that names no transport, `host:port`: over several at once. The first that is
/// usable, with hellos exchanged, wins; the others are closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Race {
    /// Which transports, in which order: KCP and TCP. Those that the client was given no network for stay out.
    pub order: Vec<Scheme>,
    /// How long each may try before the next begins too, unless it fails before: 0, all begin at once.
    pub head_start: Duration,
}

impl Default for Race {
    fn default() -> Self {
        Self {
            order: vec![Scheme::Kcp, Scheme::Tcp],
            head_start: Duration::ZERO,
        }
    }
}

/// The networks of a client, by what stands in front of addresses.
#[derive(Debug, Clone, Default)]
pub(crate) struct Transports {
    networks: BTreeMap<Scheme, Rc<dyn Network>>,
}

/// One transport to one address.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    pub(crate) network: Rc<dyn Network>,
    /// As the network takes it: TCP without its scheme, the others with it.
    pub(crate) address: Box<str>,
}

impl Transports {
    /// Sets what addresses with this scheme are dialled over.
    pub(crate) fn set(&mut self, scheme: Scheme, network: Rc<dyn Network>) {
        self.networks.insert(scheme, network);
    }

    /// Adds the machine's own TCP and KCP, unless the client was given another network for TCP, and has all that aren't
    /// encrypted by themselves encrypted, to the server that is trusted and to no other.
    pub(crate) fn complete(&mut self, trust: &Trust) {
        if !self.networks.contains_key(&Scheme::Tcp) {
            self.set(Scheme::Tcp, Rc::new(Tcp));
            let kcp = self.networks.entry(Scheme::Kcp);
            kcp.or_insert_with(|| Rc::new(Kcp::new(Options::FAST, trust.clone())));
        }
        for scheme in [Scheme::Tcp, Scheme::Ws] {
            let Some(network) = self.networks.get_mut(&scheme) else {
                continue;
            };
            let plain = Rc::clone(network);
            match trust {
                Trust::Key(key) => *network = Rc::new(noise::Network::client(plain, *key)),
                Trust::Ticket(key, ticket) => {
                    *network = Rc::new(noise::Network::with_ticket(plain, *key, ticket.clone()));
                }
                _ => {}
            }
        }
    }

    /// The ways to an address, in the order of the race; at least one.
    pub(crate) fn ways(&self, address: &str, race: &Race) -> Result<Vec<Way>, Failure> {
        let unreachable =
            |why: String| Failure::not_executed(FailureKind::Unreachable).because(why);
        if address.contains("://") {
            let scheme = Located::of(address)
                .map_err(|error| unreachable(error.to_string()))?
                .scheme;
            let network = self.networks.get(&scheme).ok_or_else(|| {
                unreachable(format!(
                    "no network for {address}: this client has {}, add {scheme} with Builder::transport",
                    named(self.networks.keys())
                ))
            })?;
            let address = address.trim_start_matches("tcp://").into();
            return Ok(vec![Way {
                network: Rc::clone(network),
                address,
            }]);
        }
        let ways = race.order.iter().filter_map(|scheme| {
            let network = Rc::clone(self.networks.get(scheme)?);
            let address = scheme.at(address).into();
            Some(Way { network, address })
        });
        let ways: Vec<Way> = ways.collect();
        if ways.is_empty() {
            return Err(unreachable(format!(
                "no network for {address}: the race is of {}, and this client has {}",
                named(&race.order),
                named(self.networks.keys())
            )));
        }
        Ok(ways)
    }
}

fn named<'a>(schemes: impl IntoIterator<Item = &'a Scheme>) -> String {
    let names: Vec<&str> = schemes.into_iter().map(|scheme| scheme.as_str()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ways(transports: &Transports, address: &str) -> Result<Vec<String>, String> {
        match transports.ways(address, &Race::default()) {
            Ok(ways) => Ok(ways.iter().map(|way| way.address.to_string()).collect()),
            Err(failure) => Err(failure.text().to_owned()),
        }
    }

    /// As of a client that was given TCP and no more.
    fn tcp() -> Transports {
        let mut transports = Transports::default();
        transports.set(Scheme::Tcp, Rc::new(Tcp));
        transports.complete(&Trust::Plain);
        transports
    }

    #[test]
    fn a_bare_address_is_raced_over_what_the_client_has() {
        let mut transports = tcp();
        assert_eq!(ways(&transports, "game:7").unwrap(), ["game:7"]);
        transports.set(Scheme::Ws, Rc::new(Tcp));
        transports.set(Scheme::Kcp, Rc::new(Tcp));
        let both = ways(&transports, "game:7").unwrap();
        assert_eq!(both, ["kcp://game:7", "game:7"]);
        let mut own = Transports::default();
        own.complete(&Trust::Plain);
        assert_eq!(ways(&own, "game:7").unwrap(), both);
    }

    #[test]
    fn an_address_with_a_scheme_goes_over_that_alone() {
        let mut transports = tcp();
        transports.set(Scheme::Ws, Rc::new(Tcp));
        assert_eq!(ways(&transports, "tcp://game:7").unwrap(), ["game:7"]);
        let play = ways(&transports, "ws://game:7/play").unwrap();
        assert_eq!(play, ["ws://game:7/play"]);
        let refused = ways(&transports, "quic://game:7").unwrap_err();
        assert!(refused.contains("this client has tcp, ws"), "{refused}");
        ways(&transports, "carrier-pigeon://game:7").unwrap_err();
    }

    #[test]
    fn a_race_without_a_runner_is_refused() {
        let race = Race {
            order: vec![Scheme::Kcp],
            ..Race::default()
        };
        let refused = tcp().ways("game:7", &race).unwrap_err();
        assert!(refused.text().contains("the race is of kcp"), "{refused}");
    }
}
