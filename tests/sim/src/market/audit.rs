//! What must hold of the documents once everything has come to rest.

use std::collections::{BTreeMap, BTreeSet};

use playhouse::store::{Document, DocumentId, Documents, Value};

use super::TRADERS;
use super::customer::{Book, GRANT, Wish};
use super::trader::{GOLD, GOODS, first_goods};

/// A trader, as the store has it.
#[derive(Debug, Default)]
struct Kept {
    gold: u64,
    goods: BTreeSet<u64>,
    gave: BTreeSet<u64>,
    got: BTreeMap<u64, u64>,
    back: BTreeMap<u64, u64>,
    rang: BTreeMap<u64, u64>,
    notes: BTreeSet<u64>,
}

impl Kept {
    fn of(documents: &Documents, trader: u32) -> Self {
        let id = DocumentId::new("market.Trader", format!("u{trader}"));
        // One that nothing was saved of is as it is made.
        let Some(document) = documents.read(&id).filter(|it| it.header.born) else {
            return Self {
                gold: GOLD,
                goods: first_goods(trader).map(u64::from).collect(),
                ..Self::default()
            };
        };
        Self {
            gold: match body(document, "gold") {
                Some(Value::Unsigned(gold)) => *gold,
                _ => GOLD,
            },
            goods: keys(document, "goods"),
            gave: keys(document, "gave"),
            got: counts(document, "got"),
            back: counts(document, "back"),
            rang: counts(document, "rang"),
            notes: keys(document, "notes"),
        }
    }
}

fn body<'a>(document: &'a Document, name: &str) -> Option<&'a Value> {
    document.root.at(&["body".to_owned(), name.to_owned()])
}

fn counts(document: &Document, name: &str) -> BTreeMap<u64, u64> {
    let entries = body(document, name).and_then(Value::entries);
    let count = |(key, value): (&String, &Value)| {
        let count = match value {
            Value::Unsigned(count) => *count,
            _ => 1,
        };
        (key.parse().unwrap_or(0), count)
    };
    entries.into_iter().flatten().map(count).collect()
}

fn keys(document: &Document, name: &str) -> BTreeSet<u64> {
    counts(document, name).into_keys().collect()
}

/// Whether nothing wants to be done any more.
pub(super) fn is_at_rest(documents: &Documents) -> bool {
    documents
        .iter()
        .all(|document| !document.header.pending && document.header.wake_us.is_none())
}

/// What is wrong.
pub(super) fn violations(documents: &Documents, book: &Book) -> Vec<String> {
    let mut wrong = Vec::new();
    for document in documents.iter() {
        if document.header.pending || document.header.wake_us.is_some() {
            let header = &document.header;
            wrong.push(format!("{} never comes to rest: {header:?}", document.id));
        }
    }
    let traders: Vec<Kept> = (0..TRADERS)
        .map(|trader| Kept::of(documents, trader))
        .collect();
    goods(&traders, &mut wrong);
    gifts(&traders, book, &mut wrong);
    for (number, wish) in book.done() {
        let lasts = match wish {
            Wish::Give => true,
            Wish::GiveSurely { giver } => traders[giver as usize].gave.contains(&number),
            Wish::Grant => traders.iter().any(|it| it.got.contains_key(&number)),
            Wish::Note { keeper } => traders[keeper as usize].notes.contains(&number),
            Wish::Remind { giver } => traders[giver as usize].rang.contains_key(&number),
        };
        if !lasts {
            wrong.push(format!("{wish:?} number {number} was answered and is lost"));
        }
    }
    wrong
}

/// Each good is there once.
fn goods(traders: &[Kept], wrong: &mut Vec<String>) {
    for good in 1..=u64::from(TRADERS * GOODS) {
        let owners = traders.iter().filter(|it| it.goods.contains(&good)).count();
        if owners != 1 {
            wrong.push(format!("good {good} is there {owners} times"));
        }
    }
}

/// Each gift that was given has arrived or come back, once, and no other; and so has the gold.
fn gifts(traders: &[Kept], book: &Book, wrong: &mut Vec<String>) {
    let mut arrived: BTreeMap<u64, u64> = BTreeMap::new();
    let mut made = 0;
    for trader in traders {
        for (gift, count) in trader.got.iter().chain(&trader.back) {
            *arrived.entry(*gift).or_default() += count;
        }
        for (number, count) in &trader.rang {
            if *count != 1 {
                wrong.push(format!("timer {number} rang {count} times"));
            }
        }
    }
    for (gift, count) in &arrived {
        let given = traders.iter().filter(|it| it.gave.contains(gift)).count();
        let is_grant = book.wish(*gift) == Some(Wish::Grant);
        if is_grant {
            made += GRANT;
        }
        if *count != 1 || given != usize::from(!is_grant) {
            wrong.push(format!(
                "gift {gift} was given {given} times and arrived {count} times"
            ));
        }
    }
    for gift in traders.iter().flat_map(|it| &it.gave) {
        if !arrived.contains_key(gift) {
            wrong.push(format!("gift {gift} was given and never arrived"));
        }
    }
    let gold: u64 = traders.iter().map(|it| it.gold).sum();
    let expected = u64::from(TRADERS) * GOLD + made;
    if gold != expected {
        wrong.push(format!("there is {gold} gold, not {expected}"));
    }
}
