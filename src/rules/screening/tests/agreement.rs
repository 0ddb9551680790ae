//! Property tests: the compiled form agrees with the plain one, the whole order of the decision on 125,000 random
//! questions.

use call_acceptance_api::{
    resource::{criteria::OutsideSchedules, protected_callers::ProtectedCaller, schedule::ScheduleType},
    value::{
        phone_number::PhoneNumberPattern,
        recurrence::{Day, Recurrence, RecurrenceRule, Times},
        time::Instant,
    },
};
use jiff::{Timestamp, ToSpan};
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
use crate::rules::{policy::KeptPolicy, service::Settings};

const REGIONS: [Option<&str>; 5] = [Some("BE"), Some("US"), Some("GB"), Some("FR"), None];

pub(in crate::rules) fn many(cases: u32) -> ProptestConfig {
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
        let index: Index = Index::of(parsed.iter().enumerate().map(|(owner, pattern)| (pattern, owner)), &reader);
        let Caller::Number(written) = Caller::of(Some(&text)) else { panic!("{text} is a number") };
        let matched = index.owners(&reader.forms(&written), patterns.len());
        let plainly = |pattern: &String| plain::matches(pattern, &number, region);
        let expected: Vec<bool> = patterns.iter().map(plainly).collect();
        prop_assert_eq!(matched, expected, "{:?} in {:?} of {:?}: {:?}", patterns, region, text, forms);
    }

    #[test]
    fn a_number_list_matches_as_its_entries_do_that_have_not_expired(
        (number, text) in random::number(),
        region in select(REGIONS.to_vec()),
        entries in vec((random::sketch(), option::of(-2..3_i64)), 10),
    ) {
        let forms = plain::forms(&number, region);
        let at = Timestamp::UNIX_EPOCH;
        let entries: Vec<_> = entries.iter().map(|(sketch, end)| (sketch.pattern(&forms), *end)).collect();
        let parsed = |(text, end): &(String, Option<i64>)| {
            (PhoneNumberPattern::parse(text).expect("a pattern"), *end)
        };
        let kept = region.map(|region| Region::parse(region).expect("a region"));
        let list = NumberList::compile(&entries.iter().map(parsed).collect::<Vec<_>>(), kept.as_ref());
        let Caller::Number(written) = Caller::of(Some(&text)) else { panic!("{text} is a number") };
        let matches = list.matches(&Reader::of(kept.as_ref()).forms(&written), at);
        let plainly = |(pattern, end): &(String, Option<i64>)| {
            end.is_none_or(|end| end > 0) && plain::matches(pattern, &number, region)
        };
        prop_assert_eq!(matches, entries.iter().any(plainly), "{:?} in {:?} of {:?}", entries, region, text);
    }
}

proptest! {
    #![proptest_config(many(2000))]

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

/// An instant next to one of those that are asked about: its place among them, and how many seconds later it is.
type Near = (usize, i64);

fn near(often: f64) -> impl Strategy<Value = Option<Near>> {
    option::weighted(often, (0..ASKED, -1..=1_i64))
}

fn instant(near: Option<Near>, asked: &[Asked]) -> Option<Instant> {
    near.map(|(at, seconds)| Instant::of(asked[at].at + jiff::SignedDuration::from_secs(seconds)))
}

/// A criteria before it has its numbers and its validity.
#[derive(Debug, Clone)]
struct Drawn {
    kept: KeptCriteria,
    /// Places of its schedules.
    time: Option<usize>,
    holiday: Option<usize>,
    sketches: Vec<random::Sketch>,
    validity: (Option<Near>, Option<Near>),
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), proptest::bool::weighted(0.85));
    let selection = prop_oneof![
        1 => Just(Selection::Any),
        1 => Just(Selection::Forwarded),
        6 => Just(Selection::SpecifiedOnly),
    ];
    let schedules = (option::weighted(0.4, 0..3_usize), option::weighted(0.3, 0..3_usize));
    (flags, selection, vec(random::sketch(), 0..4), schedules, (near(0.2), near(0.2))).prop_map(
        |((refuses, anonymous, unavailable, internal, active), selection, sketches, (time, holiday), validity)| {
            let mut kept = from(0, "criteria", &[]);
            kept.active = active;
            kept.do_not_perform_action = refuses;
            kept.from_dn_criteria.selection = selection;
            kept.from_dn_criteria.include_anonymous_callers = anonymous;
            kept.from_dn_criteria.include_unavailable_callers = unavailable;
            kept.from_dn_criteria.include_internal_callers = internal;
            let link = |at: Option<usize>, kind| at.and_then(|at| link(at as u128, kind));
            kept.time_schedule = link(time, ScheduleType::Time);
            kept.holiday_schedule = link(holiday, ScheduleType::Holiday);
            Drawn { kept, time, holiday, sketches, validity }
        },
    )
}

