//! The comparison, for whatever comes together: rows, hosts and memories of any kind.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use proptest::prelude::*;

use super::*;
use crate::{
    host::SeenBy,
    ids::SubnetId,
    ipam::Address,
    plan::{
        Guard, Mode,
        samples::{address, subnet},
        target,
    },
};

/// Addresses of 10.77.9.0/28 and a few beside it.
fn ip() -> impl Strategy<Value = IpAddr> {
    (0u8..20).prop_map(|last| IpAddr::from([10, 77, 9, last]))
}

fn mac() -> impl Strategy<Value = Option<Mac>> {
    prop::option::of((0u8..3).prop_map(|n| Mac([2, 0, 0, 0, 0, n])))
}

fn name() -> impl Strategy<Value = Option<String>> {
    prop::option::of(prop::sample::select(vec![
        "gw",
        "GW.example.com.",
        "gw.example.com",
        "gw.other.com",
        "{{ evil }}",
        "10-77-9-1.dyn",
        "",
        "o'brien",
    ]))
    .prop_map(|name| name.map(str::to_owned))
}

fn book() -> impl Strategy<Value = Vec<Address>> {
    let row = (
        ip(),
        mac(),
        name(),
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.1),
    );
    prop::collection::vec(row, 0..25).prop_map(|rows| {
        (1..)
            .zip(rows)
            .map(|(id, (ip, mac, hostname, exclude_ping, stray))| Address {
                subnet: SubnetId(if stray { 102 } else { 101 }),
                mac,
                hostname,
                exclude_ping,
                ..address(id, &subnet(101, "10.77.9.0/28"), &ip.to_string())
            })
            .collect()
    })
}

fn hosts() -> impl Strategy<Value = Vec<Host>> {
    prop::collection::vec((ip(), mac(), name()), 0..20).prop_map(|hosts| {
        hosts
            .into_iter()
            .map(|(ip, mac, ptr)| Host {
                ip,
                mac,
                also: Vec::new(),
                vendor: None,
                ptr,
                rtt: None,
                seen_by: SeenBy::ArpResponse,
            })
            .collect()
    })
}

fn memory() -> impl Strategy<Value = Memory> {
    let misses = prop::collection::btree_map(ip(), 1u32..6, 0..8);
    let trace = (mac(), name()).prop_map(|(mac, name)| Trace { mac, name });
    let last = prop::option::of(prop::collection::btree_map(ip(), trace, 0..8));
    (misses, last).prop_map(|(misses, last)| Memory {
        misses,
        last,
        ..Memory::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_address_has_one_finding_and_the_counts_add_up(
        before in book(), now in book(), same in any::<bool>(), sweep in any::<bool>(),
        hosts in hosts(), memory in memory(), limit in 0u32..5,
    ) {
        let subnet = subnet(101, "10.77.9.0/28");
        let mode = if sweep { Mode::Sweep } else { Mode::Known };
        let Ok(target) = target(&subnet, mode, &before, &Guard::default()) else { return Ok(()) };
        let now = if same { before } else { now };
        let comparison = compare(&subnet, &target, &now, &hosts, &memory, limit);
        let found: Vec<_> = comparison.findings.iter().map(|finding| finding.ip).collect();
        prop_assert!(found.is_sorted_by(|a, b| a < b), "in address order, each once");

        let mine: BTreeMap<IpAddr, Vec<&Address>> = now
            .iter()
            .filter(|row| row.subnet == subnet.id && target.network.contains(row.ip))
            .fold(BTreeMap::new(), |mut mine: BTreeMap<_, Vec<_>>, row| {
                mine.entry(row.ip).or_default().push(row);
                mine
            });
        for ip in mine.keys() {
            prop_assert!(found.contains(ip), "{ip} is in phpIPAM and has no finding");
        }
        let up: BTreeSet<_> = hosts.iter().map(|host| host.ip).collect();
        let misses: BTreeMap<_, _> = comparison.misses.iter().copied().collect();
        prop_assert_eq!(misses.len(), comparison.misses.len());
        for finding in &comparison.findings {
            let ip = finding.ip;
            let rows = mine.get(&ip);
            prop_assert_eq!(finding.address, rows.and_then(|rows| rows.iter().map(|row| row.id).min()));
            let excluded = now.iter().any(|row| row.ip == ip && row.exclude_ping);
            prop_assert_eq!(excluded, finding.standing == Standing::Excluded);
            let seen = up.contains(&ip) && target.covers(ip);
            let before = memory.misses.get(&ip).copied().unwrap_or(0);
            let here = before + u32::from(target.covers(ip));
            match &finding.standing {
                Standing::Known => prop_assert!(seen && rows.is_some()),
                Standing::Unknown => prop_assert!(seen && rows.is_none() && sweep),
                Standing::Mismatch { differences } => {
                    prop_assert!(seen && rows.is_some() && !differences.is_empty());
                }
                Standing::Unseen { misses } => {
                    prop_assert!(!seen && *misses == here && *misses < limit.max(1));
                }
                Standing::Missing { misses } => {
                    prop_assert!(!seen && *misses == here && *misses >= limit.max(1));
                }
                Standing::Excluded => {}
            }
            let expected = match &finding.standing {
                Standing::Unseen { misses } | Standing::Missing { misses } => Some(*misses).filter(|n| *n > 0),
                _ => None,
            };
            prop_assert_eq!(misses.get(&ip).copied(), expected);
        }

        let Counts { known, unknown, unseen, missing, mismatch, excluded } = comparison.counts;
        prop_assert_eq!(
            (known + unknown + unseen + missing + mismatch + excluded) as usize,
            comparison.findings.len()
        );
        let rows: usize = mine.values().map(|rows| rows.len() - 1).sum();
        prop_assert_eq!(comparison.duplicates.len(), rows, "each row is a finding's or a duplicate");

        let Changes { new, gone, changed } = &comparison.changes;
        if memory.last.is_none() {
            prop_assert_eq!(&comparison.changes, &Changes::default());
        }
        for list in [new, gone, changed] {
            prop_assert!(list.is_sorted_by(|a, b| a < b));
        }
        let then: BTreeSet<_> = memory.last.iter().flatten().map(|(ip, _)| *ip).collect();
        prop_assert!(new.iter().all(|ip| up.contains(ip) && !then.contains(ip)));
        prop_assert!(gone.iter().all(|ip| then.contains(ip) && !up.contains(ip)));
        prop_assert!(changed.iter().all(|ip| up.contains(ip) && then.contains(ip)));
    }
}
