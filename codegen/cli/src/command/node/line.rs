//! The connection below a link: plain, or encrypted with the cluster's key.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, bail};
use playhouse_net::noise::{
    ClusterKey, Handshake, NoiseError, RECORD_BYTES_MAX, RECORD_OVERHEAD, Records, answer_length,
};

const READ_BYTES: usize = 64 * 1024;
/// An answer is at least so long: magic, refusal, length.
const ANSWER_LEAST: usize = 7;

pub(super) struct Line {
    stream: TcpStream,
    sealed: Option<Sealed>,
}

struct Sealed {
    records: Records,
    /// What came and was not opened.
    input: Vec<u8>,
}

impl Line {
    /// A connection that both sides take as it is.
    pub(super) const fn plain(stream: TcpStream) -> Self {
        Self {
            stream,
            sealed: None,
        }
    }

    /// Proves that this side has the cluster's key, and has the node prove it.
    pub(super) fn sealed(
        mut stream: TcpStream,
        key: &ClusterKey,
        limit: Duration,
    ) -> anyhow::Result<Self> {
        stream.set_read_timeout(Some(limit))?;
        let (handshake, offer) = Handshake::cluster(key, 0, &[])?;
        stream.write_all(&offer)?;
        let mut answer = vec![0; ANSWER_LEAST];
        stream
            .read_exact(&mut answer)
            .context("it doesn't answer a handshake")?;
        let length = match answer_length(&answer) {
            Err(NoiseError::Plain) => bail!(
                "the node takes no encrypted connections: leave --cluster-key-file out, or configure its `cluster_key`"
            ),
            length => length?.unwrap_or(ANSWER_LEAST),
        };
        answer.resize(length, 0);
        stream.read_exact(answer.get_mut(ANSWER_LEAST..).unwrap_or_default())?;
        let records = handshake.finish(&answer)?.into_records();
        let input = Vec::new();
        Ok(Self {
            stream,
            sealed: Some(Sealed { records, input }),
        })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        let Some(sealed) = &mut self.sealed else {
            return Ok(self.stream.write_all(bytes)?);
        };
        let mut out = Vec::with_capacity(bytes.len() + RECORD_OVERHEAD);
        sealed.records.seal(bytes, &mut out)?;
        Ok(self.stream.write_all(&out)?)
    }

    /// Appends what comes next to `out`; false at the end. It may append nothing: the end of a record is still to come.
    pub(super) fn read(&mut self, limit: Duration, out: &mut Vec<u8>) -> io::Result<bool> {
        self.stream.set_read_timeout(Some(limit))?;
        let mut chunk = vec![0; READ_BYTES];
        let count = self.stream.read(&mut chunk)?;
        let came = chunk.get(..count).unwrap_or_default();
        match &mut self.sealed {
            None => out.extend_from_slice(came),
            Some(sealed) => sealed.open(came, out)?,
        }
        Ok(count > 0)
    }
}

impl Sealed {
    fn open(&mut self, came: &[u8], out: &mut Vec<u8>) -> Result<(), NoiseError> {
        self.input.extend_from_slice(came);
        let mut room = vec![0; RECORD_BYTES_MAX];
        let mut used = 0;
        while let Some(length) = self
            .records
            .open(self.input.get(used..).unwrap_or_default(), &mut room)?
        {
            out.extend_from_slice(room.get(..length).unwrap_or_default());
            used += length + RECORD_OVERHEAD;
        }
        self.input.drain(..used);
        Ok(())
    }
}
