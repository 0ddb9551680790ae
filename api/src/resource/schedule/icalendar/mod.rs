//! Calendar schedules as iCalendar (RFC 5545): published files of public holidays can be loaded, and calendar programs
//! can read a schedule.
//!
//! [`read()`] and [`write()`] are pure. The library `icalendar` knows the format: it takes content lines apart, and it
//! writes calendars. Which components the lines make is found here, as the library stops at the first fault, does not
//! tell its line, and recurses into a body of nothing but `BEGIN:` lines.

mod line;
mod moment;
mod names;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::sync::Arc;

use poem::{IntoResponse, Request, RequestBody, Response};
use poem_openapi::{
    ApiResponse, OpenApi,
    param::Path,
    payload::{ParsePayload, Payload},
    registry::{MetaSchemaRef, Registry},
    types::Type,
};

pub use self::{read::read, write::write};
use crate::{
    access::{Actor, END_USERS, GROUP_ADMINS, Read, TENANT_ADMINS, Write},
    resource::{
        schedule::{Schedule, ScheduleFolder, ScheduleType, ScheduleUpdate, Schedules, period::Period},
        tags::Tag,
    },
    value::{
        name::{GroupId, ScheduleName, TenantId, UserId},
        owner::{GroupPath, Owner, UserPath},
        text::text,
    },
    wire::{
        answer::Updated,
        payload::{MAX_BODY_BYTES, is_media_type},
        problem::{Fails, Failure, GROUP, ProblemCode, TENANT, USER, codes},
    },
};

/// The greatest number of events in a calendar: that of the periods of a schedule.
const MAX_EVENTS: usize = 200;
/// The property that holds the rule of a recurring period as the schedule has it, where other programs would not
/// understand it; `RRULE` and `RDATE` are then not looked at.
const RULE: &str = "X-CALL-ACCEPTANCE-RULE";
/// The property that holds the `startDate` of a recurring period beside [`RULE`].
const START: &str = "X-CALL-ACCEPTANCE-START";

text! {
    /// A calendar in iCalendar (RFC 5545).
    Icalendar {
        meaning: "a calendar in iCalendar (RFC 5545)",
        rule: "starts with `BEGIN:VCALENDAR`; lines end with CRLF or LF",
        length: 17..=3000000,
        pattern: r"^[^!-~]*BEGIN:VCALENDAR[\s\S]*$",
        example: "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
    }
}

/// A body of media type `text/calendar`, read as the periods that it stands for.
pub struct IcalendarBody(pub Vec<Period>);

impl Payload for IcalendarBody {
    const CONTENT_TYPE: &'static str = "text/calendar";

    fn check_content_type(content_type: &str) -> bool {
        is_media_type(content_type, Self::CONTENT_TYPE)
    }

    fn schema_ref() -> MetaSchemaRef {
        Icalendar::schema_ref()
    }

    fn register(registry: &mut Registry) {
        Icalendar::register(registry);
    }
}

impl ParsePayload for IcalendarBody {
    const IS_REQUIRED: bool = true;

    async fn from_request(_: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        let bytes = body.take()?.into_bytes_limit(MAX_BODY_BYTES).await?;
        Ok(Self(read(&bytes).map_err(Failure::invalid)?))
    }
}

poem_openapi::impl_apirequest_for_payload!(IcalendarBody,);

/// An answer of media type `text/calendar`, in UTF-8. It says so: some clients read a `text/…` that does not as ISO 8859-1.
pub struct IcalendarAnswer(String);

impl Payload for IcalendarAnswer {
    const CONTENT_TYPE: &'static str = "text/calendar";

    fn schema_ref() -> MetaSchemaRef {
        Icalendar::schema_ref()
    }

    fn register(registry: &mut Registry) {
        Icalendar::register(registry);
    }
}

impl IntoResponse for IcalendarAnswer {
    fn into_response(self) -> Response {
        self.0.with_content_type("text/calendar; charset=utf-8").into_response()
    }
}

/// 200 with a schedule as a calendar.
#[derive(ApiResponse)]
pub enum FoundIcalendar {
    /// The schedule as a calendar: an event for each of its periods.
    #[oai(status = 200)]
    Ok(IcalendarAnswer),
}

async fn view(
    schedules: &dyn Schedules,
    folder: ScheduleFolder,
    name: ScheduleName,
) -> Result<FoundIcalendar, Failure> {
    let schedule = schedules.view(folder.clone(), name).await?;
    Ok(FoundIcalendar::Ok(IcalendarAnswer(write(&folder, &schedule))))
}

async fn replace(
    schedules: &dyn Schedules,
    by: &Actor,
    folder: ScheduleFolder,
    name: ScheduleName,
    periods: Vec<Period>,
) -> Result<Updated<Schedule>, Failure> {
    let update = ScheduleUpdate { name: None, new_name: None, periods: Some(periods) };
    Ok(Updated::with(schedules.update(by, folder, name, update).await?))
}

/// Codes of an operation that reads a calendar.
const CALENDAR: u64 = codes(&[ProblemCode::BodyTooLarge, ProblemCode::UnsupportedMediaType]);
const NOT_FOUND: u64 = codes(&[ProblemCode::ScheduleNotFound]);

