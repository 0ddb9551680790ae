//! Calendar schedules as iCalendar (RFC 5545): published files of public holidays can be loaded, and calendar programs
//! can read a schedule.
//!
//! [`read()`] and [`write()`] are pure, and bounded in time. Reading has these steps: `octets.rs` splits a file into
//! lines; `line.rs` parses lines into properties; `component.rs` groups properties into events and time zones;
//! `event.rs` parses events with `moment.rs` and `zone.rs`; `series.rs` finds the days of events with `rule.rs` and
//! `shift.rs`; `read.rs` turns those into periods with `names.rs`. Published files often violate RFC 5545; the code
//! says where a violation is tolerated. Writing uses the `icalendar` library.
//!
//! The reference for the meaning of a file is `recurring_ical_events`, with which `make test-icalendar` compares.

mod component;
mod event;
mod line;
mod moment;
mod names;
mod octets;
mod own;
mod read;
mod rule;
mod series;
mod shift;
#[cfg(test)]
mod tests;
mod windows;
mod write;
mod zone;

use std::sync::Arc;

use jiff::tz;
use poem::{IntoResponse, Request, RequestBody, Response};
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Path, Query},
    payload::{ParsePayload, Payload},
    registry::{MetaSchemaRef, Registry},
    types::Type,
};
use serde::Serialize;

pub use self::{
    read::{Loaded, Reading, read},
    write::write,
};
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
        payload::{MAX_BODY_BYTES, is_media_type, off_the_async_threads},
        problem::{Fails, Failure, Fault, GROUP, ProblemCode, TENANT, USER, codes},
    },
};

text! {
    /// A calendar in iCalendar format (RFC 5545).
    Icalendar {
        meaning: "a calendar in iCalendar (RFC 5545)",
        rule: "starts with `BEGIN:VCALENDAR`; lines end with CRLF or LF",
        length: 17..=3000000,
        pattern: r"^[^!-~]*BEGIN:VCALENDAR[\s\S]*$",
        example: "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
    }
}

text! {
    /// A text for excluding events of a calendar.
    ExcludedText {
        meaning: "a text that excludes events",
        rule: "1 to 200 characters; case-insensitive",
        length: 1..=200,
        pattern: r"^[\s\S]*$",
        example: "observance",
    }
}

/// A body of media type `text/calendar`, unparsed.
pub struct IcalendarBody(pub Vec<u8>);

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
        Ok(Self(body.take()?.into_bytes_limit(MAX_BODY_BYTES).await?.into()))
    }
}

poem_openapi::impl_apirequest_for_payload!(IcalendarBody,);

/// A response of media type `text/calendar` with charset UTF-8, since some clients take `text/…` without one for ISO
/// 8859-1.
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
    /// The schedule as a calendar: one event for each period.
    #[oai(status = 200)]
    Ok(IcalendarAnswer),
}

/// An event of a calendar that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct SkippedEvent {
    /// The number of the line that cannot be expressed as a period, from 1.
    #[oai(validator(minimum(value = "1"), maximum(value = "1048577")))]
    pub line: i32,
    /// What is not supported, and what would be.
    #[oai(validator(max_length = 2000))]
    pub detail: String,
}

/// A schedule after it was loaded from a calendar.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct LoadedSchedule {
    /// The name, unique among the schedules of its owner and type.
    pub name: ScheduleName,
    /// The periods.
    #[oai(validator(max_items = 1000))]
    pub periods: Vec<Period>,
    /// The events that were left out, in the order of their lines; only with `skip=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(max_items = 50000))]
    pub skipped: Option<Vec<SkippedEvent>>,
}

/// Number of bytes of a JSON body that take as long as one byte of a calendar, whose rules must be evaluated.
const COST_OF_A_BYTE: usize = 100;

async fn view(
    schedules: &dyn Schedules,
    folder: ScheduleFolder,
    name: ScheduleName,
) -> Result<FoundIcalendar, Failure> {
    let schedule = schedules.view(folder.clone(), name).await?;
    let zone = zone(schedules, &folder).await?;
    let text = off_the_async_threads(usize::MAX, move || Ok::<_, Failure>(write(&folder, &schedule, &zone))).await?;
    Ok(FoundIcalendar::Ok(IcalendarAnswer(text)))
}

/// The time zone of the owner of the schedules; UTC if this server does not know it.
async fn zone(schedules: &dyn Schedules, folder: &ScheduleFolder) -> Result<tz::TimeZone, Failure> {
    let zone = schedules.time_zone(&folder.owner).await?;
    Ok(zone.and_then(|zone| tz::TimeZone::get(zone.as_str()).ok()).unwrap_or(tz::TimeZone::UTC))
}

async fn replace(
    schedules: &dyn Schedules,
    by: &Actor,
    folder: ScheduleFolder,
    name: ScheduleName,
    (octets, skip, exclude): (Vec<u8>, bool, Vec<ExcludedText>),
) -> Result<Updated<LoadedSchedule>, Failure> {
    let exclude = exclude.into_iter().map(String::from).collect();
    let reading = Reading { zone: Some(zone(schedules, &folder).await?), skip, exclude };
    let cost = octets.len().saturating_mul(COST_OF_A_BYTE);
    let loaded = off_the_async_threads(cost, move || read(&octets, &reading).map_err(Failure::invalid)).await?;
    let update = ScheduleUpdate { name: None, new_name: None, periods: Some(loaded.periods) };
    let Schedule { name, periods } = schedules.update(by, folder, name, update).await?;
    let skipped = |fault: Fault| SkippedEvent { line: fault.line.unwrap_or(1), detail: fault.detail };
    let skipped = skip.then(|| loaded.skipped.into_iter().map(skipped).collect());
    Ok(Updated::with(LoadedSchedule { name, periods, skipped }))
}

