//! Fields, arms, values, parameters, properties and calls, with their tags and names.

use playhouse_syntax::{
    Span,
    ast::{self, ArmBody as WrittenBody, CallWord, DeclarationKind, Name, Number, ReservedItem},
};

use super::{
    Checker, Work,
    attributes::{Arg, Attributes},
    names::SymbolKind,
    types::Place,
};
use crate::{
    attributes::Place as At,
    model::{
        Arm, ArmBody, Audience, Call, CallKind, Exposed, Marks, Member, Persist, Property,
        Reserved, Sync, Type, TypeId, TypeKind,
    },
    rules,
};

/// The greatest tag.
pub(super) const TAG_MAX: i64 = 127;

/// The tags and names of one space: a struct's fields, an entity's properties and slots, its calls ...
#[derive(Debug, Default)]
pub(super) struct TagSpace {
    used: Vec<(i64, String, Span)>,
    names: Vec<(String, Span)>,
    reserved: Vec<(i64, i64, Span)>,
    reserved_names: Vec<(String, Span)>,
    pub(super) model: Reserved,
}

impl TagSpace {
    /// The next tag that was never used.
    fn next(&self) -> Option<i64> {
        let used = self.used.iter().map(|(tag, ..)| *tag);
        let reserved = self.reserved.iter().map(|(_, high, _)| *high);
        let next = used.chain(reserved).max().unwrap_or(0) + 1;
        (next <= TAG_MAX).then_some(next)
    }
}

impl<'a> Checker<'a> {
    /// The space of what `reserved` says; of calls if `calls`.
    pub(super) fn tag_space(&mut self, reserved: &[ast::Reserved], calls: bool) -> TagSpace {
        let mut space = TagSpace::default();
        for item in reserved
            .iter()
            .filter(|reserved| reserved.calls == calls)
            .flat_map(|reserved| &reserved.items)
        {
            match item {
                ReservedItem::Range(low, high) => {
                    let span = Span::new(low.span.file, low.span.range.cover(high.span.range));
                    if low.value > high.value {
                        self.report(rules::numbers::reserved_range(span, low.value, high.value));
                        continue;
                    }
                    space.reserved.push((low.value, high.value, span));
                    space.model.ranges.push((low.value, high.value));
                }
                ReservedItem::Name(name) => {
                    space.reserved_names.push((name.text.clone(), name.span));
                    space.model.names.push(name.text.clone());
                }
            }
        }
        space.model.ranges.sort_unstable();
        space.model.names.sort_unstable();
        space
    }

    /// Refuses `reserved rpc` where no calls are.
    pub(super) fn no_reserved_calls(&mut self, reserved: &[ast::Reserved]) {
        for reserved in reserved.iter().filter(|reserved| reserved.calls) {
            self.report(rules::numbers::reserved_rpc(reserved.span));
        }
    }

    /// Enters a name into its space.
    pub(super) fn member_name(&mut self, space: &mut TagSpace, name: &Name) {
        if let Some((_, first)) = space.names.iter().find(|(text, _)| *text == name.text) {
            self.report(rules::names::member_twice(name.span, &name.text, *first));
            return;
        }
        if let Some((_, at)) = space
            .reserved_names
            .iter()
            .find(|(text, _)| *text == name.text)
        {
            self.report(rules::numbers::name_reserved(name.span, &name.text, *at));
        }
        space.names.push((name.text.clone(), name.span));
    }

    /// Enters a tag from `least` to `most` into its space; false if it is not free.
    pub(super) fn number(
        &mut self,
        space: &mut TagSpace,
        number: Number,
        name: &Name,
        least: i64,
        most: i64,
    ) -> bool {
        let (tag, span) = (number.value, number.span);
        if tag < least || tag > most {
            self.report(rules::numbers::tag_range(span, tag, least, most));
            return false;
        }
        if let Some((_, other, first)) = space.used.iter().find(|(used, ..)| *used == tag) {
            let next = space.next();
            self.report(rules::numbers::tag_twice(span, tag, other, *first, next));
            return false;
        }
        if let Some((.., at)) = space
            .reserved
            .iter()
            .find(|(low, high, _)| (*low..=*high).contains(&tag))
        {
            self.report(rules::numbers::tag_reserved(span, tag, *at));
            return false;
        }
        space.used.push((tag, name.text.clone(), span));
        true
    }

