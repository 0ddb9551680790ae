//! Lists of IP addresses and networks in settings.

use std::{net::IpAddr, str::FromStr};

use ipnet::IpNet;

/// A list of IP addresses and networks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Whether `address` is listed or in a listed network. An IPv4-mapped IPv6 address counts as the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl FromStr for Networks {
    type Err = String;

    /// Parses a comma-separated list. The error is the first part that is neither an address nor a network.
    fn from_str(list: &str) -> Result<Self, String> {
        let parts = list.split(',').map(str::trim).filter(|part| !part.is_empty());
        let parsed = parts.map(|part| {
            let address = part.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
            part.parse().or(address).map_err(|_| part.to_owned())
        });
        parsed.collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_contains_its_addresses_and_those_of_its_networks() {
        let networks: Networks = "192.0.2.7, 10.0.0.0/8,2001:db8::/32,".parse().expect("a valid list");
        let contains = |address: &str| networks.contains(address.parse().expect("an address"));
        for inside in ["192.0.2.7", "10.1.2.3", "::ffff:10.1.2.3", "2001:db8:1::1"] {
            assert!(contains(inside), "{inside}");
        }
        for outside in ["192.0.2.8", "11.0.0.1", "2001:db9::1", "::1"] {
            assert!(!contains(outside), "{outside}");
        }
        assert_eq!("10.0.0.0/8,proxy".parse::<Networks>(), Err("proxy".to_owned()));
        assert_eq!("".parse(), Ok(Networks::default()));
    }
}
