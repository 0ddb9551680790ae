//! Whether the tests call every operation.

use call_acceptance_api::document;

use crate::harness::coverage_folder;

/// Runs after all other tests (`make test` sees to it), over what they noted.
#[test]
fn every_operation_of_the_document_is_called() {
    let Some(folder) = coverage_folder() else {
        panic!("API_COVERAGE_DIR is not set: `make test` runs the other tests with it first");
    };
    let not_called: Vec<_> =
        document::operations().map(|operation| operation.id()).filter(|id| !folder.join(id).exists()).collect();
    assert!(not_called.is_empty(), "no test calls {not_called:?}");
}