/// A service before its criteria are whole, if the user has it.
type DrawnService = Option<(bool, bool, Option<Near>, Vec<Drawn>)>;

fn drawn_service(criteria: std::ops::Range<usize>) -> impl Strategy<Value = DrawnService> {
    option::weighted(0.8, (any::<bool>(), any::<bool>(), near(0.1), vec(drawn(), criteria)))
}

/// How many questions are asked of the same services.
const ASKED: usize = 100;

#[derive(Debug, Clone, Copy)]
pub(in crate::rules) struct Asked {
    presentation: Option<Presentation>,
    with_number: bool,
    internal: bool,
    forwarded: bool,
    is_emergency_callback: bool,
    pub(in crate::rules) at: Timestamp,
}

fn asked(zone: &str) -> impl Strategy<Value = Asked> {
    let presentation = prop_oneof![
        4 => Just(None),
        2 => Just(Some(Presentation::Allowed)),
        1 => Just(Some(Presentation::Restricted)),
        1 => Just(Some(Presentation::Unavailable)),
    ];
    let often = proptest::bool::weighted;
    let flags = (often(0.9), often(0.2), often(0.2), often(0.02));
    (presentation, flags, random::instant(random::zone(zone))).prop_map(|(presentation, flags, at)| {
        let (with_number, internal, forwarded, is_emergency_callback) = flags;
        Asked { presentation, with_number, internal, forwarded, is_emergency_callback, at }
    })
}

/// A service with the places of the time and the holiday schedule of each of its criteria.
type Whole = (KeptService, Vec<(Option<usize>, Option<usize>)>);

#[derive(Debug)]
pub(in crate::rules) struct Scene {
    number: Number,
    pub(in crate::rules) text: String,
    pub(in crate::rules) place: Place,
    /// The protected callers of the group and of the tenant.
    protected: [Vec<PhoneNumberPattern>; 2],
    services: Vec<Whole>,
    schedules: Vec<Vec<Days>>,
    pub(in crate::rules) asked: Vec<Asked>,
}

fn patterns(sketches: &[random::Sketch], forms: &[String]) -> Vec<PhoneNumberPattern> {
    let patterns = sketches.iter().map(|sketch| PhoneNumberPattern::parse(&sketch.pattern(forms)));
    patterns.map(|pattern| pattern.expect("a pattern")).collect()
}

/// The service with its criteria named by their places, with patterns for the number with these forms.
fn whole(
    name: ServiceName,
    (active, accepts, suspended, drawn): (bool, bool, Option<Near>, Vec<Drawn>),
    forms: &[String],
    asked: &[Asked],
) -> Whole {
    let places = drawn.iter().map(|drawn| (drawn.time, drawn.holiday)).collect();
    let criteria = |(at, drawn): (usize, Drawn)| {
        let Drawn { mut kept, sketches, validity: (from, until), .. } = drawn;
        kept.position = i32::try_from(at).expect("a small number");
        kept.name = CriteriaName::parse(&at.to_string()).expect("a name");
        kept.from_dn_criteria.phone_numbers = patterns(&sketches, forms);
        kept.valid_from = instant(from, asked);
        kept.valid_until = instant(until, asked);
        kept
    };
    let settings = Settings {
        active,
        suspended_until: instant(suspended, asked),
        outside_schedules: if accepts { OutsideSchedules::Accept } else { OutsideSchedules::Reject },
    };
    (KeptService { name, settings, criteria: drawn.into_iter().enumerate().map(criteria).collect() }, places)
}

