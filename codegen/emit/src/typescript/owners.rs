//! Components, entities and services: their state, their calls, and the object that describes them.

use playhouse_schema::model::{
    Call, CallKind, Component, ComponentId, Entity, EntityId, EntityKind, Head, Property, Service,
    ServiceId, Slot, Type,
};

use super::Scope;
use super::names::{member, quoted};
use super::scope::args_name;
use super::unit::Unit;

/// What a component, an entity and a service have in common.
struct Owner<'a> {
    head: &'a Head,
    kind: &'static str,
    number: u16,
    properties: Vec<&'a Property>,
    calls: Vec<&'a Call>,
}

impl Unit<'_> {
    /// A component.
    pub(super) fn component(&mut self, id: ComponentId) {
        let component: &Component = &self.model.components[id.0 as usize];
        let owner = Owner {
            head: &component.head,
            kind: "component",
            number: component.number,
            properties: self.scope().properties(&component.properties),
            calls: self.scope().calls(&component.calls),
        };
        self.owner(&owner, |_| {});
    }

    /// An entity.
    pub(super) fn entity(&mut self, id: EntityId) {
        let entity: &Entity = &self.model.entities[id.0 as usize];
        let owner = Owner {
            head: &entity.head,
            kind: "entity",
            number: entity.number,
            properties: self.scope().properties(&entity.properties),
            calls: self.scope().calls(&entity.calls),
        };
        self.owner(&owner, |unit| {
            unit.slots(&entity.slots);
            unit.reference(entity);
        });
    }

    /// A service.
    pub(super) fn service(&mut self, id: ServiceId) {
        let service: &Service = &self.model.services[id.0 as usize];
        let owner = Owner {
            head: &service.head,
            kind: "service",
            number: service.number,
            properties: Vec::new(),
            calls: self.scope().calls(&service.calls),
        };
        self.owner(&owner, |_| {});
    }

    fn owner(&mut self, owner: &Owner<'_>, more: impl FnOnce(&mut Self)) {
        let name = &owner.head.name;
        if !owner.properties.is_empty() {
            self.code.blank();
            self.member_docs(&owner.head.docs, &owner.head.marks);
            self.state(name, &owner.properties);
        }
        self.namespace(owner);
        self.code.blank();
        self.member_docs(&owner.head.docs, &owner.head.marks);
        self.code.open(format!("export const {name} = {{"));
        self.code
            .line(format!("name: {},", quoted(&self.full_name(owner.head))));
        self.code.line(format!("kind: {},", quoted(owner.kind)));
        self.code.line(format!(
            "package: {},",
            self.package_of(owner.head.package).number
        ));
        self.code.line(format!("number: {},", owner.number));
        more(self);
        if !owner.properties.is_empty() {
            self.property_functions(name, &owner.properties);
        }
        if owner.calls.is_empty() {
            self.code.line("calls: {},");
        } else {
            self.code.open("calls: {");
            for call in &owner.calls {
                self.call(name, call);
            }
            self.code.close("},");
        }
        self.code.close("} as const;");
    }

    /// The types that belong to one owner: the change of a property, and the arguments of each call.
    fn namespace(&mut self, owner: &Owner<'_>) {
        let with_args: Vec<&&Call> = owner
            .calls
            .iter()
            .filter(|call| !call.params.is_empty())
            .collect();
        if with_args.is_empty() && owner.properties.is_empty() {
            return;
        }
        let name = &owner.head.name;
        self.code.blank();
        self.code
            .open(format!("export declare namespace {name} {{"));
        if !owner.properties.is_empty() {
            self.change_type(&owner.properties);
        }
        for call in with_args {
            self.code
                .line(format!("/** Arguments of `{}`. */", call.name));
            let args = self.inner_name(&args_name(call));
            self.code.open(format!("interface {args} {{"));
            self.member_declarations(&call.params);
            self.code.close("}");
        }
        self.code.close("}");
    }

    /// A name inside of a namespace, kept clear of this file's own.
    pub(super) fn inner_name(&self, name: &str) -> String {
        if self.declares(name) {
            format!("{name}_")
        } else {
            name.to_owned()
        }
    }

    fn slots(&mut self, slots: &[Slot]) {
        self.code.open("slots: {");
        for slot in slots
            .iter()
            .filter(|slot| self.scope() == Scope::All || !slot.hidden)
            .collect::<Vec<_>>()
        {
            self.member_docs(&slot.docs, &slot.marks);
            let component = self.full_name(&self.model.components[slot.component.0 as usize].head);
            let component = quoted(&component);
            self.code.line(format!(
                "{}: {{ tag: {}, component: {component} }},",
                member(&slot.name),
                slot.tag
            ));
        }
        self.code.close("},");
    }

    /// The function that makes a reference to an entity from its key.
    fn reference(&mut self, entity: &Entity) {
        let mut parameters = Vec::new();
        let mut parts = Vec::new();
        match &entity.kind {
            EntityKind::Local => return,
            EntityKind::Singleton => {}
            EntityKind::PerNode => {
                parameters.push("node: string".to_owned());
                parts.push("node".to_owned());
            }
            EntityKind::Instance => {
                parameters.push("id: bigint".to_owned());
                parts.push("id".to_owned());
            }
            EntityKind::Keyed(key) => {
                for (position, ty) in key.iter().enumerate() {
                    let name = if key.len() == 1 {
                        "key".to_owned()
                    } else {
                        format!("key{}", position + 1)
                    };
                    let text = self.type_text(ty);
                    parts.push(self.key_part(&name, ty));
                    parameters.push(format!("{name}: {text}"));
                }
            }
        }
        let package = self.package_of(entity.head.package).number;
        let target = quoted(&self.full_name(&entity.head));
        let result = self.wire("Ref");
        self.code.line("/** A reference to the entity itself. */");
        self.code.open(format!(
            "ref({}): {result}<{target}> {{",
            parameters.join(", ")
        ));
        self.code.line(format!(
            "return {{ package: {package}, number: {}, slot: 0, key: [{}] }};",
            entity.number,
            parts.join(", ")
        ));
        self.code.close("},");
    }

    /// The part of a key that parameter `name` stands for.
    fn key_part(&self, name: &str, ty: &Type) -> String {
        use playhouse_schema::model::{Int, Shape};
        match (self.plain(ty).shape, self.integer(ty)) {
            (_, Some(Int::U64 | Int::I64)) => name.to_owned(),
            (_, Some(_)) => format!("BigInt({name})"),
            (Shape::Uuid, _) => format!("{{ uuid: {name} }}"),
            _ => name.to_owned(),
        }
    }

    fn call(&mut self, owner: &str, call: &Call) {
        self.member_docs(&call.docs, &call.marks);
        self.code.open(format!("{}: {{", member(&call.name)));
        self.code
            .line(format!("kind: {},", quoted(kind_name(call.kind))));
        self.code.line(format!("tag: {},", call.tag));
        if call.stream {
            self.code.line("stream: true,");
        }
        let all = self.scope() == Scope::All;
        let sends = matches!(call.kind, CallKind::Rpc | CallKind::Oneway);
        let args = (!call.params.is_empty())
            .then(|| format!("{owner}.{}", self.inner_name(&args_name(call))));
        if all || sends {
            self.check_args(args.as_deref(), call);
            self.encode_args(args.as_deref(), call);
        }
        if all || !sends {
            self.decode_args(args.as_deref(), call);
        }
        if let Some(result) = &call.result {
            if all || !sends {
                self.give("Result", result);
            }
            if all || sends {
                self.take("Result", result);
            }
        }
        if let Some(error) = call.throws {
            let error = Type {
                shape: playhouse_schema::model::Shape::Named(error),
                bound: playhouse_schema::model::Bound::None,
                optional: false,
            };
            if all || !sends {
                self.give("Error", &error);
            }
            if all || sends {
                self.take("Error", &error);
            }
        }
        self.code.close("},");
    }

    fn check_args(&mut self, args: Option<&str>, call: &Call) {
        let Some(args) = args else { return };
        let checked = call.params.iter().any(|each| self.is_checked(&each.ty));
        if checked {
            let checker = self.wire_value("Checker");
            let head = format!("checkArgs(v: {args}, c: {checker} = new {checker}()): void {{");
            self.function_end(&head, "},", |unit| unit.verify_members(&call.params, "v"));
        } else {
            let checker = self.wire("Checker");
            self.code
                .line(format!("checkArgs(_v: {args}, _c?: {checker}): void {{}},"));
        }
    }

    fn encode_args(&mut self, args: Option<&str>, call: &Call) {
        let writer = self.wire("Writer");
        let value = args.map_or_else(String::new, |args| format!(", v: {args}"));
        self.function_end(
            &format!("encodeArgs(w: {writer}{value}): void {{"),
            "},",
            |unit| {
                unit.write_members(&call.params, "v", "n");
            },
        );
    }

    fn decode_args(&mut self, args: Option<&str>, call: &Call) {
        let reader = self.wire("Reader");
        let result = args.unwrap_or("void");
        self.function_end(
            &format!("decodeArgs(r: {reader}): {result} {{"),
            "},",
            |unit| {
                unit.code.line("const n = r.struct();");
                unit.read_members(&call.params, "n");
                if args.is_some() {
                    unit.code
                        .line(format!("return {};", super::types::gathered(&call.params)));
                }
            },
        );
    }

    /// `checkResult` and `encodeResult`.
    fn give(&mut self, what: &str, ty: &Type) {
        let text = self.type_text(ty);
        if self.is_checked(ty) {
            let checker = self.wire_value("Checker");
            let head = format!("check{what}(v: {text}, c: {checker} = new {checker}()): void {{");
            self.function_end(&head, "},", |unit| unit.verify("v", ty, 0));
        } else {
            let checker = self.wire("Checker");
            self.code.line(format!(
                "check{what}(_v: {text}, _c?: {checker}): void {{}},"
            ));
        }
        let writer = self.wire("Writer");
        self.function_end(
            &format!("encode{what}(w: {writer}, v: {text}): void {{"),
            "},",
            |unit| {
                unit.write("v", ty, 0);
            },
        );
    }

    /// `decodeResult`.
    fn take(&mut self, what: &str, ty: &Type) {
        let (text, reader) = (self.type_text(ty), self.wire("Reader"));
        self.function_end(
            &format!("decode{what}(r: {reader}): {text} {{"),
            "},",
            |unit| {
                let value = unit.read_value(ty, "v", 0);
                unit.code.line(format!("return {value};"));
            },
        );
    }
}

/// What a call is called in the object that describes it.
const fn kind_name(kind: CallKind) -> &'static str {
    match kind {
        CallKind::Rpc => "rpc",
        CallKind::Oneway => "oneway",
        CallKind::Event => "event",
        CallKind::Timer => "timer",
        CallKind::ClientRpc => "clientRpc",
    }
}
