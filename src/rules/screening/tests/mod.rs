//! Tests of all parts of screening together.

pub(in crate::rules) mod agreement;
pub(in crate::rules) mod plain;
pub(in crate::rules) mod random;

use call_acceptance_api::{
    resource::{
        criteria::{FromDnCriteria, ScheduleReference, Selection},
        decision::{Outcome, Presentation, Reason},
        schedule::ScheduleType,
    },
    value::{name::ScheduleName, owner::Level, phone_number::PhoneNumberPattern},
};

use super::*;

/// An active criteria for all callers, at any time.
pub(in crate::rules) fn criteria(position: i32, name: &str) -> KeptCriteria {
    KeptCriteria {
        position,
        name: CriteriaName::parse(name).expect("a name"),
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
        holiday_schedule: None,
    }
}

/// The same for callers from `numbers` only.
pub(in crate::rules) fn from(position: i32, name: &str, numbers: &[&str]) -> KeptCriteria {
    let mut kept = criteria(position, name);
    kept.from_dn_criteria.selection = Selection::SpecifiedOnly;
    kept.from_dn_criteria.phone_numbers =
        numbers.iter().map(|number| PhoneNumberPattern::parse(number).expect("a pattern")).collect();
    kept
}

pub(in crate::rules) fn link(schedule: u128, kind: ScheduleType) -> Option<ScheduleLink> {
    let reference =
        ScheduleReference { level: Level::User, name: ScheduleName::parse("schedule").expect("a name"), kind };
    Some(ScheduleLink { id: Uuid::from_u128(schedule), reference })
}

/// A period from the contract's JSON, without `name`.
pub(in crate::rules) fn period(json: &str) -> Period {
    let mut json: serde_json::Value = serde_json::from_str(json).expect("JSON");
    json["name"] = "period".into();
    json["active"] = json.get("active").cloned().unwrap_or(true.into());
    serde_json::from_value(json).expect("a period")
}

pub(in crate::rules) fn brussels() -> Place {
    Place {
        region: Some(Region::parse("BE").expect("a region")),
        time_zone: Some(TimeZone::parse("Europe/Brussels").expect("a time zone")),
    }
}

/// Selective Call Acceptance with these criteria.
pub(in crate::rules) fn acceptance(criteria: &[KeptCriteria]) -> Vec<KeptService> {
    vec![KeptService { criteria: criteria.to_vec(), ..KeptService::new(ServiceName::SelectiveCallAcceptance) }]
}

impl Screening {
    /// A screening that refers to these schedules, which have no periods.
    pub fn referring_to(schedules: &[u128]) -> Self {
        let referring = |(position, key)| KeptCriteria {
            time_schedule: link(key, ScheduleType::Time),
            ..criteria(position, &position.to_string())
        };
        let criteria: Vec<_> = (0..).zip(schedules.iter().copied()).map(referring).collect();
        compile(&criteria, &schedules.iter().map(|key| (Uuid::from_u128(*key), Vec::new())).collect())
    }
}

impl Schedule {
    /// A schedule with this period, see [`period`].
    pub fn of_one(json: &str) -> Self {
        Self::compile(&[period(json)], &tz::TimeZone::UTC).expect("a period that can be compiled")
    }
}

fn compile(criteria: &[KeptCriteria], periods: &HashMap<Uuid, Vec<Period>>) -> Screening {
    Screening::compile(&brussels(), &acceptance(criteria), periods).expect("criteria that can be compiled")
}

fn call(number: &str) -> Call<'_> {
    let at = "2026-12-25T09:30:00Z".parse().expect("an instant");
    Call {
        calling_number: Some(number),
        presentation: None,
        internal: false,
        forwarded: false,
        is_emergency_callback: false,
        at,
    }
}

fn ruling(screening: &Screening, call: Call<'_>) -> (Reason, Option<String>) {
    let ruling = screening.decide(&call, &[]);
    (ruling.reason, ruling.criteria.map(String::from))
}

fn outcomes(screening: &Screening, call: Call<'_>) -> Vec<Outcome> {
    screening.explain(&call, &[]).into_iter().map(|of| of.outcome).collect()
}

