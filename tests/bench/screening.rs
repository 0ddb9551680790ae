//! The cost of a decision, of compiling the data for it, and of the warnings about it.

use std::{collections::HashMap, hint::black_box, sync::Arc};

use call_acceptance::rules::{
    criteria::{KeptCriteria, ScheduleLink},
    screening::{Call, NumberList, Place, Screening},
    service::KeptService,
    warnings::{Outlook, Subject},
};
use call_acceptance_api::{
    resource::{
        criteria::{FromDnCriteria, ScheduleReference, Selection},
        schedule::{
            ScheduleType,
            period::{MAX_PERIODS, Period, too_dear_of},
        },
        user_service::ServiceName,
    },
    value::{
        name::{CriteriaName, ScheduleName},
        owner::Level,
        phone_number::{PhoneNumberPattern, Region},
        time::{Date, TimeOfDay, TimeZone},
    },
};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use jiff::{ToSpan, civil};
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
        description: None,
        active: true,
        valid_from: None,
        valid_until: None,
        do_not_perform_action: position % 2 == 0,
        from_dn_criteria: FromDnCriteria {
            selection: Selection::SpecifiedOnly,
            include_anonymous_callers: false,
            include_unavailable_callers: false,
            include_internal_callers: false,
            phone_numbers: numbers.map(|number| PhoneNumberPattern::parse(&number).expect("a pattern")).collect(),
            number_lists: Vec::new(),
        },
        number_lists: Vec::new(),
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

/// Criteria for every caller, each with two schedules of its own: as many as a user can refer to. Of their periods,
/// which cost as much as they may, the last one of the one schedule holds at the instant of the call, so that the other
/// is asked too.
fn scheduled(of: impl Fn(i32) -> Period) -> (Vec<KeptCriteria>, Periods) {
    let key = |at: i32| Uuid::from_u128(at.unsigned_abs().into());
    let criteria = |position: i32| {
        let mut criteria = every_caller(position, key(2 * position));
        criteria.holiday_schedule = every_caller(position, key(2 * position + 1)).time_schedule;
        criteria
    };
    let mut dearest = Vec::new();
    while dearest.len() < MAX_PERIODS && too_dear_of(&dearest).is_none() {
        dearest.push(of(i32::try_from(dearest.len()).unwrap_or_default()));
    }
    if too_dear_of(&dearest).is_some() {
        dearest.pop();
    }
    let periods = |at: i32| {
        let mut periods = dearest.clone();
        if at % 2 == 0 {
            periods.push(recurrence("FREQ=MONTHLY;BYDAY=-1FR"));
        }
        periods
    };
    ((0..CRITERIA).map(criteria).collect(), (0..2 * CRITERIA).map(|at| (key(at), periods(at))).collect())
}

/// Rules that a call on 2026-12-25, a Friday, asks the most of, each of a kind of its own.
fn dearest() -> Vec<(&'static str, Vec<Period>)> {
    let timed = |rule: &str| {
        let mut period = recurrence(rule);
        period.start_time = TimeOfDay::parse("23:00").ok();
        period.stop_time = TimeOfDay::parse("22:00").ok();
        period
    };
    let mut excepted = recurrence("FREQ=MONTHLY;BYMONTHDAY=-7");
    let days = (1..=366).map(|day| civil::date(2026, 1, 1) + (day - 1).days());
    excepted.except_dates = Some(days.map(|day| Date::parse(&day.to_string()).expect("a date")).collect());
    let rules = |rules: &[&str]| rules.iter().map(|rule| recurrence(rule)).collect::<Vec<_>>();
    vec![
        ("of the week", vec![period(json!({"type": "Day of the week", "dayOfWeek": "Monday"}))]),
        ("anniversaries", rules(&["FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24", "FREQ=YEARLY;BYEASTER=1"])),
        ("simple", rules(&["FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25;BYDAY=MO"])),
        ("simple by night", vec![timed("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24,25;BYDAY=MO")]),
        ("intervals", rules(&["FREQ=DAILY;INTERVAL=7", "FREQ=MONTHLY;INTERVAL=5", "FREQ=WEEKLY;INTERVAL=3;BYDAY=FR"])),
        ("exceptions", vec![excepted]),
        ("ordinals", rules(&["FREQ=YEARLY;BYDAY=1FR", "FREQ=MONTHLY;BYDAY=1FR,2FR"])),
        ("weeks", rules(&["FREQ=YEARLY;BYWEEKNO=1,2,-3;BYDAY=FR"])),
        ("days of the year", rules(&["FREQ=YEARLY;BYYEARDAY=1,2,-3"])),
        ("positions in the week", rules(&["FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1"])),
        ("positions in the month", rules(&["FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1"])),
        ("positions in the month of ordinals", rules(&["FREQ=MONTHLY;BYDAY=1MO,2MO,-1FR,4FR;BYSETPOS=1"])),
        ("positions in the year", rules(&["FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR;BYMONTHDAY=25,-1;BYSETPOS=1"])),
        ("positions in the year of weeks", rules(&["FREQ=YEARLY;BYWEEKNO=52,1,3,-5;BYDAY=MO,FR;BYSETPOS=1"])),
        ("positions in the year of ordinals", rules(&["FREQ=YEARLY;BYDAY=MO,-1FR,-2FR;BYSETPOS=1"])),
        ("positions after Easter", rules(&["FREQ=YEARLY;BYEASTER=264;BYSETPOS=2"])),
    ]
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
    Call {
        calling_number: Some(number),
        presentation: None,
        internal: false,
        forwarded: false,
        is_emergency_callback: false,
        at,
    }
}

