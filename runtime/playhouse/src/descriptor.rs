//! A schema as plain data, for use at run time.
//!
//! Generated code holds it in statics; everything here can be made in constants and points at its neighbours, so that
//! there is nothing to register or look up first. Read [`Schema`] and [`Type`] first. [`dynamic`] reads and writes
//! values of types that this program was not compiled with, by their description alone.

mod call;
mod declaration;
mod entity;
mod schema;
mod text;
mod types;

pub mod dynamic;

pub use call::{Call, CallKind, Exposed};
pub use declaration::{Attributes, Audience, AudienceKind, Const, Head, Role};
pub use entity::{
    Component, Container, Entity, EntityKind, Persist, Property, Service, Slot, Sync,
};
pub use schema::{Break, Declaration, Module, Package, Past, Schema};
pub use types::{
    Arm, Body, Bound, EnumValue, Flag, Int, Kind, Member, Shape, Target, Type, Use, Value,
};
