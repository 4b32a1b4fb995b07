//! `playhouse explain`: what a code or a lint means, why, with a bad and a good example.

use playhouse_schema::{
    attributes::{ATTRIBUTES, AttributeSpec},
    pages::{self, Page, tables},
};
use playhouse_syntax::suggest;

use super::Place;
use crate::{Outcome, arguments::Explain};

const BOLD: &str = "\x1b[1m";
const GREEN: &str = "\x1b[32m";

pub(crate) fn run(place: &Place, options: &Explain) -> anyhow::Result<Outcome> {
    let Some(word) = options.word.as_deref() else {
        list(place, options.json);
        return Ok(Outcome::Fine);
    };
    match word {
        "all" => {
            for page in pages::all() {
                show(place, &page, options.json);
            }
        }
        "attributes" => attributes(place, ATTRIBUTES.iter(), options.json),
        _ => {
            let name = word.trim_start_matches('@');
            if let Some(page) = pages::find(word) {
                show(place, &page, options.json);
            } else if let Some(spec) = playhouse_schema::attributes::find(name) {
                attributes(place, std::iter::once(spec), options.json);
            } else {
                anyhow::bail!("{}", unknown(word));
            }
        }
    }
    Ok(Outcome::Fine)
}

fn unknown(word: &str) -> String {
    let codes = pages::rules().map(|(code, ..)| code);
    let attributes = ATTRIBUTES.iter().map(|spec| spec.name);
    let known = codes.chain(attributes).chain(["all", "attributes"]);
    match suggest::nearest(word, known) {
        Some(near) => format!("there is no page about `{word}`: did you mean `{near}`?"),
        None => format!("there is no page about `{word}`: `playhouse explain` lists all of them"),
    }
}

/// Codes and titles, one a line.
fn list(place: &Place, as_json: bool) {
    for page in pages::all() {
        let line = if as_json {
            let object = serde_json::json!({ "code": page.code, "title": page.title });
            format!("{object}\n")
        } else {
            format!("{:<20} {}\n", page.code, page.title)
        };
        place.terminal.out(&line);
    }
}

fn show(place: &Place, page: &Page, as_json: bool) {
    if as_json {
        let object = serde_json::json!({
            "code": page.code,
            "name": page.name,
            "title": page.title,
            "text": page.text,
        });
        place.terminal.out(&format!("{object}\n"));
        return;
    }
    let mut out = String::new();
    let mut code = false;
    for line in page.text.lines() {
        if line.starts_with("```") {
            code = !code;
        } else if code {
            out += &place
                .terminal
                .paint_out(GREEN, format!("    {line}").trim_end());
            out.push('\n');
        } else if let Some(heading) = line.trim_start_matches('#').strip_prefix(' ')
            && line.starts_with('#')
        {
            out += &place.terminal.paint_out(BOLD, heading);
            out.push('\n');
        } else {
            out += line;
            out.push('\n');
        }
    }
    out.push('\n');
    place.terminal.out(&out);
}

fn attributes<'a>(place: &Place, specs: impl Iterator<Item = &'a AttributeSpec>, as_json: bool) {
    for spec in specs {
        let places: Vec<&str> = spec.places.iter().map(|place| place.describe()).collect();
        if as_json {
            let arguments: Vec<_> = spec
                .args
                .iter()
                .map(|arg| {
                    serde_json::json!({
                        "name": arg.name,
                        "takes": arg.kind.describe(),
                        "positional": arg.positional,
                        "required": arg.required,
                    })
                })
                .collect();
            let object = serde_json::json!({
                "name": spec.name,
                "arguments": arguments,
                "places": places,
                "meaning": spec.meaning,
                "later": spec.later,
            });
            place.terminal.out(&format!("{object}\n"));
            continue;
        }
        let mut out = place.terminal.paint_out(BOLD, &tables::signature(spec));
        let later = if spec.later {
            " (planned, and refused for now)"
        } else {
            ""
        };
        out += &format!("\n    {}{later}\n", spec.meaning);
        out += &format!("    stands on {}\n", places.join(", "));
        for arg in spec.args {
            out += &format!("    {}: {}\n", arg.name, arg.kind.describe());
        }
        out.push('\n');
        place.terminal.out(&out);
    }
}
