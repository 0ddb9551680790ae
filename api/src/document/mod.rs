//! The published document: what poem-openapi generates, finished into a clean OpenAPI 3.0.3 document.
//!
//! The same bytes are checked in under `spec/`, printed by `call-acceptance openapi`, served, and shown by Swagger UI.
//! Whoever reads the document as data follows its references with [`resolve`]; what a request needs of it is in
//! [`operations`].
//!
//! To publish something else than the types say, add a step to the file of its subject and name it in `published.rs`.

mod access;
mod components;
mod examples;
mod finishing;
mod layout;
pub mod operations;
mod published;
pub mod spec_only;
mod walk;

pub use operations::body_schemas;
pub use published::{DOCUMENT, example, json, resolve, yaml};
