//! Tags and names: each once in its space, none that is reserved.

use std::collections::{BTreeMap, HashMap};

use playhouse_syntax::{
    Span,
    ast::{self, Name, Number, ReservedItem},
};

use super::Checker;
use crate::{
    evolution::{Key, key::Space, lock::Lock},
    model::Reserved,
    rules,
};

/// The greatest tag.
pub(super) const TAG_MAX: i64 = 127;

/// The tags and names of one space: a struct's fields, an entity's properties and slots, its calls ...
#[derive(Debug, Default)]
pub(super) struct TagSpace {
    used: BTreeMap<i64, (String, Span)>,
    names: HashMap<String, Span>,
    reserved: Vec<(i64, i64, Span)>,
    reserved_names: Vec<(String, Span)>,
    /// What a number is called, and the greatest: values and flags differ from members.
    pub(super) numbers: Option<(&'static str, i64)>,
    pub(super) model: Reserved,
    /// Whose space it is and which, for the lock.
    pub(super) owner: Option<(Key, Space)>,
}

impl TagSpace {
    /// What a number of this space is called.
    fn word(&self) -> &'static str {
        self.numbers.map_or("tag", |(word, _)| word)
    }

    /// The next tag that was never used, by what `lock` knows of removed ones too.
    fn next(&self, lock: &Lock) -> Option<i64> {
        let known = self.owner.as_ref();
        let known = known.and_then(|(key, space)| lock.number_max(key, *space));
        let most = self.numbers.map_or(TAG_MAX, |(_, most)| most);
        let used = self.used.keys().next_back().copied();
        let reserved = self.reserved.iter().map(|(_, high, _)| *high);
        let next = reserved
            .chain(used)
            .chain(known)
            .max()
            .unwrap_or(0)
            .saturating_add(1);
        (next <= most).then_some(next)
    }
}

impl Checker<'_> {
    /// The space of what `reserved` says; of calls if `calls`.
    pub(super) fn tag_space(&mut self, reserved: &[ast::Reserved], calls: bool) -> TagSpace {
        let mut space = TagSpace::default();
        for item in reserved
            .iter()
            .filter(|reserved| reserved.calls == calls)
            .flat_map(|reserved| &reserved.items)
        {
            match item {
                ReservedItem::Range(low, high) => {
                    let span = Span::new(low.span.file, low.span.range.cover(high.span.range));
                    if low.value > high.value {
                        self.report(rules::numbers::reserved_range(span, low.value, high.value));
                        continue;
                    }
                    space.reserved.push((low.value, high.value, span));
                    space.model.ranges.push((low.value, high.value));
                }
                ReservedItem::Name(name) => {
                    space.reserved_names.push((name.text.clone(), name.span));
                    space.model.names.push(name.text.clone());
                }
            }
        }
        space.model.ranges.sort_unstable();
        space.model.names.sort_unstable();
        space
    }

    /// Refuses `reserved rpc` where no calls are.
    pub(super) fn no_reserved_calls(&mut self, reserved: &[ast::Reserved]) {
        for reserved in reserved.iter().filter(|reserved| reserved.calls) {
            self.report(rules::numbers::reserved_rpc(reserved.span));
        }
    }

    /// Enters a name into its space.
    pub(super) fn member_name(&mut self, space: &mut TagSpace, name: &Name) {
        if let Some(first) = space.names.get(&name.text) {
            self.report(rules::names::member_twice(name.span, &name.text, *first));
            return;
        }
        if let Some((_, at)) = space
            .reserved_names
            .iter()
            .find(|(text, _)| *text == name.text)
        {
            self.report(rules::numbers::name_reserved(name.span, &name.text, *at));
        }
        space.names.insert(name.text.clone(), name.span);
    }

    /// Enters a tag from `least` to `most` into its space; false if it is not free.
    pub(super) fn number(
        &mut self,
        space: &mut TagSpace,
        number: Number,
        name: &Name,
        least: i64,
        most: i64,
    ) -> bool {
        let (tag, span) = (number.value, number.span);
        if tag < least || tag > most {
            self.report(rules::numbers::tag_range(span, tag, least, most));
            return false;
        }
        if let Some((other, first)) = space.used.get(&tag).cloned() {
            let lock = &self.sources.lock;
            let (next, word) = (space.next(lock), space.word());
            let key = space.owner.as_ref();
            let key = key.map(|(key, space)| key.step(*space, tag));
            let owns = |name: &str| key.as_ref().is_some_and(|key| lock.owns(key, name));
            let (own, others) = (owns(&name.text), owns(&other));
            if own && !others {
                // The one that stands first is the newer.
                self.report(rules::numbers::tag_twice(
                    first, word, tag, &name.text, span, next, true,
                ));
                space.used.insert(tag, (name.text.clone(), span));
                return true;
            }
            self.report(rules::numbers::tag_twice(
                span, word, tag, &other, first, next, others,
            ));
            return false;
        }
        if let Some((.., at)) = space
            .reserved
            .iter()
            .find(|(low, high, _)| (*low..=*high).contains(&tag))
        {
            let (word, next) = (space.word(), space.next(&self.sources.lock));
            self.report(rules::numbers::tag_reserved(span, word, tag, *at, next));
            return false;
        }
        space.used.insert(tag, (name.text.clone(), span));
        true
    }

    /// The tag of a member, 0 if it is broken.
    pub(super) fn tag(
        &mut self,
        space: &mut TagSpace,
        what: &str,
        number: Option<Number>,
        name: &Name,
    ) -> u8 {
        self.member_name(space, name);
        let Some(number) = number else {
            self.report(rules::numbers::tag_missing(name.span, what, &name.text));
            return 0;
        };
        if self.number(space, number, name, 1, TAG_MAX) {
            u8::try_from(number.value).unwrap_or(0)
        } else {
            0
        }
    }
}
