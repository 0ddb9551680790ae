//! What is written is parsed as the same.

use proptest::{collection::vec, option, prelude::*, sample::select, strategy::Union};

use super::{parse, tenant};
use crate::{
    resource::{
        anonymous_call_rejection::{AnonymousCallRejection, AnonymousCallRejectionUpdate},
        criteria::{
            Criteria, CriteriaChange, CriteriaDescription, FromDnCriteria, FromDnCriteriaChange, NumberListReference,
            OutsideSchedules, ScheduleReference, ScheduleSelection, Selection, Service, ServiceUpdate,
        },
        group::{Group, GroupCreate},
        number_list::{NumberList, NumberListCreate, NumberListDescription, NumberListEntry, NumberListPath},
        protected_callers::{CallerNote, ProtectedCaller, ProtectedCallerList},
        schedule::{
            Schedule, ScheduleFolder, ScheduleType,
            period::{DayOfWeek, Period, PeriodType},
        },
        tenant::{Tenant, TenantUpdate},
        transfer::{
            line::Line,
            thing::{ENTRIES_PER_LINE, Thing},
        },
        treatment::{Treatment, TreatmentList},
        user::{User, UserCreate},
        user_service::{ServiceName, UserServicePath},
    },
    value::{
        change::Change,
        name::{
            CriteriaName, EmailAddress, GroupId, Label, NumberListName, PeriodName, ScheduleName, TenantId, UserId,
        },
        owner::{GroupPath, Level, Owner, UserPath},
        phone_number::{Extension, PhoneNumber, PhoneNumberPattern, Region},
        recurrence::RecurrenceRule,
        sip::{Announcement, RedirectTarget, SipReason},
        text::NotValid,
        time::{Date, Instant, TimeOfDay, TimeZone},
    },
};

/// A value of a text type, one of `texts`.
fn one<T: std::fmt::Debug + Clone + 'static>(
    parse: fn(&str) -> Result<T, NotValid>,
    texts: &[&str],
) -> impl Strategy<Value = T> + use<T> {
    select(texts.iter().map(|text| parse(text).expect("the texts are valid")).collect::<Vec<_>>())
}

const NAMES: [&str; 4] = ["a", "É \"quoted\\\" ; ,", "次郎", "name\u{200D}x"];
const INSTANTS: [&str; 2] = ["2027-01-01T00:00:00Z", "1999-12-31T23:59:59.5+01:00"];
const LABELS: [&str; 3] = ["Foo Telecom", "/", "\u{1F600}"];

fn instant() -> impl Strategy<Value = Instant> {
    one(Instant::parse, &INSTANTS)
}

fn zone() -> impl Strategy<Value = TimeZone> {
    one(TimeZone::parse, &["Europe/Brussels", "UTC"])
}

fn pattern() -> impl Strategy<Value = PhoneNumberPattern> {
    "\\+?[0-9?]{1,20}\\*?".prop_map(|text| PhoneNumberPattern::parse(&text).expect("a pattern"))
}

/// Patterns, each once.
fn patterns(most: usize) -> impl Strategy<Value = Vec<PhoneNumberPattern>> {
    proptest::collection::hash_set(pattern(), 0..=most).prop_map(|patterns| patterns.into_iter().collect())
}

fn group() -> impl Strategy<Value = GroupPath> {
    one(GroupId::parse, &NAMES).prop_map(|group| GroupPath { tenant: tenant(), group })
}

fn user() -> impl Strategy<Value = UserPath> {
    (group(), one(UserId::parse, &NAMES)).prop_map(|(GroupPath { tenant, group }, user)| UserPath {
        tenant,
        group,
        user,
    })
}

fn owner_of_policies() -> impl Strategy<Value = Owner> {
    prop_oneof![Just(Owner::Tenant(tenant())), group().prop_map(Owner::Group)]
}

fn owner() -> impl Strategy<Value = Owner> {
    prop_oneof![owner_of_policies(), user().prop_map(Owner::User)]
}

fn level() -> impl Strategy<Value = Level> {
    select(Level::ALL.as_slice())
}

fn change<T>(value: Option<T>) -> Change<T> {
    value.map_or(Change::Keep, Change::Set)
}

