//! What the generator has to know of each type beyond what the schema says: which traits it can have, what needs a
//! pointer, what has bounds, what its default costs.

use playhouse_schema::model::{
    ArmBody, Bound, Member, Model, Shape, Type, TypeId, TypeKind, Value,
};

/// Facts of one declared type.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Facts {
    /// Holds a float somewhere: neither `Eq` nor `Hash`.
    pub(super) floats: bool,
    /// Is `Copy`.
    pub(super) copy: bool,
    /// Has a bound somewhere that a value can break.
    pub(super) bounded: bool,
    /// Is made of floats alone, so that it can be rounded.
    pub(super) rounds: bool,
    /// Has a default in Rust.
    pub(super) default: bool,
}

/// Most members of a struct that is `Copy`. More than that and an appended string would surprise many.
const COPY_MEMBERS: usize = 4;

/// Facts of all declared types, by [`TypeId`].
#[derive(Debug)]
pub(super) struct AllFacts {
    facts: Vec<Facts>,
    /// By type: the types that it holds in place, neither behind a container nor a pointer.
    inline: Vec<Vec<TypeId>>,
    /// By type: the component of mutually reachable types it is in.
    component: Vec<usize>,
}

impl AllFacts {
    pub(super) fn new(model: &Model) -> Self {
        let inline: Vec<Vec<TypeId>> = model
            .types
            .iter()
            .map(|ty| inline_types(&ty.kind))
            .collect();
        let component = components(&inline);
        let mut all = Self {
            facts: vec![Facts::default(); model.types.len()],
            inline,
            component,
        };
        // Each round carries facts one step further along; types are few steps deep, and recursive ones settle.
        loop {
            let next: Vec<Facts> = model
                .types
                .iter()
                .map(|ty| all.of_kind(model, &ty.kind))
                .collect();
            let settled = next == all.facts;
            all.facts = next;
            if settled {
                return all;
            }
        }
    }

    pub(super) fn of(&self, id: TypeId) -> Facts {
        self.facts[id.0 as usize]
    }

    /// Whether `ty`, held by the declared type `owner`, must stand behind a pointer, since it leads back to `owner`.
    pub(super) fn is_boxed(&self, owner: TypeId, ty: &Type) -> bool {
        let Shape::Named(held) = ty.shape else {
            return false;
        };
        let (owner, held) = (owner.0 as usize, held.0 as usize);
        self.component[owner] == self.component[held]
            && (owner != held || self.inline[owner].iter().any(|id| id.0 as usize == owner))
    }

    fn of_kind(&self, model: &Model, kind: &TypeKind) -> Facts {
        match kind {
            TypeKind::Struct { members, .. } => {
                let plain = |member: &Member| {
                    !member.ty.optional
                        && matches!(
                            member.ty.shape,
                            Shape::Bool | Shape::Int(_) | Shape::F32 | Shape::F64
                        )
                };
                Facts {
                    floats: members.iter().any(|member| self.floats(&member.ty)),
                    copy: !members.is_empty()
                        && members.len() <= COPY_MEMBERS
                        && members.iter().all(plain),
                    bounded: members.iter().any(|member| self.bounded(&member.ty)),
                    rounds: !members.is_empty()
                        && members.iter().all(|member| self.rounds(&member.ty)),
                    default: members.iter().all(|member| {
                        member
                            .default
                            .as_ref()
                            .is_some_and(|value| self.has_value(model, &member.ty, value))
                    }),
                }
            }
            TypeKind::Enum { values, .. } => Facts {
                copy: true,
                default: values.iter().any(|value| value.number == 0),
                ..Facts::default()
            },
            TypeKind::Flags { .. } => Facts {
                copy: true,
                default: true,
                ..Facts::default()
            },
            TypeKind::Union { arms, .. } | TypeKind::Error { arms, .. } => {
                let mut types = arms.iter().flat_map(|arm| match &arm.body {
                    ArmBody::Nothing => Vec::new(),
                    ArmBody::Type(ty) => vec![ty],
                    ArmBody::Members(members) => members.iter().map(|member| &member.ty).collect(),
                });
                Facts {
                    floats: types.clone().any(|ty| self.floats(ty)),
                    bounded: types.any(|ty| self.bounded(ty)),
                    ..Facts::default()
                }
            }
            TypeKind::Newtype { inner, default } => Facts {
                floats: self.floats(inner),
                copy: self.copy(inner),
                bounded: self.bounded(inner),
                rounds: self.rounds(inner),
                default: default.is_some(),
            },
        }
    }

