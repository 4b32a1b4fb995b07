//! What nodes of another release of the schema can't be understood in.
//!
//! The newer side knows, since its lock says what broke which type, and when. It tells the others as it takes its seat, so
//! that both sides judge alike before they have met; on a link the digests of types are compared, which is exact. A type that
//! differs is harmless if its present form still reads what the other has. Of two of one release neither knows more, and
//! calls that don't fit fail one by one.

use playhouse_cluster::{BREAKS_MAX, Member, NAME_MAX};
use playhouse_wire::message::{Method, TypeDigest};

use crate::call::{Failure, FailureKind};
use crate::descriptor::{Break, Schema};

/// The types that a peer has in a form that this node can't read, by package and number, and why. Few: they are looked through.
pub(super) type Strange = Box<[((u16, u16), String)]>;

/// What those of earlier releases can't understand of this schema: of each type the latest change, the latest of all first.
pub(super) fn breaks(schema: &Schema) -> Vec<playhouse_cluster::Break> {
    let latest = schema.past.iter().filter_map(|past| {
        let latest = past.breaks.first()?;
        let mut what = changed(latest);
        what.truncate(what.floor_char_boundary(NAME_MAX));
        Some(playhouse_cluster::Break {
            of: (past.package, past.number),
            since: latest.release,
            what,
        })
    });
    let mut breaks: Vec<_> = latest.collect();
    breaks.sort_by_key(|it| (std::cmp::Reverse(it.since), it.of));
    breaks.truncate(BREAKS_MAX);
    breaks
}

/// In which types a node with this schema and a member don't understand each other.
pub(super) fn member(schema: &Schema, member: &Member) -> Vec<playhouse_cluster::Strange> {
    if member.root == schema.digest {
        return Vec::new();
    }
    let mut strange = Vec::new();
    let theirs = |of| {
        member
            .breaks
            .iter()
            .find(move |it| it.of == of && it.since > schema.release)
    };
    for past in schema.past {
        let of = (past.package, past.number);
        if let Some(broken) = past.breaks.iter().find(|it| it.release > member.release) {
            strange.push(playhouse_cluster::Strange {
                of,
                why: why(schema, of, member.release, broken.release, &changed(broken)).into(),
                // Of two that went different ways neither is.
                behind: theirs(of).is_none(),
            });
        }
    }
    for broken in member.breaks.iter().filter(|it| it.since > schema.release) {
        if strange.iter().all(|it| it.of != broken.of) {
            strange.push(playhouse_cluster::Strange {
                of: broken.of,
                why: why(
                    schema,
                    broken.of,
                    schema.release,
                    broken.since,
                    &broken.what,
                )
                .into(),
                behind: false,
            });
        }
    }
    strange
}

/// `tavern.Order.count (field/rebound_wider)`
fn changed(broken: &Break) -> String {
    match broken.cell {
        "" => broken.member.to_owned(),
        cell => format!("{} ({cell})", broken.member),
    }
}

/// Why two nodes don't understand each other in a type, and what to do.
fn why(schema: &Schema, of: (u16, u16), older: u32, since: u32, changed: &str) -> String {
    let name = schema.name_of(of.0, of.1);
    let name = name.unwrap_or_else(|| format!("type {}/{}", of.0, of.1));
    format!(
        "`{name}` of release {older} does not fit that of release {since}, which changed `{changed}`: \
         replace the nodes of release {older}, or take the newer ones back; `playhouse compat` says more"
    )
}

/// The types that both have in different forms.
pub(super) fn differing<'a>(
    ours: &'a [TypeDigest],
    theirs: &'a [TypeDigest],
) -> impl Iterator<Item = &'a TypeDigest> {
    theirs.iter().filter(|theirs| {
        let mut ours = ours.iter();
        ours.any(|ours| {
            (ours.package, ours.number) == (theirs.package, theirs.number)
                && ours.digest != theirs.digest
        })
    })
}

/// Those that a peer of this earlier release has in a form which the schema does not read any more.
pub(super) fn strange(
    schema: &Schema,
    ours: &[TypeDigest],
    theirs: &[TypeDigest],
    release: u32,
) -> Strange {
    if release > schema.release {
        return Box::default();
    }
    let judged = differing(ours, theirs).filter_map(|it| {
        let of = (it.package, it.number);
        let mut past = schema.past.iter();
        let past = past.find(|past| (past.package, past.number) == of);
        let broken = past.and_then(|past| past.breaks.iter().find(|it| it.release > release));
        let unknown =
            release < schema.release && !past.is_some_and(|past| past.digests.contains(&it.digest));
        let text = match broken {
            Some(broken) => why(schema, of, release, broken.release, &changed(broken)),
            // A form that was never released.
            None if unknown => why(schema, of, release, schema.release, &whole(schema, of)),
            None => return None,
        };
        Some((of, text))
    });
    judged.collect()
}

fn whole(schema: &Schema, of: (u16, u16)) -> String {
    schema.name_of(of.0, of.1).unwrap_or_default()
}

/// The refusal of a call by such a peer, if it is of such a type.
pub(super) fn refuse(strange: &Strange, method: Method) -> Option<Failure> {
    let of = (method.package, method.number);
    let (_, why) = strange.iter().find(|(strange, _)| *strange == of)?;
    Some(Failure::not_executed(FailureKind::Incompatible).because(why.clone()))
}

