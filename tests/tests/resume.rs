//! `kill -9` of the real `fieldscan scan` while it scans a subnet of several chunks: started again it asks only for the chunks
//! that are missing, and has the result of a scan that nothing cut short.

#![expect(
    clippy::unwrap_used,
    reason = "what a test's helper can't do fails the test"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
    process::{Child, Stdio},
    time::Duration,
};

use fieldscan_core::{
    host::Mac,
    ids::SubnetId,
    plan::{CHUNK, Unfinished},
    run::Scan,
};
use fieldscan_tests::{
    network::{Host, Layout, Quality, in_namespace},
    phpipam::{Model, address, subnet},
    site::{Plan, Site, processes, wait_until},
};
use ipnetwork::Ipv4Network;

const SUBNET: &str = "10.78.0.0/20";
const CHUNKS: u32 = 4;
const SCAN: [&str; 2] = ["scan", "--no-upload"];
const SOON: Duration = Duration::from_secs(120);

/// Addresses that are left out of two chunks, by their number, so that chunks end one after the other.
const EXCLUDED: [(u32, u32); 2] = [(1, 700), (3, 300)];

/// A routed subnet of several chunks, with hosts in each, half of which phpIPAM knows.
fn site() -> (Site, SubnetId) {
    let mut model = Model::with_agent();
    let id = model.add_subnet(subnet(SUBNET).agent(1).discover());
    let mut layout = Layout::new()
        .on_link("10.77.0.1/24".parse().unwrap())
        .gateway([10, 77, 0, 2])
        .routed(SUBNET.parse().unwrap())
        .quality(Quality {
            latency: Duration::from_millis(20),
            ..Quality::default()
        });
    let first = u32::from(Ipv4Addr::new(10, 78, 0, 0));
    for (chunk, count) in EXCLUDED {
        let offsets = (chunk * CHUNK..(chunk + 1) * CHUNK).filter(|offset| offset % 25 != 5);
        for offset in offsets.take(count as usize) {
            let ip = Ipv4Addr::from(first + offset).to_string();
            model.add_address(id, address(&ip).excluded());
        }
    }
    for n in 0..160 {
        let ip = Ipv4Addr::from(first + 5 + n * 25);
        layout = layout.host(Host::new(ip));
        if n % 2 == 0 {
            model.add_address(id, address(&ip.to_string()));
        }
    }
    let plan = Plan {
        model,
        layout: Some(layout),
        settings: Vec::new(),
        expected: Default::default(),
    };
    (Site::start(plan).unwrap(), SubnetId(id.unsigned_abs()))
}

