//! The tree that the toolchain is measured on is one that it accepts.

use crate::folder::Folder;

#[allow(dead_code, reason = "an example: its main function is for people")]
#[path = "../../examples/large_tree.rs"]
mod large_tree;

#[test]
fn the_tree_to_measure_with_is_clean_and_generates() {
    let folder = Folder::empty();
    for (path, text) in large_tree::tree(3_000).unwrap() {
        folder.write(&path, text);
    }
    folder
        .run(&["check", "--deny-warnings"])
        .expect(0, &["no problems"]);
    folder.run(&["gen"]).expect(0, &["files written"]);
    folder.run(&["gen", "--check"]).expect(0, &["up to date"]);
}
