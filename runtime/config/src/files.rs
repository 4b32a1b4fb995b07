//! The files of a configuration: read, parsed, and laid over one another in the order of their includes.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::expand::Macros;
use crate::limits::Limits;
use crate::mistake::{Draft, Kind, Mistakes};
use crate::nearest::nearest;
use crate::parse;
use crate::source::{Sources, Span};
use crate::tree::{Map, Node, Value};

/// The key of the macros of a file.
pub(crate) const MACRO: &str = "$MACRO$";
/// The key of the files that a file builds on.
pub(crate) const INCLUDE: &str = "$INCLUDE$";

/// Where files are read.
#[derive(Debug, Clone)]
pub(crate) enum Files {
    /// From the disk.
    Disk,
    /// From memory, by path.
    Memory(BTreeMap<PathBuf, String>),
}

impl Files {
    /// The bytes of a file, one more than may be at most; and what to do if there are none.
    fn read(&self, path: &Path, bytes_max: usize) -> Result<Vec<u8>, String> {
        let Self::Memory(files) = self else {
            return read(path, bytes_max).map_err(|error| error.to_string());
        };
        let text = files.get(path).ok_or("no such file")?;
        Ok(text.as_bytes()[..text.len().min(bytes_max + 1)].to_vec())
    }

    /// One name for all ways to write a path.
    fn identity(&self, path: &Path) -> PathBuf {
        match self {
            Self::Disk => fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()),
            Self::Memory(_) => path.to_owned(),
        }
    }
}

fn read(path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
    // A pipe would be waited for, and a device has no end.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    let max = u64::try_from(bytes_max).unwrap_or(u64::MAX);
    fs::File::open(path)?
        .take(max.saturating_add(1))
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// All files of a configuration as one.
pub(crate) struct Merged {
    pub(crate) tree: Node,
    pub(crate) macros: Macros,
}

/// Reads a file with all that it includes.
pub(crate) struct Reading<'a> {
    pub(crate) files: &'a Files,
    pub(crate) limits: &'a Limits,
    pub(crate) sources: &'a mut Sources,
    pub(crate) mistakes: &'a mut Mistakes,
    /// Every file that was read or looked for.
    pub(crate) seen: Vec<PathBuf>,
}

/// A file that is being read, and where it is included.
struct Link {
    identity: PathBuf,
    name: String,
    included: Option<Span>,
}

