//! A configuration as a game has it: the type that most tests load.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::NonZeroU16;

use playhouse_config::{Loader, Secret, Size, Time};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct Game {
    pub(crate) name: String,
    #[serde(default = "port")]
    pub(crate) port: u16,
    #[serde(default)]
    pub(crate) workers: Option<NonZeroU16>,
    #[serde(default)]
    pub(crate) listen: Vec<IpAddr>,
    #[serde(default)]
    pub(crate) store: Store,
    #[serde(default)]
    pub(crate) zones: BTreeMap<String, Zone>,
    #[serde(default)]
    pub(crate) save_every: Option<Time>,
    #[serde(default)]
    pub(crate) log_size: Size,
    #[serde(default)]
    pub(crate) spawn: Option<(f64, f64)>,
    #[serde(default)]
    pub(crate) password: Option<Secret<String>>,
    #[serde(default)]
    pub(crate) pin: Option<Secret<u32>>,
    #[serde(default)]
    pub(crate) debug: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Store {
    #[default]
    Memory,
    Embedded {
        path: String,
    },
    Mongodb(Mongodb),
}

#[derive(Debug, Deserialize)]
pub(crate) struct Mongodb {
    uri: String,
    database: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Zone {
    players_max: u32,
    level: u8,
}

const fn port() -> u16 {
    7000
}

/// A loader of one file.
pub(crate) fn one(text: &str) -> Loader {
    Loader::memory([("main.json", text)])
}
