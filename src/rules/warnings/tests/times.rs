//! When schedules apply, as ranges, agrees with whether they hold.

use jiff::SignedDuration;
use proptest::{collection::vec, prelude::*, sample::select};

use super::*;
use crate::rules::{
    criteria::KeptCriteria,
    screening::{
        schedule::{Moment, Schedule},
        tests::{
            agreement::many,
            criteria, link,
            random::{self, ZONES},
        },
    },
};
use call_acceptance_api::resource::schedule::ScheduleType;

fn periods_and_instants() -> impl Strategy<Value = (Vec<Period>, &'static str, Vec<Timestamp>)> {
    select(ZONES.to_vec()).prop_flat_map(|zone| {
        let periods = vec(random::days().prop_map(|days| days.period), 1..4);
        (periods, Just(zone), vec(random::instant(random::zone(zone)), 50))
    })
}

proptest! {
    #![proptest_config(many(400))]

    #[test]
    fn ranges_have_the_instants_at_which_a_schedule_holds((periods, zone, instants) in periods_and_instants()) {
        let zone = random::zone(zone);
        let criteria = KeptCriteria { time_schedule: link(1, ScheduleType::Time), ..criteria(1, "a") };
        let services = crate::rules::screening::tests::acceptance(&[criteria]);
        let schedule = Schedule::compile(&periods, &zone).expect("periods that can be compiled");
        let keyed = HashMap::from([(Uuid::from_u128(1), periods)]);
        let rules = Rules::compile(&services, &keyed, &zone).expect("criteria that can be compiled");
        let start = instants[0];
        let calendar = Calendar::of(&rules, &zone, start).expect("few ranges");
        let end = start + SignedDuration::from_hours(24 * i64::from(calendar::DAYS));
        for at in instants.into_iter().filter(|at| (start..end).contains(at)) {
            let holds = schedule.holds(&Moment::of(zone.to_datetime(at)));
            let is_in = calendar.effect[0].contain(at.as_microsecond());
            prop_assert_eq!(is_in, holds, "{:?} at {} in {:?}", keyed, at, zone);
            let last = schedule.last_day().is_some_and(|last| {
                call_acceptance_api::value::recurrence::number_of(zone.to_datetime(at).date()) > last + 1
            });
            prop_assert!(!(last && holds), "{:?} at {} in {:?}", keyed, at, zone);
        }
    }
}
