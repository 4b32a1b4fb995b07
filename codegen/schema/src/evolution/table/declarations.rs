//! Cells of packages, roles, audiences and constants, and those that all declarations share.

use super::{
    Condition as If, DOCUMENT_IF_STORED, EXPOSURE, Row, SOURCE, WIRE, breaks, fine, never,
};
use crate::evolution::{
    surface::Kind::{self, *},
    verdict::Change::{Add, Reattribute, Rebound, Remove, Rename, Reorder, Retag, Retype},
};

/// Whatever has a name and no number.
const NAMED: &[Kind] = &[
    Role, Audience, Const, Newtype, Enum, Flags, Struct, Union, Error,
];

/// Every declaration but packages.
const DECLARED: &[Kind] = &[
    Role, Audience, Const, Newtype, Enum, Flags, Struct, Union, Error, Component, Entity, Service,
];

/// Whatever documents know by its name.
const FILED: &[Kind] = &[Field, EnumValue, Flag, Arm, Property, Slot, Entity];

pub(super) const ROWS: &[Row] = &[
    breaks(
        FILED,
        Reattribute,
        If::Refiled,
        &[DOCUMENT_IF_STORED],
        "documents call it by the first name that it had, which is the first of its `@was`: they are searched for another one",
        "keep every `@was`, the oldest first",
    ),
    fine(
        DECLARED,
        Add,
        If::Always,
        "nothing that is there already refers to it; what does refer to it now is judged where it stands",
    ),
    fine(
        &[Package],
        Add,
        If::Always,
        "nothing that is there already refers to it",
    ),
    breaks(
        &[Package],
        Remove,
        If::Addressed,
        &[WIRE, DOCUMENT_IF_STORED, SOURCE],
        "old peers still call its entities and services, and what was saved of them is never loaded again",
        "keep the package until nothing of it is running or stored, and mark what is in it `@deprecated`",
    ),
    breaks(
        &[Package],
        Remove,
        If::Plain,
        &[SOURCE],
        "code that names its declarations stops compiling; members that had its types are judged where they stand",
        "keep the package and mark what is in it `@deprecated`",
    ),
    breaks(
        &[Package],
        Rename,
        If::Always,
        &[DOCUMENT_IF_STORED, SOURCE],
        "the number is what travels, so peers don't notice; but documents are filed under the package's name, and paths in code and in other schemas have it",
        "keep the name, or tell those who use the package; documents have to be moved while no node runs",
    ),
    breaks(
        &[Package],
        Retag,
        If::Addressed,
        &[WIRE, super::DOCUMENT],
        "the package's number is the first half of every id in it: refs that are under way or stored point nowhere",
        "give the package its old number again in playhouse.toml",
    ),
    fine(
        &[Package],
        Retag,
        If::Plain,
        "the number counts in the ids of entities, components and services alone, and the package has none",
    ),
    never(&[Package], Retype, "a package has no type"),
    never(&[Package], Rebound, "a package has no type, so no bound"),
    never(&[Package], Reattribute, "a package has no attributes"),
    never(&[Package], Reorder, "packages have no order"),
    // Roles.
    breaks(
        &[Role],
        Remove,
        If::Always,
        &[SOURCE],
        "code and configuration that name the role are wrong now; what lived on it is judged where it stands",
        "keep the role until no node is configured with it",
    ),
    breaks(
        &[Role],
        Rename,
        If::Was,
        &[WIRE, SOURCE],
        "nodes find one another by the names of their roles, and old nodes look for the old one",
        "keep the name; if it must change, stop the cluster in between",
    ),
    never(&[Role], Retype, "a role has no type"),
    // Audiences.
    breaks(
        &[Audience],
        Remove,
        If::Always,
        &[SOURCE],
        "code that fills the audience stops compiling; what was sent to it is judged where it stands",
        "keep the audience and mark it `@deprecated`",
    ),
    breaks(
        &[Audience],
        Rename,
        If::Was,
        &[SOURCE],
        "audiences are resolved on the server, so only the code that fills them names them",
        "keep the name, or change the code in the same step",
    ),
    breaks(
        &[Audience],
        Retype,
        If::Always,
        &[SOURCE, EXPOSURE],
        "the parameter tells one group from another: with another one, other sessions are together",
        "declare a second audience and move to it what is sent",
    ),
    // Constants.
    breaks(
        &[Const],
        Remove,
        If::Always,
        &[SOURCE],
        "code that names the constant stops compiling; bounds and defaults made of it are judged where they stand",
        "keep the constant and mark it `@deprecated`",
    ),
    breaks(
        &[Const],
        Rename,
        If::Was,
        &[SOURCE],
        "code that names the constant stops compiling",
        "keep the name, or declare a second constant with the new name and the old one's value",
    ),
    breaks(
        &[Const],
        Retype,
        If::Always,
        &[SOURCE],
        "the constant has this type in code too",
        "declare a second constant of the new type",
    ),
    fine(
        &[Const],
        Reattribute,
        If::Value,
        "a constant itself does not travel; wherever it is a bound or a default, the verdict stands there",
    ),
    never(
        &[Role, Audience, Const],
        Rebound,
        "it has no bound of its own that a value would be held to",
    ),
    // All that have names and no numbers.
    never(NAMED, Retag, "it has a name and no number"),
    // All declarations.
    breaks(
        DECLARED,
        Reattribute,
        If::InternalAdded,
        &[SOURCE],
        "schemas and code of other packages can't name it any longer",
        "mark it `@deprecated` first, and `@internal` when nobody names it",
    ),
    fine(
        DECLARED,
        Reattribute,
        If::Marks,
        "documentation, `@deprecated`, `@was`, `@since`, `@ui` and the taking away of `@internal` change neither values nor what exists",
    ),
    fine(
        DECLARED,
        Reorder,
        If::Always,
        "the order of declarations and of files means nothing",
    ),
];
