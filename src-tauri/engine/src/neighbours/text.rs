//! The table as macOS's `arp -an` and `ndp -an` print it.
//!
//! They tell no ages: whoever is new in the table has answered since it was read before.

use std::net::{IpAddr, Ipv6Addr};

use fieldscan_core::host::Mac;

use super::{Neighbour, mac};

/// `? (192.168.1.1) at 0:1b:2c:3:4:5 on en0 ifscope [ethernet]`
pub(super) fn arp(said: &str) -> impl Iterator<Item = Neighbour> {
    said.lines().filter_map(|line| {
        let (_, rest) = line.split_once('(')?;
        let (ip, rest) = rest.split_once(") at ")?;
        let mut words = rest.split_whitespace();
        let at = words.next()?;
        if words.any(|word| word == "permanent" || word == "published") {
            return None;
        }
        neighbour(IpAddr::V4(ip.parse().ok()?), at, false)
    })
}

/// `fe80::1%en0    0:1b:2c:3:4:5    en0 23h59m58s S R`, below a line of headings.
pub(super) fn ndp(said: &str) -> impl Iterator<Item = Neighbour> {
    said.lines().skip(1).filter_map(|line| {
        let mut words = line.split_whitespace();
        let (ip, at, _interface) = (words.next()?, words.next()?, words.next()?);
        let (expires, state) = (words.next()?, words.next().unwrap_or_default());
        let ip: Ipv6Addr = ip.split('%').next()?.parse().ok()?;
        // Its own addresses never expire. N is for nobody, I and W for incomplete, D and P for being asked again.
        if expires == "permanent" || state == "N" {
            return None;
        }
        neighbour(IpAddr::V6(ip), at, matches!(state, "D" | "P"))
    })
}

fn neighbour(ip: IpAddr, at: &str, asking: bool) -> Option<Neighbour> {
    let incomplete = at == "(incomplete)";
    let mac = match incomplete {
        true => None,
        false => Some(hardware(at)?),
    };
    Some(Neighbour {
        ip,
        mac,
        asking: asking || incomplete,
        answered: None,
    })
}

/// `0:1b:2c:3:4:5`: leading zeros are left out.
fn hardware(text: &str) -> Option<Mac> {
    let bytes: Option<Vec<u8>> = text
        .split(':')
        .map(|byte| match byte.len() {
            1 | 2 => u8::from_str_radix(byte, 16).ok(),
            _ => None,
        })
        .collect();
    mac(&bytes?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARP: &str = "\
? (192.168.1.1) at 0:1b:2c:3:4:5 on en0 ifscope [ethernet]
? (192.168.1.7) at (incomplete) on en0 ifscope [ethernet]
? (192.168.1.20) at a4:83:e7:10:20:30 on en0 ifscope permanent [ethernet]
? (192.168.1.255) at ff:ff:ff:ff:ff:ff on en0 ifscope [ethernet]
? (224.0.0.251) at 1:0:5e:0:0:fb on en0 ifscope permanent [ethernet]
printer.example.net (192.168.1.9) at 0:1b:2c:3:4:6 on en0 ifscope [ethernet]
garbage
? (not an address) at 0:1b:2c:3:4:5 on en0
? (192.168.1.8) at 0:1b:2c:3:4 on en0
? (192.168.1.8) at 0:1b:2c:3:4:fff on en0
";

    const NDP: &str = "\
Neighbor                                Linklayer Address  Netif Expire    St Flgs Prbs
fd00:77::1                              0:1b:2c:3:4:5      en0   23h59m59s S  R
fd00:77::5                              0:1b:2c:3:4:7      en0   5s        P
fd00:77::6                              (incomplete)       en0   3s        I
fd00:77::7                              (incomplete)       en0   expired   N
fd00:77::20                             a4:83:e7:10:20:30  en0   permanent R
fe80::1%en0                             0:1b:2c:3:4:5      en0   10s       R  R
";

    fn entry(ip: &str, last: Option<u8>, asking: bool) -> Neighbour {
        Neighbour {
            ip: ip.parse().unwrap(),
            mac: last.map(|last| Mac([0, 0x1b, 0x2c, 3, 4, last])),
            asking,
            answered: None,
        }
    }

    #[test]
    fn arp_tells_neighbours_and_incomplete_ones() {
        assert_eq!(
            arp(ARP).collect::<Vec<_>>(),
            [
                entry("192.168.1.1", Some(5), false),
                entry("192.168.1.7", None, true),
                entry("192.168.1.9", Some(6), false),
            ],
            "no group, nobody that a person or the machine itself entered, and no half of a MAC"
        );
    }

    #[test]
    fn ndp_tells_neighbours_and_incomplete_ones() {
        assert_eq!(
            ndp(NDP).collect::<Vec<_>>(),
            [
                entry("fd00:77::1", Some(5), false),
                entry("fd00:77::5", Some(7), true),
                entry("fd00:77::6", None, true),
                entry("fe80::1", Some(5), false),
            ],
        );
    }
}
