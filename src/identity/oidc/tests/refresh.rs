//! When the provider's keys are fetched, and when not.

use std::time::Duration;

use futures_util::future::join_all;

use super::{provider::FakeProvider, *};

const FLOOR: SignedDuration = SignedDuration::from_secs(30);
const OLD: SignedDuration = SignedDuration::from_mins(10);
const SECOND: SignedDuration = SignedDuration::from_secs(1);

struct Setting {
    clock: Arc<TestClock>,
    provider: FakeProvider,
    verifier: Arc<Verifier>,
}

impl Setting {
    /// A provider with the key `a`, and a verifier without cached keys.
    async fn new() -> Self {
        let clock = TestClock::new();
        let provider = FakeProvider::start(&[Signer::named("a").jwk()]).await;
        let verifier = Arc::new(Verifier::new(config(&provider.issuer), Arc::clone(&clock) as Arc<dyn Clock>));
        Self { clock, provider, verifier }
    }

    /// Verifies a token signed with this key.
    async fn verify(&self, key: &str) -> Result<(), Rejection> {
        self.verifier.verify(&self.token(key)).await.map(|_| ())
    }

    fn token(&self, key: &str) -> String {
        let mut claims = good_claims(&self.provider.issuer);
        claims["exp"] = json!(now().as_second() + 86_400);
        Signer::named(key).token(&claims)
    }
}

/// Waits until the condition holds.
async fn until(condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), wait).await.expect("it comes true within ten seconds");
}

fn unknown_key() -> Result<(), Rejection> {
    Err(invalid("it is signed with a key that the provider does not publish"))
}

#[tokio::test]
async fn the_keys_are_fetched_with_the_first_token() {
    let setting = Setting::new().await;
    assert_eq!(setting.provider.fetches(), 0);
    for _ in 0..3 {
        assert_eq!(setting.verify("a").await, Ok(()));
    }
    assert_eq!(setting.provider.fetches(), 1);
}

#[tokio::test]
async fn obviously_invalid_tokens_cause_no_fetch() {
    let setting = Setting::new().await;
    assert!(setting.verifier.verify("a.b.c").await.is_err());
    assert_eq!(setting.provider.fetches(), 0);
}

#[tokio::test]
async fn concurrent_tokens_share_one_fetch() {
    let setting = Setting::new().await;
    let verdicts = join_all((0..50).map(|_| setting.verify("a"))).await;
    assert!(verdicts.iter().all(Result::is_ok));
    assert_eq!(setting.provider.fetches(), 1);
}

#[tokio::test]
async fn a_disconnecting_client_does_not_abort_a_fetch_for_which_others_wait() {
    let setting = Setting::new().await;
    let gate = setting.provider.hold().await;
    let (verifier, token) = (Arc::clone(&setting.verifier), setting.token("a"));
    let first = tokio::spawn(async move { verifier.verify(&token).await });
    until(|| setting.provider.fetches() == 1).await;
    first.abort();
    assert!(first.await.is_err_and(|error| error.is_cancelled()));
    drop(gate);
    assert_eq!(setting.verify("a").await, Ok(()));
    assert_eq!(setting.provider.fetches(), 1);
}

#[tokio::test]
async fn a_new_key_is_accepted_after_one_fetch() {
    let setting = Setting::new().await;
    assert_eq!(setting.verify("a").await, Ok(()));
    setting.provider.publish(&[Signer::named("b").jwk(), Signer::named("a").jwk()]);
    setting.clock.pass(FLOOR);
    assert_eq!(setting.verify("b").await, Ok(()));
    assert_eq!(setting.verify("a").await, Ok(()));
    assert_eq!(setting.provider.fetches(), 2);
}

#[tokio::test]
async fn invented_keys_cause_one_fetch_in_thirty_seconds() {
    let setting = Setting::new().await;
    assert_eq!(setting.verify("a").await, Ok(()));
    let keys: Vec<String> = (0..50).map(|number| format!("invented {number}")).collect();
    for (passed, fetches) in [(FLOOR - SECOND, 1), (SECOND, 2), (FLOOR - SECOND, 2), (SECOND, 3)] {
        setting.clock.pass(passed);
        let verdicts = join_all(keys.iter().map(|key| setting.verify(key))).await;
        assert!(verdicts.iter().all(|verdict| *verdict == unknown_key()), "{verdicts:?}");
        assert_eq!(setting.provider.fetches(), fetches);
    }
}

#[tokio::test]
async fn a_withdrawn_key_is_refused_after_the_next_refresh() {
    let setting = Setting::new().await;
    assert_eq!(setting.verify("a").await, Ok(()));
    setting.provider.publish(&[Signer::named("b").jwk()]);
    setting.clock.pass(OLD - SECOND);
    assert_eq!(setting.verify("a").await, Ok(()));
    assert_eq!(setting.provider.fetches(), 1);

    setting.clock.pass(SECOND);
    // The keys are fetched in the background, so this token does not wait.
    let gate = setting.provider.hold().await;
    for _ in 0..5 {
        assert_eq!(setting.verify("a").await, Ok(()));
    }
    drop(gate);
    // This one waits for them, since its key is not known yet.
    assert_eq!(setting.verify("b").await, Ok(()));
    assert_eq!(setting.verify("a").await, unknown_key());
    assert_eq!(setting.provider.fetches(), 2);
}

#[tokio::test]
async fn cached_keys_remain_in_use_while_the_provider_does_not_respond() {
    let setting = Setting::new().await;
    assert_eq!(setting.verify("a").await, Ok(()));
    setting.provider.fail();
    for fetches in 2..5 {
        setting.clock.pass(OLD);
        assert_eq!(setting.verify("b").await, unknown_key());
        assert_eq!(setting.verify("a").await, Ok(()));
        assert_eq!(setting.provider.fetches(), fetches);
    }
}

#[tokio::test]
async fn no_token_can_be_verified_until_the_provider_has_responded() {
    let setting = Setting::new().await;
    setting.provider.fail();
    for _ in 0..3 {
        assert_eq!(setting.verify("a").await, Err(Rejection::Unavailable));
    }
    assert_eq!(setting.provider.fetches(), 1);
    setting.clock.pass(SignedDuration::from_secs(5));
    assert_eq!(setting.verify("a").await, Err(Rejection::Unavailable));
    assert_eq!(setting.provider.fetches(), 2);
}

#[tokio::test]
async fn a_clock_that_is_set_back_does_not_stop_fetches() {
    let setting = Setting::new().await;
    assert_eq!(setting.verify("a").await, Ok(()));
    setting.provider.publish(&[Signer::named("b").jwk()]);
    setting.clock.pass(-SignedDuration::from_hours(1));
    assert_eq!(setting.verify("b").await, Ok(()));
}
