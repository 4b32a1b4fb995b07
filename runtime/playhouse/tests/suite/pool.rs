//! Bounded background work.

use std::cell::RefCell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use playhouse::pool::Pool;
use playhouse::{Executed, Failure, FailureKind};
use tokio::sync::oneshot;

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn refused(result: Poll<Result<u32, Failure>>) -> FailureKind {
    match result {
        Poll::Ready(Err(failure)) => {
            assert_eq!(failure.executed(), Executed::NotExecuted);
            failure.kind()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_the_queue_cannot_hold_is_refused() {
    let pool = Pool::new(2, 1);
    let (first_done, first) = oneshot::channel::<u32>();
    let (_second_done, second) = oneshot::channel::<u32>();
    let begun = RefCell::new(Vec::new());
    let work = |number, end: oneshot::Receiver<u32>| {
        let begun = &begun;
        async move {
            begun.borrow_mut().push(number);
            end.await.unwrap_or(0)
        }
    };
    let mut first = pin!(pool.run(work(1, first)));
    let mut second = pin!(pool.run(work(2, second)));
    assert!(poll(first.as_mut()).is_pending());
    assert!(poll(second.as_mut()).is_pending());
    assert_eq!(
        refused(poll(pin!(pool.try_run(async { 3 })))),
        FailureKind::Overloaded
    );

    let (_, end) = oneshot::channel();
    let mut waits = pin!(pool.run(work(4, end)));
    assert!(poll(waits.as_mut()).is_pending());
    assert_eq!((pool.running(), pool.waiting()), (2, 1));
    assert_eq!(
        refused(poll(pin!(pool.run(async { 5 })))),
        FailureKind::Overloaded
    );

    first_done.send(7).unwrap();
    assert_eq!(poll(first.as_mut()), Poll::Ready(Ok(7)));
    assert_eq!(
        refused(poll(pin!(pool.try_run(async { 6 })))),
        FailureKind::Overloaded
    );
    assert_eq!(poll(waits.as_mut()), Poll::Ready(Ok(0)));
    assert_eq!(*begun.borrow(), [1, 2, 4]);
    assert_eq!((pool.running(), pool.waiting()), (1, 0));
    assert_eq!(poll(pin!(pool.try_run(async { 8 }))), Poll::Ready(Ok(8)));
}

#[test]
fn those_who_wait_begin_in_order() {
    let pool = Pool::new(1, 10);
    let begun = RefCell::new(Vec::new());
    let (done, end) = oneshot::channel::<()>();
    let mut first = Box::pin(pool.run(async { end.await.is_ok() }));
    assert!(poll(first.as_mut()).is_pending());
    let mut rest: Vec<_> = (0..10)
        .map(|number| {
            let begun = &begun;
            Box::pin(pool.run(async move { begun.borrow_mut().push(number) }))
        })
        .collect();
    for future in &mut rest {
        assert!(poll(future.as_mut()).is_pending());
    }
    // Whoever gives up makes room, and holds up nobody.
    drop(rest.remove(3));
    assert_eq!(pool.waiting(), 9);
    done.send(()).unwrap();
    assert!(poll(first.as_mut()).is_ready());
    for _ in 0..9 {
        rest.retain_mut(|future| poll(future.as_mut()).is_pending());
    }
    assert_eq!(*begun.borrow(), [0, 1, 2, 4, 5, 6, 7, 8, 9]);
    assert_eq!((pool.running(), pool.waiting()), (0, 0));
}

#[test]
fn dropping_the_pool_cancels_what_has_not_begun() {
    let pool = Pool::new(1, 1);
    let (done, end) = oneshot::channel::<u32>();
    let mut runs = pin!(pool.run(async { end.await.unwrap_or(0) }));
    let mut waits = pin!(pool.run(async { 1 }));
    let mut later = pin!(pool.run(async { 2 }));
    assert!(poll(runs.as_mut()).is_pending());
    assert!(poll(waits.as_mut()).is_pending());
    drop(pool);
    assert_eq!(refused(poll(waits.as_mut())), FailureKind::Cancelled);
    assert_eq!(refused(poll(later.as_mut())), FailureKind::Cancelled);
    done.send(3).unwrap();
    assert_eq!(poll(runs.as_mut()), Poll::Ready(Ok(3)));
}
