//! Whether packets to a chunk would leave this machine. nmap itself calls a scan without a route a success with nobody up.
//! Sends nothing.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    time::Duration,
};

use fieldscan_core::plan::{Chunk, Place};
use ipnetwork::IpNetwork;
use tokio::time::{Instant, sleep};

/// How long a link may be without a carrier before that is believed: the kernel tells of a new one up to a second late.
const SETTLE: Duration = Duration::from_millis(1500);

/// Whether there is a way to all networks of the chunk.
pub(super) async fn exists(chunk: &Chunk) -> bool {
    let deadline = Instant::now() + SETTLE;
    loop {
        let ways: Vec<Way> = chunk
            .networks
            .iter()
            .map(|network| way_to(inside(network)))
            .collect();
        if ways.contains(&Way::None) {
            return false;
        }
        if !ways.contains(&Way::DeadLink) {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        sleep(SETTLE / 15).await;
    }
}

/// Where the addresses of a chunk are. All of them must be on a link to be asked by ARP.
pub(super) fn place(chunk: &Chunk) -> Place {
    let links = links();
    let on_link = |network: &IpNetwork| {
        let mut around = links.iter();
        network.is_ipv4() && around.any(|link| inside_of(network, link))
    };
    match chunk.networks.iter().all(on_link) {
        true => Place::Link,
        false => Place::Behind,
    }
}

/// Whether any address of the networks may be on a link of this machine: whoever connects to it has the system ask for its
/// MAC.
pub(super) fn touches_link(networks: &[IpNetwork]) -> bool {
    // What a system doesn't tell may be.
    if cfg!(not(unix)) {
        return true;
    }
    let links = links();
    let touches = |network: &IpNetwork| {
        let mut around = links.iter();
        around.any(|link| inside_of(network, link) || inside_of(link, network))
    };
    networks.iter().any(touches)
}

fn inside_of(inner: &IpNetwork, outer: &IpNetwork) -> bool {
    outer.prefix() <= inner.prefix() && outer.contains(inner.ip())
}

/// The networks of this machine's Ethernet-like interfaces. nmap asks by ARP only there.
#[cfg(unix)]
fn links() -> Vec<IpNetwork> {
    use nix::net::if_::InterfaceFlags;

    let Ok(interfaces) = nix::ifaddrs::getifaddrs() else {
        return Vec::new();
    };
    let without_arp =
        InterfaceFlags::IFF_LOOPBACK | InterfaceFlags::IFF_POINTOPOINT | InterfaceFlags::IFF_NOARP;
    interfaces
        .filter(|interface| !interface.flags.intersects(without_arp))
        .filter_map(|interface| {
            let (address, mask) = (interface.address?, interface.netmask?);
            if let (Some(ip), Some(mask)) = (address.as_sockaddr_in(), mask.as_sockaddr_in()) {
                let network = ipnetwork::Ipv4Network::with_netmask(ip.ip(), mask.ip());
                return Some(IpNetwork::V4(network.ok()?));
            }
            let (ip, mask) = (
                address.as_sockaddr_in6()?.ip(),
                mask.as_sockaddr_in6()?.ip(),
            );
            let prefix = mask.to_bits().leading_ones() as u8;
            Some(IpNetwork::V6(ipnetwork::Ipv6Network::new(ip, prefix).ok()?))
        })
        .collect()
}

/// Not asked for elsewhere: nmap repeats ARP by itself then.
#[cfg(not(unix))]
fn links() -> Vec<IpNetwork> {
    Vec::new()
}

/// What the routing table has for an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
    /// A route over an interface without a carrier.
    DeadLink,
    None,
}

/// An address of the network, not the first one where there are others: to that one no packet may be sent.
fn inside(network: &IpNetwork) -> IpAddr {
    network.iter().nth(1).unwrap_or(network.ip())
}

fn way_to(ip: IpAddr) -> Way {
    match source_for(ip) {
        Ok(source) if on_dead_link(source) => Way::DeadLink,
        Ok(_) => Way::Open,
        Err(error) if is_no_route(&error) => Way::None,
        Err(_) => Way::Open,
    }
}

/// The address from which packets to `ip` would be sent, by the routing table: connecting a UDP socket sends none.
fn source_for(ip: IpAddr) -> io::Result<IpAddr> {
    let any: IpAddr = match ip {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
    // Port 9 is "discard"; any would do.
    socket.connect(SocketAddr::new(ip, 9))?;
    Ok(socket.local_addr()?.ip())
}

/// Other errors (a broadcast address, no sockets left) say nothing about the route, so nmap is to find out.
fn is_no_route(error: &io::Error) -> bool {
    use io::ErrorKind::{
        AddrNotAvailable, HostUnreachable, InvalidInput, NetworkDown, NetworkUnreachable,
        Unsupported,
    };

    // A blackhole route, or a link-local address without its link, is an invalid argument.
    let kinds = [
        AddrNotAvailable,
        HostUnreachable,
        InvalidInput,
        NetworkDown,
        NetworkUnreachable,
        Unsupported,
    ];
    #[cfg(unix)]
    let no_family = error.raw_os_error() == Some(nix::errno::Errno::EAFNOSUPPORT as i32);
    #[cfg(not(unix))]
    let no_family = false;
    no_family || kinds.contains(&error.kind())
}

/// Whether the interface with that address has no carrier: its routes stay when the cable is pulled.
#[cfg(target_os = "linux")]
fn on_dead_link(source: IpAddr) -> bool {
    use nix::net::if_::InterfaceFlags;

    let Ok(interfaces) = nix::ifaddrs::getifaddrs() else {
        return false;
    };
    let mut owners = interfaces
        .filter(|interface| {
            interface.address.is_some_and(|address| {
                let v4 = address
                    .as_sockaddr_in()
                    .map(|address| IpAddr::V4(address.ip()));
                let v6 = address
                    .as_sockaddr_in6()
                    .map(|address| IpAddr::V6(address.ip()));
                v4.or(v6) == Some(source)
            })
        })
        .peekable();
    owners.peek().is_some()
        && owners.all(|interface| !interface.flags.contains(InterfaceFlags::IFF_RUNNING))
}

/// Elsewhere the routes go with the link.
#[cfg(not(target_os = "linux"))]
fn on_dead_link(_source: IpAddr) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_that_is_tried_lies_inside() {
        for (network, ip) in [
            ("10.0.0.0/24", "10.0.0.1"),
            ("10.0.0.7/32", "10.0.0.7"),
            ("10.0.0.8/31", "10.0.0.9"),
            ("fd00::5/128", "fd00::5"),
        ] {
            assert_eq!(
                inside(&network.parse().unwrap()),
                ip.parse::<IpAddr>().unwrap(),
                "of {network}"
            );
        }
    }

    #[test]
    fn loopback_is_no_link_on_which_arp_is_asked() {
        let chunk = Chunk {
            networks: vec!["127.0.0.0/24".parse().unwrap()],
            exclude: Vec::new(),
            addresses: 256,
        };
        assert_eq!(place(&chunk), Place::Behind);
    }

    #[test]
    fn loopback_has_a_route() {
        assert_eq!(way_to(Ipv4Addr::LOCALHOST.into()), Way::Open);
    }
}
