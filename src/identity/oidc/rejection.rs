//! Why an access token is not accepted.

use std::borrow::Cow;

/// Why a token is not accepted. The text contains nothing from the token, and is suitable as an `error_description` of
/// RFC 6750 if the names of the claims are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The token is not valid, for this reason.
    #[error("the access token is not valid: {0}")]
    Invalid(Cow<'static, str>),
    /// No keys of the provider are known, so tokens cannot be verified. The log has the cause.
    #[error("the access token cannot be verified: the keys of its provider could not be fetched")]
    Unavailable,
}

impl Rejection {
    /// An invalid token, with the reason.
    pub(super) fn invalid(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid(reason.into())
    }
}
