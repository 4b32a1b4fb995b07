//! What a member knows of the others.

use std::collections::BTreeMap;
use std::sync::Arc;

use playhouse_cluster::{MEMBER_TTL, Member, News, Seen};
use tokio::time::Instant;

/// The members, as the registry's news tell.
///
/// A registry that began anew has only those that have joined again so far. The others have not gone for that: for as long as
/// a silent member is kept, those of before stay.
#[derive(Debug, Default)]
pub(super) struct Following {
    pub(super) seen: Seen,
    members: BTreeMap<Arc<str>, Arc<Member>>,
    /// Known from the registry's life before.
    before: BTreeMap<Arc<str>, Arc<Member>>,
    /// Until then they are believed.
    until: Option<Instant>,
}

impl Following {
    pub(super) fn hear(&mut self, news: News, now: Instant) {
        if news.seen.life != self.seen.life && self.seen.life != 0 {
            self.before.append(&mut self.members);
            self.until = Some(now + MEMBER_TTL);
        }
        if self.until.is_some_and(|until| until <= now) {
            self.before.clear();
            self.until = None;
        }
        self.seen = news.seen;
        for name in &news.gone {
            self.before.remove(name);
        }
        news.apply(&mut self.members);
        self.before
            .retain(|name, _| !self.members.contains_key(name));
    }

    /// All that are believed to be there.
    pub(super) fn members(&self) -> impl Iterator<Item = Arc<Member>> {
        self.before.values().chain(self.members.values()).cloned()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn news(life: u64, version: u64, names: &[&str]) -> News {
        let member = |name: &&str| Arc::new(Member::new(*name, 1, "x"));
        News {
            seen: Seen { life, version },
            whole: version == 1,
            members: names.iter().map(member).collect(),
            ..News::default()
        }
    }

    fn names(following: &Following) -> Vec<String> {
        following
            .members()
            .map(|member| member.name.to_string())
            .collect()
    }

    #[tokio::test(start_paused = true)]
    async fn members_outlast_a_restart_of_the_registry_for_a_while() {
        let now = Instant::now();
        let mut following = Following::default();
        following.hear(news(7, 1, &["a", "b", "c"]), now);
        following.hear(news(8, 1, &["a"]), now);
        assert_eq!(names(&following), ["b", "c", "a"]);
        let mut gone = news(8, 2, &["b"]);
        gone.gone.push("c".into());
        following.hear(gone, now);
        assert_eq!(names(&following), ["a", "b"]);
        following.hear(news(9, 1, &["a"]), now);
        assert_eq!(names(&following), ["b", "a"]);
        following.hear(news(9, 2, &[]), now + MEMBER_TTL - Duration::from_millis(1));
        assert_eq!(names(&following), ["b", "a"]);
        following.hear(news(9, 3, &[]), now + MEMBER_TTL);
        assert_eq!(names(&following), ["a"]);
    }
}
