//! What a gate knows of a link.

use playhouse_wire::Message;
use playhouse_wire::message::{Aside, End, Open, SessionReason, kind};
use playhouse_wire::session::{GateLink, GateUp};

use super::{Steps, name, within_bounds};

pub(in crate::target) fn run(bytes: &[u8]) {
    within_bounds(bytes, drive);
}

fn drive(steps: &mut Steps<'_>) {
    let mut gate = GateLink::new();
    let mut highest = 0;
    while let Some((what, more)) = steps.next() {
        let home = u64::from(more % 4);
        let attempt = u64::from(more / 4);
        let before = gate.bound();
        match what % 12 {
            0..=2 => {
                let message = Message::Open(Open::new(&[], attempt));
                match gate.handle_up(&message) {
                    GateUp::Locate { attempt } => {
                        assert!(attempt > highest, "attempts rise");
                        highest = attempt;
                        assert_eq!(gate.bound(), None);
                    }
                    GateUp::Broken(_) => assert!(attempt <= highest),
                    other => panic!("an open came to {other:?}"),
                }
            }
            3 if more >= 128 => {
                let aside = Message::Aside(Aside {
                    attempt: attempt % 8,
                    number: attempt,
                    body: &[],
                });
                let forward = before.filter(|(_, bound)| *bound == attempt % 8).map_or(
                    GateUp::Drop,
                    |(home, attempt)| GateUp::Forward { home, attempt },
                );
                assert_eq!(gate.handle_up(&aside), forward);
            }
            3 => up(&mut gate, &Message::Ack(attempt)),
            4 => up(
                &mut gate,
                &Message::End(End {
                    session: name(more),
                    attempt,
                    reason: SessionReason::LoggedOut,
                    ran: None,
                    text: "",
                }),
            ),
            5 | 6 => {
                let found = gate.found(attempt, home);
                assert_eq!(
                    found.is_wanted,
                    gate.bound() == Some((home, attempt)) && before.is_none()
                );
                assert!(found.lost.is_none_or(|(other, _)| other != home));
            }
            7 => {
                let wanted = gate.not_found(attempt).is_wanted;
                assert!(!wanted || gate.bound().is_none());
            }
            8 => {
                let of_kind = [
                    kind::MSG,
                    kind::DETACH,
                    kind::END,
                    kind::REFUSED,
                    kind::OPENED,
                ];
                let of_kind = of_kind[usize::from(more) % of_kind.len()];
                let passes = gate.handle_down(home, attempt, of_kind);
                assert_eq!(passes, before == Some((home, attempt)));
            }
            9 => {
                let passes = gate.handle_redirect(home, attempt);
                assert_eq!(passes, before == Some((home, attempt)));
            }
            10 => {
                let detached = gate.handle_home_lost(home);
                let bound = before.filter(|(other, _)| *other == home);
                assert_eq!(detached, bound.map(|(_, attempt)| attempt));
            }
            _ => {
                let bytes = steps.take(more);
                let event = Message::decode(bytes).map(|message| gate.handle_up(&message));
                if let Ok(GateUp::Locate { attempt }) = event {
                    highest = attempt;
                }
            }
        }
    }
    let bound = gate.bound();
    let told = gate.handle_closed();
    assert!(
        bound.is_none() || bound == told,
        "the home hears of the end of its link"
    );
    assert_eq!(gate.handle_closed(), None, "once");
}

fn up(gate: &mut GateLink, message: &Message<'_>) {
    let bound = gate.bound();
    match gate.handle_up(message) {
        GateUp::Forward { home, attempt } => assert_eq!(bound, Some((home, attempt))),
        GateUp::Locate { .. } => panic!("no open was sent"),
        GateUp::Drop | GateUp::Broken(_) => assert_eq!(bound, None),
    }
}
