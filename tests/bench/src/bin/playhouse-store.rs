//! The embedded store: saves, what they write, and loads.
//!
//! `playhouse-store [FOLDER]`: in a folder that is made for it, below FOLDER or the one for temporary files. What is written is
//! what this process hands to the system (`wchar` of `/proc/self/io`), in the background too.

#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

use std::path::Path as Folder;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use playhouse_store::{
    Backend as _, Claim, Claimed, Collection, Commit, Committed, Document, DocumentId, Embedded,
    End, Index, Owner, Path, Store, Table, Take, Update, Value,
};

const AVATARS: u64 = 10_000;
const COLLECTION: &str = "arena.world.Avatar";
const ROUNDS: u64 = 20;
/// After so long nothing of a phase is written any more.
const SETTLES: Duration = Duration::from_secs(2);

fn main() -> Result<()> {
    let parent = std::env::args_os().nth(1);
    let parent = parent.map_or_else(std::env::temp_dir, Into::into);
    let folder = parent.join(format!("playhouse-store-{}", std::process::id()));
    let result = measure(&folder);
    std::fs::remove_dir_all(&folder).context("the folder can't be removed")?;
    result
}

fn measure(folder: &Folder) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let owner = |incarnation| Owner {
        node: "bench".into(),
        incarnation,
    };
    let index = |name, unique| Index {
        path: Path::of(["body", name]),
        unique,
    };
    let collections = [Collection {
        name: COLLECTION.into(),
        indexes: vec![index("name", true), index("guild", false)],
    }];

    let backend = Embedded::at(folder);
    backend.open(&collections, runtime.handle())?;
    let store = backend.store();
    let mut avatars = runtime.block_on(load(&store, &owner(1)))?;
    let size = bytes_of(&body(0));
    let watch = Watch::start()?;
    runtime.block_on(save(&store, &mut avatars, AVATARS, |number| {
        let mut update = Update::new();
        update.set(Path::of(["body"]), body(number));
        update
    }))?;
    println!("a document has some {size} bytes of names and values");
    watch.tell("10,000 whole documents", AVATARS)?;

    let one = |number: u64| {
        let mut update = Update::new();
        update.set(Path::of(["body", "gold"]), Value::Unsigned(number << 20));
        update
    };
    let watch = Watch::start()?;
    runtime.block_on(save(&store, &mut avatars, AVATARS, one))?;
    watch.tell("one property of each", AVATARS)?;
    for at_once in [64, 1_000, AVATARS] {
        let watch = Watch::start()?;
        let rounds = ROUNDS.min(at_once / 8);
        for _ in 0..rounds {
            runtime.block_on(save(&store, &mut avatars, at_once, one))?;
        }
        let name = format!("one property of each, {at_once} at once, {rounds} rounds");
        watch.tell(&name, rounds * AVATARS)?;
    }
    let entry = |number: u64| {
        let mut update = Update::new();
        let slot = Path::of(["body", "Inventory", "bag"]).and((number % 24).to_string());
        update.set(slot, stack(number));
        update
    };
    let watch = Watch::start()?;
    runtime.block_on(save(&store, &mut avatars, AVATARS, entry))?;
    watch.tell("one entry of a map of each", AVATARS)?;
    let watch = Watch::start()?;
    for round in 0..ROUNDS {
        let message = |number: u64| {
            let receiver = Path::of(["outbox", "arena.world.Guild/u1"]);
            let mut update = Update::new();
            update.set(
                receiver.and(format!("{round:020}")),
                Value::Bytes(vec![7; 60]),
            );
            if let Some(before) = round.checked_sub(1) {
                update.remove(receiver.and(format!("{before:020}")));
            }
            update.set(Path::of(["body", "gold"]), Value::Unsigned(number));
            update
        };
        runtime.block_on(save(&store, &mut avatars, AVATARS, message))?;
    }
    watch.tell("one message more and one less of each", ROUNDS * AVATARS)?;
    drop(store);
    backend.close();

    let backend = Embedded::at(folder);
    let watch = Watch::start()?;
    backend.open(&collections, runtime.handle())?;
    watch.tell("opened again", 1)?;
    let store = backend.store();
    let watch = Watch::start()?;
    let avatars = runtime.block_on(load(&store, &owner(2)))?;
    watch.tell("10,000 documents claimed and loaded", AVATARS)?;
    let whole = avatars.iter().all(|avatar| {
        let root = &avatar.root;
        bytes_of(root) >= size
    });
    if !whole {
        bail!("a document came back smaller than it was");
    }
    drop(store);
    backend.close();
    Ok(())
}

