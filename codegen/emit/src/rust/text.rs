//! Text laid out as rustfmt lays it out, so that nothing has to be formatted afterwards.
//!
//! Printing in the right form is a matter of a few rules (widths of calls, literals, lists), and takes a hundredth of
//! the time that parsing and printing anew would take; `prettyplease` would drop comments besides. The golden tests run
//! rustfmt over everything to hold these rules to it.

mod order;

pub(super) use order::{import_order, version_order};

/// Widest line.
pub(super) const LINE: usize = 100;
/// Widest arguments of a call on one line.
const CALL: usize = 60;
/// Widest chain of calls on one line.
pub(super) const CHAIN: usize = 60;
/// Widest fields of a struct literal or pattern on one line.
const LITERAL: usize = 18;
/// Widest argument that shares a line with others.
const SHORT: usize = 10;
/// Widest fields of a variant on one line.
const VARIANT: usize = 35;
/// Widest arguments of an attribute on one line.
const ATTRIBUTE: usize = 70;
/// Widest `if` and `else` on one line.
const IF_ELSE: usize = 50;

/// Lines of source text, indented by how many blocks are open.
#[derive(Debug, Default)]
pub(super) struct Text {
    out: String,
    indent: usize,
}

impl Text {
    pub(super) fn into_string(self) -> String {
        self.out
    }

    /// Bytes so far.
    pub(super) const fn len(&self) -> usize {
        self.out.len()
    }

    /// Marks what no rule here can lay out within [`LINE`], deeply nested types above all, as not to be formatted.
    pub(super) fn skip_long_items(&mut self) {
        let mut out = String::with_capacity(self.out.len());
        let mut item = String::new();
        for line in self.out.split_inclusive('\n') {
            let begins = item.ends_with("\n\n")
                && line.starts_with(|c: char| !matches!(c, ' ' | '}' | '\n'));
            if begins {
                push_item(&mut out, &item);
                item.clear();
            }
            item.push_str(line);
        }
        push_item(&mut out, &item);
        self.out = out;
    }

    /// An empty text for what stands one block further in: see [`Text::raw`].
    pub(super) const fn inner(&self) -> Self {
        Self {
            out: String::new(),
            indent: self.indent + 1,
        }
    }

    /// Lines that are indented already.
    pub(super) fn raw(&mut self, lines: &str) {
        self.out.push_str(lines);
    }

    /// Columns that the indentation takes.
    pub(super) const fn column(&self) -> usize {
        self.indent * 4
    }

    /// One line.
    pub(super) fn line(&mut self, line: &str) {
        if !line.is_empty() {
            for _ in 0..self.indent {
                self.out.push_str("    ");
            }
            self.out.push_str(line);
        }
        self.out.push('\n');
    }

    /// An empty line.
    pub(super) fn gap(&mut self) {
        self.out.push('\n');
    }

    /// A line that opens a block.
    pub(super) fn open(&mut self, line: &str) {
        self.line(line);
        self.indent += 1;
    }

    /// A line that closes the block.
    pub(super) fn close(&mut self, line: &str) {
        self.indent -= 1;
        self.line(line);
    }

    /// Ends a block that has no line of its own to close it.
    pub(super) const fn dedent(&mut self) {
        self.indent -= 1;
    }

    /// A chain of two calls or more: `head`, then each of `links`.
    pub(super) fn chain(&mut self, head: &str, links: &[String]) {
        let line = format!("{head}{}", links.concat());
        if line.len() <= CHAIN && self.column() + line.len() <= LINE {
            return self.line(&line);
        }
        self.open(head);
        for link in links {
            self.line(link);
        }
        self.dedent();
    }

