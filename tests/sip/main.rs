//! Real calls: sipp places them; Kamailio asks the server about each, and lets it go on or refuses it.
//!
//! `make test-sip` runs it; the scenarios are in this folder, the configurations in `deploy/kamailio/`.

mod calls;
mod network;
mod processes;
mod users;

use std::time::{Duration, Instant};

use calls::{Call, DECLINE, Verdict};
use network::{Configuration, MediaServer, Network, Setting};

/// How many calls a second are placed: what a debug build on two busy cores copes with.
const RATE: u32 = 150;
/// How many calls may go on without a verdict while a frozen server is being found out.
const FEW: usize = 10;

fn calls_that_are_to_be_declined(count: usize) -> Vec<Call> {
    calls::thousand().into_iter().filter(|call| call.verdict == DECLINE).cycle().take(count).collect()
}

async fn each_of_a_thousand_calls_gets_its_verdict(configuration: Configuration) {
    let mut network = Network::start(Setting::of(configuration)).await;
    let calls = calls::thousand();
    let answers = network.place(&calls, RATE);
    network.assert_answers(&calls, &answers, |call| call.verdict);
}

#[tokio::test]
async fn each_of_a_thousand_calls_through_the_proxy_gets_its_verdict() {
    each_of_a_thousand_calls_gets_its_verdict(Configuration::Proxy).await;
}

#[tokio::test]
async fn each_of_a_thousand_calls_to_the_redirect_server_gets_its_verdict() {
    each_of_a_thousand_calls_gets_its_verdict(Configuration::Redirect).await;
}

async fn a_refusal_with_an_announcement_is_sent(media_server: MediaServer) {
    let setting = Setting { media_server, ..Setting::of(Configuration::Proxy) };
    let mut network = Network::start(setting).await;
    let calls = calls::with_announcements();
    assert!(!calls.is_empty(), "some calls are such");
    let answers = network.place(&calls, RATE);
    network.assert_answers(&calls, &answers, |call| call.verdict);
}

#[tokio::test]
async fn a_refusal_with_an_announcement_is_sent_when_there_is_nothing_that_plays_it() {
    a_refusal_with_an_announcement_is_sent(MediaServer::Absent).await;
}

#[tokio::test]
async fn a_refusal_with_an_announcement_is_sent_when_the_media_server_does_not_answer() {
    a_refusal_with_an_announcement_is_sent(MediaServer::Frozen).await;
}

#[tokio::test]
async fn a_caller_can_hang_up_while_the_decision_server_is_asked() {
    for configuration in [Configuration::Proxy, Configuration::Redirect] {
        let network = Network::start(Setting::of(configuration)).await;
        network.decision_servers[0].signal("STOP");
        let mut statuses = network.hang_up_early(users::FRIENDS);
        statuses.sort();
        assert_eq!(statuses, ["200", "487"], "{configuration:?}");
    }
}

#[tokio::test]
async fn priority_and_the_own_domain_count_from_trusted_peers_only() {
    let setting = Setting { trusted: "192.0.2.1", ..Setting::of(Configuration::Proxy) };
    let mut network = Network::start(setting).await;
    let calls = calls::relying_on_trust();
    let answers = network.place(&calls, RATE);
    assert!(!calls.is_empty(), "some calls are such");
    assert!(answers.iter().all(|answer| answer.starts_with(['4', '6'])), "{answers:?}");
}

#[tokio::test]
async fn all_callers_of_an_internal_network_are_internal() {
    let setting = Setting { internal: "192.0.2.0/24,127.0.0.0/8", ..Setting::of(Configuration::Proxy) };
    let mut network = Network::start(setting).await;
    let calls: Vec<_> = calls::thousand().into_iter().filter(|call| call.called == users::COLLEAGUES).collect();
    let answers = network.place(&calls, RATE);
    network.assert_answers(&calls, &answers, |_| Verdict::Accept);
}

