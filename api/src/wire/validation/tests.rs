//! The faults that are reported for invalid bodies, and their cost.

use std::fmt::Debug;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    document,
    resource::decision::{CalledDecisionRequest, DecisionRequest},
    wire::{
        payload::Body,
        problem::{Fault, MAX_FAULTS},
    },
};

fn faults_of(name: &str, mut body: Value) -> Vec<(String, String)> {
    let faults = document::body_schemas().faults(name, &mut body).expect("the document has the schema");
    faults.into_iter().map(|Fault { pointer, detail, .. }| (pointer.unwrap_or_default(), detail)).collect()
}

fn numbers(numbers: Value) -> Value {
    json!({ "fromDnCriteria": { "phoneNumbers": numbers } })
}

#[test]
fn a_list_that_is_too_long_is_one_fault_with_its_length() {
    let faults = faults_of("CriteriaUpdate", numbers(vec![1; 50_000].into()));
    let detail = "The list has 50000 items; at most 500 are allowed.".to_owned();
    assert_eq!(faults, [("/fromDnCriteria/phoneNumbers".to_owned(), detail)]);
}

#[test]
fn a_duplicate_number_is_reported_at_the_second_of_the_two() {
    let faults = faults_of("CriteriaUpdate", numbers(json!(["+1", "+2", "+1"])));
    let detail = "\"+1\" appears twice in the list, at 0 and 2; it is allowed once.".to_owned();
    assert_eq!(faults, [("/fromDnCriteria/phoneNumbers/2".to_owned(), detail)]);
}

#[test]
fn the_search_for_faults_ends_at_the_maximum() {
    let many = 100_000;
    let unknown: serde_json::Map<_, _> = (0..many).map(|at| (at.to_string(), Value::Null)).collect();
    let entry = json!({ "name": "n", "fromDnCriteria": { "selection": "Any", "phoneNumbers": vec![1; 500] } });
    for (name, body) in [
        ("CriteriaUpdate", unknown.into()),
        ("SelectiveCallAcceptanceUpdate", json!({ "criteria": vec![entry; 200] })),
        ("ScheduleCreate", json!({ "name": "s", "periods": vec![json!({ "x": 1 }); 200] })),
    ] {
        assert_eq!(faults_of(name, body).len(), MAX_FAULTS, "{name}");
    }
}

#[test]
fn missing_unknown_and_mistyped_members_are_reported_where_they_are() {
    let body = json!({ "name": "a/b", "active": "yes", "x": 1, "fromDnCriteria": { "selection": "All" } });
    let pointers: Vec<_> = faults_of("CriteriaCreate", body).into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["/name", "/active", "/x", "/fromDnCriteria/selection"]);
    let pointers: Vec<_> = faults_of("CriteriaCreate", json!({})).into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["/name", "/fromDnCriteria"]);
}

/// JSON that resembles bodies: its members and values are those of real ones.
fn bodies() -> impl Strategy<Value = Value> {
    let words = [
        "User",
        "Time",
        "Holiday",
        "Any",
        "Specified Only",
        "+3225126777",
        "2?*",
        "",
        "a/b",
        "Recurrence",
        "Date",
        "24:00",
        "2027-02-30",
        "2027-12-25",
        "FREQ=DAILY",
        "Europe/Brussels",
        "BE",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        (-4.0..40.0).prop_map(|number: f64| Value::from(number)),
        (0..32).prop_map(Value::from),
        prop::sample::select(words.to_vec()).prop_map(Value::from),
    ];
    let names = [
        "name",
        "newName",
        "active",
        "criteria",
        "fromDnCriteria",
        "selection",
        "phoneNumbers",
        "timeSchedule",
        "level",
        "type",
        "periods",
        "dayOfMonth",
        "startDate",
        "exceptDates",
        "rule",
        "services",
        "delete",
        "x",
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        let member = (prop::sample::select(names.to_vec()), inner.clone());
        let object = prop::collection::vec(member, 0..7);
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(Value::from),
            object.prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn faults_are_reported_for_exactly_the_bodies_that_violate_their_schema(body in bodies()) {
        for (name, validator) in &document::body_schemas().validators {
            let faults = document::body_schemas().explain(name, &mut body.clone());
            prop_assert_eq!(faults.is_empty(), validator.is_valid(&body), "{}: {:?}", name, faults);
            prop_assert!(faults.len() <= MAX_FAULTS);
            let places: std::collections::HashSet<_> =
                faults.iter().map(|fault| (fault.pointer.clone(), fault.detail.clone())).collect();
            prop_assert_eq!(places.len(), faults.len(), "{}: a fault is reported twice", name);
        }
    }
}

/// Questions for decisions, right ones and ones with something wrong here or there.
fn questions() -> impl Strategy<Value = Value> {
    let member = |name: &'static str, right: &'static [&'static str]| {
        let text = prop::sample::select(right).prop_map(Value::from);
        let wrong = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            Just(json!([])),
            Just(json!({})),
            Just(json!({ "allowed": null })),
            ".{0,70}".prop_map(Value::from),
            "[A-Z]{2}".prop_map(Value::from),
            "[0-9]{4}-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](Z|[+-][0-2][0-9]:[0-5][0-9])"
                .prop_map(Value::from),
            Just("9".repeat(513).into()),
        ];
        let value = prop_oneof![4 => text, 1 => wrong];
        prop::option::of(value.prop_map(move |value| (name.to_owned(), value)))
    };
    let flag = |name: &'static str| {
        let value =
            prop_oneof![8 => any::<bool>().prop_map(Value::from), 1 => Just(Value::Null), 1 => Just(json!("true"))];
        prop::option::of(value.prop_map(move |value| (name.to_owned(), value)))
    };
    let members = (
        prop::option::weighted(0.9, Just(())),
        member("calledNumber", &["+3225550100", "tel:025550100", "1"]),
        member("region", &["BE", "FR"]),
        member("callingNumber", &["+3225126777", "", "anonymous"]),
        member("presentation", &["allowed", "restricted", "unavailable"]),
        flag("internal"),
        flag("forwarded"),
        member("priority", &["psap-callback", "urgent", ""]),
        member("at", &["2026-11-26T09:30:00Z", "2026-11-26T09:30:00.5+01:00"]),
        prop::option::weighted(0.02, Just(("unknown".to_owned(), Value::from(1)))),
    );
    members.prop_map(|(object, called, region, calling, presentation, internal, forwarded, priority, at, unknown)| {
        match object {
            Some(()) => [called, region, calling, presentation, internal, forwarded, priority, at, unknown]
                .into_iter()
                .flatten()
                .collect::<Value>(),
            None => called.map_or(Value::Null, |(_, value)| [value].into_iter().collect()),
        }
    })
}

fn agrees<T: Body + PartialEq + Debug>(body: &Value) -> Result<(), TestCaseError> {
    let parsed = T::parse_valid(body.to_string().as_bytes());
    let valid = document::body_schemas().validators[T::name().as_ref()].is_valid(body);
    prop_assert_eq!(parsed.is_some(), valid, "{}: {}", T::name(), body);
    prop_assert_eq!(parsed, T::parse_from_json(Some(body.clone())).ok());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn a_question_parses_just_when_its_schema_takes_it(body in questions()) {
        agrees::<DecisionRequest>(&body)?;
        agrees::<CalledDecisionRequest>(&body)?;
    }
}
