//! What is said of random services is true of the calls that are asked about.

use call_acceptance_api::{resource::decision::Outcome, value::phone_number::Region};
use jiff::SignedDuration;
use proptest::{collection::vec, prelude::*, sample::select};

use super::*;
use crate::rules::{
    screening::tests::{
        agreement::{Scene, many, scene},
        from, plain, random,
    },
    service::Settings,
};

/// Calls from the number of a scene and from others, by all routes, at the instants of the scene.
fn calls(scene: &Scene, at: Timestamp) -> impl Iterator<Item = Call<'_>> {
    let end = at + SignedDuration::from_hours(24 * i64::from(calendar::DAYS));
    let instants = scene.asked.iter().map(|asked| asked.at).filter(move |instant| (at..end).contains(instant));
    instants.flat_map(|at| {
        let shown = [scene.text.as_str(), "+12025550123", "100"].map(|number| call(Some(number), None, at));
        let hidden = [Presentation::Restricted, Presentation::Unavailable].map(|hidden| call(None, Some(hidden), at));
        shown.into_iter().chain(hidden).flat_map(by_all_routes)
    })
}

/// What contradicts the warning in the decision on the call.
fn contradiction(screening: &Screening, warning: &Warning, call: &Call<'_>) -> bool {
    use WarningCode::*;
    let ruling = screening.decide(call, &[]);
    let is_about = ruling.reason.service() == Some(warning.service);
    let accepted = || is_accepted(screening, call);
    match warning.code {
        BlocksEveryone => accepted(),
        BlocksEveryoneAtTimes => {
            let from = warning.from.as_ref().expect("it has a begin").timestamp();
            let until = warning.until.as_ref().map(|until| until.timestamp());
            from <= call.at && until.is_none_or(|until| call.at < until) && accepted()
        }
        AcceptsEveryone => is_about && ruling.reason.verdict() == Verdict::Reject,
        NeverMatchesNoCallers | NeverMatchesSchedules | SchedulesPast => {
            let said = screening.explain(call, &[]);
            said.iter().any(|said| {
                said.service == warning.service
                    && Some(&said.criteria) == warning.criteria.as_ref()
                    && said.outcome == Outcome::Matched
            })
        }
        Shadowed => is_about && ruling.criteria == warning.criteria,
        InternalCallersRefused => {
            // Some numbers may be listed, but not all of them; the short one is of no list that asks for more digits.
            let is_accepted = |number| is_accepted(screening, &Call { calling_number: Some(number), ..*call });
            !call.forwarded
                && call.presentation.is_none()
                && call.internal
                && ["+12025550123", "+99900000000", "+88800000000", "+7"].map(is_accepted) == [true; 4]
        }
        WithheldRefused => {
            !call.forwarded && !call.internal && call.presentation == Some(Presentation::Restricted) && accepted()
        }
        HolidayNarrows | DuplicateCaller | OwnNumberListed | PatternNeverMatches => false,
    }
}

proptest! {
    #![proptest_config(many(400))]

    #[test]
    fn what_warnings_say_is_true_of_decisions(scene in scene(), start in any::<prop::sample::Index>()) {
        let at = scene.asked[start.index(scene.asked.len())].at;
        let mut services = scene.kept();
        services.iter_mut().for_each(|service| {
            let settings = std::mem::take(&mut service.settings);
            service.settings = Settings { suspended_until: None, ..settings };
        });
        let periods = scene.periods();
        let screening = Screening::compile(&scene.place, &services, &periods).expect("services that can be compiled");
        let screening = screening.under(scene.policies());
        let subject = Subject { place: &scene.place, services: &services, periods: &periods, own_number: None };
        let warnings = Outlook::compile(subject).expect("services that can be compiled").warnings(at);
        for call in calls(&scene, at) {
            for warning in &warnings {
                prop_assert!(!contradiction(&screening, warning, &call), "{:?} at {}: {:?}", warning, at, call);
            }
        }
    }
}

proptest! {
    #![proptest_config(many(1000))]

    #[test]
    fn patterns_that_never_match_match_no_number(
        (number, text) in random::number(),
        region in select(vec![Some("BE"), Some("US"), Some("GB"), Some("FR"), None]),
        sketches in vec(random::sketch(), 5),
    ) {
        let forms = plain::forms(&number, region);
        let patterns: Vec<String> = sketches.iter().map(|sketch| sketch.pattern(&forms)).collect();
        let place = Place { region: region.map(|region| Region::parse(region).expect("a region")), time_zone: None };
        for pattern in patterns.iter().filter(|pattern| plain::matches(pattern, &number, region)) {
            let criteria = from(1, "a", &[pattern]);
            let services = crate::rules::screening::tests::acceptance(&[criteria]);
            let periods = HashMap::new();
            let subject = Subject { place: &place, services: &services, periods: &periods, own_number: None };
            let outlook = Outlook::compile(subject).expect("criteria that can be compiled");
            let warnings = outlook.warnings(Timestamp::UNIX_EPOCH);
            let never = warnings.iter().find(|warning| warning.code == WarningCode::PatternNeverMatches);
            prop_assert!(never.is_none(), "{} matches {}", pattern, text);
        }
    }
}
