//! The conditions under which the cells of the table differ.

macro_rules! conditions {
    ($($name:ident $slug:literal $words:literal,)*) => {
        /// What has to be known of a change beside the element and the kind of change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Condition {
            $(#[doc = $words] $name,)*
        }

        impl Condition {
            /// Every condition.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in the names of cells and fixtures; empty where a cell has one row.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self {
                    $(Self::$name => $slug,)*
                }
            }

            /// When it holds, for the table.
            #[must_use]
            pub const fn describe(self) -> &'static str {
                match self {
                    $(Self::$name => $words,)*
                }
            }
        }
    };
}

conditions! {
    Always "" "always",

    WithDefault "with_default" "it has a default or is optional",
    Required "required" "it has no default",
    Between "between" "not at the end of the parameters",
    Open "open" "the type is open",
    Closed "closed" "the type is closed",
    Zero "zero" "the value of number 0 of an open enum",
    Single "single" "a single flag",
    Combination "combination" "a named combination",
    Plain "plain" "otherwise",
    Exposed "exposed" "clients can call it",
    Durable "durable" "it is `@durable`",
    Addressed "addressed" "the package has entities, components or services",
    Met "met" "every entity with the component has what is required",
    Lacking "lacking" "an entity with the component lacked what is required",

    Was "was" "with `@was`",
    Unmarked "unmarked" "without `@was`",

    SameForm "same_form" "to a type of the same values: a newtype for what is in it",
    Twin "twin" "to another type of the same members, values or arms",
    Widened "widened" "to a type that holds every old value: a wider number, or `?` where there was no default",
    Other "other" "to anything else",
    OtherKind "kind" "to something of another kind",
    Result "result" "another result",
    ResultSameForm "result_same_form" "another result of the same values",
    Throws "throws" "another error, one more, one less",
    Stream "stream" "a stream became a single result or the reverse",

    Wider "wider" "the new bound lets more through",
    Narrower "narrower" "the new bound lets less through",
    Moved "moved" "the new bound lets other things through",

    DefaultAdded "default_added" "a default where there was none",
    DefaultRemoved "default_removed" "no default where there was one",
    DefaultChanged "default_changed" "another default",
    NowClosed "closed" "`closed` added",
    NowOpen "opened" "`closed` taken away",
    Value "value" "another value",
    Bits "bits" "a combination of other bits",
    InternalAdded "internal_added" "`@internal` added",
    RedactRemoved "redact_removed" "`@redact` taken away",
    PersistAdded "persist_added" "`@persist` added",
    PersistRemoved "persist_removed" "`@persist` taken away",
    SyncAdded "sync_added" "`@sync` added",
    SyncRemoved "sync_removed" "`@sync` taken away",
    AudienceWider "audience_wider" "an audience that holds the old one, or a larger `within`",
    AudienceNarrower "audience_narrower" "an audience that is part of the old one",
    AudienceMoved "audience_moved" "an audience of others",
    UniqueAdded "unique_added" "`@unique` added",
    LookupRemoved "lookup_removed" "`@unique` or `@index` taken away",
    TransientAdded "transient_added" "`@transient` added",
    HiddenAdded "hidden_added" "`@hidden` added",
    HiddenRemoved "hidden_removed" "`@hidden` taken away",
    ExposedAdded "exposed_added" "`@exposed` added",
    ExposedRemoved "exposed_removed" "`@exposed` taken away",
    RateLooser "rate_looser" "a greater rate or burst",
    RateTighter "rate_tighter" "a smaller rate or burst",
    GuestAdded "guest_added" "`guest` added",
    GuestRemoved "guest_removed" "`guest` taken away",
    IdempotentAdded "idempotent_added" "`@idempotent` added",
    IdempotentRemoved "idempotent_removed" "`@idempotent` taken away",
    DurableAdded "durable_added" "`@durable` added",
    DurableRemoved "durable_removed" "`@durable` taken away",
    Refiled "refiled" "another first `@was`",
    OnRole "role" "another role",
    InContainer "container" "another container",
    Marks "marks" "any other attribute",
}
