//! Values, and bytes that are none.

use std::collections::BTreeSet;

use playhouse::Error;
use playhouse::descriptor::dynamic::Form;
use playhouse_conformance::project;
use playhouse_conformance::vectors::{Invalid, Valid, Verdict, bytes_of, files, hex_of};

use crate::codecs::{CODECS, Read, codec, described, read_dynamic, refusal};

/// Reads `vector` in each of its forms and writes it.
fn check_valid(vector: &Valid) -> anyhow::Result<()> {
    let (codec, form) = (codec(&vector.ty)?, Form::Type(described(&vector.ty)?));
    let canonical = hex_of(&bytes_of(&vector.hex)?);
    anyhow::ensure!(
        hex_of(&(codec.write)(&vector.value)?) == canonical,
        "it is written otherwise"
    );
    for hex in std::iter::once(&vector.hex).chain(&vector.also) {
        let bytes = bytes_of(hex)?;
        for (named, written) in [(codec.read)(&bytes)?, read_dynamic(form, &bytes)?] {
            anyhow::ensure!(named == vector.value, "{hex} is read as {named}");
            anyhow::ensure!(
                hex_of(&written) == canonical,
                "{hex} becomes {}",
                hex_of(&written)
            );
        }
    }
    Ok(())
}

fn check_invalid(vector: &Invalid) -> anyhow::Result<()> {
    let (codec, form) = (codec(&vector.ty)?, Form::Type(described(&vector.ty)?));
    let bytes = bytes_of(&vector.hex)?;
    let path = vector.path.as_deref();
    check_refusal((codec.read)(&bytes).map(drop), &vector.error, path)?;
    // A dynamic value is its bytes: what would be too much in objects is not too much there.
    if vector.error != "too_much_memory" {
        check_refusal(read_dynamic(form, &bytes).map(drop), &vector.error, path)?;
    }
    Ok(())
}

/// Whether `result` is the refusal `error` at `path`.
pub(crate) fn check_refusal(
    result: Result<(), Error>,
    error: &str,
    path: Option<&str>,
) -> anyhow::Result<()> {
    let Err(found) = result else {
        anyhow::bail!("it is taken")
    };
    anyhow::ensure!(refusal(&found) == error, "it is refused otherwise: {found}");
    if let Some(path) = path {
        anyhow::ensure!(found.path() == path, "it is refused elsewhere: {found}");
    }
    Ok(())
}

#[test]
fn valid_values() {
    let mut count = 0;
    for (name, file) in files().unwrap() {
        for vector in &file.valid {
            check_valid(vector).unwrap_or_else(|error| panic!("{name}: {error:#}: {vector:?}"));
            count += 1;
        }
    }
    assert!(count > 1000, "only {count} vectors");
}

#[test]
fn invalid_bytes() {
    let mut count = 0;
    for (name, file) in files().unwrap() {
        for vector in &file.invalid {
            check_invalid(vector).unwrap_or_else(|error| panic!("{name}: {error:#}: {vector:?}"));
            count += 1;
        }
    }
    assert!(count > 100, "only {count} vectors");
}

/// What a reader makes of the bytes of a verdict, if it is not that. Of two faults, `strict` readers name the same one.
fn dissent(vector: &Verdict, read: &Read, strict: bool) -> Option<String> {
    let same = match read {
        Ok((_, written)) => vector.canonical.as_ref() == Some(&hex_of(written)),
        Err(error) if strict => vector.error.as_deref() == Some(refusal(error)),
        Err(_) => vector.error.is_some(),
    };
    (!same).then(|| format!("{vector:?}: {read:?}"))
}

#[test]
fn verdicts() {
    let (mut count, mut dissenting) = (0, Vec::new());
    for vector in files().unwrap().iter().flat_map(|(_, file)| &file.verdicts) {
        let bytes = bytes_of(&vector.hex).unwrap();
        let form = Form::Type(described(&vector.ty).unwrap());
        dissenting.extend(dissent(
            vector,
            &(codec(&vector.ty).unwrap().read)(&bytes),
            true,
        ));
        dissenting.extend(dissent(vector, &read_dynamic(form, &bytes), false));
        count += 1;
    }
    assert!(
        dissenting.is_empty(),
        "{} of {count}:\n{}",
        dissenting.len(),
        dissenting.join("\n")
    );
    assert!(count > 1000, "only {count} vectors");
}

#[test]
fn every_type_of_the_schema_has_vectors() {
    let model = project::model().unwrap();
    let local = |name: &str| {
        model
            .packages
            .iter()
            .any(|package| package.local && package.name == name)
    };
    let types: BTreeSet<&str> = model
        .types
        .iter()
        .filter(|ty| local(&model.packages[ty.head.package.0 as usize].name))
        .map(|ty| ty.head.name.as_str())
        .collect();
    let listed: BTreeSet<&str> = CODECS.iter().map(|codec| codec.name).collect();
    assert_eq!(listed, types);

    let files = files().unwrap();
    let by_hand = files.iter().filter(|(name, _)| name != "random.json");
    let shown: BTreeSet<&str> = by_hand
        .flat_map(|(_, file)| {
            let invalid = file.invalid.iter().map(|vector| vector.ty.as_str());
            file.valid
                .iter()
                .map(|vector| vector.ty.as_str())
                .chain(invalid)
        })
        .collect();
    let missing: Vec<_> = types.difference(&shown).collect();
    assert!(missing.is_empty(), "no vector by hand for {missing:?}");
}
