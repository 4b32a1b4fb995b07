//! `playhouse release`: closes a release in the lock.

use playhouse_schema::{
    check,
    evolution::{Surface, verdict},
};

use super::{Place, lock::LockText, summary};
use crate::{Outcome, arguments::Release, terminal::count};

pub(crate) fn run(place: &Place, options: &Release) -> anyhow::Result<Outcome> {
    let project = place.project()?;
    let sources = project.read()?;
    let _progress = place
        .terminal
        .progress(format!("releasing {}", count(sources.files.len(), "file")));
    let checked = check(&sources);
    if checked.has_errors() {
        place.report(&project, &sources, &checked.diagnostics, options.json);
        if let (Some(summary), false) = (summary(&checked.diagnostics), options.json) {
            let line = format!("\n{summary}; nothing was released\n");
            place.terminal.say(&line);
        }
        return Ok(Outcome::Problems);
    }
    let surface = Surface::of(&checked.model);
    let last = sources.lock.last_release();
    if last > 0 && sources.lock.surface().root == surface.root && is_known(&sources.lock, &surface)
    {
        say(
            place,
            options,
            last,
            &format!("nothing has changed since release {last}"),
        );
        return Ok(Outcome::Fine);
    }
    let mut lock = sources.lock.clone();
    match lock.release(&surface) {
        Ok(number) => {
            LockText::of(&lock).write(&project, &sources)?;
            let shown = place.shown(&project, &sources.manifest.lock);
            let line = format!("release {number} is closed: commit {shown}");
            say(place, options, number, &line);
            Ok(Outcome::Fine)
        }
        Err(refusal) => {
            place.report(&project, &sources, &refusal.diagnostics, options.json);
            let mut breaks = refusal.breaks;
            for verdict in &mut breaks {
                verdict.path = place.shown(&project, &verdict.path);
            }
            if options.json {
                place.terminal.out(&verdict::render_json(&breaks));
            } else {
                place.terminal.say(&verdict::render(&breaks));
                let line = match breaks.len() {
                    0 => summary(&refusal.diagnostics).unwrap_or_default(),
                    number => format!(
                        "{} nobody answers for: mend them, or accept them with `playhouse compat --accept \"why\"`",
                        count(number, "break")
                    ),
                };
                let line = format!("\n{line}; nothing was released\n");
                place.terminal.say(&line);
            }
            Ok(Outcome::Problems)
        }
    }
}

/// Whether the lock holds all of `surface` as released.
fn is_known(lock: &playhouse_schema::evolution::lock::Lock, surface: &Surface) -> bool {
    playhouse_schema::evolution::compare(&lock.surface(), surface).is_empty()
}

fn say(place: &Place, options: &Release, number: u32, line: &str) {
    if options.json {
        let object = serde_json::json!({ "release": number });
        place.terminal.out(&format!("{object}\n"));
    } else {
        place.terminal.say(&format!("{line}\n"));
    }
}
