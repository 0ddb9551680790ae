//! Reads a tenant page by page, and writes its lines.

use std::sync::Arc;

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

use super::{ahead::Ahead, broken::Broken, parts::Parts};
use crate::{
    rules::{policy::KeptPolicy, service::KeptService},
    store::{Transaction, export, number_list::NumberListKey, number_list_entries, policy},
};

/// The rows of the tenant's pages that `$read` reads.
macro_rules! ahead {
    ($read:path, $db:expr, $tenant:expr) => {{
        let (db, tenant) = (Arc::clone($db), $tenant.clone());
        Ahead::of(move |place| {
            let (db, tenant) = (db.clone(), tenant.clone());
            async move { $read(&*db, &tenant, place).await }
        })
    }};
}

/// Calls `$each` with each row of the pages that `$read` reads.
macro_rules! each_row {
    ($read:path, $db:expr, $tenant:expr, |$row:pat_param| $each:expr) => {
        let mut rows = ahead!($read, $db, $tenant);
        while let Some($row) = rows.next().await? {
            $each
        }
    };
}

type Db = Arc<Transaction>;

/// Writes the file of a tenant, parents first.
pub(super) async fn write(db: &Db, id: &TenantId, tenant: Tenant, parts: &mut Parts) -> Result<(), Broken> {
    parts.put(Thing::Tenant(tenant)).await?;
    each_row!(export::groups, db, id, |group| parts.put(Thing::Group(group)).await?);
    write_policies(db, id, parts).await?;
    each_row!(export::users, db, id, |row| {
        let (group, user) = row.user(id)?;
        parts.put(Thing::User(group, user)).await?;
    });
    each_row!(export::schedules, db, id, |(folder, schedule)| parts.put(Thing::Schedule(folder, schedule)).await?);
    each_row!(export::number_lists, db, id, |(owner, kept)| parts.put(Thing::NumberList(owner, kept.list)).await?);
    each_row!(export::number_lists, db, id, |(owner, kept)| {
        let path = NumberListPath { owner, name: kept.list.name };
        write_entries(db, &kept.key, path, parts).await?;
    });
    write_services(db, id, parts).await?;
    parts.send().await
}

async fn write_policies(db: &Db, id: &TenantId, parts: &mut Parts) -> Result<(), Broken> {
    let of_tenant = || Owner::Tenant(id.clone());
    let policy = policy::find(&**db, &of_tenant()).await?.unwrap_or_default();
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

async fn write_entries(db: &Db, list: &NumberListKey, path: NumberListPath, parts: &mut Parts) -> Result<(), Broken> {
    let mut after: Option<String> = None;
    loop {
        let (entries, more) = number_list_entries::page(&**db, list, after.as_deref(), ENTRIES_PER_LINE as u64).await?;
        let Some(last) = entries.last() else { return Ok(()) };
        after = Some(last.pattern.to_string());
        parts.put(Thing::NumberListEntries(path.clone(), entries)).await?;
        if !more {
            return Ok(());
        }
    }
}

/// Services, their criteria and what these refer to are read in the same order, each with pages of its own: a page of
/// services with all their criteria would have no bound.
async fn write_services(db: &Db, id: &TenantId, parts: &mut Parts) -> Result<(), Broken> {
    let mut criteria = ahead!(export::criteria, db, id);
    let mut references = ahead!(export::references, db, id);
    each_row!(export::services, db, id, |row| {
        let (path, mut service) = row.service(id)?;
        while let Some(row) = criteria.next_if(|row| row.is_of(&path)).await? {
            let mut kept = row.criteria()?;
            while let Some(row) = references.next_if(|row| row.is_of(&path, kept.position)).await? {
                kept.from_dn_criteria.number_lists.push(row.reference()?);
            }
            service.criteria.push(kept);
        }
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
