//! Passwords, hashed with argon2id on threads of their own.

use std::fmt;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use argon2::{Algorithm, Argon2, Params, Version};
use subtle::ConstantTimeEq;
use tokio::sync::oneshot;

use crate::call::{Failure, FailureKind};

/// Memory that one hash takes, in KiB: with [`HASH_PASSES`] and one lane what
/// [OWASP](https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html) advises for argon2id.
pub const HASH_MEMORY_KIB: u32 = 19 * 1024;

/// How often a hash goes over its memory.
pub const HASH_PASSES: u32 = 2;

/// Threads that hash. Each has [`HASH_MEMORY_KIB`] while it does.
pub const HASHERS: usize = 2;

/// Most passwords that wait for a thread. One more is refused as `Overloaded`.
pub const HASHES_WAITING_MAX: usize = 64;

/// Most bytes of a password that are hashed: a bound of what work a stranger can ask for.
pub const PASSWORD_BYTES_MAX: usize = 512;

const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;
/// The most that a stored hash may ask for, in KiB and passes.
const MEMORY_KIB_MAX: u32 = 1024 * 1024;
const PASSES_MAX: u32 = 16;

/// What is kept of a password. It says itself how it was made, so that the cost can rise later.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash {
    /// Random, another for each password.
    pub salt: [u8; SALT_BYTES],
    /// The hash.
    pub hash: [u8; HASH_BYTES],
    /// Memory that it took, in KiB.
    pub memory_kib: u32,
    /// How often it went over it.
    pub passes: u32,
}

/// Hashes passwords outside of the shards: a hash takes tens of milliseconds, in which a shard would serve nobody.
/// A clone is the same; the threads begin with the first password and end with the last clone.
///
/// Not for the simulation, whose clock doesn't wait for threads: there, use [`Passwords::in_place`].
///
/// ```
/// use playhouse::login::Passwords;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let passwords = Passwords::new();
/// let hash = passwords.hash("correct horse").await?;
/// assert!(passwords.is_right("correct horse", Some(&hash)).await?);
/// assert!(!passwords.is_right("battery staple", Some(&hash)).await?);
/// # Ok::<(), playhouse::Failure>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Passwords(Arc<Inner>);

struct Inner {
    in_place: bool,
    cost: Cost,
    jobs: OnceLock<Option<SyncSender<Job>>>,
}

#[derive(Clone, Copy)]
struct Cost {
    memory_kib: u32,
    passes: u32,
}

type Job = Box<dyn FnOnce() + Send>;

impl Passwords {
    /// Hashes as [`HASH_MEMORY_KIB`] and [`HASH_PASSES`] say, on [`HASHERS`] threads.
    #[must_use]
    pub fn new() -> Self {
        Self::with(
            false,
            Cost {
                memory_kib: HASH_MEMORY_KIB,
                passes: HASH_PASSES,
            },
        )
    }

    /// Hashes at once, on the thread that asks, and so cheaply that it protects nobody: for the simulation.
    #[must_use]
    pub fn in_place() -> Self {
        Self::with(
            true,
            Cost {
                memory_kib: Params::MIN_M_COST,
                passes: 1,
            },
        )
    }

    fn with(in_place: bool, cost: Cost) -> Self {
        Self(Arc::new(Inner {
            in_place,
            cost,
            jobs: OnceLock::new(),
        }))
    }

    /// What to keep of a new password.
    ///
    /// # Errors
    ///
    /// `Overloaded` if too many wait, `Invalid` if it is longer than [`PASSWORD_BYTES_MAX`].
    pub async fn hash(&self, password: &str) -> Result<PasswordHash, Failure> {
        let (cost, password) = (self.0.cost, checked(password)?);
        self.run(move || cost.hash(&password)).await?
    }

    /// Whether a password is the one whose hash was kept. It takes as long for an account that has none, or that isn't
    /// there, for whom the answer is no.
    ///
    /// # Errors
    ///
    /// As of [`Self::hash`].
    pub async fn is_right(
        &self,
        password: &str,
        kept: Option<&PasswordHash>,
    ) -> Result<bool, Failure> {
        let password = checked(password)?;
        let is_somebodys = kept.is_some();
        let kept = kept.cloned().unwrap_or_else(|| self.0.cost.nobodys());
        let right = self.run(move || kept.fits(&password)).await??;
        Ok(right && is_somebodys)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        if self.0.in_place {
            return Ok(work());
        }
        let failed = |why| Failure::not_executed(FailureKind::Overloaded).because(why);
        let jobs = self.0.jobs.get_or_init(threads).as_ref();
        let jobs = jobs.ok_or_else(|| failed("no thread can be had for passwords"))?;
        let (give, take) = oneshot::channel();
        let job: Job = Box::new(move || {
            // Whoever asked may be gone.
            let _ = give.send(work());
        });
        jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => failed("too many passwords are looked at: try again later"),
            TrySendError::Disconnected(_) => failed("the threads for passwords have ended"),
        })?;
        take.await
            .map_err(|_| failed("the threads for passwords have ended"))
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

