//! What is emitted for whole schemas.
