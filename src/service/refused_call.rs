//! Refused calls of a user.

use async_trait::async_trait;
use call_acceptance_api::{
    resource::refused_call::{RefusedCallCursor, RefusedCallList, RefusedCalls},
    value::owner::{Owner, UserPath},
    wire::{page::PageQuery, problem::Failure},
};

use super::{owner::check_owner, server::Server};
use crate::store::{refused_call, tenant};

#[async_trait]
impl RefusedCalls for Server {
    async fn list(&self, user: UserPath, page: PageQuery<RefusedCallCursor>) -> Result<RefusedCallList, Failure> {
        let (user, page, now) = (&user, &page, self.clock.now());
        self.read(|db| async move {
            check_owner(&db, &Owner::User(user.clone())).await?;
            let tenant = tenant::find(&db, &user.tenant).await?;
            if tenant.is_none_or(|tenant| tenant.record_refused_calls != Some(true)) {
                return Ok(RefusedCallList { calls: Vec::new(), next: None });
            }
            Ok(refused_call::page(&db, user, now, page.clone()).await?)
        })
        .await
    }
}
