//! Helpers for walking a document while it is finished.

use serde_json::{Map, Value};

/// The operations of a document, mutable.
pub(super) fn operations_mut(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    paths.filter_map(Value::as_object_mut).flat_map(Map::values_mut)
}

/// The name at the end of a schema reference; empty if `schema` is not a reference.
pub(super) fn referred(schema: &Value) -> &str {
    schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()).unwrap_or_default()
}
