//! Attributes as written to attributes of the table.

use playhouse_syntax::{
    Span,
    ast::{self, ValueKind},
    suggest,
};

use super::{Checker, names::SymbolKind};
use crate::{
    attributes::{self, ArgKind, ArgSpec, AttributeSpec, Place},
    model::{Audience, Marks, Value},
    rules,
};

/// The audiences that every schema has.
pub(super) const AUDIENCES: [&str; 4] = ["owner", "all", "others", "near"];

/// The attributes at one place.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    found: Vec<Attribute>,
    ui: Vec<(String, Value)>,
    lost: bool,
}

/// One attribute that fits.
#[derive(Debug)]
pub(super) struct Attribute {
    pub(super) spec: &'static AttributeSpec,
    pub(super) span: Span,
    args: Vec<(&'static str, Arg, Span)>,
}

#[derive(Debug, Clone)]
pub(super) enum Arg {
    /// Microseconds.
    Time(i64),
    /// Count and microseconds.
    Rate(u32, i64),
    Count(u32),
    Byte(u8),
    Positive(f64),
    Text(String),
    Flag,
    Audience(Audience),
}

impl Attributes {
    /// Whether one has an unknown name: then nothing is known to be missing.
    pub(super) const fn is_lost(&self) -> bool {
        self.lost
    }

