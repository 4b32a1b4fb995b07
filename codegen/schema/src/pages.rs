//! The pages of `playhouse explain`: what each code and each lint means, why, with a bad and a good example.
//!
//! The texts are in `pages/CODE.md`. Their examples are compiled by `tests/suite/pages.rs`: the bad one is told its code, the good
//! one nothing. Read [`find`] first.

use playhouse_syntax::codes as syntax_codes;

use crate::{codes, evolution::lock::codes as lock_codes, lints::LINTS};

pub mod tables;

/// What is to be said about a code or a lint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// `E0301`, or the lint's name.
    pub code: &'static str,
    /// `TYPE_ARGUMENTS`, or the lint's name.
    pub name: &'static str,
    /// What is wrong, in half a sentence.
    pub title: &'static str,
    /// The whole page as Markdown; its first line is `# CODE: TITLE`.
    pub text: &'static str,
}

/// The page of a code or a lint, by code or name in whatever case.
#[must_use]
pub fn find(word: &str) -> Option<Page> {
    all().find(|page| page.code.eq_ignore_ascii_case(word) || page.name.eq_ignore_ascii_case(word))
}

/// Every page: the codes in order, then the lints by name.
pub fn all() -> impl Iterator<Item = Page> {
    rules().filter_map(|(code, name, title)| {
        let text = text(code)?;
        Some(Page {
            code,
            name,
            title,
            text,
        })
    })
}

/// Code, name and title of all that `check`, `compat` and `lint` may say: the codes in order, then the lints by name.
pub fn rules() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let schema = codes::RULES;
    // The lock's codes stand between those of the rules.
    let split = schema.partition_point(|(code, ..)| *code < lock_codes::RULES[0].0);
    let (before, behind) = schema.split_at(split);
    let numbered = [syntax_codes::RULES, before, lock_codes::RULES, behind];
    let lints = LINTS.iter().map(|lint| (lint.name, lint.name, lint.title));
    numbered.into_iter().flatten().copied().chain(lints)
}

fn text(code: &str) -> Option<&'static str> {
    let (_, text) = TEXTS.iter().find(|(other, _)| *other == code)?;
    Some(text)
}

macro_rules! texts {
    ($($code:literal)*) => {
        &[$(($code, include_str!(concat!("pages/", $code, ".md"))),)*]
    };
}

/// The texts by code, as they lie in the folder.
pub static TEXTS: &[(&str, &str)] = texts! {
    "E0101" "E0102" "E0103" "E0104" "E0105" "E0106" "E0107" "E0108" "E0109" "E0110" "E0111" "E0112"
    "E0201" "E0202" "E0203" "E0204" "E0205" "E0206" "E0207" "E0208" "E0209" "E0210" "E0211" "E0212"
    "E0213" "E0214" "E0215" "E0216" "E0217" "E0218"
    "E0301" "E0302" "E0303" "E0304" "E0305" "E0306" "E0307" "E0308" "E0309" "E0310" "E0311" "E0312"
    "E0313" "E0314" "E0315"
    "E0401" "E0402" "E0403" "E0404" "E0405" "E0406" "E0407" "E0408" "E0409" "E0410" "E0411" "E0412"
    "E0413"
    "E0501" "E0502" "E0503" "E0504" "E0505" "E0506" "E0507" "E0508" "E0509" "E0510"
    "E0601" "E0602" "E0604" "E0605" "E0606" "E0607" "E0608" "E0610" "E0611" "E0612" "E0613" "E0614"
    "E0615"
    "E0701" "E0702" "E0703" "E0704" "E0705" "E0706" "E0707" "E0709" "E0711"
    "E0801" "E0802" "E0803" "E0804" "E0805" "E0806" "E0808" "E0809" "E0810" "E0811" "E0812" "E0813"
    "E0901" "E0902" "E0903" "E0904" "E0905" "E0906" "E0907" "E0908"
    "E1001" "E1002" "E1003" "E1004" "E1005" "E1006" "E1007" "E1008"
    "caller_parameter" "exposed_unreachable" "float_money" "missing_docs" "naming"
    "redundant_bound" "sparse_tags" "unused_allow" "unused_import" "unused_type"
};
