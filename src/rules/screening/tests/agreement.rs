//! Property tests: the compiled form agrees with the plain one, on 150,000 random questions in total.

use call_acceptance_api::{
    resource::schedule::ScheduleType,
    value::{
        phone_number::PhoneNumberPattern,
        recurrence::{Day, Recurrence, RecurrenceRule, Times},
    },
};
use jiff::ToSpan;
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{
    super::{
        number::{Caller, Reader},
        pattern::Index,
        schedule::{Moment, Schedule},
    },
    plain::{self, Days, Number},
    random::{self, ZONES},
    *,
};

const REGIONS: [Option<&str>; 5] = [Some("BE"), Some("US"), Some("GB"), Some("FR"), None];

fn many(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

fn place(region: Option<&str>, zone: &str) -> Place {
    Place {
        region: region.map(|region| Region::parse(region).expect("a region")),
        time_zone: Some(TimeZone::parse(zone).expect("a time zone")),
    }
}

proptest! {
    #![proptest_config(many(8_000))]

    #[test]
    fn screening_matches_patterns_as_the_plain_matcher_does(
        (number, text) in random::number(),
        region in select(REGIONS.to_vec()),
        sketches in vec(random::sketch(), 10),
    ) {
        let forms = plain::forms(&number, region);
        let patterns: Vec<String> = sketches.iter().map(|sketch| sketch.pattern(&forms)).collect();
        let parsed: Vec<_> = patterns.iter().map(|text| PhoneNumberPattern::parse(text).expect("a pattern")).collect();
        let reader = Reader::of(region.map(|region| Region::parse(region).expect("a region")).as_ref());
        let index = Index::of(parsed.iter().enumerate().map(|(owner, pattern)| (pattern, owner)), &reader);
        let Caller::Number(written) = Caller::of(Some(&text)) else { panic!("{text} is a number") };
        let matched = index.owners(&reader.forms(&written), patterns.len());
        let plainly = |pattern: &String| plain::matches(pattern, &number, region);
        let expected: Vec<bool> = patterns.iter().map(plainly).collect();
        prop_assert_eq!(matched, expected, "{:?} in {:?} of {:?}: {:?}", patterns, region, text, forms);
    }
}

proptest! {
    #![proptest_config(many(800))]

    #[test]
    fn screening_makes_the_days_of_recurrences_that_the_crate_makes(
        (rule, of_week) in random::rule(),
        day in 0..4_000_i64,
        far in proptest::bool::weighted(0.02),
    ) {
        let first = random::first(&rule, of_week, day);
        let horizon = first + if far { 300.years() } else { 9.years() };
        let made = plain::made(&rule, first, horizon);
        let parsed = RecurrenceRule::parse(&rule).expect("a rule");
        let recurrence = Recurrence::compile(&parsed, first, Times::WHOLE_DAY, &[], &tz::TimeZone::UTC);
        let days = (first - 400.days()).series(1.day()).take_while(|date| *date <= horizon);
        for date in days {
            let occurs = recurrence.occurs_on(&Day::of(date));
            prop_assert_eq!(occurs, made.contains(&date), "{} from {} on {}", rule, first, date);
        }
    }
}

fn schedule_and_instants() -> impl Strategy<Value = (Vec<Days>, &'static str, Vec<Timestamp>)> {
    select(ZONES.to_vec()).prop_flat_map(|zone| {
        let instants = vec(random::instant(random::zone(zone)), 50);
        (vec(random::days(), 1..4), Just(zone), instants)
    })
}

/// Whether the plain evaluator covers the days around `at`: recurrences are evaluated only to the end of 2029.
fn is_known(days: &[Days], at: Timestamp) -> bool {
    at < "2029-12-29T00:00:00Z".parse().expect("an instant") || days.iter().all(|days| days.period.rule.is_none())
}

proptest! {
    #![proptest_config(many(800))]

    #[test]
    fn screening_holds_schedules_in_the_instants_of_their_periods((days, zone, instants) in schedule_and_instants()) {
        let time_zone = random::zone(zone);
        let periods: Vec<Period> = days.iter().map(|days| days.period.clone()).collect();
        let schedule = Schedule::compile(&periods, &time_zone).expect("periods that can be compiled");
        for at in instants.into_iter().filter(|at| is_known(&days, *at)) {
            let holds = schedule.holds(&Moment::of(time_zone.to_datetime(at)));
            let expected = days.iter().any(|days| days.period.active && days.hold_at(at, &time_zone));
            prop_assert_eq!(holds, expected, "{:?} at {} in {}", periods, at, zone);
        }
    }
}

/// A criteria, and the indices of its schedules.
type Drawn = (KeptCriteria, Option<usize>, Option<usize>);

fn drawn() -> impl Strategy<Value = (Drawn, Vec<random::Sketch>)> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), proptest::bool::weighted(0.85));
    let schedules = (option::weighted(0.4, 0..3_usize), option::weighted(0.3, 0..3_usize));
    (flags, proptest::bool::weighted(0.2), vec(random::sketch(), 0..4), schedules).prop_map(
        |((refuses, anonymous, unavailable, active), every, sketches, (time, holiday))| {
            let mut kept = from(0, "criteria", &[]);
            kept.active = active;
            kept.do_not_perform_action = refuses;
            kept.from_dn_criteria.include_anonymous_callers = anonymous;
            kept.from_dn_criteria.include_unavailable_callers = unavailable;
            if every {
                kept.from_dn_criteria.selection = Selection::Any;
            }
            let link = |at: Option<usize>, kind| at.and_then(|at| link(at as u128, kind));
            kept.time_schedule = link(time, ScheduleType::Time);
            kept.holiday_schedule = link(holiday, ScheduleType::Holiday);
            ((kept, time, holiday), sketches)
        },
    )
}

