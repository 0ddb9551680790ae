//! Checks the claims of a token with a valid signature.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{config::OidcConfig, rejection::Rejection};

/// The content of a valid token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The subject (`sub`).
    pub subject: String,
    /// The roles; empty if there is no such claim.
    pub roles: Vec<String>,
    /// The tenant.
    pub tenant: Option<String>,
    /// The group.
    pub group: Option<String>,
    /// The user.
    pub user: Option<String>,
    /// Whether the token may only read; false if there is no such claim.
    pub read_only: bool,
    /// Time of expiry (`exp`).
    pub expires: Timestamp,
}

/// Tolerated difference between the clocks of the provider and the server.
const LEEWAY: SignedDuration = SignedDuration::from_secs(60);

/// Reads the claims; refused if they are not for this server or not valid now.
pub(super) fn read(payload: &Value, config: &OidcConfig, now: Timestamp) -> Result<Claims, Rejection> {
    if payload.get("iss").and_then(Value::as_str) != Some(&config.issuer) {
        return Err(Rejection::invalid("its issuer (iss) is not the configured one"));
    }
    if !is_for(payload.get("aud"), &config.audience) {
        return Err(Rejection::invalid("it is not for this server: its audience (aud) is not the configured one"));
    }
    let expires = time(payload, "exp")?.ok_or_else(|| Rejection::invalid("it has no expiry (exp)"))?;
    let expires = capped(expires, time(payload, "iat")?, config.max_age, now)?;
    if now.duration_since(expires) >= LEEWAY {
        return Err(Rejection::invalid("it has expired"));
    }
    if time(payload, "nbf")?.is_some_and(|start| start.duration_since(now) > LEEWAY) {
        return Err(Rejection::invalid("it is not valid yet"));
    }
    let names = &config.claims;
    Ok(Claims {
        subject: text(payload, "sub")?
            .filter(|subject| !subject.is_empty())
            .ok_or_else(|| Rejection::invalid("it has no subject (sub)"))?,
        roles: roles(payload, &names.role)?,
        tenant: text(payload, &names.tenant)?,
        group: text(payload, &names.group)?,
        user: text(payload, &names.user)?,
        read_only: flag(payload, &names.read_only)?,
        expires,
    })
}

/// The expiry of a token, at most `max_age` seconds after it was issued. A token without time of issue must expire
/// within that time from now.
fn capped(expires: Timestamp, issued: Option<Timestamp>, max_age: i64, now: Timestamp) -> Result<Timestamp, Rejection> {
    let latest = issued.unwrap_or(now).checked_add(SignedDuration::from_secs(max_age)).unwrap_or(Timestamp::MAX);
    if issued.is_none() && expires.duration_since(latest) > LEEWAY {
        return Err(Rejection::invalid(
            "its lifetime exceeds the configured maximum, and it has no time of issue (iat)",
        ));
    }
    Ok(expires.min(latest))
}

/// Whether `audience` is among the audiences.
fn is_for(audiences: Option<&Value>, audience: &str) -> bool {
    match audiences {
        Some(Value::String(only)) => only == audience,
        Some(Value::Array(several)) => several.iter().any(|one| one == audience),
        _ => false,
    }
}

fn time(payload: &Value, name: &str) -> Result<Option<Timestamp>, Rejection> {
    let Some(value) = payload.get(name) else { return Ok(None) };
    // Fractions of a second are allowed and ignored.
    let seconds = value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64));
    let time = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.map(Some).ok_or_else(|| wrong(name, "a time in seconds"))
}

fn text(payload: &Value, name: &str) -> Result<Option<String>, Rejection> {
    match claim(payload, name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(wrong(name, "a string")),
    }
}

fn flag(payload: &Value, name: &str) -> Result<bool, Rejection> {
    match claim(payload, name) {
        None => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(wrong(name, "true or false")),
    }
}

fn roles(payload: &Value, name: &str) -> Result<Vec<String>, Rejection> {
    let roles: Option<Vec<String>> = match claim(payload, name) {
        None => Some(Vec::new()),
        Some(Value::String(text)) => Some(text.split_whitespace().map(str::to_owned).collect()),
        Some(Value::Array(list)) => list.iter().map(|role| role.as_str().map(str::to_owned)).collect(),
        Some(_) => None,
    };
    roles.ok_or_else(|| wrong(name, "a string or a list of strings"))
}

fn claim<'a>(payload: &'a Value, name: &str) -> Option<&'a Value> {
    if name.starts_with('/') { payload.pointer(name) } else { payload.get(name) }
}

fn wrong(name: &str, right: &str) -> Rejection {
    Rejection::invalid(format!("its claim {name} is not {right}"))
}