async fn load(store: &Rc<dyn Store>, owner: &Owner) -> Result<Vec<Document>> {
    let claim = |number: u64| {
        store.claim(Claim {
            id: DocumentId::new(COLLECTION, format!("u{number}")),
            owner: owner.clone(),
            seen: None,
            take: Take::Any,
            create: true,
            birth: number,
        })
    };
    let claims: Vec<_> = (0..AVATARS).map(claim).collect();
    let mut avatars = Vec::new();
    for claim in claims {
        match claim.await? {
            Claimed::Mine(document) => avatars.push(*document),
            other => bail!("{other:?}"),
        }
    }
    Ok(avatars)
}

/// Saves each once, `at_once` of them at a time.
async fn save(
    store: &Rc<dyn Store>,
    avatars: &mut [Document],
    at_once: u64,
    update: impl Fn(u64) -> Update,
) -> Result<()> {
    let at_once = usize::try_from(at_once)?;
    let mut number = 0;
    for some in avatars.chunks_mut(at_once) {
        let mut commits = Vec::with_capacity(some.len());
        for avatar in some.iter_mut() {
            let header = &mut avatar.header;
            let commit = Commit {
                id: avatar.id.clone(),
                birth: header.birth,
                owner: header.owner.clone().context("claimed")?,
                epoch: header.epoch,
                rev: header.rev,
                update: update(number),
                schema: 1,
                pending: false,
                wake_us: None,
                end: End::Stays,
            };
            header.rev += 1;
            number += 1;
            commits.push(store.commit(vec![Arc::new(commit)]));
        }
        for commit in commits {
            if commit.await? != [Committed::Applied] {
                bail!("a commit was refused");
            }
        }
    }
    Ok(())
}

fn stack(number: u64) -> Value {
    let parts = [
        ("item".to_owned(), Value::Unsigned(1000 + number % 500)),
        ("count".to_owned(), Value::Unsigned(number % 99)),
        ("bound".to_owned(), Value::Bool(number.is_multiple_of(2))),
    ];
    Value::Map(parts.into())
}

fn body(number: u64) -> Value {
    let text = |text: String| Value::Text(text);
    let mut body: Table = (0..30)
        .map(|at| (format!("property{at}"), Value::Unsigned(number * 31 + at)))
        .collect();
    body.insert("name".into(), text(format!("Avatar {number}")));
    body.insert("guild".into(), text(format!("Guild {}", number % 100)));
    body.insert("gold".into(), Value::Unsigned(number));
    body.insert("motto".into(), text("All for one. ".repeat(20)));
    let bag = (0..24).map(|slot| (slot.to_string(), stack(number + slot)));
    let bag = Value::Table([("bag".to_owned(), Value::Table(bag.collect()))].into());
    body.insert("Inventory".into(), bag);
    let stats = (0..20).map(|at| (format!("stat{at}"), Value::Float(at as f64 * 1.5)));
    body.insert("Stats".into(), Value::Table(stats.collect()));
    Value::Table(body)
}

fn bytes_of(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(values) => values.iter().map(bytes_of).sum(),
        Value::Map(entries) | Value::Table(entries) => {
            let of = |(name, value): (&String, &Value)| name.len() + bytes_of(value);
            entries.iter().map(of).sum()
        }
        Value::Float(_) => 8,
        Value::Unsigned(_) | Value::Negative(_) => 4,
        Value::Nil | Value::Bool(_) => 1,
    }
}

struct Watch {
    since: Instant,
    written: u64,
}

impl Watch {
    fn start() -> Result<Self> {
        Ok(Self {
            since: Instant::now(),
            written: written()?,
        })
    }

    fn tell(&self, what: &str, count: u64) -> Result<()> {
        let seconds = self.since.elapsed().as_secs_f64();
        // Rows that are written in order in the background belong to what changed them.
        std::thread::sleep(SETTLES);
        let written = written()? - self.written;
        println!(
            "{what}: {seconds:.3} s, {:.0} a second, {} bytes written, {} each",
            count as f64 / seconds,
            written,
            written / count
        );
        Ok(())
    }
}

fn written() -> Result<u64> {
    let io =
        std::fs::read_to_string("/proc/self/io").context("only Linux counts what is written")?;
    let line = io.lines().find_map(|line| line.strip_prefix("wchar: "));
    Ok(line.context("no count of what is written")?.parse()?)
}
