//! What booths do.

use playhouse::{Cx, Duration, entity};

use super::ledger::Ledger;
use crate::schema::fair::Booth;

/// A booth: it has nothing but what its activation remembers, and hands over.
#[derive(Debug, Default)]
#[entity(Booth)]
pub struct BoothLogic {
    props: Booth,
    activation: u64,
}

impl BoothLogic {
    fn starts(&mut self, cx: &Cx, visitor: u64, number: u32) -> u32 {
        let (booth, before) = (cx.key::<Booth>().unwrap_or_default(), self.props.visits());
        Ledger::with(|ledger| {
            if self.activation == 0 {
                self.activation = ledger.activated();
            }
            ledger.started(booth, self.activation, before, (visitor, number));
        });
        self.props.set_visits(before + 1);
        self.props.set_ever(self.props.ever() + 1);
        before
    }
}

#[entity(Booth)]
impl BoothLogic {
    #[hook]
    async fn created(&mut self, _cx: &mut Cx) {
        self.activation = Ledger::with(Ledger::activated);
    }

    #[rpc]
    async fn visit(&mut self, cx: &mut Cx, visitor: u64, number: u32, stays: Duration) -> u32 {
        let before = self.starts(cx, visitor, number);
        let stays = u64::try_from(stays.as_micros()).unwrap_or(0);
        if stays > 0 {
            tokio::time::sleep(std::time::Duration::from_micros(stays)).await;
            let booth = cx.key::<Booth>().unwrap_or_default();
            Ledger::with(|ledger| ledger.ended(booth, self.activation, (visitor, number)));
        }
        before
    }

    #[rpc]
    async fn look(&mut self, cx: &mut Cx, visitor: u64, number: u32) -> u32 {
        self.starts(cx, visitor, number)
    }
}
