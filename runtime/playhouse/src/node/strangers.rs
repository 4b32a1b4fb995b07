//! Tells the log of members that this node does not understand: once in each of their lives.

use std::collections::BTreeMap;
use std::sync::Arc;

use playhouse_cluster::{Seat, View};

/// Of so many types of a member the log says why they don't fit; the others it counts.
const REASONS_MAX: usize = 3;

/// Watches who comes, for as long as the seat is there.
pub(super) async fn watch(seat: Seat) {
    let mut views = seat.views();
    let mut told = Told::new();
    loop {
        let view = Arc::clone(&views.borrow_and_update());
        let strange = news(&seat.me().name, &view, &mut told);
        for (node, reasons) in strange {
            tracing::warn!(
                node = &*node,
                "a member of the cluster does not fit: nothing of what differs goes there, nor comes from there: {reasons}"
            );
        }
        if views.changed().await.is_err() {
            return;
        }
    }
}

/// Of whom the log was told, in which of their lives.
type Told = BTreeMap<Arc<str>, u64>;

/// The members that don't fit and of which nothing was said yet, and why.
fn news(me: &str, view: &View, told: &mut Told) -> Vec<(Arc<str>, String)> {
    told.retain(|name, _| view.members.contains_key(name));
    let mut news = Vec::new();
    let members = view.members.values();
    for member in members.filter(|member| *member.name != *me && !member.accepts()) {
        let known = told.insert(Arc::clone(&member.name), member.incarnation);
        if known == Some(member.incarnation) {
            continue;
        }
        let reasons = member.strange.iter().map(|strange| &*strange.why);
        let mut reasons = reasons.take(REASONS_MAX).collect::<Vec<_>>().join("; ");
        if let more @ 1.. = member.strange.len().saturating_sub(REASONS_MAX) {
            reasons.push_str(&format!("; and {more} more types"));
        }
        news.push((Arc::clone(&member.name), reasons));
    }
    news
}

#[cfg(test)]
mod tests {
    use playhouse_cluster::{Member, Strange};

    use super::*;

    fn member(name: &str, life: u64, strange: u16) -> Arc<Member> {
        let mut member = Member::new(name, life, "x");
        let strange = (0..strange).map(|number| Strange {
            of: (1, number),
            why: format!("type {number}").into(),
            behind: true,
        });
        member.strange = strange.collect();
        Arc::new(member)
    }

    #[test]
    fn each_life_of_a_member_is_told_of_once_and_at_most_three_reasons() {
        let mut told = Told::new();
        let mut check = |members: &[Arc<Member>], expected: &[(&str, &str)]| {
            let news = news("me", &View::of(members.iter().cloned()), &mut told);
            let news: Vec<_> = news.iter().map(|(name, why)| (&**name, &**why)).collect();
            assert_eq!(news, expected);
        };
        let all = [member("me", 1, 1), member("a", 1, 0), member("b", 1, 3)];
        check(&all, &[("b", "type 0; type 1; type 2")]);
        check(&all, &[]);
        check(
            &[member("b", 2, 5)],
            &[("b", "type 0; type 1; type 2; and 2 more types")],
        );
        check(&[], &[]);
        check(&[member("b", 2, 1)], &[("b", "type 0")]);
    }
}
