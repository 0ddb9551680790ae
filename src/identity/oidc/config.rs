//! The configuration of the OpenID provider.

use std::net::IpAddr;

use hyper::Uri;

/// The provider whose tokens are accepted, and the requirements on them.
#[derive(Debug, Clone)]
pub struct OidcConfig {
    /// The issuer, as in tokens and in the provider's discovery document.
    pub issuer: String,
    /// The required audience of tokens.
    pub audience: String,
    /// The names of the claims.
    pub claims: ClaimNames,
    /// Maximum age of a token since it was issued, in seconds, even if its own expiry is later.
    pub max_age: i64,
    /// Whether the role of call processing may have the whole system as its scope; if not, such a token has no role.
    pub system_call_processing: bool,
}

/// The claims with role and scope. A name that starts with `/` is a JSON Pointer into the claims, like
/// `/realm_access/roles`; any other is the name of a top-level claim.
#[derive(Debug, Clone)]
pub struct ClaimNames {
    /// The roles: a string, separated by spaces, or a list of strings.
    pub role: String,
    /// The tenant: a string.
    pub tenant: String,
    /// The group: a string.
    pub group: String,
    /// The user: a string.
    pub user: String,
    /// Whether the token may only read: a boolean.
    pub read_only: String,
}

impl OidcConfig {
    /// The fault of the configuration, if there is one.
    pub fn fault(&self) -> Option<String> {
        let ClaimNames { role, tenant, group, user, read_only } = &self.claims;
        if protected(&self.issuer).is_none() || self.issuer.contains(['?', '#', '@']) {
            // The URL is not repeated, since it may contain a password.
            let right = "a URL with https:// (or http:// on a loopback address), without user, query and fragment";
            Some(format!("the issuer must be {right}"))
        } else if self.audience.is_empty() {
            Some("the audience must not be empty".to_owned())
        } else if [role, tenant, group, user, read_only].into_iter().any(String::is_empty) {
            Some("the names of claims must not be empty".to_owned())
        } else {
            None
        }
    }
}

/// Parses the address if the connection to it is protected: HTTPS, or HTTP on a loopback address.
pub(super) fn protected(url: &str) -> Option<Uri> {
    let uri: Uri = url.parse().ok()?;
    let host = uri.host()?;
    let loopback = host.eq_ignore_ascii_case("localhost")
        || host.trim_matches(['[', ']']).parse().is_ok_and(|address: IpAddr| address.is_loopback());
    let encrypted = uri.scheme_str() == Some("https");
    (encrypted || loopback && uri.scheme_str() == Some("http")).then_some(uri)
}
