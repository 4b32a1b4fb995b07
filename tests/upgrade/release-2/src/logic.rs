//! What its entities and services do.

use playhouse::{Bytes, Cx, EntityRef, Failure, NodeBuilder, component, entity, service};

use crate::SCHEMA;
use crate::tavern::{Cloak, Door, Guest, Kitchen, Landlord, Mood, Order, Purse};

/// A node of this release, before it has a store and a cluster.
pub fn node() -> NodeBuilder {
    playhouse::Node::builder()
        .schema(&SCHEMA)
        .shards(1)
        .roles(["hall"])
        .entity::<GuestLogic>()
        .entity::<LandlordLogic>()
        .service(|| KitchenLogic)
        .service(|| DoorLogic)
        .authenticate(authenticate)
}

async fn authenticate(_cx: &mut Cx, token: Bytes) -> Result<EntityRef, Failure> {
    let number = token.0.first().copied().unwrap_or_default();
    Ok(Guest::reference(number.into()).into_address())
}

fn host(cx: &Cx) -> String {
    format!("{} of release {}", cx.node().name(), SCHEMA.release)
}

#[derive(Default)]
#[component(Purse)]
struct PurseLogic {
    props: Purse,
}

#[component(Purse)]
impl PurseLogic {
    #[rpc]
    async fn earn(&mut self, _cx: &mut Cx, amount: u64) -> u64 {
        self.props.set_gold(self.props.gold() + amount);
        self.props.gold()
    }

    #[rpc]
    async fn tip(&mut self, _cx: &mut Cx, amount: u64) {
        self.props.set_gold(self.props.gold() + amount);
    }

    #[rpc]
    async fn holds(&mut self, _cx: &mut Cx) -> u64 {
        self.props.gold()
    }
}

#[derive(Default)]
#[component(Cloak)]
struct CloakLogic {
    props: Cloak,
}

#[component(Cloak)]
impl CloakLogic {
    #[rpc]
    async fn leave(&mut self, _cx: &mut Cx, things: u32) -> u32 {
        self.props.set_left(self.props.left() + things);
        self.props.left()
    }
}

#[derive(Default)]
#[entity(Guest { purse: PurseLogic, cloak: CloakLogic })]
struct GuestLogic {
    props: Guest,
}

#[entity(Guest)]
impl GuestLogic {
    #[rpc]
    async fn visit(&mut self, _cx: &mut Cx) -> u64 {
        self.props.set_evenings(self.props.evenings() + 1);
        self.props.evenings()
    }

    #[rpc]
    async fn order(&mut self, cx: &mut Cx, order: Order) -> Result<u32, Failure> {
        if self.props.tab().len() == 8 {
            self.props.tab_mut().clear();
        }
        self.props.tab_mut().push(order)?;
        let _ = cx;
        Kitchen::any().cook(order).await
    }

    #[rpc]
    async fn drink(&mut self, _cx: &mut Cx, thirst: u32) -> u32 {
        self.props.set_thirst(self.props.thirst() + thirst);
        self.props.set_hunger(self.props.hunger() + 1);
        self.props.thirst()
    }

    #[rpc]
    async fn host(&mut self, cx: &mut Cx) -> String {
        host(cx)
    }

    #[rpc]
    async fn praise(&mut self, _cx: &mut Cx, by: u32) -> u32 {
        self.props.set_fame(self.props.fame() + by);
        self.props.fame()
    }

    #[rpc]
    async fn feel(&mut self, _cx: &mut Cx, mood: Mood) -> Mood {
        let before = self.props.mood();
        self.props.set_mood(mood);
        before
    }

    #[rpc]
    async fn treat(&mut self, _cx: &mut Cx, to: u64) -> Result<(), Failure> {
        Guest::of(to).purse().tip(1)
    }

    #[rpc]
    async fn peek(&mut self, _cx: &mut Cx) -> u64 {
        self.props.evenings()
    }

    #[rpc]
    async fn tabs(&mut self, _cx: &mut Cx) -> Vec<Order> {
        self.props.tab().to_vec()
    }
}

#[derive(Default)]
#[entity(Landlord)]
struct LandlordLogic {
    props: Landlord,
}

#[entity(Landlord)]
impl LandlordLogic {
    #[rpc]
    async fn greet(&mut self, _cx: &mut Cx) -> u64 {
        self.props.set_greeted(self.props.greeted() + 1);
        self.props.greeted()
    }

    #[rpc]
    async fn host(&mut self, cx: &mut Cx) -> String {
        host(cx)
    }
}

struct KitchenLogic;

#[service(Kitchen)]
impl KitchenLogic {
    #[rpc]
    async fn cook(&self, _cx: &mut Cx, order: Order) -> u32 {
        order.count
    }
}

struct DoorLogic;

#[service(Door)]
impl DoorLogic {
    #[rpc]
    async fn open(&self, _cx: &mut Cx) -> u32 {
        SCHEMA.release
    }
}
