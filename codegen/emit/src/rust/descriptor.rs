//! The descriptor: what the schema says, as statics of one file in a module that rustfmt leaves alone.
//!
//! Long because it is one flat list: how each element of the model is written down, one function each.

use std::fmt::Write as _;

use playhouse_schema::model::{
    Arm, ArmBody, Audience, Bound, Call, CallKind, Const, Entity, EntityKind, Head, Item, Marks,
    Member, Property, RefTarget, Shape, Slot, Type, TypeDef, TypeKind, Value,
};

use crate::Options;

use super::scope::Scope;
use super::text::Text;
use super::types::int_name;
use super::values::hexadecimal;

/// The module `descriptor` of a file.
pub(super) fn emit(scope: &Scope<'_>, text: &mut Text) {
    text.line("/// What the schema says, for use at run time.");
    text.line("#[rustfmt::skip]");
    text.open("pub mod descriptor {");
    text.line("use super::v1;");
    text.line("use super::v1::descriptor::*;");
    text.gap();
    let path = &scope.module.path;
    let docs = joined(&scope.module.docs);
    let mut declarations = String::new();
    for item in &scope.module.items {
        let name = scope.descriptor(*item);
        let kind = match item {
            Item::Type(_) => "Type",
            Item::Const(_) => "Const",
            Item::Role(_) => "Role",
            Item::Audience(_) => "Audience",
            Item::Component(_) => "Component",
            Item::Entity(_) => "Entity",
            Item::Service(_) => "Service",
        };
        let _ = write!(declarations, "Declaration::{kind}(&{name}), ");
    }
    let declarations = declarations.trim_end_matches(", ");
    text.line(&format!(
        "pub static MODULE: Module = Module {{ path: {path:?}, docs: {docs:?}, declarations: &[{declarations}] }};"
    ));
    for item in &scope.module.items {
        text.gap();
        Describing { scope }.item(text, *item);
    }
    text.close("}");
}

fn joined(docs: &[String]) -> String {
    docs.join("\n")
}

struct Describing<'s, 'm> {
    scope: &'s Scope<'m>,
}

impl Describing<'_, '_> {
    fn item(&self, text: &mut Text, item: Item) {
        let model = self.scope.model();
        let name = self.scope.descriptor(item);
        match item {
            Item::Type(id) => self.type_def(text, &name, model.type_def(id)),
            Item::Const(id) => self.constant(text, &name, &model.consts[id.0 as usize]),
            Item::Role(id) => {
                let head = self.head(&model.roles[id.0 as usize].head);
                text.line(&format!(
                    "pub static {name}: Role = Role {{ head: {head} }};"
                ));
            }
            Item::Audience(id) => {
                let audience = &model.audiences[id.0 as usize];
                let head = self.head(&audience.head);
                let param = optional(audience.param.as_ref().map(|ty| self.used(ty)));
                text.line(&format!(
                    "pub static {name}: AudienceKind = AudienceKind {{ head: {head}, param: {param} }};"
                ));
            }
            Item::Component(id) => {
                let component = &model.components[id.0 as usize];
                let requires: Vec<String> = component
                    .requires
                    .iter()
                    .map(|id| format!("&{}", self.scope.descriptor(Item::Component(*id))))
                    .collect();
                text.open(&format!("pub static {name}: Component = Component {{"));
                text.line(&format!("head: {},", self.head(&component.head)));
                text.line(&format!(
                    "package: {},",
                    self.package_number(&component.head)
                ));
                text.line(&format!("number: {},", component.number));
                text.line(&format!("requires: &[{}],", requires.join(", ")));
                self.properties(text, &component.properties);
                self.calls(text, &component.calls);
                text.line(&format!("digest: {},", hexadecimal(component.digest)));
                text.close("};");
            }
            Item::Entity(id) => self.entity(text, &name, &model.entities[id.0 as usize]),
            Item::Service(id) => {
                let service = &model.services[id.0 as usize];
                let role = self.scope.descriptor(Item::Role(service.role));
                text.open(&format!("pub static {name}: Service = Service {{"));
                text.line(&format!("head: {},", self.head(&service.head)));
                text.line(&format!("package: {},", self.package_number(&service.head)));
                text.line(&format!("number: {},", service.number));
                text.line(&format!("role: &{role},"));
                self.calls(text, &service.calls);
                text.line(&format!("deadline_us: {:?},", service.deadline_us));
                text.line(&format!("digest: {},", hexadecimal(service.digest)));
                text.close("};");
            }
        }
    }

