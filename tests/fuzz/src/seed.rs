//! Inputs to start from: files of the repository.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use playhouse_net::noise::{Handshake, Ticket};
use playhouse_wire::{Writer, frame};

use crate::target::{Target, handshake};

/// Folders that never hold seeds.
const SKIPPED: &[&str] = &["target", "node_modules", ".git"];
/// Bytes past which a file is left out: the engine cuts its inputs there.
const BYTES_MAX: usize = 16 * 1024;

/// The repository's root.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every schema in the repository: the game's, the fixtures, the broken ones.
///
/// # Errors
/// If a folder or file cannot be read.
pub fn schemas() -> Result<Vec<Vec<u8>>> {
    Ok(files(&root(), &is_schema)?
        .into_iter()
        .map(|(_, bytes)| bytes)
        .collect())
}

/// The files of each folder as one project, with a line `---` between them.
///
/// # Errors
/// If a folder or file cannot be read.
pub fn projects() -> Result<Vec<Vec<u8>>> {
    let mut projects = BTreeMap::<PathBuf, Vec<u8>>::new();
    // The fixtures of compatibility declare everything twice.
    let chosen = |path: &Path| is_schema(path) && !path.ends_with("previous.idl");
    for (path, bytes) in files(&root(), &chosen)? {
        let folder = path.parent().unwrap_or(&path).to_owned();
        let project = projects.entry(folder).or_default();
        project.extend(b"\n---\n");
        project.extend(&bytes);
    }
    Ok(projects
        .into_values()
        .filter(|bytes| bytes.len() <= BYTES_MAX)
        .collect())
}

/// Every lock file in the repository.
///
/// # Errors
/// If a folder or file cannot be read.
pub fn locks() -> Result<Vec<Vec<u8>>> {
    let found = files(&root(), &|path| path.ends_with("playhouse.lock"))?;
    Ok(found.into_iter().map(|(_, bytes)| bytes).collect())
}

/// The fixtures of compatibility: what was and what is, with a line `===` between them.
///
/// # Errors
/// If a folder or file cannot be read.
pub fn pairs() -> Result<Vec<Vec<u8>>> {
    let schemas: BTreeMap<PathBuf, Vec<u8>> = files(&root(), &is_schema)?.into_iter().collect();
    let mut pairs = Vec::new();
    for (path, before) in schemas
        .iter()
        .filter(|(path, _)| path.ends_with("previous.idl"))
    {
        if let Some(after) = schemas.get(&path.with_file_name("current.idl")) {
            pairs.push([before.as_slice(), b"\n===\n", after].concat());
        }
    }
    Ok(pairs)
}

/// The conformance vectors, and some bytes whose lengths lie.
///
/// # Errors
/// If a folder or file cannot be read.
pub fn values() -> Result<Vec<Vec<u8>>> {
    let mut values = vectors()?;
    values.extend(LIARS.iter().map(|bytes| bytes.to_vec()));
    Ok(values)
}

/// The values of [`values`], each behind some bytes that choose a type.
///
/// # Errors
/// If a folder or file cannot be read.
pub fn typed_values() -> Result<Vec<Vec<u8>>> {
    let values = (0_u8..=255).cycle().step_by(7).zip(values()?);
    Ok(values
        .map(|(first, value)| [&[first], value.as_slice()].concat())
        .collect())
}

/// The conformance vectors of messages.
///
/// # Errors
/// If a folder or file cannot be read.
pub fn messages() -> Result<Vec<Vec<u8>>> {
    vectors_in("tests/conformance/vectors/protocol")
}

/// The messages of [`messages`], each as a conversation of a link: once alone, and once on an open link.
///
/// # Errors
/// If a folder or file cannot be read.
pub fn conversations() -> Result<Vec<Vec<u8>>> {
    let mut conversations = Vec::new();
    for (index, message) in messages()?.into_iter().enumerate() {
        let Ok(length) = u8::try_from(message.len()) else {
            continue;
        };
        // Sides, schemas and roles in turn; a frame after an eighth of a second.
        let first = u8::try_from(index % 4).unwrap_or(0);
        for first in [first, first | 4, first | 12] {
            let head = [first, 1, 12, length];
            conversations.push([head.as_slice(), &message, &[40, 0, 120, 0]].concat());
        }
    }
    Ok(conversations)
}

