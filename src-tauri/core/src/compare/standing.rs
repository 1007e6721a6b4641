//! Gives every address its standing.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use super::{
    Changes, Comparison, Counts, Finding, Memory, Standing, Trace,
    differences::{changed, from_row},
};
use crate::{
    host::Host,
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
        if expected && target.covers(host.ip) && !excluded.contains(&host.ip) {
            seen.entry(host.ip).or_insert(host);
        }
    }

    let mut comparison = Comparison {
        changes: changes(&seen, memory, |ip| {
            target.covers(ip) && !excluded.contains(&ip)
        }),
        duplicates: duplicates(subnet, book, &rows),
        ..Comparison::default()
    };
    let addresses: BTreeSet<IpAddr> = rows.keys().chain(seen.keys()).copied().collect();
    for ip in addresses {
        let row = rows.get(&ip).copied();
        let standing = match (row, seen.get(&ip)) {
            _ if excluded.contains(&ip) => Standing::Excluded,
            (None, _) => Standing::Unknown,
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

fn changes(
    seen: &BTreeMap<IpAddr, &Host>,
    memory: &Memory,
    looked_at: impl Fn(IpAddr) -> bool,
) -> Changes {
    let Some(last) = &memory.last else {
        return Changes::default();
    };
    Changes {
        new: seen
            .keys()
            .filter(|ip| !last.contains_key(ip))
            .copied()
            .collect(),
        // Where nobody looked, nobody is gone.
        gone: last
            .keys()
            .filter(|ip| !seen.contains_key(ip) && looked_at(**ip))
            .copied()
            .collect(),
        changed: seen
            .iter()
            .filter(|(ip, host)| {
                last.get(ip)
                    .is_some_and(|then| changed(then, &Trace::of(host)))
            })
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
