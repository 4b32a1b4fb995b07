//! `#[entity]`, `#[component]`, `#[service]` and `#[rpc]`: thin over what the schema crate exports.

use proc_macro::TokenStream;

/// Marks a method that serves a call of the schema.
#[proc_macro_attribute]
pub fn rpc(_: TokenStream, item: TokenStream) -> TokenStream {
    item
}
