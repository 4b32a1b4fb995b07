//! Reports as text for people, in the form of rustc's.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{Draft, Report};
use crate::source::{Sources, Span};

/// How a report looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether to colour it with ANSI escapes.
    pub coloured: bool,
}

impl Style {
    /// Without colours: the same on every machine, for files and tests.
    pub const PLAIN: Self = Self { coloured: false };

    /// With colours, for a terminal.
    pub const COLOURED: Self = Self { coloured: true };
}

/// Columns of the text.
const COLUMNS: usize = 140;
/// Bytes of a line that are looked at before and behind a place: a file in one line costs no more than others.
const AROUND_MAX: usize = 200;
/// Lines that one excerpt spans at most; of a longer one only the beginning is shown.
const LINES_MAX: usize = 40;

pub(super) fn render(report: &Report, style: Style) -> String {
    let renderer = if style.coloured {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.term_width(COLUMNS);
    let mut out = String::new();
    for mistake in &report.mistakes {
        if !out.is_empty() {
            out.push('\n');
        }
        let group = group(&mistake.draft, &report.sources);
        out.push_str(&renderer.render(&[group]));
        out.push('\n');
    }
    if report.omitted > 0 {
        out.push_str(&format!("\nand {} more like these\n", report.omitted));
    }
    out
}

fn group<'a>(draft: &'a Draft, sources: &'a Sources) -> Group<'a> {
    let title = Level::ERROR.primary_title(draft.message.as_str());
    let mut group = Group::with_title(title.id(draft.kind.name()));
    let primary = draft.span.map(|span| (span, draft.label.as_str()));
    let others = draft.others.iter().map(|(span, label)| (*span, &**label));
    let mut labels: Vec<(Span, &str, AnnotationKind)> = primary
        .map(|(span, label)| (span, label, AnnotationKind::Primary))
        .into_iter()
        .chain(others.map(|(span, label)| (span, label, AnnotationKind::Context)))
        .collect();
    while let Some((first, ..)) = labels.first().copied() {
        // One excerpt for the labels of a source that stand near each other; the order is that of the labels.
        let near = |span: Span| span.source == first.source && near(sources, first, span);
        let (these, rest) = labels.into_iter().partition(|(span, ..)| near(*span));
        group = excerpt(group, sources, these);
        labels = rest;
    }
    for note in &draft.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    if !draft.path.is_root() {
        group = group.element(Level::NOTE.message(format!("at `{}`", draft.path)));
    }
    for help in &draft.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    group
}

/// Whether two spans fit into one excerpt.
fn near(sources: &Sources, a: Span, b: Span) -> bool {
    let (Some(((a_line, _), _)), Some(((b_line, _), _))) = (sources.place(a), sources.place(b))
    else {
        return false;
    };
    let apart = a.start.abs_diff(b.start) as usize;
    a_line.abs_diff(b_line) <= LINES_MAX && apart <= AROUND_MAX * LINES_MAX
}

fn excerpt<'a>(
    group: Group<'a>,
    sources: &'a Sources,
    labels: Vec<(Span, &'a str, AnnotationKind)>,
) -> Group<'a> {
    let Some((first, ..)) = labels.first() else {
        return group;
    };
    let (Some(source), Some(((line, column), _))) =
        (sources.get(first.source), sources.place(*first))
    else {
        return group;
    };
    let header = Origin::path(source.name.as_str())
        .line(line)
        .char_column(column);
    let text = source.text.as_str();
    let spans = || {
        labels
            .iter()
            .map(|(span, ..)| shown(text, span.start as usize, span.end as usize))
    };
    let (Some(start), Some(end)) = (
        spans().map(|span| span.0).min(),
        spans().map(|span| span.1).max(),
    ) else {
        return group.element(header);
    };
    let window_start = line_start(text, start);
    let window_end = line_end(text, end);
    let Some(window) = text.get(window_start..window_end) else {
        return group.element(header);
    };
    let (first_line, _) = source.line(u32::try_from(window_start).unwrap_or(u32::MAX));
    let marks = labels.iter().map(|(span, label, kind)| {
        let (from, to) = shown(text, span.start as usize, span.end as usize);
        let label = Some(*label).filter(|label| !label.is_empty());
        kind.span(from - window_start..to - window_start)
            .label(label)
    });
    let snippet = Snippet::source(window)
        .line_start(first_line)
        .annotations(marks);
    if window_start == 0 || text[..window_start].ends_with('\n') {
        return group.element(snippet.path(source.name.as_str()));
    }
    // Of a line that is shown in part, the renderer would count the columns from the cut.
    group.element(header).element(snippet)
}

/// The part of a span that is marked: a long one is marked in its first line only.
fn shown(text: &str, start: usize, end: usize) -> (usize, usize) {
    let start = start.min(text.len());
    let end = end.clamp(start, text.len());
    let marked = text.get(start..end).unwrap_or_default();
    match marked.find('\n') {
        Some(line) => (start, start + marked[..line].trim_end().len().max(1)),
        None => (start, end),
    }
}

fn line_start(text: &str, at: usize) -> usize {
    let mut from = at.saturating_sub(AROUND_MAX);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    text[from..at]
        .rfind('\n')
        .map_or(from, |line| from + line + 1)
}

fn line_end(text: &str, at: usize) -> usize {
    let mut to = at.saturating_add(AROUND_MAX).min(text.len());
    while !text.is_char_boundary(to) {
        to -= 1;
    }
    text[at..to].find('\n').map_or(to, |line| at + line)
}
