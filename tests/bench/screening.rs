//! What a decision costs, and what it costs to get ready for one.

use std::{collections::HashMap, hint::black_box};

use call_acceptance::rules::{
    criteria::{KeptCriteria, ScheduleLink},
    screening::{Call, Place, Screening},
};
use call_acceptance_api::{
    resource::{
        criteria::{FromDnCriteria, ScheduleReference, Selection},
        schedule::{ScheduleType, period::Period},
    },
    value::{
        name::{CriteriaName, ScheduleName},
        owner::Level,
        phone_number::{PhoneNumberPattern, Region},
        time::TimeZone,
    },
};
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};
use uuid::Uuid;

type Periods = HashMap<Uuid, Vec<Period>>;

const CRITERIA: i32 = 100;
const NUMBERS: i64 = 500;

fn place() -> Place {
    Place {
        region: Some(Region::parse("BE").expect("a region")),
        time_zone: Some(TimeZone::parse("Europe/Brussels").expect("a time zone")),
    }
}

fn criteria(position: i32, numbers: impl Iterator<Item = String>) -> KeptCriteria {
    KeptCriteria {
        position,
        name: CriteriaName::parse(&format!("criteria {position}")).expect("a name"),
        active: true,
        do_not_perform_action: position % 2 == 0,
        from_dn_criteria: FromDnCriteria {
            selection: Selection::SpecifiedOnly,
            include_anonymous_callers: false,
            include_unavailable_callers: false,
            phone_numbers: numbers.map(|number| PhoneNumberPattern::parse(&number).expect("a pattern")).collect(),
        },
        time_schedule: None,
        holiday_schedule: None,
    }
}

/// A user with as many criteria and numbers as can be; `number` makes the numbers.
fn greatest(number: impl Fn(i64) -> String) -> Vec<KeptCriteria> {
    let numbers = |position: i32| (0..NUMBERS).map(move |at| i64::from(position) * NUMBERS + at);
    (0..CRITERIA).map(|position| criteria(position, numbers(position).map(&number))).collect()
}

/// A mobile number in Belgium.
fn exact(n: i64) -> String {
    format!("+32470{n:06}")
}

/// `n` in 16 digits of which each is fixed or a `?`, all different.
fn with_question_marks(n: i64) -> String {
    (0..16).map(|bit| if n >> bit & 1 == 1 { '?' } else { '4' }).collect()
}

fn every_caller(position: i32, schedule: Uuid) -> KeptCriteria {
    let reference = ScheduleReference {
        level: Level::User,
        name: ScheduleName::parse("schedule").expect("a name"),
        kind: ScheduleType::Time,
    };
    let mut criteria = criteria(position, std::iter::empty());
    criteria.from_dn_criteria.selection = Selection::Any;
    criteria.time_schedule = Some(ScheduleLink { id: schedule, reference });
    criteria
}

fn period(mut json: Value) -> Period {
    json["name"] = "period".into();
    json["active"] = true.into();
    serde_json::from_value(json).expect("a period")
}

fn recurrence(rule: &str) -> Period {
    period(json!({"type": "Recurrence", "startDate": "1970-01-01", "rule": rule}))
}

/// Criteria for every caller, each with a schedule of its own of 20 periods that do not hold at the instant of the call.
fn scheduled(of: impl Fn(i32) -> Period) -> (Vec<KeptCriteria>, Periods) {
    let key = |position: i32| Uuid::from_u128(position.unsigned_abs().into());
    let criteria = (0..CRITERIA).map(|position| every_caller(position, key(position))).collect();
    (criteria, (0..CRITERIA).map(|position| (key(position), (0..20).map(&of).collect())).collect())
}

fn mixed(at: i32) -> Period {
    match at % 5 {
        0 => {
            period(json!({"type": "Day of the week", "dayOfWeek": "Monday", "startTime": "9:00", "stopTime": "17:00"}))
        }
        1 => period(json!({"type": "Day of the month", "dayOfMonth": 13})),
        2 => period(json!({"type": "Date", "startDate": "2026-07-01", "stopDate": "2026-08-31"})),
        3 => recurrence("FREQ=MONTHLY;BYDAY=-1WE"),
        _ => recurrence("FREQ=YEARLY;BYEASTER=0"),
    }
}

