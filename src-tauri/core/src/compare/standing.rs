//! Gives every address its standing.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use super::{
    Changes, Comparison, Counts, Finding, Memory, Standing, Trace,
    differences::{changed, duplicate, from_row},
};
use crate::{
    host::{Host, SeenBy},
    ipam::{Address, Subnet},
    plan::{Mode, Target, excluded, holds},
    report::rows,
};

/// Holds what a scan saw against phpIPAM's rows and against earlier scans.
///
/// `book` may be newer than the one that `target` was made from: what was not part of the target was not missed.
/// Rows and hosts outside the subnet are passed over.
pub fn compare(
    subnet: &Subnet,
    target: &Target,
    book: &[Address],
    hosts: &[Host],
    memory: &Memory,
    misses_before_missing: u32,
) -> Comparison {
    let network = target.network;
    let excluded = excluded(&network, book);
    let mut rows = rows(subnet, book);
    rows.retain(|ip, _| holds(&network, *ip));

    let mut seen: BTreeMap<IpAddr, &Host> = BTreeMap::new();
    for host in hosts {
        let expected = match target.mode {
            Mode::Sweep => true,
            // Only rows were asked for; who has none any more was deleted meanwhile, and is not to be brought back.
            Mode::Known => rows.contains_key(&host.ip),
        };
        let asked = expected && target.covers(host.ip);
        if (asked || is_learned(target, host)) && !excluded.contains(&host.ip) {
            seen.entry(host.ip).or_insert(host);
        }
    }

    // Gone is who was asked and did not answer: not who answered but is passed over.
    let answered: BTreeSet<IpAddr> = hosts.iter().map(|host| host.ip).collect();
    let silent = |ip| target.covers(ip) && !excluded.contains(&ip) && !answered.contains(&ip);
    let mut comparison = Comparison {
        changes: changes(|host| is_learned(target, host), &seen, memory, silent),
        duplicates: duplicates(subnet, book, &rows),
        ..Comparison::default()
    };
    let addresses: BTreeSet<IpAddr> = rows.keys().chain(seen.keys()).copied().collect();
    for ip in addresses {
        let row = rows.get(&ip).copied();
        let standing = match (row, seen.get(&ip)) {
            _ if excluded.contains(&ip) => Standing::Excluded,
            (None, host) => match host.and_then(|host| duplicate(host)) {
                Some(duplicate) => Standing::Mismatch {
                    differences: vec![duplicate],
                },
                None => Standing::Unknown,
            },
            (Some(row), Some(host)) => match from_row(row, host) {
                none if none.is_empty() => Standing::Known,
                differences => Standing::Mismatch { differences },
            },
            (Some(_), None) => {
                let before = memory.misses.get(&ip).copied().unwrap_or(0);
                let misses = before.saturating_add(u32::from(target.covers(ip)));
                if misses > 0 {
                    comparison.misses.push((ip, misses));
                }
                if misses >= misses_before_missing.max(1) {
                    Standing::Missing { misses }
                } else {
                    Standing::Unseen { misses }
                }
            }
        };
        count(&mut comparison.counts, &standing);
        comparison.findings.push(Finding {
            ip,
            address: row.map(|row| row.id),
            standing,
        });
    }
    comparison
}

/// What is different in the hosts that one scan saw from those of another.
pub fn changes_between(then: &[Host], now: &[Host]) -> Changes {
    let memory = Memory {
        last: Some(then.iter().map(|host| (host.ip, Trace::of(host))).collect()),
        ..Memory::default()
    };
    let seen: BTreeMap<IpAddr, &Host> = now.iter().map(|host| (host.ip, host)).collect();
    let learned = |host: &Host| host.ip.is_ipv6() && host.seen_by == SeenBy::Neighbour;
    changes(learned, &seen, &memory, |ip| !seen.contains_key(&ip))
}

fn count(counts: &mut Counts, standing: &Standing) {
    *match standing {
        Standing::Known => &mut counts.known,
        Standing::Unknown => &mut counts.unknown,
        Standing::Unseen { .. } => &mut counts.unseen,
        Standing::Missing { .. } => &mut counts.missing,
        Standing::Mismatch { .. } => &mut counts.mismatch,
        Standing::Excluded => &mut counts.excluded,
    } += 1;
}

/// Whether nobody asked the host, and only the system's table of neighbours tells of it. An IPv6 network is never swept.
fn is_learned(target: &Target, host: &Host) -> bool {
    target.network.is_ipv6()
        && host.seen_by == SeenBy::Neighbour
        && holds(&target.network, host.ip)
        && !target.covers(host.ip)
}

