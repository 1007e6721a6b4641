//! The guard: which addresses may be scanned at all. A security boundary, so that a server that hands out nonsense
//! can't turn this agent on strangers. Knows nothing of subnets' flags or of each other.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnetwork::{IpNetwork, Ipv4Network, Ipv6Network};

use super::{Guard, LARGE, LARGEST, Refusal};

/// Ranges that may be scanned without being named: (network, prefix).
const PRIVATE_4: [(Ipv4Addr, u8); 6] = [
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    // RFC 6598, carrier-grade NAT
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
];
const PRIVATE_6: [(Ipv6Addr, u8); 3] = [
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
    (Ipv6Addr::LOCALHOST, 128),
];

/// Ranges with an address that no host can have. Whatever touches one is refused.
const NEVER_4: [(Ipv4Addr, u8); 3] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::BROADCAST, 32),
];
const NEVER_6: [(Ipv6Addr, u8); 3] = [
    (Ipv6Addr::UNSPECIFIED, 128),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8),
    // IPv4-mapped: an IPv4 address that would pass by the rules for IPv6.
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96),
];

/// Whether every address of this network may be scanned: where it lies, and how large it is.
///
/// A single address is judged as a network of full prefix.
pub fn judge(network: &IpNetwork, guard: &Guard) -> Result<(), Refusal> {
    judge_place(network, guard)?;
    let addresses = size(network);
    if addresses > u64::from(LARGEST) {
        Err(Refusal::TooLarge { addresses })
    } else if addresses > u64::from(LARGE) && !guard.large {
        Err(Refusal::Large { addresses })
    } else {
        Ok(())
    }
}

/// The part of [`judge`] that doesn't depend on the size: enough for a range of which only known addresses are checked,
/// each of which is judged again.
pub(super) fn judge_place(network: &IpNetwork, guard: &Guard) -> Result<(), Refusal> {
    if network.ip() != network.network() {
        return Err(Refusal::NotANetwork);
    }
    if never().any(|never| overlap(&never, network)) {
        return Err(Refusal::NotUnicast);
    }
    if private().any(|private| inside(network, &private))
        || guard.public.iter().any(|public| inside(network, public))
    {
        Ok(())
    } else {
        Err(Refusal::Public)
    }
}

/// The network that phpIPAM's text `subnet/mask` is: an address in the usual notation, a slash and a prefix length in
/// decimal digits, without host bits. `None` for everything else.
pub fn network_of(cidr: &str) -> Option<IpNetwork> {
    let (ip, prefix) = cidr.split_once('/')?;
    if prefix.len() > 3
        || !prefix.bytes().all(|b| b.is_ascii_digit())
        || (prefix.len() > 1 && prefix.starts_with('0'))
    {
        return None;
    }
    let network = IpNetwork::new(ip.parse().ok()?, prefix.parse().ok()?).ok()?;
    (network.network() == network.ip()).then_some(network)
}

/// How many addresses a network has; `u64::MAX` for more than fit.
pub(super) fn size(network: &IpNetwork) -> u64 {
    let bits = match network {
        IpNetwork::V4(_) => 32,
        IpNetwork::V6(_) => 128,
    } - u32::from(network.prefix());
    1u64.checked_shl(bits).unwrap_or(u64::MAX)
}

// `IpAddr` sorts every IPv4 address before every IPv6 one, so that these comparisons keep the families apart.

pub(crate) fn holds(network: &IpNetwork, ip: IpAddr) -> bool {
    network.network() <= ip && ip <= network.broadcast()
}

pub(super) fn inside(inner: &IpNetwork, outer: &IpNetwork) -> bool {
    outer.network() <= inner.network() && inner.broadcast() <= outer.broadcast()
}

fn overlap(a: &IpNetwork, b: &IpNetwork) -> bool {
    a.network() <= b.broadcast() && b.network() <= a.broadcast()
}

fn private() -> impl Iterator<Item = IpNetwork> {
    networks(&PRIVATE_4, &PRIVATE_6)
}

fn never() -> impl Iterator<Item = IpNetwork> {
    networks(&NEVER_4, &NEVER_6)
}