#[test]
fn screening_without_an_active_criteria_accepts() {
    let inactive = KeptCriteria { active: false, do_not_perform_action: true, ..criteria(1, "off") };
    for criteria in [vec![], vec![inactive]] {
        let screening = compile(&criteria, &HashMap::new());
        assert_eq!(ruling(&screening, call("100")), (Reason::NoActiveCriteria, None));
    }
}

#[test]
fn screening_refuses_before_it_accepts_and_names_the_first_in_creation_order() {
    let refuse = |position, name| KeptCriteria { do_not_perform_action: true, ..from(position, name, &["1*"]) };
    let all = [from(5, "d", &["*"]), refuse(4, "c"), refuse(3, "b"), criteria(1, "a"), from(2, "e", &["2"])];
    let screening = compile(&all, &HashMap::new());
    assert_eq!(ruling(&screening, call("100")), (Reason::DoNotAccept, Some("b".to_owned())));
    assert_eq!(ruling(&screening, call("200")), (Reason::CriteriaMatched, Some("a".to_owned())));
    let named: Vec<String> =
        screening.explain(&call("200"), &[]).into_iter().map(|of| of.criteria.to_string()).collect();
    assert_eq!(named, ["a", "e", "b", "c", "d"]);
}

#[test]
fn screening_refuses_calls_that_match_no_criteria() {
    let screening = compile(&[from(1, "a", &["1"])], &HashMap::new());
    assert_eq!(ruling(&screening, call("2")), (Reason::NoCriteriaMatched, None));
    assert_eq!(ruling(&screening, Call { calling_number: None, ..call("") }), (Reason::NoCriteriaMatched, None));
}

#[test]
fn screening_compares_only_numbers_that_are_presented() {
    let mut listed = from(1, "listed", &["*"]);
    let mut anonymous = from(2, "anonymous", &[]);
    anonymous.from_dn_criteria.include_anonymous_callers = true;
    let mut unavailable = from(3, "unavailable", &[]);
    unavailable.from_dn_criteria.include_unavailable_callers = true;
    listed.from_dn_criteria.include_unavailable_callers = false;
    let screening = compile(&[listed, anonymous, unavailable], &HashMap::new());
    let by = |number, presentation| {
        let call = Call { presentation, ..call(number) };
        ruling(&screening, call).1
    };
    for (number, presentation, expected) in [
        ("+3225126777", None, "listed"),
        ("+3225126777", Some(Presentation::Allowed), "listed"),
        ("+3225126777", Some(Presentation::Restricted), "anonymous"),
        ("sip:anonymous@anonymous.invalid", None, "anonymous"),
        ("+3225126777", Some(Presentation::Unavailable), "unavailable"),
        ("Withheld", Some(Presentation::Allowed), "anonymous"),
        ("", None, "unavailable"),
        ("", Some(Presentation::Allowed), "unavailable"),
        ("alice", None, "unavailable"),
        ("alice", Some(Presentation::Restricted), "anonymous"),
    ] {
        assert_eq!(by(number, presentation).as_deref(), Some(expected), "{number} {presentation:?}");
    }
}

#[test]
fn five_criteria_of_five_numbers_take_at_most_600_bytes() {
    let criteria = (0..5).map(|position| {
        let numbers: Vec<_> = (0..5).map(|at| format!("+32251260{position}{at}")).collect();
        from(position, &format!("criteria{position}"), &numbers.iter().map(String::as_str).collect::<Vec<_>>())
    });
    let weight = compile(&criteria.collect::<Vec<_>>(), &HashMap::new()).weight();
    assert!(weight <= 600, "{weight}");
}

