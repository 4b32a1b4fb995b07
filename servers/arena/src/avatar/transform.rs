//! Where an avatar stands: walking, travelling, and telling the zone.

use arena_schema::match_making::MatchSeat;
use arena_schema::world::{Avatar, Progress, Transform, TravelError, Zone, ZoneId};
use playhouse::math::Vec2;
use playhouse::{CallError, Cx, Failure, component};

use crate::away;
use crate::battle::field::distance;
use crate::clock::Moment;
use crate::tables::{ZONE_HALF, zone_level};

/// How fast an avatar may walk, in metres a second.
const SPEED_MAX: f32 = 10.0;
/// How far it may be ahead of that: clients and networks stutter.
const SLACK: f32 = 3.0;

/// Where an avatar stands.
#[component(Transform)]
#[derive(Debug, Default)]
pub struct TransformLogic {
    props: Transform,
    walked_at: Option<Moment>,
}

#[component(Transform)]
impl TransformLogic {
    #[hook]
    async fn attached(&mut self, cx: &mut Cx) {
        away::stay(cx);
        self.tell_zone(cx);
    }

    #[hook]
    async fn resumed(&mut self, cx: &mut Cx) {
        away::stay(cx);
        self.tell_zone(cx);
    }

    #[hook]
    async fn lost(&mut self, cx: &mut Cx) {
        away::leave(cx, self, |transform, cx| transform.leave_zone(cx));
    }

    #[rpc]
    async fn walk(&mut self, cx: &mut Cx, pos: Vec2, facing: f32) -> Result<(), Failure> {
        let now = Moment::now(cx);
        let since = self
            .walked_at
            .replace(now)
            .map_or(1.0, |then| now.seconds_since(then));
        let reach = SPEED_MAX.mul_add(since.min(1.0), SLACK);
        let is_inside = pos.x.abs() <= ZONE_HALF && pos.y.abs() <= ZONE_HALF;
        if !is_inside || distance(self.props.pos(), pos) > reach {
            // Also for what is no number at all: it is not inside.
            Transform::teleported(cx, self.props.zone(), self.props.pos());
            return Ok(());
        }
        self.props.set_pos(pos);
        self.props.set_facing(facing)?;
        self.tell_zone(cx);
        Ok(())
    }

    #[rpc]
    async fn travel(&mut self, cx: &mut Cx, zone: ZoneId) -> Result<(), CallError<TravelError>> {
        let needed = zone_level(zone).ok_or(TravelError::NoSuchZone)?;
        if cx.with(|progress: &mut Progress| progress.level()) < needed {
            return Err(TravelError::LevelTooLow { needed }.into());
        }
        if cx.with(|seat: &mut MatchSeat| seat.waiting().is_some()) {
            return Err(TravelError::InLine.into());
        }
        let own = cx.key::<Avatar>().ok_or(TravelError::NoSuchZone)?;
        Zone::of(zone).enter(own, Vec2::default()).await?;
        if zone != self.props.zone() {
            self.leave_zone(cx);
        }
        self.props.set_zone(zone);
        self.props.set_pos(Vec2::default());
        Transform::teleported(cx, zone, self.props.pos());
        Ok(())
    }

    fn tell_zone(&self, cx: &Cx) {
        if let Some(account) = cx.key::<Avatar>() {
            // A zone that can't be told now hears of the next step.
            let _unheard = Zone::of(self.props.zone()).moved(account, self.props.pos());
        }
    }

    fn leave_zone(&self, cx: &Cx) {
        if let Some(account) = cx.key::<Avatar>() {
            let _unheard = Zone::of(self.props.zone()).left(account);
        }
    }
}
