//! How criteria change: pure functions over values.
//!
//! The rules follow BroadWorks and APIO: a change merges; a list of changes is applied in order, all or none. Service
//! and store only carry out the steps that are computed here.

use std::collections::HashMap;

use call_acceptance_api::{
    resource::{
        criteria::{
            Criteria, CriteriaChange, CriteriaDescription, FromDnCriteria, MAX_CRITERIA, NumberListReference,
            ScheduleReference, ScheduleSelection, Selection,
        },
        schedule::ScheduleType,
    },
    value::{change::Change, name::CriteriaName, time::Instant},
    wire::problem::{Failure, Fault, ProblemCode},
};
use uuid::Uuid;

/// A schedule that a criteria refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleLink {
    /// The key of the schedule.
    pub id: Uuid,
    /// The schedule as the user sees it.
    pub reference: ScheduleReference,
}

/// The keys of what changes refer to and what exists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// The schedules.
    pub schedules: HashMap<ScheduleReference, Uuid>,
    /// The number lists.
    pub number_lists: HashMap<NumberListReference, Uuid>,
}

impl Found {
    /// What these criteria refer to.
    pub fn in_criteria(criteria: &[KeptCriteria]) -> Self {
        let links = criteria.iter().flat_map(|kept| [&kept.time_schedule, &kept.holiday_schedule]).flatten();
        let lists = criteria.iter().flat_map(|kept| kept.from_dn_criteria.number_lists.iter().zip(&kept.number_lists));
        Self {
            schedules: links.map(|link| (link.reference.clone(), link.id)).collect(),
            number_lists: lists.map(|(reference, id)| (reference.clone(), *id)).collect(),
        }
    }

    /// The schedules that `changes` refer to and that must still be looked up. Deletions need none.
    pub fn unknown_schedules(&self, changes: &[CriteriaChange]) -> impl Iterator<Item = ScheduleReference> {
        let members = changes.iter().filter(|change| !change.delete).flat_map(schedule_members);
        let references = members.filter_map(|(_, kind, member)| reference(member, kind));
        references.filter(|reference| !self.schedules.contains_key(reference))
    }

    /// The number lists that `changes` refer to and that must still be looked up. Deletions need none.
    pub fn unknown_number_lists<'c>(
        &self,
        changes: &'c [CriteriaChange],
    ) -> impl Iterator<Item = &'c NumberListReference> {
        let callers =
            changes.iter().filter(|change| !change.delete).filter_map(|change| change.from_dn_criteria.as_ref());
        let references = callers.filter_map(|callers| callers.number_lists.as_ref()).flatten();
        references.filter(|reference| !self.number_lists.contains_key(reference))
    }
}

/// What tells a criteria of a service from all others that the service ever had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CriteriaKey {
    /// The revision of the service when the criteria was created; 0 if that is not known.
    pub revision: i64,
    /// The position of the criteria.
    pub position: i32,
}

/// A stored criteria.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptCriteria {
    /// Position in creation order; unique in the user's service.
    pub position: i32,
    /// Its name.
    pub name: CriteriaName,
    /// What people say about it.
    pub description: Option<CriteriaDescription>,
    /// Whether it is used in decisions.
    pub active: bool,
    /// The start of its validity, in UTC.
    pub valid_from: Option<Instant>,
    /// The end of its validity, in UTC, exclusive; after `valid_from`.
    pub valid_until: Option<Instant>,
    /// Whether it inverts what the service does with matching calls.
    pub do_not_perform_action: bool,
    /// The callers that it matches.
    pub from_dn_criteria: FromDnCriteria,
    /// The keys of the number lists that `from_dn_criteria` names, in the same order.
    pub number_lists: Vec<Uuid>,
    /// It applies only within this time schedule.
    pub time_schedule: Option<ScheduleLink>,
    /// It applies only on these holidays.
    pub holiday_schedule: Option<ScheduleLink>,
}

impl From<KeptCriteria> for Criteria {
    fn from(kept: KeptCriteria) -> Self {
        Self {
            name: kept.name,
            description: kept.description,
            active: kept.active,
            valid_from: kept.valid_from,
            valid_until: kept.valid_until,
            calls_from: calls_from(&kept.from_dn_criteria),
            do_not_perform_action: kept.do_not_perform_action,
            from_dn_criteria: kept.from_dn_criteria,
            time_schedule: kept.time_schedule.map(|link| link.reference),
            holiday_schedule: kept.holiday_schedule.map(|link| link.reference),
        }
    }
}

/// One write to the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A new criteria.
    Insert(KeptCriteria),
    /// Replaces the criteria at an existing position.
    Update(KeptCriteria),
    /// Deletes the criteria at this position.
    Delete(i32),
}

