//! Takes a body into a file without a name, which is gone with the process. So a slow client holds neither a
//! transaction nor memory.

use std::{
    fs::File,
    io::{Seek, Write},
    sync::atomic::Ordering,
    time::Duration,
};

use call_acceptance_api::wire::problem::{Failure, ProblemCode};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    time::timeout,
};

use super::jobs::Progress;

/// How much is read and written at once.
const CHUNK: usize = 256 << 10;

/// The whole body as a file, at its start; `None` if the import is cancelled before. Nothing may arrive for `idle`.
///
/// # Errors
/// The body does not arrive, or there is no room for it.
pub(super) async fn spool(
    mut body: Box<dyn AsyncRead + Send + Unpin>,
    progress: &Progress,
    idle: Duration,
) -> Result<Option<File>, Failure> {
    let mut file = blocking(tempfile::tempfile).await?;
    let mut chunk = Vec::with_capacity(CHUNK);
    loop {
        let ended = fill(&mut body, &mut chunk, progress, idle).await?;
        (file, chunk) = blocking(move || {
            file.write_all(&chunk)?;
            chunk.clear();
            Ok((file, chunk))
        })
        .await?;
        if progress.is_cancelled() {
            return Ok(None);
        }
        if ended {
            return blocking(move || file.rewind().map(|()| file)).await.map(Some);
        }
    }
}

/// Reads until the chunk is full; whether the body has ended.
async fn fill(
    body: &mut (dyn AsyncRead + Send + Unpin),
    chunk: &mut Vec<u8>,
    progress: &Progress,
    idle: Duration,
) -> Result<bool, Failure> {
    while chunk.len() < CHUNK {
        let read = tokio::select! {
            read = timeout(idle, body.read_buf(chunk)) => read,
            () = progress.cancelled() => return Ok(true),
        };
        match read {
            Ok(Ok(0)) => return Ok(true),
            Ok(Ok(read)) => drop(progress.arrived.fetch_add(read as i64, Ordering::Relaxed)),
            Ok(Err(error)) => {
                tracing::debug!(%error, "the body of an import did not arrive");
                return Err(Failure::refused(ProblemCode::InvalidRequest, "The body did not arrive as a whole."));
            }
            Err(_) => {
                let detail = format!("Nothing of the body arrived for {} s, so the import was ended.", idle.as_secs());
                return Err(Failure::refused(ProblemCode::RequestTimeout, detail));
            }
        }
    }
    Ok(false)
}

/// Runs work on a file on a blocking thread.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|error| Failure::Internal(Box::new(error))),
        Err(ended) => Err(Failure::Internal(Box::new(ended))),
    }
}