/// Hosts that are merely learned of come and go with the system's table: that is no change.
fn changes(
    is_learned: impl Fn(&Host) -> bool,
    seen: &BTreeMap<IpAddr, &Host>,
    memory: &Memory,
    silent: impl Fn(IpAddr) -> bool,
) -> Changes {
    let Some(last) = &memory.last else {
        return Changes::default();
    };
    Changes {
        new: seen
            .iter()
            .filter(|(ip, host)| !last.contains_key(ip) && !is_learned(host))
            .map(|(ip, _)| *ip)
            .collect(),
        gone: last.keys().filter(|ip| silent(**ip)).copied().collect(),
        changed: seen
            .iter()
            .filter(|(ip, host)| last.get(ip).is_some_and(|then| changed(then, host)))
            .map(|(ip, _)| *ip)
            .collect(),
    }
}

fn duplicates(
    subnet: &Subnet,
    book: &[Address],
    rows: &BTreeMap<IpAddr, &Address>,
) -> Vec<crate::ids::AddressId> {
    let mut duplicates: Vec<_> = book
        .iter()
        .filter(|address| address.subnet == subnet.id)
        .filter(|address| {
            rows.get(&address.ip)
                .is_some_and(|row| row.id != address.id)
        })
        .map(|address| address.id)
        .collect();
    duplicates.sort_unstable();
    duplicates
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compare::Difference,
        host::{Mac, SeenBy},
        ids::{AddressId, SubnetId},
        plan::{
            Guard,
            samples::{address, subnet},
            target,
        },
    };

    const A: Mac = Mac([0, 0x1b, 0, 0, 0, 1]);
    const B: Mac = Mac([2, 0, 0, 0, 0, 2]);

    fn ip(last: u8) -> IpAddr {
        IpAddr::from([10, 77, 9, last])
    }

    fn host(last: u8, mac: Option<Mac>, ptr: Option<&str>) -> Host {
        Host {
            ip: ip(last),
            mac,
            also: Vec::new(),
            vendor: None,
            ptr: ptr.map(str::to_owned),
            rtt: None,
            seen_by: SeenBy::ArpResponse,
        }
    }

    fn row(id: u64, last: u8) -> Address {
        address(id, &the_subnet(), &ip(last).to_string())
    }

    fn the_subnet() -> Subnet {
        subnet(101, "10.77.9.0/28")
    }

    fn run(mode: Mode, book: &[Address], hosts: &[Host], memory: &Memory) -> Comparison {
        let subnet = the_subnet();
        let target = target(&subnet, mode, book, &Guard::default()).unwrap();
        compare(&subnet, &target, book, hosts, memory, 3)
    }

    fn standing_of(comparison: &Comparison, last: u8) -> &Standing {
        let mut found = comparison.findings.iter().filter(|f| f.ip == ip(last));
        let finding = found.next().expect("the address has a finding");
        assert!(found.next().is_none(), "the address has one finding");
        &finding.standing
    }

    #[test]
    fn each_address_has_its_standing() {
        let book = [
            Address {
                hostname: Some("gw".into()),
                mac: Some(A),
                ..row(1, 1)
            },
            Address {
                mac: Some(A),
                ..row(2, 2)
            },
            row(3, 3),
            Address {
                exclude_ping: true,
                ..row(4, 4)
            },
        ];
        let hosts = [
            host(1, Some(A), Some("GW.example.com.")),
            host(2, Some(B), Some("other.example.com")),
            host(5, None, None),
        ];
        let comparison = run(Mode::Sweep, &book, &hosts, &Memory::default());
        assert_eq!(*standing_of(&comparison, 1), Standing::Known);
        assert_eq!(
            *standing_of(&comparison, 2),
            Standing::Mismatch {
                differences: vec![Difference::Mac { ipam: A, seen: B }]
            },
            "a random MAC is another MAC; a name that phpIPAM has not is no difference"
        );
        assert_eq!(*standing_of(&comparison, 3), Standing::Unseen { misses: 1 });
        assert_eq!(*standing_of(&comparison, 4), Standing::Excluded);
        assert_eq!(*standing_of(&comparison, 5), Standing::Unknown);
        assert_eq!(
            comparison.counts,
            Counts {
                known: 1,
                unknown: 1,
                unseen: 1,
                missing: 0,
                mismatch: 1,
                excluded: 1
            }
        );
        assert_eq!(
            comparison.changes,
            Changes::default(),
            "nothing changed since no scan"
        );
        assert_eq!(comparison.misses, [(ip(3), 1)]);
    }

    #[test]
    fn two_devices_at_one_address_are_a_mismatch_of_its_own() {
        const C: Mac = Mac([2, 0, 0, 0, 0, 3]);
        let twice = |last, mac| Host {
            also: vec![B],
            ..host(last, Some(mac), None)
        };
        let book = [
            Address {
                mac: Some(A),
                ..row(1, 1)
            },
            Address {
                mac: Some(B),
                ..row(2, 2)
            },
            Address {
                mac: Some(C),
                ..row(3, 3)
            },
        ];
        let hosts = [twice(1, A), twice(2, A), twice(3, A), twice(9, A)];
        let then = |mac| Trace {
            mac: Some(mac),
            name: None,
        };
        let memory = Memory {
            last: Some([(ip(1), then(A)), (ip(2), then(B)), (ip(3), then(C))].into()),
            ..Memory::default()
        };
        let comparison = run(Mode::Sweep, &book, &hosts, &memory);
        let duplicate = Difference::DuplicateMac { seen: vec![A, B] };
        for last in [1, 2, 9] {
            assert_eq!(
                *standing_of(&comparison, last),
                Standing::Mismatch {
                    differences: vec![duplicate.clone()]
                },
                "whichever answered first, and whether or not phpIPAM has a row"
            );
        }
        let other = Difference::Mac { ipam: C, seen: A };
        assert_eq!(
            *standing_of(&comparison, 3),
            Standing::Mismatch {
                differences: vec![duplicate, other]
            }
        );
        assert_eq!(
            comparison.changes.changed,
            [ip(3)],
            "who answers first is no change"
        );
        assert_eq!((comparison.counts.mismatch, comparison.counts.up()), (4, 4));
    }

    #[test]
    fn ipv6_neighbours_are_unknown_hosts_and_no_changes() {
        let subnet = subnet(101, "fd00:77::/64");
        let at = |text: &str| text.parse::<IpAddr>().unwrap();
        let book = [
            address(1, &subnet, "fd00:77::1"),
            Address {
                exclude_ping: true,
                ..address(2, &subnet, "fd00:77::2")
            },
        ];
        let learned = |text: &str| Host {
            ip: at(text),
            seen_by: SeenBy::Neighbour,
            ..host(1, Some(B), None)
        };
        let asked = Host {
            seen_by: SeenBy::NdResponse,
            ..learned("fd00:77::9")
        };
        let hosts = [
            learned("fd00:77::1"),
            learned("fd00:77::2"),
            learned("fd00:77::5"),
            learned("fd00:78::5"),
            asked,
        ];
        let memory = Memory {
            last: Some(BTreeMap::new()),
            ..Memory::default()
        };
        let target = target(&subnet, Mode::Known, &book, &Guard::default()).unwrap();
        let comparison = compare(&subnet, &target, &book, &hosts, &memory, 3);
        let standings: Vec<_> = comparison
            .findings
            .iter()
            .map(|finding| (finding.ip, finding.standing.clone()))
            .collect();
        assert_eq!(
            standings,
            [
                (at("fd00:77::1"), Standing::Known),
                (at("fd00:77::2"), Standing::Excluded),
                (at("fd00:77::5"), Standing::Unknown),
            ],
            "and whoever has lost the row since it was asked is not brought back"
        );
        assert_eq!(comparison.changes.new, [at("fd00:77::1")]);
    }

    #[test]
    fn an_address_is_missing_after_three_misses_and_back_at_once() {
        let book = [row(1, 1)];
        let mut memory = Memory::default();
        for misses in 1..=4 {
            let comparison = run(Mode::Known, &book, &[], &memory);
            let expected = if misses < 3 {
                Standing::Unseen { misses }
            } else {
                Standing::Missing { misses }
            };
            assert_eq!(*standing_of(&comparison, 1), expected);
            memory.misses = comparison.misses.into_iter().collect();
        }
        let comparison = run(Mode::Known, &book, &[host(1, None, None)], &memory);
        assert_eq!(*standing_of(&comparison, 1), Standing::Known);
        assert_eq!(comparison.misses, [], "a sight ends the row of misses");
    }

    #[test]
    fn misses_of_the_largest_count_do_not_overflow() {
        let memory = Memory {
            misses: [(ip(1), u32::MAX)].into(),
            last: None,
            ..Memory::default()
        };
        let comparison = run(Mode::Known, &[row(1, 1)], &[], &memory);
        assert_eq!(
            *standing_of(&comparison, 1),
            Standing::Missing { misses: u32::MAX }
        );
    }

    #[test]
    fn what_was_not_part_of_the_target_is_not_missed() {
        let subnet = the_subnet();
        let then = [
            row(1, 1),
            Address {
                exclude_ping: true,
                ..row(2, 2)
            },
        ];
        let target = target(&subnet, Mode::Known, &then, &Guard::default()).unwrap();
        let now = [
            Address {
                exclude_ping: true,
                ..row(1, 1)
            },
            row(2, 2),
            row(3, 3),
        ];
        let memory = Memory {
            misses: [(ip(1), 2), (ip(2), 1)].into(),
            last: Some(
                [(
                    ip(1),
                    Trace {
                        mac: None,
                        name: None,
                    },
                )]
                .into(),
            ),
            ..Memory::default()
        };
        let comparison = compare(&subnet, &target, &now, &[], &memory, 3);
        assert_eq!(*standing_of(&comparison, 1), Standing::Excluded);
        assert_eq!(
            *standing_of(&comparison, 2),
            Standing::Unseen { misses: 1 },
            "as before"
        );
        assert_eq!(
            *standing_of(&comparison, 3),
            Standing::Unseen { misses: 0 },
            "never looked for"
        );
        assert_eq!(
            comparison.misses,
            [(ip(2), 1)],
            "an excluded address is not counted as missed"
        );
        assert_eq!(
            comparison.changes,
            Changes::default(),
            "who is excluded is not gone"
        );
    }

    #[test]
    fn a_check_of_known_addresses_brings_nobody_back_who_was_deleted() {
        let subnet = the_subnet();
        let then = [row(1, 1), row(2, 2)];
        let target = target(&subnet, Mode::Known, &then, &Guard::default()).unwrap();
        let hosts = [host(1, None, None), host(2, None, None)];
        let memory = Memory {
            misses: BTreeMap::new(),
            last: Some(
                hosts
                    .iter()
                    .map(|host| (host.ip, Trace::of(host)))
                    .collect(),
            ),
            ..Memory::default()
        };
        let comparison = compare(&subnet, &target, &[row(1, 1)], &hosts, &memory, 3);
        assert_eq!(comparison.findings.len(), 1);
        assert_eq!(*standing_of(&comparison, 1), Standing::Known);
        assert_eq!(
            comparison.changes,
            Changes::default(),
            "who answers is not gone"
        );
    }

    #[test]
    fn of_rows_with_one_address_the_lowest_id_speaks() {
        let book = [
            Address {
                mac: Some(B),
                ..row(9, 1)
            },
            Address {
                mac: Some(A),
                ..row(4, 1)
            },
            Address {
                subnet: SubnetId(102),
                ..row(1, 1)
            },
        ];
        let comparison = run(
            Mode::Sweep,
            &book,
            &[host(1, Some(A), None)],
            &Memory::default(),
        );
        assert_eq!(
            comparison.findings,
            [Finding {
                ip: ip(1),
                address: Some(AddressId(4)),
                standing: Standing::Known
            }]
        );
        assert_eq!(comparison.duplicates, [AddressId(9)]);
    }

    #[test]
    fn names_are_compared_as_far_as_both_sides_tell_them() {
        let differs = |ipam: Option<&str>, ptr: Option<&str>| {
            let book = [Address {
                hostname: ipam.map(str::to_owned),
                ..row(1, 1)
            }];
            let comparison = run(
                Mode::Sweep,
                &book,
                &[host(1, None, ptr)],
                &Memory::default(),
            );
            match standing_of(&comparison, 1) {
                Standing::Known => None,
                Standing::Mismatch { differences } => Some(differences.clone()),
                other => panic!("{other:?} for a host that is known and up"),
            }
        };
        for (ipam, ptr) in [
            (None, Some("gw.example.com")),
            (Some("gw"), None),
            (Some("  "), Some("gw.example.com")),
            (Some("gw"), Some("GW.example.com.")),
            (Some("printer"), Some("10-77-9-1.dyn.example.com")),
            (Some("printer"), Some("{{ evil }}.example.com")),
            (Some("printer"), Some("o'brien")),
        ] {
            assert_eq!(differs(ipam, ptr), None, "{ipam:?} beside {ptr:?}");
        }
        assert_eq!(
            differs(Some("gw.a.example"), Some("gw.b.example.")),
            Some(vec![Difference::HostName {
                ipam: "gw.a.example".into(),
                seen: "gw.b.example".into()
            }])
        );
    }

    #[test]
    fn changes_are_what_is_new_gone_and_other_since_the_last_scan() {
        let trace = |mac, name: Option<&str>| Trace {
            mac,
            name: name.map(str::to_owned),
        };
        let memory = Memory {
            misses: BTreeMap::new(),
            last: Some(
                [
                    (ip(1), trace(Some(A), Some("gw"))),
                    (ip(2), trace(Some(A), None)),
                    (ip(3), trace(None, Some("three"))),
                    (ip(4), trace(None, None)),
                    (ip(5), trace(None, Some("five"))),
                ]
                .into(),
            ),
            ..Memory::default()
        };
        let hosts = [
            host(1, None, None),
            host(2, Some(B), None),
            host(3, None, Some("drei.example.com")),
            host(5, Some(A), Some("FIVE.example.com")),
            host(6, None, None),
        ];
        let comparison = run(Mode::Sweep, &[], &hosts, &memory);
        assert_eq!(
            comparison.changes,
            Changes {
                new: vec![ip(6)],
                gone: vec![ip(4)],
                changed: vec![ip(2), ip(3)]
            },
            "a name or MAC that is merely not seen, or newly seen, is no change"
        );
    }
}
