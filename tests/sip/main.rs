//! Real calls: sipp places them; Kamailio asks the server about each, and relays or declines it.
//!
//! `make test-sip` runs it; the scenarios are in this folder, the configuration is `deploy/kamailio/kamailio.cfg`.

mod calls;
mod network;
mod processes;
mod users;

use std::time::{Duration, Instant};

use calls::{Call, Verdict};
use network::Network;

/// How many calls a second are placed: what a debug build on two busy cores copes with.
const RATE: u32 = 150;

fn calls_that_are_to_be_declined(count: usize) -> Vec<Call> {
    calls::thousand().into_iter().filter(|call| call.verdict == Verdict::Decline).cycle().take(count).collect()
}

#[tokio::test]
async fn each_of_a_thousand_calls_gets_the_verdict_that_it_should() {
    let network = Network::start().await;
    let calls = calls::thousand();
    let answers = network.place(&calls, RATE);
    network.assert_answers(&calls, &answers, |call| call.verdict);
}

#[tokio::test]
async fn an_emergency_callback_counts_from_trusted_peers_only() {
    let network = Network::start_trusting("192.0.2.1").await;
    let calls = calls::emergency_callbacks();
    assert!(!calls.is_empty(), "some calls are such");
    let answers = network.place(&calls, RATE);
    network.assert_answers(&calls, &answers, |_| Verdict::Decline);
}

#[tokio::test]
async fn calls_are_relayed_while_the_decision_server_is_frozen_and_judged_when_it_goes_on() {
    let network = Network::start().await;
    let calls = calls_that_are_to_be_declined(300);
    network.decision_server.signal("STOP");
    let answers = network.place(&calls, RATE);
    network.assert_answers(&calls, &answers, |_| Verdict::Relay);

    network.decision_server.signal("CONT");
    let deadline = Instant::now() + Duration::from_secs(30);
    let judged = || network.place(&calls[..5], 10).iter().all(|answer| answer == "603 Decline");
    while !judged() {
        assert!(Instant::now() < deadline, "calls are still not judged; the proxy says:\n{}", network.proxy_log());
    }
}

#[tokio::test]
async fn calls_are_relayed_when_the_decision_server_has_ended() {
    let mut network = Network::start().await;
    let calls = calls_that_are_to_be_declined(300);
    network.decision_server.end();
    let answers = network.place(&calls, RATE);
    network.assert_answers(&calls, &answers, |_| Verdict::Relay);
}
