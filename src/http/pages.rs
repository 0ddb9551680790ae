//! HTML pages with a content security policy (CSP).

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use poem::{Body, IntoResponse, Response, http::header};
use sha2::{Digest, Sha256};

/// A static page, stored once for all responses.
pub struct Page {
    html: Bytes,
    policy: String,
}

impl Page {
    /// A page with the CSP directives `allowed`.
    pub fn new(html: String, allowed: &str) -> Self {
        let policy =
            format!("default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
        Self { html: html.into(), policy }
    }

    /// The response with the page.
    pub fn answer(&'static self) -> Response {
        Body::from(self.html.clone())
            .with_content_type("text/html; charset=utf-8")
            .with_header(header::CONTENT_SECURITY_POLICY, &self.policy)
            .into_response()
    }
}

/// CSP sources with the digest of each inline `element` (script or style) of the page, so that the browser runs these
/// and no injected ones.
pub fn digests(html: &str, element: &str) -> String {
    let (open, close) = (format!("<{element}"), format!("</{element}>"));
    let mut digests = Vec::new();
    let mut rest = html;
    while let Some((_, behind)) = rest.split_once(&open) {
        let Some((_, content)) = behind.split_once('>') else { break };
        let Some((content, behind)) = content.split_once(&close) else { break };
        digests.push(format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(content))));
        rest = behind;
    }
    digests.join(" ")
}

/// Escapes `text` for HTML, and marks text between backticks as code.
pub fn marked(text: &str) -> String {
    let parts = escaped(text);
    let parts = parts.split('`').enumerate();
    parts.map(|(at, part)| if at % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() }).collect()
}

/// Escapes `text` for HTML content and attributes.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
