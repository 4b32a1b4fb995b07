//! Names in the target languages: reserved words, and names that become one.

use std::collections::HashMap;

use playhouse_syntax::{Diagnostic, Span};

use super::{Checker, names::SymbolKind};
use crate::{
    model::{ArmBody, Call, Marks, Member, Model, TypeKind},
    rules,
};

/// Words that can't be members, parameters or calls, by language. C# is not among them: its members begin with a capital
/// there, and its parameters can be written with `@`.
const RUST: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "_",
];
const TYPESCRIPT: &[&str] = &[
    "arguments",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "constructor",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "eval",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "new",
    "null",
    "package",
    "private",
    "protected",
    "prototype",
    "public",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "undefined",
    "var",
    "void",
    "while",
    "with",
    "yield",
    "__proto__",
];
const PYTHON: &[&str] = &[
    "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif",
    "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda",
    "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];
/// Names that can't be types, by language: keywords, and what generated code there calls by these names.
const TYPES: &[(&str, &str)] = &[
    ("Self", "Rust"),
    ("Array", "TypeScript"),
    ("BigInt", "TypeScript"),
    ("Boolean", "TypeScript"),
    ("Date", "TypeScript"),
    ("Error", "TypeScript"),
    ("Function", "TypeScript"),
    ("Infinity", "TypeScript"),
    ("Map", "TypeScript"),
    ("Math", "TypeScript"),
    ("NaN", "TypeScript"),
    ("Number", "TypeScript"),
    ("Object", "TypeScript and C#"),
    ("Promise", "TypeScript"),
    ("Record", "TypeScript"),
    ("Set", "TypeScript"),
    ("String", "TypeScript and C#"),
    ("Symbol", "TypeScript"),
    ("Uint8Array", "TypeScript"),
    ("v1", "generated Rust, which calls its runtime so"),
    ("wire", "generated TypeScript, which calls its runtime so"),
    ("None", "Python"),
    ("True", "Python"),
    ("False", "Python"),
];

/// A name for comparison: what all conversions of case make equal is equal here.
fn folded(name: &str) -> String {
    name.chars()
        .filter(|&c| c != '_')
        .flat_map(char::to_lowercase)
        .collect()
}

/// `a`, `a and b`, `a, b and c`
fn listed(words: &[&str]) -> String {
    match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

impl Checker<'_> {
    pub(super) fn check_words(&mut self) {
        let mut words = Words {
            model: &self.model,
            errors: Vec::new(),
        };
        words.declarations(&self.names.symbols);
        words.types();
        words.bodies();
        let errors = words.errors;
        for error in errors {
            self.report(error);
        }
    }
}

struct Words<'m> {
    model: &'m Model,
    errors: Vec<Diagnostic>,
}

/// What documents know by a name.
#[derive(Clone, Copy)]
struct Element<'n> {
    name: &'n str,
    span: Span,
    was: &'n [String],
}

impl<'n> Element<'n> {
    fn new(name: &'n str, span: Span, marks: &'n Marks) -> Self {
        let was = &marks.was;
        Self { name, span, was }
    }

    fn of(member: &'n Member) -> Self {
        Self::new(&member.name, member.span, &member.marks)
    }
}

