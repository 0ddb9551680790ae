//! Rate limit of failed authentications by client address. A blocked address can still authenticate with known tokens.
//! Its unknown credentials are checked one after the other, slowly: a valid token waits for those before it, at most
//! [`TURN`].

use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, Instant},
};

use call_acceptance_api::wire::problem::{Failure, ProblemCode, Refusal};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock};
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use tokio::{
    sync::Mutex,
    time::{sleep, timeout},
};

use super::addresses::network;

/// Maximum number of blocked addresses that are stored.
const MAX_BLOCKED: usize = 100_000;
/// Maximum number of counted addresses before the recovered ones are dropped.
const MAX_COUNTED: usize = 100_000;

/// Interval between checks of unknown credentials from a blocked address.
const INTERVAL: Duration = Duration::from_millis(3);
/// Maximum wait for a turn: enough for the default number of connections of an address.
const TURN: Duration = Duration::from_secs(5);
/// Maximum number of cached invalid credentials.
const MAX_INVALID: usize = 100_000;
/// How long invalid credentials stay cached.
const INVALID_TTL: Duration = Duration::from_secs(10);

/// The failed authentications of all addresses.
pub struct Attempts {
    /// Time when credentials were found invalid, by the digest of their header.
    invalid: Cache<[u8; 32], Instant>,
    /// The turn of requests from a blocked address.
    turns: Cache<IpAddr, Arc<Mutex<()>>>,
    failures: DefaultKeyedRateLimiter<IpAddr>,
    /// Blocked addresses, with the end of the block.
    blocked: Cache<IpAddr, Instant>,
}

impl Attempts {
    /// Allows `most` failures of an address per minute, in a burst or spread out.
    pub fn per_minute(most: NonZeroU32) -> Self {
        Self {
            invalid: Cache::new(MAX_INVALID),
            turns: Cache::new(MAX_BLOCKED),
            failures: RateLimiter::keyed(Quota::per_minute(most)),
            blocked: Cache::new(MAX_BLOCKED),
        }
    }

    /// Refused while the address is blocked, if the credentials in the header are known to be invalid or their turn
    /// does not come in time.
    pub async fn admit(&self, address: IpAddr, header: &str) -> Result<(), Failure> {
        let network = network(address);
        let until = self.blocked.get(&network);
        let left = until.map(|until| until.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero());
        let Some(left) = left else { return Ok(()) };
        if self.invalid.get(&digest(header)).is_some_and(|found| found.elapsed() < INVALID_TTL) {
            return Err(refusal(left));
        }
        timeout(TURN, self.turn(network)).await.map_err(|_| refusal(left))
    }

    /// Waits for earlier requests.
    async fn turn(&self, network: IpAddr) {
        let turns = self.turns.get(&network).unwrap_or_else(|| {
            let turns = Arc::<Mutex<()>>::default();
            self.turns.insert(network, turns.clone());
            turns
        });
        // Locks are granted in the order of the requests.
        let _turn = turns.lock().await;
        sleep(INTERVAL).await;
    }

    /// Counts a failure of the address with the credentials in the header; refused if the limit is exceeded.
    pub fn failed(&self, address: IpAddr, header: &str) -> Result<(), Failure> {
        let network = network(address);
        self.invalid.insert(digest(header), Instant::now());
        if self.failures.len() > MAX_COUNTED {
            self.failures.retain_recent();
        }
        self.failures.check_key(&network).map_err(|until| {
            let wait = until.wait_time_from(self.failures.clock().now());
            self.blocked.insert(network, Instant::now() + wait);
            refusal(wait)
        })
    }
}

/// The key of credentials, so that the cache holds no secrets and its entries are small.
fn digest(header: &str) -> [u8; 32] {
    Sha256::digest(header).into()
}

fn refusal(wait: Duration) -> Failure {
    let seconds = (wait.as_secs_f64().ceil() as u32).max(1);
    let detail = format!("Too many authentications from this address failed; try again in {seconds} s.");
    Failure::Refused(Refusal { retry_after: Some(seconds), ..Refusal::new(ProblemCode::TooManyAttempts, detail) })
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    fn retry_after(failure: Failure) -> Option<u32> {
        failure.into_refusal().retry_after
    }

    #[tokio::test]
    async fn an_address_with_too_many_failures_is_blocked_and_others_are_not() {
        let attempts = Attempts::per_minute(NonZeroU32::new(3).expect("not zero"));
        let [one, other] = [IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2])];
        for _ in 0..3 {
            assert!(attempts.admit(one, "bad").await.is_ok() && attempts.failed(one, "bad").is_ok());
        }
        let block = attempts.failed(one, "bad").err().and_then(retry_after).expect("the fourth is one too many");
        assert!((1..=20).contains(&block), "{block}");
        assert!(attempts.admit(one, "bad").await.err().and_then(retry_after).is_some_and(|wait| wait <= block));
        assert!(attempts.admit(other, "bad").await.is_ok() && attempts.failed(other, "bad").is_ok());
        assert!(attempts.admit(one, "not seen before").await.is_ok(), "it gets its turn");
    }

    #[tokio::test]
    async fn unknown_credentials_from_a_blocked_address_are_checked_one_after_the_other() {
        let attempts = Attempts::per_minute(NonZeroU32::MIN);
        let one = IpAddr::from([192, 0, 2, 1]);
        assert!(attempts.failed(one, "bad").is_ok() && attempts.failed(one, "bad").is_err());
        let headers: Vec<String> = (0..100).map(|number| format!("Bearer {number}")).collect();
        let admitted = join_all(headers.iter().map(|header| attempts.admit(one, header))).await;
        assert!(admitted.iter().all(Result::is_ok), "{admitted:?}");
    }
}
