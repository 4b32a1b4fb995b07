//! `vectors/random.json`: many values of each type, and what bytes near them come to. The same file for the same seed.

use anyhow::{Context, Result};
use playhouse_conformance::random::{Random, Values};
use playhouse_conformance::vectors::{File, Valid, Verdict, hex_of};
use playhouse_conformance::{output, project};
use playhouse_schema::model::TypeId;

use crate::codecs::{CODECS, Codec, refusal};

const SEED: u64 = 20_261_122;
/// Attempts at a new value of each type.
const VALUES: usize = 24;
/// Mutated byte strings of each type.
const MUTATED: usize = 24;

/// One value, and bytes near it.
fn vectors(codec: &Codec, id: TypeId, values: &mut Values<'_>, file: &mut File) -> Result<()> {
    let mut inputs: Vec<Vec<u8>> = Vec::new();
    for _ in 0..VALUES {
        let named = values.of_type(id);
        let bytes = (codec.write)(&named).with_context(|| format!("{} {named}", codec.name))?;
        let (value, written) = (codec.read)(&bytes)?;
        anyhow::ensure!(written == bytes, "{named} is written in two ways");
        if inputs.contains(&bytes) {
            continue;
        }
        inputs.push(bytes.clone());
        file.valid.push(Valid {
            ty: codec.name.to_owned(),
            about: None,
            value,
            hex: hex_of(&bytes),
            also: Vec::new(),
        });
    }
    for _ in 0..MUTATED {
        let bytes = values.random().pick(&inputs).clone();
        let bytes = values.random().mutated(&bytes);
        let (canonical, error) = match (codec.read)(&bytes) {
            Ok((_, written)) => (Some(hex_of(&written)), None),
            Err(error) => (None, Some(refusal(&error).to_owned())),
        };
        let (ty, hex) = (codec.name.to_owned(), hex_of(&bytes));
        file.verdicts.push(Verdict {
            ty,
            hex,
            canonical,
            error,
        });
    }
    Ok(())
}

#[test]
fn random_vectors_are_up_to_date() {
    let model = project::model().unwrap();
    let mut values = Values::new(&model, Random::new(SEED));
    let mut file = File {
        about: Some(format!(
            "values from seed {SEED}, and bytes near them; written by the tests"
        )),
        ..File::default()
    };
    for codec in CODECS {
        let named = |ty: &playhouse_schema::model::TypeDef| ty.head.name == codec.name;
        let id = model.types.iter().position(named).unwrap();
        let id = TypeId(u32::try_from(id).unwrap());
        vectors(codec, id, &mut values, &mut file).unwrap();
    }
    let json = serde_json::to_value(&file).unwrap();
    output::compare_file(
        &project::folder().join("vectors/random.json"),
        &lines(&json),
    )
    .unwrap();
}

/// JSON with each vector on a line of its own.
fn lines(file: &serde_json::Value) -> String {
    let mut text = String::from("{");
    let fields = file.as_object().into_iter().flatten();
    for (position, (name, value)) in fields.enumerate() {
        let comma = if position == 0 { "" } else { "," };
        text.push_str(&format!("{comma}\n\"{name}\": "));
        match value.as_array() {
            Some(vectors) => {
                let vectors: Vec<String> = vectors.iter().map(ToString::to_string).collect();
                text.push_str(&format!("[\n{}\n]", vectors.join(",\n")));
            }
            None => text.push_str(&value.to_string()),
        }
    }
    text + "\n}\n"
}
