//! The pages of `explain`: complete, in one form, and their examples do what they say.

use std::{collections::BTreeSet, fs};

use playhouse_schema::{attributes::ATTRIBUTES, pages};

use crate::project::{Project, repository};

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let codes: BTreeSet<&str> = pages::rules().map(|(code, ..)| code).collect();
    let texts: BTreeSet<&str> = pages::TEXTS.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, texts);
    let folder = fs::read_dir(repository("codegen/schema/src/pages")).unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<String> = names
        .filter_map(|name| Some(name.strip_suffix(".md")?.to_owned()))
        .collect();
    assert_eq!(codes, files.iter().map(String::as_str).collect());
    assert_eq!(pages::all().count(), pages::rules().count());
}

#[test]
fn codes_are_in_order_and_used_once() {
    let codes: Vec<&str> = pages::rules().map(|(code, ..)| code).collect();
    assert!(codes.is_sorted(), "{codes:?}");
    assert_eq!(
        codes.iter().collect::<BTreeSet<_>>().len(),
        codes.len(),
        "{codes:?}"
    );
}

#[test]
fn pages_are_found_by_code_and_by_name() {
    let page = pages::find("e0305").unwrap();
    assert_eq!((page.code, page.name), ("E0305", "INFINITE_TYPE"));
    assert_eq!(pages::find("infinite_type"), Some(page));
    assert_eq!(pages::find("sparse_tags").unwrap().code, "sparse_tags");
    assert_eq!(pages::find("E0000"), None);
}

#[test]
fn every_page_has_the_same_parts() {
    for page in pages::all() {
        let mut lines = page.text.lines();
        let title = format!("# {}: {}", page.code, page.title);
        assert_eq!(lines.next(), Some(title.as_str()));
        let headings: Vec<&str> = lines.filter(|line| line.starts_with('#')).collect();
        assert_eq!(
            headings,
            ["## What", "## Why", "## Bad", "## Good"],
            "{}",
            page.code
        );
    }
}

#[test]
fn bad_examples_are_told_their_code_and_good_ones_nothing() {
    let mut wrong = String::new();
    for page in pages::all() {
        let bad = example(page.text, "## Bad");
        let codes = bad.codes();
        if codes.is_empty() || codes.iter().any(|code| *code != page.code) {
            wrong += &format!("{}: the bad example: {codes:?}\n{}", page.code, shown(&bad));
        }
        let good = example(page.text, "## Good").rendered();
        if !good.is_empty() {
            wrong += &format!("{}: the good example:\n{good}\n", page.code);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_page_of_unknown_attributes_lists_all() {
    let text = pages::find("E0801").unwrap().text;
    for spec in ATTRIBUTES {
        let written = format!("`@{}`", spec.name);
        assert!(text.contains(&written), "{written} is missing");
    }
}

#[test]
fn the_tables_list_everything() {
    let codes = pages::tables::codes() + &pages::tables::lints();
    for page in pages::all() {
        assert!(codes.contains(&format!("| [`{}`](", page.code)));
        assert!(codes.contains(&page.title.replace('|', "\\|")));
    }
    let attributes = pages::tables::attributes();
    assert_eq!(attributes.lines().count(), ATTRIBUTES.len() + 4);
}

/// The start of a long example's output.
fn shown(project: &Project) -> String {
    project.rendered().chars().take(2_000).collect()
}

/// The project in the fences below a heading.
fn example(text: &str, heading: &str) -> Project {
    let (_, below) = text.split_once(heading).unwrap();
    let below = below.split("\n## ").next().unwrap();
    let mut project = Project::default();
    for fence in below.split("```").skip(1).step_by(2) {
        let (info, body) = fence.split_once('\n').unwrap();
        match info.split(',').collect::<Vec<_>>().as_slice() {
            ["toml"] => project.manifest = Some(body.to_owned()),
            ["lock"] => project.lock = Some(body.to_owned()),
            ["idl"] => project.add(body),
            ["idl", times] => {
                let times = times.strip_prefix("times=").unwrap().parse().unwrap();
                project.add(&body.repeat(times));
            }
            other => panic!("a fence of {other:?}"),
        }
    }
    project
}
