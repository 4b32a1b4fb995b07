//! A game to test, and players in it.

use std::future::Future;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use arena::app::{Arena, Rules, node};
use arena_bots::SCHEMA;
use arena_bots::account::{ClientInfo, Login, LoginGrant};
use arena_bots::common::{AccountId, Region};
use arena_bots::meter::Meter;
use arena_bots::mirror::{Known, Mirror};
use arena_bots::world::{Avatar, AvatarProxy, ZoneId};
use playhouse::login::{Http, TokenKeys};
use playhouse::node::{NodeBuilder, Running, ServerKey};
use playhouse::store::Embedded;
use playhouse_client::{Client, Failure, SessionReason, Uuid};
use tokio::task::LocalSet;

/// Longer than anything here takes, unless it hangs.
const LIMIT: Duration = Duration::from_secs(60);
/// How long a player waits for an event.
const PATIENCE: Duration = Duration::from_secs(10);
/// Known here, so that tests can make tokens of their own.
const KEY: [u8; 32] = [9; 32];

/// A game of one node.
pub(crate) struct Game {
    pub(crate) running: Running,
    pub(crate) address: String,
}

/// Somebody who plays it.
pub(crate) struct Player {
    pub(crate) client: Client,
    pub(crate) account: AccountId,
    pub(crate) mirror: Rc<Mirror>,
}

/// Starts a game, runs the test in it, and stops it.
pub(crate) fn play(test: impl AsyncFnOnce(&Game)) {
    play_by(Rules::default(), test);
}

/// The same with other rules.
pub(crate) fn play_by(rules: Rules, test: impl AsyncFnOnce(&Game)) {
    play_on(of_rules(rules), test);
}

/// The same on a node with a server's key.
pub(crate) fn play_sealed(rules: Rules, test: impl AsyncFnOnce(&Game)) {
    play_on(
        of_rules(rules).server_key(ServerKey::generate().unwrap()),
        test,
    );
}

/// A game that keeps its players in this folder.
pub(crate) fn play_in(folder: &Path, test: impl AsyncFnOnce(&Game)) {
    let store = Embedded::at(folder).free_bytes_min(0);
    play_on(of_rules(Rules::default()).store(store), test);
}

fn of_rules(rules: Rules) -> NodeBuilder {
    node(Arena {
        keys: keys(),
        rules,
    })
}

/// The keys of the game.
pub(crate) fn keys() -> TokenKeys {
    TokenKeys::new([KEY]).unwrap()
}

fn play_on(game: NodeBuilder, test: impl AsyncFnOnce(&Game)) {
    let game = game.shards(2).listen("127.0.0.1:0");
    let built = game.login_http(Http::at("127.0.0.1:0")).build();
    let running = built.unwrap().start().unwrap();
    let address = running.addresses()[0].clone();
    let game = Game { running, address };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let ended = LocalSet::new().block_on(&runtime, async {
        tokio::time::timeout(LIMIT, test(&game)).await
    });
    game.running.stop();
    ended.expect("the test hangs");
    game.running.wait().unwrap();
}

/// What a game says of itself when it logs in.
pub(crate) fn info(version: &str) -> ClientInfo {
    ClientInfo {
        version: version.to_owned(),
        region: Region::Europe,
        language: "en".to_owned(),
    }
}

impl Game {
    /// A link without a session.
    pub(crate) async fn link(&self) -> Client {
        Client::connect(&SCHEMA, &self.address).await.unwrap()
    }

    /// A guest's way in, by a link of its own.
    pub(crate) async fn grant(&self, number: u8) -> (Client, LoginGrant) {
        let client = self.link().await;
        let login = client.service::<Login>();
        let grant = login.enter_as_guest(Uuid([number; 16]), info("1.0")).await;
        (client, grant.unwrap())
    }

    /// A guest with a session.
    pub(crate) async fn player(&self, number: u8) -> Player {
        let (client, grant) = self.grant(number).await;
        let player = Player::of(client, grant.account);
        player.client.open(&grant.token.0).await.unwrap();
        let bag = player.avatar().bag().contents().await.unwrap();
        player.mirror.with(|known| known.bag = bag);
        player
    }

    /// Two guests who stand together.
    pub(crate) async fn two(&self) -> (Player, Player) {
        let (one, other) = (self.player(1).await, self.player(2).await);
        for player in [&one, &other] {
            player.avatar().transform().travel(ZoneId(2)).await.unwrap();
        }
        (one, other)
    }

    /// Waits until a zone knows that nobody is near somebody any more: it hears of steps a little later.
    pub(crate) async fn until_alone(&self, player: &Player, zone: u32) {
        let account = arena_schema::common::AccountId(player.account.0);
        let near = move || async move {
            let zone = arena_schema::world::Zone::of(arena_schema::world::ZoneId(zone));
            zone.near(account, 100.0).await.unwrap().len()
        };
        while self.inside(near).await > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Runs calls on the server, which may make those that clients may not.
    pub(crate) async fn inside<T, F>(&self, calls: impl FnOnce() -> F + Send + 'static) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + 'static,
    {
        self.running.spawn(calls).await.unwrap()
    }
}

/// Waits until the server has ended a client's session, and says why it did.
pub(crate) async fn ended(client: &Client) -> SessionReason {
    loop {
        if let Some((reason, _)) = client.session_end() {
            return reason;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

impl Player {
    /// Whoever has a session on this link.
    pub(crate) fn of(client: Client, account: AccountId) -> Self {
        let mirror = Mirror::of(&client, &Arc::new(Meter::default()));
        Self {
            client,
            account,
            mirror,
        }
    }

    /// Goes to another zone, as soon as that is allowed again.
    pub(crate) async fn travel(&self, zone: u32) {
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        self.avatar()
            .transform()
            .travel(ZoneId(zone))
            .await
            .unwrap();
    }

    pub(crate) fn avatar(&self) -> AvatarProxy {
        self.client.entity::<Avatar>()
    }

    /// Waits until the server has told of something.
    pub(crate) async fn until<T>(&self, look: impl FnMut(&mut Known) -> Option<T>) -> T {
        let seen = self.mirror.until(PATIENCE, look).await;
        seen.expect("the server tells of it")
    }

    /// What was said near or to this player by now, and by whoever talks on this link afterwards.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.mirror
            .with(|known| known.heard.iter().cloned().collect())
    }
}

/// What came instead of a result, as a failure.
pub(crate) fn failure<T, E>(outcome: Result<T, playhouse_client::CallError<E>>) -> Failure {
    match outcome {
        Err(playhouse_client::CallError::Failed(failure)) => failure,
        Err(_) => panic!("something was thrown"),
        Ok(_) => panic!("there is a result"),
    }
}

/// What a call threw.
pub(crate) fn thrown<T, E>(outcome: Result<T, playhouse_client::CallError<E>>) -> E {
    match outcome {
        Err(playhouse_client::CallError::Thrown(thrown)) => thrown,
        Err(playhouse_client::CallError::Failed(failure)) => panic!("{failure}"),
        Ok(_) => panic!("there is a result"),
    }
}
