//! What is `@redact` in a schema reaches no log, whatever a program hands over.

#![allow(clippy::unwrap_used, reason = "a test whose log can't be read fails")]
#![allow(deprecated, reason = "the fixture deprecates what it can")]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use playhouse::log::{Files, Logging, Terminal};
use playhouse_config::Secret as ConfigSecret;
use playhouse_golden::attributes_on_everything::golden::attributes::{
    Older, Purse, PurseSpendArgs, Secret,
};

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn redacted_properties_arguments_members_and_secrets_reach_no_log() {
    let folder = tempfile::tempdir().unwrap();
    let paper = Paper::default();
    let guard = Logging::builder()
        .terminal(Terminal::writer(paper.clone()))
        .files(Files::in_folder(folder.path()))
        .install()
        .unwrap();

    let mut purse = Purse::default();
    purse.set_coins(424_242);
    let why = || Secret("s3cret-why".to_owned());
    let args = PurseSpendArgs {
        amount: 11,
        why: why(),
    };
    let member = Older {
        a: 12,
        b: "s3cret-member".to_owned(),
    };
    let config = ConfigSecret::new("s3cret-config".to_owned());
    let text = why();
    playhouse::log::error!(?purse, ?args, ?member, ?config, %config, ?text, "{args:?} {config}");
    drop(guard);

    let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap();
    let file = std::fs::read_to_string(file.unwrap().path()).unwrap();
    let paper = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
    for shown in [file, paper] {
        assert!(!shown.contains("s3cret"), "{shown}");
        assert!(
            !shown.contains("424242") && !shown.contains("424_242"),
            "{shown}"
        );
        assert!(
            shown.contains("amount: 11") && shown.contains("a: 12"),
            "{shown}"
        );
        assert!(shown.contains("(redacted)"), "{shown}");
    }
}
