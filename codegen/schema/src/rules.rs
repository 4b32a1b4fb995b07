//! The rules of the language: one function a code. Each builds the diagnostic; what finds the mistake calls it.

pub(crate) mod attributes;
pub(crate) mod calls;
pub(crate) mod entities;
pub(crate) mod later;
pub(crate) mod manifest;
pub(crate) mod names;
pub(crate) mod numbers;
pub(crate) mod types;
pub(crate) mod values;
