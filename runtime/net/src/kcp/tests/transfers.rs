//! Bytes that go through.

use super::*;

/// One direction of a transfer: what is written and read, in pieces of chance.
struct Transfer {
    bytes: Vec<u8>,
    written: usize,
    read: Vec<u8>,
    finished: bool,
}

impl Transfer {
    fn new(count: usize, random: &Random) -> Self {
        Self {
            bytes: (0..count).map(|_| random.u64().to_le_bytes()[0]).collect(),
            written: 0,
            read: Vec::new(),
            finished: false,
        }
    }

    fn write(&mut self, conversation: &mut Conversation, piece: usize) {
        let rest = &self.bytes[self.written..];
        self.written += conversation.write(&rest[..rest.len().min(piece)]);
        if self.written == self.bytes.len() && !self.finished {
            conversation.finish();
            self.finished = true;
        }
    }

    fn read(&mut self, conversation: &mut Conversation, piece: usize) {
        let mut buffer = vec![0; piece];
        let count = conversation.read(&mut buffer);
        self.read.extend_from_slice(&buffer[..count]);
    }
}

/// Both directions at once, to their ends; how long that took in virtual milliseconds.
fn transfer(pair: &mut Pair, counts: [usize; 2], context: &str) -> u64 {
    let mut ways = counts.map(|count| Transfer::new(count, &pair.random));
    loop {
        assert!(pair.now_ms < 3_600_000, "{context}: it takes too long");
        for end in 0..2 {
            assert_eq!(pair.ends[end].state(), State::Live, "{context}");
            let piece = 1 + usize::try_from(pair.random.below(20_000)).unwrap();
            let conversation = pair.ends[end].conversation();
            ways[end].write(conversation, piece);
            ways[1 - end].read(conversation, piece);
        }
        let done = |end: usize| {
            let mut ended = pair.ends[end].conversation().is_ended();
            ended &= pair.ends[end].conversation().is_delivered();
            ended
        };
        let mut done = done;
        if done(0) && done(1) {
            break;
        }
        // Sometimes the reader is slow.
        let pause_ms = pair.random.below(20);
        pair.step(pair.now_ms + pause_ms.max(1));
    }
    for way in &ways {
        assert!(way.read == way.bytes, "{context}: other bytes came");
    }
    pair.now_ms
}

#[test]
fn streams_arrive_whole_through_storms() {
    for seed in 0..1_500 {
        let options = [Options::FAST, Options::DEFAULT][usize::try_from(seed % 2).unwrap()];
        let mut pair = Pair::new(seed, options, STORM, true);
        let counts = [
            usize::try_from(pair.random.below(30_000)).unwrap(),
            usize::try_from(pair.random.below(8_000)).unwrap(),
        ];
        transfer(&mut pair, counts, &format!("seed {seed}"));
    }
}

#[test]
fn streams_without_encryption_arrive_whole_too() {
    let weather = Weather {
        spoilt: 0.0,
        ..STORM
    };
    for seed in 0..2_000 {
        let options = [Options::FAST, Options::DEFAULT][usize::try_from(seed % 2).unwrap()];
        let mut pair = Pair::new(seed, options, weather, false);
        let counts = [
            usize::try_from(pair.random.below(30_000)).unwrap(),
            usize::try_from(pair.random.below(8_000)).unwrap(),
        ];
        transfer(&mut pair, counts, &format!("seed {seed}"));
    }
}

#[test]
fn a_window_is_filled_and_emptied_again_and_again() {
    for options in [Options::FAST, Options::DEFAULT] {
        let small = Options {
            send_window_bytes: 8 * 1024,
            receive_window_bytes: 6 * 1024,
            ..options
        };
        for seed in 0..20 {
            let mut pair = Pair::new(seed, small, STORM, true);
            transfer(&mut pair, [200_000, 60_000], &format!("seed {seed}"));
        }
    }
}

#[test]
fn a_mebibyte_a_second_goes_over_a_hundred_milliseconds() {
    let weather = Weather {
        delay_ms: 50,
        loss: 0.01,
        ..CALM
    };
    let mut pair = Pair::new(7, Options::FAST, weather, true);
    let took_ms = transfer(&mut pair, [8 * 1024 * 1024, 0], "fast");
    assert!(took_ms < 8_000, "{took_ms} ms of virtual time");
}

