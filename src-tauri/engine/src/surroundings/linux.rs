//! Linux: the kernel's tables for the place, and NetworkManager, UPower and logind on the system bus where they are.
//!
//! On a server none of the three may be there: then only the tables are read, when the kernel says that routes changed.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, UdpSocket},
    time::Duration,
};

use fieldscan_core::place::{Link, Surroundings};
use ipnetwork::{IpNetwork, Ipv4Network};

use self::{bus::Bus, routes::Routes};
use super::{Change, System};

mod bus;
mod routes;
mod tables;

/// How often it is looked again although nobody said that anything changed, where the kernel tells of routes.
const SELDOM: Duration = Duration::from_secs(600);
/// The same where it doesn't, or while a gateway's MAC is not known.
const NOW_AND_THEN: Duration = Duration::from_secs(30);
/// How long a gateway may take to say its MAC.
const ANSWERS_WITHIN: Duration = Duration::from_millis(300);
const GLANCE: Duration = Duration::from_millis(30);
/// The port "discard". Any would do.
const DISCARD: u16 = 9;

/// A Linux machine.
#[derive(Debug)]
pub(super) struct Linux {
    bus: Option<Bus>,
    routes: Option<Routes>,
    /// A link whose gateway has not said its MAC.
    unresolved: bool,
}

impl Linux {
    /// Listens to what tells of changes, as far as it is there.
    pub(super) async fn start() -> Self {
        let routes = Routes::listen();
        Self {
            bus: Bus::connect().await,
            routes: routes
                .inspect_err(|error| tracing::debug!(%error, "the kernel tells of no routes"))
                .ok(),
            unresolved: false,
        }
    }

    /// The links with a default route.
    pub(super) async fn links() -> Vec<Link> {
        let mut links = read_links();
        let unresolved: Vec<IpAddr> = links.iter().filter_map(unresolved).collect();
        if unresolved.is_empty() {
            return links;
        }
        unresolved.into_iter().for_each(have_asked);
        let until = tokio::time::Instant::now() + ANSWERS_WITHIN;
        while links.iter().any(unresolved_gateway) && tokio::time::Instant::now() < until {
            tokio::time::sleep(GLANCE).await;
            links = read_links();
        }
        links
    }
}

impl System for Linux {
    async fn look(&mut self) -> Surroundings {
        if self.bus.is_none() {
            self.bus = Bus::connect().await;
        }
        let networks = Self::links().await;
        self.unresolved = networks.iter().any(unresolved_gateway);
        let said = match &self.bus {
            Some(bus) => bus.ask().await,
            None => Default::default(),
        };
        Surroundings {
            // NetworkManager doesn't count what it doesn't manage.
            online: said.online.filter(|online| *online || networks.is_empty()),
            networks,
            metered: said.metered,
            battery: said.battery,
        }
    }

    async fn changed(&mut self) -> Change {
        let again = match (&self.routes, self.unresolved) {
            (Some(_), false) => SELDOM,
            (Some(_), true) | (None, _) => NOW_AND_THEN,
        };
        let of_bus = async {
            match &mut self.bus {
                Some(bus) => bus.changed().await,
                None => std::future::pending().await,
            }
        };
        let of_routes = async {
            match &mut self.routes {
                Some(routes) => routes.changed().await,
                None => std::future::pending().await,
            }
        };
        let change = tokio::select! {
            change = of_bus => change,
            () = of_routes => Some(Change::Something),
            () = tokio::time::sleep(again) => Some(Change::Something),
        };
        change.unwrap_or_else(|| {
            // The bus is gone; there may be another one.
            self.bus = None;
            Change::Something
        })
    }
}

/// Only IPv4: the kernel has no table of IPv6 neighbours to be read. A place without IPv4 is not known.
fn read_links() -> Vec<Link> {
    let routes = fs::read_to_string("/proc/net/route").unwrap_or_default();
    let neighbours = fs::read_to_string("/proc/net/arp").unwrap_or_default();
    let addresses = addresses();
    let mut links: Vec<Link> = Vec::new();
    for route in tables::default_routes(&routes) {
        if links.iter().any(|link| link.interface == route.interface) {
            continue;
        }
        let own = addresses
            .iter()
            .filter(|(name, _)| *name == route.interface);
        let gateway = route.gateway;
        links.push(Link {
            prefixes: own.map(|(_, network)| *network).collect(),
            gateway,
            gateway_mac: gateway
                .and_then(|ip| tables::neighbour(&neighbours, &route.interface, ip)),
            interface: route.interface,
        });
    }
    links
}

/// The interfaces' IPv4 networks.
fn addresses() -> Vec<(String, IpNetwork)> {
    let Ok(interfaces) = nix::ifaddrs::getifaddrs() else {
        return Vec::new();
    };
    let network = |interface: nix::ifaddrs::InterfaceAddress| {
        let ip = interface.address?.as_sockaddr_in()?.ip();
        let mask = interface.netmask?.as_sockaddr_in()?.ip();
        let network = Ipv4Network::with_netmask(ip, mask).ok()?;
        let network = Ipv4Network::new(network.network(), network.prefix()).ok()?;
        Some((interface.interface_name, IpNetwork::V4(network)))
    };
    interfaces.filter_map(network).collect()
}

/// The gateway of a link, while its MAC is not known; a gateway in no network of the link is a tunnel's, and has none.
fn unresolved(link: &Link) -> Option<IpAddr> {
    let gateway = link.gateway.filter(|_| link.gateway_mac.is_none())?;
    let is_neighbour = link.prefixes.iter().any(|prefix| prefix.contains(gateway));
    is_neighbour.then_some(gateway)
}

fn unresolved_gateway(link: &Link) -> bool {
    unresolved(link).is_some()
}

/// Has the kernel ask a neighbour for its MAC, as it does before it sends anything: an empty datagram that goes no further.
fn have_asked(gateway: IpAddr) {
    let sent = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).and_then(|socket| {
        socket.set_ttl(1)?;
        socket.set_nonblocking(true)?;
        socket.send_to(&[], (gateway, DISCARD))
    });
    if let Err(error) = sent {
        tracing::debug!(%error, "the gateway could not be asked for its MAC");
    }
}