fn arb_tenant() -> impl Strategy<Value = (Thing, Line)> {
    let region = one(Region::parse, &["BE", "US"]);
    let label = one(Label::parse, &LABELS);
    (option::of(label), option::of(region), option::of(zone()), option::of(Just(true))).prop_map(
        |(name, region, time_zone, record)| {
            let thing = Tenant {
                tenant_id: TenantId::parse("other").expect("an identifier"),
                name: name.clone(),
                region: region.clone(),
                time_zone: time_zone.clone(),
                record_refused_calls: record,
            };
            let line = TenantUpdate {
                tenant_id: Some(crate::value::name::Ignored::parse("other").expect("a text")),
                name: change(name),
                region: change(region),
                time_zone: change(time_zone),
                record_refused_calls: change(record),
            };
            (Thing::Tenant(thing), Line::Tenant(line))
        },
    )
}

fn arb_group() -> impl Strategy<Value = (Thing, Line)> {
    (group(), option::of(one(Label::parse, &LABELS)), option::of(zone())).prop_map(|(group, name, time_zone)| {
        let group_id = group.group;
        let thing = Group { group_id: group_id.clone(), group_name: name.clone(), time_zone: time_zone.clone() };
        let line = GroupCreate { group_id, group_name: change(name), time_zone: change(time_zone) };
        (Thing::Group(thing), Line::Group(line))
    })
}

fn arb_user() -> impl Strategy<Value = (Thing, Line)> {
    let names = (option::of(one(Label::parse, &LABELS)), option::of(one(Label::parse, &LABELS)));
    let contact = (
        option::of(one(EmailAddress::parse, &["a@b"])),
        option::of(one(PhoneNumber::parse, &["+3225550101"])),
        option::of(one(Extension::parse, &["101"])),
    );
    (user(), names, contact, option::of(zone())).prop_map(
        |(user, (first_name, last_name), (email_address, phone_number, extension), time_zone)| {
            let (group, user_id) = (user.parent(), user.user);
            let line = UserCreate {
                user_id: user_id.clone(),
                first_name: change(first_name.clone()),
                last_name: change(last_name.clone()),
                email_address: change(email_address.clone()),
                phone_number: change(phone_number.clone()),
                extension: change(extension.clone()),
                time_zone: change(time_zone.clone()),
            };
            let thing = User { user_id, first_name, last_name, email_address, phone_number, extension, time_zone };
            (Thing::User(group.clone(), thing), Line::User { group, user: line })
        },
    )
}

fn arb_treatments() -> impl Strategy<Value = (Thing, Line)> {
    let redirect = prop_oneof![
        (400..700).prop_map(|status| (status, None)),
        one(RedirectTarget::parse, &["tel:+3225550101"]).prop_map(|target| (302, Some(target))),
    ];
    let reason = one(SipReason::parse, &["Decline", "Go \"away\""]);
    let treatment = (redirect, reason, option::of(1..128), option::of(one(Announcement::parse, &["busy"]))).prop_map(
        |((sip_status, redirect_to), sip_reason, q850_cause, announcement)| Treatment {
            service: ServiceName::SelectiveCallRejection,
            sip_status,
            sip_reason,
            q850_cause,
            announcement,
            redirect_to,
        },
    );
    (owner_of_policies(), vec(treatment, 0..2)).prop_map(|(owner, treatments)| {
        let list = TreatmentList { treatments };
        (Thing::Treatments(owner.clone(), list.clone()), Line::Treatments { owner, treatments: list })
    })
}

fn arb_protected() -> impl Strategy<Value = (Thing, Line)> {
    (owner_of_policies(), patterns(20), option::of(one(CallerNote::parse, &["Voicemail"]))).prop_map(
        |(owner, patterns, note)| {
            let caller = |pattern| ProtectedCaller { pattern, note: note.clone() };
            let callers = ProtectedCallerList { callers: patterns.into_iter().map(caller).collect() };
            (Thing::ProtectedCallers(owner.clone(), callers.clone()), Line::ProtectedCallers { owner, callers })
        },
    )
}

fn period() -> impl Strategy<Value = Period> {
    let date = || one(Date::parse, &["2026-12-24", "2028-02-29"]);
    let simple = |kind| Period {
        name: PeriodName::parse("p").expect("a name"),
        active: false,
        kind,
        day_of_week: None,
        day_of_month: None,
        start_date: None,
        stop_date: None,
        start_time: None,
        stop_time: None,
        rule: None,
        except_dates: None,
    };
    let weekly = (one(TimeOfDay::parse, &["22:00", "0:15"]), one(TimeOfDay::parse, &["24:00", "06:00"])).prop_map(
        move |(start, stop)| Period {
            day_of_week: Some(DayOfWeek::Friday),
            start_time: Some(start),
            stop_time: Some(stop),
            ..simple(PeriodType::DayOfTheWeek)
        },
    );
    let monthly = (1..32).prop_map(move |day| Period { day_of_month: Some(day), ..simple(PeriodType::DayOfTheMonth) });
    let dated = date().prop_map(move |day| Period {
        start_date: Some(day.clone()),
        stop_date: Some(day),
        active: true,
        ..simple(PeriodType::Date)
    });
    let rule = one(RecurrenceRule::parse, &["FREQ=YEARLY;BYEASTER=0", "freq=weekly;byday=MO,TU"]);
    let recurring = (date(), rule, option::of(date())).prop_map(move |(start, rule, except)| Period {
        start_date: Some(start),
        rule: Some(rule),
        except_dates: except.map(|date| vec![date]),
        ..simple(PeriodType::Recurrence)
    });
    prop_oneof![weekly, monthly, dated, recurring]
}

