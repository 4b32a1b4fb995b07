//! Failures as they travel, and back.

use playhouse_wire::message::{self, WireFailure};

use super::{Executed, Failure, FailureKind};

impl From<WireFailure<'_>> for Failure {
    fn from(wire: WireFailure<'_>) -> Self {
        let kind = FailureKind::from(wire.kind);
        let failure = match wire.executed {
            message::Executed::NotExecuted => Self::not_executed(kind),
            message::Executed::Unknown => Self::unknown(kind),
        };
        let failure = match wire.text {
            "" => failure,
            text => failure.because(text),
        };
        match wire.path {
            "" => failure,
            path => failure.along(path),
        }
    }
}

impl<'a> From<&'a Failure> for WireFailure<'a> {
    fn from(failure: &'a Failure) -> Self {
        let executed = match failure.executed() {
            Executed::NotExecuted => message::Executed::NotExecuted,
            Executed::Unknown => message::Executed::Unknown,
        };
        WireFailure {
            text: failure.text(),
            path: failure.path(),
            ..WireFailure::new(failure.kind().into(), executed)
        }
    }
}

macro_rules! kinds {
    ($($kind:ident)*) => {
        impl From<message::FailureKind> for FailureKind {
            fn from(kind: message::FailureKind) -> Self {
                match kind {
                    $(message::FailureKind::$kind => Self::$kind,)*
                }
            }
        }

        impl From<FailureKind> for message::FailureKind {
            fn from(kind: FailureKind) -> Self {
                match kind {
                    $(FailureKind::$kind => Self::$kind,)*
                }
            }
        }
    };
}

kinds! {
    Timeout Unreachable Cancelled Denied RateLimited Overloaded NotFound Invalid Deadlock Unimplemented Incompatible
    Internal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_comes_back_as_it_went() {
        for kind in message::FailureKind::ALL {
            let failure = Failure::not_executed(kind.into())
                .because("no such call")
                .along("A.trade -> B.trade");
            assert_eq!(failure.kind() as u8, kind.number());
            assert_eq!(Failure::from(WireFailure::from(&failure)), failure);
            let bare = Failure::unknown(kind.into());
            assert_eq!(Failure::from(WireFailure::from(&bare)), bare);
        }
    }
}
