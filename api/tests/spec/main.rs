//! The published document, checked against the rules of `spec/DESIGN.md` and against the value types.

mod document;
mod drift;
mod operations;
mod schemas;
mod values;

/// Asserts that no rule is broken; shows every one that is.
#[track_caller]
fn assert_none(faults: impl IntoIterator<Item = String>) {
    let faults: Vec<String> = faults.into_iter().collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
