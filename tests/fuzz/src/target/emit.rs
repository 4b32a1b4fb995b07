//! Every backend writes any schema without errors, and the same again the second time.

use playhouse_emit::{Backend, Options, rust, typescript};
use playhouse_schema::check;

pub(super) fn run(bytes: &[u8]) {
    let checked = check(&super::schema::project(super::text(bytes)));
    if checked.has_errors() {
        return;
    }
    let typescript = typescript::TypeScript {
        scope: typescript::Scope::All,
        ..typescript::TypeScript::default()
    };
    let rust = rust::Rust::default();
    let backends: [&dyn Backend; 2] = [&rust, &typescript];
    for backend in backends {
        let files = backend.emit(&checked.model, &Options::default());
        let again = backend.emit(&checked.model, &Options::default());
        assert_eq!(
            files,
            again,
            "{} writes something else each time",
            backend.name()
        );
    }
}
