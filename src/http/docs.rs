//! The published document and the page that shows it.

use call_acceptance_api::document;
use poem::{
    Endpoint, IntoResponse, Response, Route,
    endpoint::make_sync,
    get,
    http::header,
    web::{Html, Redirect},
};

/// The page is one file with its scripts and styles in it, and talks to this server alone.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Swagger UI with the published document, at `/docs/`.
pub fn page() -> impl Endpoint<Output = Response> {
    let generated =
        call_acceptance_api::service(call_acceptance_api::spec_only::SpecOnly::<call_acceptance_api::Apis>::default());
    let html = generated.swagger_ui_html().replace(&generated.spec(), &document::json());
    let html = html.replace("<title>Swagger UI</title>", &format!("<title>{}</title>", call_acceptance_api::TITLE));
    let page =
        make_sync(move |_| Html(html.clone()).with_header(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY));
    Route::new().at("/docs/", get(page)).at("/docs", get(make_sync(|_| Redirect::permanent("/docs/"))))
}

/// From `/` to the page.
pub fn redirect() -> impl Endpoint<Output = Response> {
    get(make_sync(|_| Redirect::see_other("/docs/")))
}

/// The document as JSON, at `/openapi.json`.
pub fn json() -> impl Endpoint<Output = Response> {
    let text = document::json();
    get(make_sync(move |_| text.clone().with_content_type("application/json")))
}

/// The document as YAML, at `/openapi.yaml`.
pub fn yaml() -> impl Endpoint<Output = Response> {
    let text = document::yaml();
    get(make_sync(move |_| text.clone().with_content_type("application/yaml")))
}
