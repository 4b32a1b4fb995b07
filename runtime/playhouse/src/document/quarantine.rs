//! Documents that don't fit: set aside until somebody has looked.

use playhouse_store::{Answer, DocumentId, Quarantine, Store};

use super::Misfit;

/// Says that a document doesn't fit, and has the store mark it as not to be run. Its content stays as it is.
///
/// What is only too new for this node is said and not marked.
#[doc(hidden)]
pub fn set_aside(store: &dyn Store, id: &DocumentId, misfit: &Misfit) -> Answer<()> {
    let Misfit {
        path,
        problem,
        passing,
    } = misfit;
    if *passing {
        tracing::warn!(document = %id, %path, "a document is not run by this node: {problem}");
        return Box::pin(std::future::ready(Ok(())));
    }
    tracing::error!(
        document = %id,
        %path,
        "a document does not fit the schema: {problem}; it is kept as it is and not run until \
         `playhouse data release {id}`"
    );
    store.quarantine(Quarantine {
        id: id.clone(),
        why: Some(misfit.to_string()),
    })
}
