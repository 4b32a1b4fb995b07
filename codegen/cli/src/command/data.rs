//! `playhouse data`: what a store holds, against the schema of the project.

mod fit;

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use playhouse_schema::check;
use playhouse_schema::model::{Entity, EntityKind, Model};
use playhouse_store::{Backend, Document, DocumentId, Embedded, Quarantine, Store, Value};
use serde_json::json;

use self::fit::{Fit, MISFITS_MAX, stored_name};
use super::{Place, summary};
use crate::Outcome;
use crate::arguments::{Data, DataCheck, DataRelease};
use crate::terminal::count;

/// Documents that are read at a time.
const PAGE: usize = 256;

pub(crate) fn run(place: &Place, options: &Data) -> anyhow::Result<Outcome> {
    match options {
        Data::Check(options) => inspect(place, options),
        Data::Release(options) => release(place, options),
    }
}

/// How many documents, and what they are.
#[derive(Default)]
struct Tally {
    documents: usize,
    misfits: usize,
    newer: usize,
    released: usize,
}

fn inspect(place: &Place, options: &DataCheck) -> anyhow::Result<Outcome> {
    let project = place.project()?;
    let sources = project.read()?;
    let checked = check(&sources);
    if checked.has_errors() {
        place.report(&project, &sources, &checked.diagnostics, options.json);
        if let (Some(summary), false) = (summary(&checked.diagnostics), options.json) {
            let line = format!("\n{summary}; no document was looked at\n");
            place.terminal.say(&line);
        }
        return Ok(Outcome::Problems);
    }
    let model = &checked.model;
    let entities = chosen(model, options.collection.as_deref())?;
    let release = sources.lock.last_release();
    let _progress = place.terminal.progress(format!(
        "reading the documents of {}",
        shown(&options.store)
    ));
    let tally = with_store(&options.store, async |store| {
        let mut tally = Tally::default();
        for entity in entities {
            let collection: Arc<str> = collection(model, entity).into();
            let mut after = None;
            loop {
                let page = store.scan(Arc::clone(&collection), after, PAGE).await?;
                let Some(last) = page.last() else {
                    break;
                };
                after = Some(Arc::clone(&last.id.key));
                for document in &page {
                    look(
                        place,
                        options,
                        (model, entity),
                        release,
                        document,
                        &mut tally,
                    );
                    if options.release && fits(model, entity, document) {
                        let id = document.id.clone();
                        store.quarantine(Quarantine { id, why: None }).await?;
                        tally.released += 1;
                    }
                }
            }
        }
        Ok(tally)
    })?;
    if options.json {
        let line = json!({
            "documents": tally.documents,
            "misfits": tally.misfits,
            "newer": tally.newer,
        });
        place.terminal.out(&format!("{line}\n"));
    } else {
        let mut line = format!("{} checked", count(tally.documents, "document"));
        match tally.misfits {
            0 => line.push_str(", all of them fit"),
            1 => line.push_str(", 1 does not fit"),
            misfits => line.push_str(&format!(", {misfits} do not fit")),
        }
        if tally.newer > 0 {
            let newer = format!(", {} only for newer nodes", tally.newer);
            line.push_str(&newer);
        }
        if options.release {
            line.push_str("; none of those that fit is in quarantine any more");
        }
        line.push('\n');
        place.terminal.say(&line);
    }
    Ok(match tally.misfits {
        0 => Outcome::Fine,
        _ => Outcome::Problems,
    })
}

fn fits(model: &Model, entity: &Entity, document: &Document) -> bool {
    Fit::new(model).document(entity, &document.root).is_empty()
}

fn look(
    place: &Place,
    options: &DataCheck,
    (model, entity): (&Model, &Entity),
    release: u32,
    document: &Document,
    tally: &mut Tally,
) {
    tally.documents += 1;
    let upgraded = document.root.at(&["upgraded".to_owned()]);
    if let Some(Value::Unsigned(by)) = upgraded
        && *by > u64::from(release)
    {
        tally.newer += 1;
        return;
    }
    let misfits = Fit::new(model).document(entity, &document.root);
    if misfits.is_empty() {
        return;
    }
    tally.misfits += 1;
    let by = document.header.schema;
    for misfit in &misfits {
        if options.json {
            let line = json!({
                "document": document.id.to_string(),
                "path": misfit.path,
                "problem": misfit.problem,
                "release": by,
            });
            place.terminal.out(&format!("{line}\n"));
        } else {
            let line = format!("{} {}: {}\n", document.id, misfit.path, misfit.problem);
            place.terminal.say(&line);
        }
    }
    if !options.json {
        if misfits.len() == MISFITS_MAX {
            place.terminal.say("  perhaps more\n");
        }
        if by < release {
            let line = format!(
                "  written by release {by}, this is {release}: a hook `upgrade` may bring it here\n"
            );
            place.terminal.say(&line);
        }
    }
}

