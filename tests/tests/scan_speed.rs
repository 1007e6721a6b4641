//! The engine's scheduler on simulated networks with the real nmap: what it sends, in which order subnets end, and that a
//! part and the whole agree. How long it takes is the benchmark's question.

#![expect(
    clippy::unwrap_used,
    reason = "what a test's helper can't do fails the test"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
    time::{Duration, Instant},
};

use fieldscan_core::{
    agent::ScanFailure,
    ids::SubnetId,
    plan::{self, Chunk, Dns, Mode, Profile, Target},
};
use fieldscan_engine::nmap::{News, Nmap, Scanned, Scheduler, Work};
use fieldscan_tests::network::{Behaviour, Host, Layout, Network, Quality, in_namespace};
use ipnetwork::{IpNetwork, Ipv4Network};
use tokio_util::sync::CancellationToken;

fn inside(test: &str, body: impl AsyncFnOnce()) {
    in_namespace(test, || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(body());
    });
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A sweep of a network in chunks of this prefix length.
fn target(id: u64, network: &str, prefix: u8) -> Target {
    let network: Ipv4Network = network.parse().unwrap();
    let first = u32::from(network.network());
    let size = 1u32 << (32 - prefix);
    let chunks = (0..network.size() / size).map(|n| Chunk {
        networks: vec![IpNetwork::new(Ipv4Addr::from(first + n * size).into(), prefix).unwrap()],
        exclude: Vec::new(),
        addresses: size,
    });
    Target {
        subnet: SubnetId(id),
        network: network.into(),
        mode: Mode::Sweep,
        dns: Dns::Off,
        chunks: chunks.collect(),
    }
}

/// A gateway at 10.77.0.2, and behind it a network.
fn behind(network: &str) -> Layout {
    Layout::new()
        .on_link("10.77.0.1/24".parse().unwrap())
        .gateway([10, 77, 0, 2])
        .routed(network.parse().unwrap())
}

fn hosts(first: [u8; 4], count: u32, step: u32) -> impl Iterator<Item = Host> {
    let first = u32::from(Ipv4Addr::from(first));
    (0..count).map(move |n| Host::new(Ipv4Addr::from(first + n * step)))
}

async fn nmap() -> Nmap {
    let nmap = Nmap::find(None).await.expect("nmap must be installed");
    assert!(nmap.privileged, "root of the namespace has raw sockets");
    nmap
}

async fn scan(work: Work<'_>) -> Scanned {
    let cancel = CancellationToken::new();
    Scheduler::new()
        .scan(&nmap().await, work, &cancel, |_| {})
        .await
}

fn found(scanned: Scanned) -> BTreeSet<IpAddr> {
    let hosts = scanned.result.expect("the scan has a result");
    hosts.into_iter().map(|host| host.ip).collect()
}

/// Children of this process that have not ended: it starts nothing but nmaps.
fn nmaps() -> usize {
    let own = std::process::id().to_string();
    let stats = std::fs::read_dir("/proc").unwrap().flatten();
    stats
        .filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok())
        .filter(|stat| {
            let fields: Vec<_> = stat[stat.rfind(')').unwrap() + 1..]
                .split_whitespace()
                .take(2)
                .collect();
            fields[0] != "Z" && fields[1] == own
        })
        .count()
}

#[test]
fn all_scans_together_keep_to_the_packets_of_the_profile() {
    inside(
        "all_scans_together_keep_to_the_packets_of_the_profile",
        async || {
            let layout = behind("10.78.0.0/22").hosts(hosts([10, 78, 0, 10], 60, 7));
            let network = Network::start(&layout).unwrap();
            let scheduler = Scheduler::new();
            let mut scans = tokio::task::JoinSet::new();
            for n in 0..4 {
                let (scheduler, nmap) = (scheduler.clone(), nmap().await);
                scans.spawn(async move {
                    let target = target(n + 1, &format!("10.78.{n}.0/26"), 28);
                    let cancel = CancellationToken::new();
                    let work = Work::all(&target, Profile::Gentle);
                    found(scheduler.scan(&nmap, work, &cancel, |_| {}).await).len()
                });
            }
            let up: usize = scans.join_all().await.into_iter().sum();
            assert!(up > 0, "some of the hosts are in the subnets");
            let counters = network.counters();
            assert!(
                counters.packets() > 4 * 40 * 8,
                "the silent addresses are asked with all probes, twice: {counters:?}"
            );
            assert_eq!(counters.overruns, 0, "else the counts mean nothing");
            let limit = u64::from(plan::limit(Profile::Gentle));
            assert!(
                counters.peak_per_second <= limit,
                "no second may see more than {limit} packets of all nmaps: {counters:?}"
            );
        },
    );
}

