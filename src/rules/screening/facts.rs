//! What is known of a call: found once for all criteria, and only when one asks.

use std::{
    cell::{Cell, OnceCell},
    sync::Arc,
};

use call_acceptance_api::resource::decision::Presentation;
use jiff::tz;

use super::{
    call::Call,
    extras::Extras,
    list::NumberList,
    number::{Forms, KnownCaller, Reader},
    pattern::Index,
    schedule::{KeyedSchedule, Moment},
};

/// What facts about a call are found with.
pub(super) struct Parts {
    pub(super) reader: Reader,
    pub(super) zone: tz::TimeZone,
    /// The patterns of all rules.
    pub(super) numbers: Index,
    pub(super) schedules: Box<[Arc<KeyedSchedule>]>,
    pub(super) extras: Extras,
}

/// What is known of a call: found once for all criteria, and only when one asks.
pub(super) struct Facts<'a> {
    pub(super) parts: &'a Parts,
    /// How many rules there are.
    rules: usize,
    /// The number lists that rules refer to, at their places.
    lists: &'a [Option<Arc<NumberList>>],
    pub(super) call: &'a Call<'a>,
    /// Who calls, and how the number is presented.
    caller: OnceCell<(Arc<KnownCaller>, Presentation)>,
    /// For each rule, whether one of its patterns matches; empty if none does.
    listed: OnceCell<Vec<bool>>,
    moment: OnceCell<Moment>,
    /// For each schedule, whether it holds.
    held: Vec<Cell<Option<bool>>>,
    /// For each number list, whether an entry matches.
    on_lists: Vec<Cell<Option<bool>>>,
}

impl<'a> Facts<'a> {
    /// What can be found out about the call with these number lists, for as many rules.
    pub(super) fn of(parts: &'a Parts, rules: usize, call: &'a Call<'a>, lists: &'a [Option<Arc<NumberList>>]) -> Self {
        let held = vec![Cell::new(None); parts.schedules.len()];
        let on_lists = vec![Cell::new(None); lists.len()];
        let (caller, listed) = (OnceCell::new(), OnceCell::new());
        Self { parts, rules, lists, call, caller, listed, moment: OnceCell::new(), held, on_lists }
    }

    fn caller(&self) -> &(Arc<KnownCaller>, Presentation) {
        self.caller.get_or_init(|| {
            let known = self.parts.reader.caller(self.call.calling_number.unwrap_or_default());
            let presentation = known.caller.presentation(self.call.presentation);
            (known, presentation)
        })
    }

    /// How the caller's number is presented.
    pub(super) fn presentation(&self) -> Presentation {
        self.caller().1
    }

    /// The written forms of the number, if it is presented.
    fn forms(&self) -> Option<&Forms> {
        match self.caller() {
            (known, Presentation::Allowed) => known.forms(),
            _ => None,
        }
    }

    /// Whether a pattern of the rule at this place matches the caller's number.
    pub(super) fn is_listed(&self, rule: usize) -> bool {
        let numbers = &self.parts.numbers;
        if numbers.is_empty() {
            return false;
        }
        let listed =
            self.listed.get_or_init(|| self.forms().map(|forms| numbers.owners(forms, self.rules)).unwrap_or_default());
        listed.get(rule).copied().unwrap_or(false)
    }

    /// Whether an entry of the number list matches the caller's number. A list that does not exist has none.
    pub(super) fn is_on_list(&self, list: usize) -> bool {
        let (Some(Some(entries)), Some(known)) = (self.lists.get(list), self.on_lists.get(list)) else { return false };
        if let Some(found) = known.get() {
            return found;
        }
        let found = self.forms().is_some_and(|forms| entries.matches(forms, self.call.at));
        known.set(Some(found));
        found
    }

    /// Whether the caller is protected: no service refuses the call.
    pub(super) fn is_protected(&self) -> bool {
        let mut policies = self.parts.extras.policies().iter().filter(|policy| policy.protects_any());
        policies.any(|policy| self.forms().is_some_and(|forms| policy.protects(forms)))
    }

    /// Whether the schedule holds: it is looked at once a call, however many criteria refer to it.
    pub(super) fn holds(&self, schedule: usize) -> bool {
        let held = &self.held[schedule];
        if let Some(holds) = held.get() {
            return holds;
        }
        let moment = self.moment.get_or_init(|| Moment::of(self.parts.zone.to_datetime(self.call.at)));
        let holds = self.parts.schedules[schedule].schedule.holds(moment);
        held.set(Some(holds));
        holds
    }
}