impl Words<'_> {
    fn declarations(&mut self, symbols: &[super::names::Symbol<'_>]) {
        let mut seen: HashMap<(u32, String), (&str, Span)> = HashMap::new();
        for symbol in symbols {
            let name = symbol.name.text.as_str();
            if let Some((_, languages)) = TYPES.iter().find(|(word, _)| *word == name) {
                self.errors.push(rules::names::reserved_word(
                    symbol.name.span,
                    name,
                    languages,
                ));
            } else {
                self.reserved(name, symbol.name.span);
            }
            // Each sort of declaration has its own form, and most its own place, in generated code.
            let sort = match symbol.kind {
                SymbolKind::Const(_) => 0,
                SymbolKind::Role(_) => 1,
                SymbolKind::Audience(_) => 2,
                _ => 3,
            };
            self.clash(
                &mut seen,
                symbol.package.0 * 4 + sort,
                name,
                symbol.name.span,
            );
        }
    }

    /// Reports a second name in `space` that folds to one that is there.
    fn clash<'n>(
        &mut self,
        seen: &mut HashMap<(u32, String), (&'n str, Span)>,
        space: u32,
        name: &'n str,
        span: Span,
    ) {
        let folded = folded(name);
        match seen.get(&(space, folded.clone())) {
            Some(&(other, at)) if other != name => {
                self.errors
                    .push(rules::names::case_clash(span, name, other, at));
            }
            Some(_) => {}
            None => {
                seen.insert((space, folded), (name, span));
            }
        }
    }

    fn reserved(&mut self, name: &str, span: Span) {
        let languages: Vec<&str> = [
            ("Rust", RUST),
            ("TypeScript", TYPESCRIPT),
            ("Python", PYTHON),
        ]
        .into_iter()
        .filter(|(_, words)| words.contains(&name))
        .map(|(language, _)| language)
        .collect();
        if !languages.is_empty() {
            self.errors
                .push(rules::names::reserved_word(span, name, &listed(&languages)));
        }
    }

    /// Earlier names are names of nobody now, and nobody else had them: documents go by names.
    fn earlier_names<'n>(&mut self, elements: impl IntoIterator<Item = Element<'n>>) {
        let elements: Vec<Element<'_>> = elements.into_iter().collect();
        for (index, element) in elements.iter().enumerate() {
            for was in element.was {
                let taken = elements.iter().find(|other| other.name == was);
                let before = elements.iter().take(index);
                let mut before = before.filter(|other| other.was.contains(was));
                let span = element.span;
                if let Some(taken) = taken {
                    let error = rules::names::was_taken(span, element.name, was, taken.span, true);
                    self.errors.push(error);
                } else if let Some(other) = before.next() {
                    let error = rules::names::was_taken(span, element.name, was, other.span, false);
                    self.errors.push(error);
                }
            }
        }
    }

    fn members<'n>(&mut self, members: impl IntoIterator<Item = &'n Member>) {
        let members: Vec<&Member> = members.into_iter().collect();
        self.earlier_names(members.iter().map(|member| Element::of(member)));
        let names = members
            .into_iter()
            .map(|member| (member.name.as_str(), member.span));
        self.space(names, true);
    }

    /// One space of names. Values and arms begin with a capital in every target, so no word is reserved for them but `self`.
    fn space<'n>(&mut self, names: impl Iterator<Item = (&'n str, Span)>, lower: bool) {
        let mut seen = HashMap::new();
        for (name, span) in names {
            if lower {
                self.reserved(name, span);
            } else if name == "self" || name == "_" {
                self.errors
                    .push(rules::names::reserved_word(span, name, "Rust"));
            } else if matches!(name, "none" | "true" | "false") {
                self.errors
                    .push(rules::names::reserved_word(span, name, "Python"));
            } else if name == "unknown" {
                self.errors.push(rules::names::reserved_word(
                    span,
                    name,
                    "generated code: it stands for what is not known",
                ));
            }
            self.clash(&mut seen, 0, name, span);
        }
    }

    fn types(&mut self) {
        for def in &self.model.types {
            match &def.kind {
                TypeKind::Struct { members, .. } => self.members(members),
                TypeKind::Enum { values, .. } => {
                    let elements = values.iter();
                    self.earlier_names(
                        elements.map(|it| Element::new(&it.name, it.span, &it.marks)),
                    );
                    self.space(
                        values.iter().map(|value| (value.name.as_str(), value.span)),
                        false,
                    );
                }
                TypeKind::Flags { flags, .. } => {
                    let elements = flags.iter();
                    self.earlier_names(
                        elements.map(|it| Element::new(&it.name, it.span, &it.marks)),
                    );
                    self.space(
                        flags.iter().map(|flag| (flag.name.as_str(), flag.span)),
                        false,
                    );
                }
                TypeKind::Union { arms, .. } | TypeKind::Error { arms, .. } => {
                    let elements = arms.iter();
                    self.earlier_names(
                        elements.map(|it| Element::new(&it.name, it.span, &it.marks)),
                    );
                    self.space(arms.iter().map(|arm| (arm.name.as_str(), arm.span)), false);
                    for arm in arms {
                        if let ArmBody::Members(members) = &arm.body {
                            self.members(members);
                        }
                    }
                }
                TypeKind::Newtype { .. } => {}
            }
        }
    }

    fn bodies(&mut self) {
        let model = self.model;
        for package in 0..model.packages.len() {
            let entities = model.entities.iter();
            let entities = entities.filter(|it| it.head.package.0 as usize == package);
            self.earlier_names(
                entities.map(|it| Element::new(&it.head.name, it.head.span, &it.head.marks)),
            );
        }
        for component in &model.components {
            let properties: Vec<&Member> = component
                .properties
                .iter()
                .map(|property| &property.member)
                .collect();
            self.earlier_names(properties.iter().map(|member| Element::of(member)));
            let properties = properties.into_iter();
            let names = properties.map(|member| (member.name.as_str(), member.span));
            self.body(names, &component.calls);
        }
        for entity in &model.entities {
            let properties: Vec<&Member> = entity
                .properties
                .iter()
                .map(|property| &property.member)
                .collect();
            // One table of a document has both.
            let held = entity.slots.iter();
            let held = held.map(|it| Element::new(&it.name, it.span, &it.marks));
            self.earlier_names(
                properties
                    .iter()
                    .map(|member| Element::of(member))
                    .chain(held),
            );
            let properties = properties.into_iter();
            let slots = entity
                .slots
                .iter()
                .map(|slot| (slot.name.as_str(), slot.span));
            let names = properties
                .map(|member| (member.name.as_str(), member.span))
                .chain(slots);
            self.body(names, &entity.calls);
        }
        for service in &model.services {
            self.body(std::iter::empty(), &service.calls);
        }
    }

    /// A proxy has properties, slots and calls side by side.
    fn body<'n>(&mut self, names: impl Iterator<Item = (&'n str, Span)>, calls: &'n [Call]) {
        let names: Vec<(&str, Span)> = names.collect();
        for call in calls {
            if let Some((_, first)) = names.iter().find(|(name, _)| *name == call.name) {
                self.errors
                    .push(rules::names::member_twice(call.span, &call.name, *first));
            }
            self.members(&call.params);
        }
        let calls = calls.iter().map(|call| (call.name.as_str(), call.span));
        self.space(names.into_iter().chain(calls), true);
    }
}
