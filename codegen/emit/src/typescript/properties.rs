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
            self.snapshot(name, &change, properties);
        }
        self.apply(name, &change, properties);
        self.decode_snapshot(name, properties);
    }

    fn decode_changes(&mut self, change: &str, properties: &[&Property]) {
        let reader = self.wire("Reader");
        self.code
            .line("/** Reads changes, or a snapshot as the changes that lead to it. */");
        self.code
            .open(format!("decodeChanges(r: {reader}): {change}[] {{"));
        self.code.line(format!("const changes: {change}[] = [];"));
        self.code.line("const seen = new Set<number>();");
        self.code.line("const n = r.map();");
        self.code.open("for (let i = 0; i < n; i++) {");
        self.code.line("r.clear();");
        self.code.line("const tag = r.u8();");
        self.code
            .line("if (seen.has(tag)) throw r.duplicateKey(tag);");
        self.code.line("seen.add(tag);");
        self.code.open("switch (tag) {");
        for property in properties {
            let kind = quoted(&member(&property.member.name));
            let ty = &property.member.ty;
            self.case(&property.member.tag.to_string(), |unit| {
                unit.code
                    .line(format!("r.member({});", quoted(&property.member.name)));
                let read = match unit.change_of(ty) {
                    Change::Value => match unit.read_value(ty, "value", 1) {
                        value if value == "value" => value,
                        value => format!("value: {value}"),
                    },
                    container => format!("change: {}", unit.change_read(&container)),
                };
                unit.code
                    .line(format!("changes.push({{ property: {kind}, {read} }});"));
            });
        }
        self.code.open("default:");
        self.code.line("seen.delete(tag);");
        self.code.line("r.skipSlot();");
        self.code.dedent();
        self.code.close("}");
        self.code.close("}");
        self.code.line("r.leave();");
        self.code.line("return changes;");
        self.code.close("},");
    }

    /// The expression that reads the change of a container.
    fn change_read(&mut self, change: &Change) -> String {
        match change {
            Change::Map(key, value) => {
                let function = self.wire_value("readMapChange");
                let (key, value) = (self.reader_of(key), self.reader_of(value));
                format!("{function}(r, {key}, {value})")
            }
            Change::Set(element) => {
                let function = self.wire_value("readSetChange");
                format!("{function}(r, {})", self.reader_of(element))
            }
            Change::List(element) => {
                let function = self.wire_value("readListChange");
                format!("{function}(r, {})", self.reader_of(element))
            }
            Change::Value => String::new(),
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
            self.case(&quoted(&member(&property.member.name)), |unit| {
                unit.code.line(format!("w.uint({});", property.member.tag));
                match unit.change_of(&property.member.ty) {
                    Change::Value => unit.write("c.value", &property.member.ty, 0),
                    container => unit.write_change(&container),
                }
            });
        }
        self.code.close("}");
        self.code.close("}");
        self.code.close("},");
    }

    /// The function that turns a state into changes, to be written.
    fn snapshot(&mut self, name: &str, change: &str, properties: &[&Property]) {
        self.code
            .line("/** The whole state, as the changes that lead to it. */");
        self.code
            .open(format!("snapshot(state: {name}): {change}[] {{"));
        self.code.open("return [");
        for property in properties {
            let field = member(&property.member.name);
            let kind = quoted(&field);
            let what = match self.change_of(&property.member.ty) {
                Change::Map(..) => {
                    format!("change: {{ whole: true, set: state.{field}, removed: [] }}")
                }
                Change::Set(_) => {
                    format!("change: {{ whole: true, added: [...state.{field}], removed: [] }}")
                }
                Change::List(_) => {
                    format!(
                        "change: {{ length: state.{field}.length, set: new Map(state.{field}.entries()) }}"
                    )
                }
                Change::Value => format!("value: state.{field}"),
            };
            self.code.line(format!("{{ property: {kind}, {what} }},"));
        }
        self.code.close("];");
        self.code.close("},");
    }

    fn write_change(&mut self, change: &Change) {
        let line = match change {
            Change::Map(key, value) => {
                let (function, sorter) = (self.wire_value("writeMapChange"), self.sorter_of(key));
                let (key, value) = (self.writer_of(key), self.writer_of(value));
                format!("{function}(w, c.change, {sorter}, {key}, {value});")
            }
            Change::Set(element) => {
                let (function, sorter) =
                    (self.wire_value("writeSetChange"), self.sorter_of(element));
                format!(
                    "{function}(w, c.change, {sorter}, {});",
                    self.writer_of(element)
                )
            }
            Change::List(element) => {
                let function = self.wire_value("writeListChange");
                format!("{function}(w, c.change, {});", self.writer_of(element))
            }
            Change::Value => return,
        };
        self.code.line(line);
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
                self.case(&quoted(&member(&property.member.name)), |unit| {
                    unit.check_change(property, kind)
                });
            }
            self.code.close("}");
            self.code.close("}");
        }
        self.code.open("for (const c of changes) {");
        self.code.open("switch (c.property) {");
        for property in properties {
            let field = member(&property.member.name);
            let mut containers = containers.iter();
            let container =
                containers.find(|(container, _)| container.member.tag == property.member.tag);
            self.case(&quoted(&field), |unit| match container {
                Some((_, kind)) => {
                    let apply = unit.wire_value(&format!("apply{kind}Change"));
                    unit.code.line(format!("{apply}(state.{field}, c.change);"));
                }
                None => unit.code.line(format!("state.{field} = c.value;")),
            });
        }
        self.code.close("}");
        self.code.close("}");
        self.code.close("},");
    }

    /// The statement that throws if a container's change breaks its bound.
    fn check_change(&mut self, property: &Property, kind: &str) {
        let (min, max) = match self.plain(&property.member.ty).bound {
            Bound::Length {
                min,
                max: Some(max),
            } => (min, max.to_string()),
            Bound::Length { min, max: None } => (min, "Infinity".to_owned()),
            _ => (0, "Infinity".to_owned()),
        };
        let (field, path) = (member(&property.member.name), quoted(&property.member.name));
        let check = self.wire_value(&format!("check{kind}Change"));
        self.code.line(format!(
            "{check}({path}, state.{field}, c.change, {min}, {max});"
        ));
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
