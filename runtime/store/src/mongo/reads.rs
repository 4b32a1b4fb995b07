//! What is read: by key, by index, in order, what wants to be run; and the mark of what is not to be run.

use std::future::IntoFuture as _;
use std::sync::Arc;

use mongodb::bson::{Bson, Document as BsonDocument, doc};
use mongodb::options::FindOptions;

use crate::document::{Document, DocumentId, Header};
use crate::mongo::opening::INDEXED;
use crate::mongo::server::{Server, majority, primary};
use crate::mongo::{claim, fault, form, name};
use crate::problem::StoreError;
use crate::request::{Find, Quarantine, Sweep};
use crate::value::Value;

/// A document as it was committed last.
pub(super) async fn read(server: &Server, id: &DocumentId) -> Result<Option<Document>, StoreError> {
    let documents = server.collection(&id.collection);
    let asked = documents
        .find_one(doc! { "_id": &*id.key })
        .selection_criteria(primary())
        .read_concern(majority());
    let found = server.read(asked.into_future()).await?;
    found
        .map(|bson| form::document(&id.collection, bson))
        .transpose()
}

/// Documents by the value of an index.
pub(super) async fn find(server: Arc<Server>, find: Find) -> Result<Vec<DocumentId>, StoreError> {
    if find.value == Value::Nil || !is_indexed(&server, &find) {
        return Ok(Vec::new());
    }
    find_by(&server, &find).await
}

fn is_indexed(server: &Server, find: &Find) -> bool {
    let mut collections = server.collections().iter();
    collections.any(|collection| {
        collection.name == find.collection
            && collection
                .indexes
                .iter()
                .any(|index| index.path == find.path)
    })
}

/// Documents by a value that is in an index.
pub(super) async fn find_by(server: &Server, find: &Find) -> Result<Vec<DocumentId>, StoreError> {
    let path = name::dotted(&find.path);
    // The second says what the index's condition says: without it the server would not use the index.
    let filter = doc! { "$and": [
        { &path: form::value_to_bson(&find.value) },
        { &path: { "$type": INDEXED.to_vec() } },
    ] };
    let options = FindOptions::builder().projection(doc! { "_id": 1 });
    let found = query(
        server,
        &find.collection,
        filter,
        find.limit,
        options.build(),
    )
    .await?;
    found
        .iter()
        .map(|bson| match bson.get("_id") {
            Some(Bson::String(key)) => Ok(DocumentId::new(find.collection.clone(), key.as_str())),
            other => Err(StoreError::Corrupt(format!(
                "{}: _id: {other:?} is no key",
                find.collection
            ))),
        })
        .collect()
}

/// Documents that want to be run, of all collections that the node knows.
pub(super) async fn sweep(
    server: Arc<Server>,
    sweep: Sweep,
) -> Result<Vec<(DocumentId, Header)>, StoreError> {
    let others = doc! {
        "owner.node": &*sweep.except.node,
        "owner.incarnation": form::signed(sweep.except.incarnation),
    };
    let wanted = [
        doc! { "pending": true },
        // Not twice.
        doc! { "wake": { "$exists": true, "$lte": sweep.now_us }, "pending": { "$ne": true } },
    ];
    let mut swept = Vec::new();
    for collection in server.collections() {
        for (index, wanted) in wanted.iter().enumerate() {
            let mut filter = wanted.clone();
            filter.insert("quarantine", doc! { "$exists": false });
            filter.insert("$nor", [others.clone()]);
            let mut options = FindOptions::builder()
                .projection(doc! { form::ROOT: 0 })
                .build();
            if index == 1 {
                options.sort = Some(doc! { "wake": 1 });
            }
            let found = query(&server, &collection.name, filter, sweep.limit, options).await?;
            for bson in &found {
                swept.push(form::header(&collection.name, bson)?);
            }
        }
    }
    swept.sort_by_key(|(_, header)| (!header.pending, header.wake_us));
    swept.truncate(sweep.limit);
    Ok(swept)
}

/// Documents in the order of their keys.
pub(super) async fn scan(
    server: Arc<Server>,
    collection: Arc<str>,
    after: Option<Arc<str>>,
    limit: usize,
) -> Result<Vec<Document>, StoreError> {
    let filter = after.map_or_else(
        BsonDocument::new,
        |after| doc! { "_id": { "$gt": &*after } },
    );
    let options = FindOptions::builder().sort(doc! { "_id": 1 }).build();
    let found = query(&server, &collection, filter, limit, options).await?;
    found
        .into_iter()
        .map(|bson| form::document(&collection, bson))
        .collect()
}

/// Marks a document as not to be run, or takes the mark off. One that is absent is not marked.
pub(super) async fn quarantine(
    server: Arc<Server>,
    quarantine: Quarantine,
) -> Result<(), StoreError> {
    let change = match quarantine.why {
        Some(why) => doc! { "$set": { "quarantine": why } },
        None => doc! { "$unset": { "quarantine": "" } },
    };
    let command = doc! {
        "update": name::collection(&quarantine.id.collection),
        "updates": [{ "q": { "_id": &*quarantine.id.key }, "u": change }],
    };
    let answer = claim::write(&server, &command).await?;
    match fault::refused(&answer).first() {
        Some(refused) => Err(server.cleaned(fault::of_code(refused.code, &refused.why))),
        None => Ok(()),
    }
}

/// Documents that match, as a majority has them.
pub(super) async fn query(
    server: &Server,
    collection: &str,
    filter: BsonDocument,
    limit: usize,
    mut options: FindOptions,
) -> Result<Vec<BsonDocument>, StoreError> {
    if limit == 0 {
        // To MongoDB that means all.
        return Ok(Vec::new());
    }
    options.limit = Some(i64::try_from(limit).unwrap_or(i64::MAX));
    options.selection_criteria = Some(primary());
    options.read_concern = Some(majority());
    let documents = server.collection(collection);
    server
        .read(async {
            let mut cursor = documents.find(filter).with_options(options).await?;
            let mut found = Vec::new();
            while cursor.advance().await? {
                found.push(cursor.deserialize_current()?);
            }
            Ok(found)
        })
        .await
}
