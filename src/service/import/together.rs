//! Applies lines together: those that create users and services, or leave them as they are. A few statements do for
//! all of them what each would do for itself; what these cannot decide is applied line by line (`batch`), and the rules
//! are the same functions.

use std::collections::{HashMap, HashSet};

use call_acceptance_api::{
    resource::{
        criteria::ServiceUpdate,
        transfer::line::Line,
        user::UserCreate,
        user_service::{ServiceName, UserServicePath},
    },
    value::owner::{GroupPath, UserPath},
    wire::problem::Failure,
};

use super::line::{Applied, Context, Outcome, is_as};
use crate::{
    rules::{criteria::Found, service::KeptService},
    service::{
        criteria::{create_services, lock_all_references},
        user::create_users,
        write::ManyUnwritten,
    },
    store::{ConnectionTrait, criteria, user},
};

/// Whether a line may be applied together with others.
pub(super) fn is_fit(line: &Line) -> bool {
    matches!(line, Line::User { .. } | Line::Service { .. } | Line::AnonymousCallRejection { .. })
}

/// A line of a user, in the unit at this place.
struct UserLine<'a> {
    unit: usize,
    group: &'a GroupPath,
    create: &'a UserCreate,
    path: UserPath,
}

/// What a line says of a service.
enum Said<'a> {
    Criteria(&'a ServiceUpdate),
    Switch(Option<bool>),
}

/// A line of a service, in the unit at this place.
struct ServiceLine<'a> {
    unit: usize,
    path: UserServicePath,
    said: Said<'a>,
    /// What the line refers to, as far as it exists.
    found: Found,
}

impl<'a> ServiceLine<'a> {
    /// Whose criteria the line updates, and how, if the service has criteria.
    fn update(&self) -> Option<(UserPath, &'a ServiceUpdate)> {
        match self.said {
            Said::Criteria(update) => Some((self.path.user.clone(), update)),
            Said::Switch(_) => None,
        }
    }
}

/// The lines of some units, by what they are about.
struct Sorted<'a> {
    users: Vec<UserLine<'a>>,
    services: Vec<ServiceLine<'a>>,
}

impl<'a> Sorted<'a> {
    /// `None` if a line depends on one of another unit, so that their order matters.
    fn of(units: &[&'a [Line]]) -> Option<Self> {
        let mut sorted = Self { users: Vec::new(), services: Vec::new() };
        for (unit, lines) in units.iter().enumerate() {
            lines.iter().for_each(|line| sorted.add(unit, line));
        }
        sorted.is_orderless().then_some(sorted)
    }

    fn add(&mut self, unit: usize, line: &'a Line) {
        match line {
            Line::User { group, user } => {
                self.users.push(UserLine { unit, group, create: user, path: group.user(user.user_id.clone()) });
            }
            Line::Service { service, update } => {
                let said = Said::Criteria(update);
                self.services.push(ServiceLine { unit, path: service.clone(), said, found: Found::default() });
            }
            Line::AnonymousCallRejection { user, update } => {
                let path = UserServicePath { user: user.clone(), service: ServiceName::AnonymousCallRejection };
                let said = Said::Switch(update.active);
                self.services.push(ServiceLine { unit, path, said, found: Found::default() });
            }
            _ => {}
        }
    }

    fn is_orderless(&self) -> bool {
        let users: HashMap<_, _> = self.users.iter().map(|line| (&line.path, line.unit)).collect();
        let services: HashSet<_> = self.services.iter().map(|line| &line.path).collect();
        let numbers = self.users.iter().filter_map(|line| line.create.phone_number.as_set());
        let mut seen = HashSet::new();
        users.len() == self.users.len()
            && services.len() == self.services.len()
            && numbers.into_iter().all(|number| seen.insert(number))
            && self.services.iter().all(|line| users.get(&line.path.user).is_none_or(|user| *user <= line.unit))
    }
}

/// What becomes of units.
struct Fates {
    applied: Vec<Option<Applied>>,
    is_alone: Vec<bool>,
}

impl Fates {
    fn add(&mut self, unit: usize, applied: Applied) {
        let before = self.applied[unit].take();
        self.applied[unit] = Some(match before {
            Some(before) => before.and(applied),
            None => applied,
        });
    }

