//! State that arrives as changes: the mirror's type, reading changes, applying them.

use playhouse_schema::model::{Bound, Property, Shape, Type, Value};

use super::Scope;
use super::names::{local, member, quoted};
use super::unit::Unit;

/// How a property changes.
enum Change {
    /// As a map, by key.
    Map(Type, Type),
    /// As a set, by what comes and goes.
    Set(Type),
    /// As a list, by index.
    List(Type),
    /// As a whole.
    Value,
}

impl Unit<'_> {
    /// The interface of an owner's state.
    pub(super) fn state(&mut self, name: &str, properties: &[&Property]) {
        self.code.open(format!("export interface {name} {{"));
        let members: Vec<_> = properties
            .iter()
            .map(|property| property.member.clone())
            .collect();
        self.member_declarations(&members);
        self.code.close("}");
    }

    fn change_of(&self, ty: &Type) -> Change {
        match self.plain(ty).shape {
            _ if ty.optional => Change::Value,
            Shape::Map(key, value) => Change::Map(*key, *value),
            Shape::Set(element) => Change::Set(*element),
            Shape::List(element) => Change::List(*element),
            _ => Change::Value,
        }
    }

    fn change_text(&mut self, change: &Change) -> String {
        match change {
            Change::Map(key, value) => {
                let (key, value) = (self.type_text(key), self.type_text(value));
                format!("{}<{key}, {value}>", self.wire("MapChange"))
            }
            Change::Set(element) => {
                let element = self.type_text(element);
                format!("{}<{element}>", self.wire("SetChange"))
            }
            Change::List(element) => {
                let element = self.type_text(element);
                format!("{}<{element}>", self.wire("ListChange"))
            }
            Change::Value => String::new(),
        }
    }

    /// The type of one property's change, inside of the owner's namespace.
    pub(super) fn change_type(&mut self, properties: &[&Property]) {
        self.code.line("/** What changed of one property. */");
        let name = self.inner_name("Change");
        self.code.open(format!("type {name} ="));
        for property in properties {
            let kind = quoted(&member(&property.member.name));
            let ty = &property.member.ty;
            match self.change_of(ty) {
                Change::Value => {
                    let (mark, text) = (if ty.optional { "?" } else { "" }, self.type_text(ty));
                    self.code
                        .line(format!("| {{ property: {kind}; value{mark}: {text} }}"));
                }
                change => {
                    let text = self.change_text(&change);
                    self.code
                        .line(format!("| {{ property: {kind}; change: {text} }}"));
                }
            }
        }
        self.code.end_statement();
        self.code.dedent();
    }

    /// The table of tags and the functions that read, apply and (in full scope) write changes.
    pub(super) fn property_functions(&mut self, name: &str, properties: &[&Property]) {
        self.code.line("/** Tags of the properties. */");
        let tags: Vec<String> = properties
            .iter()
            .map(|property| format!("{}: {}", member(&property.member.name), property.member.tag))
            .collect();
        self.object("properties: ", &tags, ",");
        let change = format!("{name}.{}", self.inner_name("Change"));
        self.decode_changes(&change, properties);
        if self.scope() == Scope::All {
            self.encode_changes(&change, properties);
        }
        self.apply(name, &change, properties);
        self.decode_snapshot(name, properties);
    }

    fn decode_changes(&mut self, change: &str, properties: &[&Property]) {
        let (reader, set) = (self.wire("Reader"), self.global("Set"));
        self.code
            .line("/** Reads changes, or a snapshot as the changes that lead to it. */");
        self.code
            .open(format!("decodeChanges(r: {reader}): {change}[] {{"));
        self.code.line(format!("const changes: {change}[] = [];"));
        self.code.line(format!("const seen = new {set}<number>();"));
        self.code.line("const n = r.map();");
        self.code.open("for (let i = 0; i < n; i++) {");
        self.code.line("r.clear();");
        self.code.line("const tag = r.u8();");
        self.code.line("if (seen.has(tag)) throw r.duplicate();");
        self.code.line("seen.add(tag);");
        self.code.open("switch (tag) {");
        for property in properties {
            self.code.open(format!("case {}: {{", property.member.tag));
            self.code
                .line(format!("r.member({});", quoted(&property.member.name)));
            let kind = quoted(&member(&property.member.name));
            let ty = &property.member.ty;
            match self.change_of(ty) {
                Change::Value => {
                    let value = self.read_value(ty, "value", 1);
                    let value = if value == "value" {
                        value
                    } else {
                        format!("value: {value}")
                    };
                    self.code
                        .line(format!("changes.push({{ property: {kind}, {value} }});"));
                }
                container => {
                    self.read_change(&container);
                    self.code
                        .line(format!("changes.push({{ property: {kind}, change }});"));
                }
            }
            self.code.line("break;");
            self.code.close("}");
        }
        self.code.open("default:");
        self.code.line("r.skipSlot();");
        self.code.dedent();
        self.code.close("}");
        self.code.close("}");
        self.code.line("r.leave();");
        self.code.line("return changes;");
        self.code.close("},");
    }

    /// Reads the change of a container into `change`.
    fn read_change(&mut self, change: &Change) {
        let text = self.change_text(change);
        let (map, set) = (self.global("Map"), self.global("Set"));
        self.code.line("const m = r.struct();");
        match change {
            Change::Map(key, value) => {
                let seen = self.type_text(key);
                self.code.line("r.require(\"whole\", m > 0);");
                self.code.line(format!(
                    "const change: {text} = {{ whole: r.bool(), set: new {map}(), removed: [] }};"
                ));
                self.code.line(format!("const keys = new {set}<{seen}>();"));
                self.code.line("r.require(\"entries\", m > 1);");
                self.code.line("const length1 = r.map();");
                self.code.open("for (let i1 = 0; i1 < length1; i1++) {");
                self.code.line("r.index(i1);");
                self.read_into("key1", key, 2);
                self.code.line("if (keys.has(key1)) throw r.duplicate();");
                self.code.line("keys.add(key1);");
                self.code.line("r.key(key1);");
                self.code.open("if (r.nil()) {");
                self.code.line("change.removed.push(key1);");
                self.code.between("} else {");
                let value = self.read_value(value, "value1", 2);
                self.code.line(format!("change.set.set(key1, {value});"));
                self.code.close("}");
                self.code.close("}");
                self.code.line("r.leave();");
                self.code.line("r.leaveSlots(m, 2);");
            }
            Change::Set(element) => {
                self.code.line("r.require(\"whole\", m > 0);");
                self.code.line(format!(
                    "const change: {text} = {{ whole: r.bool(), added: [], removed: [] }};"
                ));
                let seen = self.type_text(element);
                self.code.line(format!("const keys = new {set}<{seen}>();"));
                for (slot, list) in [(1, "added"), (2, "removed")] {
                    self.code
                        .line(format!("r.require(\"{list}\", m > {slot});"));
                    self.code.open(format!(
                        "for (let i1 = 0, length1 = r.set(); i1 < length1; i1++) {{"
                    ));
                    self.code.line("r.index(i1);");
                    self.read_into("item1", element, 2);
                    self.code.line("if (keys.has(item1)) throw r.duplicate();");
                    self.code.line("keys.add(item1);");
                    self.code.line(format!("change.{list}.push(item1);"));
                    self.code.close("}");
                    self.code.line("r.leave();");
                }
                self.code.line("r.leaveSlots(m, 3);");
            }
            Change::List(element) => {
                self.code.line("r.require(\"length\", m > 0);");
                self.code.line(format!(
                    "const change: {text} = {{ length: r.u32(), set: new {map}() }};"
                ));
                self.code.line("r.require(\"elements\", m > 1);");
                self.code.line("const length1 = r.map();");
                self.code.open("for (let i1 = 0; i1 < length1; i1++) {");
                self.code.line("r.clear();");
                self.code.line("const key1 = r.u32();");
                self.code
                    .line("if (change.set.has(key1)) throw r.duplicate();");
                self.code.line("r.index(key1);");
                let value = self.read_value(element, "item1", 2);
                self.code.line(format!("change.set.set(key1, {value});"));
                self.code.close("}");
                self.code.line("r.leave();");
                self.code.line("r.leaveSlots(m, 2);");
            }
            Change::Value => {}
        }
    }

    fn encode_changes(&mut self, change: &str, properties: &[&Property]) {
        let writer = self.wire("Writer");
        let tags = "(a, b) => this.properties[a.property] - this.properties[b.property]"
            .replace("this", &owner_of(change));
        self.code
            .line("/** Writes changes, one of each property at most. */");
        self.code.open(format!(
            "encodeChanges(w: {writer}, changes: readonly {change}[]): void {{"
        ));
        self.code.line("w.map(changes.length);");
        self.code
            .open(format!("for (const c of [...changes].sort({tags})) {{"));
        self.code.open("switch (c.property) {");
        for property in properties {
            self.code.open(format!(
                "case {}: {{",
                quoted(&member(&property.member.name))
            ));
            self.code.line(format!("w.uint({});", property.member.tag));
            match self.change_of(&property.member.ty) {
                Change::Value => self.write("c.value", &property.member.ty, 0),
                container => self.write_change(&container),
            }
            self.code.line("break;");
            self.code.close("}");
        }
        self.code.close("}");
        self.code.close("}");
        self.code.close("},");
    }

    fn write_change(&mut self, change: &Change) {
        match change {
            Change::Map(key, value) => {
                self.code.line("w.array(2);");
                self.code.line("w.bool(c.change.whole);");
                self.code
                    .line("w.map(c.change.set.size + c.change.removed.length);");
                let sorted = self.sorted(key, "[...c.change.set.keys(), ...c.change.removed]");
                self.code.open(format!("for (const key of {sorted}) {{"));
                self.write("key", key, 1);
                self.code.line("const value = c.change.set.get(key);");
                self.write(
                    "value",
                    &Type {
                        optional: true,
                        ..value.clone()
                    },
                    1,
                );
                self.code.close("}");
            }
            Change::Set(element) => {
                self.code.line("w.array(3);");
                self.code.line("w.bool(c.change.whole);");
                for list in ["added", "removed"] {
                    self.code.line(format!("w.array(c.change.{list}.length);"));
                    let sorted = self.sorted(element, &format!("c.change.{list}"));
                    self.code.open(format!("for (const item of {sorted}) {{"));
                    self.write("item", element, 1);
                    self.code.close("}");
                }
            }
            Change::List(element) => {
                self.code.line("w.array(2);");
                self.code.line("w.uint(c.change.length);");
                self.code.line("w.map(c.change.set.size);");
                let sorted = self.wire_value("sortedNumbers");
                let text = self.type_text(element);
                self.code.open(format!(
                    "for (const key of {sorted}(c.change.set.keys())) {{"
                ));
                self.code.line("w.uint(key);");
                self.code
                    .line(format!("const item = c.change.set.get(key) as {text};"));
                self.write("item", element, 1);
                self.code.close("}");
            }
            Change::Value => {}
        }
    }

    fn apply(&mut self, name: &str, change: &str, properties: &[&Property]) {
        self.code.line("/** Applies changes to `state` in place: all of them, or none if one breaks a bound. */");
        self.code.open(format!(
            "apply(state: {name}, changes: readonly {change}[]): void {{"
        ));
        let containers: Vec<(&Property, &str)> = properties
            .iter()
            .filter_map(|property| match self.change_of(&property.member.ty) {
                Change::Map(..) => Some((*property, "Map")),
                Change::Set(_) => Some((*property, "Set")),
                Change::List(_) => Some((*property, "List")),
                Change::Value => None,
            })
            .collect();
        if !containers.is_empty() {
            self.code.open("for (const c of changes) {");
            self.code.open("switch (c.property) {");
            for (property, kind) in &containers {
                let (min, max) = match self.plain(&property.member.ty).bound {
                    Bound::Length { min, max } => (
                        min,
                        max.map_or_else(|| self.global("Infinity"), |max| max.to_string()),
                    ),
                    _ => (0, self.global("Infinity")),
                };
                let (field, check) = (
                    member(&property.member.name),
                    self.wire_value(&format!("check{kind}Change")),
                );
                let path = quoted(&property.member.name);
                self.code.open(format!("case {}:", quoted(&field)));
                self.code.line(format!(
                    "{check}({path}, state.{field}, c.change, {min}, {max});"
                ));
                self.code.line("break;");
                self.code.dedent();
            }
            self.code.close("}");
            self.code.close("}");
        }
        self.code.open("for (const c of changes) {");
        self.code.open("switch (c.property) {");
        for property in properties {
            let field = member(&property.member.name);
            self.code.open(format!("case {}:", quoted(&field)));
            match containers
                .iter()
                .find(|(container, _)| container.member.tag == property.member.tag)
            {
                Some((_, kind)) => {
                    let apply = self.wire_value(&format!("apply{kind}Change"));
                    self.code.line(format!("{apply}(state.{field}, c.change);"));
                }
                None => self.code.line(format!("state.{field} = c.value;")),
            }
            self.code.line("break;");
            self.code.dedent();
        }
        self.code.close("}");
        self.code.close("}");
        self.code.close("},");
    }

    fn decode_snapshot(&mut self, name: &str, properties: &[&Property]) {
        let reader = self.wire("Reader");
        self.code.line("/** Reads a snapshot: the whole state. */");
        self.code
            .open(format!("decodeSnapshot(r: {reader}): {name} {{"));
        self.code
            .line(format!("const changes = {name}.decodeChanges(r);"));
        let mut fields = Vec::new();
        for property in properties {
            let each = &property.member;
            let (field, variable) = (member(&each.name), local(&each.name));
            let ty = &each.ty;
            match (&each.default, self.change_of(ty)) {
                (Some(default), _) => {
                    let value = if *default == Value::Empty {
                        self.empty(&self.plain(ty).shape)
                    } else {
                        self.literal(ty, default)
                    };
                    fields.push(format!("{field}: {value}"));
                }
                (None, Change::Value) => {
                    let text = self.type_text(ty);
                    self.code
                        .line(format!("let {variable}: {text} | undefined;"));
                    self.code.line(format!(
                        "for (const c of changes) if (c.property === {}) {variable} = c.value;",
                        quoted(&field)
                    ));
                    self.code.line(format!(
                        "if ({variable} === undefined) throw r.missing({});",
                        quoted(&each.name)
                    ));
                    fields.push(if field == variable {
                        field
                    } else {
                        format!("{field}: {variable}")
                    });
                }
                (None, _) => {
                    self.code.line(format!(
                        "if (!changes.some((c) => c.property === {})) throw r.missing({});",
                        quoted(&field),
                        quoted(&each.name)
                    ));
                    fields.push(format!("{field}: {}", self.empty(&self.plain(ty).shape)));
                }
            }
        }
        self.object(&format!("const state: {name} = "), &fields, ";");
        self.code.line(format!("{name}.apply(state, changes);"));
        self.code.line("return state;");
        self.code.close("},");
    }
}

/// The owner in `Owner.Change`.
fn owner_of(change: &str) -> String {
    change.split('.').next().unwrap_or(change).to_owned()
}