    /// Whether a value can be written as an expression: a struct of defaults only if the struct has one in Rust.
    fn has_value(&self, model: &Model, ty: &Type, value: &Value) -> bool {
        match (value, &ty.shape) {
            (Value::Struct, Shape::Named(id)) => match &model.type_def(*id).kind {
                TypeKind::Newtype { inner, .. } => self.has_value(model, inner, value),
                _ => self.of(*id).default,
            },
            (Value::Repeat(_, element), Shape::List(inner)) => {
                self.has_value(model, inner, element)
            }
            _ => true,
        }
    }

    pub(super) fn floats(&self, ty: &Type) -> bool {
        match &ty.shape {
            Shape::F32 | Shape::F64 => true,
            Shape::List(inner) | Shape::Set(inner) => self.floats(inner),
            Shape::Map(key, value) => self.floats(key) || self.floats(value),
            Shape::Named(id) => self.of(*id).floats,
            _ => false,
        }
    }

    pub(super) fn copy(&self, ty: &Type) -> bool {
        match &ty.shape {
            Shape::Bool
            | Shape::Int(_)
            | Shape::F32
            | Shape::F64
            | Shape::Timestamp
            | Shape::Duration
            | Shape::Uuid => true,
            Shape::String
            | Shape::Bytes
            | Shape::List(_)
            | Shape::Set(_)
            | Shape::Map(..)
            | Shape::Ref(_) => false,
            Shape::Named(id) => self.of(*id).copy,
        }
    }

    pub(super) fn bounded(&self, ty: &Type) -> bool {
        if ty.bound != Bound::None {
            return true;
        }
        match &ty.shape {
            Shape::List(inner) | Shape::Set(inner) => self.bounded(inner),
            Shape::Map(key, value) => self.bounded(key) || self.bounded(value),
            Shape::Named(id) => self.of(*id).bounded,
            // The parts of a key have a greatest length.
            Shape::Ref(_) => true,
            _ => false,
        }
    }

    pub(super) fn rounds(&self, ty: &Type) -> bool {
        match &ty.shape {
            Shape::F32 | Shape::F64 => true,
            Shape::Named(id) => self.of(*id).rounds,
            _ => false,
        }
    }
}

/// The declared types that a value of this kind holds in place.
fn inline_types(kind: &TypeKind) -> Vec<TypeId> {
    kind.types()
        .filter_map(|(_, ty)| match ty.shape {
            Shape::Named(id) => Some(id),
            _ => None,
        })
        .collect()
}

/// Tarjan's strongly connected components, without recursion: the number of the component of each node.
fn components(edges: &[Vec<TypeId>]) -> Vec<usize> {
    const UNSEEN: usize = usize::MAX;
    let count = edges.len();
    let (mut order, mut low) = (vec![UNSEEN; count], vec![0; count]);
    let (mut component, mut stack) = (vec![UNSEEN; count], Vec::new());
    let (mut next_order, mut next_component) = (0, 0);
    for root in 0..count {
        if order[root] != UNSEEN {
            continue;
        }
        let mut work = vec![(root, 0)];
        while let Some((node, edge)) = work.pop() {
            if edge == 0 {
                order[node] = next_order;
                low[node] = next_order;
                next_order += 1;
                stack.push(node);
            }
            if let Some(target) = edges[node].get(edge) {
                work.push((node, edge + 1));
                let target = target.0 as usize;
                if order[target] == UNSEEN {
                    work.push((target, 0));
                } else if component[target] == UNSEEN {
                    low[node] = low[node].min(order[target]);
                }
                continue;
            }
            if low[node] == order[node] {
                while let Some(member) = stack.pop() {
                    component[member] = next_component;
                    if member == node {
                        break;
                    }
                }
                next_component += 1;
            }
            if let Some((parent, _)) = work.last() {
                low[*parent] = low[*parent].min(low[node]);
            }
        }
    }
    component
}
