//! Durable oneways: sent with the change that caused them, delivered until they have taken effect, and once only.

mod refusal;

pub use refusal::Refusal;
