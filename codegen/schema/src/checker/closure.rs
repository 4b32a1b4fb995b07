//! Types that contain themselves.

use super::Checker;
use crate::{
    model::{ArmBody, Bound, Shape, Type, TypeId, TypeKind},
    rules,
};

impl Checker<'_> {
    /// Marks recursive types and refuses those without an end.
    pub(super) fn check_closure(&mut self) {
        let all = self.edges(false);
        for group in components(&all) {
            let first = group[0];
            if group.len() > 1 || all[first].contains(&first) {
                for index in group {
                    self.model.types[index].recursive = true;
                }
            }
        }
        let finite = self.finite();
        let mut direct = self.edges(true);
        for (index, targets) in direct.iter_mut().enumerate() {
            targets.retain(|&target| !finite[index] && !finite[target]);
        }
        for mut group in components(&direct) {
            group.sort_unstable();
            let first = group[0];
            if group.len() == 1 && !direct[first].contains(&first) {
                continue;
            }
            let path = circle(&direct, first, &group);
            let names: Vec<&str> = path
                .iter()
                .map(|&index| self.model.types[index].head.name.as_str())
                .collect();
            let head = &self.model.types[first].head;
            let error = rules::types::infinite_type(head.span, &head.name, &names.join(" -> "));
            self.report(error);
        }
    }

    /// Which types have a value of finite size: the least fixpoint over their parts.
    fn finite(&self) -> Vec<bool> {
        let mut finite = vec![false; self.model.types.len()];
        loop {
            let mut changed = false;
            for (index, def) in self.model.types.iter().enumerate() {
                if finite[index] {
                    continue;
                }
                let has_end = |ty: &Type| {
                    let mut named = Vec::new();
                    held(ty, &mut named);
                    named.iter().all(|id| finite[id.0 as usize])
                };
                let ends = match &def.kind {
                    TypeKind::Struct { members, .. } => {
                        members.iter().all(|member| has_end(&member.ty))
                    }
                    TypeKind::Union { arms, .. } | TypeKind::Error { arms, .. } => {
                        arms.is_empty()
                            || arms.iter().any(|arm| match &arm.body {
                                ArmBody::Nothing => true,
                                ArmBody::Type(ty) => has_end(ty),
                                ArmBody::Members(members) => {
                                    members.iter().all(|member| has_end(&member.ty))
                                }
                            })
                    }
                    TypeKind::Newtype { inner, .. } => has_end(inner),
                    TypeKind::Enum { .. } | TypeKind::Flags { .. } => true,
                };
                if ends {
                    finite[index] = true;
                    changed = true;
                }
            }
            if !changed {
                return finite;
            }
        }
    }

    /// The types that each type names; with `direct` those that its values always hold.
    fn edges(&self, direct: bool) -> Vec<Vec<usize>> {
        self.model
            .types
            .iter()
            .map(|def| {
                let mut named: Vec<TypeId> = Vec::new();
                for (_, ty) in def.kind.types() {
                    if direct {
                        held(ty, &mut named);
                    } else {
                        ty.named(&mut named);
                    }
                }
                named.iter().map(|id| id.0 as usize).collect()
            })
            .collect()
    }
}

/// The named types of which a value of `ty` always holds one: not through an optional, nor through what may be empty.
fn held(ty: &Type, out: &mut Vec<TypeId>) {
    let never_empty = matches!(ty.bound, Bound::Length { min, .. } if min > 0);
    match &ty.shape {
        _ if ty.optional => {}
        Shape::Named(id) => out.push(*id),
        Shape::List(element) | Shape::Set(element) if never_empty => held(element, out),
        Shape::Map(key, value) if never_empty => {
            held(key, out);
            held(value, out);
        }
        _ => {}
    }
}

/// A way from `first` back to it within `group`, both ends included.
fn circle(edges: &[Vec<usize>], first: usize, group: &[usize]) -> Vec<usize> {
    let mut previous: Vec<Option<usize>> = vec![None; edges.len()];
    let mut queue = std::collections::VecDeque::from([first]);
    while let Some(node) = queue.pop_front() {
        for &next in &edges[node] {
            if next == first {
                let mut path = vec![first, node];
                let mut at = node;
                while at != first {
                    at = previous[at].unwrap_or(first);
                    path.push(at);
                }
                path.reverse();
                path.dedup();
                if path.len() == 1 {
                    path.push(first);
                }
                return path;
            }
            if group.contains(&next) && previous[next].is_none() {
                previous[next] = Some(node);
                queue.push_back(next);
            }
        }
    }
    vec![first, first]
}

/// The strongly connected components of a graph (Tarjan's algorithm, without recursion).
pub(super) fn components(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    const NEW: usize = usize::MAX;
    let mut index = vec![NEW; edges.len()];
    let mut low = vec![0; edges.len()];
    let mut on_stack = vec![false; edges.len()];
    let mut stack = Vec::new();
    let mut found = Vec::new();
    let mut next_index = 0;
    for root in 0..edges.len() {
        if index[root] != NEW {
            continue;
        }
        let mut work = vec![(root, 0)];
        while let Some(&mut (node, ref mut edge)) = work.last_mut() {
            if *edge == 0 {
                index[node] = next_index;
                low[node] = next_index;
                next_index += 1;
                stack.push(node);
                on_stack[node] = true;
            }
            if let Some(&target) = edges[node].get(*edge) {
                *edge += 1;
                if index[target] == NEW {
                    work.push((target, 0));
                } else if on_stack[target] {
                    low[node] = low[node].min(index[target]);
                }
                continue;
            }
            work.pop();
            if let Some(&(parent, _)) = work.last() {
                low[parent] = low[parent].min(low[node]);
            }
            if low[node] == index[node] {
                let at = stack.iter().rposition(|&other| other == node).unwrap_or(0);
                let group = stack.split_off(at);
                for &member in &group {
                    on_stack[member] = false;
                }
                found.push(group);
            }
        }
    }
    found
}
