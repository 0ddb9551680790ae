//! Tests by subject, with the signer, the clock and the fake provider that they share.

mod claims;
mod discovery;
mod provider;
mod refresh;
mod token;

use std::sync::{Arc, Mutex};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::clock::Clock;

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://sca.example.com";

fn now() -> Timestamp {
    "2026-11-25T12:00:00Z".parse().expect("a time")
}

fn config(issuer: &str) -> OidcConfig {
    let claims = ClaimNames {
        role: "role".to_owned(),
        tenant: "tenant".to_owned(),
        group: "group".to_owned(),
        user: "user".to_owned(),
        read_only: "read_only".to_owned(),
    };
    OidcConfig {
        issuer: issuer.to_owned(),
        audience: AUDIENCE.to_owned(),
        claims,
        max_age: 31_536_000,
        system_call_processing: false,
    }
}

/// Valid claims.
fn good_claims(issuer: &str) -> Value {
    json!({"iss": issuer, "aud": AUDIENCE, "sub": "someone", "exp": now().as_second() + 300})
}

fn invalid(reason: &'static str) -> Rejection {
    Rejection::Invalid(reason.into())
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// Signs tokens with EdDSA.
struct Signer {
    id: String,
    pair: Ed25519KeyPair,
}

impl Signer {
    /// The signer with this key identifier; the key is derived from it.
    fn named(id: &str) -> Self {
        let mut seed = [0; 32];
        seed[..id.len()].copy_from_slice(id.as_bytes());
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("a seed is 32 bytes");
        Self { id: id.to_owned(), pair }
    }

    fn jwk(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.pair.public_key());
        json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.id, "x": x})
    }

    fn token(&self, claims: &Value) -> String {
        self.token_with(&json!({"alg": "EdDSA", "typ": "at+jwt", "kid": self.id}), claims)
    }

    fn token_with(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", encoded(header), encoded(claims));
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }
}

/// A clock that tests advance.
struct TestClock(Mutex<Timestamp>);

impl TestClock {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(now())))
    }

    fn pass(&self, time: SignedDuration) {
        *self.0.lock().expect("no test panics while it sets the clock") += time;
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("no test panics while it sets the clock")
    }

    fn new_id(&self) -> Uuid {
        Uuid::nil()
    }
}
