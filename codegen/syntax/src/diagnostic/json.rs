//! Diagnostics as JSON, one object a line, for editors and other programs.
//!
//! An object has `code`, `severity` (`error`, `warning`), `message`, `path`, `span`, `label`, `labels`, `notes`, `help`
//! and `fixes`; a label or an edit has its own `path` and `span`. A span is bytes (`start`, `end`) and, for people, lines
//! and columns (`start_line`, `start_column`, `end_line`, `end_column`), which count from one, columns in characters.
//! Members are added, never renamed or removed.

use serde::Serialize;

use super::{
    Diagnostic, Severity, Span,
    sources::{Lines, Position, Sources},
};

#[derive(Serialize)]
struct DiagnosticObject<'a> {
    code: &'a str,
    severity: &'a str,
    message: &'a str,
    path: &'a str,
    span: SpanObject,
    label: &'a str,
    labels: Vec<LabelObject<'a>>,
    notes: &'a [String],
    help: &'a [String],
    fixes: Vec<FixObject<'a>>,
}

#[derive(Serialize)]
struct SpanObject {
    start: usize,
    end: usize,
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize)]
struct LabelObject<'a> {
    path: &'a str,
    span: SpanObject,
    message: &'a str,
}

#[derive(Serialize)]
struct FixObject<'a> {
    title: &'a str,
    safe: bool,
    edits: Vec<EditObject<'a>>,
}

#[derive(Serialize)]
struct EditObject<'a> {
    path: &'a str,
    span: SpanObject,
    text: &'a str,
}

/// `diagnostics` in the order given, each an object on a line of its own.
#[must_use]
pub fn render<S: Sources + ?Sized>(diagnostics: &[Diagnostic], sources: &S) -> String {
    let mut lines = Lines::new(sources);
    let mut out = String::new();
    for diagnostic in diagnostics {
        let line = serde_json::to_string(&object(diagnostic, &mut lines))
            .expect("strings, numbers and lists of them always become JSON");
        out.push_str(&line);
        out.push('\n');
    }
    out
}

fn object<'a, S: Sources + ?Sized>(
    diagnostic: &'a Diagnostic,
    lines: &mut Lines<'a, S>,
) -> DiagnosticObject<'a> {
    let (path, span) = place(diagnostic.primary.span, lines);
    let labels = diagnostic.secondary.iter().map(|label| {
        let (path, span) = place(label.span, lines);
        LabelObject {
            path,
            span,
            message: &label.message,
        }
    });
    let labels = labels.collect();
    let fixes = diagnostic.fixes.iter().map(|fix| {
        let edits = fix.edits.iter().map(|edit| {
            let (path, span) = place(edit.span, lines);
            EditObject {
                path,
                span,
                text: &edit.text,
            }
        });
        FixObject {
            title: &fix.title,
            safe: fix.safe,
            edits: edits.collect(),
        }
    });
    DiagnosticObject {
        code: diagnostic.code.0,
        severity: match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        message: &diagnostic.message,
        path,
        span,
        label: &diagnostic.primary.message,
        labels,
        notes: &diagnostic.notes,
        help: &diagnostic.help,
        fixes: fixes.collect(),
    }
}

fn place<'a, S: Sources + ?Sized>(span: Span, lines: &mut Lines<'a, S>) -> (&'a str, SpanObject) {
    let bytes = lines
        .bytes(span)
        .unwrap_or(span.range.start().into()..span.range.end().into());
    let unknown = Position { line: 1, column: 1 };
    let start = lines.position(span.file, bytes.start).unwrap_or(unknown);
    let end = lines.position(span.file, bytes.end).unwrap_or(unknown);
    let path = lines.source(span.file).map_or("", |source| source.path);
    let span = SpanObject {
        start: bytes.start,
        end: bytes.end,
        start_line: start.line,
        start_column: start.column,
        end_line: end.line,
        end_column: end.column,
    };
    (path, span)
}
