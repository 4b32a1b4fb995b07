//! The two messages that make a connection secure.

use std::fmt;

use snow::{
    Builder, Error, HandshakeState,
    params::NoiseParams,
    resolvers::{DefaultResolver, FallbackResolver, RingResolver},
};

use super::{
    ClusterKey, Keys, NoiseError, Profile, PublicKey, Secured, Ticket,
    preamble::{
        ANSWER_BYTES_MAX, OFFER_BYTES_MAX, OFFER_PREAMBLE, Preamble, of_answer, put_answer,
    },
    secured::TAG,
};

/// Bytes of a public key in a message.
const POINT: usize = 32;

/// Most bytes of a ticket.
pub const TICKET_BYTES_MAX: usize = OFFER_BYTES_MAX - OFFER_PREAMBLE - POINT - TAG;

/// The side that offers, while it waits for the answer.
///
/// It makes its offer, which is sent; the other side [`answer`]s; [`finish`](Self::finish) takes the answer. `context` is
/// whatever both sides must agree on besides: the handshake fails where it differs.
///
/// ```
/// use std::sync::Arc;
/// use playhouse_net::noise::{self, Handshake, Keys, ServerKey};
///
/// let server = ServerKey::generate()?;
/// let pinned = server.public_key();
/// let keys = Keys { server: Some(Arc::new(server)), ..Keys::default() };
///
/// let (handshake, offer) = Handshake::client(&pinned, b"")?;
/// let answered = noise::answer(&keys, &offer, b"")?;
/// let client = handshake.finish(&answered.answer)?;
/// assert_eq!(client.binding(), answered.secured.binding());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Handshake(HandshakeState);

/// What came of an offer.
#[derive(Debug)]
pub struct Answered {
    /// The bytes to be sent back. Never more than the offer had.
    pub answer: Vec<u8>,
    /// What protects everything behind them.
    pub secured: Secured,
    /// By which keys.
    pub profile: Profile,
    /// What a node's offer has in the clear.
    pub lane: u32,
}

impl Handshake {
    /// Of a client to the server that has this key; and the offer.
    ///
    /// # Errors
    ///
    /// [`NoiseError::Exhausted`] if the system has no randomness.
    pub fn client(server: &PublicKey, context: &[u8]) -> Result<(Self, Vec<u8>), NoiseError> {
        let preamble = Preamble {
            profile: Profile::Client,
            lane: 0,
        };
        Self::offer(preamble, Some(server), None, context, &[])
    }

    /// Of a client that brings a ticket; and the offer.
    ///
    /// # Errors
    ///
    /// [`NoiseError::TooLong`] if the ticket is above [`TICKET_BYTES_MAX`]; [`NoiseError::Exhausted`] if the system has no
    /// randomness.
    pub fn with_ticket(
        server: &PublicKey,
        ticket: &Ticket,
        context: &[u8],
    ) -> Result<(Self, Vec<u8>), NoiseError> {
        let preamble = Preamble {
            profile: Profile::Ticket,
            lane: 0,
        };
        let (shown, key) = (&ticket.shown, ticket.key.secret());
        let (length, max) = (shown.len(), TICKET_BYTES_MAX);
        if length > max {
            return Err(NoiseError::TooLong { length, max });
        }
        Self::offer(preamble, Some(server), Some(key), context, shown)
    }

    /// Of a node or a tool of the cluster that has this key; and the offer. `lane` is told in the clear; 0 for none.
    ///
    /// # Errors
    ///
    /// [`NoiseError::Exhausted`] if the system has no randomness.
    pub fn cluster(
        key: &ClusterKey,
        lane: u32,
        context: &[u8],
    ) -> Result<(Self, Vec<u8>), NoiseError> {
        let preamble = Preamble {
            profile: Profile::Cluster,
            lane,
        };
        Self::offer(preamble, None, Some(key.secret()), context, &[])
    }

    fn offer(
        preamble: Preamble,
        server: Option<&PublicKey>,
        psk: Option<&[u8; 32]>,
        context: &[u8],
        payload: &[u8],
    ) -> Result<(Self, Vec<u8>), NoiseError> {
        let prologue = preamble.prologue(context);
        let build = || {
            let mut builder = builder(preamble.profile)?.prologue(&prologue)?;
            if let Some(server) = server {
                builder = builder.remote_public_key(server.as_bytes())?;
            }
            if let Some(psk) = psk {
                builder = builder.psk(place(preamble.profile), psk)?;
            }
            let mut state = builder.build_initiator()?;
            let mut message = [0; OFFER_BYTES_MAX];
            let length = state.write_message(payload, &mut message)?;
            let offer = preamble.offer(message.get(..length).unwrap_or_default());
            Ok((Self(state), offer))
        };
        build().map_err(|_: Error| NoiseError::Exhausted)
    }

