//! Macros: `$NAME$` in a text is replaced by the value of that name, of whatever type.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::limits::Limits;
use crate::mistake::{Draft, Kind, Mistakes};
use crate::nearest::nearest;
use crate::parse;
use crate::pieces::{self, Piece, PieceProblem};
use crate::source::{Sources, Span};
use crate::tree::{Extent, Loose, Node, Origin, Value};

/// The macros of all files, not yet replaced in one another.
#[derive(Default)]
pub(crate) struct Macros {
    table: BTreeMap<String, Node>,
    /// Those whose definition is refused: told once, not at every use.
    broken: BTreeSet<String>,
}

impl Macros {
    /// Reads the value of a `$MACRO$`.
    pub(crate) fn read(node: Node, mistakes: &mut Mistakes) -> Self {
        let mut macros = Self::default();
        let Value::Map(map) = node.value else {
            let draft = Draft::new(Kind::Macro, "`$MACRO$` is an object")
                .at(node.span, "expected `{ \"NAME\": value }`")
                .help("write `\"$MACRO$\": { \"IP\": \"127.0.0.1\" }`");
            mistakes.add(draft);
            return macros;
        };
        for entry in map.entries {
            let name = entry.key;
            if !pieces::is_name(&name) || name == "env" {
                let (message, help) = if name == "env" {
                    (
                        "a macro can't be called `env`".to_owned(),
                        "take another name: `$env:NAME$` is a variable of the environment",
                    )
                } else {
                    (
                        format!("`{name}` is no name for a macro"),
                        "take letters, digits and underscores, as `DB_HOST`, without dollars",
                    )
                };
                let draft = Draft::new(Kind::Macro, message).at(entry.key_span, "");
                mistakes.add(draft.help(help));
                macros.broken.insert(name);
                continue;
            }
            macros.table.insert(name, entry.node);
        }
        macros
    }

    /// Lays the macros of a file over these: a value is replaced as a whole.
    pub(crate) fn overlay(&mut self, over: Self) {
        self.table.extend(over.table);
        self.broken.extend(over.broken);
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.table.contains_key(name)
    }

    pub(crate) fn set(&mut self, name: &str, node: Node) {
        self.table.insert(name.to_owned(), node);
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.table.keys().map(String::as_str)
    }
}

/// Replaces macros in a tree.
pub(crate) struct Expander<'a> {
    macros: &'a Macros,
    variables: &'a BTreeMap<String, String>,
    limits: &'a Limits,
    sources: &'a mut Sources,
    mistakes: &'a mut Mistakes,
    /// Values of macros with all macros in them replaced; nothing for one that is broken.
    done: HashMap<String, Option<(Node, Extent)>>,
    /// The macros whose values are being looked at.
    open: Vec<String>,
    /// The sources of variables that are used.
    shown: HashMap<String, u32>,
    values: usize,
    bytes: usize,
    /// A limit was passed: nothing more is put in.
    full: bool,
}

impl<'a> Expander<'a> {
    pub(crate) fn new(
        macros: &'a Macros,
        variables: &'a BTreeMap<String, String>,
        limits: &'a Limits,
        sources: &'a mut Sources,
        mistakes: &'a mut Mistakes,
    ) -> Self {
        Self {
            macros,
            variables,
            limits,
            sources,
            mistakes,
            done: HashMap::new(),
            open: Vec::new(),
            shown: HashMap::new(),
            values: 0,
            bytes: 0,
            full: false,
        }
    }

    /// Replaces every macro in the tree, then looks at those that nobody uses, whose mistakes are mistakes too.
    pub(crate) fn run(mut self, tree: &mut Node) {
        self.node(tree, 0);
        let names: Vec<String> = self.macros.table.keys().cloned().collect();
        for name in names {
            let Some(node) = self.macros.table.get(&name) else {
                continue;
            };
            self.value(&name, node.span);
        }
    }

    fn node(&mut self, node: &mut Node, depth: usize) {
        match &mut node.value {
            Value::Text(text) if text.contains('$') => {
                if let Some(new) = self.text(text, node.span, depth) {
                    *node = new;
                }
            }
            Value::List(list) => list.iter_mut().for_each(|it| self.node(it, depth + 1)),
            Value::Map(map) => {
                for entry in &mut map.entries {
                    self.node(&mut entry.node, depth + 1);
                }
            }
            _ => {}
        }
    }