#[cfg(test)]
mod tests {
    use playhouse_cluster::{BREAKS_MAX, Member, NAME_MAX};
    use playhouse_wire::message::TypeDigest;

    use super::{breaks, member, strange};
    use crate::descriptor::{Break, Past, Schema};

    /// Type 2 changed in releases 2 and 3, type 4 in what comes after 3.
    static SCHEMA: Schema = Schema {
        digest: 9,
        release: 3,
        readable_since: 4,
        past: &[
            Past {
                package: 1,
                number: 2,
                digests: &[20, 21],
                breaks: &[
                    Break {
                        release: 2,
                        member: "a.B.c",
                        cell: "field/retag",
                    },
                    Break {
                        release: 1,
                        member: "a.B",
                        cell: "",
                    },
                ],
            },
            Past {
                package: 1,
                number: 4,
                digests: &[],
                breaks: &[Break {
                    release: 4,
                    member: "a.D.e",
                    cell: "field/retype_other",
                }],
            },
        ],
        packages: &[],
    };

    fn digest(number: u16, digest: u64) -> TypeDigest {
        TypeDigest {
            package: 1,
            number,
            digest,
        }
    }

    #[track_caller]
    fn check(release: u32, theirs: &[TypeDigest], expected: &[(u16, u16)]) {
        let ours = [digest(1, 10), digest(2, 22), digest(3, 30), digest(4, 40)];
        let found = strange(&SCHEMA, &ours, theirs, release);
        let types: Vec<_> = found.iter().map(|(of, _)| *of).collect();
        assert_eq!(types, expected);
    }

    #[test]
    fn the_newer_side_refuses_what_it_does_not_read_any_more() {
        check(2, &[digest(1, 10), digest(2, 21)], &[]);
        check(2, &[digest(2, 20)], &[]);
        check(2, &[digest(2, 19), digest(3, 29)], &[(1, 2), (1, 3)]);
        check(1, &[digest(2, 19)], &[(1, 2)]);
    }

    #[test]
    fn types_that_one_side_lacks_are_no_matter() {
        check(2, &[digest(5, 50)], &[]);
    }

    #[test]
    fn of_one_release_what_broke_since_is_known_and_of_a_later_one_nothing() {
        check(3, &[digest(2, 19)], &[]);
        check(3, &[digest(4, 39)], &[(1, 4)]);
        check(4, &[digest(2, 19), digest(4, 39)], &[]);
    }

    /// What a node with the schema finds in a member, and whether the member is behind.
    #[track_caller]
    fn judged(root: u64, release: u32, says: &[playhouse_cluster::Break]) -> Vec<(u16, bool)> {
        let mut other = Member::new("b", 1, "x");
        (other.root, other.release, other.breaks) = (root, release, says.to_vec());
        let strange = member(&SCHEMA, &other);
        strange.iter().map(|it| (it.of.1, it.behind)).collect()
    }

    fn broken(number: u16, since: u32) -> playhouse_cluster::Break {
        playhouse_cluster::Break {
            of: (1, number),
            since,
            what: "what".to_owned(),
        }
    }

    #[test]
    fn both_sides_know_what_the_newer_one_says() {
        assert_eq!(judged(9, 1, &[]), []);
        assert_eq!(judged(8, 1, &[]), [(2, true), (4, true)]);
        assert_eq!(judged(8, 3, &[]), [(4, true)], "not released yet");
        assert_eq!(judged(8, 5, &[broken(2, 3), broken(3, 5)]), [(3, false)]);
        assert_eq!(judged(8, 3, &[broken(4, 4)]), [(4, false)], "two ways");
    }

    #[test]
    fn a_reason_names_the_member_and_where_to_look() {
        let mut other = Member::new("b", 1, "x");
        (other.root, other.release) = (8, 1);
        let [first, _] = &*member(&SCHEMA, &other) else {
            panic!("two types differ");
        };
        assert_eq!(
            &*first.why,
            "`type 1/2` of release 1 does not fit that of release 2, which changed `a.B.c \
             (field/retag)`: replace the nodes of release 1, or take the newer ones back; \
             `playhouse compat` says more"
        );
    }

    #[test]
    fn a_member_names_as_many_changes_as_it_may() {
        static LONG: Break = Break {
            release: 7,
            member: "ä.ääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääää",
            cell: "",
        };
        let past = |(number, release)| Past {
            package: 1,
            number,
            digests: &[],
            breaks: Box::leak(Box::new([Break { release, ..LONG }])),
        };
        let past: Vec<Past> = (0..=1024).zip(1..).map(past).collect();
        let schema = Schema {
            past: past.leak(),
            ..SCHEMA
        };
        let said = breaks(&schema);
        assert_eq!((said.len(), said[0].since), (BREAKS_MAX, 1025));
        assert!(
            said.iter()
                .all(|it| (250..=NAME_MAX).contains(&it.what.len()))
        );
        let mut me = Member::new("a", 1, "x");
        me.breaks = said;
        assert_eq!(me.excess(), None);
        me.breaks.push(broken(9, 1));
        assert!(
            me.excess()
                .unwrap_or_default()
                .contains("at most 1024 changes")
        );
    }
}
