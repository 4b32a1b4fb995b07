//! The fixed step of entities with `@tick`.

use std::rc::Rc;

use super::cell::Hosted;
use super::kind::{Kind, micros};
use super::shard::{Due, Shard};
use crate::logic::Hook;
use crate::timer::{Tick, Ticker};

impl Shard {
    /// Sets the first step of an entity whose type has one and says what to do in it.
    pub(super) fn begin_ticks(&self, kind: &Kind, cell: &Rc<dyn Hosted>) {
        let Some(step_us) = micros(kind.descriptor.tick_us) else {
            return;
        };
        if !kind.hooks.has(Hook::Tick) {
            return;
        }
        let ticker = Ticker::new(self.refresh(), step_us);
        let due_us = ticker.due_us();
        cell.header().rare_mut(|rare| {
            rare.timers.get_or_insert_default().ticker = Some(ticker);
        });
        self.set_tick(cell, due_us);
    }

    fn set_tick(&self, cell: &Rc<dyn Hosted>, at_us: u64) {
        let due = Due::Tick(Rc::downgrade(cell));
        let timer = self.set_timer(at_us, due);
        cell.header().rare_mut(|rare| {
            if let Some(timers) = &mut rare.timers {
                timers.tick = Some(timer);
            }
        });
    }

    /// A step is due: it waits for its turn on the entity.
    pub(super) fn fire_tick(self: &Rc<Self>, cell: &Rc<dyn Hosted>) {
        let (shard, ticking) = (Rc::clone(self), Rc::clone(cell));
        let again = |shard: &Self| {
            if let Some(due_us) = shard.next_tick(cell) {
                shard.set_tick(cell, due_us);
            }
        };
        self.take_turn(cell, 0, 0, again, async move |mut cx| {
            let now_us = shard.refresh();
            let tick = ticking
                .header()
                .rare_mut(|rare| rare.timers.as_mut()?.ticker.as_mut()?.poll(now_us));
            if let Some(Tick {
                number, skipped, ..
            }) = tick
            {
                shard.env.note("tick", "");
                if skipped > 0 {
                    shard.overruns.set(shard.overruns.get() + 1);
                    tracing::warn!(
                        entity = ?cx,
                        "steps take longer than the schema's `@tick`: {skipped} skipped"
                    );
                }
                shard.run_hook(&mut cx, Hook::Tick, number).await;
            }
            if let Some(due_us) = shard.next_tick(&ticking) {
                shard.set_tick(&ticking, due_us);
            }
        });
    }

    /// When the next step is due; nothing once the entity has ended.
    fn next_tick(&self, cell: &Rc<dyn Hosted>) -> Option<u64> {
        let header = cell.header();
        header
            .rare(|rare| Some(rare.timers.as_ref()?.ticker.as_ref()?.due_us()))
            .flatten()
    }
}
