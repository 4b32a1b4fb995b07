//! A lock file is read whatever is in it, and what was read without an error is printed as something read the same way.

use playhouse_schema::evolution::lock::Lock;
use playhouse_syntax::FileId;

pub(super) fn run(bytes: &[u8]) {
    let text = super::text(bytes);
    let (lock, diagnostics) = Lock::parse(FileId(0), text);
    super::point_into(&diagnostics, |_| text);
    if !diagnostics.is_empty() {
        return;
    }
    let printed = lock.print();
    let (again, diagnostics) = Lock::parse(FileId(0), &printed);
    assert!(
        diagnostics.is_empty(),
        "a printed lock has errors: {diagnostics:?}\n{printed}"
    );
    assert_eq!(again.print(), printed, "a printed lock is read as another");
    assert_eq!(lock.surface().len(), again.surface().len());
}