#[test]
fn numbers_and_times_go_round() {
    let options = Options::FAST;
    let start = u32::MAX - 20;
    let mut ends = [(); 2].map(|()| Conversation::starting_at(9, options, start));
    let random = Random::new(5);
    let mut ways = [60_000, 60_000].map(|count| Transfer::new(count, &random));
    let mut now_ms = u64::from(u32::MAX) - 200;
    let mut flights: Vec<(u64, usize, Vec<u8>)> = Vec::new();
    while !ends.iter().all(Conversation::is_ended) {
        assert!(now_ms < u64::from(u32::MAX) + 60_000, "it takes too long");
        now_ms += 5;
        let (due, later): (Vec<_>, Vec<_>) = flights.into_iter().partition(|it| it.0 <= now_ms);
        flights = later;
        for (_, end, bytes) in due {
            ends[end].handle(now_ms, &bytes);
        }
        for end in 0..2 {
            ways[end].write(&mut ends[end], 5_000);
            ways[1 - end].read(&mut ends[end], 5_000);
            ends[end].flush(now_ms, |bytes| {
                if !random.chance(0.1) {
                    flights.push((now_ms + 20 + random.below(20), 1 - end, bytes.to_vec()));
                }
            });
        }
    }
    assert!(ways.iter().all(|way| way.read == way.bytes));
}

#[test]
fn a_lost_segment_is_sent_again_soon() {
    let mut pair = Pair::new(1, Options::FAST, CALM, true);
    for _ in 0..20 {
        transfer_once(&mut pair, b"first");
    }
    pair.weather.loss = 1.0;
    pair.ends[0].conversation().write(b"lost");
    let sent_ms = pair.now_ms;
    pair.step(sent_ms);
    pair.weather.loss = 0.0;
    let mut buffer = [0; 16];
    while pair.ends[1].conversation().read(&mut buffer) == 0 {
        pair.step(u64::MAX);
    }
    // Once the round trip and its allowance, and the way there.
    let took_ms = pair.now_ms - sent_ms;
    assert!(
        (90..=130).contains(&took_ms),
        "{took_ms} ms of virtual time"
    );
}

#[test]
fn a_lost_segment_comes_with_the_next() {
    let mut pair = Pair::new(1, Options::FAST, CALM, true);
    for _ in 0..20 {
        transfer_once(&mut pair, b"first");
    }
    pair.weather.loss = 1.0;
    pair.ends[0].conversation().write(b"lost ");
    pair.step(pair.now_ms);
    pair.weather.loss = 0.0;
    pair.run_until(pair.now_ms + 50);
    pair.ends[0].conversation().write(b"and found");
    let (sent_ms, datagrams) = (pair.now_ms, pair.datagrams);
    pair.step(sent_ms);
    assert_eq!(pair.datagrams, datagrams + 1, "both in one");
    pair.run_until(sent_ms + 30);
    let mut buffer = [0; 32];
    let count = pair.ends[1].conversation().read(&mut buffer);
    assert_eq!(&buffer[..count], b"lost and found");
}

#[test]
fn loss_now_and_then_does_not_choke_a_steady_exchange() {
    for options in [Options::FAST, Options::DEFAULT] {
        let weather = Weather {
            loss: 0.01,
            delay_ms: 100,
            ..CALM
        };
        let mut pair = Pair::new(1, options, weather, true);
        let (messages, mut read, mut late) = (2_000_usize, 0, 0);
        for number in 0..messages + 20 {
            let begun_ms = u64::try_from(number).unwrap() * 50;
            pair.run_until(begun_ms);
            if number < messages {
                pair.ends[0].conversation().write(&[7; 1_000]);
            }
            let mut buffer = [0; 50_000];
            read += pair.ends[1].conversation().read(&mut buffer);
            // All but the three that are on their way should be there.
            let expected = number.min(messages).saturating_sub(3) * 1_000;
            late += usize::from(read < expected);
        }
        assert_eq!(read, messages * 1_000);
        assert!(late * 10 < messages, "{late} of {messages} are late");
    }
}

#[test]
fn only_what_is_little_goes_along_and_only_twice() {
    let few = |bytes: usize, writes: u32| {
        let mut pair = Pair::new(1, Options::FAST, CALM, true);
        transfer_once(&mut pair, b"hello");
        pair.weather.loss = 1.0;
        let mut carried = 0;
        for _ in 0..writes {
            pair.ends[0].conversation().write(&vec![1; bytes]);
            let now_ms = pair.now_ms;
            pair.ends[0].flush(now_ms, |_, datagram| carried += datagram.len());
            // Before any of it counts as lost.
            pair.now_ms += 15;
        }
        carried
    };
    let alone = few(100, 1);
    assert!(few(100, 4) > 4 * alone + 5 * 100, "2 + 2 + 1 go along");
    assert!(few(100, 4) < 4 * alone + 5 * 130);
    let alone = few(1_100, 1);
    assert!(few(1_100, 4) <= 4 * alone, "it is too much");
}

