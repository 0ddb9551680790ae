//! Parses lines of the file of a tenant. The cost is linear in the length of the line.

use serde_json::{Map, Value};

use super::line::{Kind, Line, MAX_LINE_BYTES};
use crate::{
    resource::{
        anonymous_call_rejection::AnonymousCallRejectionUpdate,
        criteria::{
            ServiceUpdate, selective_call_acceptance::SelectiveCallAcceptanceUpdate,
            selective_call_rejection::SelectiveCallRejectionUpdate,
        },
        number_list::{NumberListEntriesUpdate, NumberListEntry, NumberListPath},
        protected_callers::ProtectedCallersUpdate,
        schedule::{ScheduleCreate, ScheduleFolder, ScheduleType},
        treatment::TreatmentsUpdate,
        user_service::{ServiceName, UserServicePath},
    },
    value::{
        name::{GroupId, NumberListName, TenantId, UserId},
        owner::{GroupPath, Level, Owner, UserPath},
        text::NotValid,
    },
    wire::{
        json::UniqueJson,
        payload::Body,
        problem::{Failure, Fault, MAX_FAULTS, ProblemCode},
        validation::BodySchemas,
    },
};

impl Line {
    /// Parses a line of a file for `tenant`, with or without its end.
    ///
    /// # Errors
    /// A refusal with all the faults of the line, at most [`MAX_FAULTS`], each with its JSON Pointer in the line: it is
    /// too long (`body_too_large`), it is not JSON (`malformed_json`), or the API would refuse the thing
    /// (`invalid_request`). What depends on other things, such as an owner that does not exist, is not found here.
    pub fn parse(line: &[u8], tenant: &TenantId, schemas: &BodySchemas) -> Result<Self, Failure> {
        if line.trim_ascii_end().len() > MAX_LINE_BYTES {
            let detail = format!("The line is longer than {MAX_LINE_BYTES} bytes.");
            return Err(Failure::refused(ProblemCode::BodyTooLarge, detail));
        }
        let UniqueJson(value) = serde_json::from_slice(line).map_err(|error| malformed(&error))?;
        let Value::Object(rest) = value else {
            return Err(Failure::invalid(vec![Fault::at("", "Expected a JSON object.")]));
        };
        Members::new(rest, tenant, schemas).line()
    }
}

fn malformed(error: &serde_json::Error) -> Failure {
    // The parser counts lines from the start of this one.
    let error = error.to_string().replace(" at line 1 column ", " at column ");
    Failure::refused(ProblemCode::MalformedJson, format!("Expected a JSON object: {error}."))
}

/// The members of a line that are not yet parsed, and the faults of those that are. A value whose faults are noted is
/// `None`.
pub(super) struct Members<'a> {
    rest: Map<String, Value>,
    faults: Vec<Fault>,
    tenant: &'a TenantId,
    schemas: &'a BodySchemas,
}

impl<'a> Members<'a> {
    pub(super) fn new(rest: Map<String, Value>, tenant: &'a TenantId, schemas: &'a BodySchemas) -> Self {
        Self { rest, faults: Vec::new(), tenant, schemas }
    }

    pub(super) fn line(mut self) -> Result<Line, Failure> {
        let kinds = Kind::ALL.map(Kind::as_str);
        let kind = self.one_of("kind", &kinds, |text| Kind::ALL.into_iter().find(|kind| kind.as_str() == text));
        let line = kind.map(|kind| self.of_kind(kind)).transpose()?.flatten();
        match line {
            Some(line) if self.faults.is_empty() => Ok(line),
            _ => {
                self.faults.truncate(MAX_FAULTS);
                Err(Failure::invalid(self.faults))
            }
        }
    }

    fn of_kind(&mut self, kind: Kind) -> Result<Option<Line>, Failure> {
        match kind {
            Kind::Tenant => Ok(self.body()?.map(Line::Tenant)),
            Kind::Group => Ok(self.body()?.map(Line::Group)),
            Kind::User => {
                let group = self.group();
                Ok(group.zip(self.body()?).map(|(group, user)| Line::User { group, user }))
            }
            Kind::Treatments => {
                let owner = self.owner(Level::Group);
                let list = self.body::<TreatmentsUpdate>()?;
                Ok(owner.zip(list).map(|(owner, list)| Line::Treatments { owner, treatments: list.into() }))
            }
            Kind::ProtectedCallers => {
                let owner = self.owner(Level::Group);
                let list = self.body::<ProtectedCallersUpdate>()?;
                Ok(owner.zip(list).map(|(owner, list)| Line::ProtectedCallers { owner, callers: list.into() }))
            }
            Kind::Schedule => self.schedule(),
            Kind::NumberList => {
                let owner = self.owner(Level::User);
                self.rest.shift_remove("entryCount");
                Ok(owner.zip(self.body()?).map(|(owner, list)| Line::NumberList { owner, list }))
            }
            Kind::NumberListEntries => self.entries(),
            Kind::Service => self.service(),
        }
    }

