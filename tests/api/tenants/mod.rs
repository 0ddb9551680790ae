//! Tenants: one file per verb.

mod create;