#[test]
fn a_small_subnet_ends_before_a_large_one_that_began_earlier() {
    inside(
        "a_small_subnet_ends_before_a_large_one_that_began_earlier",
        async || {
            let _network = Network::start(&behind("10.78.0.0/20")).unwrap();
            let (scheduler, nmap) = (Scheduler::new(), nmap().await);
            let (large, small) = (target(1, "10.78.0.0/21", 24), target(2, "10.78.8.0/28", 28));
            let cancel = CancellationToken::new();
            let (begin, begins) = tokio::sync::oneshot::channel();
            let mut begin = Some(begin);
            let large =
                scheduler.scan(&nmap, Work::all(&large, Profile::Normal), &cancel, |news| {
                    if let News::Chunk { .. } = news {
                        // The first chunk is through: the small one comes when six are still to do.
                        if let Some(begin) = begin.take() {
                            let _ = begin.send(());
                        }
                    }
                });
            let small = async {
                begins.await.expect("the large subnet's first chunk ends");
                let work = Work::all(&small, Profile::Normal);
                scheduler.scan(&nmap, work, &cancel, |_| {}).await
            };
            tokio::pin!(large, small);
            let first = tokio::select! {
                large = &mut large => panic!("the large subnet was not interrupted: {large:?}"),
                small = &mut small => small,
            };
            assert!(found(first).is_empty(), "nobody is there");
            assert!(found(large.await).is_empty(), "nor here");
        },
    );
}

#[test]
fn a_scan_that_is_cut_short_and_gone_on_with_equals_a_whole_one() {
    inside(
        "a_scan_that_is_cut_short_and_gone_on_with_equals_a_whole_one",
        async || {
            let layout = behind("10.78.0.0/24").hosts(hosts([10, 78, 0, 3], 60, 4));
            let _network = Network::start(&layout).unwrap();
            let (target, nmap) = (target(1, "10.78.0.0/24", 26), nmap().await);
            let whole = found(scan(Work::all(&target, Profile::Fast)).await);
            assert_eq!(whole.len(), 60, "all hosts are found");

            let cancel = CancellationToken::new();
            let mut kept: BTreeMap<usize, Vec<IpAddr>> = BTreeMap::new();
            let first = Work {
                chunks: [0, 2].into(),
                ..Work::all(&target, Profile::Fast)
            };
            let scheduler = Scheduler::new();
            let part = scheduler.scan(&nmap, first, &cancel, |news| {
                if let News::Chunk { index, hosts } = news {
                    kept.insert(index, hosts.iter().map(|host| host.ip).collect());
                }
            });
            let part = found(part.await);
            assert_eq!(kept.keys().copied().collect::<Vec<_>>(), [0, 2]);
            let told: BTreeSet<_> = kept.values().flatten().copied().collect();
            assert_eq!(told, part, "the chunks tell what the result holds");
            let missing = (0..target.chunks.len()).filter(|index| !kept.contains_key(index));
            let rest = Work {
                chunks: missing.collect(),
                ..Work::all(&target, Profile::Fast)
            };
            let rest = found(scan(rest).await);
            assert!(rest.is_disjoint(&part), "no chunk is scanned twice");
            assert_eq!(&rest | &part, whole, "together they are the whole");
        },
    );
}

#[test]
fn known_hosts_that_were_missed_are_found_by_the_second_pass() {
    inside(
        "known_hosts_that_were_missed_are_found_by_the_second_pass",
        async || {
            // At such a loss some are always missed by the first pass; the chances are decided by the seed.
            let bad = Quality {
                latency: Duration::from_millis(5),
                jitter: Duration::ZERO,
                loss: 0.35,
            };
            let layout = Layout::new()
                .on_link("10.76.0.1/25".parse().unwrap())
                .quality(bad)
                .seed(7)
                .hosts(hosts([10, 76, 0, 2], 100, 1));
            let network = Network::start(&layout).unwrap();
            let known: BTreeSet<IpAddr> = (2..102).map(|n| ip(&format!("10.76.0.{n}"))).collect();
            let target = target(1, "10.76.0.0/25", 25);
            let cancel = CancellationToken::new();
            let (mut first, mut second) = (BTreeSet::new(), BTreeSet::new());
            let mut before = 0;
            let work = Work {
                known: known.clone(),
                ..Work::all(&target, Profile::Normal)
            };
            let scheduler = Scheduler::new();
            let nmap = nmap().await;
            let scanned = scheduler.scan(&nmap, work, &cancel, |news| match news {
                News::Chunk { hosts, .. } => {
                    first.extend(hosts.iter().map(|host| host.ip));
                    before = network.counters().packets();
                }
                News::SecondPass { hosts } => second.extend(hosts.iter().map(|host| host.ip)),
                News::Progress { .. } => {}
            });
            let all = found(scanned.await);
            let missed = known.difference(&first).count();
            assert!(
                missed > 0,
                "the first pass must miss some for this to show anything"
            );
            assert!(
                second.len() * 2 > missed,
                "of {missed} missed hosts most are found when asked again, not only {}",
                second.len()
            );
            assert!(
                first.is_disjoint(&second),
                "only who was missed is asked again"
            );
            assert_eq!(&first | &second, all, "the result holds both");
            let asked = network.counters().packets() - before;
            assert!(
                asked <= missed as u64 * 8,
                "{missed} addresses are asked again, not {asked} packets' worth"
            );
        },
    );
}

