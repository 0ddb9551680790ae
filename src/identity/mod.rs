//! Authentication: tokens of this server, and access tokens of an OpenID provider.
//!
//! This module does not use the database, and does not decide what an identity may do.

pub mod oidc;
pub mod token;