type Asked = (Option<Presentation>, bool, Timestamp);

fn asked(zone: &str) -> impl Strategy<Value = Asked> {
    let presentation = prop_oneof![
        4 => Just(None),
        2 => Just(Some(Presentation::Allowed)),
        1 => Just(Some(Presentation::Restricted)),
        1 => Just(Some(Presentation::Unavailable)),
    ];
    (presentation, proptest::bool::weighted(0.9), random::instant(random::zone(zone)))
}

#[derive(Debug)]
struct Scene {
    number: Number,
    text: String,
    place: Place,
    criteria: Vec<Drawn>,
    schedules: Vec<Vec<Days>>,
    asked: Vec<Asked>,
}

/// The criteria with their positions as names, and with patterns for a number with these forms.
fn numbered(drawn: Vec<(Drawn, Vec<random::Sketch>)>, forms: &[String]) -> Vec<Drawn> {
    let numbered = |(at, ((mut kept, time, holiday), sketches)): (usize, (Drawn, Vec<random::Sketch>))| {
        kept.position = i32::try_from(at).expect("a small number");
        kept.name = CriteriaName::parse(&at.to_string()).expect("a name");
        let patterns = sketches.iter().map(|sketch| PhoneNumberPattern::parse(&sketch.pattern(forms)));
        kept.from_dn_criteria.phone_numbers = patterns.map(|pattern| pattern.expect("a pattern")).collect();
        (kept, time, holiday)
    };
    drawn.into_iter().enumerate().map(numbered).collect()
}

fn scene() -> impl Strategy<Value = Scene> {
    let about = (random::number(), select(REGIONS.to_vec()), select(ZONES.to_vec()));
    about.prop_flat_map(|((number, text), region, zone)| {
        let place = place(region, zone);
        let parts = (vec(drawn(), 0..6), vec(vec(random::days(), 0..3), 3), vec(asked(zone), 50));
        parts.prop_map(move |(drawn, schedules, asked)| {
            let criteria = numbered(drawn, &plain::forms(&number, region));
            Scene { number: number.clone(), text: text.clone(), place: place.clone(), criteria, schedules, asked }
        })
    })
}

/// The rules of the contract, applied one after the other to the outcomes of the criteria.
fn ruled(criteria: &[Drawn], outcomes: &[Outcome]) -> (Reason, Option<usize>) {
    let first = |refuses: bool| {
        (0..criteria.len())
            .find(|at| criteria[*at].0.do_not_perform_action == refuses && outcomes[*at] == Outcome::Matched)
    };
    if outcomes.iter().all(|outcome| *outcome == Outcome::Inactive) {
        (Reason::NoActiveCriteria, None)
    } else if let Some(at) = first(true) {
        (Reason::DoNotAccept, Some(at))
    } else if let Some(at) = first(false) {
        (Reason::CriteriaMatched, Some(at))
    } else {
        (Reason::NoCriteriaMatched, None)
    }
}

proptest! {
    #![proptest_config(many(600))]

    #[test]
    fn screening_decides_as_the_plain_rules_do(scene in scene()) {
        let Scene { number, text, place, criteria, schedules, asked } = scene;
        let of_schedule = |days: &Vec<Days>| days.iter().map(|days| days.period.clone()).collect();
        let keyed = schedules.iter().enumerate().map(|(at, days)| (Uuid::from_u128(at as u128), of_schedule(days)));
        let kept: Vec<KeptCriteria> = criteria.iter().map(|(kept, ..)| kept.clone()).collect();
        let screening = Screening::compile(&place, &kept, &keyed.collect()).expect("criteria that can be compiled");
        let known = |at| schedules.iter().all(|days| is_known(days, at));
        for (presentation, with_number, at) in asked.into_iter().filter(|(.., at)| known(*at)) {
            let call = Call { calling_number: with_number.then_some(text.as_str()), presentation, at };
            let expected: Vec<Outcome> = criteria.iter().map(|(kept, time, holiday)| {
                let days = |schedule: &Option<usize>| schedule.map(|at| schedules[at].as_slice());
                let number = with_number.then_some(&number);
                plain::outcome(kept, days(time), days(holiday), &place, number, presentation, at)
            }).collect();
            prop_assert_eq!(&outcomes(&screening, call), &expected, "{:?}", call);
            let (reason, by) = ruled(&criteria, &expected);
            prop_assert_eq!(ruling(&screening, call), (reason, by.map(|at| at.to_string())), "{:?}", call);
        }
    }
}
