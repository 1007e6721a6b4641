//! What the simulated network answers to each frame: a pure function of the
//! layout, the frames before, and the time it is given.
//!
//! No I/O and no clock; `tap` brings the frames and carries the answers.

use std::{
    collections::{BTreeSet, HashMap},
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use anyhow::Result;
use ipnetwork::IpNetwork;

use super::{
    answering::{Answering, unreachable},
    counters::{Counters, Kind, Meter, Probes},
    dns::NameServer,
    layout::{Behaviour, Host, Layout, Mac, Quality},
    random::Random,
    ranges::Ranges,
    wire::{self, ArpRequest, Envelope, Ethernet, Packet},
};

/// A frame on its way to the scanner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// When it arrives, on the clock of the frame it answers.
    pub at: Duration,
    /// The Ethernet frame.
    pub frame: Vec<u8>,
}

/// The hosts, the gateway and the name servers, as they are now.
///
/// May be changed while a network runs: see
/// [`Network::site`](super::Network::site).
#[derive(Debug)]
pub struct Site {
    hosts: HashMap<IpAddr, Host>,
    name_servers: HashMap<IpAddr, NameServer>,
    gateways: Vec<IpAddr>,
    gateway_mac: Option<Mac>,
    on_link: Ranges,
    proxied: Ranges,
    routed: Ranges,
    quality: Quality,
    subnet_quality: Vec<(IpNetwork, Quality)>,
    unreachable: bool,
    seed: u64,
    random: Random,
    meter: Meter,
    asked: BTreeSet<IpAddr>,
}

/// Where an IP packet arrived.
struct Arrival {
    /// The MAC that its answer comes from.
    mac: Mac,
    via_gateway: bool,
}

impl Site {
    /// # Errors
    /// When a part of the layout could never be reached.
    pub fn new(layout: &Layout) -> Result<Self> {
        layout.check()?;
        let gateway_mac = layout
            .gateways
            .first()
            .map(|ip| layout.gateway_mac.unwrap_or(Mac::of(*ip)));
        let mut hosts = layout.hosts.clone();
        for (ip, mac) in layout.gateways.iter().zip(gateway_mac.iter().cycle()) {
            let host = hosts.entry(*ip).or_insert_with(|| Host::new(*ip));
            host.macs = vec![*mac];
        }
        for ip in layout.name_servers.keys() {
            hosts.entry(*ip).or_insert_with(|| Host::new(*ip));
        }
        Ok(Self {
            hosts,
            name_servers: layout.name_servers.clone(),
            gateways: layout.gateways.clone(),
            gateway_mac,
            on_link: Ranges::of(&layout.links),
            proxied: Ranges::of(&layout.proxied),
            routed: Ranges::of(&layout.routed),
            quality: layout.quality,
            subnet_quality: layout.subnet_quality.clone(),
            unreachable: layout.unreachable,
            seed: layout.seed,
            random: Random::new(layout.seed),
            meter: Meter::default(),
            asked: BTreeSet::new(),
        })
    }

    /// Adds a host, or changes the one at its address, its MACs included.
    pub fn set_host(&mut self, host: Host) {
        if self.gateways.contains(&host.ip) {
            self.gateway_mac = host.macs.first().copied();
        }
        self.hosts.insert(host.ip, host);
    }

    /// Takes a host off the network. What is behind a gateway goes with it.
    pub fn remove_host(&mut self, ip: impl Into<IpAddr>) {
        self.hosts.remove(&ip.into());
    }

    /// Changes the quality of the whole network, except for subnets that have
    /// one of their own.
    pub fn set_quality(&mut self, quality: Quality) {
        self.quality = quality;
    }

    /// Changes the quality of one subnet.
    pub fn set_subnet_quality(&mut self, subnet: IpNetwork, quality: Quality) {
        self.subnet_quality.retain(|(other, _)| *other != subnet);
        self.subnet_quality.push((subnet, quality));
    }

