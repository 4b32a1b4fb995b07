//! Background work, so much at once and no more.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, TryAcquireError};

use crate::call::{Failure, FailureKind};

/// Runs futures side by side, at most `limit` of them at once; at most `queue` more wait, and begin in the order in
/// which they came.
///
/// A future runs as part of the task that awaits it. Dropping the pool cancels what has not begun.
///
/// ```
/// use playhouse::pool::Pool;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let lookups = Pool::new(4, 100);
/// let found = lookups.run(async { "a name" }).await.unwrap();
/// assert_eq!(found, "a name");
/// # });
/// ```
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    places: Semaphore,
    limit: usize,
    queue: usize,
    waiting: AtomicUsize,
}

/// Someone who waits for a place.
struct Waiter<'a>(&'a AtomicUsize);

impl Pool {
    /// A pool for `limit` futures at once, at least one, and `queue` that wait.
    #[must_use]
    pub fn new(limit: usize, queue: usize) -> Self {
        let limit = limit.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            shared: Arc::new(Shared {
                places: Semaphore::new(limit),
                limit,
                queue,
                waiting: AtomicUsize::new(0),
            }),
        }
    }

    /// How many futures run.
    #[must_use]
    pub fn running(&self) -> usize {
        self.shared.limit - self.shared.places.available_permits()
    }

    /// How many futures wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.shared.waiting.load(Ordering::Relaxed)
    }

    /// Runs `work` as soon as there is a place for it. It takes its turn when the returned future is polled first.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Overloaded`] if the queue is full, [`FailureKind::Cancelled`] if the pool is dropped before
    /// `work` begins; either way `work` was not polled.
    pub fn run<F: Future>(
        &self,
        work: F,
    ) -> impl Future<Output = Result<F::Output, Failure>> + use<F> {
        let shared = Arc::clone(&self.shared);
        async move {
            let place = match shared.places.try_acquire() {
                Ok(place) => place,
                Err(TryAcquireError::Closed) => return Err(cancelled()),
                Err(TryAcquireError::NoPermits) => {
                    let _waiter = Waiter::new(&shared)?;
                    shared.places.acquire().await.map_err(|_| cancelled())?
                }
            };
            let result = work.await;
            drop(place);
            Ok(result)
        }
    }

    /// Runs `work` if there is a place for it now.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Overloaded`] if there is none; `work` was not polled then.
    pub fn try_run<F: Future>(
        &self,
        work: F,
    ) -> impl Future<Output = Result<F::Output, Failure>> + use<F> {
        let shared = Arc::clone(&self.shared);
        async move {
            let place = shared.places.try_acquire().map_err(|error| match error {
                TryAcquireError::NoPermits => overloaded(shared.limit, 0),
                TryAcquireError::Closed => cancelled(),
            })?;
            let result = work.await;
            drop(place);
            Ok(result)
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.places.close();
    }
}

impl<'a> Waiter<'a> {
    fn new(shared: &'a Shared) -> Result<Self, Failure> {
        let join = |waiting| (waiting < shared.queue).then_some(waiting + 1);
        match shared
            .waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, join)
        {
            Ok(_) => Ok(Self(&shared.waiting)),
            Err(_) => Err(overloaded(shared.limit, shared.queue)),
        }
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn overloaded(limit: usize, queue: usize) -> Failure {
    Failure::not_executed(FailureKind::Overloaded).because(format!(
        "the pool runs {limit} and holds {queue} more: try again later, or make it larger"
    ))
}

fn cancelled() -> Failure {
    Failure::not_executed(FailureKind::Cancelled).because("the pool was dropped")
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("limit", &self.shared.limit)
            .field("running", &self.running())
            .field("waiting", &self.waiting())
            .finish_non_exhaustive()
    }
}
