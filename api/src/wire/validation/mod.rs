//! Validates request bodies against the published schemas. The `jsonschema` crate finds out quickly whether a body is
//! valid; `explain.rs` describes the faults of an invalid one.

mod explain;
mod format;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};

use jsonschema::{PatternOptions, Registry, ValidationError, ValidationOptions, Validator};
use poem::Request;
use serde_json::{Map, Value, json};

use self::{explain::Patterns, format::FORMATS};
use crate::wire::problem::{Failure, Fault};

/// The name of the document in references from other schemas.
const DOCUMENT: &str = "urn:call-acceptance";

/// The compiled schemas of request bodies. The server compiles them at the start and puts a reference to them into the
/// extensions of every request.
pub struct BodySchemas {
    /// The document's schemas as JSON schemas, under `components` as there.
    document: Value,
    patterns: Patterns,
    validators: HashMap<String, Validator>,
}

impl BodySchemas {
    /// Compiles the schemas `names` out of all `schemas` of the document.
    pub fn new<'a>(schemas: &Value, names: impl Iterator<Item = &'a str>) -> Self {
        let document = json!({ "components": { "schemas": json_schema(schemas) } });
        let validators = validators(&document, names);
        Self { patterns: Patterns::of(&document), document, validators }
    }

    /// Those in the extensions of the request.
    ///
    /// # Errors
    /// If there are none, which is a fault of the server.
    pub fn of(request: &Request) -> Result<&'static Self, Failure> {
        let missing = || Failure::Internal("the request has no body schemas in its extensions".into());
        request.data::<&'static Self>().copied().ok_or_else(missing)
    }

    /// The faults of `body` against the schema `name`: the first [`MAX_FAULTS`], in the order of the body. Lists that
    /// are too long are emptied.
    ///
    /// [`MAX_FAULTS`]: crate::wire::problem::MAX_FAULTS
    pub fn faults(&self, name: &str, body: &mut Value) -> Result<Vec<Fault>, Failure> {
        let validator = self.validators.get(name);
        let validator = validator.ok_or_else(|| Failure::Internal(format!("no schema {name}").into()))?;
        if validator.is_valid(body) {
            return Ok(Vec::new());
        }
        let faults = self.explain(name, body);
        if faults.is_empty() {
            // The validator is authoritative where the two disagree.
            let fault = validator.validate(body).err();
            let fault = fault.map(|error| Fault::at(error.instance_path().to_string(), "The value is not valid here."));
            return Ok(vec![fault.unwrap_or_else(|| Fault::at("", "The body is not valid."))]);
        }
        Ok(faults)
    }

    fn explain(&self, name: &str, body: &mut Value) -> Vec<Fault> {
        explain::explain(&self.document, &self.document["components"]["schemas"][name], &self.patterns, body)
    }
}

/// The validators of the schemas `names`, which are compiled from one registry, because each refers to many others.
fn validators<'a>(document: &Value, names: impl Iterator<Item = &'a str>) -> HashMap<String, Validator> {
    let registry = Registry::new().add(DOCUMENT, document).and_then(|registry| registry.prepare());
    let registry = registry.expect("the published schemas refer to each other");
    let compiled = names.collect::<BTreeSet<_>>().into_iter().map(|name| {
        let schema = json!({ "$ref": format!("{DOCUMENT}#/components/schemas/{name}") });
        let validator = options().with_registry(&registry).build(&schema);
        (name.to_owned(), validator.expect("the published schemas are JSON schemas"))
    });
    compiled.collect()
}

/// A validator for a JSON schema made from the document, with the formats of the value types.
pub fn compile(schema: &Value) -> Result<Validator, Box<ValidationError<'static>>> {
    options().build(schema).map_err(Box::new)
}

fn options<'a>() -> ValidationOptions<'a> {
    let options = jsonschema::options().with_pattern_options(PatternOptions::regex()).should_validate_formats(true);
    FORMATS.into_iter().fold(options, |options, (name, holds)| options.with_format(name, holds))
}

/// Converts an OpenAPI 3.0 schema to a JSON schema. `nullable` becomes an alternative, and the `type` that OpenAPI
/// requires beside it is dropped, so that a fault is reported once. Open enumerations become closed: the server knows
/// all values.
pub fn json_schema(schema: &Value) -> Value {
    match schema {
        Value::Array(items) => items.iter().map(json_schema).collect(),
        Value::Object(members) => {
            let open = members.contains_key("x-extensible-enum");
            let kept = |key: &str| match key {
                "nullable" => false,
                "type" => !members.contains_key("allOf"),
                "pattern" | "minLength" | "maxLength" => !open,
                _ => true,
            };
            let renamed = |key: &str| if key == "x-extensible-enum" { "enum" } else { key }.to_owned();
            let members_kept = members.iter().filter(|(key, _)| kept(key));
            let converted: Map<_, _> = members_kept.map(|(key, value)| (renamed(key), json_schema(value))).collect();
            match members.get("nullable") {
                Some(Value::Bool(true)) => json!({ "if": { "not": { "type": "null" } }, "then": converted }),
                _ => converted.into(),
            }
        }
        other => other.clone(),
    }
}
