//! Lists of what an owner and the levels above it have.

use call_acceptance_api::{
    value::owner::{Level, Owner},
    wire::{
        page::Limit,
        problem::{Failure, Fault},
    },
};

use super::owner::check_owner;
use crate::store::{ConnectionTrait, StoreError};

/// A page of the things that `owner` has and, with `all_levels`, those of the levels above behind them: each with its
/// level; and whether more follow. `after` is the `level/name` of the last thing of the page before. `names` reads at
/// most so many names of an owner, in order, behind a name if there is one.
///
/// # Errors
/// The owner does not exist, or `after` names a level that is not listed.
pub(super) async fn page_of_levels<N, R, F>(
    db: &impl ConnectionTrait,
    owner: &Owner,
    all_levels: bool,
    (limit, after): (Limit, Option<&str>),
    names: R,
) -> Result<(Vec<(N, Level)>, bool), Failure>
where
    R: Fn(Owner, Option<String>, u64) -> F,
    F: Future<Output = Result<Vec<N>, StoreError>>,
{
    let limit = usize::try_from(limit.get()).unwrap_or(usize::MAX);
    let after = after.and_then(|cursor| cursor.split_once('/'));
    let mut things = Vec::new();
    let mut next = Some(owner.clone());
    let mut behind = after.is_none();
    while let Some(here) = next.filter(|_| things.len() <= limit) {
        let level = here.level();
        let start = after.filter(|(cursor, _)| *cursor == level.as_str()).map(|(_, name)| name.to_owned());
        behind |= start.is_some();
        if behind {
            let room = (limit + 1 - things.len()) as u64;
            things.extend(names(here.clone(), start, room).await?.into_iter().map(|name| (name, level)));
        }
        next = here.parent().filter(|_| all_levels);
    }
    if things.is_empty() {
        check_owner(db, owner).await?;
    }
    if !behind {
        let detail = "`after` names a level that is not listed here; it must be the `next` of the previous page, \
            requested with the same `allLevels`.";
        return Err(Failure::invalid(vec![Fault::of_parameter("after", detail)]));
    }
    let more = things.len() > limit;
    things.truncate(limit);
    Ok((things, more))
}
