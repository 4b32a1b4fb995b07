//! What lies over the files: variables of the environment, and arguments of the command line over these.

use std::collections::BTreeMap;

use crate::expand::{Macros, loose};
use crate::files::MACRO;
use crate::key_path::{KeyPath, Step};
use crate::limits::Limits;
use crate::mistake::{Draft, Kind, Mistakes};
use crate::source::{Sources, Span};
use crate::tree::{Entry, Map, Node, Value};

/// One value and where it goes.
pub(crate) struct Override {
    path: KeyPath,
    /// The words that name the place, and those of the value.
    key_span: Span,
    value: Node,
    /// Whether keys that are there are found in another case, and with `-` for `_`: variables are in capitals.
    lenient: bool,
}

/// What lies over the macros, and what lies over the values.
#[derive(Default)]
pub(crate) struct Overrides {
    macros: Vec<Override>,
    values: Vec<Override>,
}

impl Overrides {
    /// Variables `PREFIX_NAME` are for macros of that name, `PREFIX__A__B` for the value at `a.b`.
    pub(crate) fn variables(
        &mut self,
        prefix: &str,
        variables: &BTreeMap<String, String>,
        macros: &Macros,
        sources: &mut Sources,
        limits: &Limits,
    ) {
        for (name, text) in variables {
            let Some(rest) = name
                .strip_prefix(prefix)
                .and_then(|it| it.strip_prefix('_'))
            else {
                continue;
            };
            let path: KeyPath = match rest.strip_prefix('_') {
                Some(rest) => rest
                    .split("__")
                    .map(|key| Step::Key(key.to_owned()))
                    .collect(),
                // Others than those of macros are for somebody else.
                None if !macros.has(rest) => continue,
                None => KeyPath::root().key(rest),
            };
            let is_macro = !rest.starts_with('_');
            let shown = format!("{name}={text}");
            let source = sources.add(format!("${name}"), shown.clone());
            let over = Override {
                path,
                key_span: Span::new(source, 0..name.len()),
                value: loose(text, Span::new(source, name.len() + 1..shown.len()), limits),
                lenient: true,
            };
            if is_macro {
                self.macros.push(over);
            } else {
                self.values.push(over);
            }
        }
    }

    /// An argument `a.b.c=value`, or `$MACRO$.NAME=value`.
    pub(crate) fn argument(
        &mut self,
        argument: &str,
        sources: &mut Sources,
        limits: &Limits,
        mistakes: &mut Mistakes,
    ) {
        let source = sources.add("--set", argument);
        let Some(equals) = equals(argument) else {
            let draft = Draft::new(Kind::Override, "an argument needs a key and a value")
                .at(Span::new(source, 0..argument.len()), "no `=` here")
                .help("write `--set store.database=arena`");
            mistakes.add(draft);
            return;
        };
        let key_span = Span::new(source, 0..equals);
        let path: KeyPath = match argument[..equals].parse() {
            Ok(path) => path,
            Err(problem) => {
                let problem: crate::key_path::PathProblem = problem;
                let draft = Draft::new(Kind::Override, problem.to_string()).at(key_span, "");
                mistakes.add(draft);
                return;
            }
        };
        if path.is_root() {
            let draft = Draft::new(Kind::Override, "a key is missing before `=`")
                .at(Span::new(source, 0..argument.len()), "")
                .help("write `--set store.database=arena`");
            mistakes.add(draft);
            return;
        }
        let span = Span::new(source, equals + 1..argument.len());
        let mut over = Override {
            path,
            key_span,
            value: loose(&argument[equals + 1..], span, limits),
            lenient: false,
        };
        match over.path.steps() {
            [Step::Key(first), Step::Key(name)] if first == MACRO => {
                over.path = KeyPath::root().key(name.clone());
                self.macros.push(over);
            }
            _ => self.values.push(over),
        }
    }

