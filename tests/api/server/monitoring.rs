//! Alerts and the dashboard ask for metrics and labels that a scrape has; each alert is tested and documented.

use std::{collections::BTreeSet, fs, path::Path};

use regex::Regex;
use serde_json::Value;

use crate::{
    database::Kind,
    harness::{App, JSON},
    scrape::Scrape,
};

/// What Prometheus itself adds.
const OF_PROMETHEUS: [&str; 5] = ["up", "instance", "job", "le", "operation"];

fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What `pattern` finds in `text` as its first group.
fn found(pattern: &str, text: &str) -> BTreeSet<String> {
    let pattern = Regex::new(pattern).expect("the pattern is right");
    pattern.captures_iter(text).map(|captures| captures[1].to_owned()).collect()
}

/// Asserts that the metrics and labels of a query are in the scrape.
#[track_caller]
fn assert_answered(query: &str, scrape: &Scrape) {
    let names = found(r"\b((?:call_acceptance|process)_[a-z_]+)", query);
    let mut labels = BTreeSet::new();
    for name in &names {
        let ends = ["_bucket", "_sum", "_count"];
        let family = ends
            .iter()
            .find_map(|end| name.strip_suffix(end))
            .filter(|family| scrape.families.get(*family).is_some_and(|(kind, _)| kind == "histogram"));
        let family = scrape.families.get(family.unwrap_or(name));
        labels.extend(family.unwrap_or_else(|| panic!("there is no {name} in a scrape: {query}")).1.clone());
    }
    assert!(!names.is_empty() || query.starts_with("up"), "it asks for no metric: {query}");
    let used = found(r#"\b([a-z_]+)(?:=|!=|=~|!~)""#, query).into_iter();
    let grouped = found(r"(?:by|without) \(([a-z_, ]+)\)", query);
    let grouped = grouped.iter().flat_map(|labels| labels.split(", ")).map(str::to_owned);
    for label in used.chain(grouped) {
        assert!(labels.contains(&label) || OF_PROMETHEUS.contains(&&*label), "no metric has {label}: {query}");
    }
}

async fn scraped() -> Scrape {
    let app = App::start(Kind::Sqlite).await;
    app.send(reqwest::Method::GET, "/api/v1/tenants/", &[JSON], None).await.expect(200);
    Scrape::of(&app).await
}

/// The expressions of the dashboard's panels.
fn expressions(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            into.extend(members.get("expr").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|value| expressions(value, into));
        }
        Value::Array(items) => items.iter().for_each(|value| expressions(value, into)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_queries_of_the_dashboard_are_answered_by_a_scrape() {
    let scrape = scraped().await;
    let dashboard = serde_json::from_str(&file("deploy/grafana/call-acceptance.json")).expect("it is JSON");
    let mut queries = Vec::new();
    expressions(&dashboard, &mut queries);
    assert!(queries.len() > 20, "{queries:?}");
    queries.iter().for_each(|query| assert_answered(query, &scrape));
    let asked = found(r"\b((?:call_acceptance|process)_[a-z_]+)", &queries.concat());
    for family in scrape.families.keys().filter(|family| *family != "process_virtual_memory_bytes") {
        assert!(asked.iter().any(|name| name.starts_with(family)), "no panel shows {family}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_alerts_watch_metrics_that_a_scrape_has() {
    let scrape = scraped().await;
    let rules = file("deploy/prometheus/call-acceptance.rules.yml");
    let alerts: Vec<&str> = rules.split("- alert: ").skip(1).collect();
    assert!(alerts.len() > 15, "{alerts:?}");
    for alert in alerts {
        let body = alert.split("expr: ").nth(1).and_then(|rest| rest.split("\n        labels:").next());
        let query = body.expect("an alert has an expression").trim_start_matches('|').trim();
        assert_answered(query.split("\n        for:").next().unwrap_or(query), &scrape);
    }
}

#[test]
fn each_alert_is_documented_and_is_tested_to_fire_and_not_to_fire() {
    let alerts = found(r"- alert: (\w+)", &file("deploy/prometheus/call-acceptance.rules.yml"));
    let tests = file("deploy/prometheus/call-acceptance.test.yml");
    assert_eq!(found(r"alertname: (\w+)\n\s+exp_alerts:\n\s+- exp_labels", &tests), alerts, "those that fire");
    assert_eq!(found(r"alertname: (\w+)\n\s+exp_alerts: \[\]", &tests), alerts, "those that do not");
    assert_eq!(found(r"\n\| `(CallAcceptance\w+)`", &file("docs/operating.md")), alerts);
}
