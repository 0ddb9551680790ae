//! Who is let in, and what it may do.

mod attempts;
mod basic;
mod browsers;
mod matrix;
mod open;
mod revocation;
mod tokens;
mod writers;
