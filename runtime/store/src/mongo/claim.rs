//! Claims: one find-and-modify, or an insert where there is nothing to find.

use std::sync::Arc;

use mongodb::bson::{Bson, Document as BsonDocument, RawDocumentBuf, doc};

use crate::mongo::form::{self, signed};
use crate::mongo::server::{Server, majority, primary};
use crate::mongo::{fault, name};
use crate::problem::StoreError;
use crate::request::{Claim, Claimed, Take};

/// How often a claim begins anew because others make and delete the document at the same moment.
const ATTEMPTS_MAX: usize = 8;

/// Takes a document for an activation.
pub(super) async fn claim(server: Arc<Server>, claim: Claim) -> Result<Claimed, StoreError> {
    for _ in 0..ATTEMPTS_MAX {
        if let Some(claimed) = take(&server, &claim).await? {
            return Ok(claimed);
        }
        if let Some(claimed) = refused(&server, &claim).await? {
            return Ok(claimed);
        }
        if !claim.create {
            return Ok(Claimed::Absent);
        }
        if let Some(claimed) = make(&server, &claim).await? {
            return Ok(claimed);
        }
    }
    Err(StoreError::Unavailable(format!(
        "{} was made and deleted by others while it was to be claimed",
        claim.id
    )))
}

/// Raises the epoch of a document that is there and may be claimed. The state is what stands there after that.
async fn take(server: &Server, claim: &Claim) -> Result<Option<Claimed>, StoreError> {
    let mut query = doc! { "_id": &*claim.id.key, "quarantine": { "$exists": false } };
    if let Some(seen) = claim.seen {
        query.insert("epoch", signed(seen));
    }
    let mut takes = vec![Bson::Null, form::owner_to_bson(&claim.owner).into()];
    match &claim.take {
        Take::Any => takes.clear(),
        Take::Free => {}
        Take::From(over) => takes.push(form::owner_to_bson(over).into()),
    }
    if !takes.is_empty() {
        // A document that nobody has may have no such field: null fits that, too.
        query.insert("owner", doc! { "$in": takes });
    }
    let command = doc! {
        "findAndModify": name::collection(&claim.id.collection),
        "query": query,
        "update": {
            "$set": { "owner": form::owner_to_bson(&claim.owner) },
            "$inc": { "epoch": 1_i64, "rev": 1_i64 },
        },
        "new": true,
        "upsert": false,
    };
    let mut answer = write(server, &command).await?;
    match answer.remove("value") {
        Some(Bson::Document(document)) => {
            let document = form::document(&claim.id.collection, document)?;
            Ok(Some(Claimed::Mine(Box::new(document))))
        }
        _ => Ok(None),
    }
}

/// Why a document that is there can't be claimed.
async fn refused(server: &Server, claim: &Claim) -> Result<Option<Claimed>, StoreError> {
    let documents = server.collection(&claim.id.collection);
    let asked = documents
        .find_one(doc! { "_id": &*claim.id.key })
        .projection(doc! { form::ROOT: 0 })
        .selection_criteria(primary())
        .read_concern(majority());
    let Some(document) = server.read(asked.into_future()).await? else {
        return Ok(None);
    };
    if let Ok(why) = document.get_str("quarantine") {
        return Ok(Some(Claimed::Quarantined {
            why: why.to_owned(),
        }));
    }
    let (_, header) = form::header(&claim.id.collection, &document)?;
    if claim.seen.is_some_and(|seen| seen != header.epoch) {
        return Ok(Some(Claimed::Moved(header)));
    }
    if !claim.take.takes(header.owner.as_ref(), &claim.owner) {
        return Ok(Some(Claimed::Owned(header)));
    }
    // One that may be claimed by now was changed in between.
    Ok(None)
}

/// Inserts a document. None: somebody else did.
async fn make(server: &Server, claim: &Claim) -> Result<Option<Claimed>, StoreError> {
    let document = form::new_document(&claim.id.key, claim.birth, &claim.owner);
    let command = doc! {
        "insert": name::collection(&claim.id.collection),
        "documents": [document.clone()],
    };
    let answer = write(server, &command).await?;
    match fault::refused(&answer).first() {
        None => {
            let document = form::document(&claim.id.collection, document)?;
            Ok(Some(Claimed::Mine(Box::new(document))))
        }
        Some(refused) if refused.is_duplicate() => Ok(None),
        Some(refused) => Err(server.cleaned(fault::of_code(refused.code, &refused.why))),
    }
}

/// Runs a command of one write, with what each write asks for.
pub(super) async fn write(
    server: &Server,
    command: &BsonDocument,
) -> Result<BsonDocument, StoreError> {
    let mut command = RawDocumentBuf::try_from(command)
        .map_err(|error| StoreError::Unsupported(format!("what is not BSON: {error}")))?;
    command.append(mongodb::bson::cstr!("writeConcern"), server.concern());
    let answer = server.write(command).await?;
    match fault::concern(&answer) {
        Some(error) => Err(server.cleaned(error)),
        None => Ok(answer),
    }
}
