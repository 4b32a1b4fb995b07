//! The tests over texts that people read: bad schemas and what is said of them, the pages of `explain`, the reference.

mod codes;
mod invalid;
mod language;
mod pages;
mod project;
