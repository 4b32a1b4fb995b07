//! Documents: what is saved of properties, what is loaded of it, and what comes of documents of older releases.

mod fixtures;
mod json;
mod places;
mod saved;