    fn constant(&self, text: &mut Text, name: &str, constant: &Const) {
        let (head, ty) = (self.head(&constant.head), self.used(&constant.ty));
        let value = value(&constant.value);
        text.line(&format!(
            "pub static {name}: Const = Const {{ head: {head}, ty: {ty}, value: {value} }};"
        ));
    }

    fn type_def(&self, text: &mut Text, name: &str, def: &TypeDef) {
        let head = self.head(&def.head);
        let digest = hexadecimal(def.digest);
        let open = format!("pub static {name}: Type = Type::new({head}, {digest},");
        match &def.kind {
            TypeKind::Struct { members, .. } => {
                text.open(&format!("{open} Kind::Struct(&["));
                self.members(text, members);
                text.close("]));");
            }
            TypeKind::Enum {
                repr,
                closed,
                values,
                ..
            } => {
                let repr = int_name(*repr).to_uppercase();
                text.open(&format!(
                    "{open} Kind::Enum {{ repr: Int::{repr}, closed: {closed}, values: &["
                ));
                for value in values {
                    let more = described(&value.docs, &value.marks);
                    text.line(&format!(
                        "EnumValue::new({}, {:?}){more},",
                        value.number, value.name
                    ));
                }
                text.close("] });");
            }
            TypeKind::Flags { repr, flags, .. } => {
                let repr = int_name(*repr).to_uppercase();
                text.open(&format!(
                    "{open} Kind::Flags {{ repr: Int::{repr}, flags: &["
                ));
                for flag in flags {
                    let new = if flag.bit.is_some() {
                        "new"
                    } else {
                        "combined"
                    };
                    let more = described(&flag.docs, &flag.marks);
                    text.line(&format!(
                        "Flag::{new}({:#x}, {:?}){more},",
                        flag.bits, flag.name
                    ));
                }
                text.close("] });");
            }
            TypeKind::Union { closed, arms, .. } => {
                text.open(&format!("{open} Kind::Union {{ closed: {closed}, arms: &["));
                self.arms(text, arms);
                text.close("] });");
            }
            TypeKind::Error { arms, .. } => {
                text.open(&format!("{open} Kind::Error(&["));
                self.arms(text, arms);
                text.close("]));");
            }
            TypeKind::Newtype { inner, default } => {
                let inner = self.used(inner);
                let default = optional(default.as_ref().map(value));
                text.line(&format!(
                    "{open} Kind::Newtype {{ inner: {inner}, default: {default} }});"
                ));
            }
        }
    }

    fn arms(&self, text: &mut Text, arms: &[Arm]) {
        for arm in arms {
            let more = described(&arm.docs, &arm.marks);
            let open = format!("Arm::new({}, {:?}, Body::", arm.tag, arm.name);
            match &arm.body {
                ArmBody::Nothing => text.line(&format!("{open}Nothing){more},")),
                ArmBody::Type(ty) => {
                    text.line(&format!("{open}Value({})){more},", self.used(ty)));
                }
                ArmBody::Members(members) => {
                    text.open(&format!("{open}Members(&["));
                    self.members(text, members);
                    text.close(&format!("])){more},"));
                }
            }
        }
    }

    fn members(&self, text: &mut Text, members: &[Member]) {
        for member in members {
            text.line(&format!("{},", self.member(member)));
        }
    }

    fn member(&self, member: &Member) -> String {
        let ty = self.used(&member.ty);
        let default = match &member.default {
            Some(default) => format!(".or({})", value(default)),
            None => String::new(),
        };
        let more = described(&member.docs, &member.marks);
        format!(
            "Member::new({}, {:?}, {ty}){default}{more}",
            member.tag, member.name
        )
    }

