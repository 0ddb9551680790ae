//! The verifier of the access tokens of an OpenID provider: JWTs as of RFC 9068, or alike.
//!
//! [`Verifier::verify`] goes through these, in order:
//! 1. `header`: what a token says of itself before it is believed; only asymmetric algorithms pass.
//! 2. `cache`: the keys that the provider publishes, kept and refreshed; `discovery` fetches them, and `keys` reads them.
//! 3. `signature`: the check of the signature, by *ring*.
//! 4. `claims`: issuer, audience, times, and the claims that the configuration names.
//!
//! To read a further claim, name it in [`ClaimNames`] and [`Claims`] and read it in `claims`. To take a further algorithm,
//! name it in `keys` and `signature`; `tests/tokens.json` holds a token of each.

mod cache;
mod claims;
mod config;
mod discovery;
mod header;
mod keys;
mod signature;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, sync::Arc};

use jiff::Timestamp;

pub use config::{ClaimNames, OidcConfig};

use crate::clock::Clock;
use cache::KeyCache;
use discovery::Provider;

/// What a valid token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// Whom the token was issued to (`sub`).
    pub subject: String,
    /// The roles; none when there is no such claim.
    pub roles: Vec<String>,
    /// The tenant.
    pub tenant: Option<String>,
    /// The group.
    pub group: Option<String>,
    /// The user.
    pub user: Option<String>,
    /// Whether the token is for reading only; not so when there is no such claim.
    pub read_only: bool,
    /// When the token ends to be valid (`exp`).
    pub expires: Timestamp,
}

/// Why a token is not accepted. The text holds nothing of the token, and is fit for an `error_description` of RFC 6750
/// as long as the names of the claims are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The token is not valid, for this reason.
    #[error("the access token is not valid: {0}")]
    Invalid(Cow<'static, str>),
    /// The keys of the provider were never obtained, and so no token can be judged. The log says why they were not.
    #[error("the access token cannot be verified: the keys of its provider could not be fetched")]
    Unavailable,
}

impl Rejection {
    fn invalid(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid(reason.into())
    }
}

/// Verifies tokens. It is made once and shared, for it keeps the keys of the provider.
pub struct Verifier {
    config: OidcConfig,
    clock: Arc<dyn Clock>,
    keys: Arc<KeyCache>,
}

impl Verifier {
    /// A verifier that asks the provider for its keys when the first token comes.
    pub fn new(config: OidcConfig, clock: Arc<dyn Clock>) -> Self {
        signature::install();
        let keys = Arc::new(KeyCache::new(Provider::new(&config.issuer), Arc::clone(&clock)));
        Self { config, clock, keys }
    }

    /// What the token says, if it is valid now.
    pub async fn verify(&self, token: &str) -> Result<Claims, Rejection> {
        let header = header::read(token)?;
        let keys = self.keys.for_id(header.kid.as_deref()).await?;
        let payload = keys.payload(token, &header)?;
        claims::read(&payload, &self.config, self.clock.now())
    }
}
