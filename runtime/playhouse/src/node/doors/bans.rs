//! Addresses and networks that are not let in: from a file, by an operator, or for too many wrong tokens.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::time::{Duration, Instant};

use crate::node::Network;
use crate::node::problem::StartError;

/// Most bans of operators and for wrong tokens, and most of a file.
pub const BANS_MAX: usize = 65_536;

/// How often the file with bans is looked at: so late a change of it holds.
pub const BAN_LIST_EVERY: Duration = Duration::from_secs(10);

/// The longest file with bans that is read, in bytes.
const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// All bans of a node.
#[derive(Debug, Default)]
pub(in crate::node) struct Bans(RwLock<Lists>);

#[derive(Debug, Default)]
struct Lists {
    of_file: BTreeSet<Network>,
    /// Until when, if not for as long as the node runs.
    by_hand: BTreeMap<Network, Option<Instant>>,
    /// How many bits networks of the lists have.
    lengths: BTreeSet<u8>,
}

impl Bans {
    /// Whether an address is in a network that is banned now.
    pub(in crate::node) fn contains(&self, ip: IpAddr, now: Instant) -> bool {
        self.left(ip, now).is_some()
    }

    /// For how long an address is banned yet, if it is; without an end, [`Duration::MAX`].
    pub(in crate::node) fn left(&self, ip: IpAddr, now: Instant) -> Option<Duration> {
        let lists = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let ip = ip.to_canonical();
        let networks = lists.lengths.iter();
        let networks = networks.filter_map(|bits| Network::of(ip, *bits));
        let left = networks.filter_map(|network| {
            if lists.of_file.contains(&network) {
                return Some(Duration::MAX);
            }
            match lists.by_hand.get(&network)? {
                None => Some(Duration::MAX),
                Some(until) => (now < *until).then(|| *until - now),
            }
        });
        left.max()
    }

    /// Bans a network until then, or for as long as the node runs; false if there are too many bans.
    pub(in crate::node) fn ban(&self, network: Network, until: Option<Instant>) -> bool {
        let mut lists = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if lists.by_hand.len() >= BANS_MAX {
            let now = Instant::now();
            let holds = |until: &Option<Instant>| until.is_none_or(|until| now < until);
            lists.by_hand.retain(|_, until| holds(until));
        }
        let has_room = lists.by_hand.len() < BANS_MAX || lists.by_hand.contains_key(&network);
        if has_room {
            lists.by_hand.insert(network, until);
            lists.lengths.insert(network.bits());
        }
        has_room
    }

    /// Takes back a ban that is not the file's; whether there was one.
    pub(in crate::node) fn unban(&self, network: &Network) -> bool {
        self.change(|lists| lists.by_hand.remove(network).is_some())
    }

    /// Those of a file, instead of those before.
    fn take_file(&self, networks: BTreeSet<Network>) {
        self.change(|lists| lists.of_file = networks);
    }

    /// How many there are.
    pub(in crate::node) fn len(&self) -> usize {
        let lists = self.0.read().unwrap_or_else(PoisonError::into_inner);
        lists.of_file.len() + lists.by_hand.len()
    }

    /// So many of them, with how long each still holds, and whether it is the file's.
    pub(in crate::node) fn list(&self, most: usize) -> Vec<(Network, Option<Duration>, bool)> {
        let now = Instant::now();
        let lists = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let by_hand = lists
            .by_hand
            .iter()
            .filter_map(|(network, until)| match until {
                Some(until) if *until <= now => None,
                until => Some((*network, until.map(|until| until - now), false)),
            });
        let of_file = lists.of_file.iter().map(|network| (*network, None, true));
        by_hand.chain(of_file).take(most).collect()
    }

    fn change<T>(&self, change: impl FnOnce(&mut Lists) -> T) -> T {
        let mut lists = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let done = change(&mut lists);
        let all = lists.by_hand.keys().chain(&lists.of_file);
        lists.lengths = all.map(Network::bits).collect();
        done
    }
}

/// The file with bans: a network or an address a line, as `10.0.0.0/8`; what follows `#` is a remark.
#[derive(Debug)]
pub(in crate::node) struct BanList {
    path: PathBuf,
}

impl BanList {
    /// Reads it for the first time.
    pub(in crate::node) fn read(path: &Path, bans: &Bans) -> Result<Self, StartError> {
        let problem = |error| StartError::BanList {
            path: path.to_owned(),
            error,
        };
        bans.take_file(read(path).map_err(problem)?);
        Ok(Self {
            path: path.to_owned(),
        })
    }

