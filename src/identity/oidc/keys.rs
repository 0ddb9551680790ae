//! The keys of a provider, and the choice of the key for a token.

use jsonwebtoken::{
    Algorithm, DecodingKey, Header, Validation, decode,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse},
};
use serde_json::Value;

use super::rejection::Rejection;

/// A public key for verifying signatures.
struct Key {
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    public: DecodingKey,
}

/// The supported keys of a provider.
pub(super) struct KeySet(Vec<Key>);

impl KeySet {
    /// The supported keys among `jwks` (RFC 7517). Others are ignored: a provider may have keys for other uses and of
    /// newer kinds.
    pub fn new(jwks: &[Value]) -> Self {
        Self(jwks.iter().filter_map(Key::from_jwk).collect())
    }

    /// The number of keys.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is a key for a token with this key identifier; a token without one may use any key.
    pub fn has(&self, id: Option<&str>) -> bool {
        self.named(id).next().is_some()
    }

    /// The payload of the token, if its signature is valid.
    pub fn payload(&self, token: &str, header: &Header) -> Result<Value, Rejection> {
        let id = header.kid.as_deref();
        if !self.has(id) {
            return Err(Rejection::invalid("it is signed with a key that the provider does not publish"));
        }
        // Keys of several kinds may have the same identifier.
        let mut fitting = self.named(id).filter(|key| key.algorithms.contains(&header.alg)).peekable();
        if fitting.peek().is_none() {
            return Err(Rejection::invalid("its algorithm does not match its key"));
        }
        fitting
            .find_map(|key| decode(token, &key.public, &signature_alone(header.alg)).ok())
            .map(|data| data.claims)
            .ok_or_else(|| Rejection::invalid("its signature is not valid"))
    }

    fn named(&self, id: Option<&str>) -> impl Iterator<Item = &Key> {
        self.0.iter().filter(move |key| id.is_none() || key.id.as_deref() == id)
    }
}

impl Key {
    fn from_jwk(jwk: &Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(jwk.clone()).ok()?;
        let common = &jwk.common;
        let for_signatures = common.public_key_use.as_ref().is_none_or(|used| *used == PublicKeyUse::Signature)
            && common.key_operations.as_ref().is_none_or(|known| known.contains(&KeyOperations::Verify));
        let stated =
            |algorithm: &Algorithm| common.key_algorithm.is_none_or(|only| only == KeyAlgorithm::from(*algorithm));
        let algorithms: Vec<Algorithm> = algorithms_of(&jwk.algorithm).iter().copied().filter(stated).collect();
        if !for_signatures || algorithms.is_empty() {
            return None;
        }
        Some(Self { id: common.key_id.clone(), algorithms, public: DecodingKey::from_jwk(&jwk).ok()? })
    }
}

/// The possible algorithms of a key with these parameters; none if it is secret or of an unsupported kind.
fn algorithms_of(parameters: &AlgorithmParameters) -> &'static [Algorithm] {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    match parameters {
        AlgorithmParameters::RSA(_) => &[RS256, RS384, RS512, PS256, PS384, PS512],
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => &[ES256],
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P384 => &[ES384],
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => &[EdDSA],
        _ => &[],
    }
}

/// Validates only the signature, since the library would take the time from the system's clock.
fn signature_alone(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation
}
