//! Whoever shows a pass in somebody's name: what they stole, what has gone by, or the same one from another process.

use std::rc::Rc;
use std::time::Duration;

use playhouse::sim::SimClient;
use playhouse::{Failure, FailureKind};
use playhouse_client::Client;
use playhouse_wire::session::{Pass, SessionKey};
use tokio::time::{sleep, timeout};

use super::person::{Person, note, say};
use super::record::{self, Login};
use crate::client::parley::Speaker;

/// How often they try, and the pause between.
const TRIES: u32 = 40;
const TRY_EVERY: Duration = Duration::from_millis(300);

/// How often an `Open` is repeated on one link: each has a higher attempt.
const OPENS: u32 = 8;

/// How long they wait for what comes of what they say.
const STAYS: Duration = Duration::from_secs(1);

/// What they show.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shown {
    /// The token of a login to come, without the key that goes with it.
    Stolen,
    /// The pass of the latest login: another process has the session, and this one knows nothing of it.
    Again,
    /// The pass of a login before.
    Old,
}

impl Shown {
    /// They try until a home says that it will never be.
    pub(super) async fn shows(self, person: &Rc<Person>, host: &SimClient) {
        let latest = person.latest();
        if latest < 2 {
            return;
        }
        let number = person.next();
        let shown = match self {
            Self::Stolen => number,
            Self::Again => latest,
            Self::Old => 1 + host.random().below(latest - 1),
        };
        let visit = (person.key, number);
        if !record::with(|record| record.shows(visit, shown)) {
            return;
        }
        let (key, token) = person.token(shown);
        let key = match self {
            Self::Stolen => SessionKey([0; 32]),
            _ => key,
        };
        let pass = Pass::join(&key, &token);
        for _ in 0..TRIES {
            let connected = person.connect(host.network()).await;
            if person.is_quiet() {
                return;
            }
            if let Ok(client) = connected {
                person.listen(visit, &client);
                match self.opens(visit, &client, &pass).await {
                    Ok(()) => return speaks(visit, &client).await,
                    Err(failure) if is_final(&failure) => return,
                    Err(_) => {}
                }
            }
            sleep(TRY_EVERY).await;
        }
    }

    async fn opens(self, visit: Login, client: &Client, pass: &[u8]) -> Result<(), Failure> {
        let mut tries = 0;
        loop {
            tries += 1;
            match client.open(pass).await {
                Err(failure) if is_stale(&failure) && tries < OPENS => {}
                Err(failure) => return Err(failure),
                Ok(_) if matches!(self, Self::Stolen) => {
                    let (key, number) = visit;
                    record::with(|record| {
                        record.found(format!(
                            "who has stolen the token of login {number} has a session with speaker {key}, without its key"
                        ));
                    });
                    return Ok(());
                }
                Ok(_) => return Ok(()),
            }
        }
    }
}

/// Says something, and goes.
async fn speaks(visit: Login, client: &Client) {
    let speaker = client.entity::<Speaker>();
    note(visit, &speaker, 1);
    let said = tokio::task::spawn_local(say(visit, speaker, 0, 1));
    let _ = timeout(STAYS, said).await;
    client.close();
}

/// The session is there, and has seen later attempts.
fn is_stale(failure: &Failure) -> bool {
    failure.text().contains("a later attempt")
}

/// Whether trying again is of no use.
fn is_final(failure: &Failure) -> bool {
    use FailureKind::{Denied, Invalid, NotFound};
    matches!(failure.kind(), Denied | Invalid | NotFound) && !is_stale(failure)
}