fn release(place: &Place, options: &DataRelease) -> anyhow::Result<Outcome> {
    let id = options.document.split_once('/');
    let (collection, key) = id.ok_or_else(|| {
        let given = &options.document;
        anyhow!("{given} is no document: write its collection and its key, arena.world.Avatar/u42")
    })?;
    let id = DocumentId::new(collection, key);
    let found = with_store(&options.store, async |store| {
        let found = store.read(id.clone()).await?.is_some();
        if found {
            let id = id.clone();
            store.quarantine(Quarantine { id, why: None }).await?;
        }
        Ok(found)
    })?;
    if !found {
        bail!("there is no document {id} in {}", shown(&options.store));
    }
    place.terminal.say(&format!(
        "{id} is not in quarantine: its next use loads it\n"
    ));
    Ok(Outcome::Fine)
}

/// The entities whose documents are to be looked at.
fn chosen<'m>(model: &'m Model, name: Option<&str>) -> anyhow::Result<Vec<&'m Entity>> {
    let stored = |entity: &&Entity| entity.kind != EntityKind::Local;
    let all = model.entities.iter().filter(stored);
    let Some(name) = name else {
        return Ok(all.collect());
    };
    let chosen: Vec<&Entity> = all
        .filter(|entity| {
            collection(model, entity) == name
                || format!("{}.{}", package(model, entity), entity.head.name) == name
        })
        .collect();
    if chosen.is_empty() {
        bail!(
            "no entity of the schema has documents in `{name}`: write its full name, arena.world.Avatar"
        );
    }
    Ok(chosen)
}

fn package<'m>(model: &'m Model, entity: &Entity) -> &'m str {
    &model.packages[entity.head.package.0 as usize].name
}

fn collection(model: &Model, entity: &Entity) -> String {
    let head = &entity.head;
    let name = stored_name(&head.name, &head.marks);
    format!("{}.{name}", package(model, entity))
}

/// The store without what must not be seen: what stands before an `@` of an address.
fn shown(store: &str) -> String {
    match (store.split_once("://"), store.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        _ => store.to_owned(),
    }
}

/// Opens the store, lets `work` ask it, and closes it. Its indexes stay as they are.
fn with_store<T>(
    address: &str,
    work: impl AsyncFnOnce(Rc<dyn Store>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let backend = backend(address)?;
    let system = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("no thread can be started")?;
    backend.open(&[], system.handle())?;
    let done = system.block_on(work(backend.store()));
    backend.close();
    done
}

fn backend(address: &str) -> anyhow::Result<Box<dyn Backend>> {
    if address.starts_with("mongodb://") || address.starts_with("mongodb+srv://") {
        return mongo(address);
    }
    let folder = Path::new(address);
    if !folder.join("format").is_file() {
        bail!(
            "{address} is no store: give the folder of one, or an address such as mongodb://host/game"
        );
    }
    Ok(Box::new(Embedded::at(folder)))
}

#[cfg(feature = "mongodb")]
fn mongo(address: &str) -> anyhow::Result<Box<dyn Backend>> {
    let (_, rest) = address.split_once("://").unwrap_or_default();
    let database = rest.split_once('/').map(|(_, path)| path);
    let database = database.map(|path| path.split(['?', '#']).next().unwrap_or_default());
    match database.filter(|database| !database.is_empty()) {
        Some(database) => Ok(Box::new(playhouse_store::Mongo::at(address, database))),
        None => bail!("{} names no database: mongodb://host/game", shown(address)),
    }
}

#[cfg(not(feature = "mongodb"))]
fn mongo(address: &str) -> anyhow::Result<Box<dyn Backend>> {
    bail!(
        "this command was built without MongoDB, so it can't look at {}: build it with `--features mongodb`",
        shown(address)
    )
}
