//! Lints: what is allowed and most likely a mistake. Each has a name, a level that `[lints]` in playhouse.toml can change, and one
//! function; `// playhouse: allow(name) reason` silences it on its line or in the declaration or member below.

use std::ops::Range;

use playhouse_syntax::{Code, Diagnostic, Severity, Span, TextRange, TextSize, ast};

use crate::{
    checker::Checked,
    manifest::LintLevel,
    model::Model,
    rules,
    sources::{SourceKind, Sources},
};

mod exposure;
mod imports;
mod naming;
mod shape;
mod usage;

/// A lint.
#[derive(Debug, Clone, Copy)]
pub struct Lint {
    /// Its name, as in `allow(name)`.
    pub name: &'static str,
    /// What it finds, in a sentence.
    pub title: &'static str,
    /// Its level where the manifest says nothing.
    pub level: LintLevel,
    run: fn(&Context<'_>, &mut Found),
}

/// What lints look at.
struct Context<'a> {
    model: &'a Model,
    files: &'a [ast::File],
    sources: &'a Sources,
}

impl Context<'_> {
    /// The files that the project's own people write.
    fn own_files(&self) -> impl Iterator<Item = &ast::File> {
        let own = |file: &&ast::File| {
            self.sources
                .file(file.id)
                .is_some_and(|source| source.kind == SourceKind::Schema)
        };
        self.files.iter().filter(own)
    }

    /// Whether a declaration is the project's own.
    fn is_own(&self, head: &crate::model::Head) -> bool {
        self.model.packages[head.package.0 as usize].local
    }
}

/// What a lint has found.
struct Found {
    code: Code,
    diagnostics: Vec<Diagnostic>,
}

impl Found {
    /// A new finding; the caller adds what to do and pushes it.
    fn warning(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::warning(self.code, span, message)
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }
}

/// Every lint, by name.
pub static LINTS: &[Lint] = &[
    Lint {
        name: "caller_parameter",
        title: "an exposed call takes the caller as a parameter, which a client could forge",
        level: LintLevel::Warn,
        run: exposure::caller_parameter,
    },
    Lint {
        name: "exposed_unreachable",
        title: "a call is exposed where no client is ever bound",
        level: LintLevel::Warn,
        run: exposure::exposed_unreachable,
    },
    Lint {
        name: "float_money",
        title: "an amount of money is a float, which loses cents",
        level: LintLevel::Warn,
        run: shape::float_money,
    },
    Lint {
        name: "missing_docs",
        title: "a declaration has no doc comment",
        level: LintLevel::Allow,
        run: usage::missing_docs,
    },
    Lint {
        name: "naming",
        title: "a name is not in the form that its kind has everywhere",
        level: LintLevel::Warn,
        run: naming::naming,
    },
    Lint {
        name: "redundant_bound",
        title: "a bound lets everything through",
        level: LintLevel::Warn,
        run: shape::redundant_bound,
    },
    Lint {
        name: "sparse_tags",
        title: "gaps between tags cost a byte each in every message",
        level: LintLevel::Warn,
        run: shape::sparse_tags,
    },
    Lint {
        name: "unused_allow",
        title: "an allow comment silences nothing",
        level: LintLevel::Warn,
        // Found while the others are silenced.
        run: |_, _| {},
    },
    Lint {
        name: "unused_import",
        title: "a name is imported and not used",
        level: LintLevel::Warn,
        run: imports::unused_import,
    },
    Lint {
        name: "unused_type",
        title: "a type is reached by no call, property, constant or key",
        level: LintLevel::Warn,
        run: usage::unused_type,
    },
];

/// The lint `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Lint> {
    LINTS.iter().find(|lint| lint.name == name)
}