/// Offers as clients and nodes make them, changes of what peers send, and packed frames.
///
/// # Errors
///
/// If the system has no randomness.
pub fn handshakes() -> Result<Vec<Vec<u8>>> {
    let server = handshake::public_key();
    let [ticket, unknown] = [&b"ticket"[..], b"unknown ticket"].map(|it| Ticket::new(it, [7; 32]));
    let offers = [
        Handshake::client(&server, b"")?.1,
        Handshake::with_ticket(&server, &ticket, b"")?.1,
        Handshake::with_ticket(&server, &unknown, b"")?.1,
        Handshake::cluster(handshake::cluster_key(), 0x0100, b"")?.1,
    ];
    let mut seeds: Vec<Vec<u8>> = offers
        .iter()
        .map(|offer| [&[0][..], offer].concat())
        .collect();
    seeds.push([&[1][..], b"PHN1\0\x30\0", &[9; 48]].concat());
    seeds.push(b"\x01PHN1\x03\0\0".to_vec());
    for changes in [&[][..], &[0, 0, 1], &[20, 0, 0x80], &[3, 0, 1, 60, 0, 9]] {
        seeds.push([&[2][..], changes].concat());
        seeds.push([&[3][..], changes].concat());
    }
    let order: Vec<u8> = (0..80_u8).flat_map(|it| [it, 255, 0]).collect();
    seeds.push([&[4][..], &order].concat());
    seeds.push([&[5][..], &[20, 0], &[0; 30]].concat());
    let mut packed = Writer::new();
    let message = |w: &mut Writer| w.raw(&b"words that come again; ".repeat(60));
    frame::put(&mut packed, frame::FRAME_BYTES_MAX, message)?;
    frame::pack(&mut packed, 0, 1);
    seeds.push([&[6][..], packed.as_bytes()].concat());
    Ok(seeds)
}

/// Steps of a connection over KCP: segments of all kinds, with numbers and lengths that are right and wrong.
///
/// # Errors
///
/// None.
pub fn segments() -> Result<Vec<Vec<u8>>> {
    let segment = |command: u8, window: u16, sequence: u32, before: u32, payload: &[u8]| {
        let mut bytes = vec![7, 0, 0, 0, command, 0];
        bytes.extend_from_slice(&window.to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&sequence.to_le_bytes());
        bytes.extend_from_slice(&before.to_le_bytes());
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(payload);
        bytes
    };
    let step = |time: u8, step: u8, bytes: &[u8]| {
        let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
        [&[time, step][..], &length.to_le_bytes(), bytes].concat()
    };
    let (push, acknowledge, ask, tell) = (81, 82, 83, 84);
    let long = [7; 1_200];
    let mut lying = segment(push, 9, 0, 0, b"xyz");
    if let Some(length) = lying.get_mut(20..24) {
        length.fill(0xff);
    }
    let all: [&[Vec<u8>]; 6] = [
        &[
            step(0, 1, &segment(push, 9, 1, 0, b"later")),
            step(1, 1, &segment(push, 9, 0, 0, b"first")),
            step(1, 5, &[0; 20]),
            step(1, 1, &segment(push, 9, 2, 0, b"")),
        ],
        &[
            step(0, 4, &long),
            step(0, 4, &long),
            step(2, 1, &segment(acknowledge, 9, 1, 0, b"")),
            step(2, 1, &segment(acknowledge, 0, 0, 2, b"")),
            step(9, 7, b""),
            step(200, 1, &segment(tell, 9, 0, 2, b"")),
        ],
        &[
            step(0, 1, &segment(tell, 0, 0, 0, b"")),
            step(0, 4, b"starved"),
            step(90, 6, b"beside"),
            step(90, 1, &segment(ask, 1, u32::MAX, u32::MAX, b"")),
        ],
        &[
            step(0, 1, &lying),
            step(0, 0, b"\x05\x07\0\0\0\0\0\0\0\x02"),
        ],
        &[
            step(0, 9, b""),
            step(1, 9, b"not empty"),
            step(255, 8, b"GET /"),
        ],
        &[step(0, 1, &segment(push, 9, u32::MAX, 5, &long))],
    ];
    Ok(all.iter().map(|steps| steps.concat()).collect())
}

/// Lives of sessions: steps in the order in which they make sense to one of the machines, and the messages of the vectors
/// between them.
///
/// # Errors
/// If a folder or file cannot be read.
pub fn sessions() -> Result<Vec<Vec<u8>>> {
    let mut sessions: Vec<Vec<u8>> = LIVES.iter().map(|steps| steps.concat()).collect();
    for message in messages()? {
        let Ok(length) = u8::try_from(message.len()) else {
            continue;
        };
        for (before, step) in [(LIVES[0], 9), (LIVES[1], 11), (LIVES[2], 16)] {
            sessions.push([&before.concat(), [1, step, length].as_slice(), &message].concat());
        }
    }
    Ok(sessions)
}

