//! How a node ends.

use std::time::Duration;

use playhouse_wire::message::Role;

use crate::client::{self, Client, Note};
use crate::schema::harbour::{Door, DoorSecretArgs, DoorSlowArgs};
use crate::world::{self, ms};

/// A process of its own, since a signal ends all of one.
#[test]
fn sigterm_lets_handlers_end_and_says_good_bye() {
    if let Some(address) = std::env::var_os("PLAYHOUSE_NODE_TEST") {
        let node = world::builder().listen(address.to_string_lossy());
        node.build().unwrap().run().unwrap();
        return;
    }
    let address = {
        // One that no other test has.
        let listener = std::net::TcpListener::bind("127.0.0.73:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let test = std::env::current_exe().unwrap();
    let mut child = std::process::Command::new(test)
        .args([
            "--exact",
            "stop::sigterm_lets_handlers_end_and_says_good_bye",
        ])
        .env("PLAYHOUSE_NODE_TEST", &address)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    client::run(async {
        let peer = loop {
            let peer = Client::connect(&address, Role::Node);
            let args = DoorSecretArgs {};
            match peer.call::<Door, _>(0, None, &args).await {
                client::Ended::Ok(_) => break peer,
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        let slow = playhouse::to_vec(&DoorSlowArgs { wait: ms(500) });
        let method = client::method::<Door, DoorSlowArgs>(0);
        let (_, slow) = peer.begin(method, &client::header(None), &slow);
        // It has begun once a later call is answered.
        peer.call::<Door, _>(0, None, &DoorSecretArgs {})
            .await
            .value::<bool>();
        let kill = std::process::Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
        assert_eq!(slow.await.value::<u32>(), 1, "it ran to its end");
        let good_bye = Note::GoAway("the node stops".to_owned());
        assert_eq!(peer.note().await, good_bye);
        // Said once more with the end of the link.
        let mut last = peer.note().await;
        if last == good_bye {
            last = peer.note().await;
        }
        assert!(matches!(last, Note::Closed(_)), "{last:?}");
    });
    assert!(child.wait().unwrap().success());
}
