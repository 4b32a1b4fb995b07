//! The API as a table: what serves it, and what describes it.

use std::sync::Arc;

use axum::routing::{MethodFilter, MethodRouter, on};

use super::routes::{self, Site};

/// Something that can be asked for.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) verb: Verb,
    pub(super) path: &'static str,
    /// What clients generated from the document call it.
    pub(super) operation: &'static str,
    pub(super) summary: &'static str,
    pub(super) takes: Option<&'static Shape>,
    pub(super) gives: &'static Shape,
    /// Besides those that anything may be refused with.
    pub(super) refuses: &'static [Code],
    /// Its handler, as the route for the verb.
    pub(super) serves: fn(MethodFilter) -> MethodRouter<Arc<Site>>,
}

/// How something is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Verb {
    /// `HEAD` goes with it.
    Get,
    Post,
}

impl Verb {
    pub(super) const fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
        }
    }

    /// As the document has it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
        }
    }
}

/// A JSON object.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) fields: &'static [Field],
}

/// A member of an object.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
    pub(super) about: &'static str,
}

/// What a member may be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Of so many characters.
    Text {
        min: usize,
        max: usize,
    },
    Uuid,
    /// Bytes in base64 with padding, at most so many characters.
    Base64 {
        max: usize,
    },
    /// From 0.
    Integer,
    Boolean,
    /// A list of at most so many texts of at most so many characters.
    Texts {
        items: usize,
        max: usize,
    },
    /// A date and time of RFC 3339.
    Date,
    /// Anything, as an object.
    Free,
    Object(&'static Shape),
}

/// Why something is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Code {
    pub(super) status: u16,
    pub(super) word: &'static str,
    /// What is wrong, and what to do.
    pub(super) message: &'static str,
}

macro_rules! codes {
    ($($constant:ident = $status:literal $word:literal $message:literal;)*) => {
        $(pub(super) const $constant: Code = Code {
            status: $status,
            word: $word,
            message: $message,
        };)*
    };
}

codes! {
    INVALID = 400 "invalid_request" "the request is not as the API has it: see `field`, and /v1/openapi.json";
    WRONG_PROOF = 401 "wrong_proof" "wrong name, password or pass: try again, or log in anew";
    BANNED = 403 "banned" "the account is shut out: see `reason` and `until`";
    NOT_FOUND = 404 "not_found" "there is no such page: see /v1/openapi.json";
    METHOD = 405 "method_not_allowed" "another method is meant: see the header Allow";
    TIMEOUT = 408 "request_timeout" "the request came too slowly: send it again";
    TAKEN = 409 "taken" "somebody has this name already: choose another";
    NOT_A_GUEST = 409 "not_a_guest" "the account has a password already: log in with it";
    TOO_LARGE = 413 "too_large" "the request is larger than anything that is asked here";
    MEDIA_TYPE = 415 "unsupported_media_type" "send application/json";
    CLIENT_TOO_OLD = 426 "client_too_old" "update the game to at least the version in `least`";
    TOO_OFTEN = 429 "too_often" "wait as long as the header Retry-After says, then try again";
    INTERNAL = 500 "internal" "something broke here: try again later";
    UNAVAILABLE = 503 "unavailable" "the game can't take anybody just now: try again later";
}

/// What anything may be refused with that takes a body.
pub(super) const ALWAYS: &[Code] = &[
    INVALID,
    TIMEOUT,
    TOO_LARGE,
    MEDIA_TYPE,
    TOO_OFTEN,
    INTERNAL,
    UNAVAILABLE,
];

const fn field(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field {
        name,
        kind,
        required: true,
        about,
    }
}

const fn maybe(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field {
        name,
        kind,
        required: false,
        about,
    }
}

const INSTALLATION: Field = field(
    "installation",
    Kind::Uuid,
    "Made by the game when it is first run, and kept. Whoever has it is that guest.",
);
const EMAIL: Field = field(
    "email",
    Kind::Text { min: 3, max: 254 },
    "The player's name for the login.",
);
const PASSWORD: Field = field("password", Kind::Text { min: 8, max: 128 }, "As typed.");
const PASS: Field = field(
    "pass",
    Kind::Base64 { max: 8192 },
    "What the last login gave. It may have expired.",
);
const CLIENT: Field = field(
    "client",
    Kind::Object(&CLIENT_FACTS),
    "What the game says of itself.",
);

static CLIENT_FACTS: Shape = Shape {
    name: "Client",
    about: "What a game says of itself when it logs in.",
    fields: &[
        field("version", Kind::Text { min: 1, max: 32 }, "`1.4.2`"),
        maybe(
            "region",
            Kind::Text { min: 0, max: 32 },
            "Where the player is, as the game names regions.",
        ),
        maybe(
            "language",
            Kind::Text { min: 2, max: 16 },
            "`en` if nothing is said; `pt-BR`.",
        ),
    ],
};

static GUEST: Shape = Shape {
    name: "GuestRequest",
    about: "A guest, known by the installation alone.",
    fields: &[INSTALLATION, CLIENT],
};

static LOGIN: Shape = Shape {
    name: "LoginRequest",
    about: "A player with a password.",
    fields: &[EMAIL, PASSWORD, CLIENT],
};

