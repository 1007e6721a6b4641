//! Which of many networks hold an address, in logarithmic time.

use std::net::IpAddr;

use ipnetwork::IpNetwork;

/// Ranges of addresses, first to last, sorted and without overlap.
#[derive(Debug)]
pub(super) struct Ranges(Vec<(IpAddr, IpAddr)>);

impl Ranges {
    pub(super) fn of(networks: &[IpNetwork]) -> Self {
        let mut all: Vec<_> = networks
            .iter()
            .map(|network| match network {
                IpNetwork::V4(v4) => (v4.network().into(), v4.broadcast().into()),
                IpNetwork::V6(v6) => (v6.network().into(), v6.broadcast().into()),
            })
            .collect();
        all.sort_unstable();
        // Networks are nested or apart: the first of those that begin
        // together need not be the largest, but an outer one never ends before.
        let mut ranges: Vec<(IpAddr, IpAddr)> = Vec::with_capacity(all.len());
        for (first, last) in all {
            match ranges.last_mut() {
                Some(previous) if first <= previous.1 => previous.1 = previous.1.max(last),
                _ => ranges.push((first, last)),
            }
        }
        Self(ranges)
    }

    pub(super) fn contain(&self, ip: IpAddr) -> bool {
        let after = self.0.partition_point(|(first, _)| *first <= ip);
        after.checked_sub(1).is_some_and(|at| ip <= self.0[at].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_and_neighbouring_networks_hold_what_they_should() {
        let networks = ["10.0.0.0/24", "10.0.0.0/16", "10.2.0.0/30", "fd00::/64"];
        let networks: Vec<IpNetwork> = networks.iter().map(|n| n.parse().unwrap()).collect();
        let ranges = Ranges::of(&networks);
        let probes = [
            "9.255.255.255",
            "10.0.0.0",
            "10.0.255.255",
            "10.1.0.0",
            "10.2.0.3",
        ];
        let more = ["10.2.0.4", "255.255.255.255", "fd00::1", "fd00:0:0:1::"];
        for probe in probes.iter().chain(&more) {
            let ip: IpAddr = probe.parse().unwrap();
            let expected = networks.iter().any(|network| network.contains(ip));
            assert_eq!(ranges.contain(ip), expected, "{probe}");
        }
    }
}
