//! What became of those who came to log in over HTTP, counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::StatusCode;

/// Of connections that were closed without an answer, since there were too many or they don't come from a proxy.
const DROPPED: &str = "dropped";

/// Of connections that spoke no HTTP or took too long.
const BROKEN: &str = "broken";

/// All outcomes: the status of the answer, or one of the above. Other statuses count as the first of their hundred.
const OUTCOMES: [&str; 16] = [
    "200", "204", "400", "401", "403", "404", "405", "408", "409", "413", "415", "426", "429",
    "500", "503", DROPPED,
];

/// The counters of a node's login. A clone is the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    outcomes: [AtomicU64; OUTCOMES.len()],
    broken: AtomicU64,
}

impl Counts {
    /// Somebody was answered.
    pub(super) fn answered(&self, status: StatusCode) {
        let hundred = (status.as_u16() / 100 * 100).to_string();
        let named = |name: &str| OUTCOMES.iter().position(|it| *it == name);
        let at = named(status.as_str()).or_else(|| named(&hundred));
        if let Some(counter) = at.and_then(|at| self.0.outcomes.get(at)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A connection was closed at once.
    pub(super) fn dropped(&self) {
        let [.., last] = &self.0.outcomes;
        last.fetch_add(1, Ordering::Relaxed);
    }

    /// A connection ended without a request, or in the middle of one.
    pub(super) fn broken(&self) {
        self.0.broken.fetch_add(1, Ordering::Relaxed);
    }

    /// All of them by name.
    pub(crate) fn all(&self) -> Vec<(&'static str, u64)> {
        let counters = self.0.outcomes.iter().chain([&self.0.broken]);
        let names = OUTCOMES.into_iter().chain([BROKEN]);
        names
            .zip(counters.map(|it| it.load(Ordering::Relaxed)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::ENDPOINTS;
    use super::*;

    #[test]
    fn every_answer_of_the_api_has_a_counter_of_its_own() {
        let codes = ENDPOINTS.iter().flat_map(|endpoint| endpoint.refuses);
        for code in codes.chain(super::super::table::ALWAYS) {
            assert!(
                OUTCOMES.contains(&&*code.status.to_string()),
                "{}",
                code.word
            );
        }
        let counts = Counts::default();
        counts.answered(StatusCode::TOO_MANY_REQUESTS);
        counts.answered(StatusCode::IM_A_TEAPOT);
        counts.dropped();
        counts.broken();
        let all = counts.all();
        let counted = all.iter().filter(|(_, count)| *count == 1);
        let counted: Vec<_> = counted.map(|(name, _)| *name).collect();
        assert_eq!(counted, ["400", "429", "dropped", "broken"]);
    }
}