#[test]
fn nobody_outside_the_target_and_no_excluded_address_is_asked() {
    inside(
        "nobody_outside_the_target_and_no_excluded_address_is_asked",
        async || {
            // Whoever is on the link but outside what is scanned, or excluded.
            let layout = Layout::new()
                .on_link("10.76.0.1/24".parse().unwrap())
                .hosts(hosts([10, 76, 0, 2], 200, 1))
                .host(Host::new([10, 76, 0, 70]).behaves(Behaviour::Silent));
            let network = Network::start(&layout).unwrap();
            let mut target = target(1, "10.76.0.64/26", 27);
            let excluded = [ip("10.76.0.65"), ip("10.76.0.80")];
            target.chunks[0].exclude = excluded.to_vec();
            target.chunks[0].addresses -= 2;
            network.reset_counters();
            let known = [
                excluded[1],
                ip("10.76.0.70"),
                ip("10.76.0.20"),
                ip("10.76.0.100"),
            ];
            let work = Work {
                known: known.into(),
                ..Work::all(&target, Profile::Normal)
            };
            let found = found(scan(work).await);
            assert_eq!(
                found.len(),
                61,
                "64 addresses but two excluded and one silent"
            );
            let asked = network.site().asked().clone();
            let allowed: BTreeSet<_> = (64..128)
                .map(|n| ip(&format!("10.76.0.{n}")))
                .filter(|ip| !excluded.contains(ip))
                .collect();
            assert_eq!(
                asked, allowed,
                "exactly the target's addresses but the excluded ones are asked"
            );
        },
    );
}

/// The moments are spread from before the first nmap's start to where several are at work.
#[test]
fn stopping_at_any_moment_leaves_no_nmap() {
    inside("stopping_at_any_moment_leaves_no_nmap", async || {
        let layout = behind("10.78.0.0/20").hosts(hosts([10, 78, 0, 10], 100, 7));
        let _network = Network::start(&layout).unwrap();
        let (target, nmap, scheduler) = (
            target(1, "10.78.0.0/20", 24),
            nmap().await,
            Scheduler::new(),
        );
        let mut most = 0;
        let mut seed = 1u64;
        for moment in 0..50 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let after = Duration::from_micros((seed >> 33) % 600_000);
            let cancel = CancellationToken::new();
            let scan = scheduler.scan(&nmap, Work::all(&target, Profile::Fast), &cancel, |_| {});
            let stop = async {
                // The passing of time is what is tested: a scan is stopped at any moment.
                tokio::time::sleep(after).await;
                most = most.max(nmaps());
                cancel.cancel();
                Instant::now()
            };
            let (scanned, stopped) = tokio::join!(scan, stop);
            let took = stopped.elapsed();
            assert_eq!(
                scanned.result,
                Err(ScanFailure::Stopped),
                "moment {moment}, after {after:?}: what is stopped has no result"
            );
            assert!(
                took < Duration::from_secs(2),
                "moment {moment}, after {after:?}: it ended {took:?} after it was stopped"
            );
            let left = nmaps();
            assert_eq!(left, 0, "moment {moment}, after {after:?}: nmaps are left");
        }
        assert!(
            most > 1,
            "several nmaps must have been at work for this to show anything"
        );
    });
}

#[test]
fn a_scan_that_is_dropped_gives_its_packets_back() {
    inside(
        "a_scan_that_is_dropped_gives_its_packets_back",
        async || {
            let _network = Network::start(&behind("10.78.0.0/20")).unwrap();
            let (nmap, scheduler, cancel) =
                (nmap().await, Scheduler::new(), CancellationToken::new());
            let large = target(1, "10.78.0.0/20", 24);
            let scan = scheduler.scan(&nmap, Work::all(&large, Profile::Gentle), &cancel, |_| {});
            let working = async {
                let deadline = Instant::now() + Duration::from_secs(30);
                while nmaps() == 0 {
                    assert!(Instant::now() < deadline, "no nmap was ever started");
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            tokio::select! {
                scanned = scan => panic!("it takes minutes: {scanned:?}"),
                () = working => {}
            }
            let small = target(2, "10.78.0.0/30", 30);
            let scan = scheduler.scan(&nmap, Work::all(&small, Profile::Gentle), &cancel, |_| {});
            let scanned = tokio::time::timeout(Duration::from_secs(60), scan).await;
            let scanned = scanned.expect("what the dropped scan held must be free again");
            assert!(found(scanned).is_empty(), "nobody is there");
        },
    );
}
