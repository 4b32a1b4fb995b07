//! Gold for money.

use arena_schema::account::Payments;
use arena_schema::common::AccountId;
use arena_schema::world::Avatar;
use playhouse::{Cx, Failure, Uuid, service};

use crate::tables;

/// What the payment provider calls, again and again until it is answered.
///
/// The wallet knows each payment by its number, so that one told twice is credited once. The answer waits until the
/// message to the wallet can't be lost any more; whether the player is there does not matter.
#[derive(Debug, Default)]
pub struct PaymentsLogic;

#[service(Payments)]
impl PaymentsLogic {
    #[rpc]
    async fn paid(
        &self,
        cx: &mut Cx,
        payment: Uuid,
        account: AccountId,
        gold: u64,
    ) -> Result<(), Failure> {
        let wallet = Avatar::of(account).wallet();
        wallet.credit(payment, tables::gold(gold))?;
        cx.flush().await
    }
}
