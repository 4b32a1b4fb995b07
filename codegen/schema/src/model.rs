//! The validated model: every name resolved, every generic monomorphised, every default and bound computed.
//!
//! Backends, compatibility and the lock see only this. Things refer to one another by index ([`TypeId`],
//! [`ComponentId`] ...), so the model is plain data without cycles. Read [`Model`] first, then [`Type`].
//!
//! Long because it is one flat list: every element of the language once, with what is known of it.

use playhouse_syntax::Span;

mod int;
mod text;
mod walk;

pub use text::bound_text;

/// Index of a package in [`Model::packages`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PackageId(pub u32);
/// Index of a type definition in [`Model::types`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);
/// Index of a constant in [`Model::consts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConstId(pub u32);
/// Index of a role in [`Model::roles`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoleId(pub u32);
/// Index of a declared audience in [`Model::audiences`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AudienceId(pub u32);
/// Index of a component in [`Model::components`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ComponentId(pub u32);
/// Index of an entity in [`Model::entities`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityId(pub u32);
/// Index of a service in [`Model::services`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceId(pub u32);

/// A whole schema: all packages of a project and those they use.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// Packages, sorted by name.
    pub packages: Vec<Package>,
    /// Structs, enums, flags, unions, errors and newtypes. Generic structs stand here once per instance.
    pub types: Vec<TypeDef>,
    /// Constants.
    pub consts: Vec<Const>,
    /// Node roles.
    pub roles: Vec<Role>,
    /// Declared audiences (the built-in ones are variants of [`Audience`]).
    pub audiences: Vec<AudienceDef>,
    /// Components.
    pub components: Vec<Component>,
    /// Entities.
    pub entities: Vec<Entity>,
    /// Services.
    pub services: Vec<Service>,
    /// The digest of all the project's packages: what peers compare first. See `evolution::digest`.
    pub digest: u64,
}

/// A package: a dotted name, a number, and the files that declare it.
#[derive(Debug, Clone)]
pub struct Package {
    /// Dotted name, `arena.world`.
    pub name: String,
    /// Its number in the root `playhouse.toml`; 0 is the framework's own.
    pub number: u16,
    /// Whether this project's outputs contain it (false for `playhouse.*`, which the runtimes ship).
    pub local: bool,
    /// One module per source file, sorted by [`Module::stem`].
    pub modules: Vec<Module>,
}

/// One source file of a package.
#[derive(Debug, Clone)]
pub struct Module {
    /// File name without `.idl`.
    pub stem: String,
    /// Path as given to the checker, with `/` separators; for comments in generated code and error messages.
    pub path: String,
    /// `//!` lines, without the marker and one leading space.
    pub docs: Vec<String>,
    /// Declarations in source order; then the instances of its generics in order of their names.
    pub items: Vec<Item>,
}

/// A declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    /// A type.
    Type(TypeId),
    /// A constant.
    Const(ConstId),
    /// A role.
    Role(RoleId),
    /// An audience.
    Audience(AudienceId),
    /// A component.
    Component(ComponentId),
    /// An entity.
    Entity(EntityId),
    /// A service.
    Service(ServiceId),
}

/// What every declaration has.
#[derive(Debug, Clone)]
pub struct Head {
    /// Name as written, `Inventory`.
    pub name: String,
    /// The package it stands in.
    pub package: PackageId,
    /// Path of the source file (the same text as [`Module::path`]).
    pub path: String,
    /// One-based line of the name.
    pub line: u32,
    /// The name in the source.
    pub span: Span,
    /// `///` lines, without the marker and one leading space.
    pub docs: Vec<String>,
    /// Attributes that fit any declaration or member.
    pub marks: Marks,
}

