//! The server, driven from outside: HTTP against real databases.
//!
//! Every test runs on both databases, each on a database of its own. One folder per resource, one file per verb or
//! rule; names are sentences. Every answer is held against the published document by [`harness`].

mod access;
mod audit_events;
mod coverage;
mod database;
mod decisions;
mod exchanges;
mod groups;
mod harness;
mod migrations;
mod outages;
mod schedules;
mod schema;
mod selective_call_acceptance;
mod server;
mod tenants;
mod user_services;
mod users;
