//! How a node comes to its server: it waits for it, and makes the collections and indexes that it needs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use mongodb::bson::{Document as BsonDocument, doc};
use mongodb::options::ClientOptions;
use mongodb::{Client, Database};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::mongo::address::Address;
use crate::mongo::server::{Server, primary};
use crate::mongo::{Limits, commits, fault, name};
use crate::store::{Collection, Index};

/// How long one attempt to find the server takes, if the connection string does not say it.
const ATTEMPT: Duration = Duration::from_secs(3);
/// The names of indexes that are ours begin so.
const OURS: &str = "playhouse:";
/// The codes of an index that can't be since two documents have the same value.
const DUPLICATE: i32 = 11_000;

/// What values are in an index: any but nothing. A query says the same, or the server does not use the index.
pub(super) const INDEXED: [&str; 7] = [
    "bool", "int", "long", "double", "string", "binData", "object",
];

/// Waits for the server, and for an error that waiting does not help.
pub(super) async fn open(
    address: Address,
    limits: Limits,
    collections: Vec<Collection>,
    system: Handle,
) -> Result<Arc<Server>, String> {
    let client = client(&address).await?;
    let (singles, receiver) = mpsc::unbounded_channel();
    let server = Arc::new(Server::new(
        address,
        client,
        limits.answer_max,
        system.clone(),
        collections,
        singles,
    ));
    wait(&server, limits.wait_max).await?;
    for collection in server.collections() {
        make_indexes(server.database(), collection).await?;
    }
    system.spawn(commits::run(Arc::downgrade(&server), receiver));
    Ok(server)
}

async fn client(address: &Address) -> Result<Client, String> {
    let database = address.database();
    if database.is_empty() || database.contains(['/', '\\', '.', '"', '$', ' ', '\0']) {
        return Err(format!("`{database}` can't be the name of a database"));
    }
    let mut options = ClientOptions::parse(address.uri())
        .await
        .map_err(|error| format!("its connection string is wrong: {}", error.kind))?;
    // A repeated write must be the caller's, who names the revision; and commands of ours are not repeated anyway.
    options.retry_writes = Some(false);
    options.selection_criteria = Some(primary());
    options.server_selection_timeout.get_or_insert(ATTEMPT);
    options.connect_timeout.get_or_insert(ATTEMPT);
    options
        .app_name
        .get_or_insert_with(|| "playhouse".to_owned());
    Client::with_options(options)
        .map_err(|error| format!("its connection string is wrong: {}", error.kind))
}

async fn wait(server: &Server, wait_max: Duration) -> Result<(), String> {
    let start = Instant::now();
    loop {
        let asked = server.database().run_command(doc! { "ping": 1 });
        let Err(error) = server.read(asked.into_future()).await else {
            return Ok(());
        };
        if fault::is_final(&error) {
            return Err(error.to_string());
        }
        if start.elapsed() >= wait_max {
            return Err(format!("it was waited for for {wait_max:?}: {error}"));
        }
        tracing::warn!(%error, "waiting for the store, for at most {wait_max:?}");
        // An attempt that fails at once must not be repeated at once.
        let next = start + wait_max.min(start.elapsed() + ATTEMPT);
        tokio::time::sleep_until(next).await;
    }
}

/// Makes the indexes of a collection that are missing. One that is there and was not asked for stays: an older or newer
/// release may run beside this one.
async fn make_indexes(database: &Database, collection: &Collection) -> Result<(), String> {
    let wanted = wanted(collection);
    let of = name::collection(&collection.name);
    let problem = |error: &mongodb::error::Error| format!("collection {of}: {}", error.kind);
    let present = match database
        .collection::<BsonDocument>(&of)
        .list_index_names()
        .await
    {
        Ok(names) => names,
        // The collection is not there yet.
        Err(error) if code(&error) == Some(26) => Vec::new(),
        Err(error) => return Err(problem(&error)),
    };
    for name in present.iter().filter(|name| name.starts_with(OURS)) {
        if wanted.contains_key(name) {
            continue;
        }
        if wanted.contains_key(&other_kind(name)) {
            tracing::info!(
                collection = of,
                index = name,
                "an index is made anew as another kind"
            );
            let command = doc! { "dropIndexes": &of, "index": name };
            if let Err(error) = database.run_command(command).await {
                return Err(problem(&error));
            }
        } else {
            tracing::warn!(
                collection = of,
                index = name,
                "an index that the schema does not have stays: drop it if no other release needs it"
            );
        }
    }
    let missing = wanted
        .into_iter()
        .filter(|(name, _)| !present.contains(name));
    let missing: Vec<BsonDocument> = missing.map(|(_, index)| index).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let command =
        doc! { "createIndexes": &of, "indexes": missing, "writeConcern": { "w": "majority" } };
    match database.run_command(command).await {
        Ok(_) => Ok(()),
        Err(error) if code(&error) == Some(DUPLICATE) => Err(format!(
            "two documents of {of} have the same value where the schema says @unique: make them different, then start again ({})",
            error.kind
        )),
        Err(error) => Err(problem(&error)),
    }
}

/// The indexes of a collection by their names.
fn wanted(collection: &Collection) -> BTreeMap<String, BsonDocument> {
    let header = [
        ("pending", doc! { "pending": true }),
        ("wake", doc! { "wake": { "$exists": true } }),
    ];
    let header = header.map(|(field, condition)| {
        let name = format!("{OURS}{field}");
        let index =
            doc! { "key": { field: 1 }, "name": &name, "partialFilterExpression": condition };
        (name, index)
    });
    let values = collection.indexes.iter().map(|index: &Index| {
        let path = name::dotted(&index.path);
        let kind = if index.unique { "unique" } else { "index" };
        let name = format!("{OURS}{kind}:{path}");
        let condition = doc! { &path: { "$type": INDEXED.to_vec() } };
        let index = doc! {
            "key": { &path: 1 },
            "name": &name,
            "unique": index.unique,
            "partialFilterExpression": condition,
        };
        (name, index)
    });
    header.into_iter().chain(values).collect()
}

/// The name of an index on the same path that is unique where this one is not, or the other way.
fn other_kind(name: &str) -> String {
    let (unique, index) = (format!("{OURS}unique:"), format!("{OURS}index:"));
    match name.strip_prefix(&unique) {
        Some(path) => format!("{index}{path}"),
        None => name.replacen(&index, &unique, 1),
    }
}

fn code(error: &mongodb::error::Error) -> Option<i32> {
    match &*error.kind {
        mongodb::error::ErrorKind::Command(command) => Some(command.code),
        _ => None,
    }
}
