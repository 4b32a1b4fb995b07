//! Values into a type, by serde: all that is wrong in one go, each mistake with its place.
//!
//! serde's derived code stops at the first error. What this does about it: a value of the wrong type is noted and
//! replaced by one that fits, so that the same pass goes on; a key that is missing is noted and supplied in the next
//! pass; where a type refuses a value itself, the next passes try some others; and if it takes none of them, they look at
//! everything else before they come there. A type is handed out only if the first pass found nothing, so none of this is
//! ever seen.

mod access;
mod describe;
mod dummy;
mod fault;
mod number;
mod value;
mod variant;

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

use serde::de::DeserializeOwned;

use crate::key_path::{KeyPath, Step};
use crate::mistake::{Draft, Kind, Mistakes};
use crate::nearest::nearest;
use crate::source::Span;
use crate::tree::{Entry, Node, Value};
use dummy::ATTEMPTS_MAX;
use fault::Fault;
use value::Given;

/// Passes over a configuration that has mistakes: each but the last finds one at least.
const PASSES_MAX: usize = 128;

/// The tree as a `T`. Otherwise what is wrong is in `mistakes`. The places of secrets are in `secrets` either way.
pub(crate) fn read<T: DeserializeOwned>(
    tree: &Node,
    mistakes: &mut Mistakes,
    secrets: &mut HashSet<Span>,
) -> Option<T> {
    let run = Run {
        mistakes: RefCell::new(mistakes),
        failures: RefCell::default(),
        attempts: RefCell::default(),
        news: Cell::new(false),
        supplied: RefCell::default(),
        secrets: RefCell::new(secrets),
    };
    let root = Trail {
        parent: None,
        step: Way::Root,
        node: tree,
    };
    let mut idle = 0;
    for _ in 0..PASSES_MAX {
        let before = run.mistakes.borrow().count();
        run.news.set(false);
        let given = Given::new(tree, &root, &run);
        match run.locate(T::deserialize(given), &root, false) {
            Ok(value) => return run.mistakes.borrow().is_empty().then_some(value),
            Err(_) if run.mistakes.borrow().is_full() => return None,
            Err(_) => {}
        }
        if run.news.get() || run.mistakes.borrow().count() > before {
            idle = 0;
        } else {
            idle += 1;
        }
        // Each of those that fail has been the last one to be looked at.
        if idle > run.failures.borrow().len() {
            return None;
        }
    }
    None
}

/// What the passes over a configuration share. Nodes are known by their addresses: the tree stays where it is.
struct Run<'r> {
    mistakes: RefCell<&'r mut Mistakes>,
    /// How often a pass ended at or within a node.
    failures: RefCell<HashMap<*const Node, u32>>,
    /// Keys that are missing in an object, to be supplied.
    supplied: RefCell<HashMap<*const Node, Vec<(&'static str, usize)>>>,
    /// Values that their types refuse, and how many others were tried in their places.
    attempts: RefCell<HashMap<*const Node, usize>>,
    /// Whether this pass found something that the next one can use.
    news: Cell<bool>,
    secrets: RefCell<&'r mut HashSet<Span>>,
}

/// The way from the root to a value.
#[derive(Clone, Copy)]
struct Trail<'a> {
    parent: Option<&'a Self>,
    step: Way<'a>,
    node: &'a Node,
}

#[derive(Clone, Copy)]
enum Way<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl<'a> Trail<'a> {
    fn key(&'a self, key: &'a str, node: &'a Node) -> Self {
        Self {
            parent: Some(self),
            step: Way::Key(key),
            node,
        }
    }

    fn index(&'a self, index: usize, node: &'a Node) -> Self {
        Self {
            parent: Some(self),
            step: Way::Index(index),
            node,
        }
    }

    fn path(&self) -> KeyPath {
        let mut steps = Vec::new();
        let mut trail = Some(self);
        while let Some(at) = trail {
            match at.step {
                Way::Key(key) => steps.push(Step::Key(key.to_owned())),
                Way::Index(index) => steps.push(Step::Index(index)),
                Way::Root => {}
            }
            trail = at.parent;
        }
        steps.into_iter().rev().collect()
    }
}

