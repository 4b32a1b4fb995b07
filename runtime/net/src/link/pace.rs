//! How fast a peer may send: what comes faster is read later, so that the peer is slowed down and nobody else is.

/// Frames and bytes that a peer may send, per second and at once after a rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Frames per second; at least one.
    pub frames_per_second: u32,
    /// Frames at once after a rest.
    pub frames_at_once: u32,
    /// Bytes of frames per second; at least one.
    pub bytes_per_second: u32,
    /// Bytes at once after a rest. One frame may be longer, and is waited out afterwards.
    pub bytes_at_once: u32,
}

/// What a peer has used up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paced {
    pace: Pace,
    frames: Owed,
    bytes: Owed,
}

/// What was used and not given back yet, in millionths.
#[derive(Debug, Clone, Copy, Default)]
struct Owed {
    millionths: u64,
    last_us: u64,
}

impl Owed {
    /// In how many microseconds there is room for anything.
    fn wait_us(&mut self, per_second: u32, at_once: u32, now_us: u64) -> u64 {
        let per_second = u64::from(per_second.max(1));
        // A microsecond gives back as many millionths as a second does wholes.
        let given = now_us
            .saturating_sub(self.last_us)
            .saturating_mul(per_second);
        self.millionths = self.millionths.saturating_sub(given);
        self.last_us = self.last_us.max(now_us);
        let room = u64::from(at_once.max(1)) * 1_000_000;
        match self.millionths.checked_sub(room) {
            Some(over) => over / per_second + 1,
            None => 0,
        }
    }

    const fn take(&mut self, count: usize) {
        let millionths = (count as u64).saturating_mul(1_000_000);
        self.millionths = self.millionths.saturating_add(millionths);
    }
}

impl Paced {
    pub(super) fn new(pace: Pace) -> Self {
        Self {
            pace,
            frames: Owed::default(),
            bytes: Owed::default(),
        }
    }

    /// In how many microseconds the next frame may be taken; 0: now.
    pub(super) fn wait_us(&mut self, now_us: u64) -> u64 {
        let Pace {
            frames_per_second,
            frames_at_once,
            bytes_per_second,
            bytes_at_once,
        } = self.pace;
        let frames = self
            .frames
            .wait_us(frames_per_second, frames_at_once, now_us);
        let bytes = self.bytes.wait_us(bytes_per_second, bytes_at_once, now_us);
        frames.max(bytes)
    }

    /// A frame of so many bytes was taken.
    pub(super) const fn take(&mut self, bytes: usize) {
        self.frames.take(1);
        self.bytes.take(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace {
        frames_per_second: 10,
        frames_at_once: 20,
        bytes_per_second: 1_000,
        bytes_at_once: 4_000,
    };

    /// How many frames of so many bytes are taken at once.
    fn taken(paced: &mut Paced, bytes: usize, now_us: u64) -> u32 {
        let mut count = 0;
        while paced.wait_us(now_us) == 0 {
            paced.take(bytes);
            count += 1;
        }
        count
    }

    #[test]
    fn frames_pass_up_to_the_limit_and_then_at_the_rate() {
        let mut paced = Paced::new(PACE);
        assert_eq!(taken(&mut paced, 1, 0), 20);
        assert!((100_000..100_010).contains(&(paced.wait_us(0) + 99_999)));
        assert_eq!(taken(&mut paced, 1, 1_000_000), 10);
        assert_eq!(
            taken(&mut paced, 1, 60_000_000),
            20,
            "a rest gives back no more"
        );
    }

    #[test]
    fn bytes_pass_up_to_the_limit_and_a_long_frame_is_waited_out() {
        let mut paced = Paced::new(PACE);
        assert_eq!(taken(&mut paced, 1_000, 0), 4);
        let mut paced = Paced::new(PACE);
        assert_eq!(taken(&mut paced, 1_000_000, 0), 1);
        let wait = paced.wait_us(0);
        assert!((995_000_000..=997_000_000).contains(&wait), "{wait}");
        assert_ne!(paced.wait_us(wait - 1_000), 0);
        assert_eq!(paced.wait_us(wait), 0);
    }

    #[test]
    fn no_rate_and_no_time_overflow() {
        let most = Pace {
            frames_per_second: u32::MAX,
            frames_at_once: u32::MAX,
            bytes_per_second: 0,
            bytes_at_once: 0,
        };
        let mut paced = Paced::new(most);
        paced.take(usize::MAX);
        assert_ne!(paced.wait_us(u64::MAX / 2), 0);
        assert_eq!(paced.wait_us(u64::MAX), 0);
    }
}
