//! The rules of the trade as pure functions over values: how criteria change, and what they decide.
//!
//! Nothing here knows a clock, a database or HTTP; who asks brings the time along.

pub mod criteria;
pub mod screening;
