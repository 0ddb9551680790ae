//! Who gets through, by brute force over callers and a week.

use call_acceptance_api::{
    resource::{criteria::OutsideSchedules, criteria::Selection, schedule::ScheduleType},
    value::name::CriteriaName,
};
use jiff::SignedDuration;
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{super::reach::Reach, *};
use crate::rules::{
    criteria::KeptCriteria,
    screening::tests::{agreement::many, brussels, from, link, period},
    service::Settings,
};

const PATTERNS: [&str; 9] = ["+32475123456", "0475123456", "+3247*", "+32475??????", "+32*", "+*", "*", "100", "1??"];
/// A caller for each way in which these patterns match, and one that is a stranger.
const STRANGER: &str = "+12025550123";
const NUMBERS: [&str; 8] =
    ["+32475123456", "+32475999999", "+32471000000", "+3225126777", STRANGER, "100", "150", "2000"];

/// Monday 2026-11-30, 0:00 in Brussels.
fn monday() -> Timestamp {
    "2026-11-29T23:00:00Z".parse().expect("an instant")
}

fn schedules() -> HashMap<Uuid, Vec<Period>> {
    let days = |days: &[&str], times: &str| -> Vec<Period> {
        let json = |day: &&str| format!(r#"{{"type": "Day of the week", "dayOfWeek": "{day}"{times}}}"#);
        days.iter().map(|day| period(&json(day))).collect()
    };
    let office = r#", "startTime": "9:00", "stopTime": "17:30""#;
    let lists = [
        days(&["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"], office),
        days(&["Friday", "Saturday"], ""),
        days(&["Sunday"], r#", "startTime": "22:00", "stopTime": "6:00""#),
        Vec::new(),
    ];
    lists.into_iter().enumerate().map(|(at, periods)| (Uuid::from_u128(at as u128), periods)).collect()
}

fn drawn() -> impl Strategy<Value = KeptCriteria> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let selection = prop_oneof![1 => Just(Selection::Any), 5 => Just(Selection::SpecifiedOnly)];
    let schedules = (option::weighted(0.4, 0..4_u128), option::weighted(0.2, 0..4_u128));
    (flags, selection, vec(select(PATTERNS.to_vec()), 0..3), schedules).prop_map(
        |((refuses, anonymous, unavailable, internal), selection, patterns, (time, holiday))| {
            let mut kept = from(0, "criteria", &patterns);
            kept.do_not_perform_action = refuses;
            let callers = &mut kept.from_dn_criteria;
            callers.selection = selection;
            callers.include_anonymous_callers = anonymous;
            callers.include_unavailable_callers = unavailable;
            callers.include_internal_callers = internal;
            kept.time_schedule = time.and_then(|at| link(at, ScheduleType::Time));
            kept.holiday_schedule = holiday.and_then(|at| link(at, ScheduleType::Holiday));
            kept
        },
    )
}

fn service(name: ServiceName, most: usize) -> impl Strategy<Value = Option<KeptService>> {
    let parts = (any::<bool>(), proptest::bool::weighted(0.2), vec(drawn(), 0..most));
    option::weighted(0.8, parts).prop_map(move |service| {
        let (active, accepts, mut criteria) = service?;
        for (at, criteria) in criteria.iter_mut().enumerate() {
            criteria.position = i32::try_from(at).expect("a small number");
            criteria.name = CriteriaName::parse(&at.to_string()).expect("a name");
        }
        let outside_schedules = if accepts { OutsideSchedules::Accept } else { OutsideSchedules::Reject };
        Some(KeptService { name, settings: Settings { active, suspended_until: None, outside_schedules }, criteria })
    })
}

fn services() -> impl Strategy<Value = Vec<KeptService>> {
    let services = (
        service(ServiceName::SelectiveCallAcceptance, 5),
        service(ServiceName::SelectiveCallRejection, 3),
        service(ServiceName::AnonymousCallRejection, 1),
    );
    services.prop_map(|(one, two, three)| [one, two, three].into_iter().flatten().collect())
}

/// Who gets through at an instant.
fn by_asking(screening: &Screening, at: Timestamp) -> Reach {
    let accepted = |call: &Call<'_>| is_accepted(screening, call);
    if accepted(&call(Some(STRANGER), None, at)) {
        return Reach::Everyone;
    }
    let shown = NUMBERS.iter().map(|number| call(Some(number), None, at));
    let hidden = [Presentation::Restricted, Presentation::Unavailable].map(|hidden| call(None, Some(hidden), at));
    let mut calls = shown.chain(hidden).flat_map(by_all_routes);
    if calls.any(|call| accepted(&call)) { Reach::Listed } else { Reach::Nobody }
}

/// Whether a criteria that spares calls from rejection lists numbers by wildcards: that is not followed exactly.
fn spares_by_wildcards(services: &[KeptService]) -> bool {
    let rejection = services.iter().find(|service| service.name == ServiceName::SelectiveCallRejection);
    let sparing = rejection.into_iter().flat_map(|service| &service.criteria).filter(|kept| kept.do_not_perform_action);
    sparing.flat_map(|kept| &kept.from_dn_criteria.phone_numbers).any(callers::is_wild)
}

proptest! {
    #![proptest_config(many(600))]

    #[test]
    fn who_gets_through_is_found_as_by_brute_force_over_callers_and_a_week(services in services()) {
        let (place, periods) = (brussels(), schedules());
        let screening = Screening::compile(&place, &services, &periods).expect("services that can be compiled");
        let subject = Subject { place: &place, services: &services, periods: &periods, own_number: None };
        let outlook = Outlook::compile(subject).expect("services that can be compiled");
        let half_hour = |at: i64| monday() + SignedDuration::from_mins(30 * at);
        let asked: Vec<Reach> = (0..336).map(|at| by_asking(&screening, half_hour(at))).collect();
        let week = outlook.week(monday());
        for (at, hours) in week.iter().flat_map(|hours| (0..336).map(move |at| (at, hours))) {
            let start = half_hour(i64::from(at));
            let asked = asked[usize::try_from(at).expect("a small number")];
            let is_in = hours.start <= start && start < hours.stop;
            let may_differ = asked == Reach::Nobody && hours.reach == Reach::Listed && spares_by_wildcards(&services);
            prop_assert!(!is_in || hours.reach == asked || may_differ, "{} {:?}: {:?}", start, hours, services);
        }
        let warnings = outlook.warnings(monday());
        let about = |code| warnings.iter().find(|warning| warning.code == code);
        let never = asked.iter().all(|reach| *reach == Reach::Nobody);
        let first = asked.iter().position(|reach| *reach == Reach::Nobody);
        let at_times = about(WarningCode::BlocksEveryoneAtTimes);
        if about(WarningCode::BlocksEveryone).is_some() {
            prop_assert!(never, "{:?}", services);
            prop_assert!(at_times.is_none());
        }
        if spares_by_wildcards(&services) {
            return Ok(());
        }
        prop_assert_eq!(about(WarningCode::BlocksEveryone).is_some(), never, "{:?}", services);
        // The schedules recur every week, so that what is not in this one is in none.
        prop_assert_eq!(at_times.is_some(), first.is_some() && !never, "{:?}", services);
        if let (Some(first), Some(warning)) = (first, at_times) {
            let half_hours = asked[first..].iter().take_while(|reach| **reach == Reach::Nobody).count();
            let place = |at: usize| i64::try_from(at).expect("a small number");
            prop_assert_eq!(&warning.from, &Some(Instant::of(half_hour(place(first)))));
            if first + half_hours < asked.len() {
                prop_assert_eq!(&warning.until, &Some(Instant::of(half_hour(place(first + half_hours)))));
            }
        }
    }
}
