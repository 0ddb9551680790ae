//! The published document: what poem-openapi generates, finished into a clean OpenAPI 3.0.3 document.
//!
//! The same bytes are checked in under `spec/`, printed by `call-acceptance openapi`, served, and shown by Swagger UI. Whoever
//! reads the document as data follows its references with [`resolve`]; what a request needs of it is in [`operations`].
//!
//! To publish something else than the types say, add a step to the file of its subject and name it in [`finish`].

mod access;
mod components;
mod examples;
mod finishing;
mod layout;
pub mod operations;
pub mod spec_only;

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use crate::{Apis, wire::validation::BodySchemas};
use spec_only::SpecOnly;

/// The published document.
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let generated = crate::service(SpecOnly::<Apis>::default()).spec();
    finish(serde_json::from_str(&generated).expect("poem-openapi generates JSON"))
});

/// The published document as JSON, indented, with a line end behind it.
pub fn json() -> String {
    layout::write(&DOCUMENT)
}

/// The published document as YAML.
pub fn yaml() -> String {
    serde_saphyr::to_string(&*DOCUMENT).expect("a JSON document can be written as YAML")
}

/// The published schemas of the bodies of requests, compiled.
pub fn body_schemas() -> BodySchemas {
    let bodies = operations::all().iter().filter_map(|operation| operation.body);
    let json = bodies.filter(|body| body.media_type == "application/json");
    BodySchemas::new(&DOCUMENT["components"]["schemas"], json.map(|body| body.schema))
}

/// What a part of the document is: itself, or what it refers to under `components`.
pub fn resolve(part: &Value) -> &Value {
    let target = part["$ref"].as_str().and_then(|reference| DOCUMENT.pointer(reference.trim_start_matches('#')));
    target.unwrap_or(part)
}

/// The example of a parameter, a header or a media type; the first one where it has several.
pub fn example(holder: &Value) -> Option<&Value> {
    let first = || Some(&resolve(holder["examples"].as_object()?.values().next()?)["value"]);
    holder.get("example").or_else(first)
}

/// Turns the generated document into the published one: OpenAPI 3.0.3, no wrappers around references, `nullable`
/// beside a type, closed request schemas, open enumerations, an example for every parameter, body and answer, and once
/// what several operations have.
fn finish(mut document: Value) -> Value {
    document["openapi"] = "3.0.3".into();
    document["security"] = json!([]);
    access::secure(&mut document);
    finishing::tidy_all(&mut document);
    finishing::close_requests(&mut document);
    components::refer_to_headers(&mut document);
    let schemas = document["components"]["schemas"].clone();
    finishing::admit_null(&mut document, &schemas);
    finishing::open_enumerations(&mut document["components"]["schemas"]);
    examples::add(&mut document, &schemas);
    components::share(&mut document);
    finishing::free_optional_parameters(&mut document);
    finishing::drop_unused_schemas(&mut document);
    document
}

fn operations_mut(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    paths.filter_map(Value::as_object_mut).flat_map(Map::values_mut)
}

/// The name at the end of a reference to a schema; empty when `schema` is none.
fn referred(schema: &Value) -> &str {
    schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()).unwrap_or_default()
}
