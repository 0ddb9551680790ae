//! Asks the provider for its keys: its discovery document (OpenID Connect Discovery 1.0) says where they are.
//!
//! The client is *hyper*, as the server: it follows no redirects, and what bounds an answer stands here.

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

/// How long one answer may take, from the connection to its last byte.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// How long an answer may be, in bytes.
const SIZE_LIMIT: usize = 1 << 20;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("{0} is not an address with https:// (or http:// on a loopback address)")]
    Unprotected(String),
    #[error("{0} does not answer: {1}")]
    Connection(Uri, String),
    #[error("{0} does not answer within {limit} seconds", limit = TIME_LIMIT.as_secs())]
    Slow(Uri),
    #[error("{0} answers {1}")]
    Status(Uri, StatusCode),
    #[error("{0} answers what is not understood: {1}")]
    Answer(Uri, serde_json::Error),
    #[error("the discovery document is of another issuer, {0}")]
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

/// A provider, as one asks it.
pub(super) struct Provider {
    issuer: String,
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
}

impl Provider {
    /// The provider that has this issuer.
    pub fn new(issuer: &str) -> Self {
        let mut roots = RootCertStore::empty();
        // The system's, for a provider within a company has its certificate from an authority of that company. None is
        // no fault yet: on a loopback address there need not be any.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
        Self { issuer: issuer.to_owned(), client: Client::builder(TokioExecutor::new()).build(https) }
    }

    /// The keys that it publishes now.
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

/// The error and its causes: the client's errors say on their own hardly what happened.
fn with_causes(error: &(dyn Error + 'static)) -> String {
    let errors = std::iter::successors(Some(error), |&error| error.source());
    errors.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
