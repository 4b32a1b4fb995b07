//! What is sent, until it is acknowledged: when it counts as lost, and how much may be under way.

use std::collections::VecDeque;

use crate::kcp::{
    options::Options,
    segment::{Command, Segment},
};

/// The time after which a segment counts as lost, before a round trip was measured.
const RESEND_MS_FIRST: u32 = 200;
/// The longest time after which a segment is sent again.
const RESEND_MS_MAX: u32 = 5_000;
/// A segment that was sent so often is sent again only by time.
const FAST_SENDINGS_MAX: u32 = 5;
/// A segment goes along with others so often.
const REPEATS_MAX: u32 = 2;
/// How long a sender without window waits before it asks, at first; then ever longer.
const PROBE_MS_FIRST: u64 = 500;
/// How long at most.
const PROBE_MS_MAX: u64 = 5_000;
/// Segments under way at first, with congestion control.
const CONGESTION_WINDOW_FIRST: u32 = 10;
/// And at least.
const CONGESTION_WINDOW_MIN: u32 = 4;

#[derive(Debug)]
struct Sent {
    /// What it carries; none once it is acknowledged.
    payload: Option<Vec<u8>>,
    sent_ms: u64,
    /// When it last went along with others, or was sent.
    repeated_ms: u64,
    repeats: u32,
    again_ms: u64,
    wait_ms: u32,
    /// How often a later segment was acknowledged first.
    overtaken: u32,
    sendings: u32,
}

#[derive(Debug)]
pub(super) struct Sending {
    options: Options,
    segment_bytes: usize,
    bytes_max: usize,
    slots_max: usize,
    outbox: VecDeque<u8>,
    finishing: bool,
    /// The segment that ends the stream was sent.
    finished: bool,
    /// The number of the first of `under_way`.
    first: u32,
    under_way: VecDeque<Sent>,
    under_way_bytes: usize,
    /// How many of `under_way` are not acknowledged.
    owed: usize,
    /// The soonest of `under_way` that is sent again, or before it.
    again_ms: Option<u64>,
    /// Of what the peer just acknowledged: the greatest offset from `first`, and when that was sent.
    newest: Option<(u32, u32)>,
    peer_window: u16,
    probe_ms: Option<u64>,
    probe_wait_ms: u64,
    smoothed_ms: u32,
    variance_ms: u32,
    resend_ms: u32,
    congestion: Congestion,
}

impl Sending {
    pub(super) fn new(options: Options, first: u32) -> Self {
        let segment_bytes = options.segment_bytes_max();
        let bytes_max = options.send_window_bytes as usize;
        Self {
            options,
            segment_bytes,
            bytes_max,
            slots_max: bytes_max / segment_bytes,
            outbox: VecDeque::new(),
            finishing: false,
            finished: false,
            first,
            under_way: VecDeque::new(),
            under_way_bytes: 0,
            owed: 0,
            again_ms: None,
            newest: None,
            // Until the peer has said: what its smallest window has.
            peer_window: 4,
            probe_ms: None,
            probe_wait_ms: PROBE_MS_FIRST,
            smoothed_ms: 0,
            variance_ms: 0,
            resend_ms: RESEND_MS_FIRST,
            congestion: Congestion::new(first),
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.room());
        self.outbox.extend(bytes.get(..count).unwrap_or_default());
        count
    }

    pub(super) fn finish(&mut self) {
        self.finishing = true;
    }

    pub(super) const fn is_finished(&self) -> bool {
        self.finishing
    }

    pub(super) fn room(&self) -> usize {
        match self.finishing {
            true => 0,
            false => self.bytes_max.saturating_sub(self.outbox.len()),
        }
    }

    pub(super) fn is_delivered(&self) -> bool {
        self.outbox.is_empty() && self.under_way.is_empty() && self.finishing == self.finished
    }

    /// Takes what a segment of the peer says of ours; true if it acknowledges one by its number.
    pub(super) fn handle(&mut self, now_ms: u64, segment: &Segment<'_>) -> bool {
        self.peer_window = segment.window;
        if segment.window > 0 {
            self.probe_ms = None;
            self.probe_wait_ms = PROBE_MS_FIRST;
        }
        let before = segment.unacknowledged.wrapping_sub(self.first) as usize;
        if before <= self.under_way.len() {
            for _ in 0..before {
                self.forget_first();
            }
        }
        let acknowledges = segment.command == Command::Acknowledge;
        if acknowledges {
            self.acknowledge(now_ms, segment);
        }
        acknowledges
    }

