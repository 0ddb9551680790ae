//! The published document, made once at the first use.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::{access, components, examples, finishing, layout, spec_only::SpecOnly};
use crate::Apis;

/// The published document.
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let generated = crate::service(SpecOnly::<Apis>::default()).spec();
    finish(serde_json::from_str(&generated).expect("poem-openapi generates JSON"))
});

/// The published document as indented JSON, with a line break at the end.
pub fn json() -> String {
    layout::write(&DOCUMENT)
}

/// The published document as YAML.
pub fn yaml() -> String {
    serde_saphyr::to_string(&*DOCUMENT).expect("a JSON document can be written as YAML")
}

/// Resolves a reference to `components`; other parts are returned unchanged.
pub fn resolve(part: &Value) -> &Value {
    let target = part["$ref"].as_str().and_then(|reference| DOCUMENT.pointer(reference.trim_start_matches('#')));
    target.unwrap_or(part)
}

/// The example of a parameter, header or media type; the first one if there are several.
pub fn example(holder: &Value) -> Option<&Value> {
    let first = || Some(&resolve(holder["examples"].as_object()?.values().next()?)["value"]);
    holder.get("example").or_else(first)
}

/// Turns the generated document into the published one: OpenAPI 3.0.3, no wrappers around references, `nullable` beside
/// a type, closed request schemas, open enumerations, an example for every parameter, body and response, and shared
/// parts under `components`.
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