    fn used(&self, ty: &Type) -> String {
        let mut used = match &ty.shape {
            Shape::Bool => "Use::BOOL".to_owned(),
            Shape::Int(int) => format!("Use::{}", int_name(*int).to_uppercase()),
            Shape::F32 => "Use::F32".to_owned(),
            Shape::F64 => "Use::F64".to_owned(),
            Shape::String => "Use::STRING".to_owned(),
            Shape::Bytes => "Use::BYTES".to_owned(),
            Shape::Timestamp => "Use::TIMESTAMP".to_owned(),
            Shape::Duration => "Use::DURATION".to_owned(),
            Shape::Uuid => "Use::UUID".to_owned(),
            Shape::List(element) => format!("Use::list(&{})", self.used(element)),
            Shape::Set(element) => format!("Use::set(&{})", self.used(element)),
            Shape::Map(key, value) => {
                format!("Use::map(&{}, &{})", self.used(key), self.used(value))
            }
            Shape::Ref(RefTarget::Entity(id)) => {
                format!("Use::entity(&{})", self.scope.descriptor(Item::Entity(*id)))
            }
            Shape::Ref(RefTarget::Component(id)) => {
                format!(
                    "Use::component(&{})",
                    self.scope.descriptor(Item::Component(*id))
                )
            }
            Shape::Named(id) => {
                format!("Use::named(&{})", self.scope.descriptor(Item::Type(*id)))
            }
        };
        match &ty.bound {
            Bound::None => {}
            Bound::Int { min, max } => {
                let _ = write!(used, ".int({min}, {max})");
            }
            Bound::Float { min, max } => {
                let _ = write!(used, ".float({}, {})", float(*min), float(*max));
            }
            Bound::Length { min, max } => {
                let max = max.map_or_else(|| "u32::MAX".to_owned(), |max| max.to_string());
                let _ = write!(used, ".length({min}, {max})");
            }
        }
        if ty.optional {
            used.push_str(".optional()");
        }
        used
    }

    fn package_number(&self, declaration: &Head) -> u16 {
        self.scope.model().packages[declaration.package.0 as usize].number
    }

    fn head(&self, declaration: &Head) -> String {
        let package = &self.scope.model().packages[declaration.package.0 as usize].name;
        let more = described(&declaration.docs, &declaration.marks);
        let (name, path, line) = (&declaration.name, &declaration.path, declaration.line);
        format!("Head::new({package:?}, {name:?}, {path:?}, {line}){more}")
    }

