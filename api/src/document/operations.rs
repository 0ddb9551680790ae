//! The operations of the document as a table, for use in every request.
//!
//! The table is made once, from the published document. [`route`] finds the operations of a path in one pass over its
//! segments. No JSON is read while a request is served.

use std::{collections::HashMap, ops::Range, sync::LazyLock};

use poem::http::Method;
use serde_json::{Map, Value};

use super::{
    published::{DOCUMENT, resolve},
    walk::referred,
};
use crate::{
    access::Rule,
    wire::{problem::ProblemCode, validation::BodySchemas},
};

/// One operation of the document.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The position in [`all`], for tables with an entry for each operation.
    pub index: usize,
    /// The HTTP method.
    pub method: Method,
    /// The path with parameters in braces.
    pub path: &'static str,
    /// The operationId.
    pub id: &'static str,
    /// The tag.
    pub tag: &'static str,
    /// The summary line.
    pub summary: &'static str,
    /// The access rule; `None` if no token is needed.
    pub access: Option<Rule>,
    /// The parameters; path parameters in the order of the path.
    pub parameters: Vec<Parameter>,
    /// The request body, if there is one.
    pub body: Option<Body>,
    /// The problems that it can return, by rising status.
    pub problems: Vec<ProblemCode>,
}

/// A parameter of an operation.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// The name.
    pub name: &'static str,
    /// The place.
    pub place: Place,
    /// Whether the parameter is required.
    pub required: bool,
    /// The type of its value.
    pub kind: ParameterType,
    /// The requirement on its value, as a sentence for error messages.
    pub rule: String,
}

/// The place of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A segment of the path.
    Path,
    /// The query string.
    Query,
    /// A header field.
    Header,
}

/// The type of a parameter's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterType {
    /// A string.
    Text,
    /// An integer.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// Several values under the same name.
    List,
}

/// The request body of an operation.
#[derive(Debug, Clone, Copy)]
pub struct Body {
    /// The media type; the first one if the operation accepts several.
    pub media_type: &'static str,
    /// The name of its schema.
    pub schema: &'static str,
}

impl Operation {
    /// The parameters in this place.
    pub fn parameters_in(&self, place: Place) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().filter(move |parameter| parameter.place == place)
    }

    /// Whether the request has a file of many things, which takes longer than other bodies.
    pub fn takes_file(&self) -> bool {
        self.body.is_some_and(|body| body.media_type == "text/csv")
    }

    /// Whether the request has a file of any size, which is read as it arrives: the time that a request may take counts
    /// only while nothing arrives.
    pub fn takes_stream(&self) -> bool {
        self.body.is_some_and(|body| body.media_type == "application/x-ndjson")
    }

    /// The operation as a JSON object of the document, with unresolved references.
    pub fn object(&self) -> &'static Value {
        &DOCUMENT["paths"][self.path][self.method.as_str().to_ascii_lowercase()]
    }

    /// The media types of the body that the operation accepts, in the order of the document.
    pub fn media_types(&self) -> impl Iterator<Item = &'static str> {
        let body = self.object().get("requestBody").map(resolve);
        body.and_then(|body| body["content"].as_object()).into_iter().flat_map(Map::keys).map(String::as_str)
    }

    /// The response with this status, as in the document.
    pub fn answer(&self, status: &str) -> Option<&'static Value> {
        self.object()["responses"].get(status).map(resolve)
    }

    fn new(index: usize, path: &'static str, method: &str, object: &'static Value) -> Self {
        let text = |key: &str| object[key].as_str().unwrap_or_default();
        let parameters = object["parameters"].as_array().into_iter().flatten().map(resolve).filter_map(Parameter::new);
        let answers = object["responses"].as_object().into_iter().flat_map(Map::values).map(resolve);
        Self {
            index,
            method: method.to_ascii_uppercase().parse().expect("the document names methods"),
            path,
            id: text("operationId"),
            tag: object["tags"][0].as_str().unwrap_or_default(),
            summary: text("summary"),
            access: Rule::from_json(&object["x-access"]),
            parameters: parameters.collect(),
            body: Body::of(object),
            problems: answers
                .flat_map(|answer| ProblemCode::named_in(answer["description"].as_str().unwrap_or_default()))
                .collect(),
        }
    }
}

