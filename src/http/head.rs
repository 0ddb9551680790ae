//! The head of a request: how long it is, and whom it is for.
//!
//! `Host` stands there once (RFC 9112, section 3.2), and where nobody is asked who it is, it is this machine: a page of
//! another site, whose name its maker lets point to this machine, would else be let do everything.

use std::net::IpAddr;

use call_acceptance_api::wire::problem::{Failure, Fault, ProblemCode};
use poem::{
    Request,
    http::{Version, header, uri::Authority},
};

/// The greatest length of a request's first line and headers, in bytes.
pub const MAX_HEAD_BYTES: usize = 64 << 10;
/// What a client is told whose request has a longer head.
pub const TOO_LARGE: &str =
    "The first line and the headers are longer than 64 KiB together, or there are more than 100 headers.";

/// Refuses a request with a head that is too long, without `Host` or with two; with `open`, one that is for another
/// host than this machine.
pub fn check(request: &Request, open: bool) -> Result<(), Failure> {
    // hyper stops reading there, but takes what it has read by then.
    if length(request) > MAX_HEAD_BYTES {
        return Err(Failure::refused(ProblemCode::HeadTooLarge, TOO_LARGE));
    }
    let hosts: Vec<_> = request.headers().get_all(header::HOST).iter().collect();
    let right = hosts.len() == 1 || (hosts.is_empty() && request.version() < Version::HTTP_11);
    if !right {
        let detail = format!("A request has one `Host` header; this one has {}.", hosts.len());
        return Err(Failure::invalid(vec![Fault::of_parameter("Host", detail)]));
    }
    let named =
        hosts.iter().all(|host| host.to_str().is_ok_and(|host| host.parse().is_ok_and(|host| is_loopback(&host))));
    if open && !(named && request.uri().authority().is_none_or(is_loopback)) {
        let detail = "This server asks nobody who it is (`--auth none`), and so answers only what is sent to \
                      `localhost` or to an address of loopback, by `Host`.";
        return Err(Failure::refused(ProblemCode::Forbidden, detail));
    }
    Ok(())
}

/// The length of the head, the marks between its parts left out.
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
    fn this_machine_is_told_from_others() {
        let right = |host: &str| host.parse().is_ok_and(|host| is_loopback(&host));
        for host in ["localhost", "LocalHost:8080", "api.localhost", "127.0.0.1:8080", "127.8.9.1", "[::1]:8080"] {
            assert!(right(host), "{host}");
        }
        for host in ["", "localhost.example.com", "127.0.0.1.example.com", "192.0.2.1", "[2001:db8::1]", "0.0.0.0"] {
            assert!(!right(host), "{host}");
        }
    }
}