    /// Lays values over macros, before they are replaced.
    pub(crate) fn apply_macros(&mut self, macros: &mut Macros, mistakes: &mut Mistakes) {
        for over in self.macros.drain(..) {
            let [Step::Key(name)] = over.path.steps() else {
                continue;
            };
            if !macros.has(name) {
                let names: Vec<&str> = macros.names().collect();
                let draft = Draft::new(Kind::Override, format!("no macro `{name}` is defined"))
                    .at(over.key_span, "");
                let draft = match crate::nearest::nearest(name, names.iter().copied()) {
                    Some(near) => draft.help(format!("did you mean `{near}`?")),
                    None => draft.help("define it under `$MACRO$` in a file"),
                };
                mistakes.add(draft.known(names));
                continue;
            }
            macros.set(name, over.value);
        }
    }

    /// Lays values over the tree, once macros are replaced.
    pub(crate) fn apply_values(self, tree: &mut Node, limits: &Limits, mistakes: &mut Mistakes) {
        for over in self.values {
            if over.path.steps().len() > limits.depth_max {
                let message = format!("a key leads more than {} deep", limits.depth_max);
                mistakes.add(Draft::new(Kind::Limit, message).at(over.key_span, ""));
                continue;
            }
            put(tree, over, mistakes);
        }
    }
}

/// The first `=` that is not within quotes.
fn equals(argument: &str) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in argument.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '=' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

fn put(tree: &mut Node, over: Override, mistakes: &mut Mistakes) {
    let Override {
        path,
        key_span,
        value,
        lenient,
    } = over;
    let mut node = tree;
    for (at, step) in path.steps().iter().enumerate() {
        let Step::Key(key) = step else {
            continue;
        };
        // What came as JSON from the environment is an object for the command line.
        if let Value::Loose(loose) = &mut node.value
            && let Some(json) = loose.json.take()
        {
            *node = json;
        }
        if matches!(node.value, Value::Null) {
            *node = Node::new(Value::Map(Map::default()), value.span);
        }
        let span = node.span;
        let so_far = || path.steps()[..at].iter().cloned().collect::<KeyPath>();
        match &mut node.value {
            Value::Map(map) => node = entry(map, span, key, key_span, lenient),
            Value::List(list) => {
                let length = list.len();
                let index = key.parse().ok().filter(|index: &usize| *index < length);
                let Some(index) = index else {
                    let message = format!(
                        "`{}` is a list of {length}, which has no position `{key}`",
                        so_far()
                    );
                    let draft = Draft::new(Kind::Override, message)
                        .at(key_span, "")
                        .path(so_far())
                        .help(
                            "positions count from 0; give the whole list as JSON to make it longer",
                        );
                    mistakes.add(draft);
                    return;
                };
                node = &mut list[index];
            }
            _ => {
                let message = format!("`{}` is no object, so it has no key `{key}`", so_far());
                let draft = Draft::new(Kind::Override, message)
                    .at(key_span, "")
                    .also(span, "its value")
                    .path(so_far())
                    .help("name a key of an object, or take the place of the whole value");
                mistakes.add(draft);
                return;
            }
        }
    }
    *node = value;
}

/// The value of a key of an object, which is made if it is not there.
fn entry<'n>(
    map: &'n mut Map,
    span: Span,
    key: &str,
    key_span: Span,
    lenient: bool,
) -> &'n mut Node {
    let exact = map.entries.iter().position(|it| it.key == key);
    let alike = || {
        map.entries
            .iter()
            .position(|it| plain(&it.key) == plain(key))
    };
    let at = exact.or_else(|| lenient.then(alike).flatten());
    let at = at.unwrap_or(map.entries.len());
    if at == map.entries.len() {
        let key = if lenient {
            key.to_lowercase()
        } else {
            key.to_owned()
        };
        map.entries.push(Entry {
            key,
            key_span,
            node: Node::new(Value::Null, span),
        });
    }
    map.entries[at].key_span = key_span;
    &mut map.entries[at].node
}

fn plain(key: &str) -> String {
    key.to_lowercase().replace('-', "_")
}
