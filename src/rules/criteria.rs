//! The rules by which criteria change: pure functions over values.
//!
//! The rules are those of the field (BroadWorks, APIO): a change merges, a list of changes applies in order, all or
//! none. To change a rule, change it here; the store and the service only carry out the steps.

use call_acceptance_api::{
    resource::criteria::{
        Criteria, CriteriaChange, CriteriaCreate, CriteriaUpdate, FromDnCriteria, FromDnCriteriaUpdate, MAX_CRITERIA,
        ScheduleReference, ScheduleSelection, Selection, selective_call_acceptance::SelectiveCallAcceptance,
    },
    value::{change::Change, name::CriteriaName},
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

/// A criteria as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptCriteria {
    /// Its place in the order of creation; unique in the user's service.
    pub position: i32,
    /// Its name.
    pub name: CriteriaName,
    /// Whether it takes part in decisions.
    pub active: bool,
    /// Whether matching calls are refused.
    pub do_not_perform_action: bool,
    /// The callers that it is about.
    pub from_dn_criteria: FromDnCriteria,
    /// The time schedule that it holds in.
    pub time_schedule: Option<ScheduleLink>,
    /// The holidays that it holds on.
    pub holiday_schedule: Option<ScheduleLink>,
}

/// A change of a criteria whose schedules are `S`: as they were sent, or as they were found.
#[derive(Debug, Clone)]
pub struct Merge<S> {
    /// The name from now on.
    pub new_name: Option<CriteriaName>,
    /// Whether it takes part in decisions.
    pub active: Option<bool>,
    /// Whether matching calls are refused.
    pub do_not_perform_action: Option<bool>,
    /// The callers that it is about.
    pub from_dn_criteria: Option<FromDnCriteriaUpdate>,
    /// The time schedule that it holds in.
    pub time_schedule: Change<S>,
    /// The holidays that it holds on.
    pub holiday_schedule: Change<S>,
}

impl<S> Merge<S> {
    /// The change that changes nothing.
    pub fn nothing() -> Self {
        Self {
            new_name: None,
            active: None,
            do_not_perform_action: None,
            from_dn_criteria: None,
            time_schedule: Change::Keep,
            holiday_schedule: Change::Keep,
        }
    }
}

/// What one entry of a list of changes asks for.
#[derive(Debug, Clone)]
pub struct Entry<S> {
    /// The criteria that it is about.
    pub name: CriteriaName,
    /// Whether the criteria is removed.
    pub delete: bool,
    /// The change otherwise.
    pub merge: Merge<S>,
}

/// One write to the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A new criteria.
    Insert(KeptCriteria),
    /// A criteria at a position that is taken, as it is from now on.
    Update(KeptCriteria),
    /// Removes the criteria at this position.
    Delete(i32),
}

/// What a list of changes comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The writes, in order.
    pub steps: Vec<Step>,
    /// All criteria after them.
    pub after: Vec<KeptCriteria>,
}

impl From<CriteriaUpdate> for Merge<ScheduleSelection> {
    fn from(update: CriteriaUpdate) -> Self {
        let CriteriaUpdate {
            name: _,
            new_name,
            active,
            calls_from: _,
            do_not_perform_action,
            from_dn_criteria,
            time_schedule,
            holiday_schedule,
        } = update;
        Self { new_name, active, do_not_perform_action, from_dn_criteria, time_schedule, holiday_schedule }
    }
}

impl From<CriteriaCreate> for Entry<ScheduleSelection> {
    fn from(create: CriteriaCreate) -> Self {
        let CriteriaCreate {
            name,
            active,
            calls_from: _,
            do_not_perform_action,
            from_dn_criteria: from,
            time_schedule,
            holiday_schedule,
        } = create;
        let from_dn_criteria = FromDnCriteriaUpdate {
            selection: Some(from.selection),
            include_anonymous_callers: Some(from.include_anonymous_callers),
            include_unavailable_callers: Some(from.include_unavailable_callers),
            phone_numbers: Some(from.phone_numbers),
        };
        let merge = Merge {
            new_name: None,
            active: Some(active),
            do_not_perform_action: Some(do_not_perform_action),
            from_dn_criteria: Some(from_dn_criteria),
            time_schedule,
            holiday_schedule,
        };
        Self { name, delete: false, merge }
    }
}

