//! The published document, and two pages that show it: Swagger UI and Scalar.

use std::sync::LazyLock;

use call_acceptance_api::{
    Apis, TITLE,
    document::{self, spec_only::SpecOnly},
};
use poem::{
    Endpoint, Response, Route,
    endpoint::{make, make_sync},
    get,
    web::Redirect,
};
use serde_json::json;

use super::pages::{Page, digests, escaped};

/// Swagger UI, with which operations can be tried.
static TRY: LazyLock<Page> = LazyLock::new(|| {
    let generated = call_acceptance_api::service(SpecOnly::<Apis>::default());
    published(&generated.swagger_ui_html(), &generated.spec(), "Swagger UI", "connect-src 'self'")
});

/// Scalar, a page for reading; it sends no requests.
static READ: LazyLock<Page> = LazyLock::new(|| {
    let generated = call_acceptance_api::service(SpecOnly::<Apis>::default());
    // Disables fonts, the client and links that would contact other hosts.
    let settings = json!({ "withDefaultFonts": false, "hideClientButton": true, "hideTestRequestButton": true });
    let settings = format!("id=\"api-reference\" data-configuration=\"{}\"", escaped(&settings.to_string()));
    let html = generated.scalar_html().replacen("id=\"api-reference\"", &settings, 1);
    published(&html, &generated.spec(), "Scalar", "connect-src 'none'")
});

/// The document.
static JSON: LazyLock<Page> = LazyLock::new(|| Page::file(document::json(), "application/json"));
static YAML: LazyLock<Page> = LazyLock::new(|| Page::file(document::yaml(), "application/yaml"));

/// A page of the framework with this `title`, in which the published document replaces the `generated` one. It sets
/// inline styles; `calls` is the policy for its requests.
fn published(html: &str, generated: &str, title: &str, calls: &str) -> Page {
    let html = html.replace(generated, &document::json());
    let html = html.replacen(&format!("<title>{title}</title>"), &format!("<title>{TITLE}</title>"), 1);
    let scripts = digests(&html, "script");
    Page::new(html, &format!("script-src {scripts}; style-src 'unsafe-inline'; img-src data:; {calls}"))
}

/// Answers with a page.
pub fn constant(page: &'static LazyLock<Page>) -> impl Endpoint<Output = Response> {
    get(make(move |request| async move { Ok::<_, poem::Error>(page.answer(&request).await) }))
}

/// The page for trying operations, at `/docs/`.
pub fn page() -> impl Endpoint<Output = Response> {
    Route::new().at("/docs/", constant(&TRY)).at("/docs", to("/docs/"))
}

/// The page for reading, at `/reference/`.
pub fn reference() -> impl Endpoint<Output = Response> {
    Route::new().at("/reference/", constant(&READ)).at("/reference", to("/reference/"))
}

/// Redirects to a page from its path without the slash.
pub fn to(path: &'static str) -> impl Endpoint<Output = Response> {
    get(make_sync(move |_| Redirect::permanent(path)))
}

/// Redirects from `/` to the documentation.
pub fn redirect() -> impl Endpoint<Output = Response> {
    get(make_sync(|_| Redirect::see_other("/docs/")))
}

/// The document as JSON, at `/openapi.json`.
pub fn json() -> impl Endpoint<Output = Response> {
    constant(&JSON)
}

/// The document as YAML, at `/openapi.yaml`.
pub fn yaml() -> impl Endpoint<Output = Response> {
    constant(&YAML)
}
