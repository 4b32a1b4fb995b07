//! What every membership of a cluster must do. [`suite!`] makes a test of each case, for a registry of the caller's.
//!
//! A case is an async function that is given a [`Registry`] with nobody in it but who hosts it. Its members are real nodes, which
//! ask over real sockets; they can be killed, and stopped for a while as a process is by a signal.

pub mod cases;
mod embedded;
mod member;

use std::time::Duration;

pub use embedded::Hosted;
pub use member::Member;

/// A case that waits for longer than this has failed.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A registry that tests can take away.
pub trait Registry {
    /// The membership of one more node.
    fn membership(&self) -> Box<dyn playhouse_cluster::Backend>;

    /// It goes; what a crash leaves is left.
    fn stop(&mut self);

    /// It comes back where it was.
    fn start(&mut self);
}

/// Runs the case.
///
/// # Panics
///
/// If the membership does not do what the case says.
pub fn check<R: Registry>(mut registry: R, case: impl AsyncFnOnce(&mut R)) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be built");
    runtime.block_on(async {
        let done = tokio::time::timeout(PATIENCE, case(&mut registry)).await;
        assert!(done.is_ok(), "what the case waits for did not come");
    });
}

/// Starts or stops nodes: on a thread of its own, since a runtime's own thread may not be blocked.
///
/// # Panics
///
/// If `act` does.
pub fn blocking<T: Send>(act: impl FnOnce() -> T + Send) -> T {
    let done = std::thread::scope(|scope| scope.spawn(act).join());
    done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// A test of each case, by a function that makes a registry. What that function gives back besides is kept until the case has
/// ended.
///
/// ```text
/// playhouse_cluster_tests::suite!(|| (Hosted::new(), ()));
/// ```
#[macro_export]
macro_rules! suite {
    ($registry:expr) => {
        $crate::suite! { $registry =>
            members {
                who_joins_is_seen_with_all_that_it_says,
                who_leaves_is_gone_before_who_was_killed,
                nobody_is_there_since_the_last_was_killed,
                what_a_member_says_anew_is_seen,
                who_was_silent_for_too_long_joins_again,
                of_one_name_the_later_life_is_there,
                a_name_that_is_taken_is_refused,
                who_loses_its_name_is_told,
                views_outlast_the_registry,
                who_starts_before_the_registry_joins_later,
            }
            locks {
                a_lock_has_one_holder_and_its_tokens_rise,
                who_waits_first_is_next,
                who_waits_no_more_is_passed_over,
                the_lock_of_a_dead_holder_is_free,
                a_holder_that_was_silent_loses_its_lock,
                a_lock_is_lost_when_the_registry_is_away_for_too_long,
                tokens_rise_through_a_restart_of_the_registry,
                of_those_that_want_to_lead_one_does,
                who_leaves_has_no_locks,
            }
        }
    };
    ($registry:expr => $($of:ident { $($case:ident,)* })*) => {
        $(mod $of {
            #[allow(unused_imports, reason = "what the caller's function names")]
            use super::*;
            $(#[test]
            fn $case() {
                let (registry, _kept) = ($registry)();
                $crate::check(registry, $crate::cases::$of::$case);
            })*
        })*
    };
}
