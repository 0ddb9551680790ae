//! What goes over the wire whatever the resource: bodies, answers, pages, preconditions, problems.
//!
//! Nothing here names a resource, or knows who sends a request. To add a form of answer that several resources give,
//! add it to [`answer`].

pub mod answer;
mod json;
pub mod page;
pub mod payload;
pub mod precondition;
pub mod problem;
pub mod validation;