    fn entity(&self, text: &mut Text, name: &str, entity: &Entity) {
        let kind = match &entity.kind {
            EntityKind::Keyed(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| self.used(part)).collect();
                format!("Keyed(&[{}])", parts.join(", "))
            }
            EntityKind::Instance => "Instance".to_owned(),
            EntityKind::Singleton => "Singleton".to_owned(),
            EntityKind::PerNode => "PerNode".to_owned(),
            EntityKind::Local => match entity.container {
                Some(id) => {
                    let container = self.scope.descriptor(Item::Entity(id));
                    format!("Local(Container(&{container}))")
                }
                None => "Singleton".to_owned(),
            },
        };
        let role = optional(
            entity
                .role
                .map(|id| format!("&{}", self.scope.descriptor(Item::Role(id)))),
        );
        text.open(&format!("pub static {name}: Entity = Entity {{"));
        text.line(&format!("head: {},", self.head(&entity.head)));
        text.line(&format!("package: {},", self.package_number(&entity.head)));
        text.line(&format!("number: {},", entity.number));
        text.line(&format!("kind: EntityKind::{kind},"));
        text.line(&format!("role: {role},"));
        text.open("slots: &[");
        for slot in &entity.slots {
            text.line(&format!("{},", self.slot(slot)));
        }
        text.close("],");
        self.properties(text, &entity.properties);
        self.calls(text, &entity.calls);
        text.line(&format!("deadline_us: {:?},", entity.deadline_us));
        text.line(&format!("tick_us: {:?},", entity.tick_us));
        text.line(&format!("digest: {},", hexadecimal(entity.digest)));
        text.close("};");
    }

    fn slot(&self, slot: &Slot) -> String {
        let component = self.scope.descriptor(Item::Component(slot.component));
        let mut text = format!("Slot::new({}, {:?}, &{component})", slot.tag, slot.name);
        if let Some(audience) = slot.sync {
            let _ = write!(text, ".sync({})", self.audience(audience));
        }
        if slot.transient {
            text.push_str(".transient()");
        }
        if slot.hidden {
            text.push_str(".hidden()");
        }
        text.push_str(&described(&slot.docs, &slot.marks));
        text
    }

    fn audience(&self, audience: Audience) -> String {
        match audience {
            Audience::Owner => "Audience::Owner".to_owned(),
            Audience::All => "Audience::All".to_owned(),
            Audience::Others => "Audience::Others".to_owned(),
            Audience::Near => "Audience::Near".to_owned(),
            Audience::Named(id) => {
                format!(
                    "Audience::Named(&{})",
                    self.scope.descriptor(Item::Audience(id))
                )
            }
        }
    }

    fn properties(&self, text: &mut Text, properties: &[Property]) {
        text.open("properties: &[");
        for property in properties {
            text.line(&format!("{},", self.property(property)));
        }
        text.close("],");
    }

    fn property(&self, property: &Property) -> String {
        let mut text = format!("Property::new({})", self.member(&property.member));
        match property.persist.as_ref().map(|persist| persist.every_us) {
            None => {}
            Some(None) => text.push_str(".persist()"),
            Some(Some(micros)) => {
                let _ = write!(text, ".persist_every_us({micros})");
            }
        }
        if let Some(sync) = &property.sync {
            let _ = write!(text, ".sync(Sync::to({})", self.audience(sync.audience));
            if sync.latest {
                text.push_str(".latest()");
            }
            if let Some(micros) = sync.every_us {
                let _ = write!(text, ".every_us({micros})");
            }
            if let Some(step) = sync.quantize {
                let _ = write!(text, ".quantize({step:?})");
            }
            if let Some(range) = sync.within {
                let _ = write!(text, ".within({range:?})");
            }
            text.push(')');
        }
        for (is_set, mark) in [
            (property.position, ".position()"),
            (property.unique, ".unique()"),
            (property.index, ".index()"),
            (property.handoff, ".handoff()"),
        ] {
            if is_set {
                text.push_str(mark);
            }
        }
        if property.priority != 0 {
            let _ = write!(text, ".priority({})", property.priority);
        }
        text
    }

    fn calls(&self, text: &mut Text, calls: &[Call]) {
        text.open("calls: &[");
        for call in calls {
            text.line(&format!("{},", self.call(call)));
        }
        text.close("],");
    }

    fn call(&self, call: &Call) -> String {
        let kind = match call.kind {
            CallKind::Rpc => "Rpc",
            CallKind::Oneway => "Oneway",
            CallKind::Event => "Event",
            CallKind::Timer => "Timer",
            CallKind::ClientRpc => "ClientRpc",
        };
        let mut text = format!("Call::new(CallKind::{kind}, {}, {:?})", call.tag, call.name);
        if !call.params.is_empty() {
            let params: Vec<String> = call.params.iter().map(|param| self.member(param)).collect();
            let _ = write!(text, ".params(&[{}])", params.join(", "));
        }
        if let Some(result) = &call.result {
            let method = if call.stream { "stream" } else { "result" };
            let _ = write!(text, ".{method}({})", self.used(result));
        }
        if let Some(id) = call.throws {
            let _ = write!(text, ".throws(&{})", self.scope.descriptor(Item::Type(id)));
        }
        if !call.to.is_empty() {
            let to: Vec<String> = call.to.iter().map(|to| self.audience(*to)).collect();
            let _ = write!(text, ".to(&[{}])", to.join(", "));
        }
        if let Some(exposed) = &call.exposed {
            let audience = optional(
                exposed
                    .audience
                    .map(|id| format!("&{}", self.scope.descriptor(Item::Audience(id)))),
            );
            let _ = write!(
                text,
                ".exposed(Exposed {{ count: {}, per_us: {}, burst: {}, guest: {}, audience: {audience} }})",
                exposed.count, exposed.per_us, exposed.burst, exposed.guest
            );
        }
        if let Some(micros) = call.deadline_us {
            let _ = write!(text, ".deadline_us({micros})");
        }
        if let Some(micros) = call.expires_us {
            let _ = write!(text, ".expires_us({micros})");
        }
        for (is_set, mark) in [
            (call.idempotent, ".idempotent()"),
            (call.committed, ".committed()"),
            (call.durable, ".durable()"),
            (call.unreliable, ".unreliable()"),
        ] {
            if is_set {
                text.push_str(mark);
            }
        }
        text.push_str(&described(&call.docs, &call.marks));
        text
    }
}

