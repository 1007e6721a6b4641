//! Makes of a subnet and its addresses what is scanned: the range or the known addresses, less the excluded ones, in chunks.

use std::{collections::BTreeSet, net::IpAddr};

use ipnetwork::{IpNetwork, Ipv4Network};

use super::{
    Chunk, Dns, Guard, LeftOut, Mode, Target,
    guard::{holds, judge, network_of, size},
    survey::may_scan,
};
use crate::{
    ipam::{Address, Subnet},
    plan::Refusal,
};

/// Addresses that one nmap scans at the most. A power of two.
pub const CHUNK: u32 = 1_024;

/// What is scanned of a subnet, given what phpIPAM knows of it.
///
/// A sweep takes the whole range, network and broadcast address included, as the reference scanner does.
/// The guard judges again what comes out: a caller can't get round it by skipping [`super::survey`].
///
/// # Errors
/// Why the subnet is not scanned.
pub fn target(
    subnet: &Subnet,
    mode: Mode,
    addresses: &[Address],
    guard: &Guard,
) -> Result<Target, LeftOut> {
    let network = network_of(&subnet.cidr)
        .filter(|network| subnet.network == Some(*network))
        .ok_or(LeftOut::Refused(Refusal::NotANetwork))?;
    if network.prefix() == 0 {
        return Err(LeftOut::NoMask);
    }
    let mode = match network {
        IpNetwork::V4(_) => mode,
        IpNetwork::V6(_) => Mode::Known,
    };
    may_scan(&network, mode, guard)?;

    let excluded = excluded(&network, addresses);
    let mut chunks = match (network, mode) {
        (IpNetwork::V4(network), Mode::Sweep) => sweep(network, &excluded),
        (IpNetwork::V4(_) | IpNetwork::V6(_), _) => known(subnet, &network, addresses, &excluded),
    };
    chunks.retain(|chunk| {
        chunk
            .networks
            .iter()
            .all(|network| judge(network, guard).is_ok())
    });
    // Of an IPv6 network whose hosts are to be discovered, the system's neighbours can be told all the same.
    if chunks.is_empty() && !(network.is_ipv6() && subnet.discover) {
        return Err(LeftOut::NothingKnown);
    }
    Ok(Target {
        subnet: subnet.id,
        network,
        mode,
        dns: dns(subnet),
        chunks,
    })
}

/// The addresses of a network that must not be scanned. One row is enough where phpIPAM has several for an address.
pub(crate) fn excluded(network: &IpNetwork, addresses: &[Address]) -> BTreeSet<IpAddr> {
    addresses
        .iter()
        .filter(|address| address.exclude_ping && holds(network, address.ip))
        .map(|address| address.ip)
        .collect()
}

fn sweep(network: Ipv4Network, excluded: &BTreeSet<IpAddr>) -> Vec<Chunk> {
    let first = u32::from(network.network());
    let prefix = network.prefix().max(32 - CHUNK.ilog2() as u8);
    let count = 1u32 << (prefix - network.prefix());
    (0..count)
        .filter_map(|n| {
            let part = Ipv4Network::new((first + n * CHUNK).into(), prefix).ok()?;
            let part = IpNetwork::V4(part);
            let exclude: Vec<_> = excluded
                .range(part.network()..=part.broadcast())
                .copied()
                .collect();
            let addresses = u32::try_from(size(&part))
                .ok()?
                .checked_sub(u32::try_from(exclude.len()).ok()?)?;
            (addresses > 0).then_some(Chunk {
                networks: vec![part],
                exclude,
                addresses,
            })
        })
        .collect()
}

fn known(
    subnet: &Subnet,
    network: &IpNetwork,
    addresses: &[Address],
    excluded: &BTreeSet<IpAddr>,
) -> Vec<Chunk> {
    let known: BTreeSet<IpAddr> = addresses
        .iter()
        .filter(|address| address.subnet == subnet.id && holds(network, address.ip))
        .map(|address| address.ip)
        .collect();
    let networks: Vec<IpNetwork> = known
        .difference(excluded)
        .copied()
        .map(IpNetwork::from)
        .collect();
    networks
        .chunks(CHUNK as usize)
        .map(|networks| Chunk {
            networks: networks.to_vec(),
            exclude: Vec::new(),
            addresses: networks.len() as u32,
        })
        .collect()
}