    /// `head link args tail`, a call of one method or, with a `gap` before it, of two: `name: slots` `.or::<u8>(` .. `)?,`
    pub(super) fn method(
        &mut self,
        head: &str,
        gap: &str,
        link: &str,
        args: &[String],
        tail: &str,
    ) {
        let short = args.join(", ");
        let call = format!("{link}{short}{tail}");
        let chain =
            head.len() - head.rfind(' ').map_or(0, |space| space + 1) + gap.len() + call.len() - 1;
        let is_short = short.len() <= CALL;
        if is_short
            && self.column() + head.len() + gap.len() + call.len() + 2 <= LINE
            && (gap.is_empty() || chain <= CHAIN)
        {
            return self.line(&format!("{head}{gap}{call}"));
        }
        let fits_below = is_short && self.column() + 4 + call.len() < LINE;
        if gap.is_empty() && !fits_below && self.column() + head.len() + link.len() <= LINE {
            return self.call(&format!("{head}{link}"), args, tail);
        }
        self.open(head);
        if !gap.is_empty() {
            self.line(gap);
        }
        self.call(link, args, tail);
        self.dedent();
    }

    /// `head`, arguments, `tail`: `f(` .. `)?;`
    pub(super) fn call(&mut self, head: &str, args: &[String], tail: &str) {
        let line = args.join(", ");
        if line.len() <= CALL && self.column() + head.len() + line.len() + tail.len() <= LINE {
            return self.line(&format!("{head}{line}{tail}"));
        }
        self.open(head);
        self.arguments(args);
        self.close(tail);
    }

    /// Arguments of a call that are too long for one line: short ones fill lines, others have one each.
    fn arguments(&mut self, args: &[String]) {
        if args.iter().all(|arg| arg.len() <= SHORT) {
            self.filled(args, LINE);
        } else {
            for arg in args {
                self.line(&format!("{arg},"));
            }
        }
    }

    /// As many of `parts` on a line as fit into `width`, a comma behind each.
    fn filled<T: AsRef<str>>(&mut self, parts: &[T], width: usize) {
        let mut row = String::new();
        for part in parts {
            let part = part.as_ref();
            if !row.is_empty() && self.column() + row.len() + 1 + part.len() + 1 > width {
                self.line(&row);
                row.clear();
            }
            if !row.is_empty() {
                row.push(' ');
            }
            row.push_str(part);
            row.push(',');
        }
        self.line(&row);
    }

    /// `pattern => head args tail,`
    pub(super) fn arm_call(&mut self, pattern: &str, head: &str, args: &[String], tail: &str) {
        let line = args.join(", ");
        let call = format!("{head}{line}{tail}");
        if line.len() > CALL || self.column() + 4 + call.len() > LINE {
            self.open(&format!("{pattern} => {head}"));
            self.arguments(args);
            return self.close(&format!("{tail},"));
        }
        self.arm(pattern, &call);
    }

    /// `pattern => value,`, in a block if it is too long for one line.
    pub(super) fn arm(&mut self, pattern: &str, value: &str) {
        if self.column() + pattern.len() + 4 + value.len() < LINE {
            return self.line(&format!("{pattern} => {value},"));
        }
        self.open(&format!("{pattern} => {{"));
        self.line(value);
        self.close("}");
    }

    /// `head (a, b) tail`: a tuple of types or of values.
    pub(super) fn tuple(&mut self, head: &str, parts: &[String], tail: &str) {
        let comma = if parts.len() == 1 { "," } else { "" };
        let gap = if head.is_empty() { "" } else { " " };
        let line = parts.join(", ");
        let tuple = format!("({line}{comma}){tail}");
        if line.len() > CALL || self.column() + 4 + tuple.len() > LINE {
            self.open(&format!("{head}{gap}("));
            self.arguments(parts);
            return self.close(&format!("){tail}"));
        }
        if head.is_empty() {
            return self.line(&tuple);
        }
        self.broken(head, &tuple);
    }

    /// `head Name { a, b: c } tail`, a literal as the last argument of a call.
    pub(super) fn call_with(&mut self, head: &str, name: &str, fields: &[String], tail: &str) {
        let line = fields.join(", ");
        let literal = format!("{name} {{ {line} }}");
        let fits = literal.len() <= CALL && line.len() <= LITERAL;
        if fields.is_empty() {
            return self.line(&format!("{head}{name} {{}}{tail}"));
        }
        if fits && self.column() + head.len() + literal.len() + tail.len() <= LINE {
            return self.line(&format!("{head}{literal}{tail}"));
        }
        self.open(&format!("{head}{name} {{"));
        for field in fields {
            self.line(&format!("{field},"));
        }
        self.close(&format!("}}{tail}"));
    }

