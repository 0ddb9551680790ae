//! What is refused, and where.

use serde_json::{Value, json};

use super::{parse, tenant};
use crate::{
    document,
    resource::{
        criteria::selective_call_acceptance::SelectiveCallAcceptanceUpdate,
        group::GroupCreate,
        number_list::NumberListEntriesUpdate,
        schedule::ScheduleCreate,
        transfer::line::{Kind, Line, MAX_LINE_BYTES},
        treatment::TreatmentsUpdate,
    },
    value::owner::Owner,
    wire::{payload::Body, problem::ProblemCode},
};

fn pointers(line: Value) -> Vec<String> {
    let faults = parse(&line.to_string()).err().map(|refusal| refusal.faults).unwrap_or_default();
    faults.into_iter().filter_map(|fault| fault.pointer).collect()
}

#[test]
fn what_is_not_a_json_object_is_refused() {
    for (line, code, detail) in [
        ("{\"kind\":", ProblemCode::MalformedJson, "EOF while parsing a value at column 8"),
        ("{\"kind\":\"tenant\",\"kind\":\"tenant\"}", ProblemCode::MalformedJson, "has the same member twice"),
        ("{} {}", ProblemCode::MalformedJson, "trailing characters at column 4"),
        ("[]", ProblemCode::InvalidRequest, "Expected a JSON object."),
    ] {
        let refusal = parse(line).expect_err("not an object");
        assert_eq!(refusal.code, code, "{line}");
        assert!(refusal.detail.contains(detail), "{}", refusal.detail);
    }
}

#[test]
fn a_line_that_is_too_long_is_refused() {
    let line = |length| [b"{\"kind\":\"tenant\"}".as_slice(), &vec![b' '; length - 17], b".\r\n"].concat();
    let code = |length| match Line::parse(&line(length - 1), &tenant(), document::body_schemas()) {
        Ok(_) => None,
        Err(failure) => Some(failure.into_refusal().code),
    };
    assert_eq!(code(MAX_LINE_BYTES), Some(ProblemCode::MalformedJson));
    assert_eq!(code(MAX_LINE_BYTES + 1), Some(ProblemCode::BodyTooLarge));
}

#[test]
fn a_kind_is_required_and_known() {
    assert_eq!(pointers(json!({ "groupId": "a" })), ["/kind"]);
    assert_eq!(pointers(json!({ "kind": 1 })), ["/kind"]);
    let refusal = parse("{\"kind\":\"token\"}").expect_err("not a kind");
    assert!(refusal.detail.starts_with("\"token\" is not one of \"tenant\", \"group\", "), "{}", refusal.detail);
}

#[test]
fn the_owner_of_a_thing_is_at_a_level_that_has_it() {
    let service = json!({ "kind": "service", "service": "Selective Call Acceptance", "criteria": [] });
    assert_eq!(pointers(service), ["/groupId", "/userId"]);
    assert_eq!(pointers(json!({ "kind": "user", "userId": "u" })), ["/groupId"]);
    assert_eq!(pointers(json!({ "kind": "number_list", "name": "n", "userId": "u" })), ["/groupId"]);
    let treatments = json!({ "kind": "treatments", "groupId": "g", "userId": "u", "treatments": [] });
    assert_eq!(pointers(treatments), ["/userId"]);
    assert_eq!(pointers(json!({ "kind": "group", "groupId": "a/b", "tenantId": "foo" })), ["/groupId", "/tenantId"]);
    let list = parse(r#"{"kind":"number_list","groupId":"g","name":"n"}"#).expect("a right line");
    assert!(matches!(list, Line::NumberList { owner: Owner::Group(_), .. }));
}

#[test]
fn all_faults_of_a_line_are_named() {
    let line = json!({ "kind": "schedule", "groupId": 1, "type": "Sometimes", "periods": [{}], "x": 1 });
    assert_eq!(
        pointers(line),
        ["/groupId", "/type", "/periods/0/name", "/periods/0/type", "/x", "/name"].map(str::to_owned)
    );
}

/// What is wrong with a body.
type FaultsOf = fn(&mut Value) -> Vec<String>;

/// Lines with a thing that the API refuses, and the body.
fn refused() -> Vec<(Value, FaultsOf, Value)> {
    fn of<T: Body>(body: &mut Value) -> Vec<String> {
        let faults = T::faults(body, document::body_schemas()).expect("the document has the schema");
        faults.into_iter().map(|fault| format!("{} {}", fault.pointer.unwrap_or_default(), fault.detail)).collect()
    }
    let user = json!({ "kind": "service", "groupId": "g", "userId": "u", "service": "Selective Call Acceptance" });
    let criteria = json!({ "criteria": [
        { "name": "a", "fromDnCriteria": { "selection": "All", "phoneNumbers": ["x", "1", "1"] } },
        { "name": "a", "timeSchedule": { "level": "User", "name": "s", "type": "Holiday" } },
    ] });
    let twice = json!({ "entries": [{ "pattern": "1" }, { "pattern": "1" }] });
    let entries = json!({ "kind": "number_list_entries", "name": "n", "next": "1" });
    let periods = json!({ "name": "n", "periods": [{ "name": "p", "type": "Date", "rule": "FREQ=SECONDLY" }] });
    let treatments = json!({ "treatments": [{ "service": "Anonymous Call Rejection", "sipStatus": 302 }] });
    vec![
        (user, of::<SelectiveCallAcceptanceUpdate>, criteria),
        (entries.clone(), of::<NumberListEntriesUpdate>, twice),
        (entries, of::<NumberListEntriesUpdate>, json!({ "entries": [] })),
        (json!({ "kind": "schedule", "type": "Time" }), of::<ScheduleCreate>, periods),
        (json!({ "kind": "treatments" }), of::<TreatmentsUpdate>, treatments),
        (json!({ "kind": "group" }), of::<GroupCreate>, json!({ "groupId": "\u{200B}", "timeZone": "Mars" })),
    ]
}

#[test]
fn a_thing_is_refused_as_the_body_of_its_request() {
    for (mut line, faults, mut body) in refused() {
        for (name, value) in body.as_object().into_iter().flatten() {
            line[name] = value.clone();
        }
        let refusal = parse(&line.to_string()).expect_err("the thing is faulty");
        let found =
            refusal.faults.into_iter().map(|fault| format!("{} {}", fault.pointer.unwrap_or_default(), fault.detail));
        let expected = faults(&mut body);
        assert!(!expected.is_empty());
        assert_eq!(found.collect::<Vec<_>>(), expected);
    }
}

#[test]
fn a_criteria_on_a_line_is_no_change() {
    let criteria = json!([{ "name": "a", "newName": "b" }, { "name": "c", "delete": true }]);
    let line = json!({ "kind": "service", "groupId": "g", "userId": "u", "service": "Selective Call Rejection",
        "criteria": criteria });
    assert_eq!(pointers(line), ["/criteria/0/newName", "/criteria/1/delete"]);
}

#[test]
fn kinds_are_in_the_order_of_a_file() {
    assert!(Kind::ALL.is_sorted());
}