    pub(super) fn find(&self, name: &str) -> Option<&Attribute> {
        self.found
            .iter()
            .find(|attribute| attribute.spec.name == name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The time that is the only argument of `name`.
    pub(super) fn time(&self, name: &str) -> Option<i64> {
        self.find(name)?
            .time(self.find(name)?.spec.args.first()?.name)
    }
}

impl Attribute {
    pub(super) fn arg(&self, name: &str) -> Option<&Arg> {
        self.args
            .iter()
            .find(|(arg, ..)| *arg == name)
            .map(|(_, arg, _)| arg)
    }

    pub(super) fn arg_span(&self, name: &str) -> Option<Span> {
        self.args
            .iter()
            .find(|(arg, ..)| *arg == name)
            .map(|&(.., span)| span)
    }

    pub(super) fn time(&self, name: &str) -> Option<i64> {
        match self.arg(name) {
            Some(Arg::Time(us)) => Some(*us),
            _ => None,
        }
    }

    pub(super) fn positive(&self, name: &str) -> Option<f64> {
        match self.arg(name) {
            Some(Arg::Positive(value)) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn audience(&self, name: &str) -> Option<Audience> {
        match self.arg(name) {
            Some(Arg::Audience(audience)) => Some(*audience),
            _ => None,
        }
    }
}

impl Checker<'_> {
    /// The attributes `written` at a place of kind `place`.
    pub(super) fn attributes(
        &mut self,
        file: usize,
        written: &[ast::Attribute],
        place: Place,
    ) -> Attributes {
        let mut out = Attributes::default();
        for attribute in written {
            let name = attribute.path.text();
            if let [first, second] = attribute.path.segments.as_slice()
                && first.text == "ui"
            {
                let value = self.ui_value(attribute);
                out.ui.push((second.text.clone(), value));
                continue;
            }
            let Some(spec) = attributes::find(&name) else {
                self.report(rules::attributes::unknown_attribute(
                    attribute.path.span,
                    &name,
                ));
                out.lost = true;
                continue;
            };
            if spec.later {
                self.report(rules::later::attribute(attribute.span, spec.name));
                continue;
            }
            if !spec.places.contains(&place) {
                self.report(rules::attributes::attribute_place(
                    attribute.span,
                    spec,
                    place.describe(),
                ));
                continue;
            }
            if let Some(first) = out.find(spec.name)
                && !spec.repeats
            {
                let first = first.span;
                self.report(rules::attributes::attribute_twice(
                    attribute.span,
                    spec.name,
                    first,
                ));
                continue;
            }
            if let Some(args) = self.arguments_of(file, attribute, spec) {
                out.found.push(Attribute {
                    spec,
                    span: attribute.span,
                    args,
                });
            }
        }
        out
    }

    /// `@ui.name(value)`: any literal; true without one.
    fn ui_value(&mut self, attribute: &ast::Attribute) -> Value {
        match attribute.args.first().map(|arg| &arg.value.kind) {
            None => Value::Bool(true),
            Some(ValueKind::Int(value) | ValueKind::Size(value)) => Value::Int(*value),
            Some(ValueKind::Time(ns)) => Value::Int(ns / 1_000),
            Some(ValueKind::Float(value)) => Value::Float(*value),
            Some(ValueKind::String(text)) => Value::String(text.clone()),
            Some(ValueKind::Path(path)) => match path.text().as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                other => Value::String(other.to_owned()),
            },
            Some(_) => {
                self.report(rules::later::constant(attribute.span, false));
                Value::None
            }
        }
    }

    fn arguments_of(
        &mut self,
        file: usize,
        attribute: &ast::Attribute,
        spec: &'static AttributeSpec,
    ) -> Option<Vec<(&'static str, Arg, Span)>> {
        let mut args: Vec<(&'static str, Arg, Span)> = Vec::new();
        let mut fits = true;
        for written in &attribute.args {
            let Some(arg) = self.argument_spec(file, written, spec, &args) else {
                fits = false;
                continue;
            };
            if args.iter().any(|(name, ..)| *name == arg.name) {
                let message = format!("`{}` is given twice", arg.name);
                self.report(rules::attributes::attribute_argument(
                    written.span,
                    message,
                    spec,
                    None,
                ));
                fits = false;
                continue;
            }
            match self.argument(file, &written.value, arg, spec) {
                Some(value) => args.push((arg.name, value, written.span)),
                None => fits = false,
            }
        }
        for arg in spec.args {
            if arg.required && fits && !args.iter().any(|(name, ..)| *name == arg.name) {
                let message = format!("`@{}` lacks its {}", spec.name, arg.name);
                self.report(rules::attributes::attribute_argument(
                    attribute.span,
                    message,
                    spec,
                    None,
                ));
                fits = false;
            }
        }
        fits.then_some(args)
    }

    /// Which argument `written` is.
    fn argument_spec(
        &mut self,
        file: usize,
        written: &ast::AttributeArg,
        spec: &'static AttributeSpec,
        before: &[(&'static str, Arg, Span)],
    ) -> Option<&'static ArgSpec> {
        if let Some(name) = &written.name {
            let found = spec.args.iter().find(|arg| arg.name == name.text);
            if found.is_none() {
                let message = format!("`@{}` takes no `{}`", spec.name, name.text);
                let named = spec.args.iter().filter(|arg| arg.kind != ArgKind::Flag);
                let near = suggest::nearest(&name.text, named.map(|arg| arg.name));
                self.report(rules::attributes::attribute_argument(
                    name.span, message, spec, near,
                ));
            }
            return found;
        }
        if let ValueKind::Path(path) = &written.value.kind {
            let text = path.text();
            let flag = spec
                .args
                .iter()
                .find(|arg| arg.kind == ArgKind::Flag && arg.name == text);
            if flag.is_some() {
                return flag;
            }
            let known = self.lookup(file, path).is_some() || AUDIENCES.contains(&text.as_str());
            let flags = spec.args.iter().filter(|arg| arg.kind == ArgKind::Flag);
            if let Some(near) = suggest::nearest(&text, flags.map(|arg| arg.name))
                && !known
            {
                let message = format!("`@{}` takes no `{text}`", spec.name);
                self.report(rules::attributes::attribute_argument(
                    path.span,
                    message,
                    spec,
                    Some(near),
                ));
                return None;
            }
        }
        let positional = spec
            .args
            .iter()
            .find(|arg| arg.positional && !before.iter().any(|(name, ..)| *name == arg.name));
        if positional.is_none() {
            let message = format!("`@{}` does not take this", spec.name);
            self.report(rules::attributes::attribute_argument(
                written.span,
                message,
                spec,
                None,
            ));
        }
        positional
    }

    fn argument(
        &mut self,
        file: usize,
        value: &ast::Value,
        arg: &ArgSpec,
        spec: &AttributeSpec,
    ) -> Option<Arg> {
        let names = matches!(arg.kind, ArgKind::Flag | ArgKind::Audience);
        let value = match &value.kind {
            ValueKind::Path(_) | ValueKind::Binary(..) if !names => &self.literal(file, value)?,
            _ => value,
        };
        let found = match (arg.kind, &value.kind) {
            (_, ValueKind::Broken) => return None,
            (ArgKind::Time, ValueKind::Time(ns)) if *ns > 0 && ns % 1_000 == 0 => {
                i64::try_from(ns / 1_000).ok().map(Arg::Time)
            }
            (
                ArgKind::Rate,
                ValueKind::Rate {
                    count,
                    period_ns: Some(period),
                },
            ) => {
                return self.rate(value.span, *count, *period);
            }
            (ArgKind::Count, ValueKind::Int(count)) if *count > 0 => {
                u32::try_from(*count).ok().map(Arg::Count)
            }
            (ArgKind::Byte, ValueKind::Int(value)) => u8::try_from(*value).ok().map(Arg::Byte),
            (ArgKind::Positive, ValueKind::Float(value)) if *value > 0.0 => {
                Some(Arg::Positive(*value))
            }
            #[expect(
                clippy::cast_precision_loss,
                reason = "a whole number as a float is the nearest float"
            )]
            (ArgKind::Positive, ValueKind::Int(value)) if *value > 0 => {
                Some(Arg::Positive(*value as f64))
            }
            (ArgKind::Text, ValueKind::String(text)) => Some(Arg::Text(text.clone())),
            (ArgKind::Flag, ValueKind::Path(path))
                if path.text() == arg.name || path.text() == "true" =>
            {
                Some(Arg::Flag)
            }
            (ArgKind::Audience, ValueKind::Path(path)) => {
                return self.audience(file, path).map(Arg::Audience);
            }
            _ => None,
        };
        if found.is_none() {
            let message = format!(
                "the {} of `@{}` is not {}",
                arg.name,
                spec.name,
                arg.kind.describe()
            );
            self.report(rules::attributes::attribute_argument(
                value.span, message, spec, None,
            ));
        }
        found
    }

    fn rate(&mut self, span: Span, count: i128, period_ns: i128) -> Option<Arg> {
        let count = u32::try_from(count).ok().filter(|&count| count > 0);
        let period = i64::try_from(period_ns / 1_000)
            .ok()
            .filter(|&period| period > 0);
        let (Some(count), Some(period)) = (count, period) else {
            self.report(rules::attributes::exposed_rate(
                span,
                "this rate lets nothing through, or is finer than a microsecond",
            ));
            return None;
        };
        Some(Arg::Rate(count, period))
    }

    /// The audience that `path` names.
    pub(super) fn audience(&mut self, file: usize, path: &ast::Path) -> Option<Audience> {
        match path.text().as_str() {
            "owner" => return Some(Audience::Owner),
            "all" => return Some(Audience::All),
            "others" => return Some(Audience::Others),
            "near" => return Some(Audience::Near),
            _ => {}
        }
        let id = self.resolve(file, path, "audience")?;
        if let SymbolKind::Audience(id) = self.symbol(id).kind {
            return Some(Audience::Named(id));
        }
        self.report_wrong_kind(path, id, "an audience");
        None
    }

    /// The attributes that any place may have.
    pub(super) fn marks(&self, attributes: &Attributes) -> Marks {
        let text =
            |name: &str, arg: &str| match attributes.find(name).and_then(|found| found.arg(arg)) {
                Some(Arg::Text(text)) => Some(text.clone()),
                _ => None,
            };
        Marks {
            deprecated: attributes
                .has("deprecated")
                .then(|| text("deprecated", "text").unwrap_or_default()),
            since: match attributes
                .find("since")
                .and_then(|found| found.arg("release"))
            {
                Some(Arg::Count(release)) => Some(*release),
                _ => None,
            },
            was: attributes
                .found
                .iter()
                .filter(|found| found.spec.name == "was")
                .filter_map(|found| match found.arg("name") {
                    Some(Arg::Text(name)) => Some(name.clone()),
                    _ => None,
                })
                .collect(),
            internal: attributes.has("internal"),
            redact: attributes.has("redact"),
            ui: attributes.ui.clone(),
        }
    }
}
