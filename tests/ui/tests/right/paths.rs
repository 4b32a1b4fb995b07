//! Names reach the schema by any path: modules, aliases, globs; and arguments and results by any name of their types.

use playhouse::{CallError, Cx, Failure, Ref, component, service};
use playhouse_ui_tests::town::{self, Inventory as Bag, Wallet};

type Stacks = Vec<town::Stack>;
type Traded = Result<town::Receipt, CallError<town::TradeError>>;
type Context = Cx;

#[component(Bag)]
#[derive(Default)]
struct BagLogic {
    props: Bag,
}

#[component(Bag)]
impl BagLogic {
    #[rpc]
    async fn trade(&mut self, cx: &mut Cx, to: Ref<Bag>, give: Stacks) -> Traded {
        let _ = (cx, to, give, &self.props);
        Err(town::TradeError::NotNearby.into())
    }

    #[rpc]
    async fn r#has(
        &mut self,
        cx: &mut Context,
        item: town::ItemId,
        count: std::primitive::u32,
    ) -> std::primitive::bool {
        let _ = (cx, item, count);
        true
    }

    #[playhouse::rpc]
    async fn deliver(
        &mut self,
        _: &mut playhouse::Cx,
        _: town::Stack,
        _: std::string::String,
    ) -> () {
    }

    #[playhouse::rpc]
    async fn spoil(
        &mut self,
        _: &mut playhouse::Cx,
        _item: town::ItemId,
    ) -> std::result::Result<(), Failure> {
        Ok(())
    }
}

#[component(playhouse_ui_tests::town::Wallet)]
#[derive(Default)]
struct Purse {
    props: playhouse_ui_tests::town::Wallet,
}

#[component(town::Wallet)]
impl Purse {
    #[rpc]
    async fn pay(&mut self, _cx: &mut Cx, _amount: u64) -> Result<(), Failure> {
        let _: &Wallet = &self.props;
        Ok(())
    }

    #[rpc]
    async fn currency(&mut self, _cx: &mut Cx) -> Result<String, Failure> {
        Ok(String::new())
    }
}

mod player {
    use super::{BagLogic, Purse};
    use playhouse::*;
    use playhouse_ui_tests::town::*;

    #[entity(Avatar { wallet: Purse = Purse::default(), place: Place, bag: BagLogic })]
    #[derive(Default)]
    pub struct AvatarLogic {
        props: Avatar,
    }

    #[entity(Avatar)]
    impl AvatarLogic {
        #[rpc]
        async fn rename(&mut self, _cx: &mut Cx, mut name: String) {
            name.push('!');
            self.props.set_name(name);
        }
    }
}

mod elsewhere {
    use playhouse_ui_tests::town::Place;

    #[playhouse::component(Place)]
    #[derive(Default)]
    pub struct Spot {
        pub props: Place,
    }
}

#[component(town::Place)]
impl elsewhere::Spot {
    #[playhouse::hook]
    async fn loaded(&mut self, _cx: &mut Cx) {
        self.props.set_x(1.0);
    }
}

struct Door(std::cell::Cell<u32>);

#[service(town::Login)]
impl Door {
    #[rpc]
    async fn enter(&self, _cx: &mut Cx, _token: String) -> Result<town::AccountId, town::PayError> {
        self.0.set(self.0.get() + 1);
        Ok(town::AccountId(7))
    }

    #[rpc]
    async fn log(&self, _cx: &mut Cx, _line: String) {}
}

fn entity<E: playhouse::logic::EntityCalls>() {}
fn service<S: playhouse::logic::Service>(_: S) {}

fn main() {
    entity::<player::AvatarLogic>();
    service(Door(std::cell::Cell::new(0)));
}
