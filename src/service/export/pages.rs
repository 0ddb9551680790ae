//! Reads a tenant page by page, and writes its lines.

use std::collections::VecDeque;

use call_acceptance_api::{
    resource::{
        anonymous_call_rejection::AnonymousCallRejection,
        number_list::NumberListPath,
        protected_callers::ProtectedCallerList,
        tenant::Tenant,
        transfer::thing::{ENTRIES_PER_LINE, Thing},
        treatment::TreatmentList,
        user_service::{ServiceName, UserServicePath},
    },
    value::{name::TenantId, owner::Owner},
};

use super::{broken::Broken, parts::Parts};
use crate::{
    rules::{criteria::KeptCriteria, policy::KeptPolicy, service::KeptService},
    store::{
        StoreError, Transaction,
        export::{self, CriteriaPlace, Page},
        number_list::NumberListKey,
        number_list_entries, policy,
    },
};

/// Calls `$each` with each row of the pages that `$read` reads.
macro_rules! each_row {
    ($read:path, $db:expr, $tenant:expr, |$row:pat_param| $each:expr) => {
        let mut place = None;
        loop {
            let Page { rows, next } = $read($db, $tenant, place).await?;
            for $row in rows {
                $each
            }
            place = next;
            if place.is_none() {
                break;
            }
        }
    };
}

/// Writes the file of a tenant, parents first.
pub(super) async fn write(db: &Transaction, id: &TenantId, tenant: Tenant, parts: &mut Parts) -> Result<(), Broken> {
    parts.put(Thing::Tenant(tenant)).await?;
    each_row!(export::groups, db, id, |group| parts.put(Thing::Group(group)).await?);
    write_policies(db, id, parts).await?;
    each_row!(export::users, db, id, |(group, user)| parts.put(Thing::User(group, user)).await?);
    each_row!(export::schedules, db, id, |(folder, schedule)| parts.put(Thing::Schedule(folder, schedule)).await?);
    each_row!(export::number_lists, db, id, |(owner, kept)| parts.put(Thing::NumberList(owner, kept.list)).await?);
    each_row!(export::number_lists, db, id, |(owner, kept)| {
        let path = NumberListPath { owner, name: kept.list.name };
        write_entries(db, &kept.key, path, parts).await?;
    });
    write_services(db, id, parts).await?;
    parts.send().await
}

async fn write_policies(db: &Transaction, id: &TenantId, parts: &mut Parts) -> Result<(), Broken> {
    let of_tenant = || Owner::Tenant(id.clone());
    let policy = policy::find(db, &of_tenant()).await?.unwrap_or_default();
    write_treatments(of_tenant(), &policy, parts).await?;
    each_row!(export::policies, db, id, |(group, policy)| {
        write_treatments(Owner::Group(group), &policy, parts).await?;
    });
    write_callers(of_tenant(), policy, parts).await?;
    each_row!(export::policies, db, id, |(group, policy)| write_callers(Owner::Group(group), policy, parts).await?);
    Ok(())
}

async fn write_treatments(owner: Owner, policy: &KeptPolicy, parts: &mut Parts) -> Result<(), Broken> {
    match policy.treatments.is_empty() {
        true => Ok(()),
        false => parts.put(Thing::Treatments(owner, TreatmentList { treatments: policy.treatments.clone() })).await,
    }
}

async fn write_callers(owner: Owner, KeptPolicy { callers, .. }: KeptPolicy, parts: &mut Parts) -> Result<(), Broken> {
    match callers.is_empty() {
        true => Ok(()),
        false => parts.put(Thing::ProtectedCallers(owner, ProtectedCallerList { callers })).await,
    }
}

async fn write_entries(
    db: &Transaction,
    list: &NumberListKey,
    path: NumberListPath,
    parts: &mut Parts,
) -> Result<(), Broken> {
    let mut after: Option<String> = None;
    loop {
        let (entries, more) = number_list_entries::page(db, list, after.as_deref(), ENTRIES_PER_LINE as u64).await?;
        let Some(last) = entries.last() else { return Ok(()) };
        after = Some(last.pattern.to_string());
        parts.put(Thing::NumberListEntries(path.clone(), entries)).await?;
        if !more {
            return Ok(());
        }
    }
}

/// Services and criteria are read in the same order, each with pages of its own: a page of services with all their
/// criteria would have no bound.
async fn write_services(db: &Transaction, id: &TenantId, parts: &mut Parts) -> Result<(), Broken> {
    let mut criteria = Criteria { db, tenant: id, read: VecDeque::new(), next: Some(None) };
    each_row!(export::services, db, id, |(path, service)| {
        let service = KeptService { criteria: criteria.of(&path).await?, ..service };
        parts.put(thing(path, service)).await?;
    });
    Ok(())
}

fn thing(path: UserServicePath, service: KeptService) -> Thing {
    match path.service {
        ServiceName::AnonymousCallRejection => {
            let active = service.settings.active;
            Thing::AnonymousCallRejection(path.user, AnonymousCallRejection { active })
        }
        _ => Thing::Service(path, service.into()),
    }
}

/// The criteria of a tenant, as they are read.
struct Criteria<'a> {
    db: &'a Transaction,
    tenant: &'a TenantId,
    read: VecDeque<(UserServicePath, KeptCriteria)>,
    /// Where the next page begins; `None` if there is none.
    next: Option<Option<CriteriaPlace>>,
}

impl Criteria<'_> {
    /// Those of this service, which comes after all services that were asked for.
    async fn of(&mut self, path: &UserServicePath) -> Result<Vec<KeptCriteria>, StoreError> {
        let mut criteria = Vec::new();
        loop {
            if self.read.is_empty()
                && let Some(place) = self.next.take()
            {
                let Page { rows, next } = export::criteria(self.db, self.tenant, place).await?;
                (self.read, self.next) = (rows.into(), next.map(Some));
            }
            match self.read.pop_front_if(|(of, _)| of == path) {
                Some((_, found)) => criteria.push(found),
                None => return Ok(criteria),
            }
        }
    }
}
