//! Random histories, whose answers are held against the reference's.

use std::rc::Rc;

use playhouse_store::{Documents, Store};

use crate::collections;
use crate::history::History;

/// Requests in one history.
const STEPS: u64 = 400;

/// Every answer, and in the end every document. A failing history is named by its seed.
pub async fn random_histories_agree_with_the_reference(store: Rc<dyn Store>) {
    // One store has one history after another: what a seed before left is in the reference as well.
    let mut reference = Documents::new(&collections());
    for seed in 0..5 {
        let mut history = History::new(seed);
        for step in 0..STEPS {
            history
                .step(&store, &mut reference, &format!("seed {seed}, step {step}"))
                .await;
        }
        history
            .compare(&store, &reference, &format!("seed {seed}"))
            .await;
    }
}
