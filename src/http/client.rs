//! The address of the client, which is taken from proxy headers only if the proxy is trusted.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use poem::{
    Request,
    http::{HeaderMap, header},
};

use crate::config::Networks;

/// The client's address: the last address on the request's way that is not a trusted proxy.
pub fn client_address(request: &Request, trusted: &Networks) -> IpAddr {
    client(peer(request), request.headers(), trusted)
}

fn peer(request: &Request) -> IpAddr {
    let peer = request.remote_addr().as_socket_addr().map(|address| address.ip().to_canonical());
    peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

/// The client's address behind `peer`. Each proxy appends the address of its peer, so everything to the left of the
/// last untrusted address can be forged. `X-Forwarded-For` takes precedence over `Forwarded`, because most proxies
/// write only the former and pass the latter on unchanged.
fn client(peer: IpAddr, headers: &HeaderMap, trusted: &Networks) -> IpAddr {
    if !trusted.contains(peer) {
        return peer;
    }
    let forwarded_for = "x-forwarded-for";
    match headers.contains_key(forwarded_for) {
        true => behind(peer, elements(headers, forwarded_for).map(node), trusted),
        false => behind(peer, elements(headers, header::FORWARDED.as_str()).map(forwarded), trusted),
    }
}

/// The first untrusted address, searched from the last proxy back. If a trusted proxy names no address, it is the
/// proxy's own.
fn behind(peer: IpAddr, nodes: impl Iterator<Item = Option<IpAddr>>, trusted: &Networks) -> IpAddr {
    let mut known = peer;
    for node in nodes {
        match node {
            Some(address) if trusted.contains(address) => known = address,
            Some(address) => return address,
            None => return known,
        }
    }
    known
}

/// The elements of all headers with this name, in reverse order.
fn elements<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    let lines: Vec<&str> = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or_default()).collect();
    lines.into_iter().rev().flat_map(|line| line.rsplit(',')).map(str::trim)
}

/// The `for` of an element of `Forwarded` (RFC 7239, section 4).
fn forwarded(element: &str) -> Option<IpAddr> {
    let value = element.split(';').find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        name.eq_ignore_ascii_case("for").then_some(value)
    })?;
    node(value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value))
}

/// The address of a node, with or without a port (RFC 7239, section 6).
fn node(text: &str) -> Option<IpAddr> {
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let address: Option<IpAddr> = text.parse().ok().or_else(with_port).or_else(bracketed);
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use poem::http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    fn client_of(peer: &str, given: &[(&'static str, &str)]) -> String {
        let trusted = "10.0.0.0/8, 2001:db8::1".parse().expect("a valid list");
        let named = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a header's value"))
        };
        let mut headers = HeaderMap::new();
        for (name, value) in given.iter().map(named) {
            headers.append(name, value);
        }
        client(peer.parse().expect("an address"), &headers, &trusted).to_string()
    }

    proptest! {
        #[test]
        fn a_client_cannot_forge_the_address_that_a_trusted_proxy_appends(
            written in "[\\x20-\\x7E]{0,80}",
            twice in any::<bool>(),
        ) {
            let line = format!("{written}, 192.0.2.1");
            prop_assert_eq!(client_of("10.0.0.1", &[("x-forwarded-for", &line)]), "192.0.2.1");
            let line = format!("{written}, for=192.0.2.1");
            let lines = [("forwarded", written.as_str()), ("forwarded", line.as_str())];
            prop_assert_eq!(client_of("10.0.0.1", if twice { &lines } else { &lines[1..] }), "192.0.2.1");
            prop_assert_eq!(client_of("192.0.2.9", &lines), "192.0.2.9");
        }
    }

    #[test]
    fn headers_of_an_untrusted_peer_are_ignored() {
        for header in [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.1")] {
            assert_eq!(client_of("198.51.100.7", &[header]), "198.51.100.7");
        }
    }

    #[test]
    fn the_last_untrusted_address_is_the_client() {
        for (value, client) in [
            ("192.0.2.1", "192.0.2.1"),
            ("198.51.100.9, 192.0.2.1", "192.0.2.1"),
            ("198.51.100.9, 192.0.2.1, 10.0.0.2", "192.0.2.1"),
            ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
            ("192.0.2.1:4711", "192.0.2.1"),
            ("2001:db8:5::1", "2001:db8:5::1"),
            ("[2001:db8:5::1]:4711", "2001:db8:5::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("192.0.2.1, unknown", "10.0.0.1"),
            ("192.0.2.1, unknown, 10.0.0.2", "10.0.0.2"),
            ("", "10.0.0.1"),
        ] {
            assert_eq!(client_of("10.0.0.1", &[("x-forwarded-for", value)]), client, "{value}");
        }
        let two = [("x-forwarded-for", "198.51.100.9"), ("x-forwarded-for", "192.0.2.1, 10.0.0.2")];
        assert_eq!(client_of("10.0.0.1", &two), "192.0.2.1");
    }

    #[test]
    fn forwarded_is_parsed_as_rfc_7239_says() {
        for (value, client) in [
            ("for=192.0.2.1", "192.0.2.1"),
            ("For=\"[2001:db8:5::17]:4711\"", "2001:db8:5::17"),
            ("for=\"[2001:db8:5::17]\";proto=https", "2001:db8:5::17"),
            ("proto=http;by=10.0.0.1;for=192.0.2.1:80", "192.0.2.1"),
            ("for=198.51.100.9, for=192.0.2.1, for=10.0.0.2", "192.0.2.1"),
            ("for=192.0.2.1, for=_hidden", "10.0.0.1"),
            ("for=192.0.2.1, for=unknown;by=10.0.0.2", "10.0.0.1"),
            ("by=10.0.0.2", "10.0.0.1"),
        ] {
            assert_eq!(client_of("10.0.0.1", &[("forwarded", value)]), client, "{value}");
        }
    }

    #[test]
    fn x_forwarded_for_takes_precedence_over_forwarded() {
        let both = [("forwarded", "for=198.51.100.9"), ("x-forwarded-for", "192.0.2.1")];
        assert_eq!(client_of("10.0.0.1", &both), "192.0.2.1");
    }
}
