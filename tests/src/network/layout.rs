//! What a simulated network is made of, said by a test before it starts.
//!
//! Nothing here sends or answers; [`Site`](super::Site) does.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    net::IpAddr,
    time::Duration,
};

use anyhow::{Result, ensure};
use ipnetwork::IpNetwork;

use super::dns::NameServer;

/// An Ethernet address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// The address a host has when none is given: locally administered, and
    /// the same for an IP address in every run.
    pub fn of(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => {
                let [a, b, c, d] = ip.octets();
                Self([0x02, 0x00, a, b, c, d])
            }
            IpAddr::V6(ip) => {
                let ip = ip.octets();
                Self([0x06, ip[7], ip[12], ip[13], ip[14], ip[15]])
            }
        }
    }

    /// Whether it addresses a group, as broadcasts do.
    pub fn is_group(self) -> bool {
        self.0[0] & 1 != 0
    }
}

impl fmt::Display for Mac {
    /// As nmap prints it: `02:00:0A:4D:00:05`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02X}:{b:02X}:{c:02X}:{d:02X}:{e:02X}:{g:02X}")
    }
}

/// How a host answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behaviour {
    /// Answers ARP and ICMP, accepts TCP on its open ports and resets the rest.
    #[default]
    Normal,
    /// Answers nothing, not even ARP.
    Silent,
    /// Answers ARP on the link and drops everything else.
    ArpOnly,
    /// Drops ICMP and UDP, and resets every TCP segment.
    RstOnly,
    /// A stateful firewall: drops ICMP, UDP, and whatever is neither to an
    /// open port nor part of a connection to one.
    NoPing,
}

/// One address that something answers at.
#[derive(Clone, Debug)]
pub struct Host {
    pub(super) ip: IpAddr,
    /// The first is the host's own; others claim the same address.
    pub(super) macs: Vec<Mac>,
    pub(super) behaviour: Behaviour,
    pub(super) open: BTreeSet<u16>,
}

impl Host {
    /// A host that behaves normally, without open ports, with [`Mac::of`].
    pub fn new(ip: impl Into<IpAddr>) -> Self {
        let ip = ip.into();
        Self {
            ip,
            macs: vec![Mac::of(ip)],
            behaviour: Behaviour::Normal,
            open: BTreeSet::new(),
        }
    }

    /// Gives it this Ethernet address.
    #[must_use]
    pub fn mac(mut self, mac: Mac) -> Self {
        self.macs[0] = mac;
        self
    }

    /// Lets one more device claim the same IP address: both answer ARP.
    #[must_use]
    pub fn duplicate(mut self, mac: Mac) -> Self {
        self.macs.push(mac);
        self
    }

    /// Says how it answers.
    #[must_use]
    pub fn behaves(mut self, behaviour: Behaviour) -> Self {
        self.behaviour = behaviour;
        self
    }

    /// Opens these TCP ports.
    #[must_use]
    pub fn open(mut self, ports: impl IntoIterator<Item = u16>) -> Self {
        self.open.extend(ports);
        self
    }
}

/// How well packets travel. The default is at once and without loss.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quality {
    /// Time between a probe and its answer.
    pub latency: Duration,
    /// The latency of each answer differs by up to this, either way, uniformly.
    pub jitter: Duration,
    /// Share of packets lost in each direction, 0 to 1: a round trip succeeds
    /// with (1 − loss)².
    pub loss: f64,
}

/// A simulated network, described.
///
/// ```
/// use fieldscan_tests::network::{Behaviour, Host, Layout};
///
/// let layout = Layout::new()
///     .on_link("10.77.0.1/24".parse().unwrap())
///     .gateway([10, 77, 0, 254])
///     .routed("10.78.0.0/24".parse().unwrap())
///     .host(Host::new([10, 77, 0, 5]).open([22, 443]))
///     .host(Host::new([10, 78, 0, 9]).behaves(Behaviour::RstOnly));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Layout {
    pub(super) links: Vec<IpNetwork>,
    pub(super) proxied: Vec<IpNetwork>,
    pub(super) routed: Vec<IpNetwork>,
    pub(super) gateways: Vec<IpAddr>,
    pub(super) gateway_mac: Option<Mac>,
    pub(super) hosts: HashMap<IpAddr, Host>,
    pub(super) name_servers: HashMap<IpAddr, NameServer>,
    pub(super) quality: Quality,
    pub(super) subnet_quality: Vec<(IpNetwork, Quality)>,
    pub(super) unreachable: bool,
    pub(super) seed: u64,
}

