//! How calls fail: one explicit error each, which says whether the call may have taken effect.

use std::convert::Infallible;
use std::fmt;

use playhouse_wire::{Encode, Reader};

pub use playhouse_wire::message::{Executed, FailureKind};

use playhouse_cluster::placement::Route;

/// Why a call failed, and whether it may have taken effect.
///
/// One word wide beside its kind: what is rarely there stands behind a pointer.
#[derive(Clone, PartialEq, Eq)]
pub struct Failure {
    kind: FailureKind,
    executed: Executed,
    detail: Option<Box<Detail>>,
}

#[derive(Clone, PartialEq, Eq, Default)]
struct Detail {
    text: String,
    path: String,
    /// The call never began, and the activation that it was for is over here.
    moved: bool,
    /// Where the entity went, if that is known.
    hint: Option<Route>,
}

impl Failure {
    /// A failure of a call whose handler never began.
    #[must_use]
    pub const fn not_executed(kind: FailureKind) -> Self {
        Self {
            kind,
            executed: Executed::NotExecuted,
            detail: None,
        }
    }

    /// A failure of a call that may have taken effect.
    #[must_use]
    pub const fn unknown(kind: FailureKind) -> Self {
        Self {
            kind,
            executed: Executed::Unknown,
            detail: None,
        }
    }

    /// With words about what happened and what to do: lowercase, without a full stop.
    #[must_use]
    pub fn because(mut self, text: impl Into<String>) -> Self {
        self.detail.get_or_insert_default().text = text.into();
        self
    }

    /// With the entities that wait for one another: `A.trade -> B.trade -> A.deliver`.
    #[must_use]
    pub fn along(mut self, path: impl Into<String>) -> Self {
        self.detail.get_or_insert_default().path = path.into();
        self
    }

    /// The same failure, as the caller of a handler sees it that passed it on: something has run by then.
    #[must_use]
    pub fn passed_on(mut self) -> Self {
        self.executed = Executed::Unknown;
        self
    }

    /// The failure of a call that never began, and whose activation is gone: it is made again where the entity is now, or
    /// its caller hears that it moved, and perhaps where to.
    pub(crate) fn moved(hint: Option<Route>) -> Self {
        let mut failure = Self::not_executed(FailureKind::Unreachable);
        let detail = failure.detail.get_or_insert_default();
        detail.text = "the entity runs elsewhere by now".to_owned();
        detail.moved = true;
        detail.hint = hint;
        failure
    }

    /// Whether this is what [`moved`](Self::moved) made.
    pub(crate) fn is_moved(&self) -> bool {
        self.detail.as_ref().is_some_and(|detail| detail.moved)
    }

    /// Where the entity went, of a call whose activation is gone.
    pub(crate) fn moved_to(&self) -> Option<&Route> {
        self.detail.as_ref()?.hint.as_ref()
    }

    /// As it is sent.
    #[must_use]
    pub fn as_wire(&self) -> playhouse_wire::message::WireFailure<'_> {
        self.into()
    }

    /// Why.
    #[must_use]
    pub const fn kind(&self) -> FailureKind {
        self.kind
    }

    /// Whether the call may have taken effect.
    #[must_use]
    pub const fn executed(&self) -> Executed {
        self.executed
    }

    /// What happened and what to do; empty if the kind says it all.
    #[must_use]
    pub fn text(&self) -> &str {
        self.detail.as_ref().map_or("", |detail| &detail.text)
    }

    /// The entities that wait for one another, of a [`FailureKind::Deadlock`]; else empty.
    #[must_use]
    pub fn path(&self) -> &str {
        self.detail.as_ref().map_or("", |detail| &detail.path)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        if !self.text().is_empty() {
            write!(f, ": {}", self.text())?;
        }
        if !self.path().is_empty() {
            write!(f, ": {}", self.path())?;
        }
        f.write_str(match self.executed {
            Executed::NotExecuted => " (not executed)",
            Executed::Unknown => " (may have been executed)",
        })
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Failure({:?}: {self})", self.kind)
    }
}