macro_rules! icalendar_api {
    (
        $(#[$doc:meta])* $api:ident: $codes:expr, $writers:expr, $path:literal,
        owner: ($($id:ident: $id_type:ident),*) => $owner:expr,
        view: $view:ident $view_id:literal $view_doc:literal,
        replace: $replace:ident $replace_id:literal $replace_doc:literal $(,)?
    ) => {
        $(#[$doc])*
        pub struct $api(pub Arc<dyn Schedules>);

        #[OpenApi(prefix_path = "/api/v1", tag = "Tag::CalendarSchedules")]
        impl $api {
            #[doc = $view_doc]
            ///
            /// Answers the schedule as iCalendar (RFC 5545), for calendar programs: an event for each period, in local
            /// time. `STATUS:CANCELLED` says that a period is not active. What other programs do not know, like Easter,
            /// is written as days, at most 200, and the rule beside them in `X-CALL-ACCEPTANCE-RULE`. The answer can be
            /// sent back, and then says the same.
            #[oai(path = $path, method = "get", operation_id = $view_id)]
            async fn $view(
                &self,
                _actor: Read<END_USERS>,
                $($id: Path<$id_type>,)*
                name: Path<ScheduleName>,
            ) -> Result<FoundIcalendar, Fails<{ $codes | NOT_FOUND }>> {
                let folder = ScheduleFolder { owner: $owner, kind: ScheduleType::Holiday };
                Ok(view(&*self.0, folder, name.0).await?)
            }

            #[doc = $replace_doc]
            ///
            /// Replaces the periods of a schedule that is there by the events of a calendar, so that published files of
            /// public holidays can be loaded. Each `VEVENT` becomes a period: `SUMMARY` its name, shortened to 40
            /// characters and with the date behind it where the name is taken; `DTSTART` with `DTEND` or `DURATION` its
            /// days, or its times within one day; `RRULE` and `EXDATE` its rule, for events of one day;
            /// `STATUS:CANCELLED` makes it inactive. Other properties are ignored.
            ///
            /// What a period cannot say is refused with the line that it stands on: times of a time zone or UTC (a
            /// schedule holds in the local time of its user), events with times over several days, `RDATE`, `EXRULE`,
            /// `RECURRENCE-ID`, several `RRULE`, `VTODO`, `VJOURNAL`, `VFREEBUSY`, and more than 200 events.
            #[oai(path = $path, method = "put", operation_id = $replace_id)]
            async fn $replace(
                &self,
                actor: Write<{ $writers }>,
                $($id: Path<$id_type>,)*
                name: Path<ScheduleName>,
                body: IcalendarBody,
            ) -> Result<Updated<Schedule>, Fails<{ CALENDAR | $codes | NOT_FOUND }>> {
                let folder = ScheduleFolder { owner: $owner, kind: ScheduleType::Holiday };
                Ok(replace(&*self.0, &actor.0, folder, name.0, body.0).await?)
            }
        }
    };
}

icalendar_api! {
    /// The operations on a tenant's calendar schedules as iCalendar.
    TenantCalendarScheduleIcalendarApi: TENANT, TENANT_ADMINS, "/tenants/:tenant_id/calendar_schedules/:name/icalendar/",
    owner: (tenant_id: TenantId) => Owner::Tenant(tenant_id.0),
    view: tenant_calendar_schedule_icalendar_view "tenant_calendar_schedule_icalendar_view" "View a calendar schedule of a tenant as iCalendar",
    replace: tenant_calendar_schedule_icalendar_replace "tenant_calendar_schedule_icalendar_replace" "Replace a calendar schedule of a tenant from iCalendar",
}

icalendar_api! {
    /// The operations on a group's calendar schedules as iCalendar.
    GroupCalendarScheduleIcalendarApi: GROUP, GROUP_ADMINS, "/tenants/:tenant_id/groups/:group_id/calendar_schedules/:name/icalendar/",
    owner: (tenant_id: TenantId, group_id: GroupId) => Owner::Group(GroupPath { tenant: tenant_id.0, group: group_id.0 }),
    view: group_calendar_schedule_icalendar_view "group_calendar_schedule_icalendar_view" "View a calendar schedule of a group as iCalendar",
    replace: group_calendar_schedule_icalendar_replace "group_calendar_schedule_icalendar_replace" "Replace a calendar schedule of a group from iCalendar",
}

icalendar_api! {
    /// The operations on a user's calendar schedules as iCalendar.
    UserCalendarScheduleIcalendarApi: USER, END_USERS, "/tenants/:tenant_id/groups/:group_id/users/:user_id/calendar_schedules/:name/icalendar/",
    owner: (tenant_id: TenantId, group_id: GroupId, user_id: UserId) => Owner::User(UserPath { tenant: tenant_id.0, group: group_id.0, user: user_id.0 }),
    view: user_calendar_schedule_icalendar_view "user_calendar_schedule_icalendar_view" "View a calendar schedule of a user as iCalendar",
    replace: user_calendar_schedule_icalendar_replace "user_calendar_schedule_icalendar_replace" "Replace a calendar schedule of a user from iCalendar",
}
