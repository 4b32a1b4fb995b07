//! Why a seed of a world failed.

use std::fmt;

use playhouse::sim::{Ended, Sim, SimError};

/// Why a seed failed.
#[derive(Debug)]
pub enum Failed {
    /// The simulation itself did.
    Sim(Box<SimError>),
    /// Something does not hold.
    Violations {
        /// Of which seed.
        seed: u64,
        /// What.
        wrong: Vec<String>,
    },
}

impl Failed {
    /// Ends a simulation of which this is wrong.
    pub(crate) fn judge(sim: Sim, mut wrong: Vec<String>) -> Result<Ended, Self> {
        let seed = sim.seed();
        match sim.end() {
            Ok(ended) if wrong.is_empty() => Ok(ended),
            Err(error) if wrong.is_empty() => Err(Self::Sim(Box::new(error))),
            ended => {
                // Why nothing answers, perhaps.
                if let Err(error) = ended {
                    wrong.extend(error.reasons().to_vec());
                }
                Err(Self::Violations { seed, wrong })
            }
        }
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sim(error) => error.fmt(f),
            Self::Violations { seed, wrong } => {
                write!(f, "seed {seed} failed:\n  {}", wrong.join("\n  "))
            }
        }
    }
}

impl std::error::Error for Failed {}
