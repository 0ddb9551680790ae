//! Going over a document that is being made.

use serde_json::{Map, Value};

/// The operations of a document, to be changed.
pub(super) fn operations_mut(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    paths.filter_map(Value::as_object_mut).flat_map(Map::values_mut)
}

/// The name at the end of a reference to a schema; empty when `schema` is none.
pub(super) fn referred(schema: &Value) -> &str {
    schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()).unwrap_or_default()
}
