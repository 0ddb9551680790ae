//! A strict reader of Prometheus' text format.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;
use reqwest::Method;

use crate::harness::App;

/// What one scrape says.
#[derive(Debug, Default)]
pub struct Scrape {
    /// Type and labels of each metric.
    pub families: BTreeMap<String, (String, BTreeSet<String>)>,
    samples: BTreeMap<String, f64>,
}

impl Scrape {
    /// Scrapes a server without a token, as Prometheus does.
    pub async fn of(app: &App) -> Self {
        let answer = app.send_as(None, Method::GET, "/metrics", None).await;
        assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
        assert_eq!(answer.header("cache-control"), "no-store");
        Self::parse(answer.expect_text())
    }

    /// Reads a text: every line is a comment or a sample, samples stand behind the help and the type of their metric,
    /// and none comes twice.
    pub fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line ends");
        let header = Regex::new(r"^# (HELP|TYPE) ([a-z_]+) (\S.*)$").expect("the pattern is right");
        let sample = Regex::new(r#"^([a-z_]+)(\{([a-z_]+="[^"\\]*",?)+\})? (-?[0-9.]+(e-?[0-9]+)?)$"#);
        let sample = sample.expect("the pattern is right");
        let label = Regex::new(r#"([a-z_]+)=""#).expect("the pattern is right");
        let mut scrape = Self::default();
        let mut current = (String::new(), String::new());
        for line in text.lines() {
            if let Some(header) = header.captures(line) {
                match &header[1] {
                    "HELP" => current = (header[2].to_owned(), String::new()),
                    _ => {
                        assert_eq!(current.0, header[2], "{line}: the help of a metric is before its type");
                        current.1 = header[3].to_owned();
                        let family = (current.1.clone(), BTreeSet::new());
                        let twice = scrape.families.insert(current.0.clone(), family).is_some();
                        assert!(!twice, "{line} comes twice");
                    }
                }
                continue;
            }
            let parts = sample.captures(line).unwrap_or_else(|| panic!("{line} is no sample"));
            let (family, kind) = &current;
            let own = match kind.as_str() {
                "histogram" => ["_bucket", "_sum", "_count"].iter().any(|end| parts[1] == format!("{family}{end}")),
                _ => parts[1] == **family,
            };
            assert!(own, "{line} is not of {family}");
            let labels = label.captures_iter(line).map(|label| label[1].to_owned()).filter(|label| label != "le");
            scrape.families.entry(family.clone()).or_default().1.extend(labels);
            let (key, value) = line.rsplit_once(' ').expect("a sample has a value");
            let value = value.parse().expect("a value is a number");
            assert!(scrape.samples.insert(key.to_owned(), value).is_none(), "{key} comes twice");
        }
        scrape
    }

    /// The value of a sample, as in `name{label="value"}`.
    #[track_caller]
    pub fn value(&self, sample: &str) -> f64 {
        self.find(sample).unwrap_or_else(|| panic!("there is no {sample}"))
    }

    /// The value of a sample, if there is one.
    pub fn find(&self, sample: &str) -> Option<f64> {
        self.samples.get(sample).copied()
    }

    /// Asserts that these samples have risen by this much since `before`, where a missing one counts as zero.
    #[track_caller]
    pub fn assert_rise(&self, before: &Self, samples: &[(&str, f64)]) {
        for (sample, rise) in samples {
            let risen = self.value(sample) - before.find(sample).unwrap_or_default();
            assert!((risen - rise).abs() < f64::EPSILON, "{sample} has risen by {risen}");
        }
    }
}