fn dns(subnet: &Subnet) -> Dns {
    match (subnet.resolve_dns, subnet.name_servers.as_slice()) {
        (false, _) => Dns::Off,
        (true, []) => Dns::System,
        (true, servers) => Dns::Servers(servers.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::samples::{address, subnet};

    fn excluded_at(id: u64, subnet: &Subnet, ip: &str) -> Address {
        Address {
            exclude_ping: true,
            ..address(id, subnet, ip)
        }
    }

    #[test]
    fn a_sweep_is_the_range_less_the_excluded_addresses() {
        let subnet = subnet(1, "10.77.9.0/28");
        let book = [
            address(1, &subnet, "10.77.9.1"),
            excluded_at(2, &subnet, "10.77.9.2"),
            excluded_at(3, &subnet, "10.77.8.2"),
        ];
        let target = target(&subnet, Mode::Sweep, &book, &Guard::default()).unwrap();
        assert_eq!(
            target.chunks,
            [Chunk {
                networks: vec!["10.77.9.0/28".parse().unwrap()],
                exclude: vec!["10.77.9.2".parse().unwrap()],
                addresses: 15,
            }],
            "network and broadcast address are swept too; only excludes inside the chunk go with it"
        );
        assert!(target.covers("10.77.9.0".parse().unwrap()));
        assert!(target.covers("10.77.9.15".parse().unwrap()));
        assert!(!target.covers("10.77.9.2".parse().unwrap()));
        assert!(!target.covers("10.77.9.16".parse().unwrap()));
    }

    #[test]
    fn a_chunk_that_is_excluded_whole_vanishes() {
        let subnet = subnet(1, "10.0.0.0/21");
        let mut book: Vec<_> = (0..1024u32)
            .map(|n| {
                let ip = std::net::Ipv4Addr::from(0x0a00_0000 + n).to_string();
                excluded_at(u64::from(n) + 1, &subnet, &ip)
            })
            .collect();
        book.push(excluded_at(5000, &subnet, "10.0.4.9"));
        let target = target(&subnet, Mode::Sweep, &book, &Guard::default()).unwrap();
        assert_eq!(target.chunks.len(), 1);
        assert_eq!(target.chunks[0].networks, ["10.0.4.0/22".parse().unwrap()]);
        assert_eq!(target.addresses(), 1023);
    }

    #[test]
    fn nothing_to_scan_is_said_and_not_scanned() {
        let subnet = subnet(1, "10.0.0.1/32");
        let book = [excluded_at(1, &subnet, "10.0.0.1")];
        for (mode, book) in [
            (Mode::Sweep, &book[..]),
            (Mode::Known, &book[..]),
            (Mode::Known, &[]),
        ] {
            assert_eq!(
                target(&subnet, mode, book, &Guard::default()),
                Err(LeftOut::NothingKnown)
            );
        }
    }

    #[test]
    fn known_addresses_are_checked_once_each_inside_the_subnet() {
        let subnet = subnet(1, "fd00:77::/64");
        let other = Subnet {
            id: crate::ids::SubnetId(2),
            ..subnet.clone()
        };
        let book = [
            address(4, &subnet, "fd00:77::b"),
            address(1, &subnet, "fd00:77::a"),
            address(2, &subnet, "fd00:77::b"),
            address(3, &subnet, "fd00:78::c"),
            address(5, &other, "fd00:77::d"),
            excluded_at(6, &subnet, "fd00:77::e"),
            address(7, &subnet, "fd00:77::e"),
        ];
        // Even if asked to sweep: an IPv6 range can't be.
        for mode in [Mode::Known, Mode::Sweep] {
            let target = target(&subnet, mode, &book, &Guard::default()).unwrap();
            assert_eq!(target.mode, Mode::Known);
            assert_eq!(target.chunks.len(), 1);
            assert_eq!(
                target.chunks[0].networks,
                [
                    "fd00:77::a/128".parse().unwrap(),
                    "fd00:77::b/128".parse().unwrap()
                ]
            );
        }
    }

    #[test]
    fn an_ipv6_network_of_which_nothing_is_known_is_asked_nothing() {
        let mut subnet = subnet(1, "fd00:77::/64");
        let of = |subnet: &Subnet| target(subnet, Mode::Known, &[], &Guard::default());
        let found = of(&subnet).unwrap();
        assert_eq!((found.chunks.len(), found.addresses()), (0, 0));
        subnet.discover = false;
        subnet.ping = true;
        assert_eq!(of(&subnet), Err(LeftOut::NothingKnown));
    }

    #[test]
    fn names_are_looked_up_as_the_subnet_says() {
        let mut subnet = subnet(1, "10.0.0.0/28");
        let servers: Vec<IpAddr> = vec!["10.0.0.2".parse().unwrap(), "9.9.9.9".parse().unwrap()];
        let dns = |subnet: &Subnet| {
            target(subnet, Mode::Sweep, &[], &Guard::default())
                .unwrap()
                .dns
        };
        subnet.name_servers.clone_from(&servers);
        subnet.resolve_dns = false;
        assert_eq!(dns(&subnet), Dns::Off);
        subnet.resolve_dns = true;
        assert_eq!(dns(&subnet), Dns::Servers(servers));
        subnet.name_servers.clear();
        assert_eq!(dns(&subnet), Dns::System);
    }

    #[test]
    fn the_guard_can_not_be_got_round() {
        let guard = Guard::default();
        let at = |cidr: &str, mode| target(&subnet(1, cidr), mode, &[], &guard).unwrap_err();
        assert_eq!(
            at("8.8.8.0/24", Mode::Sweep),
            LeftOut::Refused(Refusal::Public)
        );
        assert_eq!(
            at("8.8.8.0/24", Mode::Known),
            LeftOut::Refused(Refusal::Public)
        );
        assert_eq!(at("0.0.0.0/0", Mode::Sweep), LeftOut::NoMask);
        assert_eq!(at("::/0", Mode::Known), LeftOut::NoMask);
        assert_eq!(
            at("; rm", Mode::Sweep),
            LeftOut::Refused(Refusal::NotANetwork)
        );
        assert!(matches!(
            at("10.0.0.0/8", Mode::Sweep),
            LeftOut::Refused(Refusal::TooLarge { .. })
        ));
    }
}
