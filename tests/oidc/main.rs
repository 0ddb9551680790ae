//! Access tokens of a real OpenID provider, npm `oidc-provider`: they are verified with the keys that it publishes.
//!
//! `make test-oidc` runs it. What a provider may do wrong, and when it is asked, is tested in
//! `src/identity/oidc/tests/`.

mod provider;
mod server;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use call_acceptance::{
    clock::Clock,
    identity::oidc::{ClaimNames, Claims, OidcConfig, Rejection, Verifier},
};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use provider::{Provider, TokenRequest};
use serde_json::{Value, json};
use uuid::Uuid;

const AUDIENCE: &str = "https://sca.example.com";
const ALGORITHMS: [&str; 9] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];
const UNKNOWN_KEY: &str = "it is signed with a key that the provider does not publish";

/// The system's clock, and what was put on top.
#[derive(Default)]
struct FastClock(Mutex<SignedDuration>);

impl FastClock {
    fn pass(&self, seconds: i64) {
        *self.0.lock().expect("no test panics while it sets the clock") += SignedDuration::from_secs(seconds);
    }
}

impl Clock for FastClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock of the tests")]
    fn now(&self) -> Timestamp {
        Timestamp::now() + *self.0.lock().expect("no test panics while it sets the clock")
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock of the tests")]
    fn new_id(&self) -> Uuid {
        Uuid::now_v7()
    }
}

fn verifier(provider: &Provider) -> (Verifier, Arc<FastClock>) {
    let claims = ClaimNames {
        role: "/realm_access/roles".to_owned(),
        tenant: "tenant".to_owned(),
        group: "group".to_owned(),
        user: "user".to_owned(),
        read_only: "read_only".to_owned(),
    };
    let config = OidcConfig {
        issuer: provider.issuer().to_owned(),
        audience: AUDIENCE.to_owned(),
        claims,
        max_age: 86_400,
        system_call_processing: false,
    };
    assert_eq!(config.fault(), None);
    let clock = Arc::<FastClock>::default();
    (Verifier::new(config, Arc::clone(&clock) as Arc<dyn Clock>), clock)
}

/// A token for this server that says no more than it must, valid for an hour.
fn plain() -> TokenRequest {
    TokenRequest { lifetime: 3600, ..TokenRequest::new(AUDIENCE, json!({})) }
}

fn refused(verdict: Result<Claims, Rejection>) -> String {
    match verdict {
        Err(Rejection::Invalid(reason)) => reason.into_owned(),
        other => panic!("{other:?} is not a refusal"),
    }
}

#[tokio::test]
async fn the_claims_of_a_token_are_read() {
    let provider = Provider::start();
    let (verifier, clock) = verifier(&provider);
    let claims: Value = json!({
        "realm_access": {"roles": ["user_admin", "offline_access"]},
        "tenant": "foo", "group": "foogroup", "user": "foouser", "read_only": true,
    });
    let token = provider.token(&TokenRequest::new(AUDIENCE, claims)).await;
    let claims = verifier.verify(&token).await.expect("the token is valid");
    let left = claims.expires.duration_since(clock.now()).as_secs();
    assert!((290..=300).contains(&left), "{left}");
    let expected = Claims {
        subject: "client".to_owned(),
        roles: vec!["user_admin".to_owned(), "offline_access".to_owned()],
        tenant: Some("foo".to_owned()),
        group: Some("foogroup".to_owned()),
        user: Some("foouser".to_owned()),
        read_only: true,
        expires: claims.expires,
    };
    assert_eq!(claims, expected);
}

#[tokio::test]
async fn every_asymmetric_algorithm_is_accepted_and_no_shared_secret() {
    let provider = Provider::start();
    let (verifier, _) = verifier(&provider);
    for algorithm in ALGORITHMS {
        let token = provider.token(&TokenRequest { algorithm, ..plain() }).await;
        assert!(verifier.verify(&token).await.is_ok(), "{algorithm}");
    }
    for algorithm in ["HS256", "HS512"] {
        let token = provider.token(&TokenRequest { algorithm, ..plain() }).await;
        let expected = "it is signed with a shared secret instead of a private key";
        assert_eq!(refused(verifier.verify(&token).await), expected);
    }
}

#[tokio::test]
async fn a_token_is_for_this_server_of_this_provider_and_in_its_time() {
    let (provider, other) = (Provider::start(), Provider::start());
    let (verifier, clock) = verifier(&provider);
    let elsewhere = provider.token(&TokenRequest::new("https://other.example.com", json!({}))).await;
    let expected = "it is not for this server: its audience (aud) is not the configured one";
    assert_eq!(refused(verifier.verify(&elsewhere).await), expected);

    let stranger = other.token(&plain()).await;
    assert_eq!(refused(verifier.verify(&stranger).await), UNKNOWN_KEY);

    let token = provider.token(&TokenRequest { lifetime: 60, ..plain() }).await;
    assert!(verifier.verify(&token).await.is_ok());
    clock.pass(60 + 60);
    assert_eq!(refused(verifier.verify(&token).await), "it has expired");
}