fn transfer_once(pair: &mut Pair, bytes: &[u8]) {
    for end in [0, 1] {
        pair.ends[end].conversation().write(bytes);
        let mut read = Vec::new();
        while read.len() < bytes.len() {
            pair.step(u64::MAX);
            let mut buffer = [0; 64];
            let count = pair.ends[1 - end].conversation().read(&mut buffer);
            read.extend_from_slice(&buffer[..count]);
        }
        assert_eq!(read, bytes);
    }
    pair.run_until(pair.now_ms + 200);
}

#[test]
fn what_is_held_for_a_peer_is_bounded() {
    let mut pair = Pair::new(1, Options::FAST, CALM, true);
    let window = Options::FAST.receive_window_bytes as usize;
    let chunk = vec![1; 4 * window];
    let mut written = 0;
    for _ in 0..400 {
        written += pair.ends[0].conversation().write(&chunk);
        pair.run_until(pair.now_ms + 50);
    }
    assert!(written <= 4 * window, "{written} bytes were taken");
    assert_eq!(
        pair.ends[0].state(),
        State::Live,
        "who doesn't read is not dead"
    );
    // Once it is read, all goes on.
    let mut read = 0;
    let mut buffer = vec![0; 100_000];
    while read < written {
        let until_ms = pair.now_ms + 10;
        pair.step(until_ms);
        read += pair.ends[1].conversation().read(&mut buffer);
        assert!(pair.now_ms < 3_600_000);
    }
    assert_eq!(read, written);
}

#[test]
fn single_datagrams_go_beside_the_stream_and_are_bounded() {
    let mut pair = Pair::new(1, Options::FAST, CALM, true);
    let most = pair.ends[0].datagram_bytes_max();
    pair.ends[0].send_datagram(&vec![7; most]);
    pair.ends[0].send_datagram(&vec![8; most + 1]);
    pair.ends[0].send_datagram(b"");
    pair.run_until(100);
    assert_eq!(pair.ends[1].receive_datagram(), Some(vec![7; most]));
    assert_eq!(pair.ends[1].receive_datagram(), Some(vec![]));
    assert_eq!(pair.ends[1].receive_datagram(), None);
    for number in 0..200_u8 {
        pair.ends[0].send_datagram(&[number]);
        pair.run_until(pair.now_ms + 1);
    }
    pair.run_until(pair.now_ms + 100);
    let mut got = Vec::new();
    while let Some(bytes) = pair.ends[1].receive_datagram() {
        got.extend(bytes);
    }
    let newest: Vec<u8> = (136..200).collect();
    assert_eq!(got, newest, "the newest are kept");
}

#[test]
fn a_peer_that_fell_silent_is_noticed_only_if_something_is_owed() {
    let mut pair = Pair::new(1, Options::FAST, CALM, true);
    transfer_once(&mut pair, b"hello");
    pair.weather.loss = 1.0;
    pair.run_until(10 * SILENCE_MS_MAX);
    assert_eq!(pair.ends[0].state(), State::Live);
    pair.ends[0].conversation().write(b"are you there?");
    let begun_ms = pair.now_ms;
    pair.run_until(begun_ms + SILENCE_MS_MAX - 1);
    assert_eq!(pair.ends[0].state(), State::Live);
    pair.run_until(begun_ms + SILENCE_MS_MAX + 5_000);
    assert_eq!(pair.ends[0].state(), State::Silent);
    assert_eq!(pair.ends[0].poll_timeout(), None);
}

#[test]
fn an_idle_connection_sends_nothing() {
    let mut pair = Pair::new(1, Options::FAST, CALM, true);
    transfer_once(&mut pair, b"hello");
    pair.run_until(pair.now_ms + 1_000);
    let before = pair.datagrams;
    pair.run_until(pair.now_ms + 600_000);
    assert_eq!(pair.datagrams, before);
}

#[test]
fn a_closed_connection_tells_its_peer() {
    let mut pair = Pair::new(1, Options::FAST, CALM, true);
    transfer_once(&mut pair, b"hello");
    pair.ends[1].close();
    pair.run_until(pair.now_ms + 100);
    assert_eq!(pair.ends[0].state(), State::Closed);
}
