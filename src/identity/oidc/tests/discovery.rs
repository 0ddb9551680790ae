//! What a provider may answer when it is asked for its keys.

use super::{super::discovery::Provider, provider::FakeProvider, *};

/// Why there are no keys.
async fn fault(provider: &FakeProvider) -> String {
    match Provider::new(&provider.issuer).keys().await {
        Ok(keys) => panic!("{} keys are no fault", keys.len()),
        Err(fault) => fault.to_string(),
    }
}

#[tokio::test]
async fn keys_are_where_the_discovery_document_says() {
    let fake = FakeProvider::start(&[Signer::named("a").jwk()]).await;
    let keys = Provider::new(&fake.issuer).keys().await.expect("the provider answers");
    assert!(keys.has(Some("a")) && keys.len() == 1);
}

#[tokio::test]
async fn the_discovery_document_is_of_the_issuer_itself() {
    let fake = FakeProvider::start(&[]).await;
    for issuer in ["https://other.example.com".to_owned(), format!("{}/", fake.issuer)] {
        fake.discovery(&json!({"issuer": issuer, "jwks_uri": format!("{}/jwks", fake.issuer)}));
        assert_eq!(fault(&fake).await, format!("the discovery document is of another issuer, {issuer}"));
    }
    assert_eq!(fake.asked_for("/jwks"), 0);
}

#[tokio::test]
async fn keys_are_not_asked_for_where_others_can_change_them() {
    let fake = FakeProvider::start(&[]).await;
    fake.discovery(&json!({"issuer": fake.issuer, "jwks_uri": "http://id.example.com/jwks"}));
    let expected = "http://id.example.com/jwks is not an address with https:// (or http:// on a loopback address)";
    assert_eq!(fault(&fake).await, expected);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let fake = FakeProvider::start(&[]).await;
    fake.answer("/jwks", &format!("302 Found\r\nlocation: {}/elsewhere", fake.issuer), "");
    assert_eq!(fault(&fake).await, format!("{}/jwks answers 302 Found", fake.issuer));
    assert_eq!(fake.asked_for("/elsewhere"), 0);
}

#[tokio::test]
async fn answers_are_at_most_a_mebibyte_long() {
    let fake = FakeProvider::start(&[]).await;
    let keys = json!({"keys": []}).to_string();
    let padding = " ".repeat((1 << 20) - keys.len());
    fake.answer("/jwks", "200 OK", &format!("{keys}{padding}"));
    assert!(Provider::new(&fake.issuer).keys().await.is_ok());
    fake.answer("/jwks", "200 OK", &format!("{keys}{padding} "));
    assert_eq!(fault(&fake).await, format!("{}/jwks does not answer: length limit exceeded", fake.issuer));
}

#[tokio::test]
async fn what_is_no_answer_is_told() {
    let fake = FakeProvider::start(&[]).await;
    for keys in ["", "<html>", "[]", "{}", r#"{"keys": 1}"#] {
        fake.answer("/jwks", "200 OK", keys);
        assert!(fault(&fake).await.contains("/jwks answers what is not understood"), "{keys}");
    }
    fake.fail();
    assert!(fault(&fake).await.ends_with("answers 503 Service Unavailable"));
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_told_with_the_cause() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let issuer = format!("http://{}", listener.local_addr().expect("a listener has an address"));
    drop(listener);
    let fault = Provider::new(&issuer).keys().await.map(|_| ()).expect_err("nobody listens").to_string();
    assert!(fault.contains("Connection refused"), "{fault}");
}

#[tokio::test]
async fn an_https_address_is_asked_over_tls_alone() {
    let fake = FakeProvider::start(&[]).await;
    let issuer = fake.issuer.replace("http:", "https:");
    let fault = Provider::new(&issuer).keys().await.map(|_| ()).expect_err("it speaks no TLS").to_string();
    assert!(fault.contains("does not answer"), "{fault}");
    assert_eq!(fake.fetches(), 0);
}
