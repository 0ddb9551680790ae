//! The verifier of the access tokens of an OpenID provider: JWTs as of RFC 9068, or alike.
//!
//! [`Verifier::verify`] goes through these, in order:
//! 1. `header`: what a token says of itself before it is believed; only asymmetric algorithms pass.
//! 2. `cache`: the keys that the provider publishes, kept and refreshed; `discovery` fetches them, and `keys` reads
//!    them.
//! 3. `signature`: the check of the signature, by *ring*.
//! 4. `claims`: issuer, audience, times, and the claims that the configuration names.
//!
//! To read a further claim, name it in [`ClaimNames`] and [`Claims`] and read it in `claims`. To take a further
//! algorithm, name it in `keys` and `signature`; `tests/tokens.json` holds a token of each.

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
pub use verifier::Verifier;