/// Attributes that any declaration or member may carry.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Marks {
    /// `@deprecated("use X")`: the text, empty if none was given.
    pub deprecated: Option<String>,
    /// `@since(n)`: the schema release that brought it.
    pub since: Option<u32>,
    /// `@was("old")`: earlier names, oldest first.
    pub was: Vec<String>,
    /// `@internal`: invisible outside of its package.
    pub internal: bool,
    /// `@redact`: never written to logs.
    pub redact: bool,
    /// `@ui.name(value)`: passed on to the descriptor, by name without `ui.`; true where no value was given.
    pub ui: Vec<(String, Value)>,
}

/// A named type.
#[derive(Debug, Clone)]
pub struct TypeDef {
    /// Name, place, docs. The name of a generic's instance is the generic's name followed by its arguments' names, `PageOfStack`.
    pub head: Head,
    /// What it is.
    pub kind: TypeKind,
    /// For an instance of a generic: its name as written in the schema (`Page<Stack>`).
    pub instance: Option<String>,
    /// Whether a client's SDK needs it: reachable from an exposed call, an event, a client rpc or a synced property.
    pub client: bool,
    /// Whether it can reach itself through its members (then nested values are bounded by the reader's depth alone).
    pub recursive: bool,
    /// Digest of all that decides how its values are read: see `digest`.
    pub digest: u64,
}

/// The kinds of named types.
#[derive(Debug, Clone)]
pub enum TypeKind {
    /// `struct`
    Struct {
        /// By tag, ascending.
        members: Vec<Member>,
        /// What must not be used again.
        reserved: Reserved,
    },
    /// `enum`
    Enum {
        /// The integer type that carries it.
        repr: Int,
        /// Whether unknown numbers are refused.
        closed: bool,
        /// In source order.
        values: Vec<EnumValue>,
        /// What must not be used again.
        reserved: Reserved,
    },
    /// `flags`
    Flags {
        /// The unsigned integer type that carries it.
        repr: Int,
        /// Single bits and named combinations, in source order.
        flags: Vec<Flag>,
        /// What must not be used again (bit numbers).
        reserved: Reserved,
    },
    /// `union`
    Union {
        /// Whether unknown arms are refused.
        closed: bool,
        /// By tag, ascending.
        arms: Vec<Arm>,
        /// What must not be used again.
        reserved: Reserved,
    },
    /// `error`: an open union that calls throw.
    Error {
        /// By tag, ascending.
        arms: Vec<Arm>,
        /// What must not be used again.
        reserved: Reserved,
    },
    /// `newtype`
    Newtype {
        /// The type inside; never optional.
        inner: Type,
        /// The default of members of this type, if it has one (`= value`).
        default: Option<Value>,
    },
}

/// Tags and names that were used once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reserved {
    /// Inclusive ranges.
    pub ranges: Vec<(i64, i64)>,
    /// Names.
    pub names: Vec<String>,
}

/// A member of a struct or of an arm, a property, or a parameter.
#[derive(Debug, Clone)]
pub struct Member {
    /// Name as written, `snake_case`.
    pub name: String,
    /// 1 to 127; a parameter's is its position, counted from 1.
    pub tag: u8,
    /// Its type with bounds.
    pub ty: Type,
    /// What an absent value stands for; `None`: the member is required.
    pub default: Option<Value>,
    /// Whether the schema wrote the default out.
    pub default_written: bool,
    /// `///` lines.
    pub docs: Vec<String>,
    /// One-based line of the name.
    pub line: u32,
    /// The name in the source.
    pub span: Span,
    /// General attributes.
    pub marks: Marks,
}

/// A type as used: shape, bound, optional.
#[derive(Debug, Clone, PartialEq)]
pub struct Type {
    /// What it is.
    pub shape: Shape,
    /// What its value or length is held to. For a newtype: the bound written at this use alone, the newtype's own applies as well.
    pub bound: Bound,
    /// `T?`
    pub optional: bool,
}