fn networks<'a>(
    four: &'a [(Ipv4Addr, u8)],
    six: &'a [(Ipv6Addr, u8)],
) -> impl Iterator<Item = IpNetwork> + 'a {
    let four = four
        .iter()
        .filter_map(|&(ip, prefix)| Ipv4Network::new(ip, prefix).ok().map(IpNetwork::V4));
    let six = six
        .iter()
        .filter_map(|&(ip, prefix)| Ipv6Network::new(ip, prefix).ok().map(IpNetwork::V6));
    four.chain(six)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> IpNetwork {
        text.parse().unwrap()
    }

    #[test]
    fn every_constant_is_a_network() {
        // `networks` passes over what is none, which for `never` would open the guard.
        assert_eq!(private().count(), PRIVATE_4.len() + PRIVATE_6.len());
        assert_eq!(never().count(), NEVER_4.len() + NEVER_6.len());
        for network in private().chain(never()) {
            assert_eq!(network.ip(), network.network(), "{network} has host bits");
        }
    }

    #[test]
    fn private_ranges_pass_whole_and_end_where_they_end() {
        let guard = Guard::default();
        for passes in [
            "10.0.0.0/20",
            "10.255.255.255/32",
            "172.16.0.0/24",
            "172.31.255.0/24",
            "192.168.255.255/32",
            "100.64.0.0/24",
            "100.127.255.255/32",
            "169.254.0.0/24",
            "127.0.0.1/32",
            "::1/128",
            "fc00::1/128",
            "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
            "fe80::1/128",
            "febf::/120",
        ] {
            assert_eq!(judge(&net(passes), &guard), Ok(()), "{passes} is private");
        }
        for public in [
            "9.255.255.255/32",
            "11.0.0.0/32",
            "172.15.255.255/32",
            "172.32.0.0/32",
            "192.167.0.0/24",
            "192.169.0.0/24",
            "100.63.255.255/32",
            "100.128.0.0/32",
            "169.253.0.0/24",
            "126.0.0.0/24",
            "128.0.0.0/24",
            "8.8.8.0/24",
            "::2/128",
            "fbff::/120",
            "fe00::/120",
            "fec0::/120",
            "2001:db8::/120",
            "10.0.0.0/7",
            "172.0.0.0/11",
            "240.0.0.0/24",
        ] {
            assert_eq!(
                judge(&net(public), &guard),
                Err(Refusal::Public),
                "{public} is not private"
            );
        }
    }

    #[test]
    fn addresses_that_no_host_has_are_refused_even_if_the_settings_name_them() {
        let guard = Guard {
            public: vec![net("0.0.0.0/0"), net("::/0")],
            large: true,
        };
        for never in [
            "0.0.0.0/0",
            "0.0.0.0/32",
            "224.0.0.1/32",
            "239.255.255.255/32",
            "255.255.255.255/32",
            "255.255.255.0/24",
            "::/0",
            "::/128",
            "::/127",
            "ff02::1/128",
            "::ffff:8.8.8.8/128",
            "::ffff:10.0.0.0/120",
        ] {
            assert_eq!(
                judge(&net(never), &guard),
                Err(Refusal::NotUnicast),
                "{never}"
            );
        }
        assert_eq!(judge(&net("255.255.255.254/32"), &guard), Ok(()));
    }

    #[test]
    fn a_public_network_passes_only_wholly_inside_a_named_one() {
        let guard = Guard {
            public: vec![net("203.0.113.0/25"), net("2001:db8::/64")],
            large: false,
        };
        assert_eq!(judge(&net("203.0.113.64/26"), &guard), Ok(()));
        assert_eq!(judge(&net("203.0.113.0/25"), &guard), Ok(()));
        assert_eq!(judge(&net("203.0.113.0/24"), &guard), Err(Refusal::Public));
        assert_eq!(
            judge(&net("203.0.113.128/32"), &guard),
            Err(Refusal::Public)
        );
        assert_eq!(judge(&net("2001:db8::5/128"), &guard), Ok(()));
        assert_eq!(
            judge(&net("2001:db8:0:1::/128"), &guard),
            Err(Refusal::Public)
        );
    }

    #[test]
    fn size_is_limited() {
        let (small, large) = (
            Guard::default(),
            Guard {
                public: vec![],
                large: true,
            },
        );
        let of = |prefix: u8| net(&format!("10.0.0.0/{prefix}"));
        assert_eq!(
            judge(&of(20), &small),
            Ok(()),
            "4,096 addresses need no setting"
        );
        assert_eq!(
            judge(&of(19), &small),
            Err(Refusal::Large { addresses: 8_192 })
        );
        assert_eq!(judge(&of(19), &large), Ok(()));
        assert_eq!(
            judge(&of(16), &large),
            Ok(()),
            "65,536 addresses are the most"
        );
        assert_eq!(
            judge(&of(15), &large),
            Err(Refusal::TooLarge { addresses: 131_072 })
        );
        assert_eq!(
            judge(&of(8), &small),
            Err(Refusal::TooLarge { addresses: 1 << 24 })
        );
        assert_eq!(
            judge(&net("fd00::/8"), &large),
            Err(Refusal::TooLarge {
                addresses: u64::MAX
            })
        );
    }

    #[test]
    fn only_a_network_in_canonical_form_is_one() {
        for good in [
            "10.77.9.0/28",
            "10.0.0.1/32",
            "0.0.0.0/0",
            "fd00:77::/64",
            "fd00:77:0:0::/64",
            "::1/128",
        ] {
            assert!(network_of(good).is_some(), "{good} is a network");
        }
        for bad in [
            "",
            "/",
            "10.77.9.0",
            "10.77.9.0/",
            "10.77.9.1/28",
            "10.77.9.0/33",
            "10.77.9.0/+28",
            "10.77.9.0/028",
            "10.77.9.0/255.255.255.240",
            " 10.77.9.0/28",
            "10.77.9.0/28 ",
            "10.77.9.0/28; rm",
            "; rm/24",
            "010.77.9.0/28",
            "10.77.9/24",
            "10.77.9.0-15/32",
            "fd00::1/64",
            "fd00::/129",
            "fe80::%eth0/64",
            "-iL/24",
            "10.77.9.0/٢٨",
        ] {
            assert_eq!(network_of(bad), None, "{bad:?} is no network");
        }
        assert_eq!(
            judge(&net("10.77.9.1/28"), &Guard::default()),
            Err(Refusal::NotANetwork)
        );
    }
}
