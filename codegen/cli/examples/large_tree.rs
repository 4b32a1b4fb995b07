//! Writes a large schema tree for measuring the toolchain: `cargo run --example large_tree -- FOLDER [LINES]`.
//!
//! Packages of twenty files and about a hundred lines each, with the mixture of a game: types, components, entities,
//! services, comments, imports from the package before and from a common one. The same arguments give the same bytes.

use std::{
    error::Error,
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::Path,
};

const WORDS: [&str; 20] = [
    "Forge", "Harbor", "Market", "Mine", "Tower", "Garden", "Stadium", "Vault", "Bridge", "Temple",
    "Camp", "Farm", "Mill", "Port", "Wall", "Gate", "Keep", "Barn", "Yard", "Hall",
];

const BASE: &str = include_str!("large_tree/base.idl");
const FILE: &str = include_str!("large_tree/file.idl");

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("usage: large_tree FOLDER [LINES]")?;
    let lines_wanted = arguments
        .next()
        .map_or(Ok(100_000), |text| text.parse::<usize>())?;
    let files = tree(lines_wanted)?;
    for (path, text) in &files {
        let path = Path::new(&folder).join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)?;
    }
    let lines: usize = files.iter().map(|(_, text)| text.lines().count()).sum();
    let count = files.len();
    Ok(writeln!(io::stdout(), "{lines} lines in {count} files")?)
}

/// Paths and texts of a project with at least `lines_wanted` lines of schema; the manifest is the last.
pub(crate) fn tree(lines_wanted: usize) -> Result<Vec<(String, String)>, std::fmt::Error> {
    let mut packages = String::from("\"realm.base\" = 1\n");
    let mut files = vec![("idl/base/base.idl".to_owned(), BASE.to_owned())];
    let mut lines = BASE.lines().count();
    let mut area = 0;
    while lines < lines_wanted {
        area += 1;
        writeln!(packages, "\"realm.area_{area}\" = {}", area + 1)?;
        for (index, word) in WORDS.iter().enumerate() {
            if lines >= lines_wanted {
                break;
            }
            let text = file(area, index, word);
            lines += text.lines().count();
            let name = format!("idl/area_{area}/{}.idl", word.to_lowercase());
            files.push((name, text));
        }
    }
    let manifest = format!(
        "[schema]\nroots = [\"idl\"]\n\n[packages]\n{packages}\n\
         [[output]]\ntarget = \"rust\"\npath = \"out/rust\"\n\n\
         [[output]]\ntarget = \"typescript\"\npath = \"out/typescript\"\nscope = \"all\"\n"
    );
    files.push(("playhouse.toml".to_owned(), manifest));
    Ok(files)
}

fn file(area: usize, index: usize, word: &str) -> String {
    let lower = word.to_lowercase();
    // Every file but the first package's leans on the package before it.
    let import = match area {
        1 => String::new(),
        _ => format!(
            "use realm.area_{}.{{{word}Kind as Earlier{word}Kind, {word}Cost as Earlier{word}Cost}};\n",
            area - 1
        ),
    };
    let (kind, cost) = match area {
        1 => (format!("{word}Kind"), format!("{word}Cost")),
        _ => (format!("Earlier{word}Kind"), format!("Earlier{word}Cost")),
    };
    FILE.replace("IMPORT\n", &import)
        .replace("EARLIER_KIND", &kind)
        .replace("EARLIER_COST", &cost)
        .replace("AREA", &area.to_string())
        .replace("UPPER", &word.to_uppercase())
        .replace("LOWER", &lower)
        .replace("WORD", word)
        .replace("N1", &(index * 5 + 1).to_string())
        .replace("N2", &(index * 5 + 2).to_string())
        .replace("N3", &(index * 5 + 3).to_string())
        .replace("N4", &(index * 5 + 4).to_string())
        .replace("N5", &(index * 5 + 5).to_string())
}
