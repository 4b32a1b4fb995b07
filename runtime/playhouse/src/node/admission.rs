//! Who a client is, as its token says.

use playhouse_wire::{Bytes, EntityRef, Timestamp};

use crate::call::{Failure, FailureKind};
use crate::host::Cx;
use crate::login::{TokenKeys, TokenKind};

/// What a client shows that opens a session: what `.authenticate(..)` is given, or the token alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The token.
    pub token: Bytes,
    /// Whether the client goes on with a session that it had. Then the token's time may be over: that the client is the
    /// same it proves with the session's key.
    pub resumes: bool,
}

impl Shown {
    /// When a token must be valid: now, or at no particular time if the client goes on with its session.
    #[must_use]
    pub fn now(&self, cx: &Cx) -> Option<Timestamp> {
        (!self.resumes).then(|| cx.utc())
    }
}

impl From<Shown> for Bytes {
    fn from(shown: Shown) -> Self {
        shown.token
    }
}

/// Who a client is that shows a token: what `.authenticate(..)` returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The entity that the session is bound to: what the client may call.
    pub entity: EntityRef,
    /// The number of the login, which rises from each login of the account to the next: an older login does not take a
    /// newer one's place. None if logins have no numbers: then whoever comes is newer.
    pub login_no: Option<u64>,
}

impl Admission {
    /// Of a login without a number.
    #[must_use]
    pub const fn new(entity: EntityRef) -> Self {
        Self {
            entity,
            login_no: None,
        }
    }

    /// Of the login of this number.
    #[must_use]
    pub const fn login(mut self, login_no: u64) -> Self {
        self.login_no = Some(login_no);
        self
    }
}

impl From<EntityRef> for Admission {
    fn from(entity: EntityRef) -> Self {
        Self::new(entity)
    }
}

/// Who shows a token that a node can open by itself: that of a login.
pub(super) fn by_token(cx: &Cx, keys: &TokenKeys, shown: &Shown) -> Result<Admission, Failure> {
    let denied = |why: String| Failure::not_executed(FailureKind::Denied).because(why);
    let claims = keys.at_gate(&shown.token, shown.now(cx));
    let claims = claims.map_err(|error| denied(error.to_string()))?;
    match claims.kind {
        TokenKind::Login => Ok(Admission::new(claims.entity).login(claims.login_no)),
        _ => Err(denied("the token is not that of a login".to_owned())),
    }
}
