//! Time and calendar schedules of a tenant, a group or a user.
//!
//! The six resources have the same operations, which the macro `schedules_api!` generates.

pub mod icalendar;
pub mod period;

use std::sync::Arc;

use async_trait::async_trait;
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    access::{Actor, END_USERS, GROUP_ADMINS, Read, TENANT_ADMINS, Write},
    resource::{schedule::period::Period, tags::Tag},
    value::{
        name::{GroupId, Ignored, ScheduleName, TenantId, UserId},
        owner::{GroupPath, Level, Owner, UserPath},
        time::TimeZone,
    },
    wire::{
        answer::{CreatedUnlessDryRun, Deleted, Found, Updated},
        page::{Limit, PageQuery, ScheduleCursor},
        payload::{Body, JsonBody},
        problem::{BODY, Fails, Failure, Fault, GROUP, ProblemCode, TENANT, USER, codes},
    },
};

/// The maximum number of schedules of one type for one owner.
pub const MAX_SCHEDULES: u64 = 1000;

/// The type of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum, Serialize)]
pub enum ScheduleType {
    /// A time schedule.
    Time,
    /// A calendar schedule.
    Holiday,
}

/// All schedules of one type of one owner.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ScheduleFolder {
    /// The owner.
    pub owner: Owner,
    /// The type.
    pub kind: ScheduleType,
}

impl ScheduleFolder {
    /// The segments of the path below `/api/v1`, not percent-encoded.
    pub fn segments(&self) -> Vec<&str> {
        let folder = match self.kind {
            ScheduleType::Time => "time_schedules",
            ScheduleType::Holiday => "calendar_schedules",
        };
        [self.owner.segments(), vec![folder]].concat()
    }
}

/// A schedule. It applies whenever one of its active periods does.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct Schedule {
    /// The name, unique among the schedules of its owner and type.
    pub name: ScheduleName,
    /// The periods.
    #[oai(validator(max_items = 1000))]
    pub periods: Vec<Period>,
}

/// A schedule to create.
#[derive(Debug, Clone, Object)]
#[oai(deny_unknown_fields)]
pub struct ScheduleCreate {
    /// The name, unique among the schedules of its owner and type.
    pub name: ScheduleName,
    /// The periods, at most 1000. The cost of evaluating their rules is limited; few rules are expensive: `FREQ=YEARLY`
    /// with `BYSETPOS`, or a `COUNT` over hundreds of years.
    #[oai(default, validator(max_items = 1000))]
    pub periods: Vec<Period>,
}

impl Body for ScheduleCreate {
    fn check(body: &Value, faults: &mut Vec<Fault>) {
        period::check_all(&body["periods"], "/periods", faults);
    }
}

/// A change of a schedule. Members left out are unchanged.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScheduleUpdate {
    /// Accepted and ignored; the path names the schedule.
    pub name: Option<Ignored>,
    /// The new name. Criteria that refer to the schedule follow.
    pub new_name: Option<ScheduleName>,
    /// The periods, with the same limits as on creation; replaces the whole list.
    #[oai(validator(max_items = 1000))]
    pub periods: Option<Vec<Period>>,
}

impl Body for ScheduleUpdate {
    fn check(body: &Value, faults: &mut Vec<Fault>) {
        period::check_all(&body["periods"], "/periods", faults);
    }
}

/// A schedule in a list.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct ScheduleEntry {
    /// The name.
    pub name: ScheduleName,
    /// The level of its owner.
    pub level: Level,
}

/// A page of schedules: the owner's, then those of the levels above, each sorted by name.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct ScheduleList {
    /// The schedules of the page.
    #[oai(validator(max_items = 1000))]
    pub schedules: Vec<ScheduleEntry>,
    /// The value of `after` for the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<ScheduleCursor>,
}