impl From<CriteriaChange> for Entry<ScheduleSelection> {
    fn from(change: CriteriaChange) -> Self {
        let CriteriaChange {
            name,
            new_name,
            delete,
            active,
            calls_from: _,
            do_not_perform_action,
            from_dn_criteria,
            time_schedule,
            holiday_schedule,
        } = change;
        let merge =
            Merge { new_name, active, do_not_perform_action, from_dn_criteria, time_schedule, holiday_schedule };
        Self { name, delete, merge }
    }
}

impl From<KeptCriteria> for Criteria {
    fn from(kept: KeptCriteria) -> Self {
        Self {
            name: kept.name,
            active: kept.active,
            calls_from: calls_from(&kept.from_dn_criteria),
            do_not_perform_action: kept.do_not_perform_action,
            from_dn_criteria: kept.from_dn_criteria,
            time_schedule: kept.time_schedule.map(|link| link.reference),
            holiday_schedule: kept.holiday_schedule.map(|link| link.reference),
        }
    }
}

/// The service that these criteria make.
pub fn service(kept: Vec<KeptCriteria>) -> SelectiveCallAcceptance {
    SelectiveCallAcceptance { criteria: kept.into_iter().map(Criteria::from).collect() }
}

impl KeptCriteria {
    /// The criteria after `merge`: what the change leaves out stays as it is.
    pub fn merged(self, merge: Merge<ScheduleLink>) -> Self {
        let from = merge.from_dn_criteria.unwrap_or_default();
        let before = self.from_dn_criteria;
        Self {
            position: self.position,
            name: merge.new_name.unwrap_or(self.name),
            active: merge.active.unwrap_or(self.active),
            do_not_perform_action: merge.do_not_perform_action.unwrap_or(self.do_not_perform_action),
            from_dn_criteria: FromDnCriteria {
                selection: from.selection.unwrap_or(before.selection),
                include_anonymous_callers: from.include_anonymous_callers.unwrap_or(before.include_anonymous_callers),
                include_unavailable_callers: from
                    .include_unavailable_callers
                    .unwrap_or(before.include_unavailable_callers),
                phone_numbers: from.phone_numbers.unwrap_or(before.phone_numbers),
            },
            time_schedule: merge.time_schedule.apply(self.time_schedule),
            holiday_schedule: merge.holiday_schedule.apply(self.holiday_schedule),
        }
    }

    fn created(position: i32, name: CriteriaName, selection: Selection, merge: Merge<ScheduleLink>) -> Self {
        let nobody = FromDnCriteria {
            selection,
            include_anonymous_callers: false,
            include_unavailable_callers: false,
            phone_numbers: Vec::new(),
        };
        let blank = Self {
            position,
            name,
            active: true,
            do_not_perform_action: false,
            from_dn_criteria: nobody,
            time_schedule: None,
            holiday_schedule: None,
        };
        blank.merged(merge)
    }
}

/// The first position behind all that are taken.
pub fn next_position(kept: &[KeptCriteria]) -> i32 {
    kept.iter().map(|criteria| criteria.position + 1).max().unwrap_or_default()
}

/// What `entries` come to, applied to `before` in order. Whether a name is taken is for the store to say, at the step
/// that takes it.
///
/// # Errors
/// All faults of all entries at once, after those in `faults`, each under the `pointer` of its entry; or too many
/// criteria.
pub fn plan(
    before: Vec<KeptCriteria>,
    entries: Vec<Entry<ScheduleLink>>,
    mut faults: Vec<Fault>,
    pointer: impl Fn(usize) -> String,
) -> Result<Plan, Failure> {
    let mut plan = Plan { steps: Vec::new(), after: before };
    let mut next = next_position(&plan.after);
    for (at, entry) in entries.into_iter().enumerate() {
        match plan.after.iter().position(|criteria| criteria.name == entry.name) {
            Some(found) if entry.delete => plan.steps.push(Step::Delete(plan.after.remove(found).position)),
            None if entry.delete => {}
            Some(found) => {
                let merged = plan.after[found].clone().merged(entry.merge);
                plan.after[found] = merged.clone();
                plan.steps.push(Step::Update(merged));
            }
            None => match new_criteria(next, entry, &pointer(at)) {
                Ok(criteria) => {
                    next += 1;
                    plan.after.push(criteria.clone());
                    plan.steps.push(Step::Insert(criteria));
                }
                Err(mut found) => faults.append(&mut found),
            },
        }
    }
    if !faults.is_empty() {
        return Err(Failure::invalid(faults));
    }
    check_count(plan.after.len())?;
    Ok(plan)
}

