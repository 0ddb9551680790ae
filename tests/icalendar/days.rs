//! Loads calendars as the server does and says when their schedules hold, by the code that decides on calls.
//!
//! `tests/icalendar/compare` asks: a line of JSON for each calendar, `{"file", "zone", "first", "last", "minutes"}`,
//! the minutes being those of each day from the first to the last one that are asked for. The answer is a line of JSON,
//! `{"holds", "periods", "calendar"}` or `{"faults"}`: `holds` has a character for each minute of each day, `1` where a
//! call is accepted, `0` where it is not and `-` where the clock does not show that minute; `calendar` is what is
//! written.

use std::{
    collections::HashMap,
    io::{BufRead as _, Write as _},
};

use call_acceptance::rules::{
    criteria::{KeptCriteria, ScheduleLink},
    screening::{Call, Place, Screening},
    service::KeptService,
};
use call_acceptance_api::{
    resource::{
        criteria::{FromDnCriteria, ScheduleReference, Selection},
        decision::Verdict,
        schedule::{
            Schedule, ScheduleFolder, ScheduleType,
            icalendar::{Reading, read, write},
            period::Period,
        },
        user_service::ServiceName,
    },
    value::{
        name::{CriteriaName, ScheduleName, TenantId},
        owner::{Level, Owner},
        time::TimeZone,
    },
};
use jiff::{ToSpan as _, civil, tz};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

type Error = Box<dyn std::error::Error>;

#[derive(Deserialize)]
struct Question {
    file: String,
    zone: String,
    first: String,
    last: String,
    minutes: Vec<i64>,
}

fn main() -> Result<(), Error> {
    let mut output = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let question: Question = serde_json::from_str(&line?)?;
        writeln!(output, "{}", answer(&question)?)?;
    }
    Ok(())
}

fn answer(question: &Question) -> Result<Value, Error> {
    let zone = tz::TimeZone::get(&question.zone)?;
    let reading = Reading { zone: Some(zone.clone()), ..Reading::default() };
    let periods = match read(&std::fs::read(&question.file)?, &reading) {
        Ok(loaded) => loaded.periods,
        Err(faults) => return Ok(json!({ "faults": faults })),
    };
    let folder = ScheduleFolder { owner: Owner::Tenant(TenantId::parse("foo")?), kind: ScheduleType::Holiday };
    let schedule = Schedule { name: ScheduleName::parse("Holidays")?, periods: periods.clone() };
    let calendar = write(&folder, &schedule, &zone);
    let count = periods.len();
    let screening = screening(periods, &question.zone)?;
    let (first, last): (civil::Date, civil::Date) = (question.first.parse()?, question.last.parse()?);
    let days = first.series(1.day()).take_while(|day| *day <= last);
    let ask = |day: civil::Date, minute: i64| -> Result<char, Error> {
        let local = day.to_datetime(civil::Time::midnight()) + minute.minutes();
        let at = zone.to_timestamp(local)?;
        let (internal, forwarded, is_emergency_callback) = (false, false, false);
        let call = Call { calling_number: None, presentation: None, internal, forwarded, is_emergency_callback, at };
        Ok(match screening.decide(&call, &[]).reason.verdict() {
            _ if zone.to_datetime(at) != local => '-',
            Verdict::Accept => '1',
            Verdict::Reject => '0',
        })
    };
    let asked = days.flat_map(|day| question.minutes.iter().map(move |minute| (day, *minute)));
    let holds = asked.map(|(day, minute)| ask(day, minute)).collect::<Result<String, _>>()?;
    Ok(json!({ "holds": holds, "periods": count, "calendar": calendar }))
}

/// A user in `zone` with one criteria, which accepts every call while the schedule applies.
fn screening(periods: Vec<Period>, zone: &str) -> Result<Screening, Error> {
    let id = Uuid::nil();
    let reference =
        ScheduleReference { level: Level::Tenant, name: ScheduleName::parse("Holidays")?, kind: ScheduleType::Holiday };
    let criteria = KeptCriteria {
        position: 0,
        name: CriteriaName::parse("holidays")?,
        description: None,
        active: true,
        valid_from: None,
        valid_until: None,
        do_not_perform_action: false,
        from_dn_criteria: FromDnCriteria {
            selection: Selection::Any,
            include_anonymous_callers: false,
            include_unavailable_callers: false,
            include_internal_callers: false,
            phone_numbers: Vec::new(),
            number_lists: Vec::new(),
        },
        number_lists: Vec::new(),
        time_schedule: None,
        holiday_schedule: Some(ScheduleLink { id, reference }),
    };
    let place = Place { region: None, time_zone: Some(TimeZone::parse(zone)?) };
    let service = KeptService { criteria: vec![criteria], ..KeptService::new(ServiceName::SelectiveCallAcceptance) };
    Ok(Screening::compile(&place, &[service], &HashMap::from([(id, periods)]))?)
}
