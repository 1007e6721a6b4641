//! Whether a scan saw hosts, or a device that answers for everybody: a firewall that resets whatever is tried, or a router
//! that answers ARP for all addresses.

use std::{collections::BTreeMap, net::IpAddr};

use ipnetwork::IpNetwork;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Chunk, Mode, Target, guard::holds};
use crate::host::{Host, Mac, SeenBy};

/// Addresses below which a full network is nothing strange.
const SMALLEST: u32 = 32;

/// By what nearly all addresses seem to be up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "by")]
pub enum Impostor {
    /// TCP resets and refused connections, and nothing else.
    Reset,
    /// One MAC.
    OneMac {
        /// The MAC.
        #[ts(type = "string")]
        mac: Mac,
    },
}

/// More than nine of ten addresses seem to be up, and by nothing that one device couldn't send for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EverybodyUp {
    /// Addresses that seem to be up like that.
    pub up: u32,
    /// Of so many.
    pub of: u32,
    /// By what.
    pub by: Impostor,
}

/// Whether nearly everybody of a swept subnet, or of one of its chunks, is up in a way that tells nothing.
///
/// Not of a target of known addresses: of those, everybody should be up.
pub fn everybody_up(target: &Target, hosts: &[Host]) -> Option<EverybodyUp> {
    match target.mode {
        Mode::Sweep => {}
        Mode::Known => return None,
    }
    let whole = judge(target.addresses(), hosts.iter());
    let of_chunk = |chunk: &Chunk| {
        judge(
            chunk.addresses,
            hosts.iter().filter(|host| inside(chunk, host.ip)),
        )
    };
    whole.or_else(|| target.chunks.iter().find_map(of_chunk))
}

/// Whether a person has said that everybody in this network may be up.
pub fn accepts_everybody(accepted: &[IpNetwork], network: &IpNetwork) -> bool {
    accepted
        .iter()
        .any(|by| by.prefix() <= network.prefix() && holds(by, network.network()))
}

fn inside(chunk: &Chunk, ip: IpAddr) -> bool {
    chunk.networks.iter().any(|network| holds(network, ip))
}