#[test]
fn screening_explains_the_first_part_that_does_not_match() {
    let friday = period(r#"{"type": "Day of the week", "dayOfWeek": "Friday"}"#);
    let monday = period(r#"{"type": "Day of the week", "dayOfWeek": "Monday"}"#);
    let periods = HashMap::from([(Uuid::from_u128(1), vec![friday]), (Uuid::from_u128(2), vec![monday])]);
    let of = |position: i32, number: &str, time: u128, holiday: u128| KeptCriteria {
        time_schedule: link(time, ScheduleType::Time),
        holiday_schedule: link(holiday, ScheduleType::Holiday),
        ..from(position, &position.to_string(), &[number])
    };
    let inactive = KeptCriteria { active: false, ..of(1, "2", 9, 9) };
    let all = [inactive, of(2, "2", 2, 2), of(3, "1", 2, 2), of(4, "1", 1, 2), of(5, "1", 1, 1)];
    let screening = compile(&all, &periods);
    let expected = [
        Outcome::Inactive,
        Outcome::NumberNotMatched,
        Outcome::OutsideTimeSchedule,
        Outcome::OutsideHolidaySchedule,
        Outcome::Matched,
    ];
    assert_eq!(outcomes(&screening, call("1")), expected);
    assert!(screening.weight() > 0);
}

#[test]
fn compilation_fails_without_a_schedule_of_an_active_criteria() {
    let needs = KeptCriteria { time_schedule: link(7, ScheduleType::Time), ..criteria(1, "a") };
    let compiled = Screening::compile(&brussels(), &acceptance(std::slice::from_ref(&needs)), &HashMap::new());
    let missing = CompileError::MissingSchedule { criteria: "a".to_owned(), schedule: Uuid::from_u128(7) };
    assert_eq!(compiled.err(), Some(missing));
    let inactive = KeptCriteria { active: false, ..needs };
    assert!(Screening::compile(&brussels(), &acceptance(&[inactive]), &HashMap::new()).is_ok());
}

#[test]
fn compilation_fails_for_a_period_without_a_required_member() {
    let needs = KeptCriteria { time_schedule: link(7, ScheduleType::Time), ..criteria(1, "a") };
    for (json, member) in [
        (r#"{"type": "Day of the week"}"#, "dayOfWeek"),
        (r#"{"type": "Day of the month"}"#, "dayOfMonth"),
        (r#"{"type": "Date"}"#, "startDate"),
        (r#"{"type": "Recurrence", "startDate": "2026-01-01"}"#, "rule"),
        (r#"{"type": "Date", "startDate": "2026-01-01", "startTime": "09:00"}"#, "stopTime"),
    ] {
        let periods = HashMap::from([(Uuid::from_u128(7), vec![period(json)])]);
        let error = Screening::compile(&brussels(), &acceptance(std::slice::from_ref(&needs)), &periods).err();
        assert!(matches!(error, Some(CompileError::CorruptPeriod { member: of, .. }) if of == member), "{json}");
    }
}

#[test]
fn criteria_that_refer_to_a_list_share_it_and_an_absent_one_matches_nobody() {
    let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let mut criteria = [from(0, "a", &[]), from(1, "b", &["200"]), from(2, "c", &[])];
    criteria[0].number_lists = vec![one, other];
    criteria[1].number_lists = vec![other, other];
    criteria[2].number_lists = vec![other];
    criteria[2].active = false;
    let screening = compile(&criteria, &HashMap::new());
    assert_eq!(screening.number_lists(), [one, other]);
    let pattern = |text: &str| (PhoneNumberPattern::parse(text).expect("a pattern"), None);
    let list = Arc::new(NumberList::compile(&[pattern("+32251*"), pattern("100")], brussels().region.as_ref()));
    let decided =
        |number, lists: &[Option<Arc<NumberList>>]| screening.decide(&call(number), lists).criteria.map(String::from);
    for (number, lists, expected) in [
        ("025126777", [Some(list.clone()), None], Some("a")),
        ("025126777", [None, Some(list.clone())], Some("a")),
        ("200", [Some(list.clone()), None], Some("b")),
        ("100", [None, None], None),
    ] {
        assert_eq!(decided(number, &lists).as_deref(), expected, "{number}");
    }
    let withheld = Call { presentation: Some(Presentation::Restricted), ..call("100") };
    assert_eq!(screening.decide(&withheld, &[Some(list), None]).criteria, None);
}