static UPGRADE: Shape = Shape {
    name: "UpgradeRequest",
    about: "A guest who wants a password.",
    fields: &[PASS, EMAIL, PASSWORD],
};

static LOGOUT: Shape = Shape {
    name: "LogoutRequest",
    about: "Whose passes shall count no more.",
    fields: &[PASS],
};

static GRANT: Shape = Shape {
    name: "Grant",
    about: "A way into the game.",
    fields: &[
        field(
            "account",
            Kind::Text { min: 1, max: 128 },
            "What the game calls the account.",
        ),
        field(
            "pass",
            Kind::Base64 { max: 8192 },
            "Give it to the client's `open`, and to nobody else.",
        ),
        field(
            "gates",
            Kind::Texts {
                items: 64,
                max: 256,
            },
            "Where to connect, best first: `kcp://host:port`; without a scheme, TCP.",
        ),
        maybe(
            "server_key",
            Kind::Text { min: 1, max: 64 },
            "The public key of the gates, which the client insists on.",
        ),
        field(
            "valid_for_seconds",
            Kind::Integer,
            "How long the pass opens a session.",
        ),
        field(
            "fresh",
            Kind::Boolean,
            "Whether it is the account's first login ever.",
        ),
    ],
};

static DONE: Shape = Shape {
    name: "Done",
    about: "It is done.",
    fields: &[field("done", Kind::Boolean, "Always true.")],
};

static HEALTH: Shape = Shape {
    name: "Health",
    about: "The process answers.",
    fields: &[field(
        "status",
        Kind::Text { min: 1, max: 16 },
        "Always `ok`.",
    )],
};

static DOCUMENT: Shape = Shape {
    name: "Document",
    about: "An OpenAPI document.",
    fields: &[
        field(
            "openapi",
            Kind::Text { min: 1, max: 16 },
            "The version of OpenAPI.",
        ),
        field("info", Kind::Free, "What it is of."),
        field("paths", Kind::Free, "What can be asked."),
        field("components", Kind::Free, "What is sent."),
    ],
};

/// What a refusal looks like.
pub(super) static ERROR: Shape = Shape {
    name: "Error",
    about: "Why something was refused, and what to do.",
    fields: &[
        field(
            "code",
            Kind::Text { min: 1, max: 32 },
            "For programs. New ones may come.",
        ),
        field(
            "message",
            Kind::Text { min: 1, max: 256 },
            "For people: what is wrong, and what to do.",
        ),
        maybe(
            "field",
            Kind::Text { min: 1, max: 128 },
            "Which member of the request is meant, and what it should be.",
        ),
        maybe(
            "until",
            Kind::Date,
            "When a ban ends; one that has no end doesn't say.",
        ),
        maybe(
            "reason",
            Kind::Text { min: 0, max: 256 },
            "What a ban is for.",
        ),
        maybe(
            "least",
            Kind::Text { min: 1, max: 32 },
            "The oldest version of the game that may come in.",
        ),
        maybe(
            "retry_after_seconds",
            Kind::Integer,
            "As the header Retry-After.",
        ),
    ],
};

/// All that can be asked for.
pub(super) static ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        verb: Verb::Post,
        path: "/v1/guest",
        operation: "guest",
        summary: "Comes in as a guest; the first time, it makes the account.",
        takes: Some(&GUEST),
        gives: &GRANT,
        refuses: &[WRONG_PROOF, BANNED, CLIENT_TOO_OLD],
        serves: |verb| on(verb, routes::guest),
    },
    Endpoint {
        verb: Verb::Post,
        path: "/v1/login",
        operation: "login",
        summary: "Comes in with a password.",
        takes: Some(&LOGIN),
        gives: &GRANT,
        refuses: &[WRONG_PROOF, BANNED, CLIENT_TOO_OLD],
        serves: |verb| on(verb, routes::login),
    },
    Endpoint {
        verb: Verb::Post,
        path: "/v1/upgrade",
        operation: "upgrade",
        summary: "Gives a guest's account a password; all else stays.",
        takes: Some(&UPGRADE),
        gives: &DONE,
        refuses: &[WRONG_PROOF, BANNED, TAKEN, NOT_A_GUEST],
        serves: |verb| on(verb, routes::upgrade),
    },
    Endpoint {
        verb: Verb::Post,
        path: "/v1/logout",
        operation: "logout",
        summary: "Logs an account out everywhere: no pass that it has counts any more.",
        takes: Some(&LOGOUT),
        gives: &DONE,
        refuses: &[WRONG_PROOF],
        serves: |verb| on(verb, routes::logout),
    },
    Endpoint {
        verb: Verb::Get,
        path: "/v1/openapi.json",
        operation: "document",
        summary: "This document.",
        takes: None,
        gives: &DOCUMENT,
        refuses: &[],
        serves: |verb| on(verb, routes::document),
    },
    Endpoint {
        verb: Verb::Get,
        path: "/health",
        operation: "health",
        summary: "Whether the process answers.",
        takes: None,
        gives: &HEALTH,
        refuses: &[],
        serves: |verb| on(verb, routes::health),
    },
];
