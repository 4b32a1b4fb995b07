//! An avatar's place in line: queueing, being asked, and holding the ticket.

use arena_schema::common::{BattleId, Fighter, HeroId, Mode, Rating, Ticket};
use arena_schema::match_making::{
    MatchMaker, MatchSeat, MatchSeatForgiveArgs, Offer, PartyError, QueueEntry, QueueError, Waiting,
};
use arena_schema::world::{Avatar, Inventory, Progress, Social};
use playhouse::{CallError, Cx, Duration, Failure, Ref, component};

use super::{AvatarLogic, ChatLogic};
use crate::away;
use crate::clock::Moment;
use crate::matchmaking::forming::side_size;

/// Offers that one may let pass before one has to wait.
const REFUSALS_MAX: u8 = 3;
/// How long it takes until a refusal is forgiven.
const FORGIVEN_AFTER: Duration = Duration::from_seconds(60);

/// An avatar's place in line.
#[component(MatchSeat)]
#[derive(Debug, Default)]
pub struct MatchSeatLogic {
    props: MatchSeat,
    hero: Option<HeroId>,
}

#[component(MatchSeat)]
impl MatchSeatLogic {
    #[hook]
    async fn attached(&mut self, cx: &mut Cx) {
        away::stay(cx);
    }

    #[hook]
    async fn resumed(&mut self, cx: &mut Cx) {
        away::stay(cx);
    }

    #[hook]
    async fn lost(&mut self, cx: &mut Cx) {
        away::leave(cx, self, |seat, cx| seat.withdraw(cx));
    }

    #[rpc]
    async fn enter(
        &mut self,
        cx: &mut Cx,
        mode: Mode,
        hero: HeroId,
        with_party: bool,
    ) -> Result<Waiting, CallError<QueueError>> {
        self.check_free(cx)?;
        if !cx.with(|progress: &mut Progress| progress.heroes().contains(&hero)) {
            return Err(QueueError::HeroNotOwned { hero }.into());
        }
        let seats = if with_party {
            party_seats(cx, mode)?
        } else {
            vec![own_seat(cx)?]
        };
        let region = cx.with(|avatar: &mut Avatar| avatar.region());
        let entry = QueueEntry {
            seats,
            rating: own_rating(cx, mode),
            since: cx.utc(),
        };
        let waiting = MatchMaker::any().enqueue(mode, region, entry).await?;
        self.hero = Some(hero);
        self.props.set_waiting(Some(waiting.clone()));
        Ok(waiting)
    }

    #[rpc]
    async fn leave(&mut self, cx: &mut Cx) {
        self.withdraw(cx);
    }

    #[rpc]
    async fn offer(&mut self, cx: &mut Cx, offer: Offer) -> Result<Fighter, CallError<QueueError>> {
        // Silence, and a client that is gone, are a no.
        let accepted = MatchSeat::accept(cx, offer.clone()).await.unwrap_or(false);
        if !accepted {
            self.refuse(cx)?;
            let left = FORGIVEN_AFTER;
            return Err(QueueError::Penalty { left }.into());
        }
        let account = cx.key::<Avatar>().ok_or(QueueError::AlreadyWaiting)?;
        let now = Moment::now(cx);
        Ok(Fighter {
            account,
            name: cx.with(|avatar: &mut AvatarLogic| avatar.name()),
            hero: self.hero.unwrap_or(HeroId(1)),
            side: offer.side,
            worn: cx.with_slot(Avatar::BAG_SLOT, |bag: &mut Inventory| bag.worn().to_vec()),
            rating: own_rating(cx, offer.mode),
            muted: cx.with(|chat: &mut ChatLogic| chat.is_muted(now)),
        })
    }

    #[rpc]
    async fn admit(&mut self, cx: &mut Cx, ticket: Ticket) -> Result<(), Failure> {
        self.props.set_waiting(None);
        self.props.set_ticket(Some(ticket.clone()))?;
        MatchSeat::admitted(cx, ticket);
        Ok(())
    }

    #[rpc]
    async fn call_off(&mut self, cx: &mut Cx, battle: BattleId, by_you: bool) {
        if by_you {
            self.props.set_waiting(None);
        }
        MatchSeat::called_off(cx, battle, by_you);
    }

    #[rpc]
    async fn forgive(&mut self, _cx: &mut Cx) {
        self.props
            .set_refusals(self.props.refusals().saturating_sub(1));
    }

    /// The battle is over, and with it the ticket.
    pub fn battle_over(&mut self, battle: BattleId) {
        if self
            .props
            .ticket()
            .is_some_and(|ticket| ticket.battle == battle)
        {
            let _none_always_fits = self.props.set_ticket(None);
        }
    }

    fn check_free(&self, cx: &Cx) -> Result<(), QueueError> {
        if self.props.waiting().is_some() {
            return Err(QueueError::AlreadyWaiting);
        }
        let now = Moment::now(cx);
        let ticket = self.props.ticket();
        if let Some(ticket) = ticket.filter(|ticket| now.until(ticket.expires_at).as_micros() > 0) {
            return Err(QueueError::InBattle {
                battle: ticket.battle,
            });
        }
        if self.props.refusals() >= REFUSALS_MAX {
            let left = FORGIVEN_AFTER;
            return Err(QueueError::Penalty { left });
        }
        Ok(())
    }

    fn refuse(&mut self, cx: &mut Cx) -> Result<(), Failure> {
        self.props
            .set_refusals(self.props.refusals().saturating_add(1));
        cx.timer(MatchSeatForgiveArgs {}).after(FORGIVEN_AFTER)?;
        Ok(())
    }

    fn withdraw(&mut self, cx: &mut Cx) {
        if self.props.waiting().is_none() {
            return;
        }
        self.props.set_waiting(None);
        let Ok(seat) = own_seat(cx) else {
            return;
        };
        let leaving = async move {
            if let Err(failure) = MatchMaker::any().withdraw(seat).await {
                tracing::warn!(%failure, "a seat could not be taken out of line");
            }
        };
        if let Err(failure) = cx.spawn(leaving) {
            tracing::warn!(%failure, "a seat could not be taken out of line");
        }
    }
}

fn own_seat(cx: &Cx) -> Result<Ref<MatchSeat>, Failure> {
    Ok(Ref::new(cx.me().clone())?)
}

fn own_rating(cx: &Cx, mode: Mode) -> Rating {
    cx.with(|progress: &mut Progress| progress.ratings().get(&mode).copied().unwrap_or_default())
}

/// The seats of one's party, which only its leader may bring.
fn party_seats(cx: &Cx, mode: Mode) -> Result<Vec<Ref<MatchSeat>>, CallError<QueueError>> {
    let own = cx
        .key::<Avatar>()
        .ok_or(PartyError::NotLeader)
        .map_err(QueueError::from)?;
    let (party, members) =
        cx.with(|social: &mut Social| (social.party(), social.members().clone()));
    if party.is_none_or(|party| party.0 != own.0) {
        return Err(QueueError::from(PartyError::NotLeader).into());
    }
    let most = side_size(mode);
    if members.len() > most {
        let limit = u8::try_from(most).unwrap_or(u8::MAX);
        return Err(QueueError::from(PartyError::TooMany { limit }).into());
    }
    let seat = |account| Avatar::reference(account).in_slot(Avatar::SEAT_SLOT);
    Ok(members.into_iter().map(seat).collect())
}
