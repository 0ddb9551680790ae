//! Failed authentications, counted by address: whoever fails too often waits before the next one is looked at. Those
//! who are known are not held up by others behind their address.

use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    time::{Duration, Instant},
};

use call_acceptance_api::wire::problem::{Failure, ProblemCode, Refusal};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock};
use quick_cache::sync::Cache;

/// How many addresses are remembered as waiting at most.
const MOST_WAITING: usize = 100_000;
/// How many addresses are counted before those that are long good again are let go.
const MOST_COUNTED: usize = 100_000;

/// The failed authentications of all addresses.
pub struct Attempts {
    failures: DefaultKeyedRateLimiter<IpAddr>,
    /// Until when an address waits.
    waiting: Cache<IpAddr, Instant>,
}

impl Attempts {
    /// Lets an address fail so often a minute, at once or spread.
    pub fn a_minute(most: NonZeroU32) -> Self {
        Self { failures: RateLimiter::keyed(Quota::per_minute(most)), waiting: Cache::new(MOST_WAITING) }
    }

    /// Refused while the address waits.
    pub fn admit(&self, address: IpAddr) -> Result<(), Failure> {
        let until = self.waiting.get(&network(address));
        match until.map(|until| until.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero()) {
            Some(left) => Err(refusal(left)),
            None => Ok(()),
        }
    }

    /// Counts a failure of the address; refused when it was one too many.
    pub fn failed(&self, address: IpAddr) -> Result<(), Failure> {
        let network = network(address);
        if self.failures.len() > MOST_COUNTED {
            self.failures.retain_recent();
        }
        self.failures.check_key(&network).map_err(|until| {
            let wait = until.wait_time_from(self.failures.clock().now());
            self.waiting.insert(network, Instant::now() + wait);
            refusal(wait)
        })
    }
}

/// What one subscriber has: an IPv4 address, or the 64 bits of an IPv6 network.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address @ IpAddr::V4(_) => address,
    }
}

fn refusal(wait: Duration) -> Failure {
    let seconds = (wait.as_secs_f64().ceil() as u32).max(1);
    let detail = format!("Too many authentications failed from this address; the next is looked at in {seconds} s.");
    Failure::Refused(Refusal { retry_after: Some(seconds), ..Refusal::new(ProblemCode::TooManyAttempts, detail) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retry_after(failure: Failure) -> Option<u32> {
        failure.into_refusal().retry_after
    }

    #[test]
    fn who_fails_too_often_waits_and_no_one_else() {
        let attempts = Attempts::a_minute(NonZeroU32::new(3).expect("not zero"));
        let [one, other] = [IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2])];
        for _ in 0..3 {
            assert!(attempts.admit(one).is_ok() && attempts.failed(one).is_ok());
        }
        let told = attempts.failed(one).err().and_then(retry_after).expect("the fourth is one too many");
        assert!((1..=20).contains(&told), "{told}");
        assert!(attempts.admit(one).err().and_then(retry_after).is_some_and(|wait| wait <= told));
        assert!(attempts.admit(other).is_ok() && attempts.failed(other).is_ok());
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert_eq!(network(address("2001:db8:1:2:3::4")), network(address("2001:db8:1:2::5")));
        assert_ne!(network(address("2001:db8:1:2::4")), network(address("2001:db8:1:3::4")));
        assert_eq!(network(address("::ffff:192.0.2.1")), address("192.0.2.1"));
    }
}