impl Reading<'_> {
    /// Nothing if a mistake makes what follows meaningless.
    pub(crate) fn read(&mut self, path: &Path) -> Option<Merged> {
        self.file(path, None, &mut Vec::new())
    }

    fn file(
        &mut self,
        path: &Path,
        included: Option<Span>,
        chain: &mut Vec<Link>,
    ) -> Option<Merged> {
        let link = Link {
            identity: self.files.identity(path),
            name: path.display().to_string(),
            included,
        };
        if let Some(at) = chain.iter().position(|it| it.identity == link.identity) {
            let names = chain[at..].iter().map(|it| it.name.as_str());
            let names: Vec<&str> = names.chain([link.name.as_str()]).collect();
            let message = format!("`{}` includes itself: {}", link.name, names.join(" -> "));
            let help = "take one of these includes out";
            self.refuse(Kind::Include, message, included, chain, help);
            return None;
        }
        if chain.len() >= self.limits.include_depth_max {
            let message = format!(
                "more than {} files include one another in a row",
                self.limits.include_depth_max
            );
            let help = "include them side by side: `\"$INCLUDE$\": [\"a.json\", \"b.json\"]`";
            self.refuse(Kind::Limit, message, included, chain, help);
            return None;
        }
        if self.seen.len() >= self.limits.files_max {
            let message = format!(
                "the configuration has more than {} files",
                self.limits.files_max
            );
            let help = "put some of them into one";
            self.refuse(Kind::Limit, message, included, chain, help);
            return None;
        }
        self.seen.push(path.to_owned());
        let text = self.text(path, &link, chain)?;
        let source = self.sources.add(link.name.clone(), text);
        let node = parse::parse(source, self.sources, self.limits, self.mistakes)?;
        let span = node.span;
        let Value::Map(map) = node.value else {
            let draft = Draft::new(Kind::WrongType, "a configuration is an object")
                .at(span, "expected `{ .. }`")
                .help("write `{ \"key\": value }`");
            self.mistakes.add(draft);
            return None;
        };
        chain.push(link);
        let merged = self.merged(path, map, span, chain);
        chain.pop();
        merged
    }

    /// What a file includes, with its own values over it.
    fn merged(
        &mut self,
        path: &Path,
        mut map: Map,
        span: Span,
        chain: &mut Vec<Link>,
    ) -> Option<Merged> {
        let macros = map.take(MACRO);
        let includes = map.take(INCLUDE);
        self.misplaced(&map, true);
        let mut merged = Merged {
            tree: Node::new(Value::Map(Map::default()), span),
            macros: Macros::default(),
        };
        let mut complete = true;
        for (name, at) in includes.map_or_else(Vec::new, |entry| self.names(&entry.node)) {
            let beside = path.parent().unwrap_or(Path::new(""));
            // All are read, so that all that is wrong with them is told.
            match self.file(&beside.join(name), Some(at), chain) {
                Some(base) => {
                    merged.tree.overlay(base.tree);
                    merged.macros.overlay(base.macros);
                }
                None => complete = false,
            }
        }
        if let Some(entry) = macros {
            merged
                .macros
                .overlay(Macros::read(entry.node, self.mistakes));
        }
        merged.tree.overlay(Node::new(Value::Map(map), span));
        complete.then_some(merged)
    }

    /// The text of a file.
    fn text(&mut self, path: &Path, link: &Link, chain: &[Link]) -> Option<String> {
        let max = self.limits.file_bytes_max;
        let (message, help) = match self.files.read(path, max) {
            Err(error) => (
                format!("can't read `{}`: {error}", link.name),
                "correct the path, which is relative to the file that names it, or make the file readable"
                    .to_owned(),
            ),
            Ok(bytes) if bytes.len() > max => (
                format!("`{}` has more than {max} bytes", link.name),
                "cut it into several files, or keep such data elsewhere than in the configuration".to_owned(),
            ),
            Ok(bytes) => match String::from_utf8(bytes) {
                // Some editors mark UTF-8 so.
                Ok(text) => {
                    let plain = text.strip_prefix('\u{feff}').map(ToOwned::to_owned);
                    return Some(plain.unwrap_or(text));
                }
                Err(error) => (
                    format!(
                        "`{}` is not UTF-8: the byte at offset {} begins no character",
                        link.name,
                        error.utf8_error().valid_up_to()
                    ),
                    "save it as UTF-8".to_owned(),
                ),
            },
        };
        let kind = if message.contains("more than") {
            Kind::Limit
        } else {
            Kind::Unreadable
        };
        self.refuse(kind, message, link.included, chain, &help);
        None
    }

    /// A mistake with a file, at the place that includes it, with the files that lead there.
    fn refuse(
        &mut self,
        kind: Kind,
        message: String,
        included: Option<Span>,
        chain: &[Link],
        help: &str,
    ) {
        let mut draft = Draft::new(kind, message);
        if let Some(span) = included {
            draft = draft.at(span, "included here");
        }
        for link in chain.iter().rev() {
            let place = link.included.and_then(|span| {
                let ((line, column), _) = self.sources.place(span)?;
                Some(format!(
                    "`{}` is included at {}:{line}:{column}",
                    link.name,
                    self.sources.get(span.source)?.name
                ))
            });
            if let Some(note) = place {
                draft = draft.note(note);
            }
        }
        self.mistakes.add(draft.help(help));
    }

    /// The names in an `$INCLUDE$`.
    fn names(&mut self, node: &Node) -> Vec<(String, Span)> {
        let one = std::slice::from_ref(node);
        let list = match &node.value {
            Value::List(list) => list.as_slice(),
            _ => one,
        };
        let mut names = Vec::new();
        for it in list {
            match &it.value {
                Value::Text(name) if !name.is_empty() && !name.contains('$') => {
                    names.push((name.clone(), it.span));
                }
                _ => {
                    let draft = Draft::new(Kind::Include, "an include is the path of a file")
                        .at(it.span, "expected text without macros")
                        .help("write `\"$INCLUDE$\": [\"base.json\"]`: includes are read before macros are replaced");
                    self.mistakes.add(draft);
                }
            }
        }
        names
    }

    /// Keys with dollars elsewhere than where they mean something.
    fn misplaced(&mut self, map: &Map, root: bool) {
        for entry in &map.entries {
            if is_reserved(&entry.key) {
                let near = nearest(&entry.key, [MACRO, INCLUDE]).filter(|_| root);
                let help = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if entry.key == MACRO || entry.key == INCLUDE => {
                        "put it at the root of the file".to_owned()
                    }
                    None => "macros are replaced in values alone: name the key itself".to_owned(),
                };
                let what = if entry.key == MACRO || entry.key == INCLUDE {
                    "means something at the root of a file alone"
                } else {
                    "means nothing"
                };
                let draft = Draft::new(Kind::Macro, format!("the key `{}` {what}", entry.key));
                self.mistakes.add(draft.at(entry.key_span, "").help(help));
            }
            self.misplaced_within(&entry.node);
        }
    }

    fn misplaced_within(&mut self, node: &Node) {
        match &node.value {
            Value::Map(map) => self.misplaced(map, false),
            Value::List(list) => list.iter().for_each(|it| self.misplaced_within(it)),
            _ => {}
        }
    }
}

/// Whether a key has the form of a macro.
fn is_reserved(key: &str) -> bool {
    key.len() > 2 && key.starts_with('$') && key.ends_with('$')
}
