//! Criteria: the shape that every service with criteria has, the port behind all of them, and their six operations.
//!
//! Each service has a file of its own here, with what is its own: its schemas, and a use of `criteria_api!`, which
//! writes the operations. To add a service, add its file, its
//! [`ServiceName`](crate::resource::user_service::ServiceName), and its operations to [`Apis`](crate::Apis).

mod operations;
mod port;
pub mod selective_call_acceptance;
mod shape;

pub use port::CriteriaServices;
pub use shape::{
    Criteria, CriteriaChange, CriteriaCreate, CriteriaUpdate, FromDnCriteria, FromDnCriteriaCreate,
    FromDnCriteriaUpdate, MAX_CRITERIA, ScheduleReference, ScheduleSelection, Selection,
};
