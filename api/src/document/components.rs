//! Moves what several operations share to `components` and refers to it.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};

use super::{
    examples::REQUEST_ID,
    walk::{operations_mut, referred},
};
use crate::wire::problem::ProblemCode;

/// Moves response headers to `components`, with their limits, and adds `Retry-After` to responses that ask to retry.
pub(super) fn refer_to_headers(document: &mut Value) {
    let headers = headers();
    let responses = operations_mut(document).filter_map(|operation| operation["responses"].as_object_mut()).flatten();
    for (status, response) in responses {
        let special = match status.as_str() {
            "401" => Some("WWW-Authenticate"),
            "429" | "503" => Some("Retry-After"),
            _ => None,
        };
        for name in ["X-Request-Id"].into_iter().chain(special) {
            response["headers"][name] = Value::Null;
        }
        for (name, header) in response["headers"].as_object_mut().into_iter().flatten() {
            let optional = Some(format!("{name}{UNLESS_DRY_RUN}")).filter(|_| header["required"] != true);
            let name = optional.filter(|name| headers.get(name).is_some()).unwrap_or_else(|| name.clone());
            if headers.get(&name).is_some() {
                *header = json!({ "$ref": format!("#/components/headers/{name}") });
            }
        }
    }
    document["components"]["headers"] = headers;
}

/// The suffix of the names of headers that the response to a dry run does not have.
const UNLESS_DRY_RUN: &str = "UnlessDryRun";

fn headers() -> Value {
    let mut headers = constant_headers();
    for name in ["ETag", "Location"] {
        let mut header = headers[name].clone();
        let described = header["description"].as_str().unwrap_or_default().trim_end_matches('.');
        header["description"] = format!("{described}. A dry run has none.").into();
        header["required"] = false.into();
        headers[format!("{name}{UNLESS_DRY_RUN}")] = header;
    }
    headers
}

/// The headers of responses as most operations have them.
fn constant_headers() -> Value {
    json!({
        "X-Request-Id": {
            "description": "Identifier of the request: the one sent with the request, or a new one.",
            "required": true,
            "schema": { "type": "string", "maxLength": 128, "pattern": "^[A-Za-z0-9._:/+=@-]+$" },
            "example": REQUEST_ID,
        },
        "Retry-After": {
            "description": "Seconds to wait before a retry.",
            "required": true,
            "schema": { "type": "integer", "format": "int32", "minimum": 1, "maximum": 3600 },
            "example": 1,
        },
        "WWW-Authenticate": {
            "description": "The authentication scheme (RFC 6750).",
            "required": true,
            "schema": { "type": "string", "maxLength": 500, "pattern": "^Bearer .*$" },
            "example": "Bearer realm=\"call-acceptance\"",
        },
        "ETag": {
            "description": "Revision of the user's service; after a write, the new revision.",
            "required": true,
            "schema": { "type": "string", "maxLength": 22, "pattern": "^\"[0-9]+\"$" },
            "example": "\"1764000000000000\"",
        },
        "Location": {
            "description": "Path of the new resource.",
            "required": true,
            "schema": {
                "type": "string", "format": "uri-reference", "maxLength": 8192, "pattern": "^/[A-Za-z0-9._~%/-]+/$"
            },
            "example": "/api/v1/tenants/foo/",
        },
    })
}

/// The kinds of parts of an operation that can be shared, each with its own key under `components`.
#[derive(Debug, Clone, Copy)]
enum Section {
    Parameters,
    Responses,
}

impl Section {
    const fn key(self) -> &'static str {
        match self {
            Self::Parameters => "parameters",
            Self::Responses => "responses",
        }
    }

    /// The parts of `operation`, each with a suitable name.
    fn parts<'a>(self, method: &str, operation: &'a mut Value) -> Vec<(String, &'a mut Value)> {
        match self {
            Self::Parameters => {
                let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
                parameters.into_iter().flatten().map(|parameter| (name_of_parameter(parameter), parameter)).collect()
            }
            Self::Responses => {
                let answers = operation["responses"].as_object_mut().into_iter().flatten();
                answers.map(|(status, answer)| (name_of_answer(method, status, answer), answer)).collect()
            }
        }
    }
}

