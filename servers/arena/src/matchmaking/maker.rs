//! The front of all queues.

use arena_schema::common::{Mode, Region};
use arena_schema::match_making::{
    MatchMaker, MatchQueue, MatchSeat, QueueEntry, QueueError, QueueStats, Waiting,
};
use playhouse::{CallError, Cx, Failure, Ref, service};

/// The modes that are played.
const MODES: [Mode; 4] = [Mode::Duel, Mode::Pairs, Mode::Brawl, Mode::Lane];
const REGIONS: [Region; 3] = [Region::Europe, Region::America, Region::Asia];

/// The front of all queues. It keeps nothing.
#[derive(Debug, Default)]
pub struct MatchMakerLogic;

#[service(MatchMaker)]
impl MatchMakerLogic {
    #[rpc]
    async fn enqueue(
        &self,
        _cx: &mut Cx,
        mode: Mode,
        region: Region,
        entry: QueueEntry,
    ) -> Result<Waiting, CallError<QueueError>> {
        MatchQueue::of(mode, region).join(entry).await
    }

    #[rpc]
    async fn withdraw(&self, _cx: &mut Cx, seat: Ref<MatchSeat>) -> Result<(), Failure> {
        for mode in MODES {
            for region in REGIONS {
                MatchQueue::of(mode, region).withdraw(seat.clone()).await?;
            }
        }
        Ok(())
    }

    #[rpc]
    async fn stats(&self, _cx: &mut Cx, region: Region) -> Result<Vec<QueueStats>, Failure> {
        let mut lines = Vec::new();
        for mode in MODES {
            lines.push(MatchQueue::of(mode, region).stats().await?);
        }
        Ok(lines)
    }
}