/// `fieldscan scan` in the background.
fn begin(site: &Site) -> Child {
    let mut command = site.fieldscan().unwrap();
    let command = command.args(SCAN).stdin(Stdio::null());
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

fn left(site: &Site, subnet: SubnetId) -> Option<Unfinished> {
    // Before the first scan there is no database, and while it is being made none that can be read.
    let reader = site.reader().ok()?;
    reader.unfinished(&site.cache_key().unwrap(), subnet).ok()?
}

fn scans(site: &Site, subnet: SubnetId) -> Vec<Scan> {
    let reader = site.reader().unwrap();
    let key = site.cache_key().unwrap();
    reader.scans(&key, Some(subnet), u32::MAX).unwrap()
}

/// Whom a scan found, in all that doesn't differ from scan to scan.
fn found(site: &Site, scan: &Scan) -> BTreeMap<IpAddr, (Option<Mac>, Option<String>)> {
    let hosts = site.reader().unwrap().hosts_of_scan(scan.id).unwrap();
    let facts = hosts
        .into_iter()
        .map(|host| (host.ip, (host.mac, host.ptr)));
    facts.collect()
}

/// The chunks of the subnet that anybody in was asked for since the counts began anew.
fn asked(site: &Site) -> BTreeSet<usize> {
    let network: Ipv4Network = SUBNET.parse().unwrap();
    let first = u32::from(network.network());
    let simulated = site.network().unwrap().site();
    let probed = network.iter().filter(|ip| {
        let probes = simulated.probes_of(*ip);
        probes.arp + probes.icmp + probes.tcp + probes.udp > 0
    });
    probed
        .map(|ip| ((u32::from(ip) - first) / CHUNK) as usize)
        .collect()
}

/// Kills a scan once so many chunks are done, and a moment later; what it leaves.
fn cut_short(site: &Site, subnet: SubnetId, done: usize, moment: Duration) -> Unfinished {
    let mut scan = begin(site);
    let reached = wait_until(SOON, || {
        left(site, subnet).is_some_and(|left| left.chunks.len() >= done)
    });
    assert!(reached, "{done} chunks must be done and kept in time");
    // A moment is a moment: nothing is waited for here.
    let _ = wait_until(moment, || false);
    scan.kill().unwrap();
    scan.wait().unwrap();
    assert!(
        wait_until(Duration::from_secs(2), || processes("nmap").is_empty()),
        "the kill left nmap behind: {:?}",
        processes("nmap")
    );
    left(site, subnet).expect("the scan must be cut short before its end for this to show anything")
}

#[test]
fn a_killed_scan_goes_on_with_the_missing_chunks() {
    in_namespace("a_killed_scan_goes_on_with_the_missing_chunks", || {
        let (site, subnet) = site();
        let network = site.network().unwrap();
        let whole = site.run(SOON, &SCAN).unwrap();
        assert_eq!(scans(&site, subnet).len(), 1, "{}", whole.words());
        let expected = found(&site, &scans(&site, subnet)[0]);
        assert_eq!(expected.len(), 160, "every host is found");
        let standings = site.standings(SUBNET).unwrap();
        assert_eq!(
            asked(&site),
            (0..CHUNKS as usize).collect(),
            "else the chunks are other ones than this test believes"
        );

        // At how many finished chunks, and how much later, each of the kills of one scan strikes.
        let kills: [&[(usize, u64)]; 4] = [&[(1, 0)], &[(1, 170)], &[(2, 60)], &[(1, 40), (2, 0)]];
        let mut states = BTreeSet::new();
        for (round, kills) in kills.into_iter().enumerate() {
            let mut begun_at = None;
            let mut done = BTreeSet::new();
            for (chunks, moment) in kills {
                network.reset_counters();
                let unfinished = cut_short(&site, subnet, *chunks, Duration::from_millis(*moment));
                assert!(
                    asked(&site).is_disjoint(&done),
                    "round {round}: {done:?} were done before this start"
                );
                let first = *begun_at.get_or_insert(unfinished.started_at);
                assert_eq!(unfinished.started_at, first, "it is the same scan still");
                done = unfinished.chunks.into_keys().collect();
            }
            let missing: BTreeSet<_> = (0..CHUNKS as usize)
                .filter(|chunk| !done.contains(chunk))
                .collect();
            eprintln!("round {round}: {done:?} were done at the kill");
            states.insert(done.clone());
            assert!(!missing.is_empty(), "round {round}: nothing is left to do");

            network.reset_counters();
            let ended = site.run(SOON, &SCAN).unwrap();
            assert_eq!(asked(&site), missing, "round {round}: {}", ended.words());
            let scans = scans(&site, subnet);
            assert_eq!(scans.len(), round + 2, "a scan that goes on is one scan");
            assert_eq!(
                found(&site, &scans[0]),
                expected,
                "round {round}: the result is that of a scan in one go"
            );
            assert_eq!(
                Some(scans[0].started_at),
                begun_at,
                "the first start counts"
            );
            let excluded: u32 = EXCLUDED.iter().map(|(_, count)| count).sum();
            assert_eq!(scans[0].addresses, CHUNKS * CHUNK - excluded);
            assert_eq!(site.standings(SUBNET).unwrap(), standings);
            assert_eq!(left(&site, subnet), None, "nothing is left to go on with");
        }

        assert!(
            states.len() > 1,
            "the kills must strike at different moments: {states:?}"
        );

        network.reset_counters();
        site.run(SOON, &SCAN).unwrap();
        assert_eq!(
            asked(&site).len(),
            CHUNKS as usize,
            "after a scan that ended the next one asks for all"
        );
    });
}
