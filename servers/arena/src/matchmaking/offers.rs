//! What becomes of a match: everybody is asked; if all accept, a battle is placed and each seat gets its ticket.
//!
//! It runs beside the queue, which goes on forming matches while players think.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use arena_schema::battle::BattleCenter;
use arena_schema::common::{BattleId, BattleSetup, Fighter, Mode, Rating, Region, Side};
use arena_schema::match_making::{MatchQueue, MatchSeat, Offer, QueueEntry};
use playhouse::{CallError, Cx, Reach, Ref};

/// Asks everybody in a match, then places the battle or calls it off.
pub(super) fn offer(
    cx: &mut Cx,
    mode: Mode,
    region: Region,
    entries: Vec<(QueueEntry, Side)>,
) -> impl Future<Output = ()> + 'static {
    let battle = BattleId(cx.random().uuid());
    let seed = cx.random().u64();
    async move {
        let seats = entries
            .iter()
            .flat_map(|(entry, side)| entry.seats.iter().map(|seat| (seat.clone(), *side)));
        let seats: Vec<_> = seats.collect();
        let average = average(&entries);
        let asking = seats.iter().map(|(seat, side)| {
            let offer = Offer {
                battle,
                mode,
                side: *side,
                average,
            };
            seat.proxy().offer(offer)
        });
        let answers = all(asking.collect()).await;

        let refused: Vec<bool> = answers.iter().map(Result::is_err).collect();
        let fighters: Vec<Fighter> = answers.into_iter().filter_map(Result::ok).collect();
        if refused.contains(&true) {
            call_off(battle, mode, region, entries, &seats, &refused).await;
            return;
        }
        let setup = BattleSetup {
            battle,
            mode,
            fighters,
            seed,
            center: None,
        };
        match BattleCenter::only().allocate(setup).await {
            Ok(placement) => {
                for ((seat, _), ticket) in seats.iter().zip(placement.tickets) {
                    if let Err(failure) = seat.proxy().admit(ticket) {
                        tracing::warn!(%failure, "a fighter could not be told of the battle");
                    }
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a battle found no place");
                let nobody = vec![false; seats.len()];
                call_off(battle, mode, region, entries, &seats, &nobody).await;
            }
        }
    }
}

/// Everybody hears that nothing came of it; entries of which nobody refused are back in line, in front by their age.
async fn call_off(
    battle: BattleId,
    mode: Mode,
    region: Region,
    entries: Vec<(QueueEntry, Side)>,
    seats: &[(Ref<MatchSeat>, Side)],
    refused: &[bool],
) {
    for ((seat, _), by_you) in seats.iter().zip(refused) {
        if let Err(failure) = seat.proxy().call_off(battle, *by_you) {
            tracing::debug!(%failure, "a seat could not be told that a match is off");
        }
    }
    let mut refused = refused.iter();
    for (entry, _) in entries {
        let by_them = refused
            .by_ref()
            .take(entry.seats.len())
            .any(|refused| *refused);
        if by_them {
            continue;
        }
        match MatchQueue::of(mode, region).join(entry).await {
            Ok(_) | Err(CallError::Thrown(_)) => {}
            Err(CallError::Failed(failure)) => {
                tracing::warn!(%failure, "an entry could not go back into its queue");
            }
        }
    }
}

fn average(entries: &[(QueueEntry, Side)]) -> Rating {
    let sum: i32 = entries.iter().map(|(entry, _)| entry.rating.score).sum();
    let count = i32::try_from(entries.len()).unwrap_or(i32::MAX).max(1);
    Rating {
        score: sum / count,
        ..Rating::default()
    }
}

/// Awaits all of them at once; the outcomes are in the order of the futures.
pub(crate) async fn all<F: Future + Unpin>(mut futures: Vec<F>) -> Vec<F::Output> {
    let mut outcomes: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        let mut pending = false;
        for (future, outcome) in futures.iter_mut().zip(&mut outcomes) {
            if outcome.is_none() {
                match pin!(future).poll(cx) {
                    Poll::Ready(value) => *outcome = Some(value),
                    Poll::Pending => pending = true,
                }
            }
        }
        if pending {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
    .await;
    outcomes.into_iter().flatten().collect()
}