    fn forget_first(&mut self) {
        if let Some(sent) = self.under_way.pop_front() {
            if let Some(payload) = sent.payload {
                self.settled(payload.len());
            }
            self.first = self.first.wrapping_add(1);
            self.newest = self.newest.and_then(|(offset, time)| {
                let offset = offset.checked_sub(1)?;
                Some((offset, time))
            });
        }
    }

    /// One more is acknowledged. Only a window that is used shows what the path can take (RFC 7661).
    fn settled(&mut self, bytes: usize) {
        if self.owed * 2 >= self.congestion.window as usize {
            self.congestion.acknowledged(self.slots_max);
        }
        self.under_way_bytes -= bytes;
        self.owed -= 1;
    }

    fn acknowledge(&mut self, now_ms: u64, segment: &Segment<'_>) {
        let round_trip_ms = (now_ms as u32).wrapping_sub(segment.time);
        if round_trip_ms <= RESEND_MS_MAX {
            self.measured(round_trip_ms);
        }
        let offset = segment.sequence.wrapping_sub(self.first);
        let Some(sent) = self.under_way.get_mut(offset as usize) else {
            return;
        };
        if self.newest.is_none_or(|(newest, _)| offset > newest) {
            self.newest = Some((offset, segment.time));
        }
        if let Some(payload) = sent.payload.take() {
            self.settled(payload.len());
        }
        while let Some(Sent { payload: None, .. }) = self.under_way.front() {
            self.forget_first();
        }
    }

    /// Counts for each segment that one sent after it was acknowledged before it.
    pub(super) fn count_overtaken(&mut self) {
        let Some((newest, time)) = self.newest.take() else {
            return;
        };
        for sent in self.under_way.iter_mut().take(newest as usize) {
            let age = time.wrapping_sub(sent.sent_ms as u32);
            if sent.payload.is_some() && age <= u32::MAX / 2 {
                sent.overtaken = sent.overtaken.saturating_add(1);
                if is_overtaken(sent, self.options) {
                    self.again_ms = Some(0);
                }
            }
        }
    }

    fn measured(&mut self, round_trip_ms: u32) {
        if self.smoothed_ms == 0 {
            self.smoothed_ms = round_trip_ms.max(1);
            self.variance_ms = round_trip_ms / 2;
        } else {
            let off = round_trip_ms.abs_diff(self.smoothed_ms);
            self.variance_ms = (3 * self.variance_ms + off) / 4;
            self.smoothed_ms = ((7 * self.smoothed_ms + round_trip_ms) / 8).max(1);
        }
        let allowance = self.options.interval_ms.max(4 * self.variance_ms);
        let resend_ms = self.smoothed_ms + allowance;
        self.resend_ms = resend_ms.clamp(self.options.resend_ms_min, RESEND_MS_MAX);
    }

    fn has_new(&self) -> bool {
        !self.outbox.is_empty() || self.finishing && !self.finished
    }

    /// Something new could be sent now.
    pub(super) fn is_eager(&self) -> bool {
        let congestion = match self.options.congestion_control {
            true => self.congestion.window as usize,
            false => usize::MAX,
        };
        self.has_new()
            && self.under_way.len() < usize::from(self.peer_window).min(self.slots_max)
            && self.under_way_bytes < self.bytes_max
            && self.owed < congestion
    }

    pub(super) fn timeout_ms(&self) -> Option<u64> {
        // Who has something to say and no window asks for it, once.
        let starved = self.has_new() && self.under_way.is_empty() && self.peer_window == 0;
        let probe = starved.then(|| self.probe_ms.unwrap_or(0));
        [probe, self.again_ms].into_iter().flatten().min()
    }

    /// Asks for a window, if there was none for a while.
    pub(super) fn probe(&mut self, now_ms: u64, ask: &mut bool) {
        if self.peer_window > 0 || !self.under_way.is_empty() || !self.has_new() {
            self.probe_ms = None;
            return;
        }
        if self.probe_ms.is_some_and(|at| now_ms >= at) {
            *ask = true;
            self.probe_ms = None;
        }
        if self.probe_ms.is_none() {
            self.probe_ms = Some(now_ms + self.probe_wait_ms);
            self.probe_wait_ms = (self.probe_wait_ms * 3 / 2).min(PROBE_MS_MAX);
        }
    }

