//! How busy a node is, in one number.

use std::collections::VecDeque;

/// For so long samples are kept: the longest mean, in microseconds.
const KEPT_US: i64 = 90_000_000;
/// Samples come no closer than this, in microseconds.
const SAMPLE_US: i64 = 1_000_000;
/// The score is at most this.
const SCORE_MAX: f32 = 120.0;

/// Makes a score of the processor time that a process used: most of it what the last seconds say, some of it what the last minute and a half do.
///
/// `0.9 x 5 s + 0.2 x 30 s + 0.1 x 90 s`, each the mean over that time in percent of all processors, at most 120. It reads no clock: samples
/// are handed in.
#[derive(Debug)]
pub struct LoadMeter {
    processors: f32,
    /// When, and the processor time used until then, both in microseconds; the oldest first.
    samples: VecDeque<(i64, u64)>,
}

impl LoadMeter {
    /// For a machine of so many processors.
    #[must_use]
    pub fn new(processors: u16) -> Self {
        Self {
            processors: f32::from(processors.max(1)),
            samples: VecDeque::new(),
        }
    }

    /// At this time of a clock that never goes back the process has used so much processor time in all, both in microseconds.
    pub fn sample(&mut self, now_us: i64, used_us: u64) {
        let last = self.samples.back();
        if last.is_some_and(|(at, _)| now_us.saturating_sub(*at) < SAMPLE_US) {
            return;
        }
        self.samples.push_back((now_us, used_us));
        // One older than the longest mean stays: it is where that begins.
        while let Some((at, _)) = self.samples.get(1)
            && now_us.saturating_sub(*at) >= KEPT_US
        {
            self.samples.pop_front();
        }
    }

    /// Percent of all processors over the last seconds.
    #[must_use]
    pub fn cpu(&self) -> f32 {
        self.mean(5)
    }

    /// What picks go by.
    #[must_use]
    pub fn score(&self) -> f32 {
        let score = 0.9 * self.mean(5) + 0.2 * self.mean(30) + 0.1 * self.mean(90);
        score.clamp(0.0, SCORE_MAX)
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a share of a few seconds needs no more"
    )]
    fn mean(&self, seconds: i64) -> f32 {
        let Some((now, used)) = self.samples.back() else {
            return 0.0;
        };
        let from = now.saturating_sub(seconds * 1_000_000);
        // The last sample from before, or the first at all.
        let index = self.samples.partition_point(|(at, _)| *at <= from);
        let Some((since, before)) = self.samples.get(index.saturating_sub(1)) else {
            return 0.0;
        };
        let time = now.saturating_sub(*since);
        if time <= 0 {
            return 0.0;
        }
        100.0 * used.saturating_sub(*before) as f32 / (time as f32 * self.processors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Percent of one processor for so many seconds each.
    fn meter(parts: &[(i64, u64)]) -> LoadMeter {
        let mut meter = LoadMeter::new(2);
        let (mut now, mut used) = (0, 0);
        meter.sample(now, used);
        for (seconds, percent) in parts {
            for _ in 0..*seconds {
                now += 1_000_000;
                used += percent * 10_000;
                meter.sample(now, used);
            }
        }
        meter
    }

    fn close(left: f32, right: f32) {
        assert!((left - right).abs() < 0.01, "{left} is not {right}");
    }

    #[test]
    fn nothing_is_known_at_first() {
        close(LoadMeter::new(0).score(), 0.0);
        close(meter(&[]).score(), 0.0);
    }

    #[test]
    fn the_last_seconds_weigh_most() {
        close(
            meter(&[(200, 100)]).score(),
            0.9 * 50.0 + 0.2 * 50.0 + 0.1 * 50.0,
        );
        // 5 of 30 and of 90 seconds on both processors.
        let score = meter(&[(200, 0), (5, 200)]).score();
        close(score, 0.9 * 100.0 + 0.2 * 100.0 / 6.0 + 0.1 * 100.0 / 18.0);
        close(meter(&[(200, 0), (5, 200)]).cpu(), 100.0);
    }

    #[test]
    fn the_score_has_an_end_and_samples_are_bounded() {
        let mut meter = meter(&[(1_000, 400)]);
        close(meter.score(), SCORE_MAX);
        assert!(meter.samples.len() <= 92, "{}", meter.samples.len());
        let samples = meter.samples.len();
        meter.sample(1_000_000_001, 0);
        assert_eq!(meter.samples.len(), samples);
    }
}
