//! Adds an example to every parameter, body and response. [`data`] has the examples; those of problems are made from
//! the table of codes and shared under `components/examples`.

mod data;

use serde_json::{Map, Value, json};

use super::walk::{operations_mut, referred};
use crate::wire::problem::{Fault, Problem, ProblemCode, Refusal};

/// The request identifier in examples.
pub(super) const REQUEST_ID: &str = "0193a0c0-3a52-7c40-8a3e-7f2b9f6d1c55";

/// Adds the examples to the document.
pub(super) fn add(document: &mut Value, schemas: &Value) {
    for (name, schema) in document["components"]["schemas"].as_object_mut().into_iter().flatten() {
        if let Some(example) = data::of(name) {
            schema["example"] = example;
        }
    }
    let mut problems = Map::new();
    for operation in operations_mut(document) {
        add_to_operation(operation, schemas, &mut problems);
    }
    problems.sort_keys();
    document["components"]["examples"] = problems.into();
}

fn add_to_operation(operation: &mut Value, schemas: &Value, problems: &mut Map<String, Value>) {
    let kind = Kind::of(operation);
    let answered = data::of_answer(operation["operationId"].as_str().unwrap_or_default());
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        let name = referred(&parameter["schema"]).to_owned();
        let schema = &schemas[&name];
        if parameter.get("description").is_none() {
            parameter["description"] = schema["description"].clone();
        }
        if let Some(example) = data::of_parameter(parameter["name"].as_str().unwrap_or_default()) {
            parameter["example"] = example;
        }
        if parameter["in"] == "path" {
            parameter["example"] = kind.example(&name).unwrap_or_else(|| schema["example"].clone());
        }
    }
    let invalid = InvalidRequest::of(operation);
    let example_of = |schema: &Value| kind.example(referred(schema)).unwrap_or_default();
    for body in operation.get_mut("requestBody").into_iter().flat_map(contents) {
        body["example"] = example_of(&body["schema"]);
    }
    for (_, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        let codes = ProblemCode::named_in(response["description"].as_str().unwrap_or_default());
        if let Some(problem) = response.pointer_mut("/content/application~1problem+json") {
            problem["examples"] = refer_to_problems(codes, invalid, problems);
            continue;
        }
        for answer in contents(response) {
            answer["example"] = answered.clone().unwrap_or_else(|| example_of(&answer["schema"]));
        }
    }
}

/// The media types of a body or a response.
fn contents(holder: &mut Value) -> impl Iterator<Item = &mut Value> {
    holder.get_mut("content").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut)
}

/// The kinds of operations whose examples the schema alone does not determine.
enum Kind {
    Calendar,
    Icalendar,
    Rejection,
    Other,
}

impl Kind {
    fn of(operation: &Value) -> Self {
        let id = operation["operationId"].as_str().unwrap_or_default();
        match id.contains("calendar_schedule") {
            true if id.contains("icalendar") => Self::Icalendar,
            true => Self::Calendar,
            false if id.starts_with("rejection_criteria") => Self::Rejection,
            false => Self::Other,
        }
    }

    /// The example of the schema `name`.
    fn example(&self, name: &str) -> Option<Value> {
        match self {
            Self::Calendar => data::of_calendar(name).or_else(|| data::of(name)),
            Self::Icalendar => data::of_icalendar(name).or_else(|| Self::Calendar.example(name)),
            Self::Rejection => data::of_rejection(name).or_else(|| data::of(name)),
            Self::Other => data::of(name),
        }
    }
}

/// The place of the fault in an operation's example of an invalid request.
#[derive(Debug, Clone, Copy)]
enum InvalidRequest {
    /// A member of the JSON body.
    Body,
    /// A line of a calendar.
    Line,
    /// A line of a file of entries.
    Entry,
    /// A query parameter.
    Parameter,
}

impl InvalidRequest {
    fn of(operation: &Value) -> Self {
        let body = operation["requestBody"]["content"].as_object().and_then(|content| content.keys().next());
        match body.map(String::as_str) {
            Some("application/json") => Self::Body,
            Some("text/csv") => Self::Entry,
            Some("application/x-ndjson") | None => Self::Parameter,
            Some(_) => Self::Line,
        }
    }

    /// The name of the example, and the fault.
    fn example(self) -> (&'static str, Fault) {
        match self {
            Self::Body => ("invalid_body", Fault::at("/name", ProblemCode::InvalidRequest.example())),
            Self::Line => ("invalid_line", Fault::on_line(4, "The event has no `DTSTART`.")),
            Self::Entry => {
                let detail = "An earlier line has the same pattern; each may be in the file once.";
                ("invalid_entry", Fault::on_line(4, detail))
            }
            Self::Parameter => {
                let detail = "This operation does not support the query parameter \"page\"; it supports none.";
                ("invalid_parameter", Fault::of_parameter("page", detail))
            }
        }
    }
}

/// Refers to the examples of the `codes`, which are added to `problems`. The invalid request comes first, since it is
/// what readers look for.
fn refer_to_problems(codes: Vec<ProblemCode>, invalid: InvalidRequest, problems: &mut Map<String, Value>) -> Value {
    let mut codes = codes;
    codes.sort_by_key(|code| *code != ProblemCode::InvalidRequest);
    let refer = |code: ProblemCode| {
        let (name, faults) = match code {
            ProblemCode::InvalidRequest => {
                let (name, fault) = invalid.example();
                (name, vec![fault])
            }
            code => (code.as_str(), Vec::new()),
        };
        let detail = faults.first().map_or(code.example(), |fault| &fault.detail).to_owned();
        let problem = Problem::new(Refusal { faults, ..Refusal::new(code, detail) }, REQUEST_ID);
        problems.insert(name.to_owned(), json!({ "summary": code.title(), "value": problem }));
        (name.to_owned(), json!({ "$ref": format!("#/components/examples/{name}") }))
    };
    codes.into_iter().map(refer).collect::<Map<_, _>>().into()
}
