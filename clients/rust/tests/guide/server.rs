//! The guide's `src/main.rs`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("the tavern is open at 127.0.0.1:7000, until Ctrl-C");
    mygame::node().listen("127.0.0.1:7000").build()?.run()?;
    Ok(())
}
