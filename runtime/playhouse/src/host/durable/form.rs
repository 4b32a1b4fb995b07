//! Deliveries and acknowledgements as bytes, for the way to another node.

use playhouse_store::DocumentId;
use playhouse_store::durable::{Ack, Delivery, REFUSAL_LENGTH_MAX, Row};
use playhouse_wire::codec::{Blob, Int, List, Text};
use playhouse_wire::message::Trace;
use playhouse_wire::{Limits, Reader, Result, Writer};

/// Most bytes of the name of a collection, of a document's key, and of a call's name.
const NAME_MAX: u32 = 4096;

/// Most bytes of a call's arguments: less than the longest frame.
const ARGS_MAX: u32 = 15 * 1024 * 1024;

/// Most refusals that one acknowledgement tells; the sender asks for what is left by sending again.
const REFUSALS_MAX: u32 = 1024;

const WHY_MAX: u32 = 1024;
const _: () = assert!(REFUSAL_LENGTH_MAX <= WHY_MAX as usize);

type Name = Text<1, NAME_MAX>;
type Key = Text<0, NAME_MAX>;
type Number = Int<u64, 0, { u64::MAX as i128 }>;
type Flags = Int<u8, 0, { u8::MAX as i128 }>;
type Tag = Int<u32, 0, { u32::MAX as i128 }>;
type Time = Int<i64, { i64::MIN as i128 }, { i64::MAX as i128 }>;

/// `[node, from, key, birth, seq, lowest, to, key, slot, tag, call, args, slot of the sender, expires, trace, span,
/// flags]`: the node is that
/// of the sender, which hears what becomes of the row.
pub(super) fn delivery_to_bytes(node: &str, delivery: &Delivery) -> Vec<u8> {
    let row = &delivery.row;
    let mut w = Writer::with_capacity(128 + row.args.len());
    w.array(17);
    w.str(node);
    put_id(&mut w, &delivery.from);
    w.unsigned(delivery.birth);
    w.unsigned(delivery.seq);
    w.unsigned(delivery.lowest);
    put_id(&mut w, &row.to);
    w.unsigned(row.slot.into());
    w.unsigned(row.tag.into());
    w.str(&row.call);
    w.bin(&row.args);
    w.unsigned(row.from_slot.into());
    match row.expires_us {
        Some(at) => w.signed(at),
        None => w.nil(),
    }
    match row.trace {
        Some(trace) => {
            w.bin(&trace.id);
            w.unsigned(trace.span);
            w.unsigned(trace.flags.into());
        }
        None => (0..3).for_each(|_| w.nil()),
    }
    w.into_bytes()
}

/// What [`delivery_to_bytes`] wrote.
///
/// # Errors
///
/// What is wrong with the bytes.
pub(super) fn delivery_from_bytes(bytes: &[u8]) -> Result<(String, Delivery)> {
    let r = &mut Reader::new(bytes, &Limits::DEFAULT);
    let mut slots = r.slots()?;
    let node = slots.required::<Name>("node")?;
    let from = DocumentId::new(
        slots.required::<Name>("from")?,
        slots.required::<Key>("from key")?,
    );
    let birth = slots.required::<Number>("birth")?;
    let seq = slots.required::<Number>("seq")?;
    let lowest = slots.required::<Number>("lowest")?;
    let to = DocumentId::new(
        slots.required::<Name>("to")?,
        slots.required::<Key>("to key")?,
    );
    let row = Row {
        to,
        slot: slots.required::<Tag>("slot")?,
        tag: slots.required::<Tag>("tag")?,
        call: slots.required::<Key>("call")?.into(),
        args: slots.required::<Blob<0, ARGS_MAX>>("args")?.0.into(),
        from_slot: slots.required::<Tag>("slot of the sender")?,
        expires_us: slots.optional::<Time>("expires")?,
        trace: None,
    };
    let trace = slots.optional::<Blob<16, 16>>("trace")?;
    let span = slots.or_default::<Number>("span")?;
    let flags = slots.or_default::<Flags>("flags")?;
    let id = trace.and_then(|trace| trace.0.try_into().ok());
    let row = Row {
        trace: id.map(|id| Trace { id, span, flags }),
        ..row
    };
    slots.end()?;
    r.end()?;
    let delivery = Delivery {
        from,
        birth,
        seq,
        lowest,
        row,
    };
    Ok((node, delivery))
}