    /// Takes the answer.
    ///
    /// # Errors
    ///
    /// If the peer refused, does not have the keys, or sent something else.
    pub fn finish(mut self, answer: &[u8]) -> Result<Secured, NoiseError> {
        let message = of_answer(answer)?;
        let (length, max) = (answer.len(), ANSWER_BYTES_MAX);
        if length > max {
            return Err(NoiseError::TooLong { length, max });
        }
        let mut payload = [0; ANSWER_BYTES_MAX];
        let read = self.0.read_message(message, &mut payload);
        read.map_err(|_| NoiseError::OtherKey)?;
        Secured::of(self.0)
    }
}

/// Answers an offer, all of it, with whichever of the keys it asks for; and counts what came of it.
///
/// # Errors
///
/// If it is no offer, or not one to these keys. [`NoiseError::refusal`] is what the peer may be told then.
pub fn answer(keys: &Keys, offer: &[u8], context: &[u8]) -> Result<Answered, NoiseError> {
    let answered = answered(keys, offer, context);
    match &answered {
        Ok(_) => keys.counts.handshake(),
        Err(error) => keys.counts.problem(error),
    }
    answered
}

fn answered(keys: &Keys, offer: &[u8], context: &[u8]) -> Result<Answered, NoiseError> {
    let (length, max) = (offer.len(), OFFER_BYTES_MAX);
    if length > max {
        return Err(NoiseError::TooLong { length, max });
    }
    let (preamble, message) = Preamble::of_offer(offer)?;
    let Preamble { profile, lane } = preamble;
    let mut state = responder(keys, profile, &preamble.prologue(context))?;
    let mut payload = [0; OFFER_BYTES_MAX];
    let length = state
        .read_message(message, &mut payload)
        .map_err(|error| match error {
            Error::Input => NoiseError::Truncated,
            _ => NoiseError::OtherKey,
        })?;
    if profile == Profile::Ticket {
        let ticket = payload.get(..length).unwrap_or_default();
        let key = keys.tickets.as_ref().and_then(|tickets| tickets(ticket));
        let key = key.ok_or(NoiseError::Ticket)?;
        let set = state.set_psk(usize::from(place(profile)), key.secret());
        set.map_err(|_| NoiseError::Exhausted)?;
    }
    let mut message = [0; ANSWER_BYTES_MAX];
    let length = state.write_message(&[], &mut message);
    let length = length.map_err(|_| NoiseError::Exhausted)?;
    Ok(Answered {
        answer: put_answer(message.get(..length).unwrap_or_default()),
        secured: Secured::of(state)?,
        profile,
        lane,
    })
}

/// The side that answers, before it has read the offer.
fn responder(keys: &Keys, profile: Profile, prologue: &[u8]) -> Result<HandshakeState, NoiseError> {
    let server = || keys.server.as_ref().ok_or(NoiseError::NoKey);
    let built = match profile {
        Profile::Client => {
            let key = server()?.secret();
            build_responder(profile, prologue, |it| it.local_private_key(key))
        }
        Profile::Ticket => {
            let key = server()?.secret();
            if keys.tickets.is_none() {
                return Err(NoiseError::NoKey);
            }
            build_responder(profile, prologue, |it| it.local_private_key(key))
        }
        Profile::Cluster => {
            let key = keys.cluster.as_ref().ok_or(NoiseError::NoKey)?.secret();
            build_responder(profile, prologue, |it| it.psk(place(profile), key))
        }
    };
    built.map_err(|_| NoiseError::Exhausted)
}

fn build_responder<'a>(
    profile: Profile,
    prologue: &'a [u8],
    key: impl FnOnce(Builder<'a>) -> Result<Builder<'a>, Error>,
) -> Result<HandshakeState, Error> {
    key(builder(profile)?.prologue(prologue)?)?.build_responder()
}

fn builder<'a>(profile: Profile) -> Result<Builder<'a>, Error> {
    let pattern: NoiseParams = profile.pattern().parse()?;
    // A short record takes `ring` a sixth of the time of the other; the rest of a handshake it has not.
    let resolver = FallbackResolver::new(Box::new(RingResolver), Box::new(DefaultResolver));
    Ok(Builder::with_resolver(pattern, Box::new(resolver)))
}

/// Where the pattern has its shared key.
const fn place(profile: Profile) -> u8 {
    match profile {
        Profile::Client | Profile::Cluster => 0,
        Profile::Ticket => 2,
    }
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handshake(..)")
    }
}

#[cfg(test)]
pub(in crate::noise) mod tests;
