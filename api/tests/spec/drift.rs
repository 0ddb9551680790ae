//! The files under `spec/` are up to date with `api/`.

use std::path::Path;

use call_acceptance_api::document::{self, operations};

fn assert_written(name: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec").join(name);
    let written = std::fs::read_to_string(path).unwrap_or_default();
    let differs = written.lines().zip(expected.lines()).position(|(written, expected)| written != expected);
    let line = 1 + differs.unwrap_or_else(|| written.lines().count().min(expected.lines().count()));
    assert!(
        written == expected,
        "spec/{name} is not what api/ says, from line {line} on; write it anew with `make spec`, review the difference \
         and note it in spec/CHANGELOG.md"
    );
}

#[test]
fn the_document_is_what_the_code_says() {
    assert_written("openapi.json", &document::json());
}

#[test]
fn the_list_of_operations_is_what_the_code_says() {
    assert_written("operations.txt", &operations::list());
}
