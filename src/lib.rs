//! The Selective Call Acceptance server: implements the contract of `call-acceptance-api` over a database.
//!
//! - [`cli`], [`config`], [`app`], [`demo`]: commands, settings, the start of the server, demonstration data.
//! - [`http`]: connections, middleware and routes.
//! - [`service`]: the ports, with the rules and transactions of each resource.
//! - [`rules`]: pure functions that change criteria and decide on calls.
//! - [`identity`]: tokens, and the access tokens of an OpenID provider.
//! - [`store`]: statements, entities and migrations of the database.
//! - [`clock`], [`telemetry`], [`systemd`], [`tls`]: the injected clock; logs and metrics; the service manager; the
//!   certificate.
//!
//! `docs/architecture.md` has the rules of each room, and the way of a request through them.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod http;
pub mod identity;
pub mod rules;
pub mod service;
pub mod store;
pub mod systemd;
pub mod telemetry;
pub mod tls;