fn arb_schedule() -> impl Strategy<Value = (Thing, Line)> {
    let kind = select(&[ScheduleType::Time, ScheduleType::Holiday]);
    (owner(), kind, one(ScheduleName::parse, &NAMES), option::of(period())).prop_map(|(owner, kind, name, period)| {
        let folder = ScheduleFolder { owner, kind };
        let periods: Vec<_> = period.into_iter().collect();
        let line = Line::Schedule { folder: folder.clone(), name: name.clone(), periods: Some(periods.clone()) };
        (Thing::Schedule(folder, Schedule { name, periods }), line)
    })
}

fn arb_list() -> impl Strategy<Value = (Thing, Line)> {
    let description = option::of(one(NumberListDescription::parse, &["Reported", "\"\\"]));
    (owner(), one(NumberListName::parse, &NAMES), description, 0..200_000).prop_map(
        |(owner, name, description, entry_count)| {
            let line = NumberListCreate { name: name.clone(), description: change(description.clone()) };
            let thing = NumberList { name, description, entry_count };
            (Thing::NumberList(owner.clone(), thing), Line::NumberList { owner, list: line })
        },
    )
}

fn arb_entries() -> impl Strategy<Value = (Thing, Line)> {
    let rest = (option::of(one(CallerNote::parse, &["a;b", "\u{1F600}"])), option::of(instant()));
    (owner(), one(NumberListName::parse, &NAMES), patterns(50), pattern(), rest).prop_map(
        |(owner, name, mut patterns, first, (note, expires_at))| {
            patterns.retain(|pattern| *pattern != first);
            patterns.insert(0, first);
            assert!(patterns.len() <= ENTRIES_PER_LINE);
            let entry = |pattern| NumberListEntry {
                pattern,
                note: note.clone(),
                expires_at: expires_at.as_ref().map(|instant| Instant::of(instant.timestamp())),
            };
            let entries: Vec<_> = patterns.into_iter().map(entry).collect();
            let list = NumberListPath { owner, name };
            (Thing::NumberListEntries(list.clone(), entries.clone()), Line::NumberListEntries { list, entries })
        },
    )
}

fn schedule(kind: ScheduleType) -> impl Strategy<Value = ScheduleReference> {
    (level(), one(ScheduleName::parse, &NAMES)).prop_map(move |(level, name)| ScheduleReference { level, name, kind })
}

fn from_dn_criteria(selections: &'static [Selection]) -> impl Strategy<Value = FromDnCriteria> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    let list = (level(), one(NumberListName::parse, &NAMES));
    let lists = option::of(list.prop_map(|(level, name)| NumberListReference { level, name }));
    (select(selections), flags, patterns(30), lists).prop_map(
        |(selection, (anonymous, unavailable, internal), phone_numbers, list)| FromDnCriteria {
            selection,
            include_anonymous_callers: anonymous,
            include_unavailable_callers: unavailable,
            include_internal_callers: internal,
            phone_numbers,
            number_lists: list.into_iter().collect(),
        },
    )
}

fn criteria(selections: &'static [Selection]) -> impl Strategy<Value = Criteria> {
    let description = option::of(one(CriteriaDescription::parse, &["Until the end"]));
    let schedules = (option::of(schedule(ScheduleType::Time)), option::of(schedule(ScheduleType::Holiday)));
    let validity = (option::of(instant()), option::of(instant()));
    (description, any::<(bool, bool)>(), validity, from_dn_criteria(selections), schedules).prop_map(
        |(description, (active, not), (valid_from, valid_until), from_dn_criteria, (time, holiday))| Criteria {
            name: CriteriaName::parse("replaced").expect("a name"),
            description,
            active,
            valid_from,
            valid_until,
            calls_from: "+3225126777, Private".to_owned(),
            do_not_perform_action: not,
            from_dn_criteria,
            time_schedule: time,
            holiday_schedule: holiday,
        },
    )
}

