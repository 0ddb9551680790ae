//! Authentication and authorization.

mod attempts;
mod basic;
mod browsers;
mod matrix;
mod open;
mod revocation;
mod tokens;
mod writers;
