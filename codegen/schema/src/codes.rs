//! Every rule of the language by its code. What each means stands in its page, `pages/CODE.md`, which `playhouse explain` shows.
//!
//! A code is used by one function alone, in `rules`; `tests/codes.rs` holds the source to that.

use playhouse_syntax::Code;

macro_rules! codes {
    ($($name:ident = $code:literal $title:literal;)*) => {
        $(#[doc = $title] pub const $name: Code = Code($code);)*

        /// Code, name of the constant, title: in order of code, without those of the syntax.
        pub const RULES: &[(&str, &str, &str)] = &[$(($code, stringify!($name), $title),)*];
    };
}

codes! {
    NO_PACKAGE = "E0201" "a file declares no package, or not first";
    PACKAGE_TWICE = "E0202" "a file declares two packages";
    PACKAGE_NUMBER_MISSING = "E0203" "a package has no number in playhouse.toml";
    PACKAGE_NUMBER_TWICE = "E0204" "two packages have one number, or a package has one that is not free";
    UNKNOWN_PACKAGE = "E0205" "no package has this name";
    UNKNOWN_IMPORT = "E0206" "the package declares nothing of this name";
    NAME_TWICE = "E0207" "a name is declared twice";
    UNKNOWN_NAME = "E0208" "a name is not known here";
    WRONG_KIND = "E0209" "a name stands for something else than is needed here";
    INTERNAL_NAME = "E0210" "a name is internal to another package";
    WAS_TAKEN = "E0211" "an earlier name is the name of another member";
    MEMBER_TWICE = "E0212" "two members have one name";
    CASE_CLASH = "E0213" "two names become one in a target language";
    RESERVED_WORD = "E0214" "a name is a reserved word of a target language";
    FILE_TWICE = "E0215" "two files of a package have one name";
    BUILTIN_NAME = "E0216" "a declaration takes the name of a built-in type";
    MANIFEST = "E0217" "playhouse.toml is not valid";
    IMPORT_TWICE = "E0218" "an import takes a name that means something else in the file";

    TYPE_ARGUMENTS = "E0301" "a type has the wrong number of arguments";
    OPTIONAL_TWICE = "E0302" "a type is optional twice";
    MAP_KEY = "E0303" "a type can't be the key of a map or the element of a set";
    OPTIONAL_ELEMENT = "E0304" "the values of a map, the keys of a map and the elements of a set are never optional";
    INFINITE_TYPE = "E0305" "a type contains itself without a list, map or optional between";
    GENERIC_GROWTH = "E0306" "a generic type needs ever larger instances of itself";
    REF_TARGET = "E0307" "a ref points at something that has no address";
    ENUM_REPR = "E0308" "an enum or flags type is carried by something else than a fitting integer";
    ENUM_NUMBER = "E0309" "a number does not fit the integer that carries the type";
    FLAG_VALUE = "E0310" "a combination of flags is not made of flags";
    NEWTYPE_INNER = "E0311" "a newtype can't stand for this type";
    STREAM_TYPE = "E0312" "`stream` stands where nothing can be streamed";
    NO_VALUES = "E0313" "an enum, flags, union or error has nothing in it";
    INSTANCE_NAME = "E0314" "the instance of a generic type takes the name of something else";
    NUMBER_BEHIND = "E0315" "the number of an enum's value stands behind its name";

    BOUND_MISPLACED = "E0401" "a type has nothing that a bound could hold";
    BOUND_EMPTY = "E0402" "a bound lets nothing through";
    BOUND_RANGE = "E0403" "a bound is outside of its type";
    BOUND_VALUE = "E0404" "a bound is not a number of the right kind";
    BOUND_WIDER = "E0405" "a bound is wider than that of the newtype";
    CONST_TYPE = "E0406" "a constant can't have this type";
    VALUE_TYPE = "E0407" "a value does not fit its type";
    VALUE_RANGE = "E0408" "a value is out of bounds";
    UNKNOWN_VALUE = "E0409" "an enum or flags type has no value of this name";
    CONST_CYCLE = "E0410" "a constant depends on itself";
    OPERATOR = "E0411" "an operator does not work on these values";
    DEFAULT_OPTIONAL = "E0412" "an optional has a default";
    DEFAULT_IMPOSSIBLE = "E0413" "a type can't have a default";

    TAG_MISSING = "E0501" "a tag is missing";
    TAG_RANGE = "E0502" "a tag is out of range";
    TAG_TWICE = "E0503" "two members have one tag";
    TAG_RESERVED = "E0504" "a tag is reserved";
    NAME_RESERVED = "E0505" "a name is reserved";
    ID_MISSING = "E0506" "a component, entity or service has no number";
    ID_RANGE = "E0507" "the number of a component, entity or service is out of range";
    ID_TWICE = "E0508" "two components, entities or services of a package have one number";
    RESERVED_RANGE = "E0509" "a reserved range runs backwards";
    RESERVED_RPC = "E0510" "`reserved rpc` stands where no calls are";

    REQUIRES_CYCLE = "E0601" "components require one another in a circle";
    REQUIRES_UNFILLED = "E0602" "an entity lacks a component that one of its components requires";
    ENTITY_KIND = "E0604" "an entity is of no known kind";
    ENTITY_KEY = "E0605" "an entity can't have this key";
    ENTITY_ROLE = "E0606" "an entity or service lacks its role, or has one that it can't have";
    ENTITY_CONTAINER = "E0607" "a local entity lacks its container, or another entity has one";
    SLOT_TYPE = "E0608" "a slot is filled by something else than one component";
    POSITION_COUNT = "E0610" "`near` needs exactly one position";
    POSITION_TYPE = "E0611" "a position is not a vector";
    REQUIRED_UNFILLED = "E0612" "an entity that nobody creates has a property without a default";
    SERVICE_STATE = "E0613" "a service has properties or slots";
    LOCAL_CALLS = "E0614" "a local entity has calls that need an address";
    LOCAL_PERSIST = "E0615" "a local entity has a property or a timer that should be persisted";

    RESULT_MISPLACED = "E0701" "a call without a reply has a result or an error";
    THROWS_TYPE = "E0702" "a call throws something else than an error";
    TO_MISPLACED = "E0703" "only events have audiences";
    CLIENT_DEADLINE = "E0704" "a client rpc states no deadline";
    NO_OWNER = "E0705" "an audience needs an owner where nothing can own";
    PARAM_ORDER = "E0706" "a parameter without a default follows one that has it";
    UNBOUNDED = "E0707" "something that clients can send has no bound";
    SERVICE_CALLS = "E0709" "a service has calls that need an entity";
    STREAM_CALL = "E0711" "a call can't stream";

    UNKNOWN_ATTRIBUTE = "E0801" "no attribute has this name";
    ATTRIBUTE_PLACE = "E0802" "an attribute stands where it means nothing";
    ATTRIBUTE_TWICE = "E0803" "an attribute stands twice";
    ATTRIBUTE_ARGUMENT = "E0804" "an attribute's argument is wrong or missing";
    ATTRIBUTE_CONFLICT = "E0805" "two attributes contradict each other";
    EXPOSED_RATE = "E0806" "an exposed call states no rate, or one that lets nothing through";
    INDEX_TYPE = "E0808" "a property of this type can't be indexed";
    QUANTIZE_TYPE = "E0809" "only floats can be quantized";
    WITHIN = "E0810" "only `near` has a range";
    GUEST = "E0811" "only services can be called by guests";
    NEEDS_PERSIST = "E0812" "an attribute needs the property to be persisted or synced";
    ALLOW = "E0813" "an allow comment is not valid";

    LATER_ATTRIBUTE = "E1001" "the attribute is planned and not there yet";
    LATER_DECLARATION = "E1002" "the declaration is planned and not there yet";
    LATER_CONST = "E1003" "constants of structs and containers are planned and not there yet";
    LATER_REF = "E1004" "refs to anything and to one of several are planned and not there yet";
    LATER_STREAM = "E1005" "stream parameters are planned and not there yet";
    LATER_GENERIC = "E1006" "generic components are planned and not there yet";
    LATER_TYPE = "E1007" "the type is planned and not there yet";
    LATER_RESULT = "E1008" "streamed results are planned and not there yet";
}
