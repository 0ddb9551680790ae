//! Tests of warnings against the decision, which is asked about what they say.

mod brute;
mod soundness;
mod times;

use std::collections::HashMap;

use call_acceptance_api::{
    resource::{
        decision::{Presentation, Reason, Verdict},
        schedule::period::Period,
        user_service::ServiceName,
        warning::{Warning, WarningCode},
    },
    value::time::Instant,
};
use jiff::Timestamp;
use uuid::Uuid;

use super::{Outlook, Subject, calendar, calendar::Calendar, callers, rule::Rules};
use crate::rules::{
    screening::{Call, Place, Screening},
    service::KeptService,
};

/// A call at an instant, from a number that is shown, or from none.
fn call(number: Option<&str>, presentation: Option<Presentation>, at: Timestamp) -> Call<'_> {
    let calling_number = number;
    Call { calling_number, presentation, internal: false, forwarded: false, is_emergency_callback: false, at }
}

/// The call by each route.
fn by_all_routes(call: Call<'_>) -> impl Iterator<Item = Call<'_>> {
    callers::Route::ALL.into_iter().map(move |route| Call {
        internal: route.internal,
        forwarded: route.forwarded,
        ..call
    })
}

/// Whether the call is accepted by what warnings are about.
fn is_accepted(screening: &Screening, call: &Call<'_>) -> bool {
    let reason = screening.decide(call, &[]).reason;
    reason.verdict() == Verdict::Accept && !matches!(reason, Reason::ProtectedCaller | Reason::EmergencyCallback)
}