/// Runs every lint that is not off. Meant for schemas without errors: with errors the findings may be their echo.
#[must_use]
pub fn lint(sources: &Sources, checked: &Checked) -> Vec<Diagnostic> {
    let context = Context {
        model: &checked.model,
        files: &checked.files,
        sources,
    };
    let mut out = Vec::new();
    let mut silenced: Vec<(usize, usize)> = Vec::new();
    for lint in LINTS {
        let level = level(sources, lint);
        let mut found = Found {
            code: Code(lint.name),
            diagnostics: Vec::new(),
        };
        (lint.run)(&context, &mut found);
        for mut diagnostic in found.diagnostics {
            if let Some(place) = allowed(&context, lint.name, &diagnostic) {
                silenced.push(place);
                continue;
            }
            match level {
                LintLevel::Allow => continue,
                LintLevel::Warn => {}
                LintLevel::Deny => diagnostic.severity = Severity::Error,
            }
            out.push(diagnostic);
        }
    }
    check_allows(&context, &silenced, &mut out);
    check_levels(sources, &mut out);
    out.sort_by_key(|diagnostic| {
        let span = diagnostic.primary.span;
        (span.file, span.range.start(), diagnostic.code)
    });
    out
}

fn level(sources: &Sources, lint: &Lint) -> LintLevel {
    sources
        .manifest
        .lints
        .get(lint.name)
        .map_or(lint.level, |&(level, _)| level)
}

/// The allow comment that covers a finding: its file's and its own index.
fn allowed(context: &Context<'_>, name: &str, diagnostic: &Diagnostic) -> Option<(usize, usize)> {
    let span = diagnostic.primary.span;
    let file = span.file.0 as usize;
    let allows = &context.files.get(file)?.allows;
    let at = allows.iter().position(|allow| {
        allow.rule == name
            && !allow.reason.is_empty()
            && allow.covers.range.contains_range(span.range)
    })?;
    Some((file, at))
}

fn check_allows(context: &Context<'_>, silenced: &[(usize, usize)], out: &mut Vec<Diagnostic>) {
    let names = || LINTS.iter().map(|lint| lint.name);
    for (file_index, file) in context.files.iter().enumerate() {
        for (index, allow) in file.allows.iter().enumerate() {
            if find(&allow.rule).is_none() {
                let span = if allow.rule.is_empty() {
                    allow.span
                } else {
                    rule_span(context.sources, allow)
                };
                let error = rules::attributes::allow(span, &allow.rule, false, names());
                out.push(error);
            } else if allow.reason.is_empty() {
                let error = rules::attributes::allow(allow.span, &allow.rule, true, names());
                out.push(error);
            } else if !silenced.contains(&(file_index, index)) {
                let lint = find("unused_allow").map(|lint| level(context.sources, lint));
                if lint == Some(LintLevel::Allow) {
                    continue;
                }
                let message = format!("nothing here is against `{}`", allow.rule);
                let mut warning = Diagnostic::warning(Code("unused_allow"), allow.span, message)
                    .help("remove the comment");
                if lint == Some(LintLevel::Deny) {
                    warning.severity = Severity::Error;
                }
                out.push(warning);
            }
        }
    }
}

/// The place of the name in an allow comment.
fn rule_span(sources: &Sources, allow: &ast::Allow) -> Span {
    let span = allow.span;
    let text = sources
        .file(span.file)
        .and_then(|file| file.text.get(Range::<usize>::from(span.range)));
    let offset = text.and_then(|text| text.find(&allow.rule));
    let (Some(offset), Ok(length)) = (offset, TextSize::try_from(allow.rule.len())) else {
        return span;
    };
    let start = span.range.start() + TextSize::try_from(offset).unwrap_or_default();
    Span::new(span.file, TextRange::at(start, length))
}

/// Levels in the manifest of lints that don't exist.
fn check_levels(sources: &Sources, out: &mut Vec<Diagnostic>) {
    for (name, &(_, span)) in &sources.manifest.lints {
        if find(name).is_none() {
            out.push(rules::attributes::allow(
                span,
                name,
                false,
                LINTS.iter().map(|lint| lint.name),
            ));
        }
    }
}