/// The result of a list of changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The writes, in order.
    pub steps: Vec<Step>,
    /// All criteria after the changes.
    pub after: Vec<KeptCriteria>,
}

/// Applies `changes` to `before` in order.
///
/// # Errors
/// All faults of all changes, each under `/criteria/` and the index of its change; or too many criteria; or a new name
/// that another criteria has by then.
pub fn plan(before: Vec<KeptCriteria>, changes: &[CriteriaChange], found: &Found) -> Result<Plan, Failure> {
    let mut plan = Plan { steps: Vec::new(), after: before };
    let (mut faults, mut taken) = (Vec::new(), None);
    let mut next = next_position(&plan.after);
    for (at, change) in changes.iter().enumerate() {
        let pointer = format!("/criteria/{at}");
        let place = plan.after.iter().position(|criteria| criteria.name == change.name);
        if change.delete {
            plan.steps.extend(place.map(|place| Step::Delete(plan.after.remove(place).position)));
            continue;
        }
        faults.extend(missing_references(change, found, &pointer));
        match place {
            Some(place) => {
                let merged = plan.after[place].clone().merged(change, found);
                faults.extend(wrong_validity(&merged, change, &pointer));
                let is_other = |(at, other): (usize, &KeptCriteria)| at != place && other.name == merged.name;
                if taken.is_none() && plan.after.iter().enumerate().any(is_other) {
                    taken = Some(merged.name.clone());
                }
                plan.after[place] = merged.clone();
                plan.steps.push(Step::Update(merged));
            }
            None => match new_criteria(next, change, found, &pointer) {
                Ok(criteria) => {
                    faults.extend(wrong_validity(&criteria, change, &pointer));
                    next += 1;
                    plan.after.push(criteria.clone());
                    plan.steps.push(Step::Insert(criteria));
                }
                Err(mut these) => faults.append(&mut these),
            },
        }
    }
    only_without(faults)?;
    check_count(plan.after.len())?;
    match taken {
        Some(name) => Err(name_taken(&name)),
        None => Ok(plan),
    }
}

/// The error for a name that another criteria has.
pub fn name_taken(name: &CriteriaName) -> Failure {
    Failure::refused(ProblemCode::CriteriaExists, format!("The user already has a criteria {:?}.", name.as_str()))
}

/// The new criteria of `change`, after those in `before`.
///
/// # Errors
/// Faults of the change, or too many criteria.
pub fn create(before: &[KeptCriteria], change: &CriteriaChange, found: &Found) -> Result<KeptCriteria, Failure> {
    let mut faults = missing_references(change, found, "");
    let created = match new_criteria(next_position(before), change, found, "") {
        Ok(created) => created,
        Err(mut these) => {
            faults.append(&mut these);
            return Err(Failure::invalid(faults));
        }
    };
    faults.extend(wrong_validity(&created, change, ""));
    only_without(faults)?;
    if before.iter().all(|criteria| criteria.name != created.name) {
        check_count(before.len() + 1)?;
    }
    Ok(created)
}

/// The criteria `before` after `change`.
///
/// # Errors
/// Faults of the change.
pub fn update(before: KeptCriteria, change: &CriteriaChange, found: &Found) -> Result<KeptCriteria, Failure> {
    let after = before.merged(change, found);
    let mut faults = missing_references(change, found, "");
    faults.extend(wrong_validity(&after, change, ""));
    only_without(faults)?;
    Ok(after)
}

impl KeptCriteria {
    /// The criteria after `change`. Members left out of the change are unchanged.
    fn merged(self, change: &CriteriaChange, found: &Found) -> Self {
        let from = change.from_dn_criteria.clone().unwrap_or_default();
        let before = self.from_dn_criteria;
        let key = |reference| found.number_lists.get(reference).copied();
        let keys = from.number_lists.as_ref().map(|lists| lists.iter().filter_map(key).collect());
        Self {
            position: self.position,
            name: change.new_name.clone().unwrap_or(self.name),
            description: change.description.clone().apply(self.description),
            active: change.active.unwrap_or(self.active),
            valid_from: in_utc(&change.valid_from, self.valid_from),
            valid_until: in_utc(&change.valid_until, self.valid_until),
            do_not_perform_action: change.do_not_perform_action.unwrap_or(self.do_not_perform_action),
            from_dn_criteria: FromDnCriteria {
                selection: from.selection.unwrap_or(before.selection),
                include_anonymous_callers: from.include_anonymous_callers.unwrap_or(before.include_anonymous_callers),
                include_unavailable_callers: from
                    .include_unavailable_callers
                    .unwrap_or(before.include_unavailable_callers),
                include_internal_callers: from.include_internal_callers.unwrap_or(before.include_internal_callers),
                phone_numbers: from.phone_numbers.unwrap_or(before.phone_numbers),
                number_lists: from.number_lists.unwrap_or(before.number_lists),
            },
            number_lists: keys.unwrap_or(self.number_lists),
            time_schedule: linked(&change.time_schedule, ScheduleType::Time, self.time_schedule, found),
            holiday_schedule: linked(&change.holiday_schedule, ScheduleType::Holiday, self.holiday_schedule, found),
        }
    }
}

