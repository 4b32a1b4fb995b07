//! Newest state, which passes by the sequence.

/// To be.
#[derive(Debug, Clone)]
pub struct LatestWorld;