#[tokio::test]
async fn keys_are_rotated_without_a_pause() {
    let mut provider = Provider::start();
    let (verifier, clock) = verifier(&provider);
    let old = provider.token(&plain()).await;
    assert!(verifier.verify(&old).await.is_ok());
    assert_eq!(provider.key_requests(), 1);

    provider.rotate();
    clock.pass(30);
    let new = provider.token(&plain()).await;
    for token in [&new, &old, &new] {
        assert!(verifier.verify(token).await.is_ok());
    }
    assert_eq!(provider.key_requests(), 2);

    provider.withdraw();
    assert!(verifier.verify(&old).await.is_ok(), "the keys are not old yet");
    clock.pass(600);
    // The keys are fetched behind the tokens that come from now on.
    let deadline = Instant::now() + Duration::from_secs(10);
    while verifier.verify(&old).await.is_ok() {
        assert!(Instant::now() < deadline, "the withdrawn key is still trusted");
        tokio::task::yield_now().await;
    }
    assert_eq!(refused(verifier.verify(&old).await), UNKNOWN_KEY);
    assert!(verifier.verify(&new).await.is_ok());
    assert_eq!(provider.key_requests(), 3);
}

#[tokio::test]
async fn unknown_keys_in_a_burst_ask_the_provider_once() {
    let (mut provider, other) = (Provider::start(), Provider::start());
    let (verifier, clock) = verifier(&provider);
    let mut strangers = Vec::new();
    for algorithm in ALGORITHMS {
        strangers.push(other.token(&TokenRequest { algorithm, ..plain() }).await);
    }
    for requests in 1..4 {
        for _ in 0..2 {
            let verdicts = join_all(strangers.iter().map(|token| verifier.verify(token))).await;
            assert!(verdicts.into_iter().all(|verdict| refused(verdict) == UNKNOWN_KEY));
        }
        assert_eq!(provider.key_requests(), requests);
        clock.pass(30);
    }
}

#[tokio::test]
async fn cached_keys_remain_in_use_while_the_provider_is_down() {
    let mut provider = Provider::start();
    let (verifier, clock) = verifier(&provider);
    let known = provider.token(&plain()).await;
    assert!(verifier.verify(&known).await.is_ok());
    provider.rotate();
    let unknown = provider.token(&plain()).await;
    let issuer = provider.issuer().to_owned();
    provider.stop();

    clock.pass(600);
    assert_eq!(refused(verifier.verify(&unknown).await), UNKNOWN_KEY);
    assert!(verifier.verify(&known).await.is_ok());

    let restarted = Provider::start_as(&issuer);
    clock.pass(30);
    let new = restarted.token(&plain()).await;
    assert!(verifier.verify(&new).await.is_ok());
    assert_eq!(refused(verifier.verify(&known).await), UNKNOWN_KEY);
}

#[tokio::test]
async fn a_frozen_provider_is_given_up_and_asked_again_later() {
    let mut provider = Provider::start();
    let (verifier, clock) = verifier(&provider);
    let known = provider.token(&plain()).await;
    assert!(verifier.verify(&known).await.is_ok());
    provider.rotate();
    let unknown = provider.token(&plain()).await;
    provider.freeze();

    clock.pass(30);
    let verdicts = join_all((0..20).map(|_| verifier.verify(&unknown))).await;
    assert!(verdicts.into_iter().all(|verdict| refused(verdict) == UNKNOWN_KEY));
    assert!(verifier.verify(&known).await.is_ok());
    provider.thaw();
    assert_eq!(refused(verifier.verify(&unknown).await), UNKNOWN_KEY, "it is not asked again so soon");
    clock.pass(30);
    assert!(verifier.verify(&unknown).await.is_ok());
}

#[tokio::test]
async fn no_token_can_be_verified_until_the_provider_has_been_reachable() {
    let provider = Provider::start();
    let (verifier, clock) = verifier(&provider);
    let token = provider.token(&plain()).await;
    let issuer = provider.issuer().to_owned();
    provider.stop();
    assert_eq!(verifier.verify(&token).await, Err(Rejection::Unavailable));

    let restarted = Provider::start_as(&issuer);
    clock.pass(5);
    let token = restarted.token(&plain()).await;
    assert!(verifier.verify(&token).await.is_ok());
}
