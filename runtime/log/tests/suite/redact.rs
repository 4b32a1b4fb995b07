//! Secrets.

use playhouse_log::{Files, Logging, Terminal, Value};

use crate::harness::{Paper, logged};

#[test]
fn values_of_secret_fields_reach_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let paper = Paper::default();
    let (give, take) = std::sync::mpsc::channel();
    let builder = Logging::builder()
        .terminal(Terminal::writer(paper.clone()))
        .files(Files::in_folder(folder.path()))
        .redact(["pin"])
        .on_record(tracing::Level::INFO, move |record| {
            assert_eq!(record.field("db_password"), Some(Value::Redacted));
            give.send(format!(
                "{record:?} {:?}",
                record.fields().collect::<Vec<_>>()
            ))
            .unwrap();
        });
    logged(builder, |_| {
        let span = tracing::info_span!("login", token = "s3cret-1", who = "ann");
        let _entered = span.enter();
        let password = "s3cret-2";
        tracing::warn!(db_password = ?password, pin = 73_311, name = "ann", "denied");
    });
    let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap();
    let file = std::fs::read_to_string(file.unwrap().path()).unwrap();
    let seen = take.recv().unwrap();
    for text in [paper.text(), file, seen] {
        assert!(
            !text.contains("s3cret") && !text.contains("73311"),
            "{text}"
        );
        assert!(
            text.contains("ann") && text.to_lowercase().contains("redacted"),
            "{text}"
        );
    }
}
