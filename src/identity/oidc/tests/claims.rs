//! The claims of tokens with valid signatures, and the configuration.

use super::{super::claims::read, *};

/// Reads valid claims after `changes` to them; null removes a claim.
fn read_with(changes: Value) -> Result<Claims, Rejection> {
    read_as(&config(ISSUER), changes)
}

fn read_as(config: &OidcConfig, changes: Value) -> Result<Claims, Rejection> {
    let mut claims = good_claims(ISSUER);
    let members = claims.as_object_mut().expect("claims are an object");
    for (name, value) in changes.as_object().expect("changes are an object") {
        match value {
            Value::Null => members.remove(name),
            _ => members.insert(name.clone(), value.clone()),
        };
    }
    read(&claims, config, now())
}

fn reason(changes: Value) -> String {
    match read_with(changes) {
        Err(Rejection::Invalid(reason)) => reason.into_owned(),
        other => panic!("{other:?} is not a refusal"),
    }
}

#[test]
fn claims_that_a_token_does_not_have_are_absent() {
    let expected = Claims {
        subject: "someone".to_owned(),
        roles: vec![],
        tenant: None,
        group: None,
        user: None,
        read_only: false,
        expires: now() + SignedDuration::from_secs(300),
    };
    assert_eq!(read_with(json!({})), Ok(expected));
}

#[test]
fn all_claims_of_a_token_are_read() {
    let said =
        json!({"role": "user_admin", "tenant": "foo", "group": "foogroup", "user": "foouser", "read_only": true});
    let claims = read_with(said).expect("the claims are right");
    assert_eq!(claims.roles, ["user_admin"]);
    assert_eq!(claims.tenant.as_deref(), Some("foo"));
    assert_eq!(claims.group.as_deref(), Some("foogroup"));
    assert_eq!(claims.user.as_deref(), Some("foouser"));
    assert!(claims.read_only);
}

#[test]
fn roles_are_a_string_or_a_list() {
    for (role, roles) in [
        (json!("one"), vec!["one"]),
        (json!("one two"), vec!["one", "two"]),
        (json!(["one", "two"]), vec!["one", "two"]),
        (json!([]), vec![]),
        (json!(""), vec![]),
    ] {
        assert_eq!(read_with(json!({"role": role})).expect("roles").roles, roles, "{role}");
    }
}

#[test]
fn names_of_claims_may_be_pointers() {
    let mut config = config(ISSUER);
    config.claims.role = "/realm_access/roles".to_owned();
    config.claims.tenant = "https://example.com/tenant".to_owned();
    let said = json!({"realm_access": {"roles": ["one"]}, "https://example.com/tenant": "foo", "role": "other"});
    let claims = read_as(&config, said).expect("the claims are right");
    assert_eq!((claims.roles, claims.tenant.as_deref()), (vec!["one".to_owned()], Some("foo")));
}

#[test]
fn a_claim_of_a_wrong_type_is_named() {
    for name in ["role", "tenant", "group", "user", "read_only", "sub", "exp", "nbf"] {
        let reason = reason(json!({name: {"a": "b"}}));
        assert!(reason.starts_with(&format!("its claim {name} is not ")), "{reason}");
    }
    assert_eq!(reason(json!({"role": ["one", 2]})), "its claim role is not a string or a list of strings");
    assert_eq!(reason(json!({"read_only": "true"})), "its claim read_only is not true or false");
    assert_eq!(reason(json!({"exp": 1e300})), "its claim exp is not a time in seconds");
    let mut null = good_claims(ISSUER);
    null["tenant"] = Value::Null;
    assert_eq!(read(&null, &config(ISSUER), now()), Err(invalid("its claim tenant is not a string")));
}

#[test]
fn the_issuer_is_exactly_that_of_the_configuration() {
    for issuer in [Value::Null, json!(format!("{ISSUER}/")), json!([ISSUER]), json!("https://ID.example.com")] {
        let expected = "its issuer (iss) is not the configured one";
        assert_eq!(reason(json!({"iss": issuer})), expected, "{issuer}");
    }
}

#[test]
fn the_audience_is_this_server() {
    assert!(read_with(json!({"aud": ["https://other.example.com", AUDIENCE]})).is_ok());
    for audience in
        [Value::Null, json!("https://other.example.com"), json!([]), json!(format!("{AUDIENCE}/")), json!(1)]
    {
        let expected = "it is not for this server: its audience (aud) is not the configured one";
        assert_eq!(reason(json!({"aud": audience})), expected, "{audience}");
    }
}

#[test]
fn a_token_is_valid_for_its_lifetime_with_a_minute_of_leeway() {
    let seconds = now().as_second();
    assert!(read_with(json!({"exp": seconds - 59, "nbf": seconds + 60})).is_ok());
    assert!(read_with(json!({"exp": seconds as f64 + 0.5})).is_ok());
    assert_eq!(reason(json!({"exp": seconds - 60})), "it has expired");
    assert_eq!(reason(json!({"nbf": seconds + 61})), "it is not valid yet");
    assert_eq!(reason(json!({"exp": null})), "it has no expiry (exp)");
}

#[test]
fn a_token_needs_a_subject() {
    assert_eq!(reason(json!({"sub": null})), "it has no subject (sub)");
    assert_eq!(reason(json!({"sub": ""})), "it has no subject (sub)");
}

#[test]
fn issuers_are_https_or_on_loopback() {
    for right in [
        "https://id.example.com",
        "https://id.example.com:8443/realms/a",
        "http://localhost:8080",
        "http://127.0.0.1:8080/",
        "http://[::1]:8080",
    ] {
        assert_eq!(config(right).fault(), None, "{right}");
    }
    for wrong in [
        "",
        "id.example.com",
        "/id",
        "https:",
        "http://id.example.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "ftp://localhost",
        "https://id.example.com?a=b",
        "https://id.example.com#a",
        "https://user:secret@id.example.com",
    ] {
        let fault = config(wrong).fault().unwrap_or_default();
        assert!(fault.contains("issuer") && !fault.contains("secret"), "{wrong}: {fault}");
    }
}

#[test]
fn audience_and_names_of_claims_are_not_empty() {
    let mut faulty = config(ISSUER);
    faulty.claims.group.clear();
    assert!(faulty.fault().is_some_and(|fault| fault.contains("claims")));
    faulty.audience.clear();
    assert!(faulty.fault().is_some_and(|fault| fault.contains("audience")));
}

#[test]
fn a_token_is_accepted_up_to_the_maximum_age() {
    let config = OidcConfig { max_age: 600, ..config(ISSUER) };
    let at = |seconds: i64| now().as_second() + seconds;
    let end = |changes| read_as(&config, changes).map(|claims| claims.expires.as_second());
    assert_eq!(end(json!({"iat": at(-100), "exp": at(100)})), Ok(at(100)));
    assert_eq!(end(json!({"iat": at(-100), "exp": at(86_400)})), Ok(at(500)));
    assert_eq!(end(json!({"iat": at(-700), "exp": at(86_400)})), Err(invalid("it has expired")));
    assert_eq!(end(json!({"exp": at(600)})), Ok(at(600)));
    let endless = "its lifetime exceeds the configured maximum, and it has no time of issue (iat)";
    assert_eq!(end(json!({"exp": at(86_400)})), Err(invalid(endless)));
}