/// The shape of a type.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// `bool`
    Bool,
    /// `u8` .. `i64`
    Int(Int),
    /// `f32`
    F32,
    /// `f64`
    F64,
    /// `string`
    String,
    /// `bytes`
    Bytes,
    /// `timestamp`: microseconds since the Unix epoch.
    Timestamp,
    /// `duration`: microseconds.
    Duration,
    /// `uuid`
    Uuid,
    /// `list<T>`
    List(Box<Type>),
    /// `set<T>`
    Set(Box<Type>),
    /// `map<K, V>`
    Map(Box<Type>, Box<Type>),
    /// `ref<T>`
    Ref(RefTarget),
    /// A type of the schema.
    Named(TypeId),
}

/// What a `ref` points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefTarget {
    /// An entity.
    Entity(EntityId),
    /// Any entity's slot that holds this component.
    Component(ComponentId),
}

/// The integer types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Int {
    /// `u8`
    U8,
    /// `u16`
    U16,
    /// `u32`
    U32,
    /// `u64`
    U64,
    /// `i8`
    I8,
    /// `i16`
    I16,
    /// `i32`
    I32,
    /// `i64`
    I64,
}

/// A bound, both ends inclusive.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Bound {
    /// No bound.
    #[default]
    None,
    /// Of an integer's value. An end that was not written is the type's own.
    Int {
        /// Least.
        min: i128,
        /// Greatest.
        max: i128,
    },
    /// Of a float's value. An end that was not written is infinite.
    Float {
        /// Least.
        min: f64,
        /// Greatest.
        max: f64,
    },
    /// Of a length: characters of a string, bytes, elements.
    Length {
        /// Least.
        min: u32,
        /// Greatest; `None` if open.
        max: Option<u32>,
    },
}

/// A constant value. What type it has is known from where it stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// None of an optional.
    None,
    /// A bool.
    Bool(bool),
    /// An integer, a timestamp or duration in microseconds, or an enum's number.
    Int(i128),
    /// A float.
    Float(f64),
    /// A string.
    String(String),
    /// Bits of flags.
    Flags(u64),
    /// An empty string, `bytes`, list, set or map.
    Empty,
    /// An exact-length list: this many times this value.
    Repeat(u32, Box<Self>),
    /// The struct of defaults.
    Struct,
}

/// `const`
#[derive(Debug, Clone)]
pub struct Const {
    /// Name, place, docs.
    pub head: Head,
    /// Its type: a scalar, string, enum, flags, or a newtype over one.
    pub ty: Type,
    /// Its value.
    pub value: Value,
}

/// `role`
#[derive(Debug, Clone)]
pub struct Role {
    /// Name, place, docs.
    pub head: Head,
}

/// `audience`
#[derive(Debug, Clone)]
pub struct AudienceDef {
    /// Name, place, docs.
    pub head: Head,
    /// `audience team(Team)`: what tells one group from another.
    pub param: Option<Type>,
}

/// Who sees a synced property or receives an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// The bound session.
    Owner,
    /// Owner and observers.
    All,
    /// Observers.
    Others,
    /// Those in range, with the owner.
    Near,
    /// A declared one.
    Named(AudienceId),
}

/// A value of an enum.
#[derive(Debug, Clone)]
pub struct EnumValue {
    /// Name as written, `snake_case`.
    pub name: String,
    /// Its number.
    pub number: i64,
    /// `///` lines.
    pub docs: Vec<String>,
    /// One-based line.
    pub line: u32,
    /// The name in the source.
    pub span: Span,
    /// General attributes.
    pub marks: Marks,
}

/// A flag or a named combination of flags.
#[derive(Debug, Clone)]
pub struct Flag {
    /// Name as written, `snake_case`.
    pub name: String,
    /// Its bits.
    pub bits: u64,
    /// The bit's number, for a single flag; `None` for a combination.
    pub bit: Option<u8>,
    /// `///` lines.
    pub docs: Vec<String>,
    /// One-based line.
    pub line: u32,
    /// The name in the source.
    pub span: Span,
    /// General attributes.
    pub marks: Marks,
}