    fn schedule(&mut self) -> Result<Option<Line>, Failure> {
        let owner = self.owner(Level::User);
        let kind = self.one_of("type", &["Time", "Holiday"], |text| match text {
            "Time" => Some(ScheduleType::Time),
            "Holiday" => Some(ScheduleType::Holiday),
            _ => None,
        });
        let has_periods = self.rest.contains_key("periods");
        let schedule = self.body::<ScheduleCreate>()?;
        Ok(owner.zip(kind).zip(schedule).map(|((owner, kind), schedule)| Line::Schedule {
            folder: ScheduleFolder { owner, kind },
            name: schedule.name,
            periods: has_periods.then_some(schedule.periods),
        }))
    }

    fn entries(&mut self) -> Result<Option<Line>, Failure> {
        let owner = self.owner(Level::User);
        let name = self.required("name", NumberListName::parse);
        self.rest.shift_remove("next");
        let update = self.body::<NumberListEntriesUpdate>()?;
        Ok(owner.zip(name).zip(update).map(|((owner, name), update)| Line::NumberListEntries {
            list: NumberListPath { owner, name },
            entries: update.entries.into_iter().map(NumberListEntry::from).collect(),
        }))
    }

    fn service(&mut self) -> Result<Option<Line>, Failure> {
        let group = self.group();
        let user = self.required("userId", UserId::parse);
        let service = self.one_of("service", &ServiceName::ALL.map(ServiceName::as_str), ServiceName::parse);
        let user = group.zip(user).map(|(GroupPath { tenant, group }, user)| UserPath { tenant, group, user });
        let update: Option<ServiceUpdate> = match service {
            None => return Ok(None),
            Some(ServiceName::SelectiveCallAcceptance) => {
                self.refuse_changes();
                self.body::<SelectiveCallAcceptanceUpdate>()?.map(Into::into)
            }
            Some(ServiceName::SelectiveCallRejection) => {
                self.refuse_changes();
                self.body::<SelectiveCallRejectionUpdate>()?.map(Into::into)
            }
            Some(ServiceName::AnonymousCallRejection) => {
                let update = self.body::<AnonymousCallRejectionUpdate>()?;
                return Ok(user.zip(update).map(|(user, update)| Line::AnonymousCallRejection { user, update }));
            }
        };
        let service = user.zip(service).map(|(user, service)| UserServicePath { user, service });
        Ok(service.zip(update).map(|(service, update)| Line::Service { service, update }))
    }

    /// Notes a fault for each member of a criteria that asks for a change: a file says how things are.
    fn refuse_changes(&mut self) {
        let criteria = self.rest.get("criteria").and_then(Value::as_array);
        let entries = criteria.into_iter().flatten().enumerate();
        let asked = entries.flat_map(|(at, entry)| {
            let members = ["newName", "delete"].into_iter().filter(|member| entry.get(*member).is_some());
            members.map(move |member| (at, member))
        });
        let fault = |(at, member)| {
            let detail = format!("`{member}` is only for requests; a line says how the criteria is to be.");
            Fault::at(format!("/criteria/{at}/{member}"), detail)
        };
        self.faults.extend(asked.take(MAX_FAULTS).map(fault));
    }

    /// The rest of the line as a body of a request.
    fn body<T: Body>(&mut self) -> Result<Option<T>, Failure> {
        let mut body = Value::Object(std::mem::take(&mut self.rest));
        let faults = T::faults(&mut body, self.schemas)?;
        if !faults.is_empty() {
            self.faults.extend(faults);
            return Ok(None);
        }
        let parsed = T::parse_from_json(Some(body));
        if parsed.is_err() {
            self.faults.push(Fault::at("", "The line is not valid."));
        }
        Ok(parsed.ok())
    }

    /// The group that the line must name.
    fn group(&mut self) -> Option<GroupPath> {
        let group = self.required("groupId", GroupId::parse)?;
        Some(GroupPath { tenant: self.tenant.clone(), group })
    }

    /// The owner, which is at `lowest` or above.
    fn owner(&mut self, lowest: Level) -> Option<Owner> {
        let is_user = lowest == Level::User && self.rest.contains_key("userId");
        if !is_user && !self.rest.contains_key("groupId") {
            return Some(Owner::Tenant(self.tenant.clone()));
        }
        let group = self.group();
        if !is_user {
            return group.map(Owner::Group);
        }
        let user = self.required("userId", UserId::parse);
        group.zip(user).map(|(GroupPath { tenant, group }, user)| Owner::User(UserPath { tenant, group, user }))
    }

    fn required<T>(&mut self, name: &str, parse: fn(&str) -> Result<T, NotValid>) -> Option<T> {
        let text = self.text(name)?;
        let value = parse(&text);
        value.map_err(|error| self.fault(name, error.to_string())).ok()
    }

    fn one_of<T>(&mut self, name: &str, known: &[&str], parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.text(name)?;
        let value = parse(&text);
        if value.is_none() {
            let start: String = text.chars().take(60).collect();
            let known: Vec<_> = known.iter().map(|name| format!("\"{name}\"")).collect();
            self.fault(name, format!("{start:?} is not one of {}.", known.join(", ")));
        }
        value
    }

    fn text(&mut self, name: &str) -> Option<String> {
        match self.rest.shift_remove(name) {
            Some(Value::String(text)) => return Some(text),
            Some(_) => self.fault(name, format!("`{name}` must be a string.")),
            None => self.fault(name, format!("`{name}` is required.")),
        }
        None
    }

    fn fault(&mut self, name: &str, detail: String) {
        self.faults.push(Fault::at(format!("/{name}"), detail));
    }
}
