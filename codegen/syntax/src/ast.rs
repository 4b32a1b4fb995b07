//! The tree as plain data: what was written, name by name, with places, and without white space.
//!
//! Parts that a syntax error took away are `None` or left out; the error has been reported. Nothing here is resolved:
//! a [`Path`] is what stands in the text.
//!
//! Long because it is one flat list of plain types.

use crate::{FileId, Span};

mod lower;
mod values;

pub use lower::lower;
pub(crate) use values::int;

/// A name with its place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name {
    /// As written.
    pub text: String,
    /// Where.
    pub span: Span,
}

/// `a.b.C`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Path {
    /// At least one.
    pub segments: Vec<Name>,
    /// All of it.
    pub span: Span,
}

impl Path {
    /// As written, without white space.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for segment in &self.segments {
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(&segment.text);
        }
        text
    }

    /// The last segment.
    #[must_use]
    pub fn last(&self) -> &Name {
        self.segments
            .last()
            .expect("a path has at least one segment")
    }
}

/// A number directly before a name: a tag, an id, an enum's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    /// The value; far out of range numbers are cut to the end of `i64`.
    pub value: i64,
    /// Where, with its sign.
    pub span: Span,
}

/// A file.
#[derive(Debug, Clone, Default)]
pub struct File {
    /// Which.
    pub id: FileId,
    /// `//!` lines.
    pub docs: Vec<String>,
    /// Declarations in order.
    pub declarations: Vec<Declaration>,
    /// `// playhouse: allow(rule) reason` comments.
    pub allows: Vec<Allow>,
}

/// `// playhouse: allow(rule) reason`: silences a lint on its own line, or in the declaration or member that follows.
#[derive(Debug, Clone)]
pub struct Allow {
    /// The rule's name as written; empty if the comment can't be understood.
    pub rule: String,
    /// Why; empty if none was given, which is an error.
    pub reason: String,
    /// The comment.
    pub span: Span,
    /// What it covers.
    pub covers: Span,
}

/// A declaration.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// `///` lines.
    pub docs: Vec<String>,
    /// Attributes before it.
    pub attributes: Vec<Attribute>,
    /// All of it, with docs.
    pub span: Span,
    /// What it declares.
    pub kind: DeclarationKind,
}

/// The kinds of declarations.
#[derive(Debug, Clone)]
pub enum DeclarationKind {
    /// `package a.b;`
    Package(Path),
    /// `role battle;`
    Role(Name),
    /// `audience team(Team);`
    Audience {
        /// Its name.
        name: Name,
        /// What tells one group from another.
        param: Option<Type>,
    },
    /// `use a.b.{C, D as E};`
    Use(Use),
    /// `const NAME: type = value;`
    Const {
        /// Its name.
        name: Name,
        /// Its type.
        ty: Option<Type>,
        /// Its value.
        value: Option<Value>,
    },
    /// `newtype Name = type = value;`
    Newtype {
        /// Its name.
        name: Name,
        /// The type inside.
        ty: Option<Type>,
        /// Its default.
        default: Option<Value>,
    },
    /// `enum` and `flags`
    Enum(Enum),
    /// `struct`
    Struct {
        /// Its name.
        name: Name,
        /// Type parameters.
        generics: Vec<Name>,
        /// Its fields.
        fields: Fields,
    },
    /// `union` and `error`
    Union(Union),
    /// `oplog`, for later.
    Oplog(Name),
    /// `table`, for later.
    Table(Name),
    /// `component`
    Component {
        /// Its number, if written.
        number: Option<Number>,
        /// Its name.
        name: Name,
        /// Type parameters, which are not allowed.
        generics: Vec<Name>,
        /// `requires`
        requires: Vec<Path>,
        /// Its members.
        body: Body,
    },
    /// `entity`
    Entity {
        /// Its number, if written.
        number: Option<Number>,
        /// Its name.
        name: Name,
        /// `keyed(T)` ...
        kind: Option<EntityKind>,
        /// `in X`
        container: Option<Path>,
        /// `on role`
        role: Option<Path>,
        /// Its members.
        body: Body,
    },
    /// `service`
    Service {
        /// Its number, if written.
        number: Option<Number>,
        /// Its name.
        name: Name,
        /// `on role`
        role: Option<Path>,
        /// Its members.
        body: Body,
    },
}

