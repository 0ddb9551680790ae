//! Header, key and signature of tokens. `tokens.json` has the keys and a token of each algorithm, made with another
//! library (npm jose).

use ring::hmac;

use super::{
    super::{header, keys::KeySet, signature},
    *,
};

/// Verifies the token with the provider's keys.
fn check(token: &str, jwks: &[Value]) -> Result<Value, Rejection> {
    signature::install();
    let header = header::read(token)?;
    KeySet::new(jwks).payload(token, &header)
}

fn samples() -> Value {
    serde_json::from_str(include_str!("tokens.json")).expect("tokens.json is JSON")
}

fn sample_keys() -> Vec<Value> {
    samples()["keys"].as_array().expect("a list of keys").clone()
}

fn sample_tokens() -> Vec<(String, String)> {
    let samples = samples();
    let tokens = samples["tokens"].as_object().expect("tokens by algorithm");
    tokens.iter().map(|(name, token)| (name.clone(), token.as_str().expect("a token").to_owned())).collect()
}

/// The token with one member of its header changed; the signature is unchanged.
fn with_header(token: &str, name: &str, value: Value) -> String {
    let (header, rest) = token.split_once('.').expect("a token has parts");
    let header = URL_SAFE_NO_PAD.decode(header).expect("a header is base64");
    let mut header: Value = serde_json::from_slice(&header).expect("a header is JSON");
    header[name] = value;
    format!("{}.{rest}", encoded(&header))
}

#[test]
fn a_token_of_each_algorithm_is_accepted() {
    assert_eq!(sample_tokens().len(), 9);
    for (algorithm, token) in sample_tokens() {
        let payload = check(&token, &sample_keys());
        assert_eq!(payload.map(|payload| payload["sub"].clone()), Ok(json!("someone")), "{algorithm}");
    }
}

#[test]
fn a_changed_token_is_refused_whatever_its_algorithm() {
    for (algorithm, token) in sample_tokens() {
        let [header, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
        let mut bytes = URL_SAFE_NO_PAD.decode(signature).expect("a signature is base64");
        bytes[20] ^= 1;
        let changed = [
            format!("{header}.{payload}.{}", URL_SAFE_NO_PAD.encode(bytes)),
            format!("{header}.{}.{signature}", encoded(&good_claims(ISSUER))),
            format!("{header}.{payload}."),
        ];
        for token in changed {
            assert_eq!(
                check(&token, &sample_keys()),
                Err(invalid("its signature is not valid")),
                "{algorithm}: {token}"
            );
        }
    }
}

#[test]
fn a_signature_is_valid_only_for_its_own_algorithm() {
    let tokens = sample_tokens();
    for (algorithm, token) in &tokens {
        for (other, _) in tokens.iter().filter(|(other, _)| other != algorithm) {
            let claimed = with_header(token, "alg", json!(other));
            assert!(check(&claimed, &sample_keys()).is_err(), "{algorithm} as {other}");
        }
    }
}

#[test]
fn a_token_without_signature_is_refused() {
    let signer = Signer::named("a");
    for none in ["none", "None", "NONE", ""] {
        let token = signer.token_with(&json!({"alg": none, "kid": "a"}), &good_claims(ISSUER));
        let (message, _) = token.rsplit_once('.').expect("a token has parts");
        for forged in [token.as_str(), message, &format!("{message}.")] {
            let expected = invalid("it is not a JWT with a supported signature algorithm");
            assert_eq!(check(forged, &[signer.jwk()]), Err(expected), "{forged}");
        }
    }
}

#[test]
fn a_public_key_is_not_accepted_as_a_shared_secret() {
    for jwk in sample_keys() {
        let secrets = ["n", "x"].into_iter().filter_map(|name| jwk[name].as_str());
        let secrets = secrets.map(|text| URL_SAFE_NO_PAD.decode(text).expect("a key is base64"));
        for secret in secrets.chain([jwk.to_string().into_bytes()]) {
            let header = json!({"alg": "HS256", "typ": "at+jwt", "kid": jwk["kid"]});
            let message = format!("{}.{}", encoded(&header), encoded(&good_claims(ISSUER)));
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), message.as_bytes());
            let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
            let expected = invalid("it is signed with a shared secret instead of a private key");
            assert_eq!(check(&token, &sample_keys()), Err(expected));
        }
    }
}

