//! The properties that only this server writes and reads.

/// The property that holds the rule of a recurring period as the schedule has it, where other programs would not
/// understand it or show other days; empty for a period without a rule. `RRULE` and `RDATE` are then not looked at.
pub(super) const RULE: &str = "X-CALL-ACCEPTANCE-RULE";
/// The property that holds the `startDate` of a recurring period beside [`RULE`].
pub(super) const START: &str = "X-CALL-ACCEPTANCE-START";
/// The property that holds the `exceptDates` beside [`RULE`], where `EXDATE` says more.
pub(super) const EXCEPT: &str = "X-CALL-ACCEPTANCE-EXDATE";
/// The properties that only this server writes and reads.
pub(super) const RULE_PROPERTIES: [&str; 3] = [RULE, START, EXCEPT];