/// Moves parameters and responses of more than one operation to `components`.
pub(super) fn share(document: &mut Value) {
    for section in [Section::Parameters, Section::Responses] {
        let names = choose_names(section, document);
        let mut shared = BTreeMap::new();
        visit(section, document, |_, _, part| {
            if let Some(name) = names.get(&part.to_string()) {
                let reference = json!({ "$ref": format!("#/components/{}/{name}", section.key()) });
                shared.insert(name.clone(), std::mem::replace(part, reference));
            }
        });
        document["components"][section.key()] = shared.into_iter().collect::<Map<_, _>>().into();
    }
}

/// Calls `see` with every part of every operation, the operation, and a suitable name for the part.
fn visit(section: Section, document: &mut Value, mut see: impl FnMut(&Value, String, &mut Value)) {
    let items =
        document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut);
    for (method, operation) in items.flatten() {
        let names = json!({ "tag": operation["tags"][0], "id": operation["operationId"] });
        for (name, part) in section.parts(method, operation) {
            see(&names, name, part);
        }
    }
}

/// Chooses names for the parts that more than one operation has; the key is the part as text. If two parts would get
/// the same name, the later one is prefixed with the tag of its first operation, or suffixed with that operation.
fn choose_names(section: Section, document: &mut Value) -> HashMap<String, String> {
    let mut uses: HashMap<String, usize> = HashMap::new();
    visit(section, document, |_, _, part| *uses.entry(part.to_string()).or_default() += 1);
    let mut names: HashMap<String, String> = HashMap::new();
    visit(section, document, |operation, name, part| {
        let text = part.to_string();
        if uses[&text] < 2 || names.contains_key(&text) {
            return;
        }
        let taken = |name: &String| names.values().any(|known| known == name);
        let word = |key: &str| pascal(operation[key].as_str().unwrap_or_default());
        let longest = format!("{name}Of{}", word("id"));
        let name = [name.clone(), format!("{}{name}", word("tag"))].into_iter().find(|name| !taken(name));
        names.insert(text, name.unwrap_or(longest));
    });
    names
}

/// `TenantId` for a path parameter; `AfterScheduleCursor`, with the type, if the name alone is ambiguous.
fn name_of_parameter(parameter: &Value) -> String {
    let name = pascal(parameter["name"].as_str().unwrap_or_default());
    match referred(&parameter["schema"]) {
        kind if parameter["in"] == "path" && !kind.is_empty() => kind.to_owned(),
        kind if kind == name => name,
        kind => format!("{name}{kind}"),
    }
}

/// `ScheduleFound` for a response with a schema, `GroupNotFoundOrScheduleNotFound` for one with problems.
fn name_of_answer(method: &str, status: &str, answer: &Value) -> String {
    let mut codes = ProblemCode::named_in(answer["description"].as_str().unwrap_or_default());
    if !codes.is_empty() {
        // A path of a user may also lack its group or tenant.
        let owners = [ProblemCode::TenantNotFound, ProblemCode::GroupNotFound, ProblemCode::UserNotFound];
        let innermost = codes.iter().rfind(|code| owners.contains(code)).copied();
        codes.retain(|code| !owners.contains(code) || Some(*code) == innermost);
        return codes.into_iter().map(|code| pascal(code.as_str())).collect::<Vec<_>>().join("Or");
    }
    let schema = answer["content"].as_object().and_then(|content| content.values().next());
    let schema = schema.map(|content| referred(&content["schema"])).filter(|name| *name != "Empty").unwrap_or_default();
    let done = match (method, status) {
        (_, "304") => "NotModified",
        (_, "201") => "Created",
        ("get", _) => "Found",
        ("put", _) => "Updated",
        ("delete", _) => "Deleted",
        _ => "Answered",
    };
    format!("{schema}{done}")
}

/// Turns `If-Match`, `if_match` and `If match` into `IfMatch`.
fn pascal(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric());
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>())
    };
    words.filter_map(capital).collect()
}
