//! Client rpcs: who answers, and when nobody does.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use arena_bots::world::AvatarConfirmArgs;
use playhouse_client::{ANSWERS_MAX, Failure, FailureKind};
use playhouse_net::link::{ReplyOutcome, ReplySink};
use playhouse_wire::{Limits, from_slice};

use super::server::{Server, avatar, method, run};

/// Outcomes, in the order in which they came.
#[derive(Default, Clone)]
struct Outcomes(Rc<RefCell<Vec<Result<bool, Failure>>>>);

impl ReplySink for Outcomes {
    fn complete(&self, outcome: ReplyOutcome<'_>) {
        self.0.borrow_mut().push(match outcome.into_result() {
            Ok(Ok(bytes)) => Ok(from_slice(bytes, &Limits::DEFAULT).unwrap()),
            Ok(Err(_)) => panic!("nothing is thrown here"),
            Err(failure) => Err(failure.into()),
        });
    }
}

impl Outcomes {
    fn kinds(&self) -> Vec<Option<FailureKind>> {
        let outcomes = self.0.borrow();
        outcomes
            .iter()
            .map(|outcome| outcome.as_ref().err().map(Failure::kind))
            .collect()
    }
}

fn ask(server: &Rc<Server>, outcomes: &Outcomes, text: &str, deadline_us: Option<u64>) -> u32 {
    let args = AvatarConfirmArgs {
        text: text.to_owned(),
    };
    server.ask(method(0, 3), deadline_us, Rc::new(outcomes.clone()), &args)
}

async fn settle() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}

#[test]
fn a_question_is_answered() {
    run(async |world| {
        let client = world.player().await;
        client.answer(|args: AvatarConfirmArgs| async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            args.text == "sell it?"
        });
        let outcomes = Outcomes::default();
        ask(&world.server, &outcomes, "sell it?", None);
        ask(&world.server, &outcomes, "delete it?", None);
        settle().await;
        assert_eq!(*outcomes.0.borrow(), [Ok(true), Ok(false)]);
    });
}

#[test]
fn an_answer_may_be_a_failure() {
    run(async |world| {
        let client = world.player().await;
        client.try_answer(|_: AvatarConfirmArgs, origin| async move {
            assert_eq!(origin.entity, avatar());
            Err(Failure::not_executed(FailureKind::Denied).because("not now"))
        });
        let outcomes = Outcomes::default();
        ask(&world.server, &outcomes, "sell it?", None);
        settle().await;
        let expected = Failure::not_executed(FailureKind::Denied).because("not now");
        assert_eq!(*outcomes.0.borrow(), [Err(expected)]);
    });
}

#[test]
fn a_question_that_nobody_answers_is_unimplemented() {
    run(async |world| {
        let _client = world.player().await;
        let outcomes = Outcomes::default();
        ask(&world.server, &outcomes, "sell it?", None);
        settle().await;
        assert_eq!(outcomes.kinds(), [Some(FailureKind::Unimplemented)]);
    });
}

#[test]
fn too_many_questions_at_once_are_refused() {
    run(async |world| {
        let client = world.player().await;
        client.answer(|_: AvatarConfirmArgs| async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            true
        });
        let outcomes = Outcomes::default();
        for _ in 0..=ANSWERS_MAX {
            ask(&world.server, &outcomes, "sell it?", None);
        }
        settle().await;
        assert_eq!(outcomes.kinds(), [Some(FailureKind::Overloaded)]);
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(outcomes.kinds().len(), ANSWERS_MAX + 1);
        ask(&world.server, &outcomes, "sell it?", None);
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(outcomes.0.borrow().last(), Some(&Ok(true)));
    });
}

#[test]
fn an_answer_that_comes_too_late_is_given_up() {
    run(async |world| {
        let client = world.player().await;
        client.answer(|_: AvatarConfirmArgs| std::future::pending::<bool>());
        let outcomes = Outcomes::default();
        ask(&world.server, &outcomes, "sell it?", Some(500_000));
        settle().await;
        assert_eq!(outcomes.kinds(), [Some(FailureKind::Timeout)]);
    });
}

#[test]
fn a_question_that_is_taken_back_ends_its_answer() {
    struct Ended(Rc<RefCell<u32>>);
    impl Drop for Ended {
        fn drop(&mut self) {
            *self.0.borrow_mut() += 1;
        }
    }
    run(async |world| {
        let client = world.player().await;
        let ended = Rc::new(RefCell::new(0));
        let count = Rc::clone(&ended);
        client.answer(move |_: AvatarConfirmArgs| {
            let guard = Ended(Rc::clone(&count));
            async move {
                let _guard = guard;
                std::future::pending().await
            }
        });
        let outcomes = Outcomes::default();
        let id = ask(&world.server, &outcomes, "sell it?", None);
        settle().await;
        assert_eq!(*ended.borrow(), 0);
        world.server.take_back(id);
        settle().await;
        assert_eq!(*ended.borrow(), 1);
        assert!(outcomes.0.borrow().is_empty());
    });
}
