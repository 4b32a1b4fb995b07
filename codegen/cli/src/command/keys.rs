//! `playhouse keys`: new keys for a configuration, or the public half of a secret.

use std::fs;

use anyhow::Context as _;
use playhouse_net::noise::{ClusterKey, ServerKey};
use serde_json::json;

use super::Place;
use crate::{Outcome, arguments::Keys};

pub(crate) fn run(place: &Place, options: &Keys) -> anyhow::Result<Outcome> {
    let terminal = place.terminal;
    if let Some(path) = &options.public_of {
        let text = fs::read_to_string(path)
            .with_context(|| format!("{} can't be read", path.display()))?;
        let key: ServerKey = text
            .parse()
            .with_context(|| format!("{} holds no key", path.display()))?;
        terminal.out(&format!("{}\n", key.public_key()));
        return Ok(Outcome::Fine);
    }
    let (server, cluster) = (ServerKey::generate()?, ClusterKey::generate()?);
    // Any text that nobody can guess will do.
    let token = ClusterKey::generate()?;
    let (public, server, cluster) = (server.public_key(), server.reveal(), cluster.reveal());
    if options.json {
        let keys = json!({
            "server_key": &*server,
            "public_key": public.to_string(),
            "cluster_key": &*cluster,
            "token_secret": &*token.reveal(),
        });
        terminal.out(&format!("{keys}\n"));
    } else {
        terminal.out(&format!(
            "\
server_key    {}   secret: `noise.server_key` of all nodes that clients reach
public_key    {public}   for clients, which know the nodes by it
cluster_key   {}   secret: `cluster_key` of all nodes, and in the --cluster-key-file of tools
token_secret  {}   secret: the first of `token_secrets` of all nodes
",
            *server,
            *cluster,
            *token.reveal()
        ));
    }
    Ok(Outcome::Fine)
}