#[tokio::test]
async fn calls_go_on_while_the_only_decision_server_is_frozen_and_are_judged_when_it_goes_on() {
    let mut network = Network::start(Setting::of(Configuration::Proxy)).await;
    let calls = calls_that_are_to_be_declined(300);
    network.decision_servers[0].signal("STOP");
    let answers = network.place(&calls, RATE);
    network.assert_answers(&calls, &answers, |_| Verdict::Accept);

    network.decision_servers[0].signal("CONT");
    let deadline = Instant::now() + Duration::from_secs(30);
    while !network.place(&calls[..5], 10).iter().all(|answer| answer == "603 Decline") {
        assert!(Instant::now() < deadline, "calls are still not judged; the log of Kamailio:\n{}", network.log());
    }
}

#[tokio::test]
async fn calls_go_on_when_the_only_decision_server_has_ended() {
    let mut network = Network::start(Setting::of(Configuration::Proxy)).await;
    let calls = calls_that_are_to_be_declined(300);
    network.decision_servers[0].end();
    let answers = network.place(&calls, RATE);
    network.assert_answers(&calls, &answers, |_| Verdict::Accept);
}

/// Places a thousand calls, and in the middle something happens to the first of two decision servers.
async fn the_second_decision_server_takes_over(configuration: Configuration, happens: fn(&mut Network)) {
    let setting = Setting { decision_servers: 2, ..Setting::of(configuration) };
    let mut network = Network::start(setting).await;
    let calls = calls::thousand();
    let answers = network.place_and_do(&calls, RATE, calls.len() / 2, happens);
    network.assert_answers_but(FEW, &calls, &answers, |call| call.verdict);
}

#[tokio::test]
async fn the_second_decision_server_takes_over_when_the_first_freezes() {
    let freeze = |network: &mut Network| network.decision_servers[0].signal("STOP");
    the_second_decision_server_takes_over(Configuration::Proxy, freeze).await;
    the_second_decision_server_takes_over(Configuration::Redirect, freeze).await;
}

#[tokio::test]
async fn the_second_decision_server_takes_over_when_the_first_ends() {
    let end = |network: &mut Network| network.decision_servers[0].end();
    the_second_decision_server_takes_over(Configuration::Proxy, end).await;
    the_second_decision_server_takes_over(Configuration::Redirect, end).await;
}

/// Places these calls again and again until all are declined. Gives how many were: others went on without a verdict.
fn declined_until_all_are(network: &mut Network, calls: &[calls::Call]) -> i64 {
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut all = 0;
    loop {
        let declined = network.place(calls, RATE).iter().filter(|answer| *answer == "603 Decline").count();
        all += declined as i64;
        if declined == calls.len() {
            return all;
        }
        assert!(Instant::now() < deadline, "calls are still not judged; the log of Kamailio:\n{}", network.log());
    }
}

#[tokio::test]
async fn the_statistics_of_two_instances_are_the_verdicts_of_a_thousand_calls() {
    let setting = Setting { decision_servers: 2, shared_database: true, ..Setting::of(Configuration::Proxy) };
    let mut network = Network::start(setting).await;
    let calls = calls::thousand();
    let (first, second) = calls.split_at(calls.len() / 2);
    let mut answers = network.place(first, RATE);
    // It writes what it has counted, and the other one takes over.
    network.decision_servers[0].stop();
    let declined = declined_until_all_are(&mut network, &calls_that_are_to_be_declined(50));
    answers.extend(network.place(second, RATE));
    network.assert_answers(&calls, &answers, |call| call.verdict);

    let known = calls.iter().filter(|call| ![users::NOBODY, users::SHORT].contains(&call.called.as_str()));
    let accepted = known.clone().filter(|call| call.verdict == Verdict::Accept).count() as i64;
    let expected = [accepted, known.count() as i64 - accepted + declined];
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let counted = network.counted(1).await;
        if counted == expected {
            return;
        }
        assert!(Instant::now() < deadline, "{counted:?} are counted, not {expected:?}");
    }
}