    /// The tag of a member, 0 if it is broken.
    pub(super) fn tag(
        &mut self,
        space: &mut TagSpace,
        what: &str,
        number: Option<Number>,
        name: &Name,
    ) -> u8 {
        self.member_name(space, name);
        let Some(number) = number else {
            self.report(rules::numbers::tag_missing(name.span, what, &name.text));
            return 0;
        };
        if self.number(space, number, name, 1, TAG_MAX) {
            u8::try_from(number.value).unwrap_or(0)
        } else {
            0
        }
    }

    /// A type with its default.
    fn typed(
        &mut self,
        place: Place<'_>,
        ty: Option<&ast::Type>,
        default: Option<&ast::Value>,
    ) -> Option<(Type, Option<crate::model::Value>)> {
        let ty = self.ty(place, ty?)?;
        let Some(written) = default else {
            return Some((ty, None));
        };
        if ty.optional {
            self.report(rules::values::default_optional(written.span));
            return Some((ty, None));
        }
        let value = self.value(place.file, written, &ty);
        Some((ty, value))
    }

    fn member(
        &mut self,
        place: Place<'_>,
        space: &mut TagSpace,
        what: &str,
        field: &ast::Field,
        marks: Marks,
    ) -> Option<Member> {
        let tag = self.tag(space, what, field.tag, &field.name);
        let (ty, default) = self.typed(place, field.ty.as_ref(), field.default.as_ref())?;
        Some(Member {
            name: field.name.text.clone(),
            tag,
            ty,
            default_written: default.is_some(),
            default,
            docs: field.docs.clone(),
            line: self.line(field.name.span),
            span: field.name.span,
            marks,
        })
    }

    /// The fields of a struct or an arm.
    pub(super) fn fields(
        &mut self,
        place: Place<'_>,
        fields: &ast::Fields,
    ) -> (Vec<Member>, Reserved) {
        self.no_reserved_calls(&fields.reserved);
        let mut space = self.tag_space(&fields.reserved, false);
        let mut members = Vec::with_capacity(fields.fields.len());
        for field in &fields.fields {
            let attributes = self.attributes(place.file, &field.attributes, At::Field);
            let marks = self.marks(&attributes);
            members.extend(self.member(place, &mut space, "field", field, marks));
        }
        members.sort_by_key(|member| member.tag);
        (members, space.model)
    }

    pub(super) fn arms(&mut self, place: Place<'_>, union: &ast::Union) -> (Vec<Arm>, Reserved) {
        self.no_reserved_calls(&union.reserved);
        let mut space = self.tag_space(&union.reserved, false);
        let mut arms = Vec::with_capacity(union.arms.len());
        for arm in &union.arms {
            let attributes = self.attributes(place.file, &arm.attributes, At::Value);
            let tag = self.tag(&mut space, "arm", arm.tag, &arm.name);
            let body = match &arm.body {
                WrittenBody::Nothing => ArmBody::Nothing,
                WrittenBody::Type(ty) => match self.ty(place, ty) {
                    Some(ty) => ArmBody::Type(ty),
                    None => continue,
                },
                WrittenBody::Fields(fields) => ArmBody::Members(self.fields(place, fields).0),
            };
            arms.push(Arm {
                name: arm.name.text.clone(),
                tag,
                body,
                docs: arm.docs.clone(),
                line: self.line(arm.name.span),
                span: arm.name.span,
                marks: self.marks(&attributes),
            });
        }
        arms.sort_by_key(|arm| arm.tag);
        (arms, space.model)
    }

