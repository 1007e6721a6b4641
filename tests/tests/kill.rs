//! `kill -9` of the real `fieldscan watch` at a hundred random moments: no report is lost, none is doubled, and it is ready
//! again at once.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "what a test's helper can't do fails the test"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::{Duration, Instant},
};

use fieldscan_core::{
    delivery::{Report, State},
    ids::ReportId,
};
use fieldscan_tests::{
    network::{Host, Layout, in_namespace},
    phpipam::{Model, address, subnet},
    site::{Plan, Site, Watch, processes, wait_until},
};

const KILLS: usize = 100;
/// The promise.
const READY_WITHIN: Duration = Duration::from_secs(3);
/// Runs take some seconds: kills come at all moments of one, and sometimes after its end.
const LONGEST_LIFE_MS: u64 = 2_600;
const SUBNETS: u8 = 3;
const SOON: Duration = Duration::from_secs(120);

/// A generator that is the same in every run (splitmix64, by Sebastiano Vigna, public domain).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit
    }
}

/// Small subnets on the link, each with four hosts, half of which phpIPAM doesn't know yet.
fn site() -> Site {
    let mut model = Model::with_agent();
    let mut layout = Layout::new();
    for third in 0..SUBNETS {
        let id = model.add_subnet(subnet(&format!("10.77.{third}.0/28")).agent(1).discover());
        layout = layout.on_link(format!("10.77.{third}.14/28").parse().unwrap());
        for last in 1..=4u8 {
            layout = layout.host(Host::new([10, 77, third, last]));
            if last <= 2 {
                model.add_address(id, address(&format!("10.77.{third}.{last}")));
            }
        }
    }
    let plan = Plan {
        model,
        layout: Some(layout),
        settings: Vec::new(),
        expected: Default::default(),
    };
    let site = plan
        .with("schedule", "1 min")
        .with("schedule_jitter", "0 s");
    Site::start(site).unwrap()
}

fn is_ready(line: &str) -> bool {
    line.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| word.eq_ignore_ascii_case("ready"))
}

/// Lets it live for a while.
fn live(watch: &mut Watch, until: Instant) {
    let left = until.saturating_duration_since(Instant::now());
    // A moment is a moment: nothing is waited for here.
    let _ = wait_until(left, || false);
    watch.lines();
}

/// What a report says: each host with its time.
fn claims(report: &Report) -> BTreeSet<(IpAddr, String)> {
    let hosts = report.hosts.iter();
    hosts.map(|ip| (*ip, report.last_seen.clone())).collect()
}

#[test]
fn a_hundred_kills_lose_and_double_nothing() {
    in_namespace("a_hundred_kills_lose_and_double_nothing", || {
        let mut site = site();
        // Long enough that a kill comes while the server works, short enough to keep up.
        site.server.set_time_per_host(Duration::from_millis(5));
        let mut dice = Dice(20_261_124);
        let mut ready_after = Vec::new();
        let mut accepted: BTreeMap<ReportId, BTreeSet<(IpAddr, String)>> = BTreeMap::new();
        let (mut while_scanning, mut while_open, mut runs_ended) = (0, 0, 0);
        for kill in 0..KILLS {
            let began = Instant::now();
            let mut watch = site.watch(|_| {}).unwrap();
            // One in five dies in its first moments, ready or not.
            let early = dice.below(5) == 0;
            let life = Duration::from_millis(dice.below(if early { 300 } else { LONGEST_LIFE_MS }));
            if early {
                live(&mut watch, began + life);
            } else {
                let ready = watch.wait_for_line(SOON, is_ready).unwrap();
                ready_after.push(ready);
                live(&mut watch, began + ready + life);
            }
            while_scanning += usize::from(!processes("nmap").is_empty());
            watch.kill().unwrap();
            assert!(
                wait_until(Duration::from_secs(2), || processes("nmap").is_empty()),
                "kill {kill} left nmap behind: {:?}",
                processes("nmap")
            );
            if !site.data_folder().join("fieldscan.db").exists() {
                continue;
            }
            let Ok(reports) = site.reports() else {
                // Killed while it made the database.
                continue;
            };
            // A run that a kill cut short is caught up at once. After one that ended the next is due in a minute: it comes.
            let ended = site.runs().unwrap();
            let ended = ended.iter().filter(|run| run.finished_at.is_some()).count();
            if ended > runs_ended {
                runs_ended = ended;
                site.set("epoch_time_offset", &(60 * ended).to_string())
                    .unwrap();
            }
            while_open += usize::from(reports.iter().any(|report| !report.state.is_final()));
            for (id, claims) in &accepted {
                let now = reports.iter().find(|report| report.id == *id);
                let now = now.unwrap_or_else(|| panic!("kill {kill} lost report {id}"));
                assert_eq!(
                    self::claims(now),
                    *claims,
                    "report {id} is as it was accepted"
                );
            }
            for report in &reports {
                accepted.insert(report.id, claims(report));
            }
        }
        assert!(
            while_scanning > KILLS / 10 && while_open > KILLS / 10 && accepted.len() > 20,
            "the kills must strike at work: {while_scanning} while nmap ran, {while_open} with open reports, {} reports",
            accepted.len()
        );

        let mut watch = site.watch(|_| {}).unwrap();
        ready_after.push(watch.wait_for_line(SOON, is_ready).unwrap());
        let settled = wait_until(SOON, || {
            let reports = site.reports().unwrap();
            accepted.keys().all(|id| {
                reports
                    .iter()
                    .any(|report| report.id == *id && report.state.is_final())
            })
        });
        watch.stop(SOON).unwrap();
        assert!(
            settled,
            "every report must come to its end: {:#?}",
            site.reports().unwrap()
        );
        assert!(processes("nmap").is_empty(), "nothing is left after a stop");
        nothing_is_lost(&site, &accepted);
        nothing_is_doubled(&site);

        ready_after.sort();
        let longest = *ready_after.last().unwrap();
        eprintln!(
            "{KILLS} kills: {while_scanning} while nmap ran, {while_open} with open reports; {runs_ended} runs ended, \
             {} reports accepted, {} uploads; \
             ready after {} ms (median), {} ms (longest)",
            accepted.len(),
            site.server.received().len(),
            ready_after[ready_after.len() / 2].as_millis(),
            longest.as_millis(),
        );
        assert!(
            longest < READY_WITHIN,
            "a person who starts it again must not wait: {longest:?}"
        );
    });
}

