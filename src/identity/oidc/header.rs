//! Reads the header of a token. It is not trusted yet, and only used to choose a key.

use jsonwebtoken::{AlgorithmFamily, Header, decode_header};

use super::rejection::Rejection;

/// Values of `typ` that access tokens have, in lower case. Many providers use just `JWT`.
const TYPES: [&str; 3] = ["jwt", "at+jwt", "application/at+jwt"];

/// The header, if the token can be verified with a public key.
pub(super) fn read(token: &str) -> Result<Header, Rejection> {
    // The library does not know the algorithm `none`, so such a token has no valid header.
    let header =
        decode_header(token).map_err(|_| Rejection::invalid("it is not a JWT with a supported signature algorithm"))?;
    // Else anyone who knows the public key could use it as a shared secret for signing.
    if AlgorithmFamily::Hmac.algorithms().contains(&header.alg) {
        return Err(Rejection::invalid("it is signed with a shared secret instead of a private key"));
    }
    if header.typ.as_ref().is_some_and(|typ| !TYPES.contains(&typ.to_lowercase().as_str())) {
        return Err(Rejection::invalid("its type (typ) is not that of an access token"));
    }
    if header.crit.is_some() {
        return Err(Rejection::invalid("its header has unsupported extensions (crit)"));
    }
    Ok(header)
}
