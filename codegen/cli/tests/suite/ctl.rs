//! `playhouse ctl`, at a node that runs.

use std::process::{Child, Command, Stdio};

use crate::folder::Folder;
use crate::room::Room;
use crate::world;

#[test]
fn nodes_are_shown_as_a_table_and_as_json() {
    let folder = Folder::empty();
    let (_running, address) = world::node();
    let nodes = folder.run(&["ctl", "nodes", "--at", &address]);
    let table = nodes.expect(0, &[]).out;
    for words in ["NODE", "STATE", "pier", "running", "door,hall", &address] {
        assert!(table.contains(words), "{words}: {table}");
    }
    let json = folder.run(&["ctl", "nodes", "--json", "--at", &address]);
    let nodes: serde_json::Value = serde_json::from_str(&json.expect(0, &[]).out).unwrap();
    assert_eq!(nodes["nodes"][0]["node"], "pier");
    assert_eq!(nodes["nodes"][0]["ready"], true);
}

#[test]
fn a_node_is_described_by_name() {
    let folder = Folder::empty();
    let (_running, address) = world::node();
    let about = folder.run(&["ctl", "describe", "pier", "--at", &address]);
    assert!(about.expect(0, &[]).out.contains("service Door on door"));
    let other = folder.run(&["ctl", "describe", "quay", "--at", &address]);
    other.expect(1, &["NotFound", "no node `quay` is known here", "`pier`"]);
    drop(_running);
    let gone = folder.run(&["ctl", "nodes", "--at", &address]);
    gone.expect(2, &["can't reach", "is the node running"]);
}

#[test]
fn a_node_without_a_log_of_ours_says_so() {
    let folder = Folder::empty();
    let (_running, address) = world::node();
    let levels = folder.run(&["ctl", "log-level", "pier", "--at", &address]);
    levels.expect(
        1,
        &["Invalid", "nothing is installed whose levels could change"],
    );
    folder
        .run(&["ctl", "log-level", "pier", "--for", "1m"])
        .expect(2, &["LEVELS"]);
}

#[test]
fn operators_ban_and_take_it_back() {
    let folder = Folder::empty();
    let (_running, address) = world::node();
    let ctl = |args: &[&str]| {
        let args = [&["ctl"], args, &["--at", &address]].concat();
        folder.run(&args)
    };
    ctl(&["bans", "pier"]).expect(0, &[]);
    ctl(&["ban", "pier", "192.0.2.0/24"]).expect(0, &["lets nobody in from 192.0.2.0/24"]);
    ctl(&["ban", "pier", "2001:db8::7", "--for", "60m"]).expect(0, &[]);
    ctl(&["ban", "pier", "192.0.2.7/24"]).expect(1, &["Invalid", "no address or network"]);
    let bans = ctl(&["bans", "pier"]).expect(0, &[]).out;
    assert!(
        bans.contains("192.0.2.0/24  until the node stops"),
        "{bans}"
    );
    assert!(bans.contains("2001:db8::7  for 3"), "{bans}");
    ctl(&["unban", "pier", "192.0.2.0/24"]).expect(0, &["in again"]);
    ctl(&["unban", "pier", "192.0.2.0/24"]).expect(1, &["nobody has banned"]);
    let bans = ctl(&["bans", "pier", "--json"]).expect(0, &[]).out;
    let bans: serde_json::Value = serde_json::from_str(&bans).unwrap();
    assert_eq!(bans["count"], 1);
}

/// A node in a process of its own, that is started again for as long as it asks for it.
struct Supervised {
    child: Option<Child>,
}

const VARIABLE: &str = "PLAYHOUSE_CTL_TEST";

fn child(address: &str) -> Child {
    let test = std::env::current_exe().unwrap();
    let mut command = Command::new(test);
    command
        .args([
            "--exact",
            "ctl::a_restarted_node_is_back_and_logs_what_it_is_told",
        ])
        .env(VARIABLE, address)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().unwrap()
}

