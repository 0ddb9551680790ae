//! Criteria: the types, the port and the six operations that services with criteria share.
//!
//! Each service has its own file here, with a call of `criteria_schemas!`, which generates the schemas of its criteria,
//! its own schemas, and a call of `criteria_api!`, which generates the operations. To add a service, add its file, its
//! [`ServiceName`](crate::resource::user_service::ServiceName), and its operations to [`Apis`](crate::Apis).

mod operations;
mod port;
mod schemas;
pub mod selective_call_acceptance;
pub mod selective_call_rejection;
mod shape;

pub use port::{CriteriaServices, Render};
pub use shape::{
    Criteria, CriteriaChange, CriteriaDescription, FromDnCriteria, FromDnCriteriaChange, MAX_CRITERIA,
    NumberListReference, NumberListSelection, OutsideSchedules, ScheduleReference, ScheduleSelection, Selection,
    Service, ServiceUpdate,
};