/// `use`
#[derive(Debug, Clone)]
pub struct Use {
    /// The package, or with [`Use::names`] empty the package and the name.
    pub path: Path,
    /// `.{A, B as C}`; the second is the name here.
    pub names: Vec<(Name, Option<Name>)>,
    /// Whether braces were written.
    pub braces: bool,
    /// `as X` behind a path without braces.
    pub alias: Option<Name>,
}

/// `enum` or `flags`
#[derive(Debug, Clone)]
pub struct Enum {
    /// Whether it is `flags`.
    pub flags: bool,
    /// `closed`
    pub closed: bool,
    /// Its name.
    pub name: Name,
    /// The integer type that carries it.
    pub repr: Option<Name>,
    /// Its values.
    pub values: Vec<EnumValue>,
    /// What is reserved.
    pub reserved: Vec<Reserved>,
}

/// A value of an enum or flags.
#[derive(Debug, Clone)]
pub struct EnumValue {
    /// `///` lines.
    pub docs: Vec<String>,
    /// Its number.
    pub number: Option<Number>,
    /// Its name.
    pub name: Name,
    /// `= a | b`
    pub value: Option<Value>,
    /// Attributes behind it.
    pub attributes: Vec<Attribute>,
    /// All of it.
    pub span: Span,
}

/// `union` or `error`
#[derive(Debug, Clone)]
pub struct Union {
    /// Whether it is an `error`.
    pub error: bool,
    /// `closed`
    pub closed: bool,
    /// Its name.
    pub name: Name,
    /// Type parameters.
    pub generics: Vec<Name>,
    /// Its arms.
    pub arms: Vec<Arm>,
    /// What is reserved.
    pub reserved: Vec<Reserved>,
}

/// An arm.
#[derive(Debug, Clone)]
pub struct Arm {
    /// `///` lines.
    pub docs: Vec<String>,
    /// Its tag.
    pub tag: Option<Number>,
    /// Its name.
    pub name: Name,
    /// What it carries.
    pub body: ArmBody,
    /// Attributes behind it.
    pub attributes: Vec<Attribute>,
    /// All of it.
    pub span: Span,
}

/// What an arm carries.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "arms are few, and patterns through a box are harder to read"
)]
pub enum ArmBody {
    /// Nothing.
    Nothing,
    /// `: type`
    Type(Type),
    /// `{ ... }`
    Fields(Fields),
}

/// Fields in braces.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    /// In order.
    pub fields: Vec<Field>,
    /// What is reserved.
    pub reserved: Vec<Reserved>,
}

/// A field or property.
#[derive(Debug, Clone)]
pub struct Field {
    /// `///` lines.
    pub docs: Vec<String>,
    /// Its tag.
    pub tag: Option<Number>,
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Option<Type>,
    /// `= value`
    pub default: Option<Value>,
    /// Attributes, on either side.
    pub attributes: Vec<Attribute>,
    /// All of it.
    pub span: Span,
}

/// `reserved 3, 5..=7, "name";`
#[derive(Debug, Clone)]
pub struct Reserved {
    /// `reserved rpc`
    pub calls: bool,
    /// What.
    pub items: Vec<ReservedItem>,
    /// All of it.
    pub span: Span,
}

/// One reserved thing.
#[derive(Debug, Clone)]
pub enum ReservedItem {
    /// Inclusive.
    Range(Number, Number),
    /// A name.
    Name(Name),
}

/// What stands in the braces of a component, an entity or a service.
#[derive(Debug, Clone, Default)]
pub struct Body {
    /// Properties.
    pub fields: Vec<Field>,
    /// `has`
    pub slots: Vec<Slot>,
    /// Calls.
    pub calls: Vec<Call>,
    /// What is reserved.
    pub reserved: Vec<Reserved>,
}

/// `has 1 name: Component;`
#[derive(Debug, Clone)]
pub struct Slot {
    /// `///` lines.
    pub docs: Vec<String>,
    /// Its tag.
    pub tag: Option<Number>,
    /// Its name.
    pub name: Name,
    /// The component, as a type.
    pub ty: Option<Type>,
    /// Attributes, on either side.
    pub attributes: Vec<Attribute>,
    /// All of it.
    pub span: Span,
}

