//! The domain rules as pure functions over values: how criteria change, and what they decide.
//!
//! This module knows no clock, no database and no HTTP; its users pass the time.

pub mod criteria;
pub mod policy;
pub mod screening;
pub mod service;
pub mod warnings;