#[test]
fn a_shared_secret_that_the_provider_publishes_is_not_used() {
    let published = json!({"kty": "oct", "alg": "HS256", "kid": "a", "k": "c2VjcmV0"});
    assert_eq!(KeySet::new(&[published]).len(), 0);
}

#[test]
fn malformed_tokens_are_refused() {
    for text in ["", ".", "..", "a.b", "a.b.c", "a.b.c.d", "e30.e30.e30", "ca_1_secret", "é.é.é"] {
        assert!(matches!(check(text, &sample_keys()), Err(Rejection::Invalid(_))), "{text}");
    }
}

#[test]
fn a_jwt_of_another_type_is_refused() {
    let signer = Signer::named("a");
    let token = |typ: Value| signer.token_with(&json!({"alg": "EdDSA", "kid": "a", "typ": typ}), &good_claims(ISSUER));
    for typ in ["JWT", "at+jwt", "AT+JWT", "application/at+jwt"] {
        assert!(check(&token(json!(typ)), &[signer.jwk()]).is_ok(), "{typ}");
    }
    for typ in ["logout+jwt", "dpop+jwt", ""] {
        let expected = invalid("its type (typ) is not that of an access token");
        assert_eq!(check(&token(json!(typ)), &[signer.jwk()]), Err(expected), "{typ}");
    }
}

#[test]
fn a_header_with_critical_extensions_is_refused() {
    let signer = Signer::named("a");
    let token = signer.token_with(&json!({"alg": "EdDSA", "kid": "a", "crit": ["b64"]}), &good_claims(ISSUER));
    let expected = invalid("its header has unsupported extensions (crit)");
    assert_eq!(check(&token, &[signer.jwk()]), Err(expected));
}

#[test]
fn a_key_embedded_in_the_token_is_not_used() {
    let (known, stranger) = (Signer::named("a"), Signer::named("b"));
    let header = json!({"alg": "EdDSA", "kid": "a", "jwk": stranger.jwk()});
    let token = stranger.token_with(&header, &good_claims(ISSUER));
    assert_eq!(check(&token, &[known.jwk()]), Err(invalid("its signature is not valid")));
}

#[test]
fn a_token_without_key_identifier_may_use_any_key() {
    let (first, second) = (Signer::named("a"), Signer::named("b"));
    let token = second.token_with(&json!({"alg": "EdDSA"}), &good_claims(ISSUER));
    assert!(check(&token, &[first.jwk(), second.jwk()]).is_ok());
    assert_eq!(check(&token, &[first.jwk()]), Err(invalid("its signature is not valid")));
}

#[test]
fn a_key_is_used_only_for_its_own_algorithm() {
    let tokens = sample_tokens();
    let mut rsa = sample_keys()[0].clone();
    rsa["alg"] = json!("PS256");
    for (algorithm, token) in tokens.iter().filter(|(algorithm, _)| algorithm.contains("S256")).take(2) {
        let accepted = check(token, std::slice::from_ref(&rsa)).map(|_| ());
        let refused = Err(invalid("its algorithm does not match its key"));
        assert_eq!(accepted, if algorithm == "PS256" { Ok(()) } else { refused }, "{algorithm}");
    }
}

#[test]
fn unsupported_keys_are_ignored() {
    let signer = Signer::named("a");
    let with = |name: &str, value: Value| {
        let mut jwk = signer.jwk();
        jwk[name] = value;
        jwk
    };
    let mut unusable = vec![
        with("use", json!("enc")),
        with("key_ops", json!(["sign"])),
        with("alg", json!("RS256")),
        with("alg", json!("ML-DSA-44")),
        with("alg", json!(7)),
        with("kty", json!("AKP")),
        with("crv", json!("Ed448")),
        with("x", json!("not base64!")),
        json!({"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"}),
        json!({}),
        json!("a key"),
        Value::Null,
    ];
    assert_eq!(KeySet::new(&unusable).len(), 0);
    unusable.push(signer.jwk());
    assert!(check(&signer.token(&good_claims(ISSUER)), &unusable).is_ok());
}
