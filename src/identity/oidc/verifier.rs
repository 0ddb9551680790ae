//! The verifier: one token after the other, by keys that are kept.

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
