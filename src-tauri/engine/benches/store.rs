//! What `fieldscan status` and `fieldscan addresses` ask of a large database: 1,000 subnets with 100,000 addresses, one of
//! them a /16 with 20,000.

use std::{hint::black_box, net::Ipv4Addr};

use criterion::{Criterion, criterion_group, criterion_main};
use fieldscan_core::{
    ids::{AddressId, AgentCode, AgentId, SubnetId},
    ipam::{Address, AddressBook, Assignment, Subnet},
};
use fieldscan_engine::store::{CacheKey, Reader, Scope, Store};
use jiff::Timestamp;

const SUBNETS: u32 = 1_000;
const LARGE: u32 = 20_000;
const EACH: u32 = 80;

fn key() -> CacheKey {
    CacheKey {
        api_url: "https://ipam.example.com/".into(),
        app: "agent".into(),
        agent_code: AgentCode::new("code"),
    }
}

/// The large subnet is 10.0.0.0/16; the others are /24s from 10.1.0.0 on.
fn subnet(n: u32) -> Subnet {
    let cidr = match n {
        0 => "10.0.0.0/16".to_owned(),
        n => format!("{}/24", Ipv4Addr::from(0x0A01_0000 + (n << 8))),
    };
    Subnet {
        id: SubnetId(u64::from(n) + 1),
        network: cidr.parse().ok(),
        cidr,
        description: format!("Subnet {n}"),
        is_folder: false,
        is_parent: false,
        discover: true,
        ping: true,
        resolve_dns: false,
        name_servers: Vec::new(),
        last_discovery: None,
        last_scan: None,
        custom: Default::default(),
    }
}

fn book(n: u32, count: u32, now: Timestamp) -> AddressBook {
    let first = match n {
        0 => 0x0A00_0001,
        n => 0x0A01_0001 + (n << 8),
    };
    let address = |i: u32| Address {
        id: AddressId(u64::from(n) * 100_000 + u64::from(i)),
        subnet: SubnetId(u64::from(n) + 1),
        ip: Ipv4Addr::from(first + i).into(),
        hostname: Some(format!("host-{n}-{i}.example.com")),
        mac: None,
        description: Some("a printer on the second floor".into()),
        owner: None,
        note: None,
        is_gateway: i == 0,
        exclude_ping: false,
        tag: Some(2),
        last_seen: Some("2026-03-11 12:00:00".into()),
        edit_date: None,
        custom: Default::default(),
    };
    AddressBook {
        addresses: (0..count).map(address).collect(),
        fetched_at: now,
    }
}

fn large_database(dir: &std::path::Path) {
    let now = Timestamp::now();
    let mut store = Store::open(dir, now).expect("a new database").store;
    let subnets: Vec<Subnet> = (0..SUBNETS).map(subnet).collect();
    let assignment = Assignment {
        agent: AgentId(1),
        agent_name: "bench".into(),
        subnets,
        fetched_at: now,
    };
    store
        .save_assignment(&key(), &assignment)
        .expect("room on the disk");
    for n in 0..SUBNETS {
        let count = if n == 0 { LARGE } else { EACH };
        store
            .save_addresses(
                &key(),
                assignment.subnets[n as usize].id,
                &book(n, count, now),
            )
            .expect("room on the disk");
    }
}

fn benches(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    large_database(dir.path());
    let open = || {
        Reader::open(dir.path())
            .expect("it opens")
            .expect("it is there")
    };
    criterion.bench_function("open and list 1,000 subnets", |b| {
        b.iter(|| black_box(open().subnets(&key()).expect("they are there").len()));
    });
    let reader = open();
    let network = "10.0.0.0/16".parse().expect("a network");
    criterion.bench_function("list 20,000 addresses of a /16", |b| {
        b.iter(|| {
            let rows = reader.addresses(&key(), Scope::Network(network));
            black_box(rows.expect("they are there").len())
        });
    });
    criterion.bench_function("restore the agent's state", |b| {
        b.iter(|| black_box(reader.restore(&key()).expect("it is there").reports.len()));
    });
}

criterion_group! {
    name = store;
    config = Criterion::default().sample_size(20);
    targets = benches
}
criterion_main!(store);