fn acceptance(criteria: &[KeptCriteria]) -> Vec<KeptService> {
    vec![KeptService { criteria: criteria.to_vec(), ..KeptService::new(ServiceName::SelectiveCallAcceptance) }]
}

#[expect(clippy::print_stdout, reason = "a benchmark reports to the terminal")]
fn decide(c: &mut Criterion, name: &str, (criteria, periods): &(Vec<KeptCriteria>, Periods), number: &str) {
    let screening =
        Screening::compile(&place(), &acceptance(criteria), periods).expect("criteria that can be compiled");
    println!("{name}: {} bytes, {:?}", screening.weight(), screening.decide(&call(number), &[]).reason);
    c.bench_function(name, |b| b.iter(|| screening.decide(black_box(&call(number)), &[]).reason));
}

fn compile(c: &mut Criterion, name: &str, (criteria, periods): &(Vec<KeptCriteria>, Periods)) {
    let services = acceptance(criteria);
    c.bench_function(name, |b| b.iter(|| Screening::compile(&place(), black_box(&services), periods).is_ok()));
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
    decide(c, "decide/200 schedules of 1000 mixed periods", &scheduled(mixed), "+3225126777");
    for (name, periods) in dearest() {
        let of = |at: i32| periods[usize::try_from(at).unwrap_or_default() % periods.len()].clone();
        decide(c, &format!("decide/200 schedules of {name}"), &scheduled(of), "+3225126777");
    }
}

/// What a caller costs whose number was not read lately.
fn new_callers(c: &mut Criterion) {
    let (criteria, periods) = typical();
    let screening =
        Screening::compile(&place(), &acceptance(&criteria), &periods).expect("criteria that can be compiled");
    let mut numbers = (0..).map(|n| exact(n % 1_000_000));
    c.bench_function("decide/typical, 3 criteria, new callers", |b| {
        b.iter_batched(
            || numbers.next().expect("there are more"),
            |number| screening.decide(black_box(&call(&number)), &[]).reason,
            BatchSize::SmallInput,
        );
    });
}

/// What further services cost: the typical user alone, with Selective Call Rejection of the same size, and with
/// Anonymous Call Rejection too. No service decides before the last.
fn services(c: &mut Criterion) {
    let (criteria, periods) = typical();
    let refusing = |mut kept: KeptCriteria| {
        kept.from_dn_criteria.selection = Selection::SpecifiedOnly;
        kept
    };
    let rejection = KeptService {
        criteria: criteria.clone().into_iter().map(refusing).collect(),
        ..KeptService::new(ServiceName::SelectiveCallRejection)
    };
    let mut anonymous = KeptService::new(ServiceName::AnonymousCallRejection);
    anonymous.settings.active = true;
    let mut assigned = acceptance(&criteria);
    for (name, further) in [("one", None), ("two", Some(rejection)), ("three", Some(anonymous))] {
        assigned.extend(further);
        let screening = Screening::compile(&place(), &assigned, &periods).expect("services that can be compiled");
        let call = call("+3225126777");
        c.bench_function(&format!("decide/{name} of three services"), |b| {
            b.iter(|| screening.decide(black_box(&call), &[]).reason);
        });
    }
}

