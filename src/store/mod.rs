//! The store: functions over a connection, one file for each resource. Rows are converted to contract types only here.
//!
//! Every statement has a tenant, except those that `docs/architecture.md` lists. A conflict is detected by its
//! constraint, never by a query beforehand. The store returns its own errors and chooses no problem codes. To add a
//! resource, add its entity, its migration and its file of functions.

pub mod audit;
pub mod batch;
mod column;
mod connection;
pub mod contents;
pub mod criteria;
pub mod deletion;
mod description;
mod diagnosis;
mod entity;
mod error;
pub mod export;
pub mod feed;
pub mod group;
mod idle;
pub mod import;
pub mod journal;
pub mod metrics;
pub mod migration;
pub mod number_list;
pub mod number_list_entries;
pub mod ownership;
pub mod policy;
mod prepared;
mod readiness;
pub mod refused_call;
pub mod replica;
mod row;
mod rows;
pub mod schedule;
pub mod snapshot;
pub mod statistics;
pub mod tenant;
pub mod token;
mod transaction;
pub mod user;
pub mod user_service;

pub use connection::{ConnectError, apart, beside, connect, is_embedded, migrate, time_to_cancel};
pub use description::{Description, describe};
pub use diagnosis::{Diagnosis, Facts, diagnose};
pub use error::{Constraint, StoreError};
pub use readiness::Readiness;
pub use sea_orm::{ConnectionTrait, DatabaseConnection as Connection, DatabaseTransaction as Transaction};
pub use transaction::{Aborted, End, release, rollback, savepoint, transaction};
