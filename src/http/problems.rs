//! The pages that the `type` of problems refers to: one for each code at `/problems/{code}`, and an index. The texts
//! are in the table of codes of the contract.

use std::{collections::HashMap, sync::LazyLock};

use call_acceptance_api::{
    TITLE,
    document::operations::{self, Operation},
    wire::problem::ProblemCode,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use poem::{Endpoint, Request, Response, Route, endpoint::make, error::NotFoundError, get};

use super::{
    docs,
    pages::{Page, digests, escaped, marked},
};

const STYLE: &str = "
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 48rem; margin: 2rem auto; padding: 0 1rem; }
code { font-family: ui-monospace, monospace; }
li, td { padding: .15rem 1rem .15rem 0; vertical-align: top; }
";

static LIST: LazyLock<Page> = LazyLock::new(|| {
    let row = |code: ProblemCode| {
        format!(
            "<tr><td>{}</td><td><a href=\"{}\"><code>{code}</code></a></td><td>{}</td></tr>\n",
            code.status().as_u16(),
            code.path(),
            marked(code.title())
        )
    };
    let rows: String = ProblemCode::ALL.into_iter().map(row).collect();
    page(
        "Problems",
        &format!("<p>The problems that error responses report, by <code>code</code>.</p>\n<table>\n{rows}</table>"),
    )
});

static PAGES: LazyLock<HashMap<ProblemCode, Page>> =
    LazyLock::new(|| ProblemCode::ALL.into_iter().map(|code| (code, about(code))).collect());

/// The pages, at `/problems/`.
pub fn pages() -> impl Endpoint<Output = Response> {
    Route::new()
        .at("/problems/", docs::constant(&LIST))
        .at("/problems", docs::to("/problems/"))
        .at("/problems/:code", get(make(find)))
}

async fn find(request: Request) -> poem::Result<Response> {
    let code = request.raw_path_param("code").and_then(ProblemCode::parse);
    let page = code.and_then(|code| PAGES.get(&code)).ok_or(NotFoundError)?;
    Ok(page.answer(&request).await)
}

fn about(code: ProblemCode) -> Page {
    let lines: String = operations::answering(code).map(line).collect();
    let operations = match lines.is_empty() {
        true => "<p>None: it is returned if no operation is found.</p>".to_owned(),
        false => format!("<ul>\n{lines}</ul>"),
    };
    let content = format!(
        "<p><code>{code}</code>, with the status {}</p>\n<p>{}</p>\n<h2>Operations that can return \
        it</h2>\n{operations}\n<p><a href=\"/problems/\">All problems</a></p>",
        code.status(),
        marked(code.description()),
    );
    page(code.title(), &content)
}

/// An operation, linked to the page where it can be tried.
fn line(operation: &Operation) -> String {
    format!(
        "<li><a href=\"/docs/#/{}/{id}\"><code>{id}</code></a> {}</li>\n",
        utf8_percent_encode(operation.tag, NON_ALPHANUMERIC),
        marked(operation.summary),
        id = escaped(operation.id),
    )
}

fn page(title: &str, content: &str) -> Page {
    let title = escaped(title);
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
        content=\"width=device-width\">\n<title>{title} - {TITLE}</title>\n<link rel=\"icon\" \
        href=\"data:,\">\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{content}\n</body>\n</html>\n"
    );
    let allowed = format!("style-src {}; img-src data:", digests(&html, "style"));
    Page::new(html, &allowed)
}
