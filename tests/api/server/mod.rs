//! Properties of all requests, and what is not the API: the document, the documentation, the command.

mod backup;
mod check;
mod commands;
mod compression;
mod connections;
mod database_tls;
mod dialplans;
mod documents;
mod errors;
mod given_up;
mod guides;
mod health;
mod log;
mod metrics;
mod monitoring;
mod names;
mod pages;
mod paths;
mod query;
mod replica;
mod request_id;
mod shutdown;
mod tls;
mod traces;
