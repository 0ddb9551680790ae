//! One entity per table, plain column types. They stay inside the store.

pub mod audit_events;
pub mod changes;
pub mod criteria;
pub mod criteria_number_lists;
pub mod deletions;
pub mod groups;
pub mod import_errors;
pub mod imports;
pub mod number_list_entries;
pub mod number_lists;
pub mod refused_calls;
pub mod schedules;
pub mod statistics;
pub mod tenants;
pub mod tokens;
pub mod user_services;
pub mod users;
