//! The ports of the contract, one file for each resource, and what they share.
//!
//! Rules are in [`rules`](crate::rules), statements in the [`store`](crate::store), HTTP is in front; here are the
//! transactions, and which rule and which statement they join. Shared are: the [`Server`], its changes (`change`),
//! owners that are not there (`owner`), audit records (`record`), deletions with what a thing holds (`deletion`), what
//! is in memory (`snapshots`, `identities`, `called_numbers`; `flights`, the loads of the first two), and the work in
//! the background (`background`).

mod audit;
mod authentication;
mod background;
mod called_numbers;
mod change;
mod criteria;
mod decision;
mod deletion;
mod failure;
mod flights;
mod group;
mod health;
mod identities;
mod owner;
mod record;
mod refusals;
mod schedule;
mod server;
mod snapshots;
mod tenant;
mod token;
mod unknown_numbers;
mod user;
mod user_service;
mod writers;

pub use authentication::{Credentials, not_good};
pub use refusals::refusals_not_recorded;
pub use server::Server;
