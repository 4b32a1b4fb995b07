//! What speakers do.

use playhouse::{Cx, Duration, entity};

use super::record::{self, Hook};
use crate::schema::parley::Speaker;

/// A speaker: what its client says has its effect here.
#[derive(Debug, Default)]
#[entity(Speaker)]
pub struct SpeakerLogic {
    props: Speaker,
}

fn key(cx: &Cx) -> u32 {
    cx.key::<Speaker>().unwrap_or_default()
}

impl SpeakerLogic {
    /// It is there: anew, or moved.
    fn lives(&mut self, cx: &Cx) {
        if !self.props.lives() {
            record::with(|record| record.created(key(cx)));
        }
        self.props.set_lives(true);
    }

    fn begins(&mut self, cx: &Cx, login: u64, number: u64) {
        let before = self.props.begun();
        record::with(|record| record.begun((key(cx), login), number, before));
        self.props.set_begun(before + 1);
    }

    fn tells(cx: &mut Cx, events: u8) {
        for _ in 0..events {
            let number = record::with(|record| record.tells(key(cx)));
            Speaker::told(cx, number);
        }
        let number = record::with(|record| record.glimpses(key(cx)));
        Speaker::glimpsed(cx, number);
    }
}

#[entity(Speaker)]
impl SpeakerLogic {
    #[hook]
    async fn created(&mut self, cx: &mut Cx) {
        self.lives(cx);
    }

    #[hook]
    async fn loaded(&mut self, cx: &mut Cx) {
        self.lives(cx);
    }

    #[hook]
    async fn attached(&mut self, cx: &mut Cx) {
        self.props.set_visits(self.props.visits() + 1);
        record::with(|record| record.hooked(key(cx), Hook::Attached));
    }

    #[hook]
    async fn lost(&mut self, cx: &mut Cx) {
        record::with(|record| record.hooked(key(cx), Hook::Lost));
    }

    #[hook]
    async fn resumed(&mut self, cx: &mut Cx) {
        record::with(|record| record.hooked(key(cx), Hook::Resumed));
    }

    #[hook]
    async fn replaced(&mut self, cx: &mut Cx) {
        record::with(|record| record.hooked(key(cx), Hook::Replaced));
    }

    #[rpc]
    async fn say(
        &mut self,
        cx: &mut Cx,
        login: u64,
        number: u64,
        stays: Duration,
        events: u8,
    ) -> u64 {
        self.begins(cx, login, number);
        let stays = u64::try_from(stays.as_micros()).unwrap_or(0);
        if stays > 0 {
            Self::tells(cx, 1);
            tokio::time::sleep(std::time::Duration::from_micros(stays)).await;
        }
        Self::tells(cx, events);
        number
    }

    #[rpc]
    async fn note(&mut self, cx: &mut Cx, login: u64, number: u64, events: u8) {
        self.begins(cx, login, number);
        Self::tells(cx, events);
    }

    #[rpc]
    async fn consult(&mut self, cx: &mut Cx, login: u64, number: u64) -> u64 {
        self.begins(cx, login, number);
        let question = record::with(|record| record.asks(key(cx)));
        let answer = Speaker::confirm(cx, question).await;
        record::with(|record| record.answered(key(cx), question, &answer));
        number
    }

    #[rpc]
    async fn is_bound(&mut self, cx: &mut Cx) -> bool {
        cx.bound().is_some()
    }
}