    /// Lowers what stands in the braces of the struct or union `declaration` into the type `id`.
    pub(super) fn lower_members_of(
        &mut self,
        id: TypeId,
        declaration: &'a ast::Declaration,
        place: Place<'_>,
    ) {
        let kind = match &declaration.kind {
            DeclarationKind::Struct { fields, .. } => {
                let (members, reserved) = self.fields(place, fields);
                TypeKind::Struct { members, reserved }
            }
            DeclarationKind::Union(union) => {
                if union.arms.is_empty() {
                    let kind = if union.error { "error" } else { "union" };
                    self.report(rules::types::no_values(
                        union.name.span,
                        kind,
                        &union.name.text,
                    ));
                }
                let (arms, reserved) = self.arms(place, union);
                if union.error {
                    TypeKind::Error { arms, reserved }
                } else {
                    TypeKind::Union {
                        closed: union.closed,
                        arms,
                        reserved,
                    }
                }
            }
            _ => return,
        };
        let attributes = self.attributes(place.file, &declaration.attributes, At::Type);
        let marks = self.marks(&attributes);
        let def = &mut self.model.types[id.0 as usize];
        def.kind = kind;
        def.head.marks = marks;
        self.types[id.0 as usize] = Work::Done;
    }

    /// A property of a component or entity.
    pub(super) fn property(
        &mut self,
        file: usize,
        space: &mut TagSpace,
        field: &ast::Field,
    ) -> Option<Property> {
        let place = Place::in_file(file);
        let attributes = self.attributes(file, &field.attributes, At::Property);
        let marks = self.marks(&attributes);
        let member = self.member(place, space, "property", field, marks)?;
        let persist = attributes.find("persist").map(|persist| Persist {
            every_us: persist.time("every"),
        });
        let sync = attributes.find("sync").map(|sync| Sync {
            audience: sync.audience("audience").unwrap_or(Audience::Owner),
            latest: sync.arg("latest").is_some(),
            every_us: sync.time("every"),
            quantize: sync.positive("quantize"),
            within: sync.positive("within"),
        });
        let property = Property {
            persist,
            sync,
            position: attributes.has("position"),
            unique: attributes.has("unique"),
            index: attributes.has("index"),
            handoff: attributes.has("handoff"),
            priority: match attributes
                .find("priority")
                .and_then(|found| found.arg("value"))
            {
                Some(Arg::Byte(value)) => *value,
                _ => 0,
            },
            member,
        };
        self.check_property(&property, &attributes, field);
        Some(property)
    }

    fn check_property(&mut self, property: &Property, attributes: &Attributes, field: &ast::Field) {
        let shown = self.shown(&property.member.ty);
        let base = self.base(&property.member.ty);
        for name in ["unique", "index"] {
            let Some(found) = attributes.find(name) else {
                continue;
            };
            if !self.can_index(&property.member.ty) {
                self.report(rules::attributes::index_type(found.span, name, &shown));
            }
            if property.persist.is_none() {
                self.report(rules::attributes::needs_persist(
                    found.span, name, "persist",
                ));
            }
        }
        if let (Some(handoff), Some(persist)) =
            (attributes.find("handoff"), attributes.find("persist"))
        {
            let why = "what is persisted moves with the entity anyway";
            self.report(rules::attributes::attribute_conflict(
                handoff.span,
                "`@handoff`",
                "`@persist`",
                persist.span,
                why,
            ));
        }
        if let (Some(priority), None) = (attributes.find("priority"), &property.sync) {
            self.report(rules::attributes::needs_persist(
                priority.span,
                "priority",
                "sync",
            ));
        }
        if let Some(sync) = attributes.find("sync") {
            if let Some(span) = sync.arg_span("quantize")
                && !self.has_floats(&property.member.ty)
            {
                self.report(rules::attributes::quantize_type(span, &shown));
            }
            if let Some(span) = sync.arg_span("within")
                && sync.audience("audience") != Some(Audience::Near)
            {
                self.report(rules::attributes::within(span));
            }
        }
        if property.position && !self.is_vector(&base) {
            let place = field.ty.as_ref().map_or(field.span, |ty| ty.span);
            self.report(rules::entities::position_type(place, &shown));
        }
    }

