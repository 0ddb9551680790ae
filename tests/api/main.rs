//! Tests of the server from outside: HTTP against real databases.
//!
//! Every test runs on both databases, each with its own database. One folder for each resource, one file for each verb
//! or rule; names are sentences. [`harness`] validates every response against the published document.

mod access;
mod anonymous_call_rejection;
mod audit_events;
mod certificates;
mod coverage;
mod database;
mod decisions;
mod dry_run;
mod exchanges;
mod groups;
mod harness;
mod imports;
mod migrations;
mod number_lists;
mod outages;
mod preview;
mod protected_callers;
mod schedules;
mod schema;
mod scrape;
mod selective_call_acceptance;
mod selective_call_rejection;
mod server;
mod statistics;
mod tenants;
mod transfers;
mod treatments;
mod user_services;
mod users;
mod warnings;
