//! Random changes: a preview says what happens when they are made.

use std::env;

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use rstest_reuse::apply;
use serde_json::{Value, json};

use super::{FRIEND, NAMES, PREVIEW, STRANGER, below, change, path_of, with_services, without_request};
use crate::{
    database::Kind,
    harness::{Answer, App, both_databases},
    warnings::WARNINGS,
};

/// Cases in one run; `PREVIEW_CASES` says another number.
const CASES: usize = 300;
const DECISION: &str = "/api/v1/tenants/foo/groups/foogroup/users/foouser/services/selective_call_acceptance/decision/";

/// Random changes of a criteria, some of them faulty.
fn entry() -> impl Strategy<Value = Value> {
    let patterns = prop::sample::subsequence(vec![FRIEND, "+3225*", "+3247*", "10?", "025126777"], 0..3);
    let lists = prop::sample::subsequence(vec!["Friends", "Others", "Friends", "Nothing"], 0..2);
    let flags = prop::array::uniform5(any::<bool>());
    (0..4_u8, 0..8_u8, patterns, lists, flags, 0..12_u8).prop_map(
        |(name, selection, patterns, lists, flags, special)| {
            let [refuses, anonymous, internal, active, forwarded] = flags;
            let selection = match selection {
                0 => "Any",
                1 if forwarded => "Forwarded",
                _ => "Specified Only",
            };
            let lists: Vec<_> = lists.iter().map(|list| json!({ "level": "User", "name": list })).collect();
            let mut entry = json!({
                "name": format!("criteria {name}"), "active": active || internal,
                "doNotPerformAction": refuses && anonymous,
                "fromDnCriteria": {
                    "selection": selection, "phoneNumbers": patterns, "numberLists": lists,
                    "includeAnonymousCallers": anonymous, "includeInternalCallers": internal
                }
            });
            match special {
                0 | 1 => entry["timeSchedule"] = json!({ "level": "User", "name": "Every Friday" }),
                2 => entry["timeSchedule"] = Value::Null,
                3 => entry["holidaySchedule"] = json!({ "level": "User", "name": "Every Easter" }),
                4 => entry["newName"] = format!("criteria {}", (name + 1) % 5).into(),
                5 => entry = json!({ "name": entry["name"], "delete": true }),
                6 => entry = json!({ "name": entry["name"], "active": active }),
                7 => entry["validFrom"] = "2026-11-28T00:00:00.000000+01:00".into(),
                8 => entry["validUntil"] = "2026-11-27T12:00:00.000001Z".into(),
                _ => {}
            }
            entry
        },
    )
}

fn update() -> impl Strategy<Value = Value> {
    let suspended = prop::sample::select(vec![None, None, Some(Value::Null), Some("2026-11-28T11:00:00Z".into())]);
    (prop::collection::vec(entry(), 0..4), suspended).prop_map(|(mut criteria, suspended)| {
        // Each criteria may be named once in a request.
        criteria.sort_by_key(|entry| entry["name"].to_string());
        criteria.dedup_by_key(|entry| entry["name"].to_string());
        let mut update = json!({ "criteria": criteria });
        if let Some(suspended) = suspended {
            update["suspendedUntil"] = suspended;
        }
        update
    })
}

fn changes() -> impl Strategy<Value = Vec<Value>> {
    let outside = prop::sample::select(vec![None, None, None, Some("Accept"), Some("Reject")]);
    (update(), update(), outside, any::<bool>(), prop::array::uniform3(any::<bool>())).prop_map(
        |(mut acceptance, rejection, outside, active, chosen)| {
            if let Some(outside) = outside {
                acceptance["outsideSchedules"] = outside.into();
            }
            let all = NAMES.into_iter().zip([acceptance, rejection, json!({ "active": active })]).zip(chosen);
            all.filter(|(_, chosen)| *chosen).map(|((name, update), _)| change(name, update)).collect()
        },
    )
}

fn calls() -> Vec<Value> {
    let mut calls = Vec::new();
    for at in ["2026-11-27T12:00:00Z", "2026-11-28T12:00:00Z", "2026-12-25T12:00:00Z"] {
        for number in [FRIEND, STRANGER, "+32475123456", "105", "anonymous", ""] {
            for inside in [false, true] {
                calls.push(json!({ "callingNumber": number, "internal": inside, "forwarded": inside, "at": at }));
            }
        }
    }
    calls
}

