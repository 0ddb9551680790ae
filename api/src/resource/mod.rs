//! The resources, one file each: bodies, the *port* that the server implements, and the annotated operations that call
//! it.
//!
//! An operation parses, calls the port and wraps the result; it has no logic of its own. To add a resource, add its
//! file here, its port to [`Ports`](crate::Ports) and its operations to [`Apis`](crate::Apis).

pub mod anonymous_call_rejection;
pub mod audit;
pub mod criteria;
pub mod decision;
pub mod deletion;
pub mod group;
pub mod health;
pub mod number_list;
pub mod preview;
pub mod protected_callers;
pub mod refused_call;
pub mod schedule;
pub mod statistics;
pub mod tags;
pub mod tenant;
pub mod token;
pub mod transfer;
pub mod treatment;
pub mod user;
pub mod user_service;
pub mod warning;
