//! Arguments, results and errors of calls, by their descriptions; arguments by their compiled structs too.

use anyhow::{Context, Result, bail, ensure};
use playhouse::descriptor::Declaration;
use playhouse::descriptor::dynamic::{Dynamic, Form};
use playhouse::{Decode, Encode, Limits, from_slice, to_vec};
use playhouse_conformance::vectors::{Message, bytes_of, files, hex_of};

use crate::codecs::{declarations, read_dynamic};
use crate::generated::conformance::{BagChangedArgs, BagClearArgs, BagConfirmArgs, BagPutArgs};

fn form(message: &Message) -> Result<Form> {
    let mut components = declarations().filter_map(|declaration| match declaration {
        Declaration::Component(component) => Some(*component),
        _ => None,
    });
    let component = components
        .find(|each| each.head.name == message.owner)
        .context("no such owner")?;
    let call = component
        .calls
        .iter()
        .find(|each| each.name == message.call)
        .context("no such call")?;
    Ok(match message.part.as_str() {
        "args" => Form::Members(call.params),
        "result" => Form::Use(call.result.as_ref().context("no result")?),
        "error" => Form::Type(call.throws.context("no error")?),
        part => bail!("no part {part}"),
    })
}

/// Bytes to canonical bytes by the compiled struct of the arguments.
fn arguments(message: &Message, bytes: &[u8]) -> Result<Vec<u8>> {
    fn recoded<T: Encode + Decode>(bytes: &[u8]) -> Result<Vec<u8>> {
        Ok(to_vec(&from_slice::<T>(bytes, &Limits::DEFAULT)?))
    }
    match message.call.as_str() {
        "put" => recoded::<BagPutArgs>(bytes),
        "clear" => recoded::<BagClearArgs>(bytes),
        "changed" => recoded::<BagChangedArgs>(bytes),
        "confirm" => recoded::<BagConfirmArgs>(bytes),
        call => bail!("no call {call}"),
    }
}

fn check(message: &Message) -> Result<()> {
    let form = form(message)?;
    let canonical = hex_of(&bytes_of(&message.hex)?);
    let written = Dynamic::from_named(form, &message.value)?.into_bytes();
    ensure!(
        hex_of(&written) == canonical,
        "it is written as {}",
        hex_of(&written)
    );
    for hex in std::iter::once(&message.hex).chain(&message.also) {
        let bytes = bytes_of(hex)?;
        let (named, written) = read_dynamic(form, &bytes)?;
        ensure!(named == message.value, "{hex} is read as {named}");
        ensure!(
            hex_of(&written) == canonical,
            "{hex} becomes {}",
            hex_of(&written)
        );
        if message.part == "args" {
            let written = arguments(message, &bytes)?;
            ensure!(
                hex_of(&written) == canonical,
                "{hex} becomes {}",
                hex_of(&written)
            );
        }
    }
    Ok(())
}

#[test]
fn messages() {
    let mut count = 0;
    for (name, file) in files().unwrap() {
        for message in &file.messages {
            check(message).unwrap_or_else(|error| panic!("{name}: {error:#}: {message:?}"));
            count += 1;
        }
    }
    assert!(count > 5, "only {count} vectors");
}
