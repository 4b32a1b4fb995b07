//! Values as written to values of a type.

use playhouse_syntax::{
    Span,
    ast::{self, DeclarationKind, ValueKind},
};

use super::{Checker, Work, names::SymbolKind};
use crate::{
    model::{Bound, Shape, Type, TypeId, TypeKind, Value},
    rules,
};

/// A value whose type is known by what it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Constant {
    Int(i128),
    Float(f64),
    /// Nanoseconds.
    Time(i128),
    Text(String),
    Bool(bool),
    Enum(TypeId, i128),
    Flags(TypeId, u64),
    EmptyList,
}

impl Constant {
    fn describe(&self) -> String {
        match self {
            Self::Int(value) => format!("the number {value}"),
            Self::Float(value) => format!("the number {value}"),
            Self::Time(_) => "a time".to_owned(),
            Self::Text(_) => "a string".to_owned(),
            Self::Bool(value) => format!("{value}"),
            Self::Enum(..) => "an enum's value".to_owned(),
            Self::Flags(..) => "flags".to_owned(),
            Self::EmptyList => "an empty list".to_owned(),
        }
    }
}

impl Checker<'_> {
    pub(super) fn is_enum_or_flags(&self, id: TypeId) -> bool {
        match self.types[id.0 as usize] {
            Work::Waiting(symbol) | Work::Busy(symbol) => {
                matches!(
                    self.symbol(symbol).declaration.kind,
                    DeclarationKind::Enum(_)
                )
            }
            Work::Done => {
                matches!(
                    self.type_def(id).kind,
                    TypeKind::Enum { .. } | TypeKind::Flags { .. }
                )
            }
        }
    }

    /// The default `written` of something of type `ty`: as [`Self::value`], an empty string being like any empty thing.
    pub(super) fn default_value(
        &mut self,
        file: usize,
        written: &ast::Value,
        ty: &Type,
    ) -> Option<Value> {
        match self.value(file, written, ty)? {
            Value::String(text) if text.is_empty() => Some(Value::Empty),
            value => Some(value),
        }
    }

    /// The value of `written` as one of type `ty`. `None`: it has been reported why not.
    pub(super) fn value(&mut self, file: usize, written: &ast::Value, ty: &Type) -> Option<Value> {
        if matches!(written.kind, ValueKind::Broken) {
            return None;
        }
        let base = self.base(ty);
        match &base.shape {
            Shape::Timestamp | Shape::Uuid | Shape::Bytes | Shape::Ref(_) => {
                let shown = self.shown(ty);
                self.report(rules::values::default_impossible(written.span, &shown));
                return None;
            }
            Shape::Named(id) if !self.is_enum_or_flags(*id) => {
                let error = if matches!(written.kind, ValueKind::Map(_)) {
                    rules::later::constant(written.span, false)
                } else {
                    let shown = self.shown(ty);
                    rules::values::default_impossible(written.span, &shown)
                };
                self.report(error);
                return None;
            }
            _ => {}
        }
        let expected = match base.shape {
            Shape::Named(id) => Some(id),
            _ => None,
        };
        let constant = self.evaluate(file, written, expected)?;
        self.fit(constant, &base, written.span)
    }

    /// Makes `constant` a value of the type `base`, which is no newtype.
    fn fit(&mut self, constant: Constant, base: &Type, span: Span) -> Option<Value> {
        let values;
        let wanted = match &base.shape {
            Shape::Bool => "true or false",
            Shape::Int(_) => "a whole number",
            Shape::F32 | Shape::F64 => "a number",
            Shape::String => "a string",
            Shape::Duration => "a time such as `250ms`",
            Shape::Named(id) => {
                values = self.values_shown(*id);
                &values
            }
            _ => "an empty list `[]`",
        };
        let value = match (&base.shape, constant) {
            (Shape::Bool, Constant::Bool(value)) => Value::Bool(value),
            (Shape::Int(int), Constant::Int(value)) => {
                let (least, most) = match base.bound {
                    Bound::Int { min, max } => (min, max),
                    _ => int.range(),
                };
                if value < least || value > most {
                    let range = format!("from {least} to {most}");
                    self.report(rules::values::value_range(span, &value.to_string(), &range));
                    return None;
                }
                Value::Int(value)
            }
            #[expect(
                clippy::cast_precision_loss,
                reason = "a whole number as a float is the nearest float"
            )]
            (Shape::F32 | Shape::F64, Constant::Int(value)) => {
                return self.fit(Constant::Float(value as f64), base, span);
            }
            (Shape::F32 | Shape::F64, Constant::Float(value)) => {
                if let Bound::Float { min, max } = base.bound
                    && !(min <= value && value <= max)
                {
                    let range = format!("from {min} to {max}");
                    self.report(rules::values::value_range(span, &value.to_string(), &range));
                    return None;
                }
                Value::Float(value)
            }
            (Shape::Duration, Constant::Time(ns)) => {
                if ns % 1_000 != 0 || i64::try_from(ns / 1_000).is_err() {
                    self.report(rules::values::value_range(
                        span,
                        &format!("{ns} ns"),
                        "a whole number of microseconds within 64 bits",
                    ));
                    return None;
                }
                Value::Int(ns / 1_000)
            }
            (Shape::String, Constant::Text(text)) => {
                let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
                if let Bound::Length { min, max } = base.bound
                    && (length < min || max.is_some_and(|max| length > max))
                {
                    let range = match max {
                        Some(max) => format!("{min} to {max} characters"),
                        None => format!("at least {min} characters"),
                    };
                    self.report(rules::values::value_range(
                        span,
                        &format!("{text:?}"),
                        &range,
                    ));
                    return None;
                }
                Value::String(text)
            }
            (Shape::Named(id), Constant::Enum(of, number)) if *id == of => Value::Int(number),
            (Shape::Named(id), Constant::Flags(of, bits)) if *id == of => Value::Flags(bits),
            (Shape::Named(id), Constant::Int(0)) if self.is_flags(*id) => Value::Flags(0),
            (Shape::List(_) | Shape::Set(_) | Shape::Map(..), Constant::EmptyList) => {
                if let Bound::Length { min, .. } = base.bound
                    && min > 0
                {
                    let plural = if min == 1 { "" } else { "s" };
                    let range = format!("at least {min} element{plural}");
                    self.report(rules::values::value_range(span, "an empty list", &range));
                    return None;
                }
                Value::Empty
            }
            (_, constant) => {
                let found = constant.describe();
                self.report(rules::values::value_type(span, wanted, &found));
                return None;
            }
        };
        Some(value)
    }

    /// The values of an enum or flags type, for messages.
    fn values_shown(&mut self, id: TypeId) -> String {
        self.lower_enum(id);
        let def = self.type_def(id);
        let names: Vec<&str> = match &def.kind {
            TypeKind::Enum { values, .. } => {
                values.iter().map(|value| value.name.as_str()).collect()
            }
            TypeKind::Flags { flags, .. } => flags.iter().map(|flag| flag.name.as_str()).collect(),
            _ => Vec::new(),
        };
        let shown = names.iter().take(8).copied().collect::<Vec<_>>().join(", ");
        let more = if names.len() > 8 { ", ..." } else { "" };
        format!("a value of `{}` ({shown}{more})", def.head.name)
    }

    fn is_flags(&self, id: TypeId) -> bool {
        matches!(self.type_def(id).kind, TypeKind::Flags { .. })
    }

    /// What `written` is. Names of values of the enum or flags `expected` need no prefix.
    pub(super) fn evaluate(
        &mut self,
        file: usize,
        written: &ast::Value,
        expected: Option<TypeId>,
    ) -> Option<Constant> {
        Some(match &written.kind {
            ValueKind::Int(value) | ValueKind::Size(value) => Constant::Int(*value),
            ValueKind::Float(value) => Constant::Float(*value),
            ValueKind::Time(ns) => Constant::Time(*ns),
            ValueKind::String(text) => Constant::Text(text.clone()),
            ValueKind::Path(path) => return self.evaluate_path(file, path, expected),
            ValueKind::Binary(operands, operators) => {
                return self.evaluate_binary(file, operands, operators, expected);
            }
            ValueKind::List(items) if items.is_empty() => Constant::EmptyList,
            ValueKind::List(_) | ValueKind::Map(_) => {
                self.report(rules::later::constant(written.span, false));
                return None;
            }
            ValueKind::Rate { .. } => {
                self.report(rules::values::value_type(written.span, "a value", "a rate"));
                return None;
            }
            ValueKind::Broken => return None,
        })
    }

    /// `*` before `+` and `-`, before `|`; from left to right.
    fn evaluate_binary(
        &mut self,
        file: usize,
        operands: &[ast::Value],
        operators: &[char],
        expected: Option<TypeId>,
    ) -> Option<Constant> {
        let mut values = Vec::new();
        for operand in operands {
            values.push((self.evaluate(file, operand, expected)?, operand.span));
        }
        let mut operators = operators.to_vec();
        for level in [&['*'][..], &['+', '-'], &['|']] {
            let mut at = 0;
            while at < operators.len() && at + 1 < values.len() {
                if !level.contains(&operators[at]) {
                    at += 1;
                    continue;
                }
                let operator = operators.remove(at);
                let (right, span) = values.remove(at + 1);
                let (left, first) = values[at].clone();
                values[at] = (self.operate(operator, left, right, span)?, first);
            }
        }
        values.into_iter().next().map(|(value, _)| value)
    }

    fn operate(
        &mut self,
        operator: char,
        left: Constant,
        right: Constant,
        span: Span,
    ) -> Option<Constant> {
        let int = |a: i128, b: i128| match operator {
            '+' => a.checked_add(b),
            '-' => a.checked_sub(b),
            '*' => a.checked_mul(b),
            _ => None,
        };
        let result = match (&left, &right) {
            (Constant::Flags(of, a), Constant::Flags(other, b))
                if of == other && operator == '|' =>
            {
                Some(Constant::Flags(*of, a | b))
            }
            (Constant::Int(a), Constant::Int(b)) => int(*a, *b).map(Constant::Int),
            (Constant::Time(a), Constant::Time(b)) if operator != '*' => {
                int(*a, *b).map(Constant::Time)
            }
            (Constant::Time(a), Constant::Int(b)) | (Constant::Int(b), Constant::Time(a))
                if operator == '*' =>
            {
                int(*a, *b).map(Constant::Time)
            }
            (Constant::Float(a), Constant::Float(b)) => match operator {
                '+' => Some(a + b),
                '-' => Some(a - b),
                '*' => Some(a * b),
                _ => None,
            }
            .map(Constant::Float),
            _ => None,
        };
        if result.is_none() {
            let found = format!("{} and {}", left.describe(), right.describe());
            let too_large = match (&left, &right) {
                (Constant::Int(_), Constant::Int(_)) => operator != '|',
                (Constant::Time(_), Constant::Time(_)) => matches!(operator, '+' | '-'),
                (Constant::Time(_), Constant::Int(_)) | (Constant::Int(_), Constant::Time(_)) => {
                    operator == '*'
                }
                _ => false,
            };
            self.report(rules::values::operator(span, operator, &found, too_large));
        }
        result
    }

    fn evaluate_path(
        &mut self,
        file: usize,
        path: &ast::Path,
        expected: Option<TypeId>,
    ) -> Option<Constant> {
        let text = path.text();
        if let "true" | "false" = text.as_str() {
            return Some(Constant::Bool(text == "true"));
        }
        if let Some(expected) = expected
            && path.segments.len() == 1
        {
            if let Some(constant) = self.named_value(expected, &text) {
                return Some(constant);
            }
            if self.lookup(file, path).is_none() {
                self.report_unknown_value(expected, path.span, &text);
                return None;
            }
        }
        if let Some(id) = self.lookup(file, path)
            && let SymbolKind::Const(id) = self.symbol(id).kind
        {
            return self
                .constant(id, path.span)
                .then(|| self.constant_value(id))
                .flatten();
        }
        // `Team.red`
        if let Some((value, prefix)) = path.segments.split_last()
            && let (Some(first), Some(last)) = (prefix.first(), prefix.last())
        {
            let span = Span::new(path.span.file, first.span.range.cover(last.span.range));
            let of = ast::Path {
                segments: prefix.to_vec(),
                span,
            };
            if let Some(id) = self.lookup(file, &of)
                && let SymbolKind::Type(ty) = self.symbol(id).kind
                && self.is_enum_or_flags(ty)
            {
                let constant = self.named_value(ty, &value.text);
                if constant.is_none() {
                    self.report_unknown_value(ty, value.span, &value.text);
                }
                return constant;
            }
        }
        let id = self.resolve(file, path, "constant")?;
        self.report_wrong_kind(path, id, "a constant");
        None
    }

    /// The value of an enum or flags type by name.
    fn named_value(&mut self, ty: TypeId, name: &str) -> Option<Constant> {
        self.lower_enum(ty);
        match &self.type_def(ty).kind {
            TypeKind::Enum { values, .. } => {
                let value = values.iter().find(|value| value.name == name)?;
                Some(Constant::Enum(ty, i128::from(value.number)))
            }
            TypeKind::Flags { flags, .. } => {
                let flag = flags.iter().find(|flag| flag.name == name)?;
                Some(Constant::Flags(ty, flag.bits))
            }
            _ => None,
        }
    }

    fn report_unknown_value(&mut self, ty: TypeId, span: Span, name: &str) {
        let def = self.type_def(ty);
        let known: Vec<String> = match &def.kind {
            TypeKind::Enum { values, .. } => {
                values.iter().map(|value| value.name.clone()).collect()
            }
            TypeKind::Flags { flags, .. } => flags.iter().map(|flag| flag.name.clone()).collect(),
            _ => Vec::new(),
        };
        let type_name = def.head.name.clone();
        let known = known.iter().map(String::as_str);
        self.report(rules::values::unknown_value(span, name, &type_name, known));
    }

    /// `written` with constants and operators worked out, for attributes.
    pub(super) fn literal(&mut self, file: usize, written: &ast::Value) -> Option<ast::Value> {
        let kind = match self.evaluate(file, written, None)? {
            Constant::Int(value) => ValueKind::Int(value),
            Constant::Float(value) => ValueKind::Float(value),
            Constant::Time(ns) => ValueKind::Time(ns),
            Constant::Text(text) => ValueKind::String(text),
            _ => return Some(written.clone()),
        };
        Some(ast::Value {
            kind,
            span: written.span,
        })
    }
}