/// `[from, key, birth, to, key, upto, numbers of the refused, why they were]`
pub(super) fn ack_to_bytes(ack: &Ack) -> Vec<u8> {
    let mut w = Writer::new();
    w.array(8);
    put_id(&mut w, &ack.from);
    w.unsigned(ack.birth);
    put_id(&mut w, &ack.to);
    w.unsigned(ack.upto);
    let told = || ack.refused.iter().take(REFUSALS_MAX as usize);
    w.array(told().len());
    told().for_each(|(seq, _)| w.unsigned(*seq));
    w.array(told().len());
    told().for_each(|(_, why)| w.str(why));
    w.into_bytes()
}

/// What [`ack_to_bytes`] wrote.
///
/// # Errors
///
/// What is wrong with the bytes.
pub(super) fn ack_from_bytes(bytes: &[u8]) -> Result<Ack> {
    let r = &mut Reader::new(bytes, &Limits::DEFAULT);
    let mut slots = r.slots()?;
    let from = DocumentId::new(
        slots.required::<Name>("from")?,
        slots.required::<Key>("from key")?,
    );
    let birth = slots.required::<Number>("birth")?;
    let to = DocumentId::new(
        slots.required::<Name>("to")?,
        slots.required::<Key>("to key")?,
    );
    let upto = slots.required::<Number>("upto")?;
    let seqs = slots.required::<List<Number, 0, REFUSALS_MAX>>("refused")?;
    let whys = slots.required::<List<Text<0, WHY_MAX>, 0, REFUSALS_MAX>>("why")?;
    slots.end()?;
    r.end()?;
    Ok(Ack {
        from,
        birth,
        to,
        upto,
        refused: seqs.into_iter().zip(whys).collect(),
    })
}

fn put_id(w: &mut Writer, id: &DocumentId) {
    w.str(&id.collection);
    w.str(&id.key);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery() -> Delivery {
        Delivery {
            from: DocumentId::new("arena.world.Avatar", "u7"),
            birth: u64::MAX,
            seq: 3,
            lowest: 1,
            row: Row {
                to: DocumentId::new("arena.world.LobbyCenter", ""),
                slot: 2,
                tag: 3,
                call: "deliver".into(),
                args: [0x91, 0x07][..].into(),
                from_slot: 4,
                expires_us: Some(-1),
                trace: Some(Trace {
                    id: [7; 16],
                    span: u64::MAX,
                    flags: 1,
                }),
            },
        }
    }

    #[test]
    fn a_delivery_arrives_as_it_was_sent() {
        for expires_us in [Some(-1), None] {
            let mut delivery = delivery();
            delivery.row.expires_us = expires_us;
            delivery.row.trace = delivery.row.trace.filter(|_| expires_us.is_some());
            let bytes = delivery_to_bytes("lobby-1", &delivery);
            let arrived = delivery_from_bytes(&bytes);
            assert_eq!(arrived, Ok(("lobby-1".to_owned(), delivery)));
        }
    }

    #[test]
    fn an_acknowledgement_arrives_with_as_many_refusals_as_it_may_have() {
        let Delivery {
            from, birth, row, ..
        } = delivery();
        let refused: Vec<_> = (0..=u64::from(REFUSALS_MAX))
            .map(|seq| (seq, "no room".to_owned()))
            .collect();
        let mut ack = Ack {
            from,
            birth,
            to: row.to,
            upto: 9,
            refused,
        };
        let arrived = ack_from_bytes(&ack_to_bytes(&ack));
        ack.refused.pop();
        assert_eq!(arrived, Ok(ack));
    }

    #[test]
    fn what_is_cut_off_is_refused() {
        let bytes = delivery_to_bytes("lobby-1", &delivery());
        for end in 0..bytes.len() {
            assert!(delivery_from_bytes(&bytes[..end]).is_err(), "{end}");
        }
    }
}
