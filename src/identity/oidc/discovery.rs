//! Fetches the provider's keys. Its discovery document (OpenID Connect Discovery 1.0) has their address.
//!
//! The client is *hyper*, as for the server. It follows no redirects; the limits of a response are defined here.

use std::{error::Error, time::Duration};

use http_body_util::{BodyExt, Empty, Limited};
use hyper::{StatusCode, Uri, body::Bytes};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use rustls::{ClientConfig, RootCertStore};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{config::protected, keys::KeySet};

/// Timeout of a request, from the connection to the last byte of the response.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// Maximum length of a response in bytes.
const SIZE_LIMIT: usize = 1 << 20;

/// Why the keys could not be fetched.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("{0} is not an address with https:// (or http:// on a loopback address)")]
    Unprotected(String),
    #[error("{0} does not respond: {1}")]
    Connection(Uri, String),
    #[error("{0} does not respond within {limit} seconds", limit = TIME_LIMIT.as_secs())]
    Slow(Uri),
    #[error("{0} responds with {1}")]
    Status(Uri, StatusCode),
    #[error("the response of {0} cannot be parsed: {1}")]
    Answer(Uri, serde_json::Error),
    #[error("the discovery document has a different issuer, {0}")]
    Issuer(String),
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Value>,
}

/// A client for a provider.
pub(super) struct Provider {
    issuer: String,
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
}

impl Provider {
    /// A client for the provider with this issuer.
    pub fn new(issuer: &str) -> Self {
        let mut roots = RootCertStore::empty();
        // The system's certificates, since an internal provider may have a certificate of an internal authority. An
        // empty store is no error: on a loopback address none are needed.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
        Self { issuer: issuer.to_owned(), client: Client::builder(TokioExecutor::new()).build(https) }
    }

    /// Fetches the current keys.
    pub async fn keys(&self) -> Result<KeySet, Fault> {
        let address = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let discovery: Discovery = self.get(&address).await?;
        if discovery.issuer != self.issuer {
            return Err(Fault::Issuer(discovery.issuer));
        }
        let jwks: Jwks = self.get(&discovery.jwks_uri).await?;
        Ok(KeySet::new(&jwks.keys))
    }

    async fn get<T: DeserializeOwned>(&self, address: &str) -> Result<T, Fault> {
        let uri = protected(address).ok_or_else(|| Fault::Unprotected(address.to_owned()))?;
        let body = tokio::time::timeout(TIME_LIMIT, self.body(&uri)).await.map_err(|_| Fault::Slow(uri.clone()))??;
        serde_json::from_slice(&body).map_err(|error| Fault::Answer(uri, error))
    }

    async fn body(&self, uri: &Uri) -> Result<Bytes, Fault> {
        let answer =
            self.client.get(uri.clone()).await.map_err(|error| Fault::Connection(uri.clone(), with_causes(&error)))?;
        if answer.status() != StatusCode::OK {
            return Err(Fault::Status(uri.clone(), answer.status()));
        }
        let body = Limited::new(answer.into_body(), SIZE_LIMIT).collect().await;
        Ok(body.map_err(|error| Fault::Connection(uri.clone(), with_causes(&*error)))?.to_bytes())
    }
}

/// The error with its causes, since hyper's own message says little.
fn with_causes(error: &(dyn Error + 'static)) -> String {
    let errors = std::iter::successors(Some(error), |&error| error.source());
    errors.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
