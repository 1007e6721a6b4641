//! Counts of what a scanner sent, and how fast.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    time::Duration,
};

/// What has been seen from the scanner since the start or the last reset.
///
/// The kernel's own packets (resolving the gateway, closing connections) are
/// the scanner's too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// ARP requests and IPv6 neighbour solicitations.
    pub arp: u64,
    /// ICMP and ICMPv6.
    pub icmp: u64,
    /// TCP segments.
    pub tcp: u64,
    /// UDP datagrams, DNS queries among them.
    pub udp: u64,
    /// Whatever else the kernel sends: multicast, router solicitations. Not
    /// part of the bytes and of the peak.
    pub other: u64,
    /// Bytes of the packets above, with their Ethernet headers.
    pub bytes: u64,
    /// Answers given; those that were lost on their way are not among them.
    pub replies: u64,
    /// The most packets in any one second: exactly, over a window that ends
    /// at each packet, by the time at which packets were read.
    pub peak_per_second: u64,
    /// Frames that the kernel dropped because the simulation was too slow to
    /// read them. Anything but 0 spoils a measurement.
    pub overruns: u64,
}

impl Counters {
    /// Packets of all four kinds.
    pub fn packets(&self) -> u64 {
        self.arp + self.icmp + self.tcp + self.udp
    }
}

/// What has been sent to, or asked about, one address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Probes {
    /// ARP requests and IPv6 neighbour solicitations for it.
    pub arp: u64,
    /// ICMP and ICMPv6 to it.
    pub icmp: u64,
    /// TCP segments to it.
    pub tcp: u64,
    /// UDP datagrams to it.
    pub udp: u64,
}

/// Kinds of packets that are counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Arp,
    Icmp,
    Tcp,
    Udp,
    Other,
}

#[derive(Debug, Default)]
pub(super) struct Meter {
    pub(super) counters: Counters,
    by_address: HashMap<IpAddr, Probes>,
    last_second: VecDeque<Duration>,
}

impl Meter {
    pub(super) fn record(&mut self, kind: Kind, bytes: usize, now: Duration) {
        let counters = &mut self.counters;
        match kind {
            Kind::Arp => counters.arp += 1,
            Kind::Icmp => counters.icmp += 1,
            Kind::Tcp => counters.tcp += 1,
            Kind::Udp => counters.udp += 1,
            Kind::Other => {
                counters.other += 1;
                return;
            }
        }
        counters.bytes += bytes as u64;
        self.last_second.push_back(now);
        while self
            .last_second
            .front()
            .is_some_and(|at| *at + Duration::from_secs(1) <= now)
        {
            self.last_second.pop_front();
        }
        counters.peak_per_second = counters.peak_per_second.max(self.last_second.len() as u64);
    }

    /// Counts a packet for the address that it is about.
    pub(super) fn record_address(&mut self, kind: Kind, ip: IpAddr) {
        let probes = self.by_address.entry(ip).or_default();
        match kind {
            Kind::Arp => probes.arp += 1,
            Kind::Icmp => probes.icmp += 1,
            Kind::Tcp => probes.tcp += 1,
            Kind::Udp => probes.udp += 1,
            Kind::Other => {}
        }
    }

    pub(super) fn of_address(&self, ip: IpAddr) -> Probes {
        self.by_address.get(&ip).copied().unwrap_or_default()
    }

    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_that_of_the_busiest_second() {
        let mut meter = Meter::default();
        let at = |ms| Duration::from_millis(ms);
        for ms in [0, 900, 950, 1000, 1899, 5000] {
            meter.record(Kind::Tcp, 60, at(ms));
        }
        meter.record(Kind::Other, 60, at(950));
        // 900, 950, 1000, 1899: the second that ends at 1899.
        assert_eq!(meter.counters.peak_per_second, 4);
        assert_eq!(meter.counters.packets(), 6);
        assert_eq!(meter.counters.bytes, 360);
    }
}
