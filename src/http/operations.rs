//! The operations of the published document by the paths of requests.

use std::sync::LazyLock;

use call_acceptance_api::document::{self, Operation};
use percent_encoding::percent_decode_str;

struct Template {
    segments: Vec<&'static str>,
    operations: Vec<Operation<'static>>,
}

static TEMPLATES: LazyLock<Vec<Template>> = LazyLock::new(|| {
    let mut templates: Vec<Template> = Vec::new();
    for operation in document::operations() {
        let segments: Vec<_> = segments(operation.path).collect();
        match templates.iter_mut().find(|template| template.segments == segments) {
            Some(template) => template.operations.push(operation),
            None => templates.push(Template { segments, operations: vec![operation] }),
        }
    }
    templates
});

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.trim_matches('/').split('/')
}

/// The operations on the thing that `path` names; none when the document does not know it.
pub fn at(path: &str) -> &'static [Operation<'static>] {
    let fits = |template: &&Template| {
        let mut given = segments(path);
        let each = template
            .segments
            .iter()
            .all(|segment| given.next().is_some_and(|given| segment.starts_with('{') || given == *segment));
        each && given.next().is_none()
    };
    TEMPLATES.iter().find(fits).map_or(&[], |template| &template.operations)
}

/// The tenant, the group and the user that `path` names, where the path of `operation` does.
pub fn names(operation: &Operation<'_>, path: &str) -> [Option<String>; 3] {
    ["{tenant_id}", "{group_id}", "{user_id}"].map(|name| {
        let (_, given) = segments(operation.path).zip(segments(path)).find(|(segment, _)| *segment == name)?;
        Some(percent_decode_str(given).decode_utf8_lossy().into_owned())
    })
}

/// The operation that `method` names there. HEAD is GET without its body.
pub fn find(method: &str, path: &str) -> Option<&'static Operation<'static>> {
    let method = if method == "HEAD" { "GET" } else { method };
    at(path).iter().find(|operation| operation.method.eq_ignore_ascii_case(method))
}