/// The instant after a change, as it is kept.
pub(super) fn in_utc(change: &Change<Instant>, before: Option<Instant>) -> Option<Instant> {
    match change {
        Change::Keep => before,
        Change::Clear => None,
        Change::Set(instant) => Some(Instant::of(instant.timestamp())),
    }
}

/// A fault of a criteria that ends before it begins, by this change of it.
fn wrong_validity(after: &KeptCriteria, change: &CriteriaChange, pointer: &str) -> Option<Fault> {
    let (from, until) = (after.valid_from.as_ref()?, after.valid_until.as_ref()?);
    if until.timestamp() > from.timestamp() {
        return None;
    }
    let member = if matches!(change.valid_until, Change::Keep) { "validFrom" } else { "validUntil" };
    let detail = format!("`validUntil` is {until}, which is not after `validFrom`, {from}.");
    Some(Fault::at(format!("{pointer}/{member}"), detail))
}

/// The first position behind all that are taken.
fn next_position(kept: &[KeptCriteria]) -> i32 {
    kept.iter().map(|criteria| criteria.position + 1).max().unwrap_or_default()
}

fn only_without(faults: Vec<Fault>) -> Result<(), Failure> {
    if faults.is_empty() { Ok(()) } else { Err(Failure::invalid(faults)) }
}

fn check_count(count: usize) -> Result<(), Failure> {
    if count <= MAX_CRITERIA {
        return Ok(());
    }
    let detail = format!("A user can have {MAX_CRITERIA} criteria; this would result in {count}.");
    Err(Failure::refused(ProblemCode::TooManyCriteria, detail))
}