/// The new criteria that `entry` asks for, behind those in `before`.
///
/// # Errors
/// Faults of the entry, or too many criteria.
pub fn create(before: Vec<KeptCriteria>, entry: Entry<ScheduleLink>) -> Result<KeptCriteria, Failure> {
    let created = new_criteria(next_position(&before), entry, "").map_err(Failure::invalid)?;
    if before.iter().all(|criteria| criteria.name != created.name) {
        check_count(before.len() + 1)?;
    }
    Ok(created)
}

fn check_count(count: usize) -> Result<(), Failure> {
    if count <= MAX_CRITERIA {
        return Ok(());
    }
    let detail = format!("A user can have {MAX_CRITERIA} criteria; this would make {count}.");
    Err(Failure::refused(ProblemCode::TooManyCriteria, detail))
}

fn new_criteria(position: i32, entry: Entry<ScheduleLink>, pointer: &str) -> Result<KeptCriteria, Vec<Fault>> {
    let mut faults = Vec::new();
    if entry.merge.new_name.is_some() {
        let detail =
            format!("There is no criteria {:?} to rename; a new one is created under `name`.", entry.name.as_str());
        faults.push(Fault::at(format!("{pointer}/newName"), detail));
    }
    let selection = entry.merge.from_dn_criteria.as_ref().map(|from| from.selection);
    match selection {
        Some(Some(selection)) if faults.is_empty() => {
            return Ok(KeptCriteria::created(position, entry.name, selection, entry.merge));
        }
        Some(Some(_)) => {}
        Some(None) => {
            let detail = "`selection` is required to create a criteria: `Any` or `Specified Only`.";
            faults.push(Fault::at(format!("{pointer}/fromDnCriteria/selection"), detail));
        }
        None => {
            let detail = format!(
                "There is no criteria {:?} yet; `fromDnCriteria` is required to create it.",
                entry.name.as_str()
            );
            faults.push(Fault::at(format!("{pointer}/fromDnCriteria"), detail));
        }
    }
    Err(faults)
}

/// The summary for a table, as BroadWorks shows it: `All calls`; or the first three of the numbers, `Private` and
/// `Unavailable`, with `...` behind when there are more; empty when no call can match.
pub fn calls_from(from: &FromDnCriteria) -> String {
    if from.selection == Selection::Any {
        return "All calls".to_owned();
    }
    let flags = [(from.include_anonymous_callers, "Private"), (from.include_unavailable_callers, "Unavailable")];
    let flags = flags.into_iter().filter_map(|(included, name)| included.then_some(name));
    let callers: Vec<&str> = from.phone_numbers.iter().map(|number| number.as_str()).chain(flags).collect();
    let more = if callers.len() > 3 { "..." } else { "" };
    let first: Vec<&str> = callers.into_iter().take(3).collect();
    format!("{}{more}", first.join(", "))
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
            phone_numbers: numbers.iter().map(|number| PhoneNumberPattern::parse(number).expect("a pattern")).collect(),
        }
    }

    #[test]
    fn calls_from_names_the_first_three_callers() {
        assert_eq!(calls_from(&callers(&[], false, false)), "");
        assert_eq!(calls_from(&callers(&["1", "2"], true, false)), "1, 2, Private");
        assert_eq!(calls_from(&callers(&["1", "2"], true, true)), "1, 2, Private...");
        assert_eq!(calls_from(&callers(&["1", "2", "3", "4"], false, false)), "1, 2, 3...");
        assert_eq!(
            calls_from(&FromDnCriteria { selection: Selection::Any, ..callers(&["1"], true, true) }),
            "All calls"
        );
    }
}
