//! One queue: it forms matches in its own time, twice a second.

use std::collections::BTreeMap;

use arena_schema::common::{Mode, Region};
use arena_schema::match_making::{
    MatchQueue, MatchQueueWidenArgs, MatchSeat, QueueEntry, QueueError, QueueStats, Waiting,
};
use playhouse::{CallError, Cx, Duration, Failure, Ref, entity};

use super::forming::{self, SPREAD_START};
use super::offers;

/// How often an entry that finds nobody looks further.
const WIDEN_EVERY: Duration = Duration::from_seconds(2);
/// How much further.
const WIDEN_BY: i32 = 200;

/// One queue.
#[entity(MatchQueue {})]
#[derive(Debug, Default)]
pub struct MatchQueueLogic {
    props: MatchQueue,
    /// How far each entry looks, by its first seat.
    spread: BTreeMap<Ref<MatchSeat>, i32>,
}

#[entity(MatchQueue)]
impl MatchQueueLogic {
    #[rpc]
    async fn join(
        &mut self,
        cx: &mut Cx,
        entry: QueueEntry,
    ) -> Result<Waiting, CallError<QueueError>> {
        let (mode, _) = own_line(cx)?;
        let first = entry
            .seats
            .first()
            .cloned()
            .ok_or(QueueError::AlreadyWaiting)?;
        let is_known = |seat| self.place_of(seat).is_some();
        if entry.seats.iter().any(is_known) {
            return Err(QueueError::AlreadyWaiting.into());
        }
        let since = entry.since;
        self.props
            .entries_mut()
            .push(entry)
            .map_err(Failure::from)?;
        self.spread.insert(first.clone(), SPREAD_START);
        cx.timer(MatchQueueWidenArgs {
            seat: first.clone(),
            by: WIDEN_BY,
        })
        .key(first.address())
        .every(WIDEN_EVERY)?;
        Ok(Waiting {
            mode,
            since,
            expected: self.props.median(),
            found: 1,
        })
    }

    #[rpc]
    async fn withdraw(&mut self, cx: &mut Cx, seat: Ref<MatchSeat>) {
        if let Some(place) = self.place_of(&seat) {
            self.remove(cx, place);
        }
    }

    #[rpc]
    async fn stats(&mut self, cx: &mut Cx) -> Result<QueueStats, Failure> {
        let (mode, _) = own_line(cx)?;
        let waiting = self
            .props
            .entries()
            .iter()
            .map(|entry| entry.seats.len())
            .sum::<usize>();
        Ok(QueueStats {
            mode,
            waiting: u32::try_from(waiting).unwrap_or(u32::MAX),
            median: self.props.median(),
        })
    }

    #[rpc]
    async fn widen(&mut self, _cx: &mut Cx, seat: Ref<MatchSeat>, by: i32) {
        if let Some(spread) = self.spread.get_mut(&seat) {
            *spread = spread.saturating_add(by);
        }
    }

    #[hook]
    async fn tick(&mut self, cx: &mut Cx, _step: u64) {
        let Ok((mode, region)) = own_line(cx) else {
            return;
        };
        while let Some(found) = self.next_match(mode) {
            let mut chosen = Vec::new();
            for (place, side) in &found {
                chosen.push((self.props.entries()[*place].clone(), *side));
            }
            let mut places: Vec<_> = found.into_iter().map(|(place, _)| place).collect();
            places.sort_unstable();
            for place in places.into_iter().rev() {
                self.remove(cx, place);
            }
            self.note_waiting(cx, &chosen[0].0);
            let asking = offers::offer(cx, mode, region, chosen);
            if let Err(failure) = cx.spawn(asking) {
                tracing::warn!(%failure, "a match could not be offered");
            }
        }
    }

    fn next_match(&self, mode: Mode) -> Option<forming::Match> {
        let entries = self.props.entries();
        forming::form(entries, mode, |place| {
            let first = entries.get(place).and_then(|entry| entry.seats.first());
            first
                .and_then(|seat| self.spread.get(seat))
                .copied()
                .unwrap_or(SPREAD_START)
        })
    }

    fn place_of(&self, seat: &Ref<MatchSeat>) -> Option<usize> {
        let mut entries = self.props.entries().iter();
        entries.position(|entry| entry.seats.contains(seat))
    }

    fn remove(&mut self, cx: &mut Cx, place: usize) {
        let removed = self.props.entries_mut().remove(place);
        if let Some(first) = removed.and_then(|entry| entry.seats.into_iter().next()) {
            self.spread.remove(&first);
            cx.cancel_timers(first.address());
        }
    }

    /// A middle of what people waited, moved a little by each.
    fn note_waiting(&mut self, cx: &Cx, entry: &QueueEntry) {
        let waited = (cx.utc() - entry.since).as_micros().max(0);
        let before = self.props.median().map_or(waited, Duration::as_micros);
        let after = before + (waited - before) / 8;
        self.props.set_median(Some(Duration::from_micros(after)));
    }
}

/// The mode and the region of the queue whose handler runs.
fn own_line(cx: &Cx) -> Result<(Mode, Region), Failure> {
    cx.key::<MatchQueue>().ok_or_else(|| {
        Failure::not_executed(playhouse::FailureKind::NotFound).because("this is no queue")
    })
}
