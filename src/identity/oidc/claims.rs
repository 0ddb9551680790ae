//! The claims of a token whose signature is right.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{config::OidcConfig, rejection::Rejection};

/// What a valid token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// Whom the token was issued to (`sub`).
    pub subject: String,
    /// The roles; none when there is no such claim.
    pub roles: Vec<String>,
    /// The tenant.
    pub tenant: Option<String>,
    /// The group.
    pub group: Option<String>,
    /// The user.
    pub user: Option<String>,
    /// Whether the token is for reading only; not so when there is no such claim.
    pub read_only: bool,
    /// When the token ends to be valid (`exp`).
    pub expires: Timestamp,
}

/// How far the provider's clock may be from the server's.
const LEEWAY: SignedDuration = SignedDuration::from_secs(60);

/// What the claims say, if they are for this server and now.
pub(super) fn read(payload: &Value, config: &OidcConfig, now: Timestamp) -> Result<Claims, Rejection> {
    if payload.get("iss").and_then(Value::as_str) != Some(&config.issuer) {
        return Err(Rejection::invalid("its issuer (iss) is not the one whose tokens are accepted here"));
    }
    if !is_for(payload.get("aud"), &config.audience) {
        return Err(Rejection::invalid("it is not for this server: its audience (aud) is another"));
    }
    let expires = time(payload, "exp")?.ok_or_else(|| Rejection::invalid("it has no end (exp)"))?;
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

/// The end of a token, `max_age` seconds after it was issued at most. One that does not say when it was issued must end
/// within that time from now.
fn capped(expires: Timestamp, issued: Option<Timestamp>, max_age: i64, now: Timestamp) -> Result<Timestamp, Rejection> {
    let latest = issued.unwrap_or(now).checked_add(SignedDuration::from_secs(max_age)).unwrap_or(Timestamp::MAX);
    if issued.is_none() && expires.duration_since(latest) > LEEWAY {
        return Err(Rejection::invalid(
            "it is valid for longer than is accepted here, and does not say since when (iat)",
        ));
    }
    Ok(expires.min(latest))
}

/// Whether `audience` is the audience or among them.
fn is_for(audiences: Option<&Value>, audience: &str) -> bool {
    match audiences {
        Some(Value::String(only)) => only == audience,
        Some(Value::Array(several)) => several.iter().any(|one| one == audience),
        _ => false,
    }
}

fn time(payload: &Value, name: &str) -> Result<Option<Timestamp>, Rejection> {
    let Some(value) = payload.get(name) else { return Ok(None) };
    // Fractions of a second are allowed, and of no weight here.
    let seconds = value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64));
    let time = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.map(Some).ok_or_else(|| wrong(name, "a time in seconds"))
}

fn text(payload: &Value, name: &str) -> Result<Option<String>, Rejection> {
    match claim(payload, name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(wrong(name, "a text")),
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
    roles.ok_or_else(|| wrong(name, "a text or a list of texts"))
}

fn claim<'a>(payload: &'a Value, name: &str) -> Option<&'a Value> {
    if name.starts_with('/') { payload.pointer(name) } else { payload.get(name) }
}

fn wrong(name: &str, right: &str) -> Rejection {
    Rejection::invalid(format!("its claim {name} is not {right}"))
}
