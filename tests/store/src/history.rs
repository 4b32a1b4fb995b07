//! Random requests, asked of a store and of the reference.

use std::rc::Rc;
use std::sync::Arc;

use playhouse_store::{
    Claim, Claimed, Commit, Committed, Document, DocumentId, Documents, End, Find, Path,
    Quarantine, Store, Sweep, Table, Take, Update, Value,
};

use crate::held::owner;
use crate::{AVATARS, GUILDS, Held, plain_document};

const KEYS: [&str; 4] = ["u1", "u10", "", "t.$\0"];
const NAMES: [&str; 6] = ["a", "", "a.b", "$x", "a\0", "ab"];

/// A source of random requests. It remembers who has what, so that most of them fit.
#[derive(Debug)]
pub struct History {
    state: u64,
    held: Vec<Held>,
    asked: Vec<Vec<Arc<Commit>>>,
    births: u64,
}

impl History {
    /// The one of this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self {
            state: seed,
            held: Vec::new(),
            asked: Vec::new(),
            births: seed << 32,
        }
    }

    /// A number below `end`, by the splitmix generator.
    fn below(&mut self, end: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % end as u64).unwrap_or_default()
    }

    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn id(&mut self) -> DocumentId {
        let collection = if self.one_in(4) { GUILDS } else { AVATARS };
        DocumentId::new(collection, KEYS[self.below(KEYS.len())])
    }

    fn scalar(&mut self) -> Value {
        match self.below(8) {
            0 => Value::Nil,
            1 => Value::Bool(self.one_in(2)),
            2 => Value::Negative(-1 - self.below(3).cast_signed() as i64),
            3 | 4 => Value::Unsigned(self.below(3) as u64),
            _ => Value::Text(NAMES[self.below(NAMES.len())].to_owned()),
        }
    }

    fn table(&mut self) -> Table {
        let count = self.below(4);
        (0..count)
            .map(|_| (NAMES[self.below(NAMES.len())].to_owned(), self.scalar()))
            .collect()
    }

    fn update(&mut self) -> Update {
        let mut update = Update::new();
        if self.one_in(12) {
            let value = Value::Table(
                [
                    ("name".to_owned(), self.scalar()),
                    ("bag".to_owned(), Value::Table(self.table())),
                ]
                .into(),
            );
            update.set(Path::of(["body"]), value);
            return update;
        }
        for property in ["name", "guild", "gold"] {
            let path = Path::of(["body", property]);
            match self.below(5) {
                0 | 1 => {
                    let value = self.scalar();
                    update.set(path, value);
                }
                2 => update.remove(path),
                _ => {}
            }
        }
        match self.below(5) {
            0 => {
                let value = Value::Table(self.table());
                update.set(Path::of(["body", "bag"]), value);
            }
            1 => update.remove(Path::of(["body", "bag"])),
            2 | 3 => {
                for name in NAMES {
                    let path = Path::of(["body", "bag", name]);
                    match self.below(6) {
                        0 | 1 => {
                            let value = self.scalar();
                            update.set(path, value);
                        }
                        2 => update.remove(path),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        update
    }

    fn commit(&mut self, held: &Held) -> Commit {
        let mut commit = held.commit();
        commit.update = self.update();
        commit.pending = self.one_in(4);
        commit.wake_us = self
            .one_in(4)
            .then(|| self.below(20).cast_signed() as i64 - 5);
        commit.end = match self.below(12) {
            0 => End::Released,
            1 => End::Deleted,
            _ => End::Stays,
        };
        match self.below(20) {
            0 => commit.rev += 1,
            1 => commit.rev -= 1,
            2 => commit.epoch += 1,
            3 => commit.birth += 1,
            4 => commit.owner = owner(99),
            _ => {}
        }
        commit
    }

    /// Asks for one thing more.
    ///
    /// # Panics
    ///
    /// If store and reference answer differently: with `at` in its words.
    pub async fn step(&mut self, store: &Rc<dyn Store>, reference: &mut Documents, at: &str) {
        match self.below(20) {
            0..=4 => self.claim(store, reference, at).await,
            5..=14 => self.commits(store, reference, at).await,
            15 => {
                let quarantine = Quarantine {
                    id: self.id(),
                    why: self.one_in(3).then(|| "odd".to_owned()),
                };
                reference.quarantine(&quarantine);
                assert_eq!(store.quarantine(quarantine).await, Ok(()), "{at}");
            }
            16 => {
                let property = ["name", "guild", "gold"][self.below(3)];
                let find = Find {
                    collection: AVATARS.into(),
                    path: Path::of(["body", property]),
                    value: self.scalar(),
                    limit: 99,
                };
                let mut expected = reference.find(&find);
                let mut found = store.find(find.clone()).await.expect(at);
                expected.sort();
                found.sort();
                assert_eq!(found, expected, "{at}: {find:?}");
            }
            17 => {
                let sweep = Sweep {
                    now_us: self.below(20).cast_signed() as i64 - 5,
                    except: owner(self.below(3) as u64),
                    limit: 99,
                };
                let mut expected = reference.sweep(&sweep);
                let mut found = store.sweep(sweep.clone()).await.expect(at);
                expected.sort_by(|a, b| a.0.cmp(&b.0));
                found.sort_by(|a, b| a.0.cmp(&b.0));
                assert_eq!(found, expected, "{at}: {sweep:?}");
            }
            18 => {
                let after = self
                    .one_in(2)
                    .then(|| Arc::from(KEYS[self.below(KEYS.len())]));
                let limit = 1 + self.below(4);
                let expected = reference.scan(&AVATARS.into(), after.as_deref(), limit);
                let found = store
                    .scan(AVATARS.into(), after.clone(), limit)
                    .await
                    .expect(at);
                let expected: Vec<_> = expected.into_iter().map(plain_document).collect();
                let found: Vec<_> = found.into_iter().map(plain_document).collect();
                assert_eq!(found, expected, "{at}: after {after:?}");
            }
            _ => {
                let id = self.id();
                let expected = reference.read(&id).cloned().map(plain_document);
                let found = store.read(id).await.expect(at).map(plain_document);
                assert_eq!(found, expected, "{at}");
            }
        }
    }

    async fn claim(&mut self, store: &Rc<dyn Store>, reference: &mut Documents, at: &str) {
        self.births += 1;
        let claim = Claim {
            id: self.id(),
            owner: owner(self.below(3) as u64),
            seen: self.one_in(4).then(|| 1 + self.below(4) as u64),
            take: match self.below(4) {
                0 => Take::Free,
                1 => Take::From(owner(self.below(3) as u64)),
                _ => Take::Any,
            },
            create: !self.one_in(4),
            birth: self.births,
        };
        let expected = reference.claim(&claim);
        let found = store.claim(claim.clone()).await.expect(at);
        if let Claimed::Mine(document) = &expected {
            if self.held.len() > 5 {
                self.held.remove(0);
            }
            self.held.push(Held::new((**document).clone()));
        }
        assert_eq!(
            plain_claimed(found),
            plain_claimed(expected),
            "{at}: {claim:?}"
        );
    }

    async fn commits(&mut self, store: &Rc<dyn Store>, reference: &mut Documents, at: &str) {
        if self.held.is_empty() {
            return;
        }
        let mut commits = Vec::new();
        if !self.asked.is_empty() && self.one_in(10) {
            let which = self.below(self.asked.len());
            commits.clone_from(&self.asked[which]);
        } else {
            let count = if self.one_in(4) { 1 + self.below(3) } else { 1 };
            for _ in 0..count {
                let which = self.below(self.held.len());
                let held = self.held[which].clone();
                if commits
                    .iter()
                    .all(|commit: &Arc<Commit>| commit.id != held.document.id)
                {
                    commits.push(Arc::new(self.commit(&held)));
                }
            }
        }
        let expected = reference.commit(&commits);
        let found = store.commit(commits.clone()).await.expect(at);
        if expected
            .iter()
            .all(|outcome| *outcome == Committed::Applied)
        {
            for commit in &commits {
                for held in self
                    .held
                    .iter_mut()
                    .filter(|held| held.document.id == commit.id)
                {
                    held.rev = held.rev.max(commit.rev + 1);
                }
            }
        }
        assert_eq!(found, expected, "{at}: {commits:?}");
        self.asked.push(commits);
        if self.asked.len() > 5 {
            self.asked.remove(0);
        }
    }

    /// Compares all documents.
    ///
    /// # Panics
    ///
    /// If any differs: with `at` in its words.
    pub async fn compare(&self, store: &Rc<dyn Store>, reference: &Documents, at: &str) {
        for collection in [AVATARS, GUILDS] {
            let found = store.scan(collection.into(), None, 99).await.expect(at);
            let found: Vec<Document> = found.into_iter().map(plain_document).collect();
            let expected = reference.scan(&collection.into(), None, 99);
            let expected: Vec<_> = expected.into_iter().map(plain_document).collect();
            assert_eq!(found, expected, "{at}");
        }
    }
}

fn plain_claimed(claimed: Claimed) -> Claimed {
    match claimed {
        Claimed::Mine(document) => Claimed::Mine(Box::new(plain_document(*document))),
        other => other,
    }
}