    /// `head first, Name { a, b: c } tail`, a literal behind another argument of a call.
    pub(super) fn call_after(
        &mut self,
        head: &str,
        first: &str,
        name: &str,
        fields: &[String],
        tail: &str,
    ) {
        let line = fields.join(", ");
        let literal = if fields.is_empty() {
            format!("{name} {{}}")
        } else {
            format!("{name} {{ {line} }}")
        };
        let args = format!("{first}, {literal}");
        let is_short = line.len() <= LITERAL;
        if is_short
            && args.len() <= CALL
            && self.column() + head.len() + args.len() + tail.len() <= LINE
        {
            return self.line(&format!("{head}{args}{tail}"));
        }
        self.open(head);
        self.line(&format!("{first},"));
        self.literal(name, fields, ",");
        self.close(tail);
    }

    /// A function's head, `pub fn f(` .. `) -> T {`, which opens its body.
    pub(super) fn function(&mut self, head: &str, params: &[String], tail: &str) {
        let line = params.join(", ");
        if self.column() + head.len() + line.len() + tail.len() <= LINE {
            return self.open(&format!("{head}{line}{tail}"));
        }
        self.open(head);
        for param in params {
            self.line(&format!("{param},"));
        }
        self.indent -= 1;
        self.open(tail);
    }

    /// `name` and the fields of a literal or a pattern in braces: `Self { a, b }`.
    pub(super) fn literal(&mut self, head: &str, fields: &[String], tail: &str) {
        if fields.is_empty() {
            return self.line(&format!("{head} {{}}{tail}"));
        }
        let line = fields.join(", ");
        if line.len() <= LITERAL && self.column() + head.len() + line.len() + tail.len() + 4 <= LINE
        {
            return self.line(&format!("{head} {{ {line} }}{tail}"));
        }
        self.open(&format!("{head} {{"));
        for field in fields {
            self.line(&format!("{field},"));
        }
        self.close(&format!("}}{tail}"));
    }

    /// A pattern that binds `fields`: what remains to be written of it before the arrow.
    pub(super) fn pattern(&mut self, head: &str, fields: &[String], open_ended: bool) -> String {
        let mut parts = fields.to_vec();
        if open_ended {
            parts.push("..".to_owned());
        }
        let line = parts.join(", ");
        if line.is_empty() {
            return format!("{head} {{}}");
        }
        if fields.is_empty() || line.len() <= LITERAL {
            return format!("{head} {{ {line} }}");
        }
        self.open(&format!("{head} {{"));
        for field in fields {
            self.line(&format!("{field},"));
        }
        if open_ended {
            self.line("..");
        }
        self.dedent();
        "}".to_owned()
    }

    /// `head`, then a value of one or more lines, then `;`.
    pub(super) fn value(&mut self, head: &str, block: &str) {
        let text = format!("{head} {};", block.trim_end());
        for line in text.lines() {
            self.line(line);
        }
    }

    /// Whether the fields of a variant, which have neither docs nor attributes, stand on one line.
    pub(super) fn variant_fits(&self, fields: &[String]) -> bool {
        fields.join(", ").len() <= VARIANT
    }

    /// `head value`, broken behind `head` if it is too long for one line.
    pub(super) fn broken(&mut self, head: &str, rest: &str) {
        let fits_below = self.column() + 4 + rest.len() <= LINE;
        if !fits_below || self.column() + head.len() + 1 + rest.len() <= LINE {
            return self.line(&format!("{head} {rest}"));
        }
        self.open(head);
        self.line(rest);
        self.indent -= 1;
    }

