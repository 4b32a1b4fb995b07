//! Messages: reading costs no more memory than the input justifies, and what was read is written in one form.

use playhouse_wire::{Limits, Message, Writer};

use crate::allocation;

pub(super) fn run(bytes: &[u8]) {
    let (result, held) = allocation::peak(|| Message::decode(bytes));
    let allowed = Limits::STRICT.memory(bytes.len());
    assert!(
        held <= allowed,
        "{} bytes of input took {held} bytes, {allowed} are allowed",
        bytes.len()
    );
    match result {
        Ok(message) => {
            let written = written(&message);
            let again = Message::decode(&written)
                .unwrap_or_else(|error| panic!("{error}: own bytes {written:02x?}"));
            assert_eq!(self::written(&again), written, "it is written in two forms");
            iterate(&message);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn written(message: &Message<'_>) -> Vec<u8> {
    let mut writer = Writer::new();
    message.put(&mut writer);
    writer.into_bytes()
}

/// Lists give as many elements as they say: what was looked through once is never refused afterwards.
fn iterate(message: &Message<'_>) {
    match message {
        Message::Request(request) => {
            let chain = request.header.chain;
            assert_eq!(chain.iter().count(), chain.len());
        }
        Message::Notify(notify) => {
            let chain = notify.header.chain;
            assert_eq!(chain.iter().count(), chain.len());
        }
        Message::WaitProbe(probe) => assert_eq!(probe.path.iter().count(), probe.path.len()),
        Message::WaitFound(found) => assert_eq!(found.path.iter().count(), found.path.len()),
        Message::HelloReply(_, Some(digests)) | Message::Digests(digests) => {
            assert_eq!(digests.iter().count(), digests.len());
        }
        Message::Handoff(handoff) => {
            assert_eq!(handoff.timers.iter().count(), handoff.timers.len());
        }
        Message::Fan(fan) => assert_eq!(fan.links.iter().count(), fan.links.len()),
        Message::Opened(opened) => {
            assert_eq!(opened.entities.iter().count(), opened.entities.len());
        }
        _ => {}
    }
}