    /// What was done for the units; `None` for one that has to be applied alone, for which nothing may have been done.
    fn ended(self) -> Result<Vec<Option<Applied>>, ManyUnwritten> {
        let end = |(applied, is_alone): (Option<Applied>, bool)| match applied {
            Some(applied) if is_alone && applied.outcome != Outcome::Unchanged => Err(ManyUnwritten::Refused),
            applied => Ok(applied.filter(|_| !is_alone)),
        };
        self.applied.into_iter().zip(self.is_alone).map(end).collect()
    }
}

/// Finds what the lines refer to, and locks it against renaming and deletion.
async fn find_references(db: &impl ConnectionTrait, lines: &mut [ServiceLine<'_>]) -> Result<(), Failure> {
    let updates: Vec<_> = lines.iter().filter_map(ServiceLine::update).collect();
    let found = lock_all_references(db, &updates).await?;
    let with_update = lines.iter_mut().filter(|line| matches!(line.said, Said::Criteria(_)));
    with_update.zip(found).for_each(|(line, found)| line.found = found);
    Ok(())
}

impl Context<'_> {
    /// Applies units whose lines are all fit; in their order what was done for each, `None` for one that has to be
    /// applied alone.
    ///
    /// # Errors
    /// It is not seen which of them is at fault, or their order matters; what was done must be rolled back.
    pub(super) async fn apply_together(
        &self,
        db: &impl ConnectionTrait,
        units: &[&[Line]],
    ) -> Result<Vec<Option<Applied>>, ManyUnwritten> {
        let Sorted { users, mut services } = Sorted::of(units).ok_or(ManyUnwritten::Refused)?;
        find_references(db, &mut services).await?;
        let mut fates = Fates { applied: units.iter().map(|_| None).collect(), is_alone: vec![false; units.len()] };
        // Before anything is written for a unit, so that it can still be applied alone.
        let mut new = Vec::with_capacity(services.len());
        for line in services {
            match self.made_of(&line, &KeptService::new(line.path.service)) {
                Ok((after, _)) => new.push((line, after)),
                Err(Failure::Refused(_)) => fates.is_alone[line.unit] = true,
                Err(failure) => return Err(failure.into()),
            }
        }
        self.users(db, users, &mut fates).await?;
        self.services(db, new, &mut fates).await?;
        fates.ended()
    }

    async fn users(
        &self,
        db: &impl ConnectionTrait,
        mut lines: Vec<UserLine<'_>>,
        fates: &mut Fates,
    ) -> Result<(), ManyUnwritten> {
        lines.retain(|line| !fates.is_alone[line.unit]);
        let users: Vec<_> = lines.iter().map(|line| (line.group, line.create)).collect();
        let created = create_users(db, self.tenant, &users).await?;
        let mut standing = Vec::new();
        for (line, created) in lines.iter().zip(created) {
            match created {
                Some(written) => fates.add(line.unit, Applied::of(written, Outcome::Created)),
                None => standing.push(line),
            }
        }
        if standing.is_empty() {
            return Ok(());
        }
        let paths: Vec<_> = standing.iter().map(|line| &line.path).collect();
        let now = user::find_all(db, self.tenant, &paths).await?;
        for line in standing {
            match now.get(&line.path) {
                Some(now) if is_as(&self.user_update(line.create), now) => {
                    fates.add(line.unit, Applied::unchanged());
                }
                _ => fates.is_alone[line.unit] = true,
            }
        }
        Ok(())
    }

    async fn services(
        &self,
        db: &impl ConnectionTrait,
        mut new: Vec<(ServiceLine<'_>, KeptService)>,
        fates: &mut Fates,
    ) -> Result<(), ManyUnwritten> {
        new.retain(|(line, _)| !fates.is_alone[line.unit]);
        let services: Vec<_> = new.iter().map(|(line, after)| (&line.path, after)).collect();
        let created = create_services(db, &services, self.first_revision).await?;
        let mut standing = HashMap::new();
        for ((line, _), created) in new.iter().zip(created) {
            match created {
                Some(written) => fates.add(line.unit, Applied::of::<()>(written, Outcome::Created)),
                None => drop(standing.insert(&line.path, line)),
            }
        }
        if standing.is_empty() {
            return Ok(());
        }
        let paths: Vec<_> = standing.keys().copied().collect();
        for (path, now) in criteria::find_all(db, self.tenant, &paths).await? {
            let Some(line) = standing.remove(&path) else { continue };
            match self.made_of(line, &now) {
                Ok((_, true)) => fates.add(line.unit, Applied::unchanged()),
                _ => fates.is_alone[line.unit] = true,
            }
        }
        standing.into_values().for_each(|line| fates.is_alone[line.unit] = true);
        Ok(())
    }

    /// What a line makes of a service, and whether that is what it was.
    fn made_of(&self, line: &ServiceLine<'_>, before: &KeptService) -> Result<(KeptService, bool), Failure> {
        match line.said {
            Said::Switch(active) => {
                let after = self.switched_service(before, active);
                let is_same = after == *before;
                Ok((after, is_same))
            }
            Said::Criteria(update) => {
                let mut found = Found::in_criteria(&before.criteria);
                found.schedules.extend(line.found.schedules.clone());
                found.number_lists.extend(line.found.number_lists.clone());
                let planned = self.plan(before, update, &found)?;
                let is_same = planned.changes_nothing(before);
                Ok((planned.after, is_same))
            }
        }
    }
}
