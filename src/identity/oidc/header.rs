//! The header of a token: read before anything is believed, and used only to choose a key.

use jsonwebtoken::{AlgorithmFamily, Header, decode_header};

use super::rejection::Rejection;

/// The types of tokens (`typ`) that may be access tokens, in lower case. Many providers say no more than `JWT`.
const TYPES: [&str; 3] = ["jwt", "at+jwt", "application/at+jwt"];

/// The header of a token that may be verified with a public key.
pub(super) fn read(token: &str) -> Result<Header, Rejection> {
    // `none` is no algorithm to the library: such a token has no header for it.
    let header = decode_header(token)
        .map_err(|_| Rejection::invalid("it is not a JWT that is signed with an algorithm known here"))?;
    // Whoever knows the public key could sign with it as a shared secret.
    if AlgorithmFamily::Hmac.algorithms().contains(&header.alg) {
        return Err(Rejection::invalid("it is signed with a shared secret and not with a private key"));
    }
    if header.typ.as_ref().is_some_and(|typ| !TYPES.contains(&typ.to_lowercase().as_str())) {
        return Err(Rejection::invalid("it is a JWT of another type (typ) than an access token"));
    }
    if header.crit.is_some() {
        return Err(Rejection::invalid("its header has extensions (crit) that are not known here"));
    }
    Ok(header)
}