fn judge<'a>(of: u32, hosts: impl Iterator<Item = &'a Host> + Clone) -> Option<EverybodyUp> {
    if of < SMALLEST {
        return None;
    }
    let mut owners: BTreeMap<Mac, u32> = BTreeMap::new();
    for mac in hosts.clone().filter_map(|host| host.mac) {
        *owners.entry(mac).or_default() += 1;
    }
    let most = owners.into_iter().max_by_key(|(_, owned)| *owned);
    // One or two addresses of a device's own are nothing strange.
    let common = most.filter(|(_, owned)| *owned > 2).map(|(mac, _)| mac);
    let (mut reset, mut one_mac) = (0u32, 0u32);
    for host in hosts {
        if host.mac.is_some() && host.mac == common {
            one_mac += 1;
        } else if host.mac.is_none() {
            reset += u32::from(matches!(host.seen_by, SeenBy::Reset | SeenBy::ConnRefused));
        }
    }
    let up = reset + one_mac;
    let by = match common {
        Some(mac) if one_mac > reset => Impostor::OneMac { mac },
        Some(_) | None => Impostor::Reset,
    };
    (u64::from(up) * 10 > u64::from(of) * 9).then_some(EverybodyUp { up, of, by })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Guard, samples, target};

    const GATEWAY: Mac = Mac([2, 0, 0, 0, 0, 1]);

    fn sweep(cidr: &str, mode: Mode) -> Target {
        let subnet = samples::subnet(7, cidr);
        let book = [samples::address(1, &subnet, "10.0.0.9")];
        target(&subnet, mode, &book, &Guard::default()).unwrap()
    }

    fn hosts(count: u32, host: impl Fn(u32) -> (Option<Mac>, SeenBy)) -> Vec<Host> {
        let one = |n: u32| {
            let (mac, seen_by) = host(n);
            Host {
                ip: std::net::Ipv4Addr::from(0x0a00_0000 + n).into(),
                mac,
                also: Vec::new(),
                vendor: None,
                ptr: None,
                rtt: None,
                seen_by,
            }
        };
        (0..count).map(one).collect()
    }

    fn own(n: u32) -> Option<Mac> {
        let [_, _, c, d] = n.to_be_bytes();
        Some(Mac([2, 9, 0, 0, c, d]))
    }

    #[test]
    fn a_firewall_that_resets_for_everybody_is_seen_through() {
        let all = |count| hosts(count, |_| (None, SeenBy::Reset));
        let target = sweep("10.0.0.0/24", Mode::Sweep);
        assert_eq!(
            everybody_up(&target, &all(230)),
            None,
            "not more than nine of ten"
        );
        assert_eq!(
            everybody_up(&target, &all(231)),
            Some(EverybodyUp {
                up: 231,
                of: 256,
                by: Impostor::Reset
            })
        );
        let refused = hosts(250, |_| (None, SeenBy::ConnRefused));
        assert!(
            everybody_up(&target, &refused).is_some(),
            "without raw sockets"
        );
    }

    #[test]
    fn a_gateway_that_answers_arp_for_everybody_is_seen_through() {
        let target = sweep("10.0.0.0/24", Mode::Sweep);
        let seen = hosts(250, |_| (Some(GATEWAY), SeenBy::ArpResponse));
        assert_eq!(
            everybody_up(&target, &seen).map(|seen| seen.by),
            Some(Impostor::OneMac { mac: GATEWAY })
        );
    }

    #[test]
    fn a_full_network_of_real_hosts_is_none_of_it() {
        let target = sweep("10.0.0.0/24", Mode::Sweep);
        for seen in [
            hosts(254, |_| (None, SeenBy::EchoReply)),
            hosts(254, |_| (None, SeenBy::SynAck)),
            hosts(254, |n| (own(n), SeenBy::ArpResponse)),
            hosts(254, |n| (own(n), SeenBy::ConnRefused)),
            hosts(254, |n| match n % 8 {
                0 => (None, SeenBy::EchoReply),
                _ => (None, SeenBy::Reset),
            }),
        ] {
            assert_eq!(everybody_up(&target, &seen), None, "{:?}", seen[0]);
        }
    }

    #[test]
    fn small_networks_and_known_addresses_may_be_full() {
        let all = hosts(254, |_| (None, SeenBy::Reset));
        assert_eq!(
            everybody_up(&sweep("10.0.0.0/28", Mode::Sweep), &all[..16]),
            None
        );
        assert!(everybody_up(&sweep("10.0.0.0/27", Mode::Sweep), &all[..30]).is_some());
        assert_eq!(everybody_up(&sweep("10.0.0.0/24", Mode::Known), &all), None);
    }

    #[test]
    fn one_chunk_is_enough() {
        let target = sweep("10.0.0.0/20", Mode::Sweep);
        let all = hosts(1_024, |_| (None, SeenBy::Reset));
        let seen = everybody_up(&target, &all);
        assert_eq!(seen.map(|seen| (seen.up, seen.of)), Some((1_024, 1_024)));
    }

    #[test]
    fn the_problem_is_read_as_it_is_written() {
        use crate::problem::Problem;

        for by in [Impostor::Reset, Impostor::OneMac { mac: GATEWAY }] {
            let problem = Problem::EverybodyUp {
                subnet: crate::ids::SubnetId(7),
                cidr: "10.0.0.0/24".to_owned(),
                up: 250,
                of: 256,
                by,
            };
            let text = serde_json::to_string(&problem).unwrap();
            assert_eq!(
                serde_json::from_str::<Problem>(&text).unwrap(),
                problem,
                "{text}"
            );
            assert_eq!(problem.code(), "everybody-up");
        }
    }

    #[test]
    fn what_a_person_accepts_is_accepted_with_all_that_lies_inside() {
        let accepted = ["10.0.0.0/23".parse().unwrap()];
        for (network, expected) in [
            ("10.0.0.0/23", true),
            ("10.0.1.0/24", true),
            ("10.0.0.0/22", false),
            ("10.0.2.0/24", false),
            ("fd00::/64", false),
        ] {
            assert_eq!(
                accepts_everybody(&accepted, &network.parse().unwrap()),
                expected,
                "{network}"
            );
        }
    }
}
