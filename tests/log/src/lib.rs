//! Logs of whole processes: the tests are in `tests`, the processes that they start in `src/bin`. And the code of the
//! documentation's page on logging.

#[cfg(doctest)]
#[doc = include_str!("../../../docs/logging.md")]
mod logging_page {}
