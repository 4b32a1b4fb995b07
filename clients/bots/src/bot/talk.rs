//! Talking: lines that a partner must hear, and looking at each other.

use std::rc::Rc;

use playhouse_client::CallError;

use super::{Bot, is_crossed, timed};
use crate::common::Line;
use crate::meter::{Count, Fault};
use crate::world::{Avatar, Channel};

impl Bot {
    /// Says something, near or in the partner's ear, and expects that the partner hears it.
    pub(super) async fn talk(&self, partner: &Rc<Self>) {
        self.pace("say", 1).await;
        if self.random.chance(0.3) {
            self.whisper(partner).await;
            return;
        }
        let line = self.line("hello");
        let say = self
            .avatar()
            .chat()
            .say(Channel::Nearby, Line(line.clone()));
        let said = timed(&self.meter, say).await;
        if !self.expect(said.is_ok(), "to be let speak", || format!("{said:?}")) {
            return;
        }
        let heard = partner.mirror.until(self.patience(), |known| {
            known.heard.contains(&line).then_some(())
        });
        let heard = heard.await.is_some();
        self.expect_heard(heard, partner, &line);
        self.meter.count(Count::Line);
    }

    async fn whisper(&self, partner: &Rc<Self>) {
        let line = self.line("psst");
        let channel = Channel::Whisper(partner.account);
        let say = self.avatar().chat().say(channel, Line(line.clone()));
        match timed(&self.meter, say).await {
            Ok(()) => {
                let whisper = (self.account, line);
                let heard = partner.mirror.until(self.patience(), |known| {
                    known.whispers.contains(&whisper).then_some(())
                });
                let heard = heard.await.is_some();
                self.expect_heard(heard, partner, &whisper.1);
                self.meter.count(Count::Line);
            }
            Err(CallError::Failed(failure)) if is_crossed(&failure) => {
                self.expect(true, "one of two whispers that cross to fail", String::new);
            }
            Err(error) => {
                self.expect(false, "to be let whisper", || error.to_string());
            }
        }
    }

    fn expect_heard(&self, heard: bool, partner: &Self, line: &str) {
        self.meter.expect_once(heard, Fault::Lost, || {
            let (name, partner) = (&self.name, &partner.name);
            format!("{name}: expected {partner} to hear {line:?}, came: nothing")
        });
    }

    /// Looks at the partner and expects to see their name.
    pub(super) async fn look(&self, partner: &Rc<Self>) {
        self.pace("look", 1).await;
        let look = self.avatar().look(Avatar::reference(partner.account));
        match timed(&self.meter, look).await {
            Ok(card) => {
                self.expect(card.name.0 == partner.name, "the partner's name", || {
                    format!("{:?} instead of {:?}", card.name, partner.name)
                });
            }
            Err(failure) => {
                self.expect(is_crossed(&failure), "a card", || failure.to_string());
            }
        }
    }
}
