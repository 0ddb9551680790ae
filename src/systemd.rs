//! The service manager: systemd is told that the server is ready, that it stops, and, if the unit has a watchdog, that
//! it is alive (sd_notify(3)). Without a service manager nothing happens.

use sd_notify::NotifyState;
use tokio::time::interval;

/// The server is ready: units that depend on it may start.
pub fn ready() {
    notify(NotifyState::Ready);
}

/// The server is stopping.
pub fn stopping() {
    notify(NotifyState::Stopping);
}

/// Reports that the server is alive, for as long as the future is polled: at half the time after which the watchdog
/// would end the process. Never resolves.
pub async fn report_alive() {
    let Some(limit) = sd_notify::watchdog_enabled().filter(|limit| !limit.is_zero()) else {
        return std::future::pending().await;
    };
    let mut each = interval(limit / 2);
    loop {
        each.tick().await;
        notify(NotifyState::Watchdog);
    }
}

fn notify(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::debug!(%error, "the service manager cannot be notified");
    }
}
