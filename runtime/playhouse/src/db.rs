//! A node that owns saving for other nodes: the role `db`.
//!
//! A game node that saves to [`Remote`] asks a db node for everything that it would ask a store of its own, over the link
//! between the two. The db node has the store, and serves it with [`Serving`]:
//!
//! ```no_run
//! # fn schema() -> &'static playhouse::descriptor::Schema { unimplemented!() }
//! use playhouse::db::{Remote, Serving};
//! use playhouse::store::Embedded;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let db = playhouse::Node::builder().schema(schema()).roles(["db"]);
//! let db = db.listen("127.0.0.1:7100").store(Embedded::at("data")).service(Serving::new).build()?;
//!
//! let game = playhouse::Node::builder().schema(schema()).roles(["lobby"]);
//! let game = game.store(Remote::at("127.0.0.1:7100")).build()?;
//! # Ok(())
//! # }
//! ```
//!
//! With it an embedded store serves several game nodes, and what a game node has streamed there outlives it: its
//! interval may be short, since a save costs a message and the disk is another machine's. What was acknowledged to the game node lasts as the
//! db node's store says. A link that is lost leaves commits in doubt, which are sent again as they were.
//!
//! The role `db` must be one of the game's schema. The db node knows the collections and indexes of every persistent entity of
//! that schema, whether or not it runs it. The interface is the package `playhouse.db`, in `idl/src/db.idl` of this crate.

mod form;
#[path = "db/generated/mod.rs"]
#[rustfmt::skip]
mod generated;
mod remote;
mod serving;

use playhouse_store::Collection;

use crate::descriptor::{Declaration, Package, Schema};
use crate::numbered::Numbered;
use crate::persist;

pub use generated::playhouse::db as schema;
pub use remote::{REQUESTS_MAX, Remote, VALUE_DEPTH_MAX};
pub use serving::{LIST_MAX, Serving};

/// The package of the framework's own that a node may serve though its game's schema has it not.
pub(crate) const PACKAGE: &str = "playhouse.db";
/// What nodes know the service by.
pub(crate) const SERVICE: (u16, u16) = (
    <schema::Documents as Numbered>::PACKAGE,
    <schema::Documents as Numbered>::NUMBER,
);

/// What a node keeps that saves for others: the documents of every persistent entity of the schema.
pub(crate) fn collections(schema: &'static Schema) -> Vec<Collection> {
    let declarations = schema.packages.iter().flat_map(Package::declarations);
    persist::collections(declarations.filter_map(|declaration| match declaration {
        Declaration::Entity(entity) => Some(*entity),
        _ => None,
    }))
}