/// Each report's claims arrived, or newer ones told of the same hosts.
fn nothing_is_lost(site: &Site, accepted: &BTreeMap<ReportId, BTreeSet<(IpAddr, String)>>) {
    let mut arrived: BTreeSet<(IpAddr, String)> = BTreeSet::new();
    let mut last: BTreeMap<String, String> = BTreeMap::new();
    for received in site.server.received().into_iter().filter(|one| one.taken) {
        let body = received.json.unwrap();
        let subnet = body["scan"]["subnet"].as_str().unwrap().to_owned();
        for result in body["scan"]["results"].as_array().unwrap() {
            let ip = result["ip"].as_str().unwrap().parse().unwrap();
            let seen = result["lastSeen"].as_str().unwrap().to_owned();
            let before = last.entry(subnet.clone()).or_default();
            assert!(
                seen >= *before,
                "an older report of {subnet} ({seen}) came after a newer one ({before})"
            );
            before.clone_from(&seen);
            arrived.insert((ip, seen));
        }
    }
    let newest: BTreeMap<IpAddr, String> = arrived.iter().cloned().collect();
    for report in site.reports().unwrap() {
        let Some(claims) = accepted.get(&report.id) else {
            continue;
        };
        match report.state {
            State::Confirmed { .. } => {
                for (ip, seen) in claims {
                    let told = report.told().any(|told| told == *ip);
                    let as_told = arrived.contains(&(*ip, seen.clone()));
                    let newer = newest.get(ip).is_some_and(|newest| newest >= seen);
                    assert!(
                        if told { as_told } else { newer },
                        "report {} is Confirmed, and {ip} at {seen} never arrived",
                        report.id
                    );
                }
            }
            State::Superseded { .. } => {
                for (ip, seen) in claims {
                    assert!(
                        newest.get(ip).is_some_and(|newest| newest >= seen),
                        "report {} gave way to newer ones, which never told of {ip}",
                        report.id
                    );
                }
            }
            ref other => panic!("report {} is lost: {other:?}", report.id),
        }
    }
}

/// phpIPAM has every address once, and the newest time of each.
fn nothing_is_doubled(site: &Site) {
    assert!(
        site.server.wait_until_idle(SOON),
        "the server ends its work"
    );
    let model = site.ipam.model();
    for row in model.addresses() {
        let twins = model.addresses_with_ip(&row.ip).count();
        assert_eq!(twins, 1, "{} is in phpIPAM {twins} times", row.ip);
    }
    // Four hosts and the scanner itself.
    assert_eq!(model.addresses().len(), usize::from(SUBNETS) * 5);
    let reports = site.reports().unwrap();
    let ids: BTreeSet<_> = reports
        .iter()
        .map(|report| (report.scan, report.part))
        .collect();
    assert_eq!(
        ids.len(),
        reports.len(),
        "a scan has each of its reports once"
    );
}