    /// What a text with dollars becomes; nothing if it is wrong.
    fn text(&mut self, text: &str, span: Span, depth: usize) -> Option<Node> {
        let pieces = match pieces::split(text) {
            Ok(pieces) => pieces,
            Err((problem, at)) => {
                let at = self.within(span, text, at..text.len());
                self.misspelt(problem, at);
                return None;
            }
        };
        if let [(piece, _)] = pieces.as_slice()
            && !matches!(piece, Piece::Plain(_))
        {
            return self.whole(piece, span, depth);
        }
        let mut out = String::new();
        let mut complete = true;
        for (piece, range) in pieces {
            if let Piece::Plain(text) = piece {
                out.push_str(&text);
                continue;
            }
            let at = self.within(span, text, range);
            match self.spliced(&piece, at) {
                Some(text) => out.push_str(&text),
                None => complete = false,
            }
        }
        complete.then(|| Node::new(Value::Text(out), span))
    }

    /// A macro that is the whole value.
    fn whole(&mut self, piece: &Piece, span: Span, depth: usize) -> Option<Node> {
        match piece {
            Piece::Plain(text) => Some(Node::new(Value::Text(text.clone()), span)),
            Piece::Macro { name, default } => {
                if !self.macros.has(name)
                    && let Some(default) = default
                {
                    return Some(loose(default, span, self.limits));
                }
                let (mut node, extent) = self.value(name, span)?;
                if depth + extent.depth > self.limits.depth_max {
                    let message = format!(
                        "values stand more than {} deep in one another once `{name}` is put in",
                        self.limits.depth_max
                    );
                    self.refuse(Kind::Limit, message, span, "make it flatter");
                    return None;
                }
                if !self.charge(extent.values, extent.bytes, span) {
                    return None;
                }
                node.origin = Some(Arc::new(Origin {
                    name: name.clone(),
                    span: node.span,
                }));
                node.span = span;
                Some(node)
            }
            Piece::Variable { name, default } => {
                let text = self.variable(name, default.as_deref(), span)?;
                if !self.charge(1, text.len(), span) {
                    return None;
                }
                if self.variables.contains_key(name) {
                    let sources = &mut self.sources;
                    let add = || sources.add(format!("${name}"), text.clone());
                    let source = *self.shown.entry(name.clone()).or_insert_with(add);
                    let mut node = loose(&text, span, self.limits);
                    node.origin = Some(Arc::new(Origin {
                        name: format!("env:{name}"),
                        span: Span::new(source, 0..text.len()),
                    }));
                    return Some(node);
                }
                Some(loose(&text, span, self.limits))
            }
        }
    }

    /// A macro within a longer text.
    fn spliced(&mut self, piece: &Piece, span: Span) -> Option<String> {
        let (name, default) = match piece {
            Piece::Plain(text) => return Some(text.clone()),
            Piece::Variable { name, default } => {
                let text = self.variable(name, default.as_deref(), span)?;
                return self.charge(0, text.len(), span).then_some(text);
            }
            Piece::Macro { name, default } => (name, default),
        };
        if !self.macros.has(name)
            && let Some(default) = default
        {
            return Some(default.clone());
        }
        let (node, _) = self.value(name, span)?;
        let text = match node.value {
            Value::Text(text) | Value::Number(text) => text,
            Value::Bool(value) => value.to_string(),
            Value::Loose(loose) => loose.text,
            value => {
                let what = match value {
                    Value::Null => "null",
                    Value::List(_) => "a list",
                    _ => "an object",
                };
                let draft = Draft::new(
                    Kind::Macro,
                    format!("macro `{name}` is {what}, which can't stand within a text"),
                )
                .at(span, "text, a number, true or false is needed here")
                .also(node.span, format!("`{name}` is {what}"))
                .help(format!(
                    "let `\"${name}$\"` be the whole value, or make the macro a text"
                ));
                self.mistakes.add(draft);
                return None;
            }
        };
        self.charge(0, text.len(), span).then_some(text)
    }