fn optional(value: Option<String>) -> String {
    value.map_or_else(|| "None".to_owned(), |value| format!("Some({value})"))
}

/// `.docs(..)` and `.attributes(..)`, where there are any.
fn described(docs: &[String], marks: &Marks) -> String {
    let mut text = String::new();
    if !docs.is_empty() {
        let _ = write!(text, ".docs({:?})", joined(docs));
    }
    if *marks == Marks::default() {
        return text;
    }
    text.push_str(".attributes(Attributes::NONE");
    if let Some(note) = &marks.deprecated {
        let _ = write!(text, ".deprecated({note:?})");
    }
    if let Some(release) = marks.since {
        let _ = write!(text, ".since({release})");
    }
    if !marks.was.is_empty() {
        let _ = write!(text, ".was(&{:?})", marks.was);
    }
    if marks.internal {
        text.push_str(".internal()");
    }
    if marks.redact {
        text.push_str(".redact()");
    }
    if !marks.ui.is_empty() {
        let ui: Vec<String> = marks
            .ui
            .iter()
            .map(|(name, it)| format!("({name:?}, {})", value(it)))
            .collect();
        let _ = write!(text, ".ui(&[{}])", ui.join(", "));
    }
    text.push(')');
    text
}

fn value(value: &Value) -> String {
    match value {
        Value::None => "Value::None".to_owned(),
        Value::Bool(it) => format!("Value::Bool({it})"),
        Value::Int(it) => format!("Value::Int({it})"),
        Value::Float(it) => format!("Value::Float({})", float(*it)),
        Value::String(it) => format!("Value::String({it:?})"),
        Value::Flags(it) => format!("Value::Flags({it:#x})"),
        Value::Empty => "Value::Empty".to_owned(),
        Value::Repeat(count, it) => format!("Value::Repeat({count}, &{})", self::value(it)),
        Value::Struct => "Value::Struct".to_owned(),
    }
}

fn float(value: f64) -> String {
    if value == f64::INFINITY {
        "f64::INFINITY".to_owned()
    } else if value == f64::NEG_INFINITY {
        "f64::NEG_INFINITY".to_owned()
    } else {
        format!("{value:?}")
    }
}

/// The descriptor of the whole schema, for the root.
pub(super) fn schema(
    runtime: &str,
    digest: u64,
    options: &Options,
    packages: &[(String, u16, Vec<String>)],
) -> Text {
    let types = format!("::{runtime}::__private::v1::descriptor");
    let mut text = Text::default();
    text.line("/// The whole schema, for use at run time.");
    text.line("#[allow(dead_code, unreachable_pub, reason = \"not every program asks for it\")]");
    text.line("#[rustfmt::skip]");
    text.open(&format!(
        "pub static SCHEMA: {types}::Schema = {types}::Schema {{"
    ));
    text.line(&format!("digest: {},", hexadecimal(digest)));
    text.line(&format!("release: {},", options.release));
    text.line(&format!("readable_since: {},", options.readable_since));
    if options.past.is_empty() {
        text.line("past: &[],");
    } else {
        text.open("past: &[");
        for ((package, number), past) in &options.past {
            let digests: Vec<String> = past.digests.iter().map(|it| hexadecimal(*it)).collect();
            let digests = digests.join(", ");
            let breaks = past.breaks.iter().map(|it| {
                format!(
                    "{types}::Break {{ release: {}, member: {:?}, cell: {:?} }}",
                    it.release, it.member, it.cell
                )
            });
            let breaks = breaks.collect::<Vec<_>>().join(", ");
            text.line(&format!(
                "{types}::Past {{ package: {package}, number: {number}, digests: &[{digests}], breaks: &[{breaks}] }},"
            ));
        }
        text.close("],");
    }
    text.open("packages: &[");
    for (name, number, modules) in packages {
        text.line(&format!(
            "{types}::Package {{ name: {name:?}, number: {number}, modules: &[{}] }},",
            modules.join(", ")
        ));
    }
    text.close("],");
    text.close("};");
    text
}