/// Three criteria: friends at any time, the company in office hours, nobody from abroad at weekends.
fn typical() -> (Vec<KeptCriteria>, Periods) {
    let office = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"].map(|day| {
        period(json!({"type": "Day of the week", "dayOfWeek": day, "startTime": "9:00", "stopTime": "17:00"}))
    });
    let weekend = vec![recurrence("FREQ=WEEKLY;BYDAY=SA,SU")];
    let keys = [Uuid::from_u128(1), Uuid::from_u128(2)];
    let friends = criteria(1, ["+32470000001", "0470000002", "+32470000003"].map(str::to_owned).into_iter());
    let mut company = every_caller(3, keys[0]);
    company.from_dn_criteria = criteria(3, std::iter::once("+322512*".to_owned())).from_dn_criteria;
    let mut abroad = every_caller(2, keys[1]);
    abroad.do_not_perform_action = true;
    (vec![friends, abroad, company], HashMap::from([(keys[0], office.to_vec()), (keys[1], weekend)]))
}

fn call(number: &str) -> Call<'_> {
    // A Friday that is the 25th.
    let at = "2026-12-25T09:30:00+01:00".parse().expect("an instant");
    Call { calling_number: Some(number), presentation: None, at }
}

#[expect(clippy::print_stdout, reason = "a benchmark reports to the terminal")]
fn decide(c: &mut Criterion, name: &str, (criteria, periods): &(Vec<KeptCriteria>, Periods), number: &str) {
    let screening = Screening::compile(&place(), criteria, periods).expect("criteria that can be compiled");
    println!("{name}: {} bytes, {:?}", screening.weight(), screening.decide(&call(number)).reason);
    c.bench_function(name, |b| b.iter(|| screening.decide(black_box(&call(number))).reason));
}

fn compile(c: &mut Criterion, name: &str, (criteria, periods): &(Vec<KeptCriteria>, Periods)) {
    c.bench_function(name, |b| b.iter(|| Screening::compile(&place(), black_box(criteria), periods).is_ok()));
}

fn one_recurrence(rule: &str) -> (Vec<KeptCriteria>, Periods) {
    let key = Uuid::from_u128(1);
    (vec![every_caller(1, key)], HashMap::from([(key, vec![recurrence(rule)])]))
}

fn decisions(c: &mut Criterion) {
    let numbers = (greatest(exact), HashMap::new());
    decide(c, "decide/typical, 3 criteria", &typical(), "+3225126777");
    decide(c, "decide/50,000 numbers, miss", &numbers, "+3225126777");
    decide(c, "decide/50,000 numbers, miss, national", &numbers, "025126777");
    decide(c, "decide/50,000 numbers, hit the last", &numbers, "0470049999");
    let prefixes = (greatest(|n| format!("+49{n:05}*")), HashMap::new());
    decide(c, "decide/50,000 prefixes, miss", &prefixes, "+3225126777");
    decide(c, "decide/50,000 prefixes, hit", &prefixes, "+49499991");
    let shapes = (greatest(with_question_marks), HashMap::new());
    decide(c, "decide/50,000 different places of ?, miss", &shapes, "+3225126777");
    decide(c, "decide/50,000 different places of ?, miss, same length", &shapes, "8888888888888888");
    decide(c, "decide/100 schedules of 20 periods", &scheduled(mixed), "+3225126777");
    for rule in ["FREQ=YEARLY;BYDAY=FR;BYSETPOS=1", "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=200,-200"] {
        let positions = scheduled(|_| recurrence(rule));
        decide(c, &format!("decide/100 schedules of 20 {rule}"), &positions, "+3225126777");
    }
}

fn compilations(c: &mut Criterion) {
    compile(c, "compile/typical, 3 criteria", &typical());
    compile(c, "compile/50,000 numbers", &(greatest(exact), HashMap::new()));
    compile(c, "compile/50,000 different places of ?", &(greatest(with_question_marks), HashMap::new()));
    compile(c, "compile/100 schedules of 20 periods", &scheduled(mixed));
    for rule in ["FREQ=DAILY", "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"] {
        compile(c, &format!("compile/{rule};COUNT=1000000"), &one_recurrence(&format!("{rule};COUNT=1000000")));
    }
}

criterion_group!(screening, decisions, compilations);
criterion_main!(screening);
