//! A strip of bars for the last seconds.

use std::collections::VecDeque;

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The last values, newest at the right.
#[derive(Debug)]
pub(crate) struct Strip {
    values: VecDeque<u64>,
    width: usize,
}

impl Strip {
    pub(crate) fn new(width: usize) -> Self {
        Self {
            values: VecDeque::with_capacity(width),
            width,
        }
    }

    pub(crate) fn push(&mut self, value: u64) {
        if self.values.len() == self.width {
            self.values.pop_front();
        }
        self.values.push_back(value);
    }

    pub(crate) fn max(&self) -> u64 {
        self.values.iter().copied().max().unwrap_or_default()
    }

    /// One bar a value, the tallest one as high as a line.
    pub(crate) fn bars(&self) -> String {
        let max = self.max().max(1);
        let bar = |value: &u64| {
            let height = (value * (BARS.len() as u64 - 1)).div_ceil(max);
            usize::try_from(height)
                .ok()
                .and_then(|height| BARS.get(height))
                .copied()
                .unwrap_or(' ')
        };
        let bars: String = self.values.iter().map(bar).collect();
        let missing = self.width - self.values.len();
        format!("{}{bars}", " ".repeat(missing))
    }
}

/// A bar that fills up.
pub(crate) fn progress(share: f64, width: usize) -> String {
    let share = share.clamp(0.0, 1.0);
    let full = (share * width as f64).round() as usize;
    format!("{}{}", "█".repeat(full), "░".repeat(width - full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_high_as_their_values_and_move_left() {
        let mut strip = Strip::new(3);
        assert_eq!(strip.bars(), "   ");
        for value in [0, 7, 14] {
            strip.push(value);
        }
        assert_eq!(strip.bars(), "▁▅█");
        strip.push(14);
        assert_eq!(strip.bars(), "▅██");
    }

    #[test]
    fn progress_stays_between_nothing_and_all() {
        assert_eq!(progress(-1.0, 4), "░░░░");
        assert_eq!(progress(0.5, 4), "██░░");
        assert_eq!(progress(9.0, 4), "████");
    }
}
