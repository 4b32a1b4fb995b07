//! Breaks that somebody answers for.

use super::{Accepted, Lock};
use crate::evolution::verdict::Verdict;

impl Lock {
    /// Marks those of `verdicts` that were accepted. `base` is the release that was compared with, if it is known: what
    /// was accepted up to it has been released since.
    pub fn apply(&self, verdicts: &mut [Verdict], base: Option<u32>) {
        for verdict in verdicts.iter_mut().filter(|verdict| !verdict.is_fine()) {
            let accepted = self
                .accepted
                .iter()
                .find(|accepted| covers(accepted, verdict, base));
            verdict.accepted = accepted.map(|accepted| accepted.reason.clone());
        }
    }

    /// Writes every break of `verdicts` that is not accepted yet into the lock, with `reason`. How many there were.
    pub fn accept(&mut self, verdicts: &[Verdict], reason: &str) -> usize {
        let breaks: Vec<Accepted> = verdicts
            .iter()
            .filter(|verdict| verdict.is_break())
            .map(|verdict| Accepted {
                release: None,
                key: verdict.key.clone(),
                cell: verdict.cell(),
                classes: verdict.classes.clone(),
                before: verdict.before.clone(),
                after: verdict.after.clone(),
                reason: reason.to_owned(),
            })
            .collect();
        let count = breaks.len();
        self.accepted.extend(breaks);
        self.sort_accepted();
        count
    }

    /// Orders accepted breaks: those of past releases first, by release, then by key.
    pub(super) fn sort_accepted(&mut self) {
        self.accepted.sort_by(|a, b| {
            let order = |accepted: &Accepted| {
                (
                    accepted.release.unwrap_or(u32::MAX),
                    accepted.key.clone(),
                    accepted.cell.clone(),
                )
            };
            order(a).cmp(&order(b))
        });
    }
}

/// Whether `accepted` is exactly the break of `verdict`.
fn covers(accepted: &Accepted, verdict: &Verdict, base: Option<u32>) -> bool {
    let past = match (accepted.release, base) {
        (Some(release), Some(base)) => release <= base,
        _ => false,
    };
    !past
        && accepted.key == verdict.key
        && accepted.cell == verdict.cell()
        && accepted.classes == verdict.classes
        && accepted.before == verdict.before
        && accepted.after == verdict.after
}
