//! The published document: the document that poem-openapi generates, finished into clean OpenAPI 3.0.3.
//!
//! The same bytes are checked in under `spec/`, printed by `call-acceptance openapi`, served, and shown by Swagger UI.
//! To read the document as data, follow its references with [`resolve`]; [`operations`] has what the server needs for
//! each request.
//!
//! To publish something that the types do not express, add a step to the file of its subject and call it in
//! `published.rs`.

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
