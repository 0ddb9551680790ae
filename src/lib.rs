//! The Selective Call Acceptance server: implements the contract of `call-acceptance-api` over a database.
//!
//! # Code map, in the order in which a request passes
//! 1. [`cli`] and [`config`]: what the operator asks for; [`app`] puts the parts together and serves.
//! 2. [`http`]: connections, request identifiers, the log line, time-out, errors as problems, routes.
//! 3. `call_acceptance_api`: parses and checks parameters and bodies, calls the port of the resource.
//! 4. [`service`]: the ports; rules and transaction boundaries. [`rules::criteria`] has the rules by which criteria
//!    change, [`rules::screening`] those by which they decide on calls; both are pure.
//! 5. [`store`]: statements over the entities of the database.
//!
//! Dependencies go one way: `http → service → {screening, store → entity}`; `criteria`, `clock`, `config` and
//! [`identity::oidc`], the verifier of access tokens, are leaves.

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
pub mod telemetry;