/// Codes of operations that read a calendar.
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
            /// Returns the schedule as iCalendar (RFC 5545) for calendar programs: one event in local time for each
            /// period. Rules that other programs do not support, such as Easter, are written as up to 200 days, with
            /// the rule in `X-CALL-ACCEPTANCE-RULE`. Periods that are inactive (`STATUS:CANCELLED`) or without days are
            /// not displayed by calendar programs. The response can be sent back and results in the same schedule.
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
            /// Replaces the periods of an existing schedule by the events of a calendar, such as a published file of
            /// public holidays, at most 1 MiB. Each `VEVENT` becomes a period, or several if one cannot express it:
            /// `SUMMARY` its name, shortened to 40 characters and followed by the date if the name is taken; `DTSTART`
            /// with `DTEND` or `DURATION` its days and times; `RRULE`, `RDATE` and `EXDATE` its rule; events with
            /// `RECURRENCE-ID` the days that were moved; `STATUS:CANCELLED` makes it inactive. Whole days are kept as
            /// days in whatever time zone they are written, and an end at 23:59 is the end of the day. Other properties
            /// and components are ignored, and so are days before 1970 of a recurring event.
            ///
            /// Events that periods cannot express are refused with their lines, the first 100 at once: parts of days in
            /// a time zone whose local times differ from those of the owner's zone, rules that recur more than once a
            /// day, `EXRULE`, `RANGE=THISANDFUTURE`, and more than 1000 periods. With `skip=true` such events are left
            /// out instead, and listed in `skipped`.
            #[oai(path = $path, method = "put", operation_id = $replace_id)]
            async fn $replace(
                &self,
                actor: Write<{ $writers }>,
                $($id: Path<$id_type>,)*
                name: Path<ScheduleName>,
                /// Whether events that periods cannot express are left out and listed in the response; by default they
                /// are refused.
                #[oai(default)]
                skip: Query<bool>,
                /// Excludes events whose `SUMMARY`, `CATEGORIES` or `DESCRIPTION` contains this text, in upper or lower
                /// case. Feeds mix observances with days off; `exclude=observance` excludes the former. May be
                /// repeated.
                #[oai(default, validator(max_items = 10))]
                exclude: Query<Vec<ExcludedText>>,
                /// Answers as without it, and changes nothing; without `ETag` and `Location`.
                #[oai(name = "dryRun", default)]
                dry_run: Query<bool>,
                body: IcalendarBody,
            ) -> Result<Updated<LoadedSchedule>, Fails<{ CALENDAR | $codes | NOT_FOUND }>> {
                let folder = ScheduleFolder { owner: $owner, kind: ScheduleType::Holiday };
                Ok(replace(&*self.0, &actor.0.trying(dry_run.0), folder, name.0, (body.0, skip.0, exclude.0)).await?)
            }
        }
    };
}

icalendar_api! {
    /// The operations on a tenant's calendar schedules as iCalendar.
    TenantCalendarScheduleIcalendarApi: TENANT, TENANT_ADMINS,
        "/tenants/:tenant_id/calendar_schedules/:name/icalendar/",
    owner: (tenant_id: TenantId) => Owner::Tenant(tenant_id.0),
    view: tenant_calendar_schedule_icalendar_view "tenant_calendar_schedule_icalendar_view" "View a calendar schedule \
        of a tenant as iCalendar",
    replace: tenant_calendar_schedule_icalendar_replace "tenant_calendar_schedule_icalendar_replace" "Replace a \
        calendar schedule of a tenant from iCalendar",
}

icalendar_api! {
    /// The operations on a group's calendar schedules as iCalendar.
    GroupCalendarScheduleIcalendarApi: GROUP, GROUP_ADMINS,
        "/tenants/:tenant_id/groups/:group_id/calendar_schedules/:name/icalendar/",
    owner: (tenant_id: TenantId,
    group_id: GroupId) => Owner::Group(GroupPath { tenant: tenant_id.0, group: group_id.0 }),
    view: group_calendar_schedule_icalendar_view "group_calendar_schedule_icalendar_view" "View a calendar schedule \
        of a group as iCalendar",
    replace: group_calendar_schedule_icalendar_replace "group_calendar_schedule_icalendar_replace" "Replace a \
        calendar schedule of a group from iCalendar",
}

icalendar_api! {
    /// The operations on a user's calendar schedules as iCalendar.
    UserCalendarScheduleIcalendarApi: USER, END_USERS,
        "/tenants/:tenant_id/groups/:group_id/users/:user_id/calendar_schedules/:name/icalendar/",
    owner: (tenant_id: TenantId, group_id: GroupId, user_id: UserId) => Owner::User(UserPath {
        tenant: tenant_id.0, group: group_id.0, user: user_id.0
    }),
    view: user_calendar_schedule_icalendar_view "user_calendar_schedule_icalendar_view" "View a calendar schedule of \
        a user as iCalendar",
    replace: user_calendar_schedule_icalendar_replace "user_calendar_schedule_icalendar_replace" "Replace a calendar \
        schedule of a user from iCalendar",
}
