//! Declared types and what stands in them as elements.

use super::{
    Fact, Facts, Kind,
    collect::{Collector, Own, value_text},
};
use crate::{
    evolution::{
        digest,
        key::{Key, Root, Space},
    },
    model::{Arm, ArmBody, Member, TypeDef, TypeKind},
};

impl Collector<'_> {
    pub(super) fn type_def(&mut self, package: &str, index: usize) {
        let def: &TypeDef = &self.model.types[index];
        let key = Key::declaration(package, Root::Named(def.head.name.clone()));
        let own = Own::head(&def.head);
        let at = self.next();
        let mut facts = Facts::default();
        facts.mark(Fact::Stored, self.reach.stored[index]);
        facts.mark(Fact::Input, self.reach.input[index]);
        facts.set(Fact::Digest, digest::text(self.digests.types[index]));
        facts.set_if(Fact::Instance, def.instance.as_ref());
        let kind = match &def.kind {
            TypeKind::Struct { members, .. } => {
                self.fields(&key, own.path, members);
                Kind::Struct
            }
            TypeKind::Enum {
                repr,
                closed,
                values,
                ..
            } => {
                facts.set(Fact::Repr, repr.name());
                facts.mark(Fact::Closed, *closed);
                for value in values {
                    let own = Own {
                        line: value.line,
                        span: value.span,
                        ..Own::of(&value.name, &value.marks, own)
                    };
                    let key = key.step(Space::Value, value.number);
                    self.add(key, Kind::EnumValue, own, Facts::default());
                }
                Kind::Enum
            }
            TypeKind::Flags { repr, flags, .. } => {
                facts.set(Fact::Repr, repr.name());
                for flag in flags {
                    let own = Own {
                        line: flag.line,
                        span: flag.span,
                        ..Own::of(&flag.name, &flag.marks, own)
                    };
                    let mut facts = Facts::default();
                    let key = match flag.bit {
                        Some(bit) => key.step(Space::Bit, bit),
                        None => {
                            facts.set(Fact::Bits, flag.bits.to_string());
                            key.named_step(Space::Combination, &flag.name)
                        }
                    };
                    self.add(key, Kind::Flag, own, facts);
                }
                Kind::Flags
            }
            TypeKind::Union { closed, arms, .. } => {
                facts.mark(Fact::Closed, *closed);
                self.arms(&key, own, arms);
                Kind::Union
            }
            TypeKind::Error { arms, .. } => {
                self.arms(&key, own, arms);
                Kind::Error
            }
            TypeKind::Newtype { inner, default } => {
                facts.set(Fact::Type, self.form(inner));
                facts.set_if(Fact::Default, default.as_ref().map(value_text));
                Kind::Newtype
            }
        };
        self.add(key, kind, own, facts);
        self.lead(at);
    }

    fn arms(&mut self, parent: &Key, own: Own<'_>, arms: &[Arm]) {
        for arm in arms {
            let key = parent.step(Space::Arm, arm.tag);
            let at = self.next();
            let mut facts = Facts::default();
            match &arm.body {
                ArmBody::Nothing => facts.set(Fact::Body, "nothing"),
                ArmBody::Type(ty) => {
                    facts.set(Fact::Body, "type");
                    facts.set(Fact::Type, self.form(ty));
                }
                ArmBody::Members(members) => {
                    facts.set(Fact::Body, "members");
                    self.fields(&key, own.path, members);
                }
            }
            let own = Own {
                line: arm.line,
                span: arm.span,
                ..Own::of(&arm.name, &arm.marks, own)
            };
            self.add(key, Kind::Arm, own, facts);
            self.lead(at);
        }
    }

    fn fields(&mut self, parent: &Key, path: &str, members: &[Member]) {
        for member in members {
            let facts = self.member_facts(member);
            let key = parent.step(Space::Field, member.tag);
            self.add(key, Kind::Field, Own::member(member, path), facts);
        }
    }
}
