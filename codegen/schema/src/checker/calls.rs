//! Calls: parameters, results, errors, audiences, rates.

use playhouse_syntax::ast::{self, CallWord, DeclarationKind};

use super::{
    Checker,
    attributes::{Arg, Attributes},
    names::SymbolKind,
    tags::{TAG_MAX, TagSpace},
    types::Place,
};
use crate::{
    attributes::Place as At,
    model::{Audience, Call, CallKind, Exposed, Member, TypeId},
    rules,
};

impl Checker<'_> {
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
            committed: attributes.has("committed"),
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
                    let message =
                        "`for` names a declared audience: clients reach their own entities anyway";
                    self.report(rules::attributes::attribute_argument(
                        span,
                        message,
                        exposed.spec,
                        None,
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
            } else {
                self.report(rules::later::stream_result(stream));
            }
        }
    }
}
