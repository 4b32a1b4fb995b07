//! Failures as they travel, and back.

use playhouse_wire::message::WireFailure;

use super::{Executed, Failure};

impl From<WireFailure<'_>> for Failure {
    fn from(wire: WireFailure<'_>) -> Self {
        let failure = match wire.executed {
            Executed::NotExecuted => Self::not_executed(wire.kind),
            Executed::Unknown => Self::unknown(wire.kind),
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
        WireFailure {
            text: failure.text(),
            path: failure.path(),
            ..WireFailure::new(failure.kind(), failure.executed())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FailureKind;

    #[test]
    fn a_failure_comes_back_as_it_went() {
        for kind in FailureKind::ALL {
            let failure = Failure::not_executed(kind)
                .because("no such call")
                .along("A.trade -> B.trade");
            assert_eq!(failure.kind() as u8, kind.number());
            assert_eq!(Failure::from(WireFailure::from(&failure)), failure);
            let bare = Failure::unknown(kind);
            assert_eq!(Failure::from(WireFailure::from(&bare)), bare);
        }
    }
}
