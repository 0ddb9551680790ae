//! Properties that only this server writes and reads.

/// The rule of a recurring period as stored, if other programs would not understand it or would compute other days;
/// empty for a period without a rule. If present, `RRULE` and `RDATE` are ignored.
pub(super) const RULE: &str = "X-CALL-ACCEPTANCE-RULE";
/// The `startDate` of a recurring period; accompanies [`RULE`].
pub(super) const START: &str = "X-CALL-ACCEPTANCE-START";
/// The `exceptDates` of a recurring period, if `EXDATE` has more; accompanies [`RULE`].
pub(super) const EXCEPT: &str = "X-CALL-ACCEPTANCE-EXDATE";
/// All of these properties.
pub(super) const RULE_PROPERTIES: [&str; 3] = [RULE, START, EXCEPT];
