//! What the attributes make of right code: handlers by tag, hooks, slots and entities from their keys.

use std::any::Any;

use playhouse::call::{Arguments, Rpc};
use playhouse::logic::{
    Calls, ComponentCalls, Entity, EntityCalls, Hook, Hooks, Service, ServiceCalls, Slot, Slots,
};
use playhouse::{Cx, EntityKey, Failure};
use playhouse_ui_tests::logic::{
    AvatarLogic, BoardLogic, CenterLogic, DuelLogic, InventoryLogic, LoginLogic, RatLogic,
    StubLogic, WalletLogic,
};
use playhouse_ui_tests::town::{Avatar, Board, Place};

/// Kind, tag, and whether the handler is ready at once.
#[derive(Default)]
struct Registered(Vec<(&'static str, u8, bool)>);

impl<L> Calls<L> for Registered {
    fn rpc<A: Rpc, F>(&mut self, ready: bool, _: F)
    where
        F: AsyncFn(&mut L, &mut Cx, A) -> Result<A::Output, A::Fault> + Copy + 'static,
    {
        self.0.push(("rpc", A::TAG, ready));
    }

    fn oneway<A: Arguments, F>(&mut self, ready: bool, _: F)
    where
        F: AsyncFn(&mut L, &mut Cx, A) -> Result<(), Failure> + Copy + 'static,
    {
        self.0.push(("oneway", A::TAG, ready));
    }

    fn timer<A: Arguments, F>(&mut self, ready: bool, _: F)
    where
        F: AsyncFn(&mut L, &mut Cx, A) -> Result<(), Failure> + Copy + 'static,
    {
        self.0.push(("timer", A::TAG, ready));
    }
}

impl<L> ServiceCalls<L> for Registered {
    fn rpc<A: Rpc, F>(&mut self, ready: bool, _: F)
    where
        F: AsyncFn(&L, &mut Cx, A) -> Result<A::Output, A::Fault> + Copy + 'static,
    {
        self.0.push(("rpc", A::TAG, ready));
    }

    fn oneway<A: Arguments, F>(&mut self, ready: bool, _: F)
    where
        F: AsyncFn(&L, &mut Cx, A) -> Result<(), Failure> + Copy + 'static,
    {
        self.0.push(("oneway", A::TAG, ready));
    }
}

fn component<L: ComponentCalls>() -> Vec<(&'static str, u8, bool)> {
    let mut registered = Registered::default();
    L::register(&mut registered);
    registered.0
}

fn entity<L: EntityCalls>() -> Vec<(&'static str, u8, bool)> {
    let mut registered = Registered::default();
    L::register(&mut registered);
    registered.0
}

#[test]
fn every_handler_is_registered_with_its_tag_and_whether_it_waits() {
    assert_eq!(
        component::<InventoryLogic>(),
        [
            ("rpc", 1, true),
            ("rpc", 2, true),
            ("oneway", 3, false),
            ("timer", 5, true),
        ]
    );
    assert_eq!(
        component::<WalletLogic>(),
        [("rpc", 1, true), ("rpc", 2, true)]
    );
    assert_eq!(component::<Place>(), []);
    assert_eq!(entity::<AvatarLogic>(), [("rpc", 1, true)]);
    assert_eq!(entity::<RatLogic>(), []);
    let mut registered = Registered::default();
    LoginLogic::register(&mut registered);
    assert_eq!(registered.0, [("rpc", 1, true), ("oneway", 2, true)]);
}

#[test]
fn only_written_hooks_are_called() {
    let written = InventoryLogic::WRITTEN;
    for (hook, expected) in [
        (Hook::Created, true),
        (Hook::Tick, true),
        (Hook::Loaded, false),
        (Hook::Destroyed, false),
    ] {
        assert_eq!(written.has(hook), expected, "{hook:?}");
    }
    assert!(DuelLogic::WRITTEN.has(Hook::Destroyed));
    assert!(!WalletLogic::WRITTEN.has(Hook::Created));
}

#[test]
fn slots_hold_what_the_attribute_says() {
    fn filled<L: 'static>(slots: &impl Slots, tag: u8) -> bool {
        slots.get(tag).is_some_and(<dyn Any>::is::<Slot<L>>)
    }

    let slots = AvatarLogic::slots();
    assert!(filled::<InventoryLogic>(&slots, Avatar::BAG_SLOT));
    assert!(filled::<WalletLogic>(&slots, Avatar::WALLET_SLOT));
    assert!(filled::<Place>(&slots, Avatar::PLACE_SLOT));
    assert!(slots.get(4).is_none());
}

#[test]
fn entities_are_made_from_keys_of_their_types() {
    let key = |text: &str, number: u32| EntityKey::new([text.to_owned().into(), number.into()]);
    let board = BoardLogic::construct(&key("High Street", 7)).expect("a board");
    let props: &Board = board.properties();
    assert_eq!(props.lines().to_vec(), ["High Street 7"]);
    // A key of other types, and one of other length.
    assert!(BoardLogic::construct(&EntityKey::new([7_u32.into(), 7_u32.into()])).is_none());
    assert!(BoardLogic::construct(&EntityKey::new(["a".to_owned().into()])).is_none());

    assert!(AvatarLogic::construct(&EntityKey::new([9_u64.into()])).is_some());
    assert!(CenterLogic::construct(&EntityKey::new([])).is_some());
    assert!(StubLogic::construct(&EntityKey::new(["a".to_owned().into()])).is_some());
    // Made by those who need them.
    assert!(DuelLogic::construct(&EntityKey::new([1_u64.into()])).is_none());
    assert!(RatLogic::construct(&EntityKey::new([])).is_none());
}
