//! The format of a token, `ca_<id>_<secret>`: created, parsed and compared only here.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use call_acceptance_api::resource::token::TokenId;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

/// The prefix of all tokens, by which secret scanners recognise leaked ones.
pub const PREFIX: &str = "ca_";

/// A secret of 256 bits from the system's random source; an error if that fails.
pub fn new_secret() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// The token as it is sent.
pub fn written(id: &TokenId, secret: &str) -> String {
    format!("{PREFIX}{id}_{secret}")
}

/// The identifier and the secret of a token; `None` if it is not a token of this server.
pub fn parse(token: &str) -> Option<(TokenId, &str)> {
    let (id, secret) = token.strip_prefix(PREFIX)?.split_once('_')?;
    Some((TokenId::parse(id).ok()?, secret))
}

/// The SHA-256 digest of a secret, stored in place of it and written in hexadecimal. A secret has 256 random bits, so
/// a slow hash would not add protection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `secret`.
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// Parses a digest; `None` if `text` is not 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok().map(|()| Self(bytes))
    }

    /// Whether it is the digest of `secret`, compared in constant time.
    pub fn matches(&self, secret: &str) -> bool {
        self.0.ct_eq(&Self::of(secret).0).into()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn whatever_text_is_taken_for_a_token_is_written_as_it_was(text in "(ca_)?[0-9a-f]{30,33}_?.{0,50}|.{0,100}") {
            if let Some((id, secret)) = parse(&text) {
                prop_assert_eq!(written(&id, secret), text);
            }
        }
    }

    #[test]
    fn a_written_token_is_parsed_back() {
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
    fn a_secret_matches_only_its_own_digest() {
        // FIPS 180-4, as published by NIST for "abc".
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let digest = Digest::parse(text).expect("a digest");
        assert_eq!(digest.to_string(), text);
        assert_eq!(digest, Digest::of("abc"));
        assert!(digest.matches("abc") && !digest.matches("abd") && !digest.matches(""));
        assert_eq!([Digest::parse(""), Digest::parse(&text[1..]), Digest::parse(&text.replace('b', "x"))], [None; 3]);
    }
}