impl Drop for Supervised {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
#[expect(clippy::exit, reason = "the status of a process is what is tested")]
fn a_restarted_node_is_back_and_logs_what_it_is_told() {
    if let Some(address) = std::env::var_os(VARIABLE) {
        let node = world::builder().listen(address.to_string_lossy());
        let error = node.build().unwrap().run().unwrap_err();
        assert_eq!(
            format!("{:?}", error.exit_code()),
            format!("{:?}", std::process::ExitCode::from(75))
        );
        std::process::exit(75);
    }
    let folder = Folder::empty();
    let address = {
        // One that no other test has.
        let listener = std::net::TcpListener::bind("127.0.0.74:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let mut supervised = Supervised {
        child: Some(child(&address)),
    };
    let at = ["--at", &address];
    let up = || folder.run(&[&["ctl", "nodes"], &at[..]].concat()).code == 0;
    while !up() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let ctl = |args: &[&str]| folder.run(&[&["ctl"], args, &at[..]].concat());
    let shown = |args: &[&str]| ctl(args).expect(0, &[]).out;
    assert_eq!(shown(&["log-level", "pier"]), "info\n");
    assert_eq!(
        shown(&["log-level", "pier", "warn,a::b=debug"]),
        "warn,a::b=debug\n"
    );
    let raised = shown(&["log-level", "pier", "c=trace", "--for", "10m"]);
    assert_eq!(raised, "warn,a::b=debug,c=trace\n");
    ctl(&["log-level", "pier", "loud"]).expect(1, &["Invalid", "`loud` is not a level"]);

    let supervisor = std::thread::spawn({
        let address = address.clone();
        move || {
            let mut first = supervised.child.take().unwrap();
            let status = first.wait().unwrap();
            let again = (status.code() == Some(75)).then(|| child(&address));
            supervised.child = again;
            (status, supervised)
        }
    });
    ctl(&["restart", "pier", "--timeout", "30s"]).expect(0, &["pier is back"]);
    let (status, _supervised) = supervisor.join().unwrap();
    assert_eq!(status.code(), Some(75));
    assert_eq!(shown(&["log-level", "pier"]), "info\n", "another process");
}

#[test]
fn any_node_of_a_cluster_answers_for_all() {
    let folder = Folder::empty();
    let room = Room::default();
    let start = |name: &str| world::start(world::builder().name(name).cluster(room.clone()));
    let (_quay, at) = start("quay");
    let (pier, pier_at) = start("pier");
    let ctl = |args: &[&str]| folder.run(&[&["ctl"], args, &["--at", &at]].concat());
    // The nodes hear of one another a moment after they have started.
    let nodes = loop {
        let nodes = ctl(&["nodes", "--json"]).expect(0, &[]).out;
        let nodes: serde_json::Value = serde_json::from_str(&nodes).unwrap();
        if nodes["nodes"].as_array().unwrap().len() == 2 {
            break nodes;
        }
    };
    let other = &nodes["nodes"][0];
    assert_eq!(
        (&other["node"], &other["state"]),
        (&"pier".into(), &"running".into())
    );
    assert_eq!(other["address"], pier_at.as_str());
    assert_eq!(
        nodes["nodes"][1]["ready"], true,
        "the one that is asked knows more of itself"
    );
    let table = ctl(&["nodes"]).expect(0, &[]).out;
    assert_eq!(table.lines().count(), 3, "{table}");

    let about = ctl(&["describe", "pier"]).expect(0, &[]).out;
    assert!(about.starts_with("pier (playhouse"), "{about}");
    ctl(&["log-level", "pier"]).expect(1, &["nothing is installed"]);
    ctl(&["drain", "dock"]).expect(
        1,
        &["no node `dock` is in the cluster: there is pier, quay"],
    );
    ctl(&["drain", "pier"]).expect(0, &["pier is drained and has stopped"]);
    assert_eq!(pier.wait(), Ok(()));
    let left = ctl(&["nodes"]).expect(0, &[]).out;
    assert_eq!(left.lines().count(), 2, "{left}");
}

#[test]
fn a_drained_node_is_gone() {
    let folder = Folder::empty();
    let (running, address) = world::node();
    let drain = folder.run(&["ctl", "drain", "pier", "--at", &address]);
    drain.expect(0, &["pier is drained and has stopped"]);
    assert_eq!(running.wait(), Ok(()));
}

#[test]
fn a_node_that_nobody_starts_again_is_told_of() {
    let folder = Folder::empty();
    let (running, address) = world::node();
    let restart = [
        "ctl",
        "restart",
        "pier",
        "--timeout",
        "300ms",
        "--at",
        &address,
    ];
    folder
        .run(&restart)
        .expect(1, &["was not back within 300ms", "a supervisor"]);
    let ended = running.wait().unwrap_err();
    assert_eq!(ended, playhouse::node::StopError::Restart);
    assert_eq!(
        playhouse::node::RunError::Stop(ended)
            .to_string()
            .lines()
            .count(),
        1
    );
}