/// An arm of a union or an error.
#[derive(Debug, Clone)]
pub struct Arm {
    /// Name as written, `snake_case`.
    pub name: String,
    /// 1 to 127.
    pub tag: u8,
    /// What it carries.
    pub body: ArmBody,
    /// `///` lines.
    pub docs: Vec<String>,
    /// One-based line.
    pub line: u32,
    /// The name in the source.
    pub span: Span,
    /// General attributes.
    pub marks: Marks,
}

/// What an arm carries.
#[derive(Debug, Clone)]
pub enum ArmBody {
    /// Nothing.
    Nothing,
    /// One value. In an error whose type is an error too, a conversion from that error is generated.
    Type(Type),
    /// Members in braces; by tag, ascending.
    Members(Vec<Member>),
}

/// `component`
#[derive(Debug, Clone)]
pub struct Component {
    /// Name, place, docs.
    pub head: Head,
    /// Its local number; with the package's number its full id.
    pub number: u16,
    /// Components that an entity with this one must have too.
    pub requires: Vec<ComponentId>,
    /// By tag, ascending.
    pub properties: Vec<Property>,
    /// By tag, ascending.
    pub calls: Vec<Call>,
    /// Tags of properties and slots that must not be used again.
    pub reserved: Reserved,
    /// Tags of calls that must not be used again.
    pub reserved_calls: Reserved,
    /// Whether a client's SDK needs it.
    pub client: bool,
    /// See `digest`.
    pub digest: u64,
}

/// `entity`
#[derive(Debug, Clone)]
pub struct Entity {
    /// Name, place, docs.
    pub head: Head,
    /// Its local number; with the package's number its full id.
    pub number: u16,
    /// How it is addressed.
    pub kind: EntityKind,
    /// `in X`: the entity that holds a local one.
    pub container: Option<EntityId>,
    /// `on role`; none for local entities.
    pub role: Option<RoleId>,
    /// By tag, ascending.
    pub slots: Vec<Slot>,
    /// By tag, ascending.
    pub properties: Vec<Property>,
    /// By tag, ascending.
    pub calls: Vec<Call>,
    /// Tags of properties and slots that must not be used again.
    pub reserved: Reserved,
    /// Tags of calls that must not be used again.
    pub reserved_calls: Reserved,
    /// `@deadline` of its calls, in microseconds.
    pub deadline_us: Option<i64>,
    /// `@tick(50ms)`: its fixed step, in microseconds.
    pub tick_us: Option<i64>,
    /// Whether a client's SDK needs it.
    pub client: bool,
    /// See `digest`.
    pub digest: u64,
}

/// How entities of a type come to be and are addressed.
#[derive(Debug, Clone, PartialEq)]
pub enum EntityKind {
    /// By key; the first use creates it.
    Keyed(Vec<Type>),
    /// Created explicitly, addressed by id.
    Instance,
    /// Exactly one in the cluster.
    Singleton,
    /// One on every node of the role.
    PerNode,
    /// Replicated with its container, not addressable.
    Local,
}

/// `has 2 inventory: Inventory;`
#[derive(Debug, Clone)]
pub struct Slot {
    /// Name as written.
    pub name: String,
    /// 1 to 127, in one space with the properties.
    pub tag: u8,
    /// What fills it.
    pub component: ComponentId,
    /// `@sync(a)`: the component's audiences are cut down to this one.
    pub sync: Option<Audience>,
    /// `@transient`: nothing of it is persisted.
    pub transient: bool,
    /// `@hidden`: nothing of it is synced or exposed.
    pub hidden: bool,
    /// `///` lines.
    pub docs: Vec<String>,
    /// One-based line.
    pub line: u32,
    /// The name in the source.
    pub span: Span,
    /// General attributes.
    pub marks: Marks,
}

