//! A process that logs: `playhouse-log-writer FOLDER ID LINES [END]`, where END is `panic` or `wait`.
//!
//! It shares the folder with others, in files so small that they all move on all the time.

use std::io::{Read as _, Write as _};

use playhouse_log::{Files, Logging, Rotation};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let mut next = || args.next().ok_or("FOLDER ID LINES [END]");
    let (folder, id, count) = (next()?, next()?, next()?);
    let (id, count): (u64, u64) = (id.parse()?, count.parse()?);
    let end = next().unwrap_or_default();
    let guard = Logging::builder()
        .files(
            Files::in_folder(folder)
                .name("shared")
                .rotate(Rotation::Never)
                .bytes_max(64 * 1024)
                .keep_files(10_000),
        )
        .install()?;
    for number in 0..count {
        let long = "x".repeat(usize::try_from(number * 37 % 1500)?);
        playhouse_log::info!(id, number, long, "line");
        if number % 50 == 49 {
            // Slow enough that nothing is dropped, and writes of all lengths.
            guard.flush();
        }
    }
    match end.as_str() {
        "panic" => panic!("the end of {id}"),
        "wait" => {
            guard.flush();
            writeln!(std::io::stdout(), "written")?;
            // Until it is killed.
            std::io::stdin().read_to_end(&mut Vec::new())?;
        }
        _ => {}
    }
    Ok(())
}