/// The port of schedules.
#[async_trait]
pub trait Schedules: Send + Sync {
    /// A page of the schedules; with `all_levels` also those of the levels above.
    async fn list(
        &self,
        folder: ScheduleFolder,
        all_levels: bool,
        page: PageQuery<ScheduleCursor>,
    ) -> Result<ScheduleList, Failure>;
    /// Creates a schedule; refused if the name is taken.
    async fn create(&self, by: &Actor, folder: ScheduleFolder, schedule: ScheduleCreate) -> Result<Schedule, Failure>;
    /// One schedule.
    async fn view(&self, folder: ScheduleFolder, name: ScheduleName) -> Result<Schedule, Failure>;
    /// Updates the schedule; refused if the new name is taken.
    async fn update(
        &self,
        by: &Actor,
        folder: ScheduleFolder,
        name: ScheduleName,
        update: ScheduleUpdate,
    ) -> Result<Schedule, Failure>;
    /// The time zone of the owner's schedules; `None` for UTC.
    async fn time_zone(&self, owner: &Owner) -> Result<Option<TimeZone>, Failure>;
    /// Deletes the schedule; refused while criteria refer to it.
    async fn delete(&self, by: &Actor, folder: ScheduleFolder, name: ScheduleName) -> Result<(), Failure>;
}

/// What the creation of a schedule is refused for, beside what every operation on schedules is.
const SCHEDULE_CREATED: u64 =
    codes(&[ProblemCode::ScheduleExists, ProblemCode::TooManySchedules, ProblemCode::BeingDeleted]);

