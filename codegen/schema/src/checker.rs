//! From texts to the model. Stages: parse, collect names, lower declarations, then the passes over the whole model.
//!
//! Reading order: [`check`]; `names`, `packages` and `imports` (who declares what); `declarations`, `enums`, `bodies`, `numbers`,
//! `members`, `tags`, `properties`, `calls`; `types`, `instances`, `values`, `constants`, `bounds`, `attributes`; then the
//! passes over the whole model: `defaults`, `closure`, `entities`, `exposure`, `words`.

use std::collections::{BTreeMap, HashSet};

use playhouse_syntax::{
    Diagnostic, FileId, Severity, Span,
    ast::{self, lower},
    parse,
};

use crate::{
    evolution::{Surface, digest},
    model::{Const, ConstId, Head, Marks, Model, PackageId, Type, TypeDef, TypeId, TypeKind},
    sources::Sources,
};

mod attributes;
mod bodies;
mod bounds;
mod calls;
mod closure;
mod constants;
mod declarations;
mod defaults;
mod entities;
mod enums;
mod exposure;
mod imports;
mod instances;
mod members;
mod names;
mod numbers;
mod packages;
mod properties;
mod tags;
mod types;
mod values;
mod words;

use names::{Names, SymbolId};

/// A checked schema.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The model; whole only if nothing in `diagnostics` is an error.
    pub model: Model,
    /// What is wrong, by file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// The files as plain data, for lints and tools; indexed by [`FileId`].
    pub files: Vec<ast::File>,
}

impl Checked {
    /// Whether something is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// Checks a whole project.
#[must_use]
pub fn check(sources: &Sources) -> Checked {
    let mut diagnostics = sources.diagnostics.clone();
    let mut files = Vec::with_capacity(sources.files.len());
    let mut lines = Vec::with_capacity(sources.files.len());
    let mut unreadable = Vec::new();
    for (index, source) in sources.files.iter().enumerate() {
        let id = FileId(u32::try_from(index).unwrap_or(u32::MAX));
        lines.push(Lines::of(&source.text));
        if !source.kind.is_schema() {
            files.push(ast::File {
                id,
                ..ast::File::default()
            });
            continue;
        }
        let parsed = parse(id, &source.text);
        let (file, literals) = lower(id, &parsed.tree());
        let mut errors = parsed.diagnostics;
        errors.extend(literals);
        unreadable.extend(broken_declarations(&file, &errors));
        diagnostics.extend(errors);
        files.push(file);
    }
    let broken = diagnostics
        .iter()
        .any(|diagnostic| diagnostic.severity == Severity::Error);
    let mut checker = Checker {
        sources,
        files: &files,
        lines,
        names: Names::default(),
        model: Model::default(),
        diagnostics,
        reported: HashSet::new(),
        broken,
        unreadable,
        types: Vec::new(),
        consts: Vec::new(),
        broken_consts: HashSet::new(),
        broken_newtypes: HashSet::new(),
        position_lost: false,
        instances: BTreeMap::new(),
    };
    checker.collect_names();
    checker.lower_all();
    checker.fill_defaults();
    checker.check_closure();
    checker.check_entities();
    checker.check_exposure();
    checker.check_words();
    checker.order_instances();
    let Checker {
        mut model,
        mut diagnostics,
        ..
    } = checker;
    let is_error = |diagnostic: &Diagnostic| diagnostic.severity == Severity::Error;
    if !diagnostics.iter().any(is_error) {
        digest::fill(&mut model);
        if !sources.lock.is_empty() {
            diagnostics.extend(sources.lock.check(&Surface::of(&model)));
        }
    }
    diagnostics.sort_by_key(|diagnostic| {
        let span = diagnostic.primary.span;
        (
            span.file,
            span.range.start(),
            span.range.end(),
            diagnostic.code,
        )
    });
    Checked {
        model,
        diagnostics,
        files,
    }
}

struct Checker<'a> {
    sources: &'a Sources,
    files: &'a [ast::File],
    lines: Vec<Lines>,
    names: Names<'a>,
    model: Model,
    diagnostics: Vec<Diagnostic>,
    /// What was reported: the body of a generic is lowered once an instance.
    reported: HashSet<(&'static str, Span)>,
    /// Whether the syntax is broken: then names may be missing for that reason alone.
    broken: bool,
    /// Declarations with errors of syntax: what else is wrong in them may be an echo of these.
    unreadable: Vec<Span>,
    /// By [`TypeId`]: where a type stands and whether it has been lowered.
    types: Vec<Work>,
    /// By [`ConstId`].
    consts: Vec<Work>,
    /// Constants without a value: reported where they are declared, not where they are used.
    broken_consts: HashSet<ConstId>,
    /// Newtypes over nothing: likewise.
    broken_newtypes: HashSet<TypeId>,
    /// Whether a property that may have been a position could not be understood.
    position_lost: bool,
    /// Instances of generics by the generic and the arguments as text.
    instances: BTreeMap<(SymbolId, String), TypeId>,
}

/// The state of something that is lowered when first needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Waiting(SymbolId),
    Busy(SymbolId),
    Done,
}

impl<'a> Checker<'a> {
    fn report(&mut self, diagnostic: Diagnostic) {
        let place = diagnostic.primary.span;
        let covers =
            |around: &Span| around.file == place.file && around.range.contains_range(place.range);
        if self.unreadable.iter().any(covers) {
            return;
        }
        if self
            .reported
            .insert((diagnostic.code.0, diagnostic.primary.span))
        {
            self.diagnostics.push(diagnostic);
        }
    }

    fn line(&self, span: Span) -> u32 {
        self.lines
            .get(span.file.0 as usize)
            .map_or(1, |lines| lines.line(span))
    }

    fn head(&self, package: PackageId, name: &ast::Name, docs: &[String], marks: Marks) -> Head {
        Head {
            name: name.text.clone(),
            package,
            path: self
                .sources
                .file(name.span.file)
                .map_or_else(String::new, |file| file.path.clone()),
            line: self.line(name.span),
            span: name.span,
            docs: docs.to_vec(),
            marks,
        }
    }

    fn type_def(&self, id: TypeId) -> &TypeDef {
        &self.model.types[id.0 as usize]
    }

    fn const_def(&self, id: ConstId) -> &Const {
        &self.model.consts[id.0 as usize]
    }

    /// The newtype's inner type, if `ty` is one; bounds of uses are not applied.
    fn newtype_inner(&self, id: TypeId) -> Option<&Type> {
        match &self.type_def(id).kind {
            TypeKind::Newtype { inner, .. } => Some(inner),
            _ => None,
        }
    }
}

/// The declarations of a file that hold one of `errors`.
fn broken_declarations(file: &ast::File, errors: &[Diagnostic]) -> Vec<Span> {
    let spans = file.declarations.iter().map(|declaration| declaration.span);
    spans
        .filter(|span| {
            let is_inside = |error: &Diagnostic| {
                let place = error.primary.span.range;
                span.range.contains_range(place)
            };
            errors.iter().any(is_inside)
        })
        .collect()
}

/// Where lines begin.
struct Lines {
    starts: Vec<u32>,
}

impl Lines {
    fn of(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        let starts = ends.map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX));
        Self {
            starts: std::iter::once(0).chain(starts).collect(),
        }
    }

    /// The one-based line of a place.
    fn line(&self, span: Span) -> u32 {
        let start = u32::from(span.range.start());
        u32::try_from(self.starts.partition_point(|&at| at <= start)).unwrap_or(u32::MAX)
    }
}