impl Run<'_> {
    fn add(&self, draft: Draft) {
        self.mistakes.borrow_mut().add(draft);
    }

    /// How often passes ended at or within a node.
    fn failures(&self, node: &Node) -> u32 {
        let failures = self.failures.borrow();
        failures
            .get(&std::ptr::from_ref(node))
            .copied()
            .unwrap_or(0)
    }

    /// In which order to look at values: those at which a pass ended come last, those that ended fewest before others.
    fn order<'n>(&self, nodes: impl Iterator<Item = &'n Node>) -> Option<Vec<usize>> {
        if self.failures.borrow().is_empty() {
            return None;
        }
        let failures: Vec<u32> = nodes.map(|node| self.failures(node)).collect();
        let mut order: Vec<usize> = (0..failures.len()).collect();
        order.sort_by_key(|at| failures[*at]);
        Some(order)
    }

    /// Notes an error that comes from a type, if nobody has noted it nearer to its place; and that the pass ends here.
    fn locate<T>(
        &self,
        result: Result<T, Fault>,
        trail: &Trail<'_>,
        secret: bool,
    ) -> Result<T, Fault> {
        let fault = match result {
            Ok(value) => return Ok(value),
            Err(Fault::Noted) => return Err(Fault::Noted),
            Err(fault) => fault,
        };
        let mut draft = match fault {
            Fault::Missing(key) => {
                self.supply(key, trail);
                missing(key, trail)
            }
            fault => {
                self.ends(trail);
                fault.draft(trail, secret)
            }
        };
        draft = origin(draft, trail.node);
        self.add(draft.path(trail.path()));
        Err(Fault::Noted)
    }

    /// Which of the other values stands in the place of this one: none if it was never refused, or all are.
    fn attempt(&self, node: &Node) -> Option<usize> {
        let attempts = self.attempts.borrow();
        let tried = attempts.get(&std::ptr::from_ref(node)).copied()?;
        (tried < ATTEMPTS_MAX).then_some(tried)
    }

    /// Has a key that is missing supplied in the next pass, with another value than in this one.
    fn supply(&self, key: &'static str, trail: &Trail<'_>) {
        let supplied = &mut *self.supplied.borrow_mut();
        let keys = supplied.entry(std::ptr::from_ref(trail.node)).or_default();
        match keys.iter_mut().find(|(it, _)| *it == key) {
            None => keys.push((key, 0)),
            Some((_, attempt)) if *attempt + 1 < ATTEMPTS_MAX => *attempt += 1,
            // It takes none.
            Some(_) => return self.fails(trail),
        }
        self.news.set(true);
    }

    /// Has another value tried in the place of one that is refused.
    fn ends(&self, trail: &Trail<'_>) {
        let mut attempts = self.attempts.borrow_mut();
        match attempts.get_mut(&std::ptr::from_ref(trail.node)) {
            None => {
                attempts.insert(std::ptr::from_ref(trail.node), 0);
                self.news.set(true);
            }
            Some(attempt) if *attempt < ATTEMPTS_MAX => {
                *attempt += 1;
                self.news.set(true);
            }
            Some(_) => self.fails(trail),
        }
    }

    /// Notes that a pass ended here.
    fn fails(&self, trail: &Trail<'_>) {
        let mut failures = self.failures.borrow_mut();
        let mut trail = Some(trail);
        while let Some(at) = trail {
            *failures.entry(std::ptr::from_ref(at.node)).or_insert(0) += 1;
            trail = at.parent;
        }
    }

    /// Notes a value of the wrong type.
    fn mismatch(&self, node: &Node, trail: &Trail<'_>, expected: &str, secret: bool) {
        let found = describe::found(node, secret);
        let draft = Draft::new(
            Kind::WrongType,
            format!("expected {expected}, found {found}"),
        )
        .at(node.span, format!("expected {expected}"))
        .expected(expected)
        .found(found);
        let draft = match advice(node, expected) {
            Some(help) => draft.help(help),
            None => draft,
        };
        self.add(origin(draft, node).path(trail.path()));
    }

    /// Notes a key that the type doesn't have. What stands there is not shown: it may be a secret under a misspelt name.
    fn unknown(&self, entry: &Entry, known: &[&'static str], trail: &Trail<'_>) {
        if !matches!(entry.node.value, Value::Null | Value::Bool(_)) {
            self.secret(&entry.node);
        }
        let mut draft = Draft::new(Kind::UnknownKey, format!("unknown key `{}`", entry.key))
            .at(entry.key_span, "no such key here")
            .known(known.iter().copied());
        if let Some(near) = nearest(&entry.key, known.iter().copied()) {
            draft = draft.help(format!("did you mean `{near}`?"));
        }
        draft = draft.help(match known {
            [] => "no keys are known here: take it out".to_owned(),
            known => format!("the keys known here are {}", describe::words(known)),
        });
        self.add(draft.path(trail.path().key(entry.key.clone())));
    }

    fn secret(&self, node: &Node) {
        let mut secrets = self.secrets.borrow_mut();
        secrets.insert(node.span);
        if let Some(origin) = &node.origin {
            secrets.insert(origin.span);
        }
    }
}

fn missing(key: &str, trail: &Trail<'_>) -> Draft {
    let Value::Map(map) = &trail.node.value else {
        return Draft::new(Kind::MissingKey, format!("key `{key}` is missing"))
            .at(trail.node.span, "here");
    };
    let given: Vec<&str> = map.entries.iter().map(|it| it.key.as_str()).collect();
    let mut draft = Draft::new(Kind::MissingKey, format!("key `{key}` is missing"))
        .at(trail.node.span, format!("`{key}` is missing here"))
        .help(format!("add `\"{key}\": ..`"));
    if let Some(near) = nearest(key, given) {
        draft = draft.help(format!("`{near}` stands there: did you mean that?"));
    }
    draft
}

/// Shows where a value comes from that a macro brought.
fn origin(draft: Draft, node: &Node) -> Draft {
    match &node.origin {
        Some(origin) => draft.also(origin.span, format!("the value of `{}`", origin.name)),
        None => draft,
    }
}

/// What a wrong type may have been meant as.
fn advice(node: &Node, expected: &str) -> Option<&'static str> {
    match &node.value {
        Value::Text(text) if expected.contains("number") && text.parse::<f64>().is_ok() => {
            Some("write the number without quotes")
        }
        Value::Text(text) if expected == "true or false" && matches!(&**text, "true" | "false") => {
            Some("write it without quotes")
        }
        Value::Number(_) | Value::Bool(_) if expected == "text" => Some("put it in double quotes"),
        Value::Text(_) | Value::Number(_) | Value::Bool(_) if expected.starts_with("a list") => {
            Some("put it in `[` and `]`")
        }
        _ => None,
    }
}
