//! Nodes in a simulation.

use std::rc::Rc;

use super::environment::SimEnv;
use super::host::{Boot, BootShard, Booted, Place};
use super::shards::{CallTrace, within};
use crate::node::NodeBuilder;

/// Starts a node: the same as in production, except that its shards are sets of tasks and not threads.
///
/// # Panics
///
/// If the node can't be built.
pub(super) fn boot(name: &str, builder: impl Fn() -> NodeBuilder + 'static) -> Boot {
    let name = name.to_owned();
    Rc::new(move |place: &Place| {
        let builder = builder().name(&name).interceptor(CallTrace::new(place));
        let node = match builder.build() {
            Ok(node) => node,
            Err(error) => panic!("the node `{name}` can't be built: {error}"),
        };
        if let Some(store) = &*place.world.sim_store.borrow() {
            store.add_collections(&node.collections());
        }
        // Each life of a node has a number of its own, by which others tell it from those before.
        let life = u64::from(place.host) << 32 | u64::from(place.incarnation) | 1 << 63;
        let ahead_us = place.world.date_ahead(&name);
        let date = place.world.utc().0.saturating_add(ahead_us);
        let rate_ppm = place.world.clock_rate(&name);
        let parts = (0..).zip(node.parts(life, date)).map(|(index, part)| {
            let place = place.clone();
            let boot: BootShard = Box::new(move || {
                let env = SimEnv::new(&place, index)
                    .with_clock_rate(rate_ppm)
                    .with_date_ahead(ahead_us);
                let stopper = part.stopper();
                let (shard, main) = part.boot(Rc::new(env), place.network, place.store);
                Booted {
                    main: Box::pin(main),
                    within: within(shard),
                    stop: Rc::new(move || stopper.stop()),
                }
            });
            boot
        });
        parts.collect()
    })
}
