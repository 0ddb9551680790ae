//! Checks that the tests call every operation.

use std::{env, fs, path::PathBuf};

use call_acceptance_api::document::operations;

/// Runs after all other tests (`make test` ensures that), over what they have recorded.
#[test]
fn every_operation_of_the_document_is_called() {
    let Some(folder) = coverage_folder() else {
        panic!("API_COVERAGE_DIR is not set: `make test` runs the other tests with it first");
    };
    let not_called: Vec<_> =
        operations::all().iter().map(|operation| operation.id).filter(|id| !folder.join(id).exists()).collect();
    assert!(not_called.is_empty(), "no test calls {not_called:?}");
}

/// The folder in which called operations are recorded, if configured.
#[expect(clippy::disallowed_methods, reason = "the test run says by its environment what it wants")]
fn coverage_folder() -> Option<PathBuf> {
    env::var_os("API_COVERAGE_DIR").map(PathBuf::from)
}

/// Records that a test calls this operation.
pub fn record(operation: &str) {
    let Some(folder) = coverage_folder() else { return };
    fs::create_dir_all(&folder).expect("the folder of called operations can be made");
    fs::write(folder.join(operation), "").expect("a called operation can be noted");
}
