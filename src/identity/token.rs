//! The form of a token, `ca_<id>_<secret>`: made, taken apart and compared here, and nowhere else.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use call_acceptance_api::resource::token::TokenId;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What every token starts with, so that secret scanners find one that leaked.
pub const PREFIX: &str = "ca_";

/// A secret of 256 bits from the system's random source; an error when that has none.
pub fn new_secret() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// The token as it is sent.
pub fn written(id: &TokenId, secret: &str) -> String {
    format!("{PREFIX}{id}_{secret}")
}

/// Identifier and secret of a token that was sent; `None` when it is no token of this server.
pub fn parse(token: &str) -> Option<(TokenId, &str)> {
    let (id, secret) = token.strip_prefix(PREFIX)?.split_once('_')?;
    Some((TokenId::parse(id).ok()?, secret))
}

/// What is kept of a secret, or known of another text that must not be kept: SHA-256 in hexadecimal. A secret has 256
/// random bits, so that there is nothing for a slow hash to protect.
pub fn digest(secret: &str) -> String {
    Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether `secret` is the one that `kept` is the digest of, in a time that tells nothing of either.
pub fn matches(kept: &str, secret: &str) -> bool {
    kept.as_bytes().ct_eq(digest(secret).as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_apart_as_it_was_written() {
        let id = TokenId::parse("0193a0c03a527c408a3e7f2b9f6d1c55").expect("an identifier");
        let secret = new_secret().expect("the system has random bytes");
        assert_eq!(secret.len(), 43);
        assert_ne!(Ok(secret.clone()), new_secret());
        assert_eq!(parse(&written(&id, &secret)), Some((id, secret.as_str())));
        for wrong in ["", "ca_", "ca__", "ca_0193_x", "xx_0193a0c03a527c408a3e7f2b9f6d1c55_x", "a.b.c"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_secret_matches_its_own_digest_only() {
        // FIPS 180-4, as published by NIST for "abc".
        assert_eq!(digest("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert!(matches(&digest("abc"), "abc"));
        assert!(!matches(&digest("abc"), "abd"));
        assert!(!matches("", "abc"));
    }
}
