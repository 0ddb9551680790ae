//! What the operator says of the provider.

use std::net::IpAddr;

use hyper::Uri;

/// The provider whose tokens are accepted, and what they are to say.
#[derive(Debug, Clone)]
pub struct OidcConfig {
    /// The issuer, as it stands in the tokens and in the provider's discovery document.
    pub issuer: String,
    /// The audience that tokens have to name.
    pub audience: String,
    /// Where the tokens say what.
    pub claims: ClaimNames,
    /// How long a token is accepted after it was issued, in seconds, whatever it says itself.
    pub max_age: i64,
    /// Whether the role of call processing may be for the whole system; else such a token has no role.
    pub system_call_processing: bool,
}

/// The claims that say what a token allows. A name that starts with `/` is a JSON Pointer into the claims, as in
/// `/realm_access/roles`; any other is the name of a claim.
#[derive(Debug, Clone)]
pub struct ClaimNames {
    /// The roles: a text, with spaces between several, or a list of texts.
    pub role: String,
    /// The tenant: a text.
    pub tenant: String,
    /// The group: a text.
    pub group: String,
    /// The user: a text.
    pub user: String,
    /// Whether the token is for reading only: a boolean.
    pub read_only: String,
}

impl OidcConfig {
    /// What is wrong with the configuration, if anything is.
    pub fn fault(&self) -> Option<String> {
        let ClaimNames { role, tenant, group, user, read_only } = &self.claims;
        if protected(&self.issuer).is_none() || self.issuer.contains(['?', '#', '@']) {
            // It may hold a password, and so it is not repeated.
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

/// The address, if nobody on the way to it can read or change what it answers.
pub(super) fn protected(url: &str) -> Option<Uri> {
    let uri: Uri = url.parse().ok()?;
    let host = uri.host()?;
    let loopback = host.eq_ignore_ascii_case("localhost")
        || host.trim_matches(['[', ']']).parse().is_ok_and(|address: IpAddr| address.is_loopback());
    let encrypted = uri.scheme_str() == Some("https");
    (encrypted || loopback && uri.scheme_str() == Some("http")).then_some(uri)
}
