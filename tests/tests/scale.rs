//! 1,000 subnets with 100,000 addresses, one of them a /16 with 20,000: the commands work, and say what they cost.
//!
//! Times and memory are printed, and only memory is held to its limit: times are measured in release builds, by the
//! benchmarks.

#![expect(
    clippy::unwrap_used,
    reason = "what a test's helper can't do fails the test"
)]

use std::{
    io::Read as _,
    net::Ipv4Addr,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use fieldscan_core::{
    ids::AgentId,
    ipam::{Address, AddressBook, Assignment, Subnet},
};
use fieldscan_engine::store::{CacheKey, Store};
use fieldscan_tests::{
    ipam,
    phpipam::Model,
    site::{Plan, Site},
};
use jiff::Timestamp;

const SUBNETS: u32 = 1_000;
const LARGE: u32 = 20_000;
const ADDRESSES: u32 = 100_000;
/// What the agent may hold, in KiB.
const MEMORY: u64 = 100 * 1024;

fn subnet(number: u32) -> Subnet {
    let cidr = match number {
        0 => "10.0.0.0/16".to_owned(),
        number => format!("{}/24", Ipv4Addr::from(0x0A01_0000 + (number << 8))),
    };
    Subnet {
        description: format!("Subnet {number}"),
        ping: true,
        ..ipam::subnet(u64::from(number) + 1, &cidr)
    }
}

fn addresses(subnet: &Subnet, count: u32, first_id: u32) -> Vec<Address> {
    let network = subnet.network.unwrap();
    let hosts = network.iter().skip(1).take(count as usize);
    hosts
        .zip(first_id..)
        .map(|(ip, id)| Address {
            hostname: Some(format!("host-{id}.example.com")),
            mac: Some(
                format!(
                    "02:00:{:02x}:{:02x}:{:02x}:01",
                    id >> 16,
                    (id >> 8) & 255,
                    id & 255
                )
                .parse()
                .unwrap(),
            ),
            description: Some("a printer on the second floor".into()),
            last_seen: Some("2026-03-11 12:00:00".into()),
            ..ipam::address(id.into(), subnet.id, ip)
        })
        .collect()
}

fn fill(data_folder: &Path, key: &CacheKey) {
    let now = Timestamp::now();
    let mut store = Store::open(data_folder, now).unwrap().store;
    let subnets: Vec<Subnet> = (0..SUBNETS).map(subnet).collect();
    let assignment = Assignment {
        agent: AgentId(1),
        agent_name: "depot".into(),
        subnets,
        fetched_at: now,
    };
    store.save_assignment(key, &assignment).unwrap();
    let mut id = 1;
    for (number, subnet) in (0..).zip(&assignment.subnets) {
        let each = (ADDRESSES - LARGE) / (SUBNETS - 1);
        let rest = (ADDRESSES - LARGE) % (SUBNETS - 1);
        let count = match number {
            0 => LARGE,
            number => each + u32::from(number <= rest),
        };
        let book = AddressBook {
            addresses: addresses(subnet, count, id),
            fetched_at: now,
        };
        id += count;
        store.save_addresses(key, subnet.id, &book).unwrap();
    }
    assert_eq!(id - 1, ADDRESSES);
}

/// Runs a command to its end, and looks at its memory as often as can be: what it printed, how long it took, and the most
/// that it held, in KiB.
fn measure(mut command: Command) -> (String, Duration, Option<u64>) {
    let began = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).unwrap();
        text
    });
    let mut stderr = child.stderr.take().unwrap();
    let errors = std::thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).unwrap();
        text
    });
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak = None;
    let status = loop {
        let text = std::fs::read_to_string(&status_file).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let now = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        peak = now.or(peak);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
    };
    let took = began.elapsed();
    let errors = errors.join().unwrap();
    assert!(
        matches!(status.code(), Some(0 | 1)),
        "{command:?} ended with {status}: {errors}"
    );
    (reader.join().unwrap(), took, peak)
}

#[test]
fn a_thousand_subnets_with_a_hundred_thousand_addresses() {
    let site = Site::start(Plan {
        model: Model::with_agent(),
        layout: None,
        settings: Vec::new(),
        expected: Default::default(),
    })
    .unwrap();
    fill(&site.data_folder(), &site.cache_key().unwrap());
    let commands: [&[&str]; 5] = [
        &["status"],
        &["--json", "status"],
        &["subnets"],
        &["addresses", "10.0.0.0/16"],
        &["--json", "addresses", "10.0.0.0/16"],
    ];
    let mut printed = Vec::new();
    for arguments in commands {
        let mut command = site.fieldscan().unwrap();
        command.args(arguments);
        let (stdout, took, peak) = measure(command);
        eprintln!(
            "fieldscan {}: {} ms, at most {}",
            arguments.join(" "),
            took.as_millis(),
            peak.map_or("? MiB".to_owned(), |peak| format!("{} MiB", peak / 1024)),
        );
        if let Some(peak) = peak {
            assert!(
                peak < MEMORY,
                "`fieldscan {}` held {peak} KiB; agents run on small machines",
                arguments.join(" ")
            );
        }
        printed.push(stdout);
    }
    assert!(!printed[0].is_empty(), "status says where things stand");
    let lines = |text: &str, part: &str| text.lines().filter(|line| line.contains(part)).count();
    assert!(lines(&printed[2], "/24") >= 999, "every subnet is listed");
    assert!(
        lines(&printed[3], "10.0.") >= LARGE as usize,
        "every address is listed"
    );
    let document: serde_json::Value = serde_json::from_str(&printed[4]).unwrap();
    let listed = match &document {
        serde_json::Value::Object(fields) => fields
            .values()
            .filter_map(|v| v.as_array())
            .map(Vec::len)
            .max(),
        serde_json::Value::Array(all) => Some(all.len()),
        _ => None,
    };
    assert_eq!(
        listed,
        Some(LARGE as usize),
        "every address is in the document"
    );
}