    /// The name server at an address of the layout.
    pub fn name_server(&mut self, ip: impl Into<IpAddr>) -> Option<&mut NameServer> {
        self.name_servers.get_mut(&ip.into())
    }

    /// What has been seen so far. Overruns are the device's to count and 0 here.
    pub fn counters(&self) -> Counters {
        self.meter.counters
    }

    /// What was sent to one address, or asked about it, whether or not there is a host.
    pub fn probes_of(&self, ip: impl Into<IpAddr>) -> Probes {
        self.meter.of_address(ip.into())
    }

    /// Begins the counts anew.
    pub fn reset_counters(&mut self) {
        self.meter.reset();
        self.asked.clear();
    }

    /// The addresses that packets were for, or that were asked for by ARP or
    /// neighbour solicitation, whether or not somebody is there.
    pub fn asked(&self) -> &BTreeSet<IpAddr> {
        &self.asked
    }

    /// The answers to one frame, which arrived at `now`. None, mostly one, and
    /// more for an address that several devices claim.
    pub fn answer(&mut self, frame: &[u8], now: Duration) -> Vec<Reply> {
        let (kind, answered_for, frames) = self.react(frame);
        self.meter.record(kind, frame.len(), now);
        let Some(ip) = answered_for else {
            return Vec::new();
        };
        self.meter.record_address(kind, ip);
        self.asked.insert(ip);
        if frames.is_empty() {
            return Vec::new();
        }
        let quality = self.quality_of(ip);
        if self.random.happens(quality.loss) {
            return Vec::new();
        }
        let mut replies = Vec::with_capacity(frames.len());
        for frame in frames {
            if self.random.happens(quality.loss) {
                continue;
            }
            let jitter = quality.jitter.mul_f64(self.random.share() * 2.0);
            let delay = (quality.latency + jitter).saturating_sub(quality.jitter);
            replies.push(Reply {
                at: now + delay,
                frame,
            });
        }
        self.meter.counters.replies += replies.len() as u64;
        replies
    }

    /// What kind of packet it is, the address it is about, and the answers on
    /// a perfect network.
    fn react(&self, frame: &[u8]) -> (Kind, Option<IpAddr>, Vec<Vec<u8>>) {
        const OTHER: (Kind, Option<IpAddr>, Vec<Vec<u8>>) = (Kind::Other, None, Vec::new());
        let Some(ethernet) = Ethernet::read(frame) else {
            return OTHER;
        };
        if ethernet.kind == wire::ETHER_ARP {
            let Some(request) = ArpRequest::read(ethernet.payload) else {
                return OTHER;
            };
            let target = IpAddr::V4(request.target);
            let macs = self.claimants(target, ethernet.to);
            let replies = macs.map(|mac| request.reply(ethernet.from, mac)).collect();
            return (Kind::Arp, Some(target), replies);
        }
        let Some(packet) = Packet::read(ethernet.kind, ethernet.payload) else {
            return OTHER;
        };
        if ethernet.kind == wire::ETHER_IPV6
            && let Some(solicitation) = Solicitation::read(&packet)
        {
            let macs = self.claimants(solicitation.target.into(), ethernet.to);
            let replies = macs.filter_map(|mac| self.advertise(&solicitation, ethernet.from, mac));
            return (
                Kind::Arp,
                Some(solicitation.target.into()),
                replies.collect(),
            );
        }
        if ethernet.to.is_group() {
            return OTHER;
        }
        let kind = match packet.protocol {
            wire::ICMP | wire::ICMPV6 => Kind::Icmp,
            wire::TCP => Kind::Tcp,
            wire::UDP => Kind::Udp,
            _ => return OTHER,
        };
        let reply = self.arrival(packet.to, ethernet.to).and_then(|arrival| {
            let envelope = Envelope {
                to_mac: ethernet.from,
                from_mac: arrival.mac,
                from: packet.to,
                to: packet.from,
                ttl: if arrival.via_gateway { 63 } else { 64 },
            };
            match self.hosts.get(&packet.to) {
                Some(host) => {
                    let server = self.name_servers.get(&packet.to);
                    Answering {
                        host,
                        server,
                        seed: self.seed,
                    }
                    .answer(&packet, envelope)
                }
                None if self.unreachable => self.no_such_host(&packet, envelope),
                None => None,
            }
        });
        (kind, Some(packet.to), reply.into_iter().collect())
    }