    /// The value of a macro with all macros in it replaced.
    fn value(&mut self, name: &str, used: Span) -> Option<(Node, Extent)> {
        if let Some(done) = self.done.get(name) {
            return done.clone();
        }
        if self.full || self.macros.broken.contains(name) {
            return None;
        }
        let Some(raw) = self.macros.table.get(name) else {
            let names: Vec<&str> = self.macros.names().collect();
            let mut draft = Draft::new(Kind::Macro, format!("macro `{name}` is not defined"))
                .at(used, "")
                .known(names.iter().copied());
            draft = match nearest(name, names.iter().copied()) {
                Some(near) => draft.help(format!("did you mean `${near}$`?")),
                None if names.is_empty() => draft.help(format!(
                    "define it: `\"$MACRO$\": {{ \"{name}\": .. }}`, or write a dollar as `$$`"
                )),
                None => draft.help(format!("the macros are {}", names.join(", "))),
            };
            self.mistakes.add(draft);
            return None;
        };
        if let Some(at) = self.open.iter().position(|it| it == name) {
            let names = self.open[at..].iter().map(String::as_str);
            let names: Vec<&str> = names.chain([name]).collect();
            let message = format!("macro `{name}` contains itself: {}", names.join(" -> "));
            self.refuse(Kind::Macro, message, used, "take it out of one of these");
            return None;
        }
        if self.open.len() >= self.limits.macro_depth_max {
            let message = format!(
                "more than {} macros stand in one another",
                self.limits.macro_depth_max
            );
            self.refuse(Kind::Limit, message, used, "write some of them out");
            return None;
        }
        let mut node = raw.clone();
        let before = self.mistakes.count();
        self.open.push(name.to_owned());
        self.node(&mut node, 0);
        self.open.pop();
        let good = self.mistakes.count() == before && !self.mistakes.is_full() && !self.full;
        let done = good.then(|| {
            let extent = node.extent();
            (node, extent)
        });
        self.done.insert(name.to_owned(), done.clone());
        done
    }

    fn variable(&mut self, name: &str, default: Option<&str>, span: Span) -> Option<String> {
        if let Some(value) = self.variables.get(name) {
            return Some(value.clone());
        }
        if let Some(default) = default {
            return Some(default.to_owned());
        }
        let message = format!("the variable `{name}` is not in the environment");
        let help = format!("set it, or write a default: `$env:{name}:value$`");
        self.refuse(Kind::Macro, message, span, &help);
        None
    }

    /// Counts what is put in; false once it is too much.
    fn charge(&mut self, values: usize, bytes: usize, span: Span) -> bool {
        if self.full {
            return false;
        }
        self.values = self.values.saturating_add(values);
        self.bytes = self.bytes.saturating_add(bytes);
        let (limits, help) = (
            self.limits,
            "macros within macros multiply: write some of them out",
        );
        if self.values > limits.expansion_values_max {
            let message = format!(
                "macros put in more than {} values",
                limits.expansion_values_max
            );
            self.refuse(Kind::Limit, message, span, help);
            self.full = true;
        } else if self.bytes > limits.expansion_bytes_max {
            let message = format!(
                "macros put in more than {} bytes of text",
                limits.expansion_bytes_max
            );
            self.refuse(Kind::Limit, message, span, help);
            self.full = true;
        }
        !self.full
    }

    fn misspelt(&mut self, problem: PieceProblem, span: Span) {
        let (message, help) = match problem {
            PieceProblem::Open => (
                "a `$` begins a macro that has no end",
                "close it as `$NAME$`, or write a dollar as `$$`",
            ),
            PieceProblem::Name => (
                "this is no name of a macro",
                "write `$NAME$`, `$NAME:default$` or `$env:NAME$`, or a dollar as `$$`",
            ),
        };
        self.refuse(Kind::Macro, message.to_owned(), span, help);
    }

    fn refuse(&mut self, kind: Kind, message: String, span: Span, help: &str) {
        self.mistakes
            .add(Draft::new(kind, message).at(span, "").help(help));
    }

    /// The place of a part of a text: exact unless the text is written with escapes.
    fn within(&self, span: Span, text: &str, range: std::ops::Range<usize>) -> Span {
        let written = self.sources.text(span);
        if written.get(1..written.len().saturating_sub(1)) != Some(text) {
            return span;
        }
        let start = span.start as usize + 1;
        Span::new(span.source, start + range.start..start + range.end)
    }
}

/// A text whose type is what is asked of it.
pub(crate) fn loose(text: &str, span: Span, limits: &Limits) -> Node {
    let json = parse::value(span.source, text, limits).map(|mut node| {
        // Its own places are those of a text that is not shown as a file.
        respan(&mut node, span);
        node
    });
    let text = text.to_owned();
    Node::new(Value::Loose(Box::new(Loose { text, json })), span)
}

fn respan(node: &mut Node, span: Span) {
    node.span = span;
    match &mut node.value {
        Value::List(list) => list.iter_mut().for_each(|it| respan(it, span)),
        Value::Map(map) => {
            for entry in &mut map.entries {
                entry.key_span = span;
                respan(&mut entry.node, span);
            }
        }
        _ => {}
    }
}
