//! What is known of a call: found once for all criteria, and only when one asks.

use std::cell::{Cell, OnceCell};

use call_acceptance_api::resource::decision::Presentation;
use jiff::tz;

use super::{
    call::Call,
    number::{Caller, Reader},
    pattern::Index,
    schedule::{Moment, Schedule},
};

/// Who calls.
pub(super) struct Who {
    pub(super) presentation: Presentation,
    /// For each rule, whether one of its patterns matches; empty when none does.
    listed: Vec<bool>,
}

impl Who {
    /// Whether a pattern of the rule at this place matches the caller's number.
    pub(super) fn is_listed(&self, at: usize) -> bool {
        self.listed.get(at).copied().unwrap_or(false)
    }
}

/// What facts about a call are found with.
pub(super) struct Parts {
    pub(super) reader: Reader,
    pub(super) zone: tz::TimeZone,
    /// The patterns of all rules.
    pub(super) numbers: Index,
    /// How many rules there are.
    pub(super) rules: usize,
    pub(super) schedules: Box<[Schedule]>,
}

/// What is known of a call: found once for all criteria, and only when one asks.
pub(super) struct Facts<'a> {
    parts: &'a Parts,
    pub(super) call: &'a Call<'a>,
    caller: OnceCell<Who>,
    moment: OnceCell<Moment>,
    /// For each schedule, whether it holds.
    held: Vec<Cell<Option<bool>>>,
}

impl<'a> Facts<'a> {
    /// What can be found out about the call.
    pub(super) fn of(parts: &'a Parts, call: &'a Call<'a>) -> Self {
        let held = vec![Cell::new(None); parts.schedules.len()];
        Self { parts, call, caller: OnceCell::new(), moment: OnceCell::new(), held }
    }

    /// Who calls.
    pub(super) fn caller(&self) -> &Who {
        self.caller.get_or_init(|| {
            let Parts { reader, numbers, rules, .. } = self.parts;
            let caller = Caller::of(self.call.calling_number);
            let presentation = caller.presentation(self.call.presentation);
            let listed = match caller {
                Caller::Number(number) if presentation == Presentation::Allowed && !numbers.is_empty() => {
                    numbers.owners(&reader.forms(&number), *rules)
                }
                _ => Vec::new(),
            };
            Who { presentation, listed }
        })
    }

    /// Whether the schedule holds: it is looked at once a call, however many criteria refer to it.
    pub(super) fn holds(&self, schedule: usize) -> bool {
        let held = &self.held[schedule];
        if let Some(holds) = held.get() {
            return holds;
        }
        let moment = self.moment.get_or_init(|| Moment::of(self.parts.zone.to_datetime(self.call.at)));
        let holds = self.parts.schedules[schedule].holds(moment);
        held.set(Some(holds));
        holds
    }
}
