//! Reads pages ahead: the database works on the next one while one is written.

use std::collections::VecDeque;

use tokio::{
    sync::mpsc::{Receiver, Sender, channel},
    task::AbortHandle,
};

use crate::store::{StoreError, export::Page};

/// Maximum number of pages that are read ahead.
const AHEAD: usize = 2;

/// The rows of pages that a task reads, each page when the one before it is taken.
pub(super) struct Ahead<T, P> {
    pages: Receiver<Result<Page<T, P>, StoreError>>,
    reader: AbortHandle,
    /// The rows that are left of the last page that was taken.
    rows: VecDeque<T>,
    has_more: bool,
}

impl<T, P> Drop for Ahead<T, P> {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl<T: Send + 'static, P: Clone + Send + 'static> Ahead<T, P> {
    /// The rows of all pages; `read` reads the page that begins after a place.
    pub(super) fn of<F>(read: impl Fn(Option<P>) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<Page<T, P>, StoreError>> + Send + 'static,
    {
        let (sender, pages) = channel(AHEAD);
        let reader = tokio::spawn(read_all(read, sender)).abort_handle();
        Self { pages, reader, rows: VecDeque::new(), has_more: true }
    }

    /// The next row; `None` after the last one.
    pub(super) async fn next(&mut self) -> Result<Option<T>, StoreError> {
        self.next_if(|_| Ok(true)).await
    }

    /// The next row, if it is as wanted. Otherwise it remains the next.
    pub(super) async fn next_if(
        &mut self,
        is_wanted: impl Fn(&T) -> Result<bool, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        while self.rows.is_empty() && self.has_more {
            let page = self.pages.recv().await;
            let Page { rows, next } =
                page.ok_or_else(|| StoreError::Internal("a reader of pages is gone".into()))??;
            (self.rows, self.has_more) = (rows.into(), next.is_some());
        }
        match self.rows.front() {
            Some(row) if is_wanted(row)? => Ok(self.rows.pop_front()),
            _ => Ok(None),
        }
    }
}

async fn read_all<T, P: Clone, F>(read: impl Fn(Option<P>) -> F, pages: Sender<Result<Page<T, P>, StoreError>>)
where
    F: Future<Output = Result<Page<T, P>, StoreError>>,
{
    let mut place = None;
    // Nothing is read before there is room for it: at most these pages and the one that is written are in memory.
    while let Ok(room) = pages.reserve().await {
        let page = read(place.take()).await;
        place = page.as_ref().ok().and_then(|page| page.next.clone());
        room.send(page);
        if place.is_none() {
            return;
        }
    }
}