macro_rules! schedules_api {
    (
        $(#[$doc:meta])* $api:ident: $kind:expr, $tag:literal, $codes:expr, $writers:expr,
        owner: ($($id:ident: $id_type:ident),*) => $owner:expr,
        list: $list:ident $list_id:tt $list_path:tt $list_doc:tt,
        create: $create:ident $create_id:tt $create_doc:tt,
        view: $view:ident $view_id:tt $view_path:tt $view_doc:tt,
        update: $update:ident $update_id:tt $update_doc:tt,
        delete: $delete:ident $delete_id:tt $delete_doc:tt $(,)?
    ) => {
        $(#[$doc])*
        pub struct $api(pub Arc<dyn Schedules>);

        #[OpenApi(prefix_path = "/api/v1", tag = $tag)]
        impl $api {
            #[doc = $list_doc]
            ///
            /// Returns the schedules in pages, sorted by name. With `allLevels=true` those of the levels above follow.
            #[oai(path = $list_path, method = "get", operation_id = $list_id)]
            async fn $list(
                &self,
                _actor: Read<END_USERS>,
                $($id: Path<$id_type>,)*
                /// Whether the schedules of the levels above are included.
                #[oai(name = "allLevels", default)]
                all_levels: Query<bool>,
                limit: Query<Option<Limit>>,
                /// The start of the page: the `next` of the previous page. Leave out for the first page.
                after: Query<Option<ScheduleCursor>>,
            ) -> Result<Found<ScheduleList>, Fails<{ $codes }>> {
                let folder = ScheduleFolder { owner: $owner, kind: $kind };
                let page = PageQuery { limit: limit.0.unwrap_or_default(), after: after.0 };
                Ok(Found::with(self.0.list(folder, all_levels.0, page).await?))
            }

            #[doc = $create_doc]
            ///
            /// Creates a schedule with its periods. A schedule of another level or type may have the same name.
            #[oai(path = $list_path, method = "post", operation_id = $create_id)]
            async fn $create(
                &self,
                actor: Write<{ $writers }>,
                $($id: Path<$id_type>,)*
                /// Answers as without it, and changes nothing; without `ETag` and `Location`.
                #[oai(name = "dryRun", default)]
                dry_run: Query<bool>,
                body: JsonBody<ScheduleCreate>,
            ) -> Result<CreatedUnlessDryRun<Schedule>, Fails<{ BODY | $codes | SCHEDULE_CREATED }>> {
                let folder = ScheduleFolder { owner: $owner, kind: $kind };
                let schedule = self.0.create(&actor.0.trying(dry_run.0), folder.clone(), body.0).await?;
                let name = schedule.name.clone();
                let segments = [&folder.segments()[..], &[name.as_str()]].concat();
                Ok(CreatedUnlessDryRun::at(&segments, schedule, dry_run.0))
            }

            #[doc = $view_doc]
            ///
            /// Returns one schedule with its periods.
            #[oai(path = $view_path, method = "get", operation_id = $view_id)]
            async fn $view(
                &self,
                _actor: Read<END_USERS>,
                $($id: Path<$id_type>,)*
                name: Path<ScheduleName>,
            ) -> Result<Found<Schedule>, Fails<{ $codes | codes(&[ProblemCode::ScheduleNotFound]) }>> {
                let folder = ScheduleFolder { owner: $owner, kind: $kind };
                Ok(Found::with(self.0.view(folder, name.0).await?))
            }

            #[doc = $update_doc]
            ///
            /// Merges the body into the schedule: members left out are unchanged, `periods` replaces the whole list,
            /// `newName` renames. Criteria that refer to the schedule follow.
            #[oai(path = $view_path, method = "put", operation_id = $update_id)]
            async fn $update(
                &self,
                actor: Write<{ $writers }>,
                $($id: Path<$id_type>,)*
                name: Path<ScheduleName>,
                /// Answers as without it, and changes nothing; without `ETag` and `Location`.
                #[oai(name = "dryRun", default)]
                dry_run: Query<bool>,
                body: JsonBody<ScheduleUpdate>,
            ) -> Result<Updated<Schedule>,
            Fails<{ BODY | $codes | codes(&[ProblemCode::ScheduleNotFound, ProblemCode::ScheduleExists]) }>> {
                let folder = ScheduleFolder { owner: $owner, kind: $kind };
                Ok(Updated::with(self.0.update(&actor.0.trying(dry_run.0), folder, name.0, body.0).await?))
            }

            #[doc = $delete_doc]
            ///
            /// Deletes a schedule that no criteria refers to.
            #[oai(path = $view_path, method = "delete", operation_id = $delete_id)]
            async fn $delete(
                &self,
                actor: Write<{ $writers }>,
                $($id: Path<$id_type>,)*
                name: Path<ScheduleName>,
                /// Answers as without it, and changes nothing; without `ETag` and `Location`.
                #[oai(name = "dryRun", default)]
                dry_run: Query<bool>,
            ) -> Result<Deleted,
            Fails<{ $codes | codes(&[ProblemCode::ScheduleNotFound, ProblemCode::ScheduleInUse]) }>> {
                let folder = ScheduleFolder { owner: $owner, kind: $kind };
                Ok(self.0.delete(&actor.0.trying(dry_run.0), folder, name.0).await?.into())
            }
        }
    };
}

schedules_api! {
    /// The operations on a tenant's time schedules.
    TenantTimeSchedulesApi: ScheduleType::Time, "Tag::TimeSchedules", TENANT, TENANT_ADMINS,
    owner: (tenant_id: TenantId) => Owner::Tenant(tenant_id.clone()),
    list: tenant_time_schedules_list "tenant_time_schedules_list"
        "/tenants/:tenant_id/time_schedules/" "List the time schedules of a tenant",
    create: tenant_time_schedule_create "tenant_time_schedule_create" "Create a time schedule of a tenant",
    view: tenant_time_schedule_view "tenant_time_schedule_view"
        "/tenants/:tenant_id/time_schedules/:name/" "View a time schedule of a tenant",
    update: tenant_time_schedule_update "tenant_time_schedule_update" "Update a time schedule of a tenant",
    delete: tenant_time_schedule_delete "tenant_time_schedule_delete" "Delete a time schedule of a tenant",
}

schedules_api! {
    /// The operations on a group's time schedules.
    GroupTimeSchedulesApi: ScheduleType::Time, "Tag::TimeSchedules", GROUP, GROUP_ADMINS,
    owner: (tenant_id: TenantId, group_id: GroupId) => Owner::Group(GroupPath {
        tenant: tenant_id.clone(), group: group_id.clone()
    }),
    list: group_time_schedules_list "group_time_schedules_list"
        "/tenants/:tenant_id/groups/:group_id/time_schedules/" "List the time schedules of a group",
    create: group_time_schedule_create "group_time_schedule_create" "Create a time schedule of a group",
    view: group_time_schedule_view "group_time_schedule_view"
        "/tenants/:tenant_id/groups/:group_id/time_schedules/:name/" "View a time schedule of a group",
    update: group_time_schedule_update "group_time_schedule_update" "Update a time schedule of a group",
    delete: group_time_schedule_delete "group_time_schedule_delete" "Delete a time schedule of a group",
}

schedules_api! {
    /// The operations on a user's time schedules.
    UserTimeSchedulesApi: ScheduleType::Time, "Tag::TimeSchedules", USER, END_USERS,
    owner: (tenant_id: TenantId, group_id: GroupId, user_id: UserId) => Owner::User(UserPath {
        tenant: tenant_id.clone(), group: group_id.clone(), user: user_id.clone()
    }),
    list: user_time_schedules_list "user_time_schedules_list"
        "/tenants/:tenant_id/groups/:group_id/users/:user_id/time_schedules/" "List the time schedules of a user",
    create: user_time_schedule_create "user_time_schedule_create" "Create a time schedule of a user",
    view: user_time_schedule_view "user_time_schedule_view"
        "/tenants/:tenant_id/groups/:group_id/users/:user_id/time_schedules/:name/" "View a time schedule of a user",
    update: user_time_schedule_update "user_time_schedule_update" "Update a time schedule of a user",
    delete: user_time_schedule_delete "user_time_schedule_delete" "Delete a time schedule of a user",
}

schedules_api! {
    /// The operations on a tenant's calendar schedules.
    TenantCalendarSchedulesApi: ScheduleType::Holiday, "Tag::CalendarSchedules", TENANT, TENANT_ADMINS,
    owner: (tenant_id: TenantId) => Owner::Tenant(tenant_id.clone()),
    list: tenant_calendar_schedules_list "tenant_calendar_schedules_list"
        "/tenants/:tenant_id/calendar_schedules/" "List the calendar schedules of a tenant",
    create: tenant_calendar_schedule_create "tenant_calendar_schedule_create" "Create a calendar schedule of a tenant",
    view: tenant_calendar_schedule_view "tenant_calendar_schedule_view"
        "/tenants/:tenant_id/calendar_schedules/:name/" "View a calendar schedule of a tenant",
    update: tenant_calendar_schedule_update "tenant_calendar_schedule_update" "Update a calendar schedule of a tenant",
    delete: tenant_calendar_schedule_delete "tenant_calendar_schedule_delete" "Delete a calendar schedule of a tenant",
}

schedules_api! {
    /// The operations on a group's calendar schedules.
    GroupCalendarSchedulesApi: ScheduleType::Holiday, "Tag::CalendarSchedules", GROUP, GROUP_ADMINS,
    owner: (tenant_id: TenantId, group_id: GroupId) => Owner::Group(GroupPath {
        tenant: tenant_id.clone(), group: group_id.clone()
    }),
    list: group_calendar_schedules_list "group_calendar_schedules_list"
        "/tenants/:tenant_id/groups/:group_id/calendar_schedules/" "List the calendar schedules of a group",
    create: group_calendar_schedule_create "group_calendar_schedule_create" "Create a calendar schedule of a group",
    view: group_calendar_schedule_view "group_calendar_schedule_view"
        "/tenants/:tenant_id/groups/:group_id/calendar_schedules/:name/" "View a calendar schedule of a group",
    update: group_calendar_schedule_update "group_calendar_schedule_update" "Update a calendar schedule of a group",
    delete: group_calendar_schedule_delete "group_calendar_schedule_delete" "Delete a calendar schedule of a group",
}

schedules_api! {
    /// The operations on a user's calendar schedules.
    UserCalendarSchedulesApi: ScheduleType::Holiday, "Tag::CalendarSchedules", USER, END_USERS,
    owner: (tenant_id: TenantId, group_id: GroupId, user_id: UserId) => Owner::User(UserPath {
        tenant: tenant_id.clone(), group: group_id.clone(), user: user_id.clone()
    }),
    list: user_calendar_schedules_list "user_calendar_schedules_list"
        "/tenants/:tenant_id/groups/:group_id/users/:user_id/calendar_schedules/"
        "List the calendar schedules of a user",
    create: user_calendar_schedule_create "user_calendar_schedule_create" "Create a calendar schedule of a user",
    view: user_calendar_schedule_view "user_calendar_schedule_view"
        "/tenants/:tenant_id/groups/:group_id/users/:user_id/calendar_schedules/:name/"
        "View a calendar schedule of a user",
    update: user_calendar_schedule_update "user_calendar_schedule_update" "Update a calendar schedule of a user",
    delete: user_calendar_schedule_delete "user_calendar_schedule_delete" "Delete a calendar schedule of a user",
}
