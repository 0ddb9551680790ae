//! How somebody proves who they are: tokens of this server, and access tokens of an OpenID provider.
//!
//! Nothing here knows the database or what an identity may do.

pub mod oidc;
pub mod token;