impl std::error::Error for Failure {}

/// A handler broke a bound of the schema with a value of its own.
impl From<playhouse_wire::Error> for Failure {
    fn from(error: playhouse_wire::Error) -> Self {
        Self::unknown(FailureKind::Internal).because(error.to_string())
    }
}

/// Why a call that throws `E` has no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallError<E> {
    /// The handler threw this.
    Thrown(E),
    /// The call failed.
    Failed(Failure),
}

impl<E: fmt::Display> CallError<E> {
    /// As a failure, for handlers that pass it on without throwing the same: what was thrown becomes
    /// [`FailureKind::Internal`], with its words.
    #[must_use]
    pub fn into_failure(self) -> Failure {
        match self {
            Self::Thrown(error) => {
                Failure::unknown(FailureKind::Internal).because(error.to_string())
            }
            Self::Failed(failure) => failure.passed_on(),
        }
    }
}

impl<E> From<E> for CallError<E> {
    fn from(error: E) -> Self {
        Self::Thrown(error)
    }
}

// Not generic over what is thrown: `E` may not be a failure, which no schema can declare.
impl<E: Thrown> From<Failure> for CallError<E> {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// A handler broke a bound of the schema with a value of its own.
impl<E: Thrown> From<playhouse_wire::Error> for CallError<E> {
    fn from(error: playhouse_wire::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl<E: Thrown> From<crate::SaveError> for CallError<E> {
    fn from(error: crate::SaveError) -> Self {
        Self::Failed(error.into())
    }
}

/// A generated error type.
pub trait Thrown: Encode + playhouse_wire::Decode + std::error::Error + Send + 'static {}

impl<E: fmt::Display> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Thrown(error) => error.fmt(f),
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

impl<E: std::error::Error> std::error::Error for CallError<E> {}

/// How a call fails: [`Failure`] alone, or [`CallError`] of what it throws.
pub trait Fault: From<Failure> + fmt::Debug + Send + 'static {
    /// What the handler throws.
    type Thrown: 'static;

    /// What was thrown, or the failure.
    ///
    /// # Errors
    ///
    /// The failure.
    fn split(self) -> Result<Self::Thrown, Failure>;

    /// The fault of a handler that threw this.
    fn thrown(error: Self::Thrown) -> Self;

    /// What was thrown, to be written down, or the failure.
    ///
    /// # Errors
    ///
    /// The failure.
    fn view(&self) -> Result<&dyn Encode, &Failure>;

    /// Reads what was thrown.
    ///
    /// # Errors
    ///
    /// If the bytes are no such error, or if the call throws nothing.
    fn decode_thrown(r: &mut Reader<'_>) -> playhouse_wire::Result<Self>;
}

impl Fault for Failure {
    type Thrown = Infallible;

    fn split(self) -> Result<Infallible, Self> {
        Err(self)
    }

    fn thrown(error: Infallible) -> Self {
        match error {}
    }

    fn view(&self) -> Result<&dyn Encode, &Failure> {
        Err(self)
    }

    fn decode_thrown(r: &mut Reader<'_>) -> playhouse_wire::Result<Self> {
        <Infallible as playhouse_wire::Decode>::decode(r).map(|error| match error {})
    }
}

impl<E: Thrown> Fault for CallError<E> {
    type Thrown = E;

    fn split(self) -> Result<E, Failure> {
        match self {
            Self::Thrown(error) => Ok(error),
            Self::Failed(failure) => Err(failure),
        }
    }

    fn thrown(error: E) -> Self {
        Self::Thrown(error)
    }

    fn view(&self) -> Result<&dyn Encode, &Failure> {
        match self {
            Self::Thrown(error) => Ok(error),
            Self::Failed(failure) => Err(failure),
        }
    }

    fn decode_thrown(r: &mut Reader<'_>) -> playhouse_wire::Result<Self> {
        E::decode(r).map(Self::Thrown)
    }
}