/// Starts the threads; nothing if the system gives none.
fn threads() -> Option<SyncSender<Job>> {
    let (sender, receiver) = sync_channel(HASHES_WAITING_MAX);
    let receiver = Arc::new(Mutex::new(receiver));
    let start = || {
        let receiver = Arc::clone(&receiver);
        let thread = thread::Builder::new().name("passwords".to_owned());
        thread.spawn(move || work_off(&receiver)).is_ok()
    };
    let started = (0..HASHERS).filter(|_| start()).count();
    (started > 0).then_some(sender)
}

fn work_off(jobs: &Mutex<Receiver<Job>>) {
    loop {
        // One thread waits at the channel, the others for the lock; a job runs outside of both.
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}

fn checked(password: &str) -> Result<String, Failure> {
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(Failure::not_executed(FailureKind::Invalid)
            .because(format!("a password has at most {PASSWORD_BYTES_MAX} bytes")));
    }
    Ok(password.to_owned())
}

impl Cost {
    fn hash(self, password: &str) -> Result<PasswordHash, Failure> {
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).map_err(|error| internal(&error))?;
        let mut made = PasswordHash {
            salt,
            hash: [0; HASH_BYTES],
            memory_kib: self.memory_kib,
            passes: self.passes,
        };
        made.hash = made.of(password)?;
        Ok(made)
    }

    /// What a password is held against where there is none, so that nobody learns by the time who has one.
    const fn nobodys(self) -> PasswordHash {
        PasswordHash {
            salt: [0; SALT_BYTES],
            hash: [0; HASH_BYTES],
            memory_kib: self.memory_kib,
            passes: self.passes,
        }
    }
}

impl PasswordHash {
    fn fits(&self, password: &str) -> Result<bool, Failure> {
        Ok(self.of(password)?.ct_eq(&self.hash).into())
    }

    fn of(&self, password: &str) -> Result<[u8; HASH_BYTES], Failure> {
        let memory_kib = self.memory_kib.min(MEMORY_KIB_MAX);
        let passes = self.passes.min(PASSES_MAX);
        let params = Params::new(memory_kib, passes, 1, Some(HASH_BYTES));
        let params = params.map_err(|error| internal(&error))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut hash = [0; HASH_BYTES];
        argon2
            .hash_password_into(password.as_bytes(), &self.salt, &mut hash)
            .map_err(|error| internal(&error))?;
        Ok(hash)
    }
}

fn internal(error: &dyn fmt::Display) -> Failure {
    Failure::not_executed(FailureKind::Internal)
        .because(format!("a password can't be hashed: {error}"))
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasswordHash({} KiB x {})", self.memory_kib, self.passes)
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords")
            .field("in_place", &self.0.in_place)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(future)
    }

    #[test]
    fn a_password_fits_its_hash_and_no_other() {
        block_on(async {
            for passwords in [Passwords::new(), Passwords::in_place()] {
                let hash = passwords.hash("correct horse").await.unwrap();
                let again = passwords.hash("correct horse").await.unwrap();
                assert_ne!(hash, again, "salted");
                let is_right = async |password, kept| passwords.is_right(password, kept).await;
                assert_eq!(is_right("correct horse", Some(&hash)).await, Ok(true));
                assert_eq!(is_right("correct horsf", Some(&hash)).await, Ok(false));
                assert_eq!(is_right("correct horse", None).await, Ok(false));
            }
        });
    }

    #[test]
    fn more_than_can_wait_are_refused() {
        let passwords = Passwords::new();
        let jobs = passwords.0.jobs.get_or_init(threads).clone().unwrap();
        let gate = Arc::new(Mutex::new(()));
        let held = gate.lock().unwrap();
        // The threads are busy once they have taken theirs; the rest waits.
        let mut given = 0;
        while given < HASHERS + HASHES_WAITING_MAX {
            let gate = Arc::clone(&gate);
            let job: Job = Box::new(move || drop(gate.lock()));
            match jobs.try_send(job) {
                Ok(()) => given += 1,
                Err(_) => thread::yield_now(),
            }
        }
        let refused = block_on(passwords.hash("one too many")).unwrap_err();
        assert_eq!(refused.kind(), FailureKind::Overloaded, "{refused}");
        drop(held);
        let done = loop {
            if let Ok(done) = block_on(passwords.hash("later")) {
                break done;
            }
            thread::yield_now();
        };
        assert_eq!(done.passes, HASH_PASSES);
    }

    #[test]
    fn long_passwords_and_odd_hashes_are_errors() {
        block_on(async {
            let passwords = Passwords::in_place();
            let longest = "x".repeat(PASSWORD_BYTES_MAX);
            assert!(passwords.hash(&longest).await.is_ok());
            let refused = passwords.hash(&format!("{longest}x")).await.unwrap_err();
            assert_eq!(refused.kind(), FailureKind::Invalid);
            let mut odd = passwords.hash("password").await.unwrap();
            odd.memory_kib = 0;
            assert!(passwords.is_right("password", Some(&odd)).await.is_err());
        });
    }
}