impl Layout {
    /// An empty network.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an on-link subnet, as the scanner's own address in it with the
    /// prefix length, for instance `10.77.0.1/24`.
    #[must_use]
    pub fn on_link(mut self, scanner: IpNetwork) -> Self {
        self.links.push(scanner);
        self
    }

    /// Puts a gateway at this on-link address. It routes for its family of
    /// addresses; one for IPv4 and one for IPv6 share a MAC.
    #[must_use]
    pub fn gateway(mut self, ip: impl Into<IpAddr>) -> Self {
        self.gateways.push(ip.into());
        self
    }

    /// Gives the gateway this MAC instead of [`Mac::of`] its first address.
    #[must_use]
    pub fn gateway_mac(mut self, mac: Mac) -> Self {
        self.gateway_mac = Some(mac);
        self
    }

    /// Adds a network behind the gateway.
    #[must_use]
    pub fn routed(mut self, network: IpNetwork) -> Self {
        self.routed.push(network);
        self
    }

    /// Lets the gateway answer ARP for every address in `network`, which is an
    /// on-link subnet or a part of one: its hosts are then behind the gateway.
    #[must_use]
    pub fn proxy_arp(mut self, network: IpNetwork) -> Self {
        self.proxied.push(network);
        self
    }

    /// Lets the gateway say "host unreachable" for addresses behind it at
    /// which there is no host. Without this, they are silent.
    #[must_use]
    pub fn unreachable(mut self) -> Self {
        self.unreachable = true;
        self
    }

    /// Adds a host, or replaces the one at its address.
    #[must_use]
    pub fn host(mut self, host: Host) -> Self {
        self.hosts.insert(host.ip, host);
        self
    }

    /// Adds hosts.
    #[must_use]
    pub fn hosts(mut self, hosts: impl IntoIterator<Item = Host>) -> Self {
        self.hosts
            .extend(hosts.into_iter().map(|host| (host.ip, host)));
        self
    }

    /// Lets the host at this address (a normal one, unless it is described)
    /// answer DNS queries on UDP port 53.
    #[must_use]
    pub fn name_server(mut self, ip: impl Into<IpAddr>, server: NameServer) -> Self {
        self.name_servers.insert(ip.into(), server);
        self
    }

    /// Sets the quality of the whole network.
    #[must_use]
    pub fn quality(mut self, quality: Quality) -> Self {
        self.quality = quality;
        self
    }

    /// Sets the quality of one subnet; of several that hold an address, the
    /// one said last counts.
    #[must_use]
    pub fn subnet_quality(mut self, subnet: IpNetwork, quality: Quality) -> Self {
        self.subnet_quality.push((subnet, quality));
        self
    }

    /// Seeds loss and jitter. The same seed and the same frames give the same
    /// answers.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The gateway's address for the family of `network`.
    pub(super) fn gateway_for(&self, network: &IpNetwork) -> Option<IpAddr> {
        self.gateways
            .iter()
            .copied()
            .find(|ip| ip.is_ipv4() == network.is_ipv4())
    }

    /// Refuses a description in which something could never be reached.
    pub(super) fn check(&self) -> Result<()> {
        let on_link = |ip: &IpAddr| self.links.iter().any(|link| link.contains(*ip));
        for ip in &self.gateways {
            ensure!(on_link(ip), "the gateway {ip} is in no on-link subnet");
        }
        for network in &self.routed {
            ensure!(
                self.gateway_for(network).is_some(),
                "no gateway leads to {network}"
            );
        }
        for network in &self.proxied {
            ensure!(
                self.gateway_for(network).is_some(),
                "no gateway answers ARP for {network}"
            );
        }
        for ip in self.hosts.keys().chain(self.name_servers.keys()) {
            let routed = self.routed.iter().any(|network| network.contains(*ip));
            ensure!(
                on_link(ip) || routed,
                "the host {ip} is in no subnet of the network"
            );
        }
        for link in &self.links {
            let ip = link.ip();
            ensure!(
                !self.hosts.contains_key(&ip),
                "{ip} is the scanner's own address"
            );
        }
        Ok(())
    }
}