pub(in crate::rules) fn scene() -> impl Strategy<Value = Scene> {
    let about = (random::number(), select(REGIONS.to_vec()), select(ZONES.to_vec()));
    about.prop_flat_map(|((number, text), region, zone)| {
        let place = place(region, zone);
        let services = (drawn_service(0..6), drawn_service(0..4), drawn_service(0..1));
        let protected = || option::weighted(0.2, vec(random::sketch(), 1..3)).prop_map(Option::unwrap_or_default);
        let parts = (services, [protected(), protected()], vec(vec(random::days(), 0..3), 3), vec(asked(zone), ASKED));
        parts.prop_map(move |((acceptance, rejection, anonymous), protected, schedules, asked)| {
            let forms = plain::forms(&number, region);
            let drawn = [
                (ServiceName::SelectiveCallAcceptance, acceptance),
                (ServiceName::SelectiveCallRejection, rejection),
                (ServiceName::AnonymousCallRejection, anonymous),
            ];
            let whole = |(name, drawn): (ServiceName, DrawnService)| Some(whole(name, drawn?, &forms, &asked));
            let services = drawn.into_iter().filter_map(whole).collect();
            let protected = protected.map(|sketches| patterns(&sketches, &forms));
            let (number, text, place) = (number.clone(), text.clone(), place.clone());
            Scene { number, text, place, protected, services, schedules, asked }
        })
    })
}

impl Scene {
    /// The services as they are kept.
    pub(in crate::rules) fn kept(&self) -> Vec<KeptService> {
        self.services.iter().map(|(service, _)| service.clone()).collect()
    }

    /// The periods of the schedules, by their keys.
    pub(in crate::rules) fn periods(&self) -> HashMap<Uuid, Vec<Period>> {
        let of_schedule = |days: &Vec<Days>| days.iter().map(|days| days.period.clone()).collect();
        let schedules = self.schedules.iter().enumerate();
        schedules.map(|(at, days)| (Uuid::from_u128(at as u128), of_schedule(days))).collect()
    }

    /// The compiled policies of the group and of the tenant.
    pub(in crate::rules) fn policies(&self) -> impl Iterator<Item = Arc<Policy>> {
        self.protected.iter().map(|patterns| {
            let caller = |pattern: &PhoneNumberPattern| ProtectedCaller { pattern: pattern.clone(), note: None };
            let kept = KeptPolicy { callers: patterns.iter().map(caller).collect(), ..KeptPolicy::default() };
            Arc::new(Policy::compile(kept, self.place.region.clone()))
        })
    }

    /// The services as the plain rules see them.
    fn plain(&self) -> plain::Services<'_> {
        let days = |schedule: Option<usize>| schedule.map(|at| self.schedules[at].as_slice());
        let of = |wanted: ServiceName| {
            let (service, places) = self.services.iter().find(|(service, _)| service.name == wanted)?;
            let criteria = service.criteria.iter().zip(places);
            let criteria = criteria.map(|(kept, (time, holiday))| plain::Criteria {
                kept,
                time: days(*time),
                holiday: days(*holiday),
            });
            Some(plain::Service { settings: &service.settings, criteria: criteria.collect() })
        };
        plain::Services {
            protected: self.protected.iter().flatten().map(|pattern| pattern.as_str()).collect(),
            acceptance: of(ServiceName::SelectiveCallAcceptance),
            rejection: of(ServiceName::SelectiveCallRejection),
            anonymous: of(ServiceName::AnonymousCallRejection),
        }
    }
}

proptest! {
    // With 100 questions each, so 125,000 in all.
    #![proptest_config(many(1250))]

    #[test]
    fn screening_decides_as_the_plain_rules_do(scene in scene()) {
        let Scene { number, text, place, schedules, asked, .. } = &scene;
        let screening = Screening::compile(place, &scene.kept(), &scene.periods());
        let screening = screening.expect("services that can be compiled");
        let screening = screening.under(scene.policies());
        let plain = scene.plain();
        let known = |asked: &&Asked| schedules.iter().all(|days| is_known(days, asked.at));
        for asked in asked.iter().filter(known) {
            let Asked { presentation, with_number, internal, forwarded, is_emergency_callback, at } = *asked;
            let calling_number = with_number.then_some(text.as_str());
            let call = Call { calling_number, presentation, internal, forwarded, is_emergency_callback, at };
            let number = with_number.then_some(number);
            let question = plain::Question { number, presentation, internal, forwarded, is_emergency_callback, at };
            let (reason, by, explained) = plain::decide(&plain, place, &question);
            prop_assert_eq!(ruling(&screening, call), (reason, by), "{:?}", call);
            let explanation = screening.explain(&call, &[]).into_iter().map(|said| (said.service, said.outcome));
            prop_assert_eq!(explanation.collect::<Vec<_>>(), explained, "{:?}", call);
        }
    }
}