/// The response of the PUT of each change.
async fn put_each(app: &App, changes: &[Value], query: &str) -> Vec<Answer> {
    let mut answers = Vec::new();
    for change in changes {
        let path = path_of(change["service"].as_str().expect("a name"));
        answers.push(app.put(&format!("{path}{query}"), change["update"].clone()).await);
    }
    answers
}

/// The problem of a preview, by the responses of the writes: all faults of the schema, else all others, else the first
/// refusal.
fn expected_problem(writes: &[Answer]) -> Option<Value> {
    let refused = writes.iter().enumerate().filter(|(_, write)| write.status != 200);
    let problems: Vec<_> = refused.map(|(at, write)| below(&format!("/changes/{at}/update"), write)).collect();
    let faults: Vec<_> = problems.iter().filter_map(|problem| problem["errors"].as_array()).flatten().collect();
    let is_of_schema = |fault: &&&Value| fault["detail"].as_str().expect("a detail").starts_with("\"Forwarded\"");
    let of_schema: Vec<_> = faults.iter().filter(is_of_schema).copied().collect();
    let faults = if of_schema.is_empty() { faults } else { of_schema };
    let mut problem = problems.first()?.clone();
    match faults.as_slice() {
        [] => return Some(problem),
        [fault] => problem["detail"] = fault["detail"].clone(),
        faults => problem["detail"] = format!("{} faults were found; `errors` lists them.", faults.len()).into(),
    }
    let first = problems.iter().find(|problem| problem.get("errors").is_some())?;
    for member in ["type", "title", "status", "code"] {
        problem[member] = first[member].clone();
    }
    problem["errors"] = json!(faults);
    Some(problem)
}

/// The decisions `before` or `after`.
fn decisions(preview: &Value, of: &str) -> Vec<Value> {
    preview["calls"].as_array().expect("calls").iter().map(|call| call[of].clone()).collect()
}

/// What warnings are about. Their times depend on when they are asked for.
fn subjects(answer: &Value) -> Vec<[Value; 3]> {
    let warnings = answer["warnings"].as_array().expect("warnings").iter();
    warnings.map(|warning| ["code", "service", "criteria"].map(|member| warning[member].clone())).collect()
}

#[expect(clippy::disallowed_methods, reason = "the test run says by its environment what it wants")]
fn cases() -> usize {
    env::var("PREVIEW_CASES").ok().and_then(|number| number.parse().ok()).unwrap_or(CASES)
}

#[apply(both_databases)]
async fn a_preview_is_what_happens_when_the_changes_are_made(#[case] database: Kind) {
    let app = with_services(database).await;
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let (calls, mut made, mut present) = (calls(), 0, None);
    for case in 0..cases() {
        let changes = changes().new_tree(&mut runner).expect("changes").current();
        let answer = app.post(PREVIEW, json!({ "changes": changes, "calls": calls })).await;
        if let Some(problem) = expected_problem(&put_each(&app, &changes, "?dryRun=true").await) {
            assert_eq!(without_request(&answer), problem, "{changes:#?}");
            continue;
        }
        let preview = answer.expect(200);
        let [before, after] = ["before", "after"].map(|of| decisions(&preview, of));
        assert_eq!(before, present.unwrap_or(before.clone()), "{changes:#?}");
        put_each(&app, &changes, "").await.iter().for_each(|write| drop(write.expect(200)));
        made += 1;
        for at in (0..4).map(|number| (case + number * 7) % calls.len()) {
            let decided = app.post(DECISION, calls[at].clone()).await.expect(200);
            assert_eq!(decided, after[at], "{} {changes:#?}", calls[at]);
        }
        let changed = before.iter().zip(&after).filter(|(before, after)| before["decision"] != after["decision"]);
        assert_eq!(preview["changed"], changed.count());
        assert_eq!(subjects(&app.get(WARNINGS).await.expect(200)), subjects(&preview), "{changes:#?}");
        present = Some(after);
    }
    assert!(made > cases() / 3, "{made} changes were made");
}