/// The change that makes the criteria what it is, whatever it was: what a false or empty member that GET leaves out
/// was, stays.
fn change_to(criteria: &Criteria) -> CriteriaChange {
    let selection = |schedule: &Option<ScheduleReference>| {
        change(schedule.clone().map(|ScheduleReference { level, name, kind }| ScheduleSelection {
            level,
            name,
            kind: Some(kind),
        }))
    };
    let from = &criteria.from_dn_criteria;
    CriteriaChange {
        name: criteria.name.clone(),
        new_name: None,
        delete: false,
        description: change(criteria.description.clone()),
        active: Some(criteria.active),
        valid_from: change(criteria.valid_from.clone()),
        valid_until: change(criteria.valid_until.clone()),
        do_not_perform_action: Some(criteria.do_not_perform_action),
        from_dn_criteria: Some(FromDnCriteriaChange {
            selection: Some(from.selection),
            include_anonymous_callers: Some(from.include_anonymous_callers),
            include_unavailable_callers: Some(from.include_unavailable_callers),
            include_internal_callers: from.include_internal_callers.then_some(true),
            phone_numbers: Some(from.phone_numbers.clone()),
            number_lists: Some(from.number_lists.clone()).filter(|lists| !lists.is_empty()),
        }),
        time_schedule: selection(&criteria.time_schedule),
        holiday_schedule: selection(&criteria.holiday_schedule),
    }
}

fn arb_service(
    service: ServiceName,
    selections: &'static [Selection],
    outside: &'static [OutsideSchedules],
) -> impl Strategy<Value = (Thing, Line)> {
    (user(), vec(criteria(selections), 0..4), option::of(instant()), select(outside)).prop_map(
        move |(user, mut criteria, suspended_until, outside_schedules)| {
            for (criteria, name) in criteria.iter_mut().zip(NAMES) {
                criteria.name = CriteriaName::parse(name).expect("a name");
            }
            let service = UserServicePath { user, service };
            let outside = (outside_schedules != OutsideSchedules::default()).then_some(outside_schedules);
            let update = ServiceUpdate {
                criteria: criteria.iter().map(change_to).collect(),
                suspended_until: change(suspended_until.clone()),
                outside_schedules: change(outside),
            };
            let thing = Service { criteria, suspended_until, outside_schedules };
            (Thing::Service(service.clone(), thing), Line::Service { service, update })
        },
    )
}

fn arb_switch() -> impl Strategy<Value = (Thing, Line)> {
    (user(), any::<bool>()).prop_map(|(user, active)| {
        let update = AnonymousCallRejectionUpdate { active: Some(active) };
        let thing = Thing::AnonymousCallRejection(user.clone(), AnonymousCallRejection { active });
        (thing, Line::AnonymousCallRejection { user, update })
    })
}

fn things() -> Union<BoxedStrategy<(Thing, Line)>> {
    const SELECTIONS: [Selection; 3] = [Selection::Any, Selection::SpecifiedOnly, Selection::Forwarded];
    const OUTSIDE: [OutsideSchedules; 2] = [OutsideSchedules::Reject, OutsideSchedules::Accept];
    Union::new([
        arb_tenant().boxed(),
        arb_group().boxed(),
        arb_user().boxed(),
        arb_treatments().boxed(),
        arb_protected().boxed(),
        arb_schedule().boxed(),
        arb_list().boxed(),
        arb_entries().boxed(),
        arb_service(ServiceName::SelectiveCallAcceptance, &SELECTIONS[..2], &OUTSIDE).boxed(),
        arb_service(ServiceName::SelectiveCallRejection, &SELECTIONS, &OUTSIDE[..1]).boxed(),
        arb_switch().boxed(),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn a_thing_that_is_written_is_parsed_as_the_same((thing, expected) in things()) {
        let kind = thing.kind();
        let mut file = Vec::new();
        thing.write(&mut file).expect("things can be written");
        let text = String::from_utf8(file).expect("JSON is UTF-8");
        prop_assert!(text.ends_with('\n') && text.find('\n') == Some(text.len() - 1), "{text}");
        let start = format!("{{\"kind\":\"{}\"", kind.as_str());
        prop_assert!(text.starts_with(&start), "{text}");
        let line = parse(&text);
        prop_assert_eq!(line.as_ref(), Ok(&expected), "{}", text);
        prop_assert_eq!(expected.kind(), kind);
    }
}