/// The members of a change that refer to schedules, each with its schedule type.
fn schedule_members(change: &CriteriaChange) -> [(&'static str, ScheduleType, &Change<ScheduleSelection>); 2] {
    [
        ("timeSchedule", ScheduleType::Time, &change.time_schedule),
        ("holidaySchedule", ScheduleType::Holiday, &change.holiday_schedule),
    ]
}

fn reference(member: &Change<ScheduleSelection>, kind: ScheduleType) -> Option<ScheduleReference> {
    match member {
        Change::Set(ScheduleSelection { level, name, kind: _ }) => {
            Some(ScheduleReference { level: *level, name: name.clone(), kind })
        }
        Change::Keep | Change::Clear => None,
    }
}

fn linked(
    member: &Change<ScheduleSelection>,
    kind: ScheduleType,
    before: Option<ScheduleLink>,
    found: &Found,
) -> Option<ScheduleLink> {
    match member {
        Change::Keep => before,
        Change::Clear => None,
        Change::Set(_) => {
            let reference = reference(member, kind)?;
            found.schedules.get(&reference).map(|id| ScheduleLink { id: *id, reference })
        }
    }
}

fn missing_references(change: &CriteriaChange, found: &Found, pointer: &str) -> Vec<Fault> {
    let fault = |(name, kind, member): (&str, ScheduleType, &Change<ScheduleSelection>)| {
        let ScheduleReference { level, name: schedule, kind } =
            reference(member, kind).filter(|reference| !found.schedules.contains_key(reference))?;
        let detail = format!(
            "There is no schedule {:?} of type {kind:?} at the level {level:?}; create it first.",
            schedule.as_str()
        );
        Some(Fault::at(format!("{pointer}/{name}"), detail))
    };
    let schedules = schedule_members(change).into_iter().filter_map(fault);
    let lists = change.from_dn_criteria.as_ref().and_then(|from| from.number_lists.as_ref());
    let lists = lists.into_iter().flatten().enumerate();
    let missing = lists.filter(|(_, reference)| !found.number_lists.contains_key(reference));
    let list_fault = |(at, NumberListReference { level, name }): (usize, &NumberListReference)| {
        let detail = format!("There is no number list {:?} at the level {level:?}; create it first.", name.as_str());
        Fault::at(format!("{pointer}/fromDnCriteria/numberLists/{at}"), detail)
    };
    schedules.chain(missing.map(list_fault)).collect()
}

fn new_criteria(
    position: i32,
    change: &CriteriaChange,
    found: &Found,
    pointer: &str,
) -> Result<KeptCriteria, Vec<Fault>> {
    let name = change.name.as_str();
    let mut faults = Vec::new();
    if change.new_name.is_some() {
        let detail = format!("There is no criteria {name:?} to rename; `newName` is only for an existing criteria.");
        faults.push(Fault::at(format!("{pointer}/newName"), detail));
    }
    match change.from_dn_criteria.as_ref().map(|from| from.selection) {
        Some(Some(selection)) if faults.is_empty() => {
            return Ok(blank(position, change.name.clone(), selection).merged(change, found));
        }
        Some(Some(_)) => {}
        Some(None) => {
            let detail = "`selection` is required to create a criteria.";
            faults.push(Fault::at(format!("{pointer}/fromDnCriteria/selection"), detail));
        }
        None => {
            let detail = format!("There is no criteria {name:?}; `fromDnCriteria` is required to create it.");
            faults.push(Fault::at(format!("{pointer}/fromDnCriteria"), detail));
        }
    }
    Err(faults)
}

/// A criteria with the default values of a creation.
fn blank(position: i32, name: CriteriaName, selection: Selection) -> KeptCriteria {
    KeptCriteria {
        position,
        name,
        description: None,
        active: true,
        valid_from: None,
        valid_until: None,
        do_not_perform_action: false,
        from_dn_criteria: FromDnCriteria {
            selection,
            include_anonymous_callers: false,
            include_unavailable_callers: false,
            include_internal_callers: false,
            phone_numbers: Vec::new(),
            number_lists: Vec::new(),
        },
        number_lists: Vec::new(),
        time_schedule: None,
        holiday_schedule: None,
    }
}

/// Maximum length of a summary, in characters; the published document says so since its first release.
const LONGEST_SUMMARY: usize = 100;

/// The summary for a table, as in BroadWorks: `All calls`, `Forwarded calls`; or the first three of the numbers, the
/// names of number lists, `Private`, `Unavailable` and `Internal`, followed by `...` if there are more; fewer if three
/// would be too long; empty if no call can match.
pub fn calls_from(from: &FromDnCriteria) -> String {
    match from.selection {
        Selection::Any => return "All calls".to_owned(),
        Selection::Forwarded => return "Forwarded calls".to_owned(),
        Selection::SpecifiedOnly => {}
    }
    let flags = [
        (from.include_anonymous_callers, "Private"),
        (from.include_unavailable_callers, "Unavailable"),
        (from.include_internal_callers, "Internal"),
    ];
    let flags = flags.into_iter().filter_map(|(included, name)| included.then_some(name));
    let numbers = from.phone_numbers.iter().map(|number| number.as_str());
    let lists = from.number_lists.iter().map(|list| list.name.as_str());
    let callers: Vec<&str> = numbers.chain(lists).chain(flags).collect();
    let summary = |shown: usize| {
        let more = if callers.len() > shown { "..." } else { "" };
        format!("{}{more}", callers[..shown].join(", "))
    };
    let shown = (1..=callers.len().min(3)).rev().map(summary);
    shown.into_iter().find(|text| text.chars().count() <= LONGEST_SUMMARY).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use call_acceptance_api::value::phone_number::PhoneNumberPattern;

    use super::*;

    fn callers(numbers: &[&str], private: bool, unavailable: bool) -> FromDnCriteria {
        FromDnCriteria {
            selection: Selection::SpecifiedOnly,
            include_anonymous_callers: private,
            include_unavailable_callers: unavailable,
            include_internal_callers: false,
            phone_numbers: numbers.iter().map(|number| PhoneNumberPattern::parse(number).expect("a pattern")).collect(),
            number_lists: Vec::new(),
        }
    }

    #[test]
    fn calls_from_lists_the_first_three_callers() {
        assert_eq!(calls_from(&callers(&[], false, false)), "");
        assert_eq!(calls_from(&callers(&["1", "2"], true, false)), "1, 2, Private");
        assert_eq!(calls_from(&callers(&["1", "2"], true, true)), "1, 2, Private...");
        assert_eq!(calls_from(&callers(&["1", "2", "3", "4"], false, false)), "1, 2, 3...");
        assert_eq!(
            calls_from(&FromDnCriteria { selection: Selection::Any, ..callers(&["1"], true, true) }),
            "All calls"
        );
        let forwarded = FromDnCriteria { selection: Selection::Forwarded, ..callers(&["1"], true, true) };
        assert_eq!(calls_from(&forwarded), "Forwarded calls");
        let internal = FromDnCriteria { include_internal_callers: true, ..callers(&["1"], true, false) };
        assert_eq!(calls_from(&internal), "1, Private, Internal");
    }
}