impl Parameter {
    fn new(parameter: &'static Value) -> Option<Self> {
        let schema = resolve(&parameter["schema"]);
        // A reference with a default beside it is within `allOf`.
        let schema = schema["allOf"].get(0).map_or(schema, resolve);
        let kind = schema["type"].as_str().unwrap_or_default();
        Some(Self {
            name: parameter["name"].as_str()?,
            place: match parameter["in"].as_str()? {
                "path" => Place::Path,
                "query" => Place::Query,
                _ => Place::Header,
            },
            required: parameter["required"] == true,
            kind: match kind {
                "integer" => ParameterType::Integer,
                "boolean" => ParameterType::Boolean,
                "array" => ParameterType::List,
                _ => ParameterType::Text,
            },
            rule: rule_of(kind, schema),
        })
    }
}

/// The requirement of `schema`, as a sentence.
fn rule_of(kind: &str, schema: &Value) -> String {
    let known = schema.get("enum").or(schema.get("x-extensible-enum")).and_then(Value::as_array);
    let known = known.map(|known| known.iter().filter_map(Value::as_str).map(|value| format!("`{value}`")));
    match (known, schema["description"].as_str(), kind) {
        (Some(known), ..) => format!("It must be one of {}.", known.collect::<Vec<_>>().join(", ")),
        (None, Some(description), _) => description.to_owned(),
        (None, None, "boolean") => "It must be `true` or `false`.".to_owned(),
        (None, None, kind) => format!("It must be a {kind}."),
    }
}

impl Body {
    fn of(operation: &'static Value) -> Option<Self> {
        let content = resolve(operation.get("requestBody")?)["content"].as_object()?;
        content.iter().next().map(|(media_type, content)| Self { media_type, schema: referred(&content["schema"]) })
    }
}

static TABLE: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let paths = DOCUMENT["paths"].as_object().into_iter().flatten();
    let of = |(path, item): (&'static String, &'static Value)| {
        let methods = item.as_object().into_iter().flatten();
        methods.map(move |(method, object)| (path, method, object))
    };
    let operations = paths.flat_map(of).enumerate();
    operations.map(|(index, (path, method, object))| Operation::new(index, path, method, object)).collect()
});

/// All operations, in the order of the document.
pub fn all() -> &'static [Operation] {
    &TABLE
}

/// The operations that can return a problem with this code, in the order of the document.
pub fn answering(code: ProblemCode) -> impl Iterator<Item = &'static Operation> {
    all().iter().filter(move |operation| operation.problems.contains(&code))
}

/// A node of the tree of paths: the possible next segments, and the operations of the path that ends here.
#[derive(Default)]
struct Node {
    words: HashMap<&'static str, Node>,
    parameter: Option<Box<Node>>,
    operations: &'static [Operation],
}

static ROUTES: LazyLock<Node> = LazyLock::new(|| {
    let mut root = Node::default();
    for operations in all().chunk_by(|one, other| one.path == other.path) {
        root.insert(operations);
    }
    root
});

impl Node {
    fn insert(&mut self, operations: &'static [Operation]) {
        let node = segments(operations[0].path).fold(self, |node, segment| match segment.starts_with('{') {
            true => &mut **node.parameter.get_or_insert_default(),
            false => node.words.entry(segment).or_default(),
        });
        node.operations = operations;
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.trim_matches('/').split('/')
}

/// The route of a request's path.
#[derive(Debug, Clone)]
pub struct Route {
    /// The operations of the path, one for each method; at least one.
    pub operations: &'static [Operation],
    /// The positions of the path parameters' values in the path, in order.
    values: Vec<Range<usize>>,
}

impl Route {
    /// The operation of the method. HEAD has the operation of GET.
    pub fn operation(&self, method: &Method) -> Option<&'static Operation> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.operations.iter().find(|operation| operation.method == method)
    }

    /// The percent-encoded value of the parameter `name`; `path` is the path that the route was made from.
    pub fn value<'p>(&self, path: &'p str, name: &str) -> Option<&'p str> {
        let at = self.operations[0].parameters_in(Place::Path).position(|parameter| parameter.name == name)?;
        path.get(self.values.get(at)?.clone())
    }
}

/// The route of `path`, with or without the slash at its end; `None` if the document has no such path. A literal
/// segment takes precedence over a parameter.
pub fn route(path: &str) -> Option<Route> {
    let mut node = &*ROUTES;
    let mut values = Vec::new();
    let mut start = path.len() - path.trim_start_matches('/').len();
    for segment in segments(path) {
        let end = start + segment.len();
        node = match (node.words.get(segment), &node.parameter) {
            (Some(word), _) => word,
            (None, Some(parameter)) => {
                values.push(start..end);
                parameter
            }
            (None, None) => return None,
        };
        start = end + 1;
    }
    (!node.operations.is_empty()).then_some(Route { operations: node.operations, values })
}

