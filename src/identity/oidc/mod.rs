//! Verifies the access tokens of an OpenID provider: JWTs as in RFC 9068.
//!
//! [`Verifier::verify`] has these steps:
//! 1. `header`: reads the untrusted header; only asymmetric algorithms pass.
//! 2. `cache`: the cached keys of the provider; `discovery` fetches them, and `keys` parses them.
//! 3. `signature`: verifies the signature with *ring*.
//! 4. `claims`: checks the issuer, the audience and the times, and reads the configured claims.
//!
//! To read a further claim, add it to [`ClaimNames`] and [`Claims`] and read it in `claims`. To support a further
//! algorithm, add it to `keys` and `signature`; `tests/tokens.json` has a token of each.

mod cache;
mod claims;
mod config;
mod discovery;
mod header;
mod keys;
mod rejection;
mod signature;
#[cfg(test)]
mod tests;
mod verifier;

pub use claims::Claims;
pub use config::{ClaimNames, OidcConfig};
pub use rejection::Rejection;
pub use verifier::{Verifier, keys_of_provider};