    /// `if condition { value } else if .. else { last }` as the value of a block.
    pub(super) fn choice(&mut self, conditions: &[(String, String)], last: &str) {
        if conditions.is_empty() {
            return self.line(last);
        }
        if let [(condition, value)] = conditions {
            let line = format!("if {condition} {{ {value} }} else {{ {last} }}");
            if line.len() <= IF_ELSE {
                return self.line(&line);
            }
        }
        for (index, (condition, value)) in conditions.iter().enumerate() {
            if index > 0 {
                self.indent -= 1;
            }
            let otherwise = if index > 0 { "} else " } else { "" };
            self.open(&format!("{otherwise}if {condition} {{"));
            self.line(value);
        }
        self.indent -= 1;
        self.open("} else {");
        self.line(last);
        self.close("}");
    }

    /// `#[name(args)]`
    pub(super) fn attribute(&mut self, name: &str, args: &str) {
        if args.len() <= ATTRIBUTE && self.column() + name.len() + args.len() + 5 <= LINE {
            return self.line(&format!("#[{name}({args})]"));
        }
        self.open(&format!("#[{name}("));
        self.line(args);
        self.close(")]");
    }

    /// `pub use path::{a, b};`, names in rustfmt's order.
    pub(super) fn import(&mut self, head: &str, path: &str, names: &mut [&str]) {
        names.sort_by(|a, b| version_order(a, b));
        if let [name] = names {
            return self.line(&format!("{head}{path}::{name};"));
        }
        let line = format!("{head}{path}::{{{}}};", names.join(", "));
        if self.column() + line.len() < LINE - 1 {
            return self.line(&line);
        }
        self.open(&format!("{head}{path}::{{"));
        self.filled(names, LINE - 1);
        self.close("};");
    }

    /// Docs of a declaration or a member.
    pub(super) fn docs(&mut self, docs: &[String]) {
        for line in doc_lines(docs) {
            self.line(&if line.is_empty() {
                "///".to_owned()
            } else {
                format!("/// {line}")
            });
        }
    }

    /// Docs of a file.
    pub(super) fn file_docs(&mut self, docs: &[String]) {
        for line in doc_lines(docs) {
            self.line(&if line.is_empty() {
                "//!".to_owned()
            } else {
                format!("//! {line}")
            });
        }
    }
}

/// Appends a top-level item, marked if it is too wide to be formatted.
fn push_item(out: &mut String, item: &str) {
    let is_text = |line: &str| line.trim_start().starts_with("//");
    let is_wide = item
        .lines()
        .any(|line| line.chars().count() > LINE && !is_text(line));
    let docs = item
        .split_inclusive('\n')
        .take_while(|line| is_text(line))
        .map(str::len)
        .sum();
    let (docs, code) = item.split_at(docs);
    out.push_str(docs);
    let is_marked = code.contains("#[rustfmt::skip]");
    if is_wide && !is_marked && !code.starts_with("pub const ") {
        out.push_str("#[rustfmt::skip]\n");
    }
    out.push_str(code);
}

/// Lines as rustdoc may read them: blocks of code are not taken for tests.
fn doc_lines(docs: &[String]) -> Vec<String> {
    let mut fenced = false;
    docs.iter()
        .map(|line| {
            let line = line.trim_end().replace('\t', "    ");
            let trimmed = line.trim_start();
            if trimmed.starts_with("```") {
                fenced = !fenced;
                let indent = &line[..line.len() - trimmed.len()];
                if fenced && trimmed.trim_start_matches('`').is_empty() {
                    return format!("{indent}{trimmed}text");
                }
                return line;
            }
            // Four spaces would make a block of code, and that a test.
            let indent = line.len() - trimmed.len();
            if !fenced && indent >= 4 {
                format!("   {trimmed}")
            } else {
                line
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docs_hold_no_tests() {
        let docs = ["```", "let x;", "```", "", "    code", "\tcode", "plain  "].map(str::to_owned);
        assert_eq!(
            doc_lines(&docs),
            [
                "```text", "let x;", "```", "", "   code", "   code", "plain"
            ]
        );
    }
}
