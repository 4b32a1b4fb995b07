//! Types as TypeScript writes them, and the declarations of named types.

use playhouse_schema::model::{
    Const, EnumValue, Flag, Int, Marks, Member, RefTarget, Shape, Type, TypeDef, TypeId, TypeKind,
    Value,
};

use super::literal::integer;
use super::names::{local, member, quoted};
use super::unit::Unit;

impl Unit<'_> {
    /// `ty` as written in a declaration.
    pub(super) fn type_text(&mut self, ty: &Type) -> String {
        let text = self.shape_text(&ty.shape);
        if ty.optional {
            format!("{text} | undefined")
        } else {
            text
        }
    }

    fn shape_text(&mut self, shape: &Shape) -> String {
        match shape {
            Shape::Bool => "boolean".to_owned(),
            Shape::Int(Int::U64 | Int::I64) | Shape::Timestamp | Shape::Duration => {
                "bigint".to_owned()
            }
            Shape::Int(_) | Shape::F32 | Shape::F64 => "number".to_owned(),
            Shape::String | Shape::Uuid => "string".to_owned(),
            Shape::Bytes => "Uint8Array".to_owned(),
            Shape::List(element) => {
                let text = self.type_text(element);
                if element.optional {
                    format!("({text})[]")
                } else {
                    format!("{text}[]")
                }
            }
            Shape::Set(element) => {
                let text = self.type_text(element);
                format!("Set<{text}>")
            }
            Shape::Map(key, value) => {
                let (key, value) = (self.type_text(key), self.type_text(value));
                format!("Map<{key}, {value}>")
            }
            Shape::Ref(target) => {
                let target = quoted(&self.target_name(*target));
                format!("{}<{target}>", self.wire("Ref"))
            }
            Shape::Named(id) => self.type_name(*id, false),
        }
    }

    /// The full name of what a `ref` points at.
    pub(super) fn target_name(&self, target: RefTarget) -> String {
        match target {
            RefTarget::Entity(id) => self.full_name(&self.model.entities[id.0 as usize].head),
            RefTarget::Component(id) => self.full_name(&self.model.components[id.0 as usize].head),
        }
    }

    /// The numbers of package and type of the entities that a `ref` points at; none for a component.
    pub(super) fn target_numbers(&self, target: RefTarget) -> Option<(u16, u16)> {
        let RefTarget::Entity(id) = target else {
            return None;
        };
        let entity = &self.model.entities[id.0 as usize];
        Some((self.package_of(entity.head.package).number, entity.number))
    }

    /// The members of an interface.
    pub(super) fn member_declarations(&mut self, members: &[Member]) {
        for each in members {
            self.member_docs(&each.docs, &each.marks);
            let text = self.member_text(each);
            self.code.line(format!("{text};"));
        }
    }

    /// A member of an interface without the semicolon.
    pub(super) fn member_text(&mut self, each: &Member) -> String {
        let text = self.type_text(&each.ty);
        let mark = if each.ty.optional { "?" } else { "" };
        format!("{}{mark}: {text}", member(&each.name))
    }

    /// A doc comment with the marks that a reader of the code wants to see.
    pub(super) fn member_docs(&mut self, docs: &[String], marks: &Marks) {
        let mut docs = docs.to_vec();
        if let Some(text) = &marks.deprecated {
            docs.push(format!("@deprecated {text}").trim_end().to_owned());
        }
        self.code.docs(&docs);
    }

    /// The declaration and codec of a named type.
    pub(super) fn type_item(&mut self, id: TypeId) {
        let definition = self.definition(id);
        self.code.blank();
        let mut docs = definition.head.docs.clone();
        if let Some(instance) = &definition.instance {
            docs.push(format!("`{instance}`"));
        }
        self.member_docs(&docs, &definition.head.marks);
        match &definition.kind {
            TypeKind::Struct { members, .. } => self.structure(id, definition, members),
            TypeKind::Enum {
                repr,
                closed,
                values,
                ..
            } => self.enumeration(id, definition, *repr, *closed, values),
            TypeKind::Flags { repr, flags, .. } => self.flags(id, definition, *repr, flags),
            TypeKind::Union { closed, arms, .. } => self.union(id, definition, *closed, arms),
            TypeKind::Error { arms, .. } => self.union(id, definition, false, arms),
            TypeKind::Newtype { inner, default } => {
                self.newtype(id, definition, inner, default.as_ref())
            }
        }
    }

    /// A constant.
    pub(super) fn constant(&mut self, constant: &Const) {
        self.code.blank();
        self.member_docs(&constant.head.docs, &constant.head.marks);
        let value = self.bare_literal(&constant.ty, &constant.value);
        let ty = match constant.ty.shape {
            Shape::Named(_) => format!(": {}", self.type_text(&constant.ty)),
            _ => String::new(),
        };
        self.code.line(format!(
            "export const {}{ty} = {value};",
            constant.head.name
        ));
    }

    fn structure(&mut self, id: TypeId, definition: &TypeDef, members: &[Member]) {
        let name = &definition.head.name;
        self.code.open(format!("export interface {name} {{"));
        self.member_declarations(members);
        self.code.close("}");
        if members.iter().all(|member| member.default.is_some()) {
            self.default_function(name, members);
            // The framework's own types may be the default of any project's members.
            if self.elided.contains(&id) || !self.package_of(definition.head.package).local {
                self.is_default_function(name, members);
            }
        }
        let subject = if members.iter().any(|member| self.is_checked(&member.ty)) {
            "v"
        } else {
            "_v"
        };
        self.check_function(name, subject, |unit| unit.verify_members(members, "v"));
        let subject = if members.is_empty() { "_v" } else { "v" };
        self.encode_function(name, subject, |unit| unit.write_members(members, "v", "n"));
        self.decode_function(name, |unit| {
            unit.code.line("const n = r.struct();");
            unit.read_members(members, "n");
            unit.code.line(format!("return {};", gathered(members)));
        });
    }

    fn default_function(&mut self, name: &str, members: &[Member]) {
        self.code.blank();
        self.code.line(format!(
            "/** A `{name}` whose members all have their defaults. */"
        ));
        let members: Vec<String> = members
            .iter()
            .map(|each| {
                let value = each
                    .default
                    .as_ref()
                    .map_or_else(String::new, |default| self.literal(&each.ty, default));
                format!("{}: {value}", member(&each.name))
            })
            .collect();
        self.code
            .open(format!("export function default{name}(): {name} {{"));
        self.object("return ", &members, ";");
        self.code.close("}");
    }

    fn is_default_function(&mut self, name: &str, members: &[Member]) {
        self.code.blank();
        self.code.line(format!(
            "/** Whether each member of a `{name}` has its default. */"
        ));
        let tests: Vec<String> = members
            .iter()
            .map(|each| {
                let access = format!("v.{}", member(&each.name));
                each.default.as_ref().map_or_else(String::new, |value| {
                    self.compared(&access, &each.ty, value, false)
                })
            })
            .collect();
        let subject = if members.is_empty() { "_v" } else { "v" };
        self.code.open(format!(
            "export function isDefault{name}({subject}: {name}): boolean {{"
        ));
        if tests.is_empty() {
            self.code.line("return true;");
        } else {
            self.code.line(format!("return {};", tests.join(" && ")));
        }
        self.code.close("}");
    }

    /// An object literal, on one line if it fits.
    pub(super) fn object(&mut self, before: &str, members: &[String], after: &str) {
        let line = if members.is_empty() {
            format!("{before}{{}}{after}")
        } else {
            format!("{before}{{ {} }}{after}", members.join(", "))
        };
        if line.len() <= 100 {
            return self.code.line(line);
        }
        self.code.open(format!("{before}{{"));
        for member in members {
            self.code.line(format!("{member},"));
        }
        self.code.close(format!("}}{after}"));
    }

    fn enumeration(
        &mut self,
        id: TypeId,
        definition: &TypeDef,
        repr: Int,
        closed: bool,
        values: &[EnumValue],
    ) {
        let name = &definition.head.name;
        if closed {
            self.code.line(format!(
                "export type {name} = (typeof {name})[keyof typeof {name}];"
            ));
        } else {
            self.flavored(definition, base(repr));
        }
        self.member_docs(&definition.head.docs, &definition.head.marks);
        self.code.open(format!("export const {name} = {{"));
        for value in values {
            self.member_docs(&value.docs, &value.marks);
            let number = integer(i128::from(value.number), Some(repr));
            self.code
                .line(format!("{}: {number},", member(&value.name)));
        }
        self.code.close("} as const;");
        if !closed {
            return self.scalar_functions(id, name);
        }
        let cases: String = values
            .iter()
            .map(|value| format!("case {}: ", integer(value.number.into(), Some(repr))))
            .collect();
        self.check_function(name, "v", |unit| {
            unit.code.open("switch (v) {");
            unit.code.line(format!("{cases}return;"));
            unit.code.line("default: throw c.unknownValue(v);");
            unit.code.close("}");
        });
        self.encode_function(name, "v", |unit| unit.write("v", &named(id), 0));
        self.decode_function(name, |unit| {
            unit.code.line(format!("const v = r.{}();", repr.name()));
            unit.code.open("switch (v) {");
            unit.code.line(format!("{cases}return v;"));
            unit.code.line("default: throw r.unknownValue(v);");
            unit.code.close("}");
        });
    }

    fn flags(&mut self, id: TypeId, definition: &TypeDef, repr: Int, flags: &[Flag]) {
        let name = &definition.head.name;
        self.flavored(definition, base(repr));
        self.member_docs(&definition.head.docs, &definition.head.marks);
        self.code.open(format!("export const {name} = {{"));
        for flag in flags {
            self.member_docs(&flag.docs, &flag.marks);
            self.code.line(format!(
                "{}: {},",
                member(&flag.name),
                integer(flag.bits.into(), Some(repr))
            ));
        }
        self.code.close("} as const;");
        self.scalar_functions(id, name);
    }

    fn newtype(&mut self, id: TypeId, definition: &TypeDef, inner: &Type, default: Option<&Value>) {
        let name = &definition.head.name;
        let inner_text = self.type_text(inner);
        self.flavored(definition, &inner_text);
        if let Some(default) = default {
            let value = self.literal(inner, default);
            self.code.blank();
            self.code.line(format!("/** The default of `{name}`. */"));
            self.code
                .open(format!("export function default{name}(): {name} {{"));
            self.code.line(format!("return {value};"));
            self.code.close("}");
        }
        self.scalar_functions(id, name);
    }

    fn flavored(&mut self, definition: &TypeDef, base: &str) {
        let (name, full) = (
            &definition.head.name,
            quoted(&self.full_name(&definition.head)),
        );
        let flavor = self.wire("Flavor");
        self.code
            .line(format!("export type {name} = {flavor}<{base}, {full}>;"));
    }

    /// Codec of a type that stands for another one.
    fn scalar_functions(&mut self, id: TypeId, name: &str) {
        let ty = named(id);
        let plain = self.plain(&ty);
        let subject = if self.is_checked(&plain) { "v" } else { "_v" };
        self.check_function(name, subject, |unit| unit.verify("v", &plain, 0));
        self.encode_function(name, "v", |unit| unit.write("v", &plain, 0));
        self.decode_function(name, |unit| {
            let value = unit.read_value(&plain, "v", 0);
            unit.code.line(format!("return {value};"));
        });
    }

    /// `export function checkX(v, c)`.
    pub(super) fn check_function(
        &mut self,
        name: &str,
        subject: &str,
        body: impl FnOnce(&mut Self),
    ) {
        self.code.blank();
        let parameter = if subject == "_v" {
            format!("_c?: {}", self.wire("Checker"))
        } else {
            let checker = self.wire_value("Checker");
            format!("c: {checker} = new {checker}()")
        };
        self.function_body(
            &format!("export function check{name}({subject}: {name}, {parameter}): void {{"),
            body,
        );
    }

    /// `export function encodeX(w, v)`.
    pub(super) fn encode_function(
        &mut self,
        name: &str,
        subject: &str,
        body: impl FnOnce(&mut Self),
    ) {
        let writer = self.wire("Writer");
        self.code.blank();
        self.function_body(
            &format!("export function encode{name}(w: {writer}, {subject}: {name}): void {{"),
            body,
        );
    }

    /// `export function decodeX(r)`.
    pub(super) fn decode_function(&mut self, name: &str, body: impl FnOnce(&mut Self)) {
        let reader = self.wire("Reader");
        self.code.blank();
        self.function_body(
            &format!("export function decode{name}(r: {reader}): {name} {{"),
            body,
        );
    }

    /// A function; one without statements is closed on its line.
    pub(super) fn function_body(&mut self, head: &str, body: impl FnOnce(&mut Self)) {
        self.function_end(head, "}", body);
    }

    /// A function that ends in `end`; one without statements is closed on its line.
    pub(super) fn function_end(&mut self, head: &str, end: &str, body: impl FnOnce(&mut Self)) {
        let before = self.code.length();
        self.code.open(head);
        let begun = self.code.length();
        body(self);
        if self.code.length() == begun {
            self.code.split_off(before);
            self.code.dedent();
            self.code.line(format!("{head}{end}"));
        } else {
            self.code.close(end);
        }
    }
}

/// `{ item, count: count_ }`: the local variables of members as an object.
pub(super) fn gathered(members: &[Member]) -> String {
    if members.is_empty() {
        return "{}".to_owned();
    }
    let members: Vec<String> = members
        .iter()
        .map(|each| {
            let (name, variable) = (member(&each.name), local(&each.name));
            if name == variable {
                name
            } else {
                format!("{name}: {variable}")
            }
        })
        .collect();
    format!("{{ {} }}", members.join(", "))
}

/// The type `id` without bound.
fn named(id: TypeId) -> Type {
    Type {
        shape: Shape::Named(id),
        bound: playhouse_schema::model::Bound::None,
        optional: false,
    }
}

/// What carries an enum or flags.
const fn base(repr: Int) -> &'static str {
    match repr {
        Int::U64 | Int::I64 => "bigint",
        _ => "number",
    }
}
