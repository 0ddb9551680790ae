//! Checks of a request's first line and headers: their size and `Host`.
//!
//! A request has exactly one `Host` (RFC 9112, section 3.2), or with HTTP/2 an `:authority` and no other `Host` (RFC
//! 9113, section 8.3.1). Without authentication, `Host` must name this machine.
//! Otherwise any web page could call the API by DNS rebinding: a domain of its author that resolves to a loopback
//! address.

use std::net::IpAddr;

use call_acceptance_api::wire::problem::{Failure, Fault, ProblemCode};
use poem::{
    Request,
    http::{HeaderValue, Version, header, uri::Authority},
};

/// Maximum size of a request's first line and headers, in bytes.
pub const MAX_HEAD_BYTES: usize = 64 << 10;
/// Maximum number of headers; that of hyper for HTTP/1.1.
const MAX_HEADERS: usize = 100;
/// The `detail` of the problem for a longer head.
pub const TOO_LARGE: &str =
    "The first line and the headers are longer than 64 KiB together, or there are more than 100 headers.";

/// Refuses a request whose head is too long or that does not have exactly one `Host`. With `open` (no authentication),
/// refuses also a `Host` that is not this machine.
pub fn check(request: &Request, open: bool) -> Result<(), Failure> {
    // hyper's limit is that of its buffer, so a head that arrives in one read can be longer.
    if length(request) > MAX_HEAD_BYTES || request.headers().len() > MAX_HEADERS {
        return Err(Failure::refused(ProblemCode::HeadTooLarge, TOO_LARGE));
    }
    let hosts = request.headers().get_all(header::HOST);
    let count = hosts.iter().count();
    let authority = request.uri().authority();
    let is_valid = match request.version() {
        Version::HTTP_2 => match authority {
            Some(named) => hosts.iter().all(|host| host.as_bytes().eq_ignore_ascii_case(named.as_str().as_bytes())),
            None => count == 1,
        },
        version => count == 1 || (count == 0 && version < Version::HTTP_11),
    };
    if !is_valid {
        let detail = format!("A request must have exactly one `Host` header; this one has {count}.");
        return Err(Failure::invalid(vec![Fault::of_parameter("Host", detail)]));
    }
    let is_local =
        |host: &HeaderValue| host.to_str().is_ok_and(|host| host.parse().is_ok_and(|host| is_loopback(&host)));
    if open && !(hosts.iter().all(is_local) && authority.is_none_or(is_loopback)) {
        let detail = "This server runs without authentication (`--auth none`). Its `Host` must be `localhost` or a \
                      loopback address.";
        return Err(Failure::refused(ProblemCode::Forbidden, detail));
    }
    Ok(())
}

/// The size of the head without separators.
fn length(request: &Request) -> usize {
    let uri = request.original_uri();
    let line = uri.path().len() + uri.query().map_or(0, str::len);
    line + request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum::<usize>()
}

fn is_loopback(authority: &Authority) -> bool {
    let host = authority.host().trim_end_matches('.').to_ascii_lowercase();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost"
        || host.ends_with(".localhost")
        || address.is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_hosts_are_local() {
        let is_local = |host: &str| host.parse().is_ok_and(|host| is_loopback(&host));
        for host in ["localhost", "LocalHost:8080", "api.localhost", "127.0.0.1:8080", "127.8.9.1", "[::1]:8080"] {
            assert!(is_local(host), "{host}");
        }
        for host in ["", "localhost.example.com", "127.0.0.1.example.com", "192.0.2.1", "[2001:db8::1]", "0.0.0.0"] {
            assert!(!is_local(host), "{host}");
        }
    }
}
