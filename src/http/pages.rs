//! Pages that are always the same: HTML with a content security policy (CSP), and the published document. Each is kept
//! as it is sent, plain and compressed, and has an entity tag, so that browsers need not load it twice.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use poem::{
    Body, IntoResponse, Request, Response,
    http::{HeaderMap, StatusCode, header},
    web::headers::{ETag, HeaderMapExt, IfNoneMatch},
};
use sha2::{Digest, Sha256};
use tokio::{sync::OnceCell, task::spawn_blocking};

use super::compression::{Effort, Encoding};

/// A static page, stored once for all responses.
pub struct Page {
    plain: Bytes,
    gzip: OnceCell<Bytes>,
    brotli: OnceCell<Bytes>,
    media_type: &'static str,
    policy: Option<String>,
    /// The beginning of its entity tags: each encoding has one of its own (RFC 9110, section 8.8.3.3).
    digest: String,
}

impl Page {
    /// A page with the CSP directives `allowed`.
    pub fn new(html: String, allowed: &str) -> Self {
        let policy =
            format!("default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
        Self { policy: Some(policy), ..Self::file(html, "text/html; charset=utf-8") }
    }

    /// A text of another media type.
    pub fn file(text: String, media_type: &'static str) -> Self {
        let digest = hex::encode(&Sha256::digest(&text)[..12]);
        let (gzip, brotli) = (OnceCell::new(), OnceCell::new());
        Self { plain: text.into(), gzip, brotli, media_type, policy: None, digest }
    }

    /// The response with the page, or 304 if the client has it.
    pub async fn answer(&'static self, request: &Request) -> Response {
        let preferred = Encoding::preferred(request.headers(), [Encoding::Brotli, Encoding::Gzip]);
        let (encoding, content) = self.content(preferred).await;
        let tag = format!("\"{}{}\"", self.digest, encoding.name().map_or(String::new(), |name| format!("-{name}")));
        let is_known = is_known(request.headers(), &tag);
        let mut answer = match is_known {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => Body::from(content).with_content_type(self.media_type).into_response(),
        };
        let headers = answer.headers_mut();
        let mut set = |name, value: &str| drop(value.parse().map(|value| headers.insert(name, value)));
        set(header::ETAG, &tag);
        // Browsers keep it, and ask whether it is still the same.
        set(header::CACHE_CONTROL, "no-cache");
        if let Some(policy) = &self.policy {
            set(header::CONTENT_SECURITY_POLICY, policy);
        }
        match encoding.name().filter(|_| !is_known) {
            Some(name) => set(header::CONTENT_ENCODING, name),
            None if is_known => set(header::VARY, "Accept-Encoding"),
            None => {}
        }
        answer
    }

    /// The page in an encoding; plain, if it cannot be encoded. It is encoded when it is asked for first.
    async fn content(&'static self, encoding: Encoding) -> (Encoding, Bytes) {
        let cell = match encoding {
            Encoding::Identity => return (encoding, self.plain.clone()),
            Encoding::Gzip => &self.gzip,
            Encoding::Brotli => &self.brotli,
        };
        let encode = || async {
            let done = spawn_blocking(move || encoding.encode(&self.plain, Effort::Thorough)).await;
            done.map_err(std::io::Error::other).flatten()
        };
        match cell.get_or_try_init(encode).await {
            Ok(content) => (encoding, content.clone()),
            Err(error) => {
                tracing::warn!(%error, "a page cannot be compressed");
                (Encoding::Identity, self.plain.clone())
            }
        }
    }
}

/// Whether `If-None-Match` names the entity tag.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let tag: Option<ETag> = tag.parse().ok();
    let given = headers.typed_get::<IfNoneMatch>();
    given.zip(tag).is_some_and(|(given, tag)| !given.precondition_passes(&tag))
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
