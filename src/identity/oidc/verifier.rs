//! The verifier of access tokens, with its cache of keys.

use std::sync::Arc;

use super::{
    cache::KeyCache,
    claims::{self, Claims},
    config::OidcConfig,
    discovery::Provider,
    header,
    rejection::Rejection,
    signature,
};
use crate::clock::Clock;

/// Fetches the keys of the provider, to check whether it can be used: the number of supported ones, or what is wrong.
pub async fn keys_of_provider(config: &OidcConfig) -> Result<usize, String> {
    signature::install();
    let keys = Provider::new(&config.issuer).keys().await;
    keys.map(|keys| keys.len()).map_err(|fault| fault.to_string())
}

/// Verifies access tokens. Create it once and share it, since it caches the provider's keys.
pub struct Verifier {
    config: OidcConfig,
    clock: Arc<dyn Clock>,
    keys: Arc<KeyCache>,
}

impl Verifier {
    /// A verifier that fetches the provider's keys with the first token.
    pub fn new(config: OidcConfig, clock: Arc<dyn Clock>) -> Self {
        signature::install();
        let keys = Arc::new(KeyCache::new(Provider::new(&config.issuer), Arc::clone(&clock)));
        Self { config, clock, keys }
    }

    /// The claims of the token, if it is valid now.
    pub async fn verify(&self, token: &str) -> Result<Claims, Rejection> {
        let header = header::read(token)?;
        let keys = self.keys.for_id(header.kid.as_deref()).await?;
        let payload = keys.payload(token, &header)?;
        claims::read(&payload, &self.config, self.clock.now())
    }
}
