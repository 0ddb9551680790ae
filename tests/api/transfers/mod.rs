//! Whole tenants in and out.

mod command;
mod export;
mod plan;
mod readers;
mod round_trip;
mod tenant;

/// The export of the tenant `foo`.
const EXPORT: &str = "/api/v1/tenants/foo/export/";