    /// The MACs that say they have an address when `asked` (a group, or one
    /// of them alone) hears the question.
    fn claimants(&self, ip: IpAddr, asked: Mac) -> impl Iterator<Item = Mac> {
        let macs = if self.proxied.contain(ip) && !self.gateways.contains(&ip) {
            self.gateway_mac.as_ref().map(std::slice::from_ref)
        } else if self.on_link.contain(ip) {
            let host = self
                .hosts
                .get(&ip)
                .filter(|host| host.behaviour != Behaviour::Silent);
            host.map(|host| &*host.macs)
        } else {
            None
        };
        let macs = macs.unwrap_or_default().iter().copied();
        macs.filter(move |mac| asked.is_group() || asked == *mac)
    }

    /// Whether a packet for `ip`, sent to the MAC `to`, reaches the place
    /// where a host of that address is or would be.
    fn arrival(&self, ip: IpAddr, to: Mac) -> Option<Arrival> {
        let local = !self.proxied.contain(ip) && self.on_link.contain(ip);
        if local || self.gateways.contains(&ip) {
            let host = self.hosts.get(&ip)?;
            host.macs.contains(&to).then_some(Arrival {
                mac: to,
                via_gateway: false,
            })
        } else {
            let mac = self.gateway_mac.filter(|mac| *mac == to)?;
            let behind = self.routed.contain(ip) || self.proxied.contain(ip);
            let forwards = self
                .gateways
                .iter()
                .any(|gateway| self.hosts.contains_key(gateway));
            (behind && forwards).then_some(Arrival {
                mac,
                via_gateway: true,
            })
        }
    }

    /// The gateway's "host unreachable".
    fn no_such_host(&self, packet: &Packet<'_>, envelope: Envelope) -> Option<Vec<u8>> {
        let gateway = self
            .gateways
            .iter()
            .find(|ip| ip.is_ipv4() == packet.to.is_ipv4())?;
        unreachable(
            packet,
            Envelope {
                from: *gateway,
                ttl: 64,
                ..envelope
            },
            1,
            3,
        )
    }

    fn advertise(&self, asked: &Solicitation, to: Mac, mac: Mac) -> Option<Vec<u8>> {
        let router = if self.gateway_mac == Some(mac) {
            0x80
        } else {
            0
        };
        // Solicited, override.
        let mut message = vec![136, 0, 0, 0, router | 0x60, 0, 0, 0];
        message.extend(asked.target.octets());
        message.extend([2, 1]);
        message.extend(mac.0);
        let envelope = Envelope {
            to_mac: to,
            from_mac: mac,
            from: asked.target.into(),
            to: asked.sender,
            ttl: 255,
        };
        envelope.seal(wire::ICMPV6, message)
    }

    fn quality_of(&self, ip: IpAddr) -> Quality {
        let own = self
            .subnet_quality
            .iter()
            .rev()
            .find(|(subnet, _)| subnet.contains(ip));
        own.map_or(self.quality, |(_, quality)| *quality)
    }
}

/// An IPv6 neighbour solicitation (RFC 4861) from an address, which duplicate
/// address detection has not.
struct Solicitation {
    sender: IpAddr,
    target: Ipv6Addr,
}

impl Solicitation {
    fn read(packet: &Packet<'_>) -> Option<Self> {
        let message = packet.payload.first_chunk::<24>()?;
        let is_one = packet.protocol == wire::ICMPV6 && message[0] == 135;
        if !is_one || packet.from.is_unspecified() {
            return None;
        }
        let target = Ipv6Addr::from(*message[8..].first_chunk::<16>()?);
        Some(Self {
            sender: packet.from,
            target,
        })
    }
}

#[cfg(test)]
#[path = "site_tests.rs"]
mod tests;
