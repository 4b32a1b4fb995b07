//! Unions and errors: discriminated unions by `kind`.

use playhouse_schema::model::{Arm, ArmBody, TypeDef, TypeId};

use super::names::{member, quoted};
use super::types::gathered;
use super::unit::Unit;

impl Unit<'_> {
    /// The declaration and codec of a union or error.
    pub(super) fn union(&mut self, _id: TypeId, definition: &TypeDef, closed: bool, arms: &[Arm]) {
        let name = &definition.head.name;
        self.code.open(format!("export type {name} ="));
        for arm in arms {
            self.member_docs(&arm.docs, &arm.marks);
            self.arm_declaration(arm);
        }
        if !closed {
            let unknown = self.wire("UnknownArm");
            match unknown_kind(arms) {
                UNKNOWN => self.code.line(format!("| {unknown}")),
                kind => self.code.line(format!("| {unknown}<{}>", quoted(kind))),
            }
        }
        self.code.end_statement();
        self.code.dedent();
        let checked = !closed || arms.iter().any(|arm| self.is_arm_checked(arm));
        let subject = if checked { "v" } else { "_v" };
        self.check_function(name, subject, |unit| {
            if checked {
                unit.verify_arms(arms, closed);
            }
        });
        self.encode_function(name, "v", |unit| unit.write_arms(arms, closed));
        self.decode_function(name, |unit| unit.read_arms(name, arms, closed));
    }

    fn arm_declaration(&mut self, arm: &Arm) {
        let kind = quoted(&member(&arm.name));
        match &arm.body {
            ArmBody::Nothing => self.code.line(format!("| {{ kind: {kind} }}")),
            ArmBody::Type(ty) => {
                let text = self.type_text(ty);
                let mark = if ty.optional { "?" } else { "" };
                self.code
                    .line(format!("| {{ kind: {kind}; value{mark}: {text} }}"));
            }
            ArmBody::Members(members) => {
                let texts: Vec<String> =
                    members.iter().map(|each| self.member_text(each)).collect();
                let short = format!("| {{ kind: {kind}; value: {{ {} }} }}", texts.join("; "));
                let plain = members
                    .iter()
                    .all(|each| each.docs.is_empty() && each.marks.deprecated.is_none());
                if members.is_empty() {
                    self.code.line(format!("| {{ kind: {kind}; value: {{}} }}"));
                } else if plain && short.len() <= 100 {
                    self.code.line(short);
                } else {
                    self.code.open("| {");
                    self.code.line(format!("kind: {kind};"));
                    self.code.open("value: {");
                    self.member_declarations(members);
                    self.code.close("};");
                    self.code.close("}");
                }
            }
        }
    }

    fn is_arm_checked(&self, arm: &Arm) -> bool {
        match &arm.body {
            ArmBody::Nothing => false,
            ArmBody::Type(ty) => self.is_checked(ty),
            ArmBody::Members(members) => members.iter().any(|each| self.is_checked(&each.ty)),
        }
    }

    fn verify_arms(&mut self, arms: &[Arm], closed: bool) {
        self.code.line("c.enter();");
        self.code.open("switch (v.kind) {");
        for arm in arms
            .iter()
            .filter(|arm| self.is_arm_checked(arm))
            .collect::<Vec<_>>()
        {
            self.case(&quoted(&member(&arm.name)), |unit| {
                unit.code.line(format!("c.member({});", quoted(&arm.name)));
                match &arm.body {
                    ArmBody::Nothing => {}
                    ArmBody::Type(ty) => unit.verify("v.value", ty, 0),
                    ArmBody::Members(members) => unit.verify_members(members, "v.value"),
                }
            });
        }
        if !closed {
            self.case(&quoted(unknown_kind(arms)), |unit| {
                unit.code.line("c.unknownArm(v.tag, v.body);")
            });
        }
        self.code.close("}");
        self.code.line("c.leave();");
    }

    /// A case of a `switch`: its statements stand in a block if they declare variables.
    pub(super) fn case(&mut self, label: &str, body: impl FnOnce(&mut Self)) {
        let before = self.code.length();
        self.code.indent();
        body(self);
        self.code.line("break;");
        let written = self.code.split_off(before);
        self.code.dedent();
        let declares = written.lines().map(str::trim_start);
        if declares
            .clone()
            .any(|line| line.starts_with("let ") || line.starts_with("const "))
        {
            self.code.line(format!("case {label}: {{"));
            self.code.verbatim(&written);
            self.code.line("}");
        } else {
            self.code.line(format!("case {label}:"));
            self.code.verbatim(&written);
        }
    }

    fn write_arms(&mut self, arms: &[Arm], closed: bool) {
        self.code.open("switch (v.kind) {");
        for arm in arms {
            self.case(&quoted(&member(&arm.name)), |unit| {
                let length = if matches!(arm.body, ArmBody::Nothing) {
                    1
                } else {
                    2
                };
                unit.code.line(format!("w.array({length});"));
                unit.code.line(format!("w.uint({});", arm.tag));
                match &arm.body {
                    ArmBody::Nothing => {}
                    ArmBody::Type(ty) => unit.write("v.value", ty, 0),
                    ArmBody::Members(members) => unit.write_members(members, "v.value", "n"),
                }
            });
        }
        if !closed {
            self.case(&quoted(unknown_kind(arms)), |unit| {
                unit.code.line("w.unknown(v.tag, v.body);")
            });
        }
        self.code.close("}");
    }

    fn read_arms(&mut self, name: &str, arms: &[Arm], closed: bool) {
        self.code.line("const n = r.union();");
        self.code.line("const tag = r.u8();");
        self.code.line(format!("let v: {name};"));
        self.code.open("switch (tag) {");
        for arm in arms {
            let kind = quoted(&member(&arm.name));
            let path = quoted(&arm.name);
            self.case(&arm.tag.to_string(), |unit| match &arm.body {
                ArmBody::Nothing => {
                    unit.code.line("if (n > 1) r.skipSlot();");
                    unit.code.line(format!("v = {{ kind: {kind} }};"));
                }
                ArmBody::Type(ty) => {
                    unit.code.line(format!("r.body({path}, n);"));
                    let value = unit.read_value(ty, "value", 0);
                    let value = if value == "value" {
                        value
                    } else {
                        format!("value: {value}")
                    };
                    unit.code.line(format!("v = {{ kind: {kind}, {value} }};"));
                }
                ArmBody::Members(members) => {
                    unit.code.line(format!("r.body({path}, n);"));
                    unit.code.line("const m = r.struct();");
                    unit.read_members(members, "m");
                    unit.code.line(format!(
                        "v = {{ kind: {kind}, value: {} }};",
                        gathered(members)
                    ));
                }
            });
        }
        if closed {
            self.code.line("default: throw r.unknownArm(tag);");
        } else {
            let kind = quoted(unknown_kind(arms));
            self.code.line(format!(
                "default: v = {{ kind: {kind}, tag, body: r.unknownBody(n) }};"
            ));
        }
        self.code.close("}");
        self.code.line("r.leaveSlots(n, 2);");
        self.code.line("return v;");
    }
}

/// The `kind` of an arm that is not known.
const UNKNOWN: &str = "unknown";

/// [`UNKNOWN`], unless the schema has an arm of that name; no name of the schema ends in an underscore here.
fn unknown_kind(arms: &[Arm]) -> &'static str {
    if arms.iter().any(|arm| member(&arm.name) == UNKNOWN) {
        "unknown_"
    } else {
        UNKNOWN
    }
}