    pub(super) fn send_again(&mut self, now_ms: u64, mut emit: impl FnMut(u32, &[u8])) {
        if self.again_ms.is_none_or(|at| now_ms < at) {
            return;
        }
        let (mut soonest, mut lost, mut out) = (None, false, false);
        let mut sequence = self.first;
        for sent in &mut self.under_way {
            if let Some(payload) = &sent.payload {
                let timed_out = now_ms >= sent.again_ms;
                if timed_out || is_overtaken(sent, self.options) {
                    if timed_out {
                        let longer =
                            u64::from(sent.wait_ms) * u64::from(self.options.backoff_percent);
                        let longer = u32::try_from(longer / 100).unwrap_or(u32::MAX);
                        sent.wait_ms = sent.wait_ms.saturating_add(longer).min(RESEND_MS_MAX);
                    }
                    lost |= !self.congestion.is_recovering(sequence);
                    out |= timed_out && sent.sendings > 1;
                    sent.overtaken = 0;
                    sent.sendings = sent.sendings.saturating_add(1);
                    sent.sent_ms = now_ms;
                    sent.repeated_ms = now_ms;
                    sent.again_ms = now_ms + u64::from(sent.wait_ms);
                    emit(sequence, payload);
                }
                soonest = Some(soonest.map_or(sent.again_ms, |at: u64| at.min(sent.again_ms)));
            }
            sequence = sequence.wrapping_add(1);
        }
        self.again_ms = soonest;
        if lost || out {
            self.congestion.lost(out, sequence);
        }
    }

    /// Sends along what is under way, if it is little.
    pub(super) fn repeat(&mut self, now_ms: u64, mut emit: impl FnMut(u32, &[u8])) {
        if self.under_way_bytes > self.options.repeat_bytes_max as usize {
            return;
        }
        let mut sequence = self.first;
        for sent in &mut self.under_way {
            let again_ms = sent.repeated_ms + u64::from(self.options.interval_ms);
            if let Some(payload) = &sent.payload
                && sent.repeats < REPEATS_MAX
                && now_ms >= again_ms
            {
                sent.repeats += 1;
                sent.repeated_ms = now_ms;
                emit(sequence, payload);
            }
            sequence = sequence.wrapping_add(1);
        }
    }

    pub(super) fn send_new(&mut self, now_ms: u64, mut emit: impl FnMut(u32, &[u8])) {
        while self.is_eager() {
            let count = self.outbox.len().min(self.segment_bytes);
            let payload: Vec<u8> = self.outbox.drain(..count).collect();
            self.finished = payload.is_empty();
            let offset = u32::try_from(self.under_way.len()).unwrap_or(u32::MAX);
            emit(self.first.wrapping_add(offset), &payload);
            let again_ms = now_ms + u64::from(self.resend_ms);
            self.again_ms = Some(self.again_ms.map_or(again_ms, |at| at.min(again_ms)));
            self.under_way_bytes += payload.len();
            self.owed += 1;
            self.under_way.push_back(Sent {
                payload: Some(payload),
                sent_ms: now_ms,
                repeated_ms: now_ms,
                repeats: 0,
                again_ms,
                wait_ms: self.resend_ms,
                overtaken: 0,
                sendings: 1,
            });
        }
        if self.outbox.is_empty() && self.outbox.capacity() > 4 * self.segment_bytes {
            self.outbox = VecDeque::new();
        }
    }
}

fn is_overtaken(sent: &Sent, options: Options) -> bool {
    options.fast_resend > 0
        && sent.overtaken >= options.fast_resend
        && sent.sendings <= FAST_SENDINGS_MAX
}

/// How many segments may be under way so that others have their share: slow start, then one more each round trip, and
/// half as many after a loss (RFC 5681).
#[derive(Debug)]
struct Congestion {
    window: u32,
    threshold: u32,
    /// Acknowledgements since the window last grew.
    counted: u32,
    /// Losses of segments before this one were answered.
    recovered: u32,
}

impl Congestion {
    const fn new(first: u32) -> Self {
        Self {
            window: CONGESTION_WINDOW_FIRST,
            threshold: u32::MAX,
            counted: 0,
            recovered: first,
        }
    }

    fn acknowledged(&mut self, slots_max: usize) {
        let most = u32::try_from(slots_max).unwrap_or(u32::MAX);
        if self.window >= most {
            return;
        }
        self.counted += 1;
        if self.window < self.threshold || self.counted >= self.window {
            self.counted = 0;
            self.window += 1;
        }
    }

    const fn is_recovering(&self, sequence: u32) -> bool {
        sequence.wrapping_sub(self.recovered) > u32::MAX / 2
    }

    /// Something sent after the last loss is lost; `out` says that it was so again, so that the path may take nothing.
    fn lost(&mut self, out: bool, next: u32) {
        self.threshold = (self.window / 2).max(CONGESTION_WINDOW_MIN);
        self.window = match out {
            true => CONGESTION_WINDOW_MIN,
            false => self.threshold,
        };
        self.counted = 0;
        self.recovered = next;
    }
}
