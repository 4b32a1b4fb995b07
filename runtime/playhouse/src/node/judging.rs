//! What a peer of another release of the schema can't be understood in.
//!
//! The newer side judges, since its lock knows the older one's digests: a type that differs is harmless if its present form
//! still reads what the peer has. Of two of one release neither knows more, and calls that don't fit fail one by one.

use playhouse_wire::message::{Method, TypeDigest};

use crate::call::{Failure, FailureKind};
use crate::descriptor::Schema;

/// The types that a peer has in a form that this node can't read, by package and number. Few: they are looked through.
pub(super) type Strange = Box<[(u16, u16)]>;

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
    if release >= schema.release {
        return Box::default();
    }
    let readable = |it: &TypeDigest| {
        let mut past = schema.past.iter();
        past.any(|past| {
            (past.package, past.number) == (it.package, it.number)
                && past.digests.contains(&it.digest)
        })
    };
    differing(ours, theirs)
        .filter(|it| !readable(it))
        .map(|it| (it.package, it.number))
        .collect()
}

/// The refusal of a call by such a peer, if it is of such a type.
pub(super) fn refuse(schema: &Schema, strange: &[(u16, u16)], method: Method) -> Option<Failure> {
    let of = (method.package, method.number);
    if !strange.contains(&of) {
        return None;
    }
    let name = schema.name_of(of.0, of.1).unwrap_or_default();
    Some(
        Failure::not_executed(FailureKind::Incompatible).because(format!(
            "`{name}` of this node can't read that of the caller's earlier release: upgrade the caller"
        )),
    )
}

#[cfg(test)]
mod tests {
    use playhouse_wire::message::TypeDigest;

    use super::strange;
    use crate::descriptor::{Past, Schema};

    static SCHEMA: Schema = Schema {
        digest: 9,
        release: 3,
        readable_since: 3,
        past: &[Past {
            package: 1,
            number: 2,
            digests: &[20, 21],
        }],
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
        let ours = [digest(1, 10), digest(2, 22), digest(3, 30)];
        assert_eq!(&*strange(&SCHEMA, &ours, theirs, release), expected);
    }

    #[test]
    fn the_newer_side_refuses_what_it_does_not_read_any_more() {
        check(2, &[digest(1, 10), digest(2, 21)], &[]);
        check(2, &[digest(2, 20)], &[]);
        check(2, &[digest(2, 19), digest(3, 29)], &[(1, 2), (1, 3)]);
    }

    #[test]
    fn types_that_one_side_lacks_are_no_matter() {
        check(2, &[digest(4, 40)], &[]);
    }

    #[test]
    fn of_one_release_and_of_a_later_one_nothing_is_known() {
        check(3, &[digest(2, 19)], &[]);
        check(4, &[digest(2, 19)], &[]);
    }
}
