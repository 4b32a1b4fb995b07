//! Entities that live in others.

use std::time::Duration;

use playhouse::host::LOCALS_MAX;
use playhouse::{Cx, FailureKind, Reach, component, entity};

use crate::harness::on_shard;
use crate::schema::trial::{Bark, Center, Tree};

#[derive(Default)]
#[component(Bark)]
pub(crate) struct BarkLogic {
    props: Bark,
}

#[component(Bark)]
impl BarkLogic {
    #[rpc]
    async fn peels(&mut self, _cx: &mut Cx, by: u32) {
        self.props.set_rings(self.props.rings() + by);
    }
}

#[derive(Default)]
#[entity(Tree { bark: BarkLogic })]
pub(crate) struct TreeLogic {
    pub(crate) props: Tree,
}

#[entity(Tree)]
impl TreeLogic {
    #[rpc]
    async fn grows(&mut self, cx: &mut Cx) {
        tracing::info!("a tree grows");
        self.props.set_height(self.props.height() + 1);
        Tree::fell(cx);
    }
}

#[test]
fn an_entity_has_so_many_local_ones_and_no_more() {
    on_shard(async |_| {
        let room = Center::only().open(1).await.unwrap().proxy();
        let refused = room.grow(u32::MAX).await.unwrap_err();
        assert_eq!(
            (refused.kind(), refused.text()),
            (
                FailureKind::Overloaded,
                "too many local entities live in the entity"
            )
        );
        let all = u32::try_from(LOCALS_MAX).unwrap();
        assert_eq!(room.cut(all + 1).await, Ok(false));
        // There is room again when one goes.
        assert_eq!(room.cut(all).await, Ok(true));
        assert_eq!(room.grow(1).await.unwrap(), [all + 1]);
        let full = room.grow(1).await.unwrap_err();
        assert_eq!(full.kind(), FailureKind::Overloaded);
        room.close().await.unwrap();
    });
}

#[test]
fn local_entities_have_numbers_timers_and_an_end() {
    on_shard(async |shard| {
        let room = Center::only().open(1).await.unwrap().proxy();
        assert_eq!(room.grow(3).await.unwrap(), [1, 2, 3]);
        assert_eq!(room.cut(2).await, Ok(true));
        assert_eq!(room.cut(2).await, Ok(false));
        tokio::time::sleep(Duration::from_millis(15)).await;
        assert_eq!(room.heights().await.unwrap(), [1, 1]);
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(room.heights().await.unwrap(), [2, 2], "twice means twice");
        assert_eq!(
            room.grow(1).await.unwrap(),
            [4],
            "numbers are not used again"
        );
        room.close().await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(shard.calls_open(), 0);
    });
}

#[test]
fn ticks_keep_their_step() {
    on_shard(async |_shard| {
        let room = Center::only().open(1).await.unwrap().proxy();
        tokio::time::sleep(Duration::from_millis(520)).await;
        assert_eq!(room.steps().await, Ok(10));
    });
}