/// The words of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallWord {
    /// `rpc`
    Rpc,
    /// `oneway`
    Oneway,
    /// `event`
    Event,
    /// `timer`
    Timer,
    /// `client rpc`
    ClientRpc,
}

/// A call.
#[derive(Debug, Clone)]
pub struct Call {
    /// `///` lines.
    pub docs: Vec<String>,
    /// Attributes, on either side.
    pub attributes: Vec<Attribute>,
    /// `rpc` ...
    pub word: CallWord,
    /// The word's place.
    pub word_span: Span,
    /// Its tag.
    pub tag: Option<Number>,
    /// Its name.
    pub name: Name,
    /// Its parameters.
    pub params: Vec<Param>,
    /// `-> stream`
    pub stream: Option<Span>,
    /// `-> type`
    pub result: Option<Type>,
    /// `throws E`
    pub throws: Option<Path>,
    /// `to a | b`
    pub to: Vec<Path>,
    /// All of it.
    pub span: Span,
}

/// A parameter.
#[derive(Debug, Clone)]
pub struct Param {
    /// `///` lines.
    pub docs: Vec<String>,
    /// Its name.
    pub name: Name,
    /// `stream`
    pub stream: Option<Span>,
    /// Its type.
    pub ty: Option<Type>,
    /// `= value`
    pub default: Option<Value>,
    /// Attributes behind it.
    pub attributes: Vec<Attribute>,
    /// All of it.
    pub span: Span,
}

/// `keyed(AccountId)`
#[derive(Debug, Clone)]
pub struct EntityKind {
    /// The word.
    pub name: Name,
    /// Types in parentheses.
    pub args: Vec<Type>,
    /// All of it.
    pub span: Span,
}

/// A type.
#[derive(Debug, Clone)]
pub struct Type {
    /// Its name.
    pub path: Path,
    /// `<...>`
    pub args: Vec<Self>,
    /// The first `|` between arguments.
    pub alternatives: Option<Span>,
    /// `[...]`
    pub bound: Option<Bound>,
    /// One `?` each.
    pub optional: Vec<Span>,
    /// All of it.
    pub span: Span,
}

/// `[1..=64]`
#[derive(Debug, Clone)]
pub struct Bound {
    /// Whether it is one exact value.
    pub exact: bool,
    /// The least, or the exact value.
    pub min: Option<Value>,
    /// The greatest.
    pub max: Option<Value>,
    /// All of it.
    pub span: Span,
}

/// `@name(args)`
#[derive(Debug, Clone)]
pub struct Attribute {
    /// Its name.
    pub path: Path,
    /// Its arguments.
    pub args: Vec<AttributeArg>,
    /// All of it.
    pub span: Span,
}

/// `name: value` or `value`
#[derive(Debug, Clone)]
pub struct AttributeArg {
    /// The name, if there is one.
    pub name: Option<Name>,
    /// The value.
    pub value: Value,
    /// All of it.
    pub span: Span,
}

/// A value as written.
#[derive(Debug, Clone)]
pub struct Value {
    /// What.
    pub kind: ValueKind,
    /// Where.
    pub span: Span,
}

/// The kinds of values.
#[derive(Debug, Clone)]
pub enum ValueKind {
    /// A whole number.
    Int(i128),
    /// A number with a fraction or an exponent.
    Float(f64),
    /// A time, in nanoseconds.
    Time(i128),
    /// An amount of memory, in bytes.
    Size(i128),
    /// A string, its escapes resolved.
    String(String),
    /// A name: of a constant, an enum's value, `true`, `none` ...
    Path(Path),
    /// `10/s`, `1/10s`: a count and a period in nanoseconds.
    Rate {
        /// How many.
        count: i128,
        /// In how long, in nanoseconds; `None` if the unit is unknown.
        period_ns: Option<i128>,
    },
    /// `a | b`, `a + b - c`: operands, and the operators between them.
    Binary(Vec<Value>, Vec<char>),
    /// `[a, b]`
    List(Vec<Value>),
    /// `{a: 1}`
    Map(Vec<(Name, Value)>),
    /// A syntax error, reported.
    Broken,
}
