//! Validates request bodies against the published schemas. The `jsonschema` crate finds out quickly whether a body is
//! valid; `explain.rs` describes the faults of an invalid one.

mod explain;
mod format;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};

use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::{Map, Value, json};

use self::{explain::Patterns, format::FORMATS};
use crate::wire::problem::{Failure, Fault};

/// The compiled schemas of request bodies. The server compiles them at the start and puts them into the extensions of
/// every request.
pub struct BodySchemas(HashMap<String, BodySchema>);

struct BodySchema {
    schema: Value,
    patterns: Patterns,
    validator: Validator,
}

impl BodySchemas {
    /// Compiles the schemas `names` out of all `schemas` of the document.
    pub fn new<'a>(schemas: &Value, names: impl Iterator<Item = &'a str>) -> Self {
        let components = json!({ "schemas": json_schema(schemas) });
        let compiled = names.collect::<BTreeSet<_>>().into_iter().map(|name| {
            let schema = json!({ "$ref": format!("#/components/schemas/{name}"), "components": components });
            let validator = compile(&schema).expect("the published schemas are JSON schemas");
            (name.to_owned(), BodySchema { patterns: Patterns::of(&schema), schema, validator })
        });
        Self(compiled.collect())
    }

    /// The faults of `body` against the schema `name`: the first [`MAX_FAULTS`], in the order of the body. Lists that
    /// are too long are emptied.
    ///
    /// [`MAX_FAULTS`]: crate::wire::problem::MAX_FAULTS
    pub fn faults(&self, name: &str, body: &mut Value) -> Result<Vec<Fault>, Failure> {
        let checked = self.0.get(name).ok_or_else(|| Failure::Internal(format!("no schema {name}").into()))?;
        if checked.validator.is_valid(body) {
            return Ok(Vec::new());
        }
        let faults = explain::explain(&checked.schema, &checked.patterns, body);
        if faults.is_empty() {
            // The validator is authoritative where the two disagree.
            let fault = checked.validator.validate(body).err();
            let fault = fault.map(|error| Fault::at(error.instance_path().to_string(), "The value is not valid here."));
            return Ok(vec![fault.unwrap_or_else(|| Fault::at("", "The body is not valid."))]);
        }
        Ok(faults)
    }
}

/// A validator for a JSON schema made from the document, with the formats of the value types.
pub fn compile(schema: &Value) -> Result<Validator, Box<ValidationError<'static>>> {
    let options = jsonschema::options().with_pattern_options(PatternOptions::regex()).should_validate_formats(true);
    let options = FORMATS.into_iter().fold(options, |options, (name, holds)| options.with_format(name, holds));
    options.build(schema).map_err(Box::new)
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