/// The schemas of the request bodies, which the first call compiles.
pub fn body_schemas() -> &'static BodySchemas {
    static SCHEMAS: LazyLock<BodySchemas> = LazyLock::new(|| {
        let bodies = all().iter().filter_map(|operation| operation.body);
        let json = bodies.filter(|body| body.media_type == "application/json");
        BodySchemas::new(&DOCUMENT["components"]["schemas"], json.map(|body| body.schema))
    });
    &SCHEMAS
}

/// The list of operations: tag, operationId, method and path, one operation a line.
pub fn list() -> String {
    let line = |operation: &Operation| {
        let Operation { tag, id, method, path, .. } = operation;
        format!("{tag:<26} {id:<42} {:<7} {path}\n", method.as_str())
    };
    all().iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(id: &str) -> &'static Operation {
        all().iter().find(|operation| operation.id == id).expect("the document has the operation")
    }

    #[test]
    fn every_operation_is_found_by_its_own_path_and_method() {
        for operation in all() {
            let path: String = operation.path.replace(['{', '}'], "");
            for path in [path.as_str(), path.trim_end_matches('/')] {
                let found = route(path).and_then(|route| route.operation(&operation.method));
                assert_eq!(found.map(|found| found.id), Some(operation.id), "{path}");
            }
        }
    }

    #[test]
    fn a_route_has_the_values_of_its_path_and_takes_head_for_get() {
        let path = "/api/v1/tenants/f%C3%B6o/groups/a%2Fb/users/users";
        let found = route(path).expect("the path of a user");
        let values = ["tenant_id", "group_id", "user_id", "name"].map(|name| found.value(path, name));
        assert_eq!(values, [Some("f%C3%B6o"), Some("a%2Fb"), Some("users"), None]);
        assert_eq!(found.operation(&Method::HEAD).map(|operation| operation.id), Some("user_view"));
        assert_eq!(found.operations.len(), 3);
        assert!(found.operation(&Method::PATCH).is_none());
    }

    #[test]
    fn an_unknown_path_has_no_route() {
        for path in ["/", "/api/v1/", "/api/v1/tenants/a/b/", "/docs/", "/health/live/more", "/API/v1/tenants/"] {
            assert!(route(path).is_none(), "{path}");
        }
    }

    #[test]
    fn no_paths_have_a_literal_and_a_parameter_in_the_same_place() {
        fn check(node: &Node) {
            assert!(node.parameter.is_none() || node.words.is_empty(), "{:?}", node.words.keys());
            node.words.values().chain(node.parameter.as_deref()).for_each(check);
        }
        check(&ROUTES);
    }

    #[test]
    fn an_operation_has_the_properties_that_the_document_gives_it() {
        let create = operation("token_create");
        let body = create.body.map(|body| (body.media_type, body.schema));
        assert_eq!((body, create.tag), (Some(("application/json", "TokenCreate")), "Tokens"));
        assert!(create.access.is_some_and(Rule::changes) && create.problems.contains(&ProblemCode::MalformedJson));
        let list = operation("user_time_schedules_list");
        assert!(list.body.is_none() && !list.problems.contains(&ProblemCode::MalformedJson));
        let query: Vec<_> = list
            .parameters_in(Place::Query)
            .map(|Parameter { name, required, kind, rule, .. }| {
                (*name, *required, *kind, rule.starts_with("It must be"))
            })
            .collect();
        let expected = [
            ("allLevels", false, ParameterType::Boolean, true),
            ("limit", false, ParameterType::Integer, false),
            ("after", false, ParameterType::Text, false),
        ];
        assert_eq!(query, expected);
        assert!(operation("health_live").access.is_none());
    }

    #[test]
    fn every_parameter_says_what_would_be_right() {
        for operation in all() {
            for Parameter { name, rule, .. } in &operation.parameters {
                assert!(rule.ends_with('.') && !rule.contains("a ."), "{} {name}: {rule}", operation.id);
            }
        }
    }

    #[test]
    fn a_code_lists_the_operations_that_can_return_it() {
        let ids: Vec<_> = answering(ProblemCode::CriteriaNotFound).map(|operation| operation.id).collect();
        let expected = ["", "rejection_"]
            .map(|service| ["view", "update", "delete"].map(|verb| format!("{service}criteria_{verb}")));
        assert_eq!(ids, expected.concat());
    }
}
