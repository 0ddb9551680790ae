//! Loads and compiles number lists.

use std::sync::Arc;

use call_acceptance_api::{value::phone_number::Region, wire::problem::Failure};
use tokio::sync::OwnedSemaphorePermit;

use super::{Cached, Entry, Loaded, Snapshots, lists::CompiledList};
use crate::{
    rules::screening::NumberList,
    service::flights::Flights,
    store::{
        StoreError,
        number_list::{self, NumberListKey},
        number_list_entries,
    },
};

impl Cached for CompiledList {
    type Key = NumberListKey;

    fn loads(snapshots: &Snapshots) -> &Arc<Flights<NumberListKey, Loaded<Self>>> {
        &snapshots.list_loads
    }

    /// Only its revision is read if the list in memory has the same.
    async fn load_now(
        snapshots: &Snapshots,
        key: &NumberListKey,
        turn: OwnedSemaphorePermit,
    ) -> Result<Option<Arc<Entry<Self>>>, Failure> {
        let begun = snapshots.begin();
        let Some((revision, region)) = number_list::version(&snapshots.db, key).await? else {
            snapshots.lists.remove(key);
            return Ok(None);
        };
        let known = snapshots.lists.get(key);
        let same = known.filter(|known| known.revision == revision && known.region == region);
        let compiled = match same {
            Some(known) => Some(CompiledList::clone(&known)),
            None => compile(snapshots, key, region, turn).await?,
        };
        Ok(compiled.map(|compiled| snapshots.keep_list(key, compiled, begun)))
    }
}

async fn compile(
    snapshots: &Snapshots,
    key: &NumberListKey,
    region: Option<Region>,
    turn: OwnedSemaphorePermit,
) -> Result<Option<CompiledList>, Failure> {
    let rows = number_list_entries::load(&snapshots.db, key).await?;
    // The permit is returned when the work is done, even if all waiters have left.
    let compiled = tokio::task::spawn_blocking(move || {
        let compiled = rows.patterns()?.map(|(revision, entries)| {
            let list = Arc::new(NumberList::compile(&entries, region.as_ref()));
            CompiledList { list, revision, region }
        });
        Ok((compiled, turn))
    });
    let compiled: Result<_, StoreError> = compiled.await.map_err(|ended| Failure::Internal(Box::new(ended)))?;
    let (compiled, _turn) = compiled?;
    Ok(compiled)
}
