//! Diagnostics as text for people, in the form of rustc's.

use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet,
};

use super::{
    Diagnostic, Edit, FileId, Fix, Label, Severity, Span,
    sources::{Lines, Sources},
};

/// How the text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether to colour it with ANSI escapes.
    pub coloured: bool,
    /// Columns of the terminal; longer lines of source are cut around the place.
    pub columns: usize,
}

impl Style {
    /// Without colours, 140 columns wide: the same on every machine, for files and tests.
    pub const PLAIN: Self = Self {
        coloured: false,
        columns: 140,
    };

    /// With colours, 140 columns wide.
    pub const COLOURED: Self = Self {
        coloured: true,
        columns: 140,
    };
}

/// Text of `diagnostics` in the order given, an empty line between two, and a line break at the end.
#[must_use]
pub fn render<S: Sources + ?Sized>(
    diagnostics: &[Diagnostic],
    sources: &S,
    style: Style,
) -> String {
    let renderer = if style.coloured {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.term_width(style.columns);
    let mut lines = Lines::new(sources);
    let mut out = String::new();
    for diagnostic in diagnostics {
        if !out.is_empty() {
            out.push('\n');
        }
        let groups = groups(diagnostic, &mut lines);
        out.push_str(&renderer.render(&groups));
        out.push('\n');
    }
    out
}

fn groups<'a, S: Sources + ?Sized>(
    diagnostic: &'a Diagnostic,
    lines: &mut Lines<'a, S>,
) -> Vec<Group<'a>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code.0);
    let mut main = Group::with_title(title);
    for file in files(diagnostic) {
        let primary = (diagnostic.primary.span.file == file).then_some(&diagnostic.primary);
        let secondary = diagnostic
            .secondary
            .iter()
            .filter(|label| label.span.file == file);
        main = excerpt(main, lines, file, primary, secondary);
    }
    for note in &diagnostic.notes {
        main = main.element(Level::NOTE.message(note.as_str()));
    }
    for help in &diagnostic.help {
        main = main.element(Level::HELP.message(help.as_str()));
    }
    let mut groups = vec![main];
    groups.extend(diagnostic.fixes.iter().map(|fix| suggestion(fix, lines)));
    groups
}

/// The files that labels point to, the primary one first.
fn files(diagnostic: &Diagnostic) -> Vec<FileId> {
    let mut files = vec![diagnostic.primary.span.file];
    for label in &diagnostic.secondary {
        if !files.contains(&label.span.file) {
            files.push(label.span.file);
        }
    }
    files
}

fn excerpt<'a, S: Sources + ?Sized>(
    group: Group<'a>,
    lines: &mut Lines<'a, S>,
    file: FileId,
    primary: Option<&'a Label>,
    secondary: impl Iterator<Item = &'a Label> + Clone,
) -> Group<'a> {
    let Some(source) = lines.source(file) else {
        return group.element(Origin::path(format!("unknown file {}", file.0)));
    };
    let spans = primary.into_iter().chain(secondary.clone());
    let Some(window) = Window::around(lines, spans.map(|label| label.span)) else {
        return group.element(Origin::path(source.path));
    };
    let mark = |label: &'a Label, kind: AnnotationKind| -> Option<Annotation<'a>> {
        let bytes = lines.bytes(label.span)?;
        let words = Some(label.message.as_str()).filter(|words| !words.is_empty());
        Some(kind.span(window.within(bytes)).label(words))
    };
    let marks = primary
        .and_then(|label| mark(label, AnnotationKind::Primary))
        .into_iter()
        .chain(secondary.filter_map(|label| mark(label, AnnotationKind::Context)));
    let snippet = Snippet::source(&source.text[window.start..window.end])
        .path(source.path)
        .line_start(window.line)
        .annotations(marks);
    group.element(snippet)
}

fn suggestion<'a, S: Sources + ?Sized>(fix: &'a Fix, lines: &mut Lines<'a, S>) -> Group<'a> {
    let mut group = Group::with_title(Level::HELP.secondary_title(fix.title.as_str()));
    let mut files: Vec<FileId> = fix.edits.iter().map(|edit| edit.span.file).collect();
    files.sort_unstable();
    files.dedup();
    let several = files.len() > 1;
    for file in files {
        let edits = fix.edits.iter().filter(|edit| edit.span.file == file);
        let Some(source) = lines.source(file) else {
            continue;
        };
        let Some(window) = Window::around(lines, edits.clone().map(|edit| edit.span)) else {
            continue;
        };
        let patch = |edit: &'a Edit| {
            let bytes = lines.bytes(edit.span)?;
            Some(Patch::new(window.within(bytes), edit.text.as_str()))
        };
        let mut snippet = Snippet::source(&source.text[window.start..window.end])
            .line_start(window.line)
            .patches(edits.filter_map(patch));
        if several {
            snippet = snippet.path(source.path);
        }
        group = group.element(snippet);
    }
    group
}

/// The lines of a file that some spans touch: all that the renderer is given, so that its work does not grow with the file.
struct Window {
    start: usize,
    end: usize,
    /// The first line, from one.
    line: usize,
}

impl Window {
    fn around<S: Sources + ?Sized>(
        lines: &mut Lines<'_, S>,
        spans: impl Iterator<Item = Span>,
    ) -> Option<Self> {
        let mut window: Option<Self> = None;
        for span in spans {
            let bytes = lines.bytes(span)?;
            let (number, first) = lines.line(span.file, bytes.start)?;
            let (_, last) = lines.line(span.file, bytes.end)?;
            let line = usize::try_from(number).ok()? + 1;
            let window = window.get_or_insert(Self {
                start: first.start,
                end: last.end,
                line,
            });
            window.start = window.start.min(first.start);
            window.end = window.end.max(last.end);
            window.line = window.line.min(line);
        }
        window
    }

    fn within(&self, bytes: std::ops::Range<usize>) -> std::ops::Range<usize> {
        bytes.start - self.start..bytes.end - self.start
    }
}
