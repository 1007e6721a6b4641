//! The run-length encoded history against a model that keeps every host of every scan.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use fieldscan_core::{
    compare::Trace,
    host::{Host, Mac, SeenBy},
    ids::{ScanId, SubnetId},
};
use fieldscan_engine::store::Scope;
use proptest::prelude::*;

use crate::make::*;

/// Few addresses, MACs and names, so that hosts often stay, change and come back.
fn any_hosts() -> impl Strategy<Value = Vec<Host>> {
    prop::collection::btree_map(
        prop_oneof![
            (0u32..6).prop_map(ip),
            Just("fd00::5".parse::<IpAddr>().unwrap())
        ],
        (
            prop::option::of(0u8..2),
            prop::option::of("[ab]"),
            prop::option::of(1u64..9),
            any::<bool>(),
        ),
        0..6,
    )
    .prop_map(|hosts| {
        hosts
            .into_iter()
            .map(|(ip, (mac_last, ptr, rtt, arp))| Host {
                ip,
                mac: mac_last.map(mac),
                also: Vec::new(),
                vendor: mac_last.map(|last| format!("Vendor {last}")),
                ptr,
                rtt: rtt.map(Duration::from_micros),
                seen_by: if arp {
                    SeenBy::ArpResponse
                } else {
                    SeenBy::EchoReply
                },
            })
            .collect()
    })
}

type Identity = (IpAddr, Option<Mac>, Option<String>);

fn identities(hosts: &[Host]) -> Vec<Identity> {
    hosts
        .iter()
        .map(|host| (host.ip, host.mac, host.ptr.clone()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_past_scan_has_its_hosts(
        scans in prop::collection::vec((0u64..2, any_hosts()), 1..14),
        prune_to in 0i64..16,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path());
        let mut model: BTreeMap<u64, (u64, Vec<Host>)> = BTreeMap::new();
        for (id, (subnet, hosts)) in (1..).zip(scans) {
            store.commit(&key(), &finished(id, subnet, hosts.clone())).unwrap();
            let last = store.reader().load(&key(), SubnetId(subnet)).unwrap().1.last.unwrap();
            let traces: BTreeMap<_, _> = hosts.iter().map(|host| (host.ip, Trace::of(host))).collect();
            prop_assert_eq!(last, traces);
            prop_assert_eq!(&store.reader().hosts_of_scan(ScanId(id)).unwrap(), &hosts, "the last scan, to the last field");
            model.insert(id, (subnet, hosts));
        }
        for (id, (_, hosts)) in &model {
            prop_assert_eq!(identities(&store.reader().hosts_of_scan(ScanId(*id)).unwrap()), identities(hosts));
        }

        // As few rows as there are stretches without a change.
        let mut rows = 0;
        for subnet in 0..2 {
            let mut before: Vec<Identity> = Vec::new();
            for (_, hosts) in model.values().filter(|(of, _)| *of == subnet) {
                let now = identities(hosts);
                rows += now.iter().filter(|host| !before.contains(host)).count();
                before = now;
            }
        }
        let kept: usize = (0..6).map(ip).chain(["fd00::5".parse().unwrap()])
            .map(|ip| store.reader().history(&key(), ip).unwrap().len()).sum();
        prop_assert_eq!(kept, rows, "a host that stays the same costs one row");

        for subnet in 0..2 {
            for row in store.reader().addresses(&key(), Scope::Subnet(SubnetId(subnet))).unwrap() {
                let seen_in: Vec<u64> = model.iter()
                    .filter(|(_, (of, hosts))| *of == subnet && hosts.iter().any(|host| host.ip == row.ip))
                    .map(|(id, _)| *id).collect();
                let seen = row.seen.unwrap();
                prop_assert_eq!(seen.first_at, at(seen_in[0] as i64));
                prop_assert_eq!(seen.last_scan.0, seen_in[seen_in.len() - 1]);
                prop_assert!(seen.up);
            }
        }

        store.prune(at(prune_to)).unwrap();
        for (id, (subnet, hosts)) in &model {
            let newest = model.iter().filter(|(_, (of, _))| of == subnet).map(|(id, _)| id).max().unwrap();
            let stays = *id as i64 >= prune_to || id == newest;
            prop_assert_eq!(store.reader().scan(ScanId(*id)).unwrap().is_some(), stays);
            let expected = if stays { identities(hosts) } else { Vec::new() };
            prop_assert_eq!(identities(&store.reader().hosts_of_scan(ScanId(*id)).unwrap()), expected);
        }
    }
}

#[test]
fn a_stable_subnet_costs_one_row_a_host_for_90_days() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    for id in 1..=300 {
        let hosts = (1..30)
            .map(|last| Host {
                rtt: Some(Duration::from_micros(id * 7)),
                ..host(ip(last))
            })
            .collect();
        store.commit(&key(), &finished(id, 4, hosts)).unwrap();
    }
    let history = store.reader().history(&key(), ip(9)).unwrap();
    assert_eq!(
        history.len(),
        1,
        "a round-trip time that differs is no change"
    );
    assert_eq!(
        (history[0].first_scan, history[0].last_scan),
        (ScanId(1), ScanId(300))
    );
    assert_eq!((history[0].first_at, history[0].last_at), (at(1), at(300)));
}

#[test]
fn an_address_twice_in_a_scan_counts_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let mut twin = host(ip(1));
    twin.mac = None;
    for id in 1..3 {
        store
            .commit(&key(), &finished(id, 4, vec![host(ip(1)), twin.clone()]))
            .unwrap();
        assert_eq!(
            store.reader().hosts_of_scan(ScanId(id)).unwrap(),
            [host(ip(1))]
        );
    }
}
