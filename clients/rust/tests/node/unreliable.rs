//! Calls and events that may be lost wait for nothing, come at most once, and never go back.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use playhouse_client::{Client, Transport};
use tokio::task::spawn_local;
use tokio::time::sleep;

use crate::client::SCHEMA;
use crate::client::inn::{Door, Guest, GuestId, VoiceBeatenArgs, VoiceHeardArgs};
use crate::datagrams::Datagrams;
use crate::inn::{Doors, run, run_with};

/// Bytes of a datagram that has room for a beat and none for a long line.
const BEAT: usize = 150;

/// A line that takes a long message.
fn line() -> String {
    "la".repeat(40)
}

type Numbers = Rc<RefCell<Vec<u32>>>;

struct Beater {
    client: Client,
    heard: Numbers,
    beats: Numbers,
    beaten: u32,
}

impl Beater {
    async fn at(address: &str) -> Self {
        let client = Client::builder(&SCHEMA).connect(address).await.unwrap();
        let key = client.service::<Door>().enter(GuestId(7)).await.unwrap();
        client.open(&key.token.0).await.unwrap();
        let (heard, beats): (Numbers, Numbers) = Default::default();
        let (into, into_beats) = (Rc::clone(&heard), Rc::clone(&beats));
        client.on(move |args: VoiceHeardArgs| into.borrow_mut().push(args.number));
        client.on(move |args: VoiceBeatenArgs| into_beats.borrow_mut().push(args.number));
        Self {
            client,
            heard,
            beats,
            beaten: 0,
        }
    }

    fn beat(&mut self) {
        self.beaten += 1;
        let voice = self.client.entity::<Guest>().voice();
        voice.beat(self.beaten).unwrap();
    }

    /// Beats until so many more were heard.
    async fn beat_until(&mut self, more: usize) {
        let enough = self.beats.borrow().len() + more;
        while self.beats.borrow().len() < enough {
            self.beat();
            sleep(Duration::from_millis(2)).await;
        }
    }

    fn check(&self, said: u32) {
        let beats = self.beats.borrow();
        let rises = beats.windows(2).all(|two| two[0] < two[1]);
        assert!(rises, "doubled, or gone back: {beats:?}");
        assert!(beats.iter().all(|beat| *beat <= self.beaten));
        assert_eq!(*self.heard.borrow(), (1..=said).collect::<Vec<_>>());
    }
}

#[test]
fn on_a_stream_they_go_between_all_others() {
    run(async |_, address| {
        let mut beater = Beater::at(&format!("tcp://{address}")).await;
        assert_eq!(beater.client.transport(), Some(Transport::Tcp));
        for said in 1..=20 {
            beater.beat_until(2).await;
            let voice = beater.client.entity::<Guest>().voice();
            assert_eq!(voice.say(line()).await, Ok(said));
        }
        beater.check(20);
    });
}

fn kcp() -> Doors {
    Doors {
        listen: vec!["kcp://127.0.0.1:0"],
        ..Doors::default()
    }
}

#[test]
fn in_datagrams_they_pass_what_is_lost() {
    run_with(kcp(), async |inn| {
        let target = inn.addresses().remove(0);
        let relay = Datagrams::to(target.strip_prefix("kcp://").unwrap()).await;
        let mut beater = Beater::at(&format!("kcp://{}", relay.address)).await;
        beater.beat_until(2).await;
        relay.stop_above(BEAT);
        let guest = beater.client.entity::<Guest>();
        let voice = guest.deadline(Duration::from_secs(30)).voice();
        let said = spawn_local(async move { voice.say(line()).await });
        beater.beat_until(20).await;
        assert!(!said.is_finished(), "nothing passed that is long");
        assert!(relay.left_out() > 0);
        beater.check(0);
        relay.stop_above(usize::MAX);
        assert_eq!(said.await.unwrap(), Ok(1));
        beater.beat_until(1).await;
        beater.check(1);
    });
}

#[test]
fn where_many_are_lost_none_comes_twice() {
    run_with(kcp(), async |inn| {
        let target = inn.addresses().remove(0);
        let relay = Datagrams::to(target.strip_prefix("kcp://").unwrap()).await;
        let mut beater = Beater::at(&format!("kcp://{}", relay.address)).await;
        relay.lose_one_of(5);
        for said in 1..=30 {
            beater.beat_until(2).await;
            let guest = beater.client.entity::<Guest>();
            let voice = guest.deadline(Duration::from_secs(30)).voice();
            assert_eq!(voice.say(line()).await, Ok(said));
        }
        beater.check(30);
    });
}

#[test]
fn those_of_a_client_without_a_link_are_lost() {
    run_with(kcp(), async |inn| {
        let target = inn.addresses().remove(0);
        let mut beater = Beater::at(&target).await;
        beater.beat_until(2).await;
        for _ in 0..3 {
            beater.client.migrate(&target).await.unwrap();
            beater.beat_until(2).await;
        }
        beater.check(0);
    });
}
