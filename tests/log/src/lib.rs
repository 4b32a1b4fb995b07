//! Logs of whole processes. The tests are in `tests`, the processes that they start in `src/bin`.
