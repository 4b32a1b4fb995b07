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
            ArmBody::Members(members) if members.is_empty() => {
                self.code.line(format!("| {{ kind: {kind}; value: {{}} }}"));
            }
            ArmBody::Members(members) => {
                self.code.open(format!("| {{ kind: {kind}; value: {{"));
                self.member_declarations(members);
                self.code.close("} }");
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
            self.code
                .open(format!("case {}:", quoted(&member(&arm.name))));
            self.code.line(format!("c.member({});", quoted(&arm.name)));
            match &arm.body {
                ArmBody::Nothing => {}
                ArmBody::Type(ty) => self.block(|unit| unit.verify("v.value", ty, 0)),
                ArmBody::Members(members) => {
                    self.block(|unit| unit.verify_members(members, "v.value"))
                }
            }
            self.code.line("break;");
            self.code.dedent();
        }
        if !closed {
            self.code
                .open(format!("case {}:", quoted(unknown_kind(arms))));
            self.code.line("c.unknownArm(v.tag, v.body);");
            self.code.line("break;");
            self.code.dedent();
        }
        self.code.close("}");
        self.code.line("c.leave();");
    }

    /// Statements that may declare variables: a block of their own if they do.
    fn block(&mut self, body: impl FnOnce(&mut Self)) {
        let before = self.code.length();
        body(self);
        let written = self.code.split_off(before);
        if written.contains("let ") || written.contains("const ") {
            self.code.open("{");
            self.code.deeper(&written);
            self.code.close("}");
        } else {
            self.code.verbatim(&written);
        }
    }

    fn write_arms(&mut self, arms: &[Arm], closed: bool) {
        self.code.open("switch (v.kind) {");
        for arm in arms {
            self.code
                .open(format!("case {}:", quoted(&member(&arm.name))));
            let length = if matches!(arm.body, ArmBody::Nothing) {
                1
            } else {
                2
            };
            self.code.line(format!("w.array({length});"));
            self.code.line(format!("w.uint({});", arm.tag));
            match &arm.body {
                ArmBody::Nothing => {}
                ArmBody::Type(ty) => self.block(|unit| unit.write("v.value", ty, 0)),
                ArmBody::Members(members) => {
                    self.block(|unit| unit.write_members(members, "v.value", "n"))
                }
            }
            self.code.line("break;");
            self.code.dedent();
        }
        if !closed {
            self.code
                .open(format!("case {}:", quoted(unknown_kind(arms))));
            self.code.line("w.unknown(v.tag, v.body);");
            self.code.line("break;");
            self.code.dedent();
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
            match &arm.body {
                ArmBody::Nothing => {
                    self.code.open(format!("case {}:", arm.tag));
                    self.code.line("if (n > 1) r.skipSlot();");
                    self.code.line(format!("v = {{ kind: {kind} }};"));
                    self.code.line("break;");
                    self.code.dedent();
                }
                ArmBody::Type(ty) => {
                    self.code.open(format!("case {}: {{", arm.tag));
                    self.code.line(format!("r.body({path}, n);"));
                    let value = self.read_value(ty, "value", 0);
                    let value = if value == "value" {
                        value
                    } else {
                        format!("value: {value}")
                    };
                    self.code.line(format!("v = {{ kind: {kind}, {value} }};"));
                    self.code.line("break;");
                    self.code.close("}");
                }
                ArmBody::Members(members) => {
                    self.code.open(format!("case {}: {{", arm.tag));
                    self.code.line(format!("r.body({path}, n);"));
                    self.code.line("const m = r.struct();");
                    self.read_members(members, "m");
                    self.code.line(format!(
                        "v = {{ kind: {kind}, value: {} }};",
                        gathered(members)
                    ));
                    self.code.line("break;");
                    self.code.close("}");
                }
            }
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
