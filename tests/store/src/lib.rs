//! What every store must do. [`suite!`] makes a test of each case, for a backend of the caller's.
//!
//! A case is an async function that is given the store of an empty backend. What backends may differ in is evened out by
//! [`plain`]: whether entries come back as a map or as a table, and integers above the signed ones.

pub mod cases;
pub mod held;
pub mod history;
pub mod rounds;

use std::rc::Rc;

use playhouse_store::{Backend, Collection, Document, Index, Path, Store, Value};

pub use held::Held;

/// A collection with a unique index on `body.name`, and one that is not on `body.guild`.
pub const AVATARS: &str = "suite.Avatar";
/// A collection without indexes.
pub const GUILDS: &str = "suite.Guild";

/// What the suite's documents are of.
#[must_use]
pub fn collections() -> Vec<Collection> {
    let index = |name, unique| Index {
        path: Path::of(["body", name]),
        unique,
    };
    vec![
        Collection {
            name: AVATARS.into(),
            indexes: vec![index("name", true), index("guild", false)],
        },
        Collection {
            name: GUILDS.into(),
            indexes: Vec::new(),
        },
    ]
}

/// Opens the backend, runs the case on its store, and closes it.
///
/// # Panics
///
/// If the backend can't be opened, or does not do what the case says.
pub fn check(backend: &dyn Backend, case: impl AsyncFnOnce(Rc<dyn Store>)) {
    let system = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime can be built");
    if let Err(error) = backend.open(&collections(), system.handle()) {
        panic!("{error}");
    }
    block_on(case(backend.store()));
    backend.close();
}

/// Runs a future as a shard does: on this thread.
///
/// # Panics
///
/// If no runtime can be built.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let shard = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be built");
    shard.block_on(future)
}

/// A value as every backend gives it back: tables as maps, none that are empty, and integers as the signed ones of the same 64 bits.
#[must_use]
pub fn plain(value: Value) -> Value {
    match value {
        Value::Unsigned(value) => match i64::try_from(value) {
            Ok(_) => Value::Unsigned(value),
            Err(_) => Value::Negative(value.cast_signed()),
        },
        Value::List(values) => Value::List(values.into_iter().map(plain).collect()),
        Value::Map(entries) | Value::Table(entries) => {
            let entries = entries
                .into_iter()
                .map(|(name, value)| (name, plain(value)));
            let is_empty = |value: &Value| value.entries().is_some_and(|it| it.is_empty());
            Value::Map(entries.filter(|(_, value)| !is_empty(value)).collect())
        }
        other => other,
    }
}

/// A document with [`plain`] values.
#[must_use]
pub fn plain_document(document: Document) -> Document {
    Document {
        root: plain(document.root),
        ..document
    }
}

/// A test of each case, by a function that makes an empty backend. What that function gives back besides is kept until the
/// case has ended.
///
/// ```text
/// playhouse_store_tests::suite!(|| (Embedded::at(folder.path()), folder));
/// ```
#[macro_export]
macro_rules! suite {
    ($empty:expr) => {
        $crate::suite! { $empty =>
            claims {
                a_claim_makes_a_document,
                a_claim_raises_epoch_and_revision,
                a_claim_gives_what_was_committed_last,
                a_claim_of_another_epoch_than_seen_changes_nothing,
                a_claim_that_must_not_make_finds_none,
                what_is_in_quarantine_is_not_claimed,
                of_two_that_claim_one_epoch_one_has_it,
                a_free_claim_takes_what_nobody_else_has,
                a_claim_from_an_owner_takes_from_no_other,
                an_epoch_that_moved_is_said_before_whose_it_is,
                of_two_that_make_a_document_at_once_one_has_it,
                of_two_that_take_over_at_once_one_has_it,
            }
            commits {
                a_commit_applies_and_raises_the_revision,
                a_commit_of_a_stale_epoch_is_fenced,
                a_commit_of_a_stale_revision_is_fenced,
                a_commit_that_was_applied_is_known_again,
                a_commit_of_another_owner_is_fenced,
                a_commit_of_an_earlier_life_is_fenced,
                what_is_released_belongs_to_nobody,
                what_is_deleted_is_made_anew,
                what_outlives_its_body_counts_on,
                several_are_committed_together_or_not_at_all,
                many_at_once_all_apply,
                commits_of_one_in_order_all_apply,
            }
            unique {
                a_value_that_is_taken_is_refused,
                a_value_that_is_given_up_is_free,
                a_value_changes_hands_in_one_commit,
                of_two_that_want_a_value_at_once_one_has_it,
                nothing_is_not_a_value,
                what_is_deleted_gives_its_value_up,
                documents_are_found_by_value,
            }
            values {
                hostile_names_come_back,
                extremes_come_back,
                many_bytes_come_back,
                a_table_is_replaced_as_a_whole,
                entries_are_set_and_removed_one_by_one,
                sections_are_independent,
            }
            lists {
                what_has_messages_is_swept,
                what_has_a_time_that_came_is_swept,
                sweeps_leave_out_an_owner_and_quarantine,
                scans_go_page_by_page,
            }
            histories {
                random_histories_agree_with_the_reference,
            }
        }
    };
    ($empty:expr => $($of:ident { $($case:ident,)* })*) => {
        $(mod $of {
            #[allow(unused_imports, reason = "what the caller's function names")]
            use super::*;
            $(#[test]
            fn $case() {
                let (backend, _kept) = ($empty)();
                $crate::check(&backend, $crate::cases::$of::$case);
            })*
        })*
    };
}
