//! What the command says of itself.

use crate::folder::Folder;

const COMMANDS: &[&str] = &["check", "fmt", "lint", "gen", "compat", "release"];

#[test]
fn every_command_has_help_with_examples() {
    let folder = Folder::empty();
    let all = folder.run(&["--help"]).expect(0, &[]).out;
    assert!(all.contains("Exit codes: 0 fine"), "{all}");
    for command in COMMANDS {
        assert!(all.contains(command), "{command}");
        let help = folder.run(&[command, "--help"]).expect(0, &[]).out;
        assert!(help.contains("Examples:"), "{command}: {help}");
    }
}

#[test]
fn wrong_usage_ends_with_two() {
    let folder = Folder::project();
    folder
        .run(&["chek"])
        .expect(2, &["a similar subcommand exists: 'check'"]);
    folder.run(&["check", "--nope"]).expect(2, &[]);
    folder.run(&["gen", "--check", "--watch"]).expect(2, &[]);
}