    /// Reads it again whenever it changes, and calls `changed` then.
    pub(in crate::node) async fn keep_fresh(
        self,
        doors: Arc<super::Doors>,
        changed: impl Fn() + Send,
    ) {
        let mut seen = self.stamp();
        loop {
            tokio::time::sleep(BAN_LIST_EVERY).await;
            let stamp = self.stamp();
            if stamp == seen {
                continue;
            }
            seen = stamp;
            let path = self.path.display();
            match read(&self.path) {
                Ok(networks) => {
                    tracing::info!(%path, bans = networks.len(), "the list of bans has changed");
                    doors.bans.take_file(networks);
                    changed();
                }
                Err(error) => {
                    tracing::warn!(%path, %error, "the list of bans can't be used: the old one holds");
                }
            }
        }
    }

    /// Differs when the file does.
    fn stamp(&self) -> impl PartialEq + Send + use<> {
        let about = fs::metadata(&self.path).ok();
        about.and_then(|it| Some((it.modified().ok()?, it.len())))
    }
}

fn read(path: &Path) -> io::Result<BTreeSet<Network>> {
    let refused = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
    if fs::metadata(path)?.len() > FILE_BYTES_MAX {
        return Err(refused(format!("it has more than {FILE_BYTES_MAX} bytes")));
    }
    let mut networks = BTreeSet::new();
    for (number, line) in (1..).zip(fs::read_to_string(path)?.lines()) {
        let text = line.split('#').next().unwrap_or_default().trim();
        if text.is_empty() {
            continue;
        }
        let network = text.parse().map_err(|()| {
            refused(format!(
                "line {number}: `{text}` is no address or network, as 10.0.0.7 or 10.0.0.0/8"
            ))
        })?;
        networks.insert(network);
        if networks.len() > BANS_MAX {
            return Err(refused(format!(
                "it has more than {BANS_MAX} bans: join networks"
            )));
        }
    }
    Ok(networks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_ban_holds_for_its_network_and_its_time() {
        let bans = Bans::default();
        let network = |text: &str| text.parse::<Network>().unwrap();
        let now = Instant::now();
        assert!(bans.ban(network("10.0.0.0/8"), None));
        assert!(bans.ban(network("192.0.2.7"), Some(now + Duration::from_secs(9))));
        assert!(bans.ban(network("2001:db8::/64"), None));
        for banned in ["10.1.2.3", "192.0.2.7", "2001:db8::9", "::ffff:10.0.0.1"] {
            assert!(bans.contains(ip(banned), now), "{banned}");
        }
        for free in ["11.0.0.1", "192.0.2.8", "2001:db8:0:1::9", "::1"] {
            assert!(!bans.contains(ip(free), now), "{free}");
        }
        let later = now + Duration::from_secs(2);
        assert_eq!(
            bans.left(ip("192.0.2.7"), later),
            Some(Duration::from_secs(7))
        );
        assert!(!bans.contains(ip("192.0.2.7"), now + Duration::from_secs(9)));
        assert_eq!(bans.left(ip("10.1.2.3"), later), Some(Duration::MAX));
        assert!(bans.ban(network("10.1.0.0/16"), Some(later)));
        assert_eq!(
            bans.left(ip("10.1.2.3"), now),
            Some(Duration::MAX),
            "the longest"
        );
        assert!(bans.unban(&network("10.0.0.0/8")) && !bans.unban(&network("10.0.0.0/8")));
        assert!(!bans.contains(ip("10.2.2.3"), now));
        assert_eq!(bans.list(9).len(), 3);
        assert_eq!(bans.list(1).len(), 1);
    }

    #[test]
    fn there_are_so_many_bans_and_what_is_over_makes_room() {
        let bans = Bans::default();
        let network = |number: usize| {
            let ip = std::net::Ipv4Addr::from_bits(u32::try_from(number).unwrap());
            Network::of(ip.into(), 32).unwrap()
        };
        bans.change(|lists| {
            let all = (0..BANS_MAX).map(|it| (network(it), None));
            lists.by_hand = all.collect();
        });
        assert!(!bans.ban(network(BANS_MAX), None), "one too many");
        assert!(bans.ban(network(7), Some(Instant::now())), "there already");
        assert!(bans.ban(network(BANS_MAX), None), "the seventh is over");
        assert_eq!(bans.len(), BANS_MAX);
    }

    #[test]
    fn a_file_is_read_line_by_line_and_a_wrong_one_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bans.txt");
        let bans = Bans::default();
        assert!(BanList::read(&path, &bans).is_err(), "there is none");
        fs::write(&path, "# cheaters\n10.0.0.0/8\n\n 192.0.2.7 # bot\n").unwrap();
        let list = BanList::read(&path, &bans).unwrap();
        assert_eq!(bans.len(), 2);
        assert!(bans.contains(ip("192.0.2.7"), Instant::now()));
        let before = list.stamp();
        fs::write(&path, "10.0.0.0/8\n10.0.0.9/8\n").unwrap();
        assert!(list.stamp() != before);
        let error = BanList::read(&path, &bans).unwrap_err().to_string();
        assert!(
            error.contains("line 2") && error.contains("bans.txt"),
            "{error}"
        );
        assert_eq!(bans.len(), 2);
    }
}
