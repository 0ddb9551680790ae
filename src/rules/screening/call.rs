//! A call and the decision on it.

use call_acceptance_api::{
    resource::decision::{Presentation, Reason},
    value::{name::CriteriaName, phone_number::Region, time::TimeZone},
};
use jiff::Timestamp;

use crate::rules::criteria::CriteriaKey;

/// The region and time zone of a user, for national numbers and local times.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// The region of national numbers; without it only international numbers and digits as received are recognised.
    pub region: Option<Region>,
    /// The zone of local times; UTC if absent.
    pub time_zone: Option<TimeZone>,
}

/// An incoming call to the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call<'a> {
    /// The calling number as delivered by the network: E.164 with `+`, `00` or the region's international prefix,
    /// national digits, an extension, or a `tel:` or `sip:` URI with one of these.
    pub calling_number: Option<&'a str>,
    /// The given presentation. `restricted` and `unavailable` are used as given. Otherwise the caller is `restricted`
    /// if the text says so (`anonymous`, the host `anonymous.invalid`, …), `unavailable` if there is no number in the
    /// text, and else `allowed`. So every caller has exactly one of the three.
    pub presentation: Option<Presentation>,
    /// Whether the caller is of the user's own organisation, as the node knows.
    pub internal: bool,
    /// Whether the call was forwarded to the user.
    pub forwarded: bool,
    /// Whether an emergency service calls back (RFC 7090).
    pub is_emergency_callback: bool,
    /// When the call comes in.
    pub at: Timestamp,
}

/// The decision on a call, and the criteria that decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// The reason; [`Reason::verdict`] is the verdict.
    pub reason: Reason,
    /// The criteria that decided, if one did.
    pub criteria: Option<CriteriaName>,
    /// Its key in the service of the reason.
    pub key: Option<CriteriaKey>,
}
