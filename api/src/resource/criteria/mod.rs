//! Criteria: the types, the port and the six operations that services with criteria share.
//!
//! Each service has its own file here, with its schemas and a call of `criteria_api!`, which generates the operations.
//! To add a service, add its file, its [`ServiceName`](crate::resource::user_service::ServiceName), and its operations
//! to [`Apis`](crate::Apis).

mod operations;
mod port;
pub mod selective_call_acceptance;
mod shape;

pub use port::CriteriaServices;
pub use shape::{
    Criteria, CriteriaChange, CriteriaCreate, CriteriaUpdate, FromDnCriteria, FromDnCriteriaCreate,
    FromDnCriteriaUpdate, MAX_CRITERIA, ScheduleReference, ScheduleSelection, Selection,
};
