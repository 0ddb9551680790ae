//! What the server writes on a line: a thing as GET answers it.

use serde::Serialize;

use super::line::Kind;
use crate::{
    resource::{
        anonymous_call_rejection::AnonymousCallRejection,
        criteria::{
            Service, selective_call_acceptance::SelectiveCallAcceptance,
            selective_call_rejection::SelectiveCallRejection,
        },
        group::Group,
        number_list::{NumberList, NumberListEntry, NumberListPath},
        protected_callers::ProtectedCallerList,
        schedule::{Schedule, ScheduleFolder, ScheduleType},
        tenant::Tenant,
        treatment::TreatmentList,
        user::User,
        user_service::{ServiceName, UserServicePath},
    },
    value::{
        name::NumberListName,
        owner::{GroupPath, Owner, UserPath},
    },
};

/// The maximum number of entries of a number list on a line.
pub const ENTRIES_PER_LINE: usize = 1000;

/// A thing with its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant holds the owner and the answer of GET")]
pub enum Thing {
    Tenant(Tenant),
    Group(Group),
    Treatments(Owner, TreatmentList),
    ProtectedCallers(Owner, ProtectedCallerList),
    User(GroupPath, User),
    Schedule(ScheduleFolder, Schedule),
    NumberList(Owner, NumberList),
    /// At most [`ENTRIES_PER_LINE`], and at least one.
    NumberListEntries(NumberListPath, Vec<NumberListEntry>),
    /// A service with criteria.
    Service(UserServicePath, Service),
    AnonymousCallRejection(UserPath, AnonymousCallRejection),
}

/// A line: what says which thing it is, then the thing.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a, T> {
    kind: &'static str,
    #[serde(flatten)]
    place: Place<'a>,
    #[serde(flatten)]
    thing: T,
}

/// What a line has beside the kind and the thing. Members that the thing itself has are absent.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Place<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<ServiceName>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    schedule_type: Option<ScheduleType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a NumberListName>,
}

impl<'a> Place<'a> {
    fn of([_, group_id, user_id]: [Option<&'a str>; 3]) -> Self {
        Self { group_id, user_id, ..Self::default() }
    }

    fn below(owner: &'a Owner) -> Self {
        Self::of(owner.names())
    }
}

#[derive(Serialize)]
struct Entries {
    entries: Vec<NumberListEntry>,
}

impl Thing {
    /// What the line is about.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Tenant(_) => Kind::Tenant,
            Self::Group(_) => Kind::Group,
            Self::Treatments(..) => Kind::Treatments,
            Self::ProtectedCallers(..) => Kind::ProtectedCallers,
            Self::User(..) => Kind::User,
            Self::Schedule(..) => Kind::Schedule,
            Self::NumberList(..) => Kind::NumberList,
            Self::NumberListEntries(..) => Kind::NumberListEntries,
            Self::Service(..) | Self::AnonymousCallRejection(..) => Kind::Service,
        }
    }

    /// Appends the line to `file`, with its end.
    ///
    /// # Errors
    /// The thing cannot be written as JSON; none is known.
    pub fn write(self, file: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        let kind = self.kind().as_str();
        match self {
            Self::Tenant(tenant) => write(file, kind, Place::default(), tenant),
            Self::Group(group) => write(file, kind, Place::default(), group),
            Self::Treatments(owner, list) => write(file, kind, Place::below(&owner), list),
            Self::ProtectedCallers(owner, list) => write(file, kind, Place::below(&owner), list),
            Self::User(GroupPath { group, .. }, user) => {
                write(file, kind, Place { group_id: Some(group.as_str()), ..Place::default() }, user)
            }
            Self::Schedule(ScheduleFolder { owner, kind: schedule }, thing) => {
                write(file, kind, Place { schedule_type: Some(schedule), ..Place::below(&owner) }, thing)
            }
            Self::NumberList(owner, list) => write(file, kind, Place::below(&owner), list),
            Self::NumberListEntries(NumberListPath { owner, name }, entries) => {
                write(file, kind, Place { name: Some(&name), ..Place::below(&owner) }, Entries { entries })
            }
            Self::Service(UserServicePath { user, service }, thing) => {
                let place = Place { service: Some(service), ..Place::of(user.names()) };
                match service {
                    ServiceName::SelectiveCallRejection => {
                        write(file, kind, place, SelectiveCallRejection::from(thing))
                    }
                    _ => write(file, kind, place, SelectiveCallAcceptance::from(thing)),
                }
            }
            Self::AnonymousCallRejection(user, thing) => {
                let service = Some(ServiceName::AnonymousCallRejection);
                write(file, kind, Place { service, ..Place::of(user.names()) }, thing)
            }
        }
    }
}

fn write<T: Serialize>(
    file: &mut Vec<u8>,
    kind: &'static str,
    place: Place<'_>,
    thing: T,
) -> Result<(), serde_json::Error> {
    serde_json::to_writer(&mut *file, &Written { kind, place, thing })?;
    file.push(b'\n');
    Ok(())
}
