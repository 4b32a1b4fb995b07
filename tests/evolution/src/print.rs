//! A draft as the text of a schema.

use std::fmt::Write as _;

use crate::draft::{Declaration, Draft, Field, Kind, Label, Shape, Ty};

impl Draft {
    /// The schema. `Root` is saved by a component, and clients can send it; or it is the parameters of a call.
    #[must_use]
    pub fn print(&self) -> String {
        let mut out = String::from("package test;\n\nrole lobby;\n\n");
        for declaration in &self.declarations {
            match &declaration.kind {
                Kind::Struct(fields) if self.is_call && declaration.name == "Root" => {
                    self.call(fields, &mut out);
                }
                _ => self.declaration(declaration, &mut out),
            }
        }
        if !self.is_call {
            out.push_str(
                "component 1 Bag {\n    1 held: Root?   @persist;\n}\n\n\
                 entity 2 Player: keyed(u64) on lobby {\n    @exposed(1/s)\n    rpc 1 put(held: Root?);\n}\n",
            );
        }
        out
    }

    fn call(&self, fields: &[Field], out: &mut String) {
        let params = fields.iter().map(|field| {
            let default = default_text(field.default);
            format!("{}: {}{default}", field.label.name, self.ty(&field.ty))
        });
        let params = params.collect::<Vec<_>>().join(", ");
        // A String takes whatever is written to it.
        let _ = writeln!(
            out,
            "entity 2 Player: keyed(u64) on lobby {{\n    @exposed(1/s)\n    rpc 1 put({params});\n}}"
        );
    }

    fn declaration(&self, declaration: &Declaration, out: &mut String) {
        let Declaration {
            name, was, kind, ..
        } = declaration;
        for old in was {
            // A String takes whatever is written to it.
            let _ = writeln!(out, "@was(\"{old}\")");
        }
        let closed = |closed: bool| if closed { "closed " } else { "" };
        let _ = match kind {
            Kind::Struct(fields) => {
                let fields: String = fields.iter().map(|field| self.field(field)).collect();
                writeln!(out, "struct {name} {{\n{fields}}}\n")
            }
            Kind::Enum {
                repr,
                closed: is_closed,
                values,
            } => {
                let (closed, values) = (closed(*is_closed), labels(values));
                writeln!(out, "{closed}enum {name}: {} {{\n{values}}}\n", repr.name())
            }
            Kind::Flags(bits) => writeln!(out, "flags {name}: u16 {{\n{}}}\n", labels(bits)),
            Kind::Union {
                closed: is_closed,
                arms,
            } => {
                let arm = |arm: &crate::draft::Arm| {
                    let body = arm.body.as_ref().map(|ty| format!(": {}", self.ty(ty)));
                    let (label, was) = (&arm.label, was_text(&arm.label));
                    let body = body.unwrap_or_default();
                    format!("    {} {}{body}{was};\n", label.tag, label.name)
                };
                let arms: String = arms.iter().map(arm).collect();
                writeln!(out, "{}union {name} {{\n{arms}}}\n", closed(*is_closed))
            }
            Kind::Newtype { inner, default } => {
                let default = default_text(*default);
                writeln!(out, "newtype {name} = {}{default};\n", self.ty(inner))
            }
        };
    }

    fn field(&self, field: &Field) -> String {
        let Label { tag, name, .. } = &field.label;
        let default = default_text(field.default);
        format!(
            "    {tag} {name}: {}{default}{};\n",
            self.ty(&field.ty),
            was_text(&field.label)
        )
    }

    fn ty(&self, ty: &Ty) -> String {
        let shape = match &ty.shape {
            Shape::Bool => "bool".to_owned(),
            Shape::Int(int) => int.name().to_owned(),
            Shape::F32 => "f32".to_owned(),
            Shape::F64 => "f64".to_owned(),
            Shape::String => "string".to_owned(),
            Shape::Bytes => "bytes".to_owned(),
            Shape::Timestamp => "timestamp".to_owned(),
            Shape::Uuid => "uuid".to_owned(),
            Shape::List(inner) => format!("list<{}>", self.ty(inner)),
            Shape::Set(inner) => format!("set<{}>", self.ty(inner)),
            Shape::Map(key, value) => format!("map<{}, {}>", self.ty(key), self.ty(value)),
            Shape::Named(uid) => self
                .find(*uid)
                .map(|declaration| declaration.name.clone())
                .unwrap_or_default(),
        };
        let bound = ty
            .bound
            .map(|(min, max)| format!("[{min}..={max}]"))
            .unwrap_or_default();
        format!("{shape}{bound}{}", if ty.optional { "?" } else { "" })
    }
}

fn default_text(default: Option<i128>) -> String {
    default
        .map(|value| format!(" = {value}"))
        .unwrap_or_default()
}

fn labels(labels: &[Label]) -> String {
    let line = |label: &Label| format!("    {} {}{};\n", label.tag, label.name, was_text(label));
    labels.iter().map(line).collect()
}

fn was_text(label: &Label) -> String {
    label
        .was
        .iter()
        .map(|old| format!("   @was(\"{old}\")"))
        .collect()
}
