//! The ports of the contract, one file for each resource, and what they share.
//!
//! This module joins rules ([`rules`](crate::rules)) and statements ([`store`](crate::store)) in transactions; it
//! knows no HTTP. Shared are the [`Server`], changes (`change`, and `write` for what is in them), missing owners
//! (`owner`), audit records (`record`), lists over several levels (`levels`), deletions (`deletion`, and `cascade`
//! for those in the background), caches (`snapshots`, `identities`, `called_numbers`, `views`; `flights` for the
//! loads of the first two), the counting of calls (`counting`), background tasks (`background`), reads from a
//! replica (`read`, `replica`), and metrics (`metrics`, `observe`).

mod anonymous_call_rejection;
mod audit;
mod authentication;
mod background;
mod called_numbers;
mod cascade;
mod change;
mod counting;
mod criteria;
mod decision;
mod deletion;
mod export;
mod failure;
mod flights;
mod group;
mod health;
mod identities;
mod import;
mod levels;
mod metrics;
mod number_list;
mod observe;
mod owner;
mod policy;
mod preview;
mod read;
mod record;
mod refusals;
mod refused_call;
mod replica;
mod schedule;
mod server;
mod snapshots;
mod statistics;
mod tenant;
mod token;
mod unknown_numbers;
mod user;
mod user_service;
mod views;
mod warning;
mod write;
mod writers;

pub use authentication::{Credentials, invalid_credentials};
pub use refusals::refusals_not_recorded;
pub use replica::Replica;
pub use server::Server;
