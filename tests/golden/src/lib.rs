//! Golden fixtures, compiled: `schemas` holds projects named by what could go wrong, `rust`, `client` and `typescript` what
//! `playhouse gen` makes of them. The Rust stands here under the lints of a strict user's crate; the TypeScript is compiled by the
//! tests of the client. Nothing is edited by hand: change a schema or a backend, run `cargo xtask codegen`, and review.

#![deny(warnings, clippy::all, clippy::pedantic)]
#![allow(missing_docs, reason = "the modules are named by what they are for")]

pub mod client;

#[path = "../rust/all_calls/mod.rs"]
pub mod all_calls;
#[path = "../rust/all_scalars/mod.rs"]
pub mod all_scalars;
#[path = "../rust/attributes_on_everything/mod.rs"]
pub mod attributes_on_everything;
#[path = "../rust/audiences/mod.rs"]
pub mod audiences;
#[path = "../rust/calls_that_clash/mod.rs"]
pub mod calls_that_clash;
#[path = "../rust/comments_and_layout/mod.rs"]
pub mod comments_and_layout;
#[path = "../rust/cross_package_imports/mod.rs"]
pub mod cross_package_imports;
#[path = "../rust/deep_optionals/mod.rs"]
pub mod deep_optionals;
#[path = "../rust/defaults_everywhere/mod.rs"]
pub mod defaults_everywhere;
#[path = "../rust/doc_comments_with_stars_and_backticks/mod.rs"]
pub mod doc_comments_with_stars_and_backticks;
#[path = "../rust/error_composition/mod.rs"]
pub mod error_composition;
#[path = "../rust/exact_lists/mod.rs"]
pub mod exact_lists;
#[path = "../rust/flags_combinations/mod.rs"]
pub mod flags_combinations;
#[path = "../rust/gaps_and_reserved/mod.rs"]
pub mod gaps_and_reserved;
#[path = "../rust/generics/mod.rs"]
pub mod generics;
#[path = "../rust/keyed_by_many/mod.rs"]
pub mod keyed_by_many;
#[path = "../rust/local_entities/mod.rs"]
pub mod local_entities;
#[path = "../rust/names_that_look_reserved/mod.rs"]
pub mod names_that_look_reserved;
#[path = "../rust/newtype_keys/mod.rs"]
pub mod newtype_keys;
#[path = "../rust/open_and_closed_enums/mod.rs"]
pub mod open_and_closed_enums;
#[path = "../rust/property_changes/mod.rs"]
pub mod property_changes;
#[path = "../rust/recursive_types/mod.rs"]
pub mod recursive_types;
#[path = "../rust/requires_chains/mod.rs"]
pub mod requires_chains;
#[path = "../rust/same_component_two_slots/mod.rs"]
pub mod same_component_two_slots;
#[path = "../rust/u64_extremes/mod.rs"]
pub mod u64_extremes;
#[path = "../rust/unions_of_all_arms/mod.rs"]
pub mod unions_of_all_arms;
