//! The page on configuration, `docs/config.md`: each of its files is loaded, and comes to what the page says.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs};

use playhouse_config::{Loader, Secret, Size, Time};
use serde::Deserialize;
use serde_json::Value;

/// The struct of the page that its bad file is read as.
#[derive(Debug, Deserialize)]
struct Game {
    name: String,
    #[serde(default)]
    port: u16,
    save_every: Time,
    log_bytes: Size,
    password: Secret<String>,
    #[serde(default)]
    store: Store,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Store {
    #[default]
    Memory,
    Embedded {
        path: String,
    },
}

/// The fenced blocks: what stands behind the backticks, and the text.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        match line.strip_prefix("```") {
            Some(_) if inside => inside = false,
            Some(info) => {
                inside = true;
                blocks.push((info.to_owned(), String::new()));
            }
            None if inside => {
                if let Some((_, text)) = blocks.last_mut() {
                    text.push_str(line);
                    text.push('\n');
                }
            }
            None => {}
        }
    }
    assert!(!inside, "a block of the page has no end");
    blocks
}

#[test]
fn the_files_of_the_page_come_to_what_it_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/config.md");
    let page = fs::read_to_string(path).unwrap();
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let mut last = String::new();
    let (mut results, mut reports) = (0, 0);
    let loader = |files: &BTreeMap<String, String>, last: &str| {
        let first = [(last.to_owned(), files[last].clone())];
        Loader::memory(first.into_iter().chain(files.clone())).variables([("HOME_DIR", "/srv")])
    };
    for (info, text) in blocks(&page) {
        match info.split_once(' ') {
            Some(("json", "result")) => {
                let found: Value = loader(&files, &last).load().unwrap();
                let said: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(found, said, "{last}");
                results += 1;
            }
            Some(("json", name)) => {
                last = name.to_owned();
                files.insert(last.clone(), text);
                loader(&files, &last).load::<Value>().unwrap();
            }
            Some(("text", "report")) => {
                let report = loader(&files, &last).load::<Game>().unwrap_err();
                assert_eq!(format!("{report}\n"), text, "{last}");
                reports += 1;
            }
            _ => {}
        }
    }
    assert_eq!((files.len(), results, reports), (6, 3, 1));
}
