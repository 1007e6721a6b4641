//! The kernel's tables of routes and neighbours. Tolerant: a line that isn't understood says nothing.

use std::net::{IpAddr, Ipv4Addr};

use fieldscan_core::host::Mac;

/// A default route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DefaultRoute {
    pub(super) interface: String,
    pub(super) gateway: Option<IpAddr>,
    metric: u32,
}

const UP: u32 = 1;
const VIA_GATEWAY: u32 = 2;

/// The default routes in `/proc/net/route`, the one that is taken first at the beginning.
pub(super) fn default_routes(table: &str) -> Vec<DefaultRoute> {
    let mut routes: Vec<_> = table.lines().filter_map(default_route).collect();
    routes.sort_by_key(|route| route.metric);
    routes
}

/// `Iface Destination Gateway Flags RefCnt Use Metric Mask …`, addresses as the kernel has them in memory.
fn default_route(line: &str) -> Option<DefaultRoute> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [
        interface,
        destination,
        gateway,
        flags,
        _,
        _,
        metric,
        mask,
        ..,
    ] = fields.as_slice()
    else {
        return None;
    };
    let number = |text: &str| u32::from_str_radix(text, 16).ok();
    let flags = number(flags)?;
    if number(destination)? != 0 || number(mask)? != 0 || flags & UP == 0 {
        return None;
    }
    let gateway = Ipv4Addr::from(number(gateway)?.to_ne_bytes());
    Some(DefaultRoute {
        interface: (*interface).to_owned(),
        gateway: (flags & VIA_GATEWAY != 0).then_some(gateway.into()),
        metric: metric.parse().ok()?,
    })
}

const COMPLETE: u32 = 2;

/// The MAC of a neighbour in `/proc/net/arp`: `IP address, HW type, Flags, HW address, Mask, Device`.
pub(super) fn neighbour(table: &str, interface: &str, ip: IpAddr) -> Option<Mac> {
    table.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [address, _, flags, mac, _, device] = fields.as_slice() else {
            return None;
        };
        let flags = u32::from_str_radix(flags.strip_prefix("0x")?, 16).ok()?;
        let is_it = *device == interface && address.parse() == Ok(ip) && flags & COMPLETE != 0;
        let mac: Mac = mac.parse().ok().filter(|_| is_it)?;
        (mac.0 != [0; 6]).then_some(mac)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A laptop on Wi-Fi and cable, with a tunnel.
    const ROUTES: &str = "\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT                                                       
wlp3s0\t00000000\t01B2A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0                                                                         
enp0s31f6\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0                                                                      
tun0\t00000000\t00000000\t0001\t0\t0\t700\t00000000\t0\t0\t0                                                                           
tun0\t00000000\t01000A0A\t0003\t0\t0\t50\t00000080\t0\t0\t0                                                                            
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0                                                                          
";

    #[test]
    fn the_default_route_with_the_lowest_metric_comes_first() {
        let routes = default_routes(ROUTES);
        let found: Vec<_> = routes
            .iter()
            .map(|route| (route.interface.as_str(), route.gateway))
            .collect();
        let ip = |text: &str| Some(text.parse().unwrap());
        // The table is in the byte order of the machine on which it was taken down.
        if cfg!(target_endian = "little") {
            assert_eq!(
                found,
                [
                    ("enp0s31f6", ip("10.0.0.1")),
                    ("wlp3s0", ip("192.168.178.1")),
                    ("tun0", None),
                ],
                "half a default route (0.0.0.0/1 or 128.0.0.0/1) is none, nor is the network of a bridge"
            );
        }
        assert_eq!(default_routes("garbage\n\0"), [], "says nothing");
    }

    const NEIGHBOURS: &str = "\
IP address       HW type     Flags       HW address            Mask     Device
10.0.0.1         0x1         0x2         00:16:3e:01:02:03     *        enp0s31f6
10.0.0.1         0x1         0x2         00:16:3e:0a:0b:0c     *        wlp3s0
10.0.0.7         0x1         0x0         00:00:00:00:00:00     *        enp0s31f6
10.0.0.8         0x1         0x2         00:00:00:00:00:00     *        enp0s31f6
";

    #[test]
    fn a_neighbour_has_its_mac_on_its_own_link() {
        let mac = |interface, ip: &str| neighbour(NEIGHBOURS, interface, ip.parse().unwrap());
        assert_eq!(
            mac("wlp3s0", "10.0.0.1"),
            "00:16:3e:0a:0b:0c".parse().ok(),
            "the same address on another link is another machine"
        );
        assert_eq!(
            mac("enp0s31f6", "10.0.0.7"),
            None,
            "nobody has answered yet"
        );
        assert_eq!(mac("enp0s31f6", "10.0.0.8"), None, "no MAC is none");
        assert_eq!(mac("enp0s31f6", "10.0.0.9"), None, "never asked for");
    }
}