/// A property of an entity or a component.
#[derive(Debug, Clone)]
pub struct Property {
    /// Name, tag, type, default.
    pub member: Member,
    /// `@persist`
    pub persist: Option<Persist>,
    /// `@sync`
    pub sync: Option<Sync>,
    /// `@position`: what `near` measures from.
    pub position: bool,
    /// `@unique`: no two entities of the type hold the same value.
    pub unique: bool,
    /// `@index`: entities can be found by it.
    pub index: bool,
    /// `@handoff`: moves with the entity though it is not persisted.
    pub handoff: bool,
    /// `@priority(n)`: which change is sent first when bytes are short; greater is sooner, 0 unless given.
    pub priority: u8,
}

/// `@persist(every: 8s)`
#[derive(Debug, Clone, PartialEq)]
pub struct Persist {
    /// Longest time a change may wait, in microseconds; `None`: as configured.
    pub every_us: Option<i64>,
}

/// `@sync(audience, latest, every: 50ms, quantize: 0.01, within: 30.0)`
#[derive(Debug, Clone, PartialEq)]
pub struct Sync {
    /// Who sees it.
    pub audience: Audience,
    /// Only the newest value matters: may travel unreliably.
    pub latest: bool,
    /// Shortest time between two sends, in microseconds.
    pub every_us: Option<i64>,
    /// Step to which floats are rounded before they are compared and sent.
    pub quantize: Option<f64>,
    /// Range of `near`, in the position's units.
    pub within: Option<f64>,
}

/// The kinds of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallKind {
    /// Awaited.
    Rpc,
    /// Without reply.
    Oneway,
    /// Server to client, without reply.
    Event,
    /// Fired by the entity's own timer.
    Timer,
    /// The server asks the client and waits.
    ClientRpc,
}

/// A call of an entity, a component or a service.
#[derive(Debug, Clone)]
pub struct Call {
    /// What it is.
    pub kind: CallKind,
    /// Name as written, `snake_case`.
    pub name: String,
    /// 1 to 127.
    pub tag: u8,
    /// Parameters by position.
    pub params: Vec<Member>,
    /// What it returns.
    pub result: Option<Type>,
    /// `-> stream T`: `result` comes many times.
    pub stream: bool,
    /// Its error type, a [`TypeKind::Error`].
    pub throws: Option<TypeId>,
    /// Receivers of an event; empty for other calls.
    pub to: Vec<Audience>,
    /// `@exposed`
    pub exposed: Option<Exposed>,
    /// `@deadline`, in microseconds.
    pub deadline_us: Option<i64>,
    /// `@idempotent`
    pub idempotent: bool,
    /// `@committed`
    pub committed: bool,
    /// `@durable`
    pub durable: bool,
    /// `@expires`, in microseconds.
    pub expires_us: Option<i64>,
    /// `@unreliable`
    pub unreliable: bool,
    /// `///` lines.
    pub docs: Vec<String>,
    /// One-based line of the name.
    pub line: u32,
    /// The name in the source.
    pub span: Span,
    /// General attributes.
    pub marks: Marks,
}

/// `@exposed(10/s, burst: 20, guest, for: gm)`
#[derive(Debug, Clone, PartialEq)]
pub struct Exposed {
    /// Calls per `per_us`.
    pub count: u32,
    /// The period, in microseconds.
    pub per_us: i64,
    /// Bucket size.
    pub burst: u32,
    /// Callable before login.
    pub guest: bool,
    /// `for: gm`: only sessions in this declared audience.
    pub audience: Option<AudienceId>,
}

/// `service`
#[derive(Debug, Clone)]
pub struct Service {
    /// Name, place, docs.
    pub head: Head,
    /// Its local number; with the package's number its full id.
    pub number: u16,
    /// The role whose nodes run it.
    pub role: RoleId,
    /// By tag, ascending.
    pub calls: Vec<Call>,
    /// Tags of calls that must not be used again.
    pub reserved_calls: Reserved,
    /// `@deadline` of its calls, in microseconds.
    pub deadline_us: Option<i64>,
    /// Whether a client's SDK needs it.
    pub client: bool,
    /// See `digest`.
    pub digest: u64,
}