/// What a number list costs a decision: the same criteria without entries and with as many as a list can have.
#[expect(clippy::print_stdout, reason = "a benchmark reports to the terminal")]
fn number_lists(c: &mut Criterion) {
    let mut criteria = criteria(0, std::iter::empty());
    criteria.number_lists = vec![Uuid::from_u128(1)];
    let screening = Screening::compile(&place(), &acceptance(&[criteria]), &HashMap::new());
    let screening = screening.expect("a criteria that can be compiled");
    let entries = |of: fn(i64) -> String| -> Vec<(PhoneNumberPattern, Option<i64>)> {
        (0..200_000).map(|n| (PhoneNumberPattern::parse(&of(n)).expect("a pattern"), None)).collect()
    };
    for (name, entries) in [
        ("none", Vec::new()),
        ("200,000 numbers", entries(exact)),
        ("200,000 prefixes", entries(|n| format!("+49{n:06}*"))),
        ("200,000 different places of ?", entries(|n| with_question_marks(n) + &"5".repeat((n / 65_536) as usize))),
    ] {
        let compile = || NumberList::compile(&entries, place().region.as_ref());
        c.bench_function(&format!("compile/a list of {name}"), |b| b.iter(|| compile().weight()));
        let list = Arc::new(compile());
        println!("a list of {name}: {} bytes", list.weight());
        for number in ["+3225126777", "0470199999"] {
            c.bench_function(&format!("decide/a list of {name}, {number}"), |b| {
                b.iter(|| screening.decide(black_box(&call(number)), &[Some(list.clone())]).reason);
            });
        }
    }
}

fn compilations(c: &mut Criterion) {
    compile(c, "compile/typical, 3 criteria", &typical());
    compile(c, "compile/50,000 numbers", &(greatest(exact), HashMap::new()));
    compile(c, "compile/50,000 different places of ?", &(greatest(with_question_marks), HashMap::new()));
    compile(c, "compile/200 schedules of 1000 mixed periods", &scheduled(mixed));
    for rule in [
        "FREQ=DAILY",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=WEEKLY;BYMONTH=1,12;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=YEARLY;BYWEEKNO=53,1,-7;BYDAY=MO,TU;BYSETPOS=-1",
        "FREQ=YEARLY;BYYEARDAY=366;BYDAY=MO,TU;BYSETPOS=-1",
        "FREQ=YEARLY;BYDAY=53MO,-53TU",
    ] {
        // As far as it may go with the budget of a schedule for itself, and many that share it.
        for count in [1_000_000, 300, 10] {
            let rule = format!("{rule};COUNT={count}");
            compile(c, &format!("compile/200 schedules of {rule}"), &scheduled(|_| recurrence(&rule)));
        }
    }
}

/// What is found out for the warnings of a user: compiling, and looking at callers and two years.
fn warnings(c: &mut Criterion) {
    let place = place();
    for (name, (criteria, periods)) in [
        ("typical, 3 criteria", typical()),
        ("50,000 numbers", (greatest(exact), HashMap::new())),
        ("50,000 different places of ?", (greatest(with_question_marks), HashMap::new())),
        ("200 schedules of 1000 mixed periods", scheduled(mixed)),
        ("200 schedules of days", scheduled(|_| recurrence("FREQ=DAILY"))),
    ] {
        let services = acceptance(&criteria);
        let subject = Subject { place: &place, services: &services, periods: &periods, own_number: None };
        let at = call("").at;
        let find = || Outlook::compile(black_box(subject)).map(|outlook| outlook.warnings(at).len());
        c.bench_function(&format!("warnings/{name}"), |b| b.iter(find));
    }
}

criterion_group!(screening, decisions, new_callers, number_lists, services, compilations, warnings);
criterion_main!(screening);
