//! A large site: figures are printed, not asserted, but for what a person waits for.

use std::time::{Duration, Instant};

use fieldscan_core::{host::Host, ids::SubnetId, ipam::Address};
use fieldscan_engine::store::{Reader, Scope, Store};

use crate::make::*;

#[test]
fn a_thousand_subnets_and_a_hundred_thousand_addresses() {
    let dir = tempfile::tempdir().unwrap();
    let mut told = String::new();
    let mut time = |what: &str, since: Instant| {
        told.push_str(&format!("{what}: {:?}\n", since.elapsed()));
        since.elapsed()
    };
    let mut store = open(dir.path());
    let begun = Instant::now();
    let subnets: Vec<_> = (0..1_000u64)
        .map(|id| subnet(id, &format!("10.{}.{}.0/24", 1 + id / 250, id % 250)))
        .collect();
    store.save_assignment(&key(), &assignment(subnets)).unwrap();
    time("save 1,000 subnets", begun);
    let begun = Instant::now();
    for id in 0..1_000u64 {
        let addresses: Vec<Address> = (0..100u8)
            .map(|last| {
                address(
                    id * 100 + u64::from(last),
                    id,
                    [10, 1 + (id / 250) as u8, (id % 250) as u8, last].into(),
                )
            })
            .collect();
        store
            .save_addresses(&key(), SubnetId(id), &book(addresses))
            .unwrap();
    }
    time("save 100,000 addresses of 1,000 subnets", begun);

    // A /16 with 20,000 addresses in phpIPAM, and 20,000 hosts, most of them the same.
    let wide = |from: u32| {
        (from..from + 20_000).map(|n| std::net::IpAddr::from((0xac10_0000 + n).to_be_bytes()))
    };
    let begun = Instant::now();
    let addresses = wide(0)
        .zip(1_000_000..)
        .map(|(ip, id)| address(id, 5_000, ip))
        .collect();
    store
        .save_addresses(&key(), SubnetId(5_000), &book(addresses))
        .unwrap();
    time("save 20,000 addresses", begun);
    let hosts: Vec<Host> = wide(500).map(host).collect();
    let begun = Instant::now();
    store
        .commit(&key(), &finished(1, 5_000, hosts.clone()))
        .unwrap();
    time("commit 20,000 hosts, all new", begun);
    let begun = Instant::now();
    store.commit(&key(), &finished(2, 5_000, hosts)).unwrap();
    time("commit 20,000 hosts, all known", begun);
    drop(store);

    let begun = Instant::now();
    let store = Store::open(dir.path(), at(0)).unwrap().store;
    time("open, with the check", begun);
    drop(store);
    let begun = Instant::now();
    let reader = Reader::open(dir.path()).unwrap().unwrap();
    time("open for reading", begun);
    let restored = reader.restore(&key()).unwrap();
    time("open for reading and restore", begun);
    assert_eq!(restored.assignment.unwrap().subnets.len(), 1_000);
    assert_eq!(reader.subnets(&key()).unwrap().len(), 1_000);
    let status = time("open for reading, restore and list the subnets", begun);
    let begun = Instant::now();
    let rows = reader
        .addresses(&key(), Scope::Subnet(SubnetId(5_000)))
        .unwrap();
    let listed = time("list 20,500 addresses", begun);
    assert_eq!(rows.len(), 20_500);
    let begun = Instant::now();
    reader.load(&key(), SubnetId(5_000)).unwrap();
    time("load 20,000 addresses and 20,000 hosts", begun);
    let mut store = open(dir.path());
    let begun = Instant::now();
    store.prune(at(1_000)).unwrap();
    time("prune", begun);
    told.push_str(&format!(
        "size: {} kB",
        std::fs::metadata(dir.path().join("fieldscan.db"))
            .unwrap()
            .len()
            / 1_024
    ));
    println!("{told}");
    // Far above what is measured, so that only a wrong query plan fails: a scan of the whole table takes seconds.
    assert!(
        status < Duration::from_secs(3) && listed < Duration::from_secs(5),
        "{told}"
    );
}
