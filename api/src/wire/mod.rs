//! What all resources share in requests and responses: bodies, pages, preconditions, problems.
//!
//! This module knows no resource and no actor. To add a response type that several resources use, add it to [`answer`].

pub mod answer;
pub mod csv;
pub(crate) mod json;
pub(crate) mod negotiation;
pub mod page;
pub mod payload;
pub mod precondition;
pub mod problem;
pub mod validation;
