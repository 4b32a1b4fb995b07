//! Hooks of one part of an entity, behind a pointer.

use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use super::cell::{Access, EntityCell, Hosted};
use crate::host::{Cx, Refusal};
use crate::logic::{Entity, Hook, Hooks};

/// A future of this shard.
pub(super) type Local<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Runs hooks of a part of an entity. Only those that the user wrote are asked for.
pub(super) trait RunHook {
    fn run<'a>(
        &'a self,
        cell: &'a dyn Hosted,
        hook: Hook,
        step: u64,
        cx: &'a mut Cx,
    ) -> Local<'a, ()>;

    /// Runs the hook `refused`.
    fn refused<'a>(
        &'a self,
        cell: &'a dyn Hosted,
        refusal: Refusal,
        cx: &'a mut Cx,
    ) -> Local<'a, ()>;
}

pub(super) struct HooksOf<E, L, G> {
    access: G,
    part: PhantomData<fn() -> (E, L)>,
}

impl<E, L, G> HooksOf<E, L, G> {
    pub(super) const fn new(access: G) -> Self {
        Self {
            access,
            part: PhantomData,
        }
    }
}

impl<E: Entity, L: Hooks, G: Access<E, L>> RunHook for HooksOf<E, L, G> {
    #[expect(
        clippy::await_holding_refcell_ref,
        reason = "the lease keeps everybody else out"
    )]
    fn run<'a>(
        &'a self,
        cell: &'a dyn Hosted,
        hook: Hook,
        step: u64,
        cx: &'a mut Cx,
    ) -> Local<'a, ()> {
        Box::pin(async move {
            let Some(cell) = (cell as &dyn Any).downcast_ref::<EntityCell<E>>() else {
                return;
            };
            // The entity is leased to the hook, so nobody else has it.
            let Ok(mut logic) = self.access.of(cell).try_borrow_mut() else {
                return;
            };
            match hook {
                Hook::Created => logic.created(cx).await,
                Hook::Loaded => logic.loaded(cx).await,
                Hook::Attached => logic.attached(cx).await,
                Hook::Lost => logic.lost(cx).await,
                Hook::Resumed => logic.resumed(cx).await,
                Hook::Replaced => logic.replaced(cx).await,
                Hook::Tick => logic.tick(cx, step).await,
                Hook::BeforeSave => logic.before_save(cx).await,
                Hook::Moving => logic.moving(cx).await,
                Hook::Destroyed => logic.destroyed(cx).await,
                // It comes with what was refused.
                Hook::Refused => {}
            }
        })
    }

    #[expect(
        clippy::await_holding_refcell_ref,
        reason = "the lease keeps everybody else out"
    )]
    fn refused<'a>(
        &'a self,
        cell: &'a dyn Hosted,
        refusal: Refusal,
        cx: &'a mut Cx,
    ) -> Local<'a, ()> {
        Box::pin(async move {
            let Some(cell) = (cell as &dyn Any).downcast_ref::<EntityCell<E>>() else {
                return;
            };
            if let Ok(mut logic) = self.access.of(cell).try_borrow_mut() {
                logic.refused(cx, refusal).await;
            }
        })
    }
}
