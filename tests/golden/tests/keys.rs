//! The key of an address comes back as the types it was made of.

use playhouse::EntityKey;
use playhouse::Uuid;
use playhouse::call::{Arguments, HasCall, Rpc};
use playhouse::logic::EntitySchema;
use playhouse_golden::all_calls::golden::calls::{
    Front, FrontBothArgs, FrontManyArgs, Part, PartFadeArgs, Refused, Reply,
};
use playhouse_golden::keyed_by_many::golden::keys::{
    AccountId, Agent, ByEnum, ByFour, ByNewtype, ByNumber, BySigned, ByText, ByTwo, ByUuid,
    Created, Half, Only, Region, Word,
};

#[test]
fn keys_of_every_kind_come_back() {
    fn check<E: EntitySchema>(reference: &playhouse::Ref<E>, expected: &E::Key)
    where
        E::Key: PartialEq + std::fmt::Debug,
    {
        assert_eq!(E::key(&reference.address().key).as_ref(), Some(expected));
    }
    check(&ByNumber::reference(u64::MAX), &u64::MAX);
    check(&ByText::reference("dev"), &"dev".to_owned());
    check(&ByUuid::reference(Uuid([7; 16])), &Uuid([7; 16]));
    check(&ByNewtype::reference(AccountId(7)), &AccountId(7));
    check(&ByEnum::reference(Region::Asia), &Region::Asia);
    let two = (AccountId(7), Region::Unknown(9));
    check(&ByTwo::reference(AccountId(7), Region::Unknown(9)), &two);
    let word = || Word("w".to_owned());
    let four = ByFour::reference(Region::Asia, word(), 3, Uuid([1; 16]));
    check(&four, &(Region::Asia, word(), 3, Uuid([1; 16])));
    check(&BySigned::reference(-3, Half::Lower), &(-3, Half::Lower));
    check(&Created::reference(5), &5);
    check(&Only::reference(), &());
    check(&Agent::reference("dev"), &"dev".to_owned());
}

#[test]
fn keys_of_other_types_and_out_of_bounds_are_none() {
    let number = |number: i64| EntityKey::new([number.into()]);
    assert!(ByNewtype::key(&number(1)).is_some());
    assert!(ByNewtype::key(&number(0)).is_none(), "the least is 1");
    assert!(ByNewtype::key(&number(-1)).is_none());
    assert!(ByText::key(&number(1)).is_none());
    assert!(ByText::key(&EntityKey::new(["x".repeat(65).into()])).is_none());
    assert!(ByNumber::key(&EntityKey::default()).is_none());
    assert!(ByNumber::key(&EntityKey::new([1.into(), 2.into()])).is_none());
    assert!(ByEnum::key(&number(256)).is_none());
    assert!(BySigned::key(&EntityKey::new([1.into(), 2.into()])).is_none());
    assert!(Only::key(&number(1)).is_none());
}

#[test]
fn a_call_is_known_by_its_owner_and_tag() {
    fn name<O: HasCall<TAG>, const TAG: u8>() -> &'static str {
        assert_eq!(O::Args::TAG, TAG);
        O::Args::call().name
    }
    assert_eq!(name::<Front, 4>(), "both");
    assert_eq!(name::<Part, 6>(), "fade");
    assert_eq!(PartFadeArgs { index: 3 }.into_parts(), (3,));
    let _: fn(FrontManyArgs) -> (Vec<_>, _, _) = FrontManyArgs::into_parts;
    let thrown: <FrontBothArgs as Rpc>::Fault = Refused::Late.into();
    let returned: Result<<FrontBothArgs as Rpc>::Output, _> = Ok::<_, ()>(Reply::Yes);
    assert_eq!(thrown.to_string(), "late");
    assert_eq!(returned, Ok(Reply::Yes));
}
