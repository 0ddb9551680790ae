//! Metrics in Prometheus' text format: the registry of the process, and the kinds of metrics that it holds.
//!
//! Each room declares its metrics in a file of its own (`http::metrics`, `service::metrics`, `store::metrics`), as a
//! static that registers them when it is used first; a scrape uses all of them. Labels are resolved at that time, so
//! that an event costs atomic operations only. The values of a label are a fixed set: never the name or the number of a
//! tenant, a user or a caller. To add a metric, add it to the file of its room and to the table in `docs/operating.md`.

use std::{collections::HashMap, sync::LazyLock};

use prometheus::{
    Encoder, GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder,
    core::{Collector, Desc},
    process_collector::ProcessCollector,
    proto::{self, MetricFamily, MetricType},
};
pub use prometheus::{Gauge, Histogram, IntCounter, IntGauge};

use super::writer::dropped_lines;

/// Why the registration of a metric cannot fail.
const RIGHT: &str = "the names and labels of metrics are valid, and each is registered once";

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    let registry = Registry::new();
    registry.register(Box::new(ProcessCollector::for_self())).expect(RIGHT);
    let help = "Lines of the log that could not be written in time.";
    let dropped = Total::new("call_acceptance_log_lines_dropped_total", help, dropped_lines);
    registry.register(Box::new(dropped)).expect(RIGHT);
    registry
});

fn registered<C: Collector + Clone + 'static>(collector: C) -> C {
    REGISTRY.register(Box::new(collector.clone())).expect(RIGHT);
    collector
}

/// A counter.
pub fn counter(name: &str, help: &str) -> IntCounter {
    registered(IntCounter::new(name, help).expect(RIGHT))
}

/// Counters by labels, which the caller resolves.
pub fn counter_vec(name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    registered(IntCounterVec::new(Opts::new(name, help), labels).expect(RIGHT))
}

/// A counter for each of the `values` of a label.
pub fn counters<const N: usize>(name: &str, help: &str, label: &str, values: [&str; N]) -> [IntCounter; N] {
    let counters = counter_vec(name, help, &[label]);
    values.map(|value| counters.with_label_values(&[value]))
}

/// A gauge of whole numbers.
pub fn gauge(name: &str, help: &str) -> IntGauge {
    registered(IntGauge::new(name, help).expect(RIGHT))
}

/// Gauges of whole numbers by labels, which the caller resolves.
pub fn gauge_vec(name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    registered(IntGaugeVec::new(Opts::new(name, help), labels).expect(RIGHT))
}

/// A gauge of seconds.
pub fn seconds(name: &str, help: &str) -> Gauge {
    registered(GaugeVec::new(Opts::new(name, help), &[]).expect(RIGHT)).with_label_values::<&str>(&[])
}

/// Histograms of seconds by labels, which the caller resolves.
pub fn histogram_vec(name: &str, help: &str, labels: &[&str], buckets: &[f64]) -> HistogramVec {
    let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
    registered(HistogramVec::new(options, labels).expect(RIGHT))
}

/// A counter whose total something else keeps; `read` answers it at each scrape.
pub fn total(name: &str, help: &str, read: fn() -> u64) {
    REGISTRY.register(Box::new(Total::new(name, help, read))).expect(RIGHT);
}

/// Reads a total at each scrape.
struct Total {
    desc: Desc,
    read: fn() -> u64,
}

impl Total {
    fn new(name: &str, help: &str, read: fn() -> u64) -> Self {
        Self { desc: Desc::new(name.to_owned(), help.to_owned(), Vec::new(), HashMap::new()).expect(RIGHT), read }
    }
}

impl Collector for Total {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.desc]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let mut counter = proto::Counter::default();
        counter.set_value((self.read)() as f64);
        let mut metric = proto::Metric::default();
        metric.set_counter(counter);
        let mut family = MetricFamily::default();
        family.set_name(self.desc.fq_name.clone());
        family.set_help(self.desc.help.clone());
        family.set_field_type(MetricType::COUNTER);
        family.set_metric(vec![metric]);
        vec![family]
    }
}

/// The media type of [`text`].
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All metrics in Prometheus' text format. It reads `/proc`: call it on a thread that may block.
pub fn text() -> Vec<u8> {
    let mut text = Vec::new();
    // Writing to memory fails only for a family without a metric, which is then left out.
    for family in REGISTRY.gather() {
        let length = text.len();
        if TextEncoder::new().encode(&[family], &mut text).is_err() {
            text.truncate(length);
        }
    }
    text
}
