//! Who gets through while certain criteria are in effect.

use super::{
    callers::{Callers, Kind, Route},
    rule::Roles,
    set::RuleSet,
};

/// Who gets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Callers whom no list names, and others.
    Everyone,
    /// None but callers whom the criteria name.
    Listed,
    /// Nobody but protected callers and the callbacks of emergency services.
    Nobody,
}

/// Which services are asked: those that are not suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    pub(super) rejection: bool,
    pub(super) anonymous: bool,
    pub(super) acceptance: bool,
}

impl Asked {
    pub(super) const ALL: Self = Self { rejection: true, anonymous: true, acceptance: true };
}

/// What is in effect at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) asked: Asked,
    /// The criteria in their validity and their schedules.
    pub(super) effect: RuleSet,
    /// Whether a criteria of Selective Call Acceptance is in its validity.
    pub(super) is_any_valid: bool,
}

/// What certainly refuses a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Rejection,
    AnonymousRejection,
    DoNotAccept,
    /// No criteria accepts it.
    Default,
}

/// What certainly refuses every caller of the kind; `None` if one may be accepted. Exact for kinds that are.
pub(super) fn refused(roles: &Roles, state: &State, kind: &Kind) -> Option<By> {
    let State { asked, effect, is_any_valid } = *state;
    let (sure, may, spare) = (kind.sure & effect, kind.may & effect, kind.spare & effect);
    if asked.rejection && sure.meets(roles.rejecting) && !spare.meets(roles.sparing) {
        return Some(By::Rejection);
    }
    if asked.anonymous && roles.refuses_withheld && kind.withheld {
        return Some(By::AnonymousRejection);
    }
    if !roles.has_acceptance || !asked.acceptance || !is_any_valid {
        return None;
    }
    if sure.meets(roles.refusing) {
        return Some(By::DoNotAccept);
    }
    let accepts_outside = roles.accepts_outside_schedules && !effect.meets(roles.accepting);
    (!may.meets(roles.accepting) && !accepts_outside).then_some(By::Default)
}

/// Who gets through: nobody only if that is certain.
pub(super) fn reach(roles: &Roles, callers: &Callers, state: &State) -> Reach {
    if refused(roles, state, &callers.stranger(Route::default())).is_none() {
        Reach::Everyone
    } else if callers.all().all(|kind| refused(roles, state, &kind).is_some()) {
        Reach::Nobody
    } else {
        Reach::Listed
    }
}

/// Whether Selective Call Acceptance refuses no call at all.
pub(super) fn accepts_all(roles: &Roles, callers: &Callers, state: &State) -> bool {
    let alone = Roles { refuses_withheld: false, rejecting: RuleSet::default(), ..*roles };
    let refuses = state.is_any_valid && state.effect.meets(roles.refusing);
    !refuses && callers.unlisted().all(|kind| refused(&alone, state, &kind).is_none())
}