/// Steps of the targets `session_client`, `session_gate` and `session_home`: time, what, more.
const LIVES: &[&[[u8; 3]]] = &[
    // A client opens, calls, takes messages, loses its link, goes on with another, and logs out.
    &[
        [0, 0, 1],
        [1, 10, 0],
        [1, 3, 0],
        [1, 3, 1],
        [1, 11, 1],
        [20, 13, 16],
        [1, 1, 1],
        [1, 0, 2],
        [1, 10, 2],
        [1, 12, 5],
        [1, 5, 0],
    ],
    // A gate takes an open, finds its home, forwards, is told of another one, and loses that.
    &[
        [0, 0, 5],
        [0, 5, 5],
        [0, 3, 5],
        [0, 8, 5],
        [0, 9, 5],
        [0, 5, 6],
        [0, 10, 2],
        [0, 0, 9],
        [0, 5, 9],
    ],
    // A home takes an open, begins a session, takes and begins calls, answers them, moves, and ends it.
    &[
        [0, 0, 8],
        [0, 3, 1],
        [0, 4, 0],
        [1, 17, 0],
        [1, 17, 1],
        [1, 5, 0],
        [1, 8, 3],
        [1, 8, 5],
        [1, 7, 4],
        [1, 14, 0],
        [1, 15, 1],
        [1, 1, 16],
        [1, 18, 2],
        [255, 12, 0],
        [1, 13, 0],
    ],
];

/// Declared lengths that nothing follows, and nesting.
const LIARS: &[&[u8]] = &[
    b"\xdd\xff\xff\xff\xff",
    b"\xdf\xff\xff\xff\xff",
    b"\xdb\xff\xff\xff\xff",
    b"\xc6\xff\xff\xff\xff",
    b"\xdc\xff\xff\x00\x00\x00\x00",
    b"\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91",
];

/// Every text of hexadecimal digits in the vectors' files; spaces may stand between them.
fn vectors() -> Result<Vec<Vec<u8>>> {
    vectors_in("tests/conformance/vectors")
}

fn vectors_in(folder: &str) -> Result<Vec<Vec<u8>>> {
    let folder = root().join(folder);
    let mut values = Vec::new();
    for (_, bytes) in files(&folder, &|_| true)? {
        let text = String::from_utf8(bytes).context("the vectors are text")?;
        values.extend(text.split('"').skip(1).step_by(2).filter_map(from_hex));
    }
    Ok(values)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text
        .chars()
        .filter(|letter| *letter != ' ')
        .map(|letter| letter.to_digit(16))
        .collect();
    let digits = digits.filter(|digits| !digits.is_empty() && digits.len() % 2 == 0)?;
    let byte = |pair: &[u32]| u8::try_from(pair[0] * 16 + pair[1]).ok();
    digits.chunks(2).map(byte).collect()
}

/// What a target starts from: its seeds, and everything that ever broke it.
///
/// # Errors
/// If a folder or file cannot be read.
pub fn of(target: &Target) -> Result<Vec<Vec<u8>>> {
    let mut seeds = (target.seeds)()?;
    seeds.extend(below(
        &root().join("tests/fuzz/regressions").join(target.name),
    )?);
    Ok(seeds)
}

/// Every file below a folder; nothing if there is no such folder.
fn below(folder: &Path) -> Result<Vec<Vec<u8>>> {
    let found = if folder.is_dir() {
        files(folder, &|_| true)?
    } else {
        Vec::new()
    };
    Ok(found.into_iter().map(|(_, bytes)| bytes).collect())
}

fn is_schema(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "idl")
}

/// The chosen files below a folder that are short enough, by path.
fn files(folder: &Path, chosen: &dyn Fn(&Path) -> bool) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut found = Vec::new();
    let place = || format!("cannot read {}", folder.display());
    let entries = fs::read_dir(folder).with_context(place)?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        let skipped = SKIPPED.iter().any(|name| path.ends_with(name)) || path.is_symlink();
        if path.is_dir() && !skipped {
            found.extend(files(&path, chosen)?);
        } else if path.is_file() && chosen(&path) {
            let bytes =
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            if bytes.len() <= BYTES_MAX {
                found.push((path, bytes));
            }
        }
    }
    Ok(found)
}
