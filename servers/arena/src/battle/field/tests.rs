//! Battles without a server.

use arena_schema::battle::{CastError, SpellSlot, Target};
use arena_schema::common::{
    AccountId, BattleId, BattleSetup, Fighter, HeroId, Mode, Name, Rating, Side,
};
use playhouse::Uuid;
use playhouse::math::Vec2;

use super::{Field, GOLD_A_KILL, Happening, STEPS_A_SECOND, distance};

const DAWN: AccountId = AccountId(1);
const DUSK: AccountId = AccountId(2);
const BOLT: SpellSlot = SpellSlot(0);
const BLAST: SpellSlot = SpellSlot(1);
const STRIKE: SpellSlot = SpellSlot(2);
const HEAL: SpellSlot = SpellSlot(3);

fn fighter(account: AccountId, side: Side) -> Fighter {
    Fighter {
        account,
        name: Name(format!("fighter {}", account.0)),
        hero: HeroId(1),
        side,
        worn: vec![None; 8],
        rating: Rating::default(),
        muted: false,
    }
}

fn duel() -> Field {
    Field::new(&BattleSetup {
        battle: BattleId(Uuid([7; 16])),
        mode: Mode::Duel,
        fighters: vec![fighter(DAWN, Side::Dawn), fighter(DUSK, Side::Dusk)],
        seed: 7,
        center: None,
    })
}

fn advance(field: &mut Field, steps: u32) -> Vec<Happening> {
    let mut happened = Vec::new();
    for _ in 0..steps {
        field.advance(&mut happened);
    }
    happened
}

fn meet(field: &mut Field) {
    field.steer(DAWN, Vec2 { x: 0.0, y: 0.0 });
    field.steer(DUSK, Vec2 { x: 1.0, y: 0.0 });
    advance(field, 3 * STEPS_A_SECOND);
}

fn cast(field: &mut Field, slot: SpellSlot, at: Target) -> Result<Vec<Happening>, CastError> {
    let mut happened = Vec::new();
    field.cast(DAWN, slot, &at, &mut happened)?;
    Ok(happened)
}

#[test]
fn bodies_walk_where_they_are_steered_and_no_further() {
    let mut field = duel();
    let target = Vec2 { x: -9.0, y: 4.0 };
    field.steer(DAWN, target);
    advance(&mut field, 1);
    let walked = distance(field.bodies()[&DAWN].pos, Vec2 { x: -12.0, y: 0.0 });
    assert!((0.29..0.31).contains(&walked), "{walked}");
    advance(&mut field, 40);
    assert_eq!(field.bodies()[&DAWN].pos, target);
}

#[test]
fn nobody_leaves_the_field_or_follows_a_broken_number() {
    let mut field = duel();
    field.steer(DAWN, Vec2 { x: -900.0, y: 0.0 });
    advance(&mut field, 200);
    assert_eq!(field.bodies()[&DAWN].pos.x, -20.0);
    for broken in [f32::NAN, f32::INFINITY] {
        field.steer(DAWN, Vec2 { x: broken, y: 0.0 });
        advance(&mut field, 1);
        assert!(field.bodies()[&DAWN].pos.x.is_finite());
    }
}

#[test]
fn a_bolt_flies_and_hurts_the_first_enemy() {
    let mut field = duel();
    let launched = cast(&mut field, BOLT, Target::Point(Vec2 { x: 12.0, y: 0.0 })).unwrap();
    assert_eq!(launched, [Happening::Launched(1)]);
    let happened = advance(&mut field, 2 * STEPS_A_SECOND);
    assert!(
        matches!(happened[0], Happening::Hit { whom: DUSK, .. }),
        "{happened:?}"
    );
    assert!(matches!(happened[1], Happening::Burst { flyer: 1, .. }));
    assert!(field.bodies()[&DUSK].health < 100);
    assert!(field.flyers().is_empty());
}

#[test]
fn what_misses_bursts_at_the_end_of_its_reach() {
    let mut field = duel();
    cast(&mut field, BOLT, Target::Point(Vec2 { x: -12.0, y: 15.0 })).unwrap();
    let happened = advance(&mut field, 2 * STEPS_A_SECOND);
    assert!(
        matches!(happened[..], [Happening::Burst { .. }]),
        "{happened:?}"
    );
}

#[test]
fn spells_cool_down_cost_mana_and_reach_only_so_far() {
    let mut field = duel();
    let here = Target::Point(Vec2 { x: -8.0, y: 0.0 });
    cast(&mut field, BLAST, here.clone()).unwrap();
    assert!(matches!(
        cast(&mut field, BLAST, here.clone()),
        Err(CastError::NotReady { .. })
    ));
    for _ in 0..20 {
        advance(&mut field, 30);
        if cast(&mut field, BLAST, here.clone()).is_err() {
            break;
        }
    }
    assert!(matches!(
        cast(&mut field, BLAST, here),
        Err(CastError::NoMana { .. })
    ));
    assert_eq!(
        cast(&mut field, BOLT, Target::Point(Vec2 { x: 19.0, y: 0.0 })),
        Err(CastError::OutOfRange)
    );
    assert_eq!(
        cast(&mut field, STRIKE, Target::Puppet(99)),
        Err(CastError::OutOfRange)
    );
}

#[test]
fn an_enemy_is_struck_by_the_puppets_number() {
    let mut field = duel();
    meet(&mut field);
    let happened = cast(&mut field, STRIKE, Target::Puppet(2)).unwrap();
    assert!(matches!(happened[..], [Happening::Hit { whom: DUSK, .. }]));
}

#[test]
fn the_fallen_score_for_the_other_side_and_rise_again() {
    let mut field = duel();
    meet(&mut field);
    let mut falls = 0;
    while falls == 0 {
        let at = Target::Point(field.bodies()[&DUSK].pos);
        let happened = cast(&mut field, STRIKE, at).unwrap_or_default();
        falls += happened
            .iter()
            .filter(|one| matches!(one, Happening::Fell { .. }))
            .count();
        advance(&mut field, 1);
    }
    assert_eq!((field.score(Side::Dawn), field.score(Side::Dusk)), (1, 0));
    assert_eq!(field.leader(), Some(Side::Dawn));
    assert_eq!(field.bodies()[&DAWN].gold, GOLD_A_KILL);
    assert_eq!(field.bodies()[&DUSK].tally.deaths, 1);
    assert!(matches!(
        field.cast(DUSK, HEAL, &Target::Itself, &mut Vec::new()),
        Err(CastError::HeldBack { .. })
    ));
    field.rise(DUSK);
    assert_eq!(field.bodies()[&DUSK].health, 100);
    assert_eq!(field.bodies()[&DUSK].pos.x, 12.0);
}

#[test]
fn healing_stops_at_full_health() {
    let mut field = duel();
    cast(&mut field, HEAL, Target::Itself).unwrap();
    assert_eq!(field.bodies()[&DAWN].health, 100);
}

#[test]
fn the_same_inputs_give_the_same_battle() {
    let run = || {
        let mut field = duel();
        meet(&mut field);
        for _ in 0..200 {
            let at = Target::Point(field.bodies()[&DUSK].pos);
            let _fizzled = cast(&mut field, STRIKE, at);
            advance(&mut field, 1);
        }
        format!("{field:?}")
    };
    assert_eq!(run(), run());
}