    fn can_index(&self, ty: &Type) -> bool {
        use crate::model::Shape;
        let base = self.base(ty).shape;
        self.is_key(ty) || matches!(base, Shape::Bool | Shape::Timestamp | Shape::Duration)
    }

    fn is_vector(&self, base: &Type) -> bool {
        self.is_math(base, &["Vec2", "Vec3"])
    }

    fn has_floats(&self, ty: &Type) -> bool {
        use crate::model::Shape;
        let base = self.base(ty);
        matches!(base.shape, Shape::F32 | Shape::F64)
            || self.is_math(&base, &["Vec2", "Vec3", "Quat"])
    }

    fn is_math(&self, base: &Type, names: &[&str]) -> bool {
        let crate::model::Shape::Named(id) = base.shape else {
            return false;
        };
        let head = &self.type_def(id).head;
        let package = &self.model.packages[head.package.0 as usize];
        package.name == "playhouse.math" && names.contains(&head.name.as_str())
    }

    /// A call of a component, an entity or a service.
    pub(super) fn call(
        &mut self,
        file: usize,
        space: &mut TagSpace,
        call: &ast::Call,
    ) -> Option<Call> {
        let (kind, at, word) = match call.word {
            CallWord::Rpc => (CallKind::Rpc, At::Rpc, "an rpc"),
            CallWord::Oneway => (CallKind::Oneway, At::Oneway, "a oneway"),
            CallWord::Event => (CallKind::Event, At::Event, "an event"),
            CallWord::Timer => (CallKind::Timer, At::Timer, "a timer"),
            CallWord::ClientRpc => (CallKind::ClientRpc, At::ClientRpc, "a client rpc"),
        };
        let attributes = self.attributes(file, &call.attributes, at);
        let tag = self.tag(space, "call", call.tag, &call.name);
        let params = self.params(file, call);
        let replies = matches!(kind, CallKind::Rpc | CallKind::ClientRpc);
        let result = call.result.as_ref().and_then(|result| {
            if !replies {
                self.report(rules::calls::result_misplaced(result.span, word));
            }
            self.ty(Place::in_file(file), result)
        });
        let throws = call.throws.as_ref().and_then(|path| {
            if !replies {
                self.report(rules::calls::result_misplaced(path.span, word));
            }
            self.thrown(file, path)
        });
        let mut to = Vec::new();
        for path in &call.to {
            if kind == CallKind::Event {
                to.extend(self.audience(file, path));
            } else {
                self.report(rules::calls::to_misplaced(path.span, word));
            }
        }
        if kind == CallKind::Event && call.to.is_empty() {
            to.push(Audience::Owner);
        }
        let lowered = Call {
            kind,
            name: call.name.text.clone(),
            tag,
            params,
            result,
            stream: call.stream.is_some(),
            throws,
            to,
            exposed: self.exposed(&attributes),
            deadline_us: attributes.time("deadline"),
            idempotent: attributes.has("idempotent"),
            durable: attributes.has("durable"),
            expires_us: attributes.time("expires"),
            unreliable: attributes.has("unreliable"),
            docs: call.docs.clone(),
            line: self.line(call.name.span),
            span: call.name.span,
            marks: self.marks(&attributes),
        };
        self.check_call(&lowered, &attributes, call);
        Some(lowered)
    }

    fn params(&mut self, file: usize, call: &ast::Call) -> Vec<Member> {
        let mut params: Vec<Member> = Vec::with_capacity(call.params.len());
        let mut space = TagSpace::default();
        for (index, param) in call.params.iter().enumerate() {
            self.member_name(&mut space, &param.name);
            if let Some(span) = param.stream {
                self.report(rules::later::stream_param(span));
                continue;
            }
            let position = i64::try_from(index + 1).unwrap_or(i64::MAX);
            if position == TAG_MAX + 1 {
                self.report(rules::numbers::tag_range(
                    param.name.span,
                    position,
                    1,
                    TAG_MAX,
                ));
            }
            let attributes = self.attributes(file, &param.attributes, At::Param);
            let typed = self.typed(
                Place::in_file(file),
                param.ty.as_ref(),
                param.default.as_ref(),
            );
            let Some((ty, default)) = typed else { continue };
            params.push(Member {
                name: param.name.text.clone(),
                tag: u8::try_from(position.min(TAG_MAX)).unwrap_or(0),
                ty,
                default_written: default.is_some(),
                default,
                docs: param.docs.clone(),
                line: self.line(param.name.span),
                span: param.name.span,
                marks: self.marks(&attributes),
            });
        }
        params
    }

