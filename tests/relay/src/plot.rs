//! Draws latencies as an SVG: for each transport which part of the messages kept within how long.

use std::fmt::Write as _;

use crate::exchange::Measured;

/// A line of the plot.
#[derive(Debug)]
pub struct Line<'a> {
    /// What it is of.
    pub name: &'a str,
    /// What was measured.
    pub measured: &'a Measured,
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 110.0;
const TOP: f64 = 48.0;
const BOTTOM: f64 = 52.0;
/// Told apart without colours, too: by the names at their ends.
const COLOURS: [&str; 6] = [
    "#c0392b", "#1f6fb2", "#2e8b57", "#8e5ea2", "#b8860b", "#444444",
];
/// Percentiles that have a mark, from the left; each nine takes the same room.
const MARKS: [f64; 6] = [0.0, 50.0, 90.0, 99.0, 99.9, 99.99];

/// The plot of all lines.
#[must_use]
pub fn svg(title: &str, lines: &[Line<'_>]) -> String {
    let most = lines
        .iter()
        .map(|line| line.measured.percentile_ms(99.99))
        .fold(100.0, f64::max);
    let step = [50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0]
        .into_iter()
        .find(|step| most / step <= 8.0)
        .unwrap_or(10_000.0);
    let top = (most / step).ceil() * step;
    let y = |ms: f64| HEIGHT - BOTTOM - ms.min(top) / top * (HEIGHT - TOP - BOTTOM);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"24\" font-size=\"15\">{title}</text>\n"
    );
    let mut ms = 0.0;
    while ms <= top {
        let y = y(ms);
        let _ = writeln!(
            out,
            "<path d=\"M{LEFT} {y:.1}H{}\" stroke=\"#ddd\"/><text x=\"{}\" y=\"{:.1}\" \
             text-anchor=\"end\">{ms}</text>",
            WIDTH - RIGHT,
            LEFT - 8.0,
            y + 4.0
        );
        ms += step;
    }
    for percent in MARKS {
        let x = x(percent);
        let _ = writeln!(
            out,
            "<path d=\"M{x:.1} {TOP}V{}\" stroke=\"#ddd\"/><text x=\"{x:.1}\" y=\"{}\" \
             text-anchor=\"middle\">{percent}</text>",
            HEIGHT - BOTTOM,
            HEIGHT - BOTTOM + 18.0
        );
    }
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">percent of the messages</text>\
         <text x=\"{LEFT}\" y=\"40\">ms until the answer</text>",
        WIDTH - RIGHT,
        HEIGHT - 12.0
    );
    let mut labels: Vec<f64> = Vec::new();
    for (line, colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        let mut path = String::new();
        for point in 0..=400 {
            let percent = 100.0 - 100.0 / 10_f64.powf(f64::from(point) / 100.0);
            let command = if point == 0 { 'M' } else { 'L' };
            let y = y(line.measured.percentile_ms(percent));
            let _ = write!(path, "{command}{:.1} {y:.1}", x(percent));
        }
        let mut label = y(line.measured.percentile_ms(99.99)) + 4.0;
        while labels.iter().any(|other| (other - label).abs() < 13.0) {
            label += 13.0;
        }
        labels.push(label);
        let _ = writeln!(
            out,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\
             <text x=\"{}\" y=\"{label:.1}\" fill=\"{colour}\">{}</text>",
            WIDTH - RIGHT + 8.0,
            line.name
        );
    }
    out.push_str("</svg>\n");
    out
}

/// Where a percentile stands: as many nines, as far to the right.
fn x(percent: f64) -> f64 {
    let nines = -(1.0 - percent / 100.0).log10();
    LEFT + nines / 4.0 * (WIDTH - LEFT - RIGHT)
}
