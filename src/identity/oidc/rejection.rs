//! Why an access token is not accepted.

use std::borrow::Cow;

/// Why a token is not accepted. The text holds nothing of the token, and is fit for an `error_description` of RFC 6750
/// as long as the names of the claims are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The token is not valid, for this reason.
    #[error("the access token is not valid: {0}")]
    Invalid(Cow<'static, str>),
    /// The keys of the provider were never obtained, and so no token can be judged. The log says why they were not.
    #[error("the access token cannot be verified: the keys of its provider could not be fetched")]
    Unavailable,
}

impl Rejection {
    /// A token that is not valid for `reason`.
    pub(super) fn invalid(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid(reason.into())
    }
}
