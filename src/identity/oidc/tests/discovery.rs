//! Responses of a provider to requests for its keys.

use super::{super::discovery::Provider, provider::FakeProvider, *};

/// Why there are no keys.
async fn fault(provider: &FakeProvider) -> String {
    match Provider::new(&provider.issuer).keys().await {
        Ok(keys) => panic!("{} keys instead of a fault", keys.len()),
        Err(fault) => fault.to_string(),
    }
}

#[tokio::test]
async fn keys_are_fetched_from_the_address_in_the_discovery_document() {
    let fake = FakeProvider::start(&[Signer::named("a").jwk()]).await;
    let keys = Provider::new(&fake.issuer).keys().await.expect("the provider responds");
    assert!(keys.has(Some("a")) && keys.len() == 1);
}

#[tokio::test]
async fn the_discovery_document_must_have_the_same_issuer() {
    let fake = FakeProvider::start(&[]).await;
    for issuer in ["https://other.example.com".to_owned(), format!("{}/", fake.issuer)] {
        fake.discovery(&json!({"issuer": issuer, "jwks_uri": format!("{}/jwks", fake.issuer)}));
        assert_eq!(fault(&fake).await, format!("the discovery document has a different issuer, {issuer}"));
    }
    assert_eq!(fake.asked_for("/jwks"), 0);
}

#[tokio::test]
async fn keys_are_not_fetched_over_an_unprotected_connection() {
    let fake = FakeProvider::start(&[]).await;
    fake.discovery(&json!({"issuer": fake.issuer, "jwks_uri": "http://id.example.com/jwks"}));
    let expected = "http://id.example.com/jwks is not an address with https:// (or http:// on a loopback address)";
    assert_eq!(fault(&fake).await, expected);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let fake = FakeProvider::start(&[]).await;
    fake.answer("/jwks", &format!("302 Found\r\nlocation: {}/elsewhere", fake.issuer), "");
    assert_eq!(fault(&fake).await, format!("{}/jwks responds with 302 Found", fake.issuer));
    assert_eq!(fake.asked_for("/elsewhere"), 0);
}

#[tokio::test]
async fn responses_are_limited_to_a_mebibyte() {
    let fake = FakeProvider::start(&[]).await;
    let keys = json!({"keys": []}).to_string();
    let padding = " ".repeat((1 << 20) - keys.len());
    fake.answer("/jwks", "200 OK", &format!("{keys}{padding}"));
    assert!(Provider::new(&fake.issuer).keys().await.is_ok());
    fake.answer("/jwks", "200 OK", &format!("{keys}{padding} "));
    assert_eq!(fault(&fake).await, format!("{}/jwks does not respond: length limit exceeded", fake.issuer));
}

#[tokio::test]
async fn invalid_responses_are_reported() {
    let fake = FakeProvider::start(&[]).await;
    for keys in ["", "<html>", "[]", "{}", r#"{"keys": 1}"#] {
        fake.answer("/jwks", "200 OK", keys);
        assert!(fault(&fake).await.contains("/jwks cannot be parsed"), "{keys}");
    }
    fake.fail();
    assert!(fault(&fake).await.ends_with("responds with 503 Service Unavailable"));
}

#[tokio::test]
async fn an_unreachable_provider_is_reported_with_the_cause() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let issuer = format!("http://{}", listener.local_addr().expect("a listener has an address"));
    drop(listener);
    let fault = Provider::new(&issuer).keys().await.map(|_| ()).expect_err("nobody listens").to_string();
    assert!(fault.contains("Connection refused"), "{fault}");
}

#[tokio::test]
async fn an_https_address_is_contacted_only_over_tls() {
    let fake = FakeProvider::start(&[]).await;
    let issuer = fake.issuer.replace("http:", "https:");
    let fault = Provider::new(&issuer).keys().await.map(|_| ()).expect_err("it speaks no TLS").to_string();
    assert!(fault.contains("does not respond"), "{fault}");
    assert_eq!(fake.fetches(), 0);
}
