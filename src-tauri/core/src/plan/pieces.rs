//! Cuts a chunk into smaller ones, where what carries it out holds fewer addresses.

use std::net::IpAddr;

use ipnetwork::{IpNetwork, Ipv4Network};

use super::{Chunk, guard::holds};

impl Chunk {
    /// The same addresses in chunks of at most `most` (a power of two), in address order. A chunk that is small enough stays
    /// as it is.
    pub fn pieces(&self, most: u32) -> Vec<Chunk> {
        let fits = |addresses: u64| addresses <= u64::from(most);
        let sizes = self.networks.iter().map(size);
        if fits(sizes.fold(0, u64::saturating_add)) {
            return vec![self.clone()];
        }
        let mut pieces: Vec<(Vec<IpNetwork>, u64)> = Vec::new();
        for network in self
            .networks
            .iter()
            .flat_map(|network| halves(network, most))
        {
            match pieces.last_mut() {
                Some((networks, addresses)) if fits(*addresses + size(&network)) => {
                    *addresses += size(&network);
                    networks.push(network);
                }
                Some(_) | None => pieces.push((vec![network], size(&network))),
            }
        }
        let pieces = pieces.into_iter().map(|(networks, addresses)| {
            let inside = |ip: &_| networks.iter().any(|network| holds(network, *ip));
            let exclude: Vec<_> = self.exclude.iter().copied().filter(inside).collect();
            let addresses = addresses.saturating_sub(exclude.len() as u64);
            Chunk {
                addresses: u32::try_from(addresses).unwrap_or(u32::MAX),
                networks,
                exclude,
            }
        });
        pieces.filter(|piece| piece.addresses > 0).collect()
    }

    /// How many of its addresses come up to this one, itself included.
    pub fn addresses_up_to(&self, ip: IpAddr) -> u32 {
        let before = self.networks.iter().map_while(|network| {
            let last = network.broadcast().min(ip);
            (network.network() <= last).then(|| span(network.network(), last))
        });
        let excluded = self.exclude.partition_point(|excluded| *excluded <= ip);
        let addresses = before
            .fold(0, u64::saturating_add)
            .saturating_sub(excluded as u64);
        u32::try_from(addresses).map_or(self.addresses, |addresses| addresses.min(self.addresses))
    }
}

/// How many addresses lie from one to another of its kind, both included.
fn span(first: IpAddr, last: IpAddr) -> u64 {
    match (first, last) {
        (IpAddr::V4(first), IpAddr::V4(last)) => u64::from(u32::from(last) - u32::from(first)) + 1,
        (IpAddr::V6(first), IpAddr::V6(last)) => {
            u64::try_from(u128::from(last) - u128::from(first))
                .map_or(u64::MAX, |many| many.saturating_add(1))
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => 0,
    }
}

fn size(network: &IpNetwork) -> u64 {
    match network {
        IpNetwork::V4(network) => u64::from(network.size()),
        IpNetwork::V6(network) => u64::try_from(network.size()).unwrap_or(u64::MAX),
    }
}

/// A network, or its parts of at most `most` addresses. IPv6 networks are single addresses here.
fn halves(network: &IpNetwork, most: u32) -> Vec<IpNetwork> {
    let IpNetwork::V4(v4) = network else {
        return vec![*network];
    };
    let prefix = (32 - most.max(1).ilog2() as u8).max(v4.prefix());
    let first = u32::from(v4.network());
    (0..1u64 << (prefix - v4.prefix()))
        .filter_map(|n| {
            let offset = u32::try_from(n << (32 - prefix)).ok()?;
            Some(IpNetwork::V4(
                Ipv4Network::new((first + offset).into(), prefix).ok()?,
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn chunk(networks: &[&str], exclude: &[&str]) -> Chunk {
        let networks: Vec<IpNetwork> = networks.iter().map(|text| text.parse().unwrap()).collect();
        let all: u64 = networks.iter().map(size).sum();
        Chunk {
            networks,
            exclude: exclude.iter().map(|ip| ip.parse().unwrap()).collect(),
            addresses: all as u32 - exclude.len() as u32,
        }
    }

    fn addresses(chunk: &Chunk) -> BTreeSet<IpAddr> {
        let all = chunk.networks.iter().flat_map(IpNetwork::iter);
        all.filter(|ip| !chunk.exclude.contains(ip)).collect()
    }

    #[test]
    fn how_far_an_address_is_leaves_out_what_is_excluded() {
        for (whole, ip, expected) in [
            (chunk(&["10.0.0.0/24"], &["10.0.0.3"]), "10.0.0.2", 3),
            (chunk(&["10.0.0.0/24"], &["10.0.0.3"]), "10.0.0.4", 4),
            (chunk(&["10.0.0.0/24"], &["10.0.0.3"]), "10.0.0.255", 255),
            (chunk(&["10.0.0.0/30", "10.0.0.9/32"], &[]), "10.0.0.9", 5),
            (chunk(&["10.0.0.0/30", "10.0.0.9/32"], &[]), "10.0.0.8", 4),
            (chunk(&["fd00::1/128", "fd00::9/128"], &[]), "fd00::1", 1),
            (chunk(&["10.0.1.0/24"], &[]), "10.0.0.1", 0),
        ] {
            let ip = ip.parse().unwrap();
            assert_eq!(whole.addresses_up_to(ip), expected, "{ip} in {whole:?}");
        }
    }

    #[test]
    fn pieces_hold_the_same_addresses_once_each() {
        let single: Vec<String> = (0..700)
            .map(|n| format!("10.9.{}.{}/32", n / 200, n % 200))
            .collect();
        let single: Vec<&str> = single.iter().map(String::as_str).collect();
        for whole in [
            chunk(&["10.0.0.0/22"], &["10.0.1.5", "10.0.3.255"]),
            chunk(
                &["10.0.0.0/22", "10.0.8.7/32", "10.0.9.0/25"],
                &["10.0.9.1"],
            ),
            chunk(&single, &[]),
            chunk(&["10.0.0.0/30"], &["10.0.0.1"]),
            chunk(&["fd00::1/128", "fd00::2/128"], &[]),
        ] {
            let pieces = whole.pieces(256);
            assert!(
                pieces
                    .iter()
                    .all(|piece| piece.addresses <= 256 && piece.addresses > 0)
            );
            let sum: u32 = pieces.iter().map(|piece| piece.addresses).sum();
            assert_eq!(sum, whole.addresses);
            let all: BTreeSet<_> = pieces.iter().flat_map(addresses).collect();
            assert_eq!(all, addresses(&whole));
            assert_eq!(
                all.len(),
                whole.addresses as usize,
                "nobody is in two pieces"
            );
        }
    }

    #[test]
    fn a_piece_that_is_excluded_whole_vanishes() {
        let exclude: Vec<String> = (0..256).map(|n| format!("10.0.1.{n}")).collect();
        let exclude: Vec<&str> = exclude.iter().map(String::as_str).collect();
        let pieces = chunk(&["10.0.0.0/23"], &exclude).pieces(256);
        assert_eq!(pieces.len(), 1);
        assert_eq!(pieces[0].networks, ["10.0.0.0/24".parse().unwrap()]);
    }
}
