//! Where clients connect.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use playhouse_cluster::{Member, Picker, View};

use crate::host::Cx;

/// Finds the gates that a client is told of, and remembers to which it has sent somebody just now, so that many who come
/// at once are not sent to one.
#[derive(Default)]
pub struct Gates {
    picker: Mutex<Picker>,
}

impl Gates {
    /// Where the gates are: all addresses of the one that is picked, then those of the others by their load. Gates are the
    /// nodes of this role; of a node that is alone, its own addresses. Empty if there is none.
    #[must_use]
    pub fn addresses(&self, cx: &Cx, role: &str) -> Vec<String> {
        match cx.cluster() {
            Some(cluster) => self.of_view(&cluster.view(), role, cx.utc().as_micros()),
            None => cx.node().addresses().to_vec(),
        }
    }

    fn of_view(&self, view: &View, role: &str, now_us: i64) -> Vec<String> {
        let mut gates = view.with_role(role).to_vec();
        gates.sort_by(|one, other| one.load.score.total_cmp(&other.load.score));
        // Nothing panics while it holds this lock.
        let mut picker = self.picker.lock().unwrap_or_else(PoisonError::into_inner);
        let picked = picker.pick(&gates, now_us).map(|it| Arc::clone(&it.name));
        gates.sort_by_key(|gate| Some(&gate.name) != picked.as_ref());
        let addresses = |gate: &Arc<Member>| gate.addresses.clone();
        gates.iter().flat_map(addresses).collect()
    }
}

impl fmt::Debug for Gates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gates")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_come_by_load_and_the_one_that_is_picked_first() {
        let gate = |name: &str, score: f32| {
            let mut gate = Member::new(name, 1, format!("{name}:7000"));
            gate.roles = vec!["gate".to_owned()];
            gate.load.score = score;
            gate
        };
        let mut leaves = gate("leaves", 0.0);
        leaves.draining = true;
        let lobby = Member::new("lobby", 1, "lobby:7000");
        let members = [
            gate("a", 30.0),
            gate("b", 10.0),
            gate("c", 20.0),
            leaves,
            lobby,
        ];
        let view = View::of(members.map(Arc::new));
        let gates = Gates::default();
        let next = || gates.of_view(&view, "gate", 1);
        assert_eq!(next(), ["b:7000", "c:7000", "a:7000"]);
        // So many at once are not sent to one.
        assert_eq!(next(), ["c:7000", "b:7000", "a:7000"]);
        assert_eq!(next(), ["a:7000", "b:7000", "c:7000"]);
    }
}
