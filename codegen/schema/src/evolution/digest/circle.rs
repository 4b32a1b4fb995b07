//! The order in which types are hashed: strongly connected components, and the text of each.

use std::collections::HashMap;

use super::{Text, hash, text};

/// The digest of each text; types in texts are indices of others.
pub(super) fn digests(texts: &[Text]) -> Vec<u64> {
    let edges: Vec<Vec<usize>> = texts.iter().map(|text| text.types().collect()).collect();
    let mut digests = vec![0; texts.len()];
    for circle in circles(&edges) {
        match circle.as_slice() {
            [index] if !edges[*index].contains(index) => {
                digests[*index] = hash(&texts[*index].closed(&digests));
            }
            members => {
                let hashed: Vec<u64> = members
                    .iter()
                    .map(|from| hash(&walk(*from, members, texts, &digests)))
                    .collect();
                for (index, digest) in members.iter().zip(hashed) {
                    digests[*index] = digest;
                }
            }
        }
    }
    digests
}

/// The text of a circle as it is met from `from`: `@0` is `from` itself, `@1` the next type of the circle, and so on.
fn walk(from: usize, members: &[usize], texts: &[Text], digests: &[u64]) -> String {
    let mut order = vec![from];
    let mut numbers = HashMap::from([(from, 0)]);
    let mut out = String::new();
    let mut next = 0;
    while let Some(index) = order.get(next).copied() {
        let line = texts[index].filled(&mut |other| {
            if !members.contains(&other) {
                return text(digests[other]);
            }
            let number = *numbers.entry(other).or_insert_with(|| {
                order.push(other);
                order.len() - 1
            });
            format!("@{number}")
        });
        out.push_str(&format!("@{next}:{line};"));
        next += 1;
    }
    out
}

/// Strongly connected components, each after those it refers to (Tarjan's algorithm, on a stack of its own, since a
/// schema may chain thousands of types).
fn circles(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut state = State {
        index: vec![None; edges.len()],
        low: vec![0; edges.len()],
        waiting: vec![false; edges.len()],
        stack: Vec::new(),
        found: Vec::new(),
        count: 0,
    };
    for start in 0..edges.len() {
        if state.index[start].is_none() {
            state.visit(start, edges);
        }
    }
    state.found
}

struct State {
    index: Vec<Option<usize>>,
    low: Vec<usize>,
    waiting: Vec<bool>,
    stack: Vec<usize>,
    found: Vec<Vec<usize>>,
    count: usize,
}

impl State {
    fn visit(&mut self, start: usize, edges: &[Vec<usize>]) {
        let mut work = vec![(start, 0)];
        self.enter(start);
        while let Some((node, edge)) = work.pop() {
            if let Some(&other) = edges[node].get(edge) {
                work.push((node, edge + 1));
                match self.index[other] {
                    None => {
                        self.enter(other);
                        work.push((other, 0));
                    }
                    Some(index) if self.waiting[other] => {
                        self.low[node] = self.low[node].min(index);
                    }
                    Some(_) => {}
                }
                continue;
            }
            if let Some((parent, _)) = work.last() {
                self.low[*parent] = self.low[*parent].min(self.low[node]);
            }
            if Some(self.low[node]) == self.index[node] {
                self.leave(node);
            }
        }
    }

    fn enter(&mut self, node: usize) {
        self.index[node] = Some(self.count);
        self.low[node] = self.count;
        self.count += 1;
        self.waiting[node] = true;
        self.stack.push(node);
    }

    fn leave(&mut self, node: usize) {
        let mut circle = Vec::new();
        while let Some(other) = self.stack.pop() {
            self.waiting[other] = false;
            circle.push(other);
            if other == node {
                break;
            }
        }
        self.found.push(circle);
    }
}