    fn thrown(&mut self, file: usize, path: &ast::Path) -> Option<TypeId> {
        let id = self.resolve(file, path, "type")?;
        let symbol = self.symbol(id);
        if let (SymbolKind::Type(ty), DeclarationKind::Union(union)) =
            (symbol.kind, &symbol.declaration.kind)
            && union.error
        {
            return Some(ty);
        }
        let is = match &symbol.declaration.kind {
            DeclarationKind::Union(_) => "a union",
            DeclarationKind::Struct { .. } => "a struct",
            DeclarationKind::Enum(_) => "an enum",
            _ => symbol.kind.describe(),
        };
        self.report(rules::calls::throws_type(path.span, &path.text(), is));
        None
    }

    fn exposed(&mut self, attributes: &Attributes) -> Option<Exposed> {
        let exposed = attributes.find("exposed")?;
        let Some(Arg::Rate(count, per_us)) = exposed.arg("rate") else {
            self.report(rules::attributes::exposed_rate(
                exposed.span,
                "an exposed call states its rate",
            ));
            return None;
        };
        let per_second = i64::from(*count) * 1_000_000 / per_us;
        let burst = match exposed.arg("burst") {
            Some(Arg::Count(burst)) => *burst,
            _ => u32::try_from(per_second.max(1)).unwrap_or(u32::MAX),
        };
        Some(Exposed {
            count: *count,
            per_us: *per_us,
            burst,
            guest: exposed.arg("guest").is_some(),
            audience: match exposed.audience("for") {
                Some(Audience::Named(id)) => Some(id),
                Some(_) => {
                    let span = exposed.arg_span("for").unwrap_or(exposed.span);
                    let message = "`for` is a declared audience: its members may call";
                    self.report(rules::attributes::attribute_argument(
                        span,
                        message,
                        exposed.spec,
                    ));
                    None
                }
                None => None,
            },
        })
    }

    fn check_call(&mut self, call: &Call, attributes: &Attributes, written: &ast::Call) {
        if call.kind == CallKind::ClientRpc
            && call.deadline_us.is_none()
            && !attributes.has("deadline")
        {
            self.report(rules::calls::client_deadline(written.name.span, &call.name));
        }
        let mut conflict = |one: &str, other: &str, why: &str| {
            if let (Some(first), Some(second)) = (attributes.find(one), attributes.find(other)) {
                let (one, other) = (format!("`@{one}`"), format!("`@{other}`"));
                let error = rules::attributes::attribute_conflict(
                    first.span,
                    &one,
                    &other,
                    second.span,
                    why,
                );
                self.report(error);
            }
        };
        conflict(
            "unreliable",
            "durable",
            "what may be lost does not take effect exactly once",
        );
        conflict(
            "exposed",
            "durable",
            "a client's message has no durable sender; let an exposed rpc send the durable oneway",
        );
        if let (Some(expires), false) = (attributes.find("expires"), call.durable) {
            self.report(rules::attributes::needs_persist(
                expires.span,
                "expires",
                "durable",
            ));
        }
        if let Some(stream) = written.stream {
            if call.kind != CallKind::Rpc {
                self.report(rules::calls::stream_call(
                    stream,
                    "only an rpc's result streams",
                ));
            } else if call.idempotent {
                let message = "a stream can't be `@idempotent`: it is never sent again";
                self.report(rules::calls::stream_call(stream, message));
            }
        }
    }
}
