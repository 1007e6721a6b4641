//! What scans with the real nmap on simulated networks say beside who is up: two devices at one address, devices that answer
//! for everybody, IPv6 neighbours that nobody asked; and that scans can be held.

#![expect(
    clippy::unwrap_used,
    reason = "what a test's helper can't do fails the test"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket},
    time::{Duration, Instant},
};

use fieldscan_core::{
    agent::ScanFailure,
    host::{self, SeenBy},
    ids::SubnetId,
    plan::{self, Guard, Impostor, Mode, Profile, Target, everybody_up},
    problem::Problem,
};
use fieldscan_engine::nmap::{News, Nmap, Scheduler, Work};
use fieldscan_tests::{
    ipam,
    network::{Behaviour, Host, Layout, Mac, Network, Quality, in_namespace},
};
use tokio_util::sync::CancellationToken;

fn inside(test: &str, body: impl AsyncFnOnce(Nmap)) {
    in_namespace(test, || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let nmap = Nmap::find(None).await.expect("nmap must be installed");
            assert!(nmap.privileged, "root of the namespace has raw sockets");
            body(nmap).await;
        });
    });
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// As the agent makes it, of a subnet of which phpIPAM knows these addresses.
fn target(cidr: &str, known: &[&str]) -> Target {
    let subnet = ipam::subnet(1, cidr);
    let book: Vec<_> = known
        .iter()
        .zip(1..)
        .map(|(at, id)| ipam::address(id, subnet.id, ip(at)))
        .collect();
    let mode = match subnet.network.unwrap().is_ipv4() {
        true => Mode::Sweep,
        false => Mode::Known,
    };
    let guard = Guard {
        large: true,
        ..Guard::default()
    };
    plan::target(&subnet, mode, &book, &guard).unwrap()
}

async fn scan(nmap: &Nmap, target: &Target) -> Result<Vec<host::Host>, ScanFailure> {
    let cancel = CancellationToken::new();
    let work = Work::all(target, Profile::Fast);
    Scheduler::new()
        .scan(nmap, work, &cancel, |_| {})
        .await
        .result
}

fn mac(bytes: Mac) -> host::Mac {
    host::Mac(bytes.0)
}

#[test]
fn two_devices_at_one_address_are_both_told() {
    inside("two_devices_at_one_address_are_both_told", async |nmap| {
        let second = Mac([0x02, 0xdd, 0, 0, 0, 9]);
        let third = Mac([0x02, 0xdd, 0, 0, 0, 10]);
        let layout = Layout::new()
            .on_link("10.76.0.1/22".parse().unwrap())
            .quality(Quality {
                latency: Duration::from_millis(10),
                jitter: Duration::from_millis(5),
                loss: 0.0,
            })
            .hosts(
                (2..900u32)
                    .step_by(3)
                    .map(|n| Host::new(Ipv4Addr::from(0x0a4c_0000 + n))),
            )
            .host(Host::new([10, 76, 0, 9]).duplicate(second))
            .host(
                Host::new([10, 76, 2, 77])
                    .duplicate(second)
                    .duplicate(third),
            );
        let _network = Network::start(&layout).unwrap();
        let hosts = scan(&nmap, &target("10.76.0.0/22", &[])).await.unwrap();
        assert!(hosts.len() > 290);
        let duplicates: BTreeMap<_, BTreeSet<_>> = hosts
            .iter()
            .filter(|host| !host.also.is_empty())
            .map(|host| {
                (
                    host.ip,
                    host.mac.into_iter().chain(host.also.clone()).collect(),
                )
            })
            .collect();
        let of = |at: &str, more: &[Mac]| {
            let all = [Mac::of(ip(at))].into_iter().chain(more.iter().copied());
            (ip(at), all.map(mac).collect::<BTreeSet<_>>())
        };
        let expected = [
            of("10.76.0.9", &[second]),
            of("10.76.2.77", &[second, third]),
        ];
        assert_eq!(
            duplicates,
            BTreeMap::from(expected),
            "these and no others, with all their MACs"
        );
    });
}

#[test]
fn a_firewall_that_answers_for_everybody_is_seen_through() {
    inside(
        "a_firewall_that_answers_for_everybody_is_seen_through",
        async |nmap| {
            let layout = Layout::new()
                .on_link("10.77.0.1/24".parse().unwrap())
                .gateway([10, 77, 0, 2])
                .routed("10.78.0.0/24".parse().unwrap())
                .routed("10.79.0.0/24".parse().unwrap())
                .hosts((0..=255).map(|n| Host::new([10, 78, 0, n]).behaves(Behaviour::RstOnly)))
                // A full network of hosts that answer ping.
                .hosts((0..=255).map(|n| Host::new([10, 79, 0, n])));
            let _network = Network::start(&layout).unwrap();
            let unprivileged = Nmap {
                privileged: false,
                ..nmap.clone()
            };
            for nmap in [&nmap, &unprivileged] {
                let target = target("10.78.0.0/24", &[]);
                let seen = everybody_up(&target, &scan(nmap, &target).await.unwrap());
                let seen = seen.expect("it is the firewall that answers");
                assert_eq!((seen.of, seen.by), (256, Impostor::Reset));
            }
            let target = target("10.79.0.0/24", &[]);
            let hosts = scan(&nmap, &target).await.unwrap();
            assert!(hosts.len() > 250);
            assert_eq!(everybody_up(&target, &hosts), None, "they are really there");
        },
    );
}

#[test]
fn a_gateway_that_answers_arp_for_everybody_is_seen_through() {
    inside(
        "a_gateway_that_answers_arp_for_everybody_is_seen_through",
        async |nmap| {
            let layout = Layout::new()
                .on_link("10.76.0.1/24".parse().unwrap())
                .gateway([10, 76, 0, 2])
                .proxy_arp("10.76.0.0/24".parse().unwrap())
                .host(Host::new([10, 76, 0, 9]));
            let _network = Network::start(&layout).unwrap();
            let unprivileged = Nmap {
                privileged: false,
                ..nmap.clone()
            };
            for nmap in [&nmap, &unprivileged] {
                let target = target("10.76.0.0/24", &[]);
                let hosts = scan(nmap, &target).await.unwrap();
                let seen = everybody_up(&target, &hosts);
                let gateway = mac(Mac::of(ip("10.76.0.2")));
                assert_eq!(
                    seen.map(|seen| seen.by),
                    Some(Impostor::OneMac { mac: gateway }),
                    "{} hosts, privileged: {}",
                    hosts.len(),
                    nmap.privileged
                );
            }
        },
    );
}

#[test]
fn ipv6_neighbours_are_told_and_nothing_is_swept() {
    inside(
        "ipv6_neighbours_are_told_and_nothing_is_swept",
        async |nmap| {
            let at = |n: u16| Ipv6Addr::new(0xfd00, 0x77, 0, 0, 0, 0, 0, n);
            let layout = Layout::new()
                .on_link("fd00:77::1/64".parse().unwrap())
                .hosts([2, 3, 4, 5].map(|n| Host::new(at(n))));
            let network = Network::start(&layout).unwrap();
            // As a machine talks to its neighbours: these two, and one who isn't there.
            let socket = UdpSocket::bind("[::]:0").unwrap();
            for n in [3, 4, 9] {
                socket.send_to(b"x", (at(n), 9)).unwrap();
            }
            let deadline = Instant::now() + Duration::from_secs(10);
            let known = async || {
                let table = fieldscan_engine::neighbours::read().await.unwrap();
                let with_mac = table.into_iter().filter(|entry| entry.mac.is_some());
                with_mac.map(|entry| entry.ip).collect::<BTreeSet<IpAddr>>()
            };
            while !known()
                .await
                .is_superset(&[3, 4].map(|n| IpAddr::from(at(n))).into())
            {
                assert!(
                    Instant::now() < deadline,
                    "the system never learned of its neighbours"
                );
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            network.reset_counters();
            let target = target("fd00:77::/64", &["fd00:77::2", "fd00:77::8"]);
            let hosts = scan(&nmap, &target).await.unwrap();
            let found: BTreeMap<_, _> = hosts.iter().map(|host| (host.ip, host)).collect();
            let ips: Vec<IpAddr> = found.keys().copied().collect();
            assert_eq!(ips, [2, 3, 4].map(|n| IpAddr::from(at(n))));
            assert_ne!(
                found[&IpAddr::from(at(2))].seen_by,
                SeenBy::Neighbour,
                "it was asked"
            );
            for n in [3, 4] {
                let host = found[&IpAddr::from(at(n))];
                assert_eq!(host.seen_by, SeenBy::Neighbour);
                assert_eq!(host.mac, Some(mac(Mac::of(at(n).into()))));
            }
            let asked = network.site().asked().clone();
            let allowed: BTreeSet<IpAddr> = [2, 3, 4, 8, 9].map(|n| at(n).into()).into();
            assert!(
                asked.is_subset(&allowed),
                "{asked:?}: an IPv6 network is never swept"
            );

            let nothing_known = self::target("fd00:77::/64", &[]);
            let hosts = scan(&nmap, &nothing_known).await.unwrap();
            assert!(hosts.len() >= 2, "{hosts:?}");
            let elsewhere = self::target("fd00:99::/64", &[]);
            let no_route = Problem::NoRoute {
                subnet: SubnetId(1),
            };
            assert_eq!(
                scan(&nmap, &elsewhere).await,
                Err(ScanFailure::Failed(no_route))
            );
        },
    );
}

#[test]
fn a_held_scan_begins_no_chunk_and_goes_on() {
    inside("a_held_scan_begins_no_chunk_and_goes_on", async |nmap| {
        let layout = Layout::new()
            .on_link("10.76.0.1/20".parse().unwrap())
            .hosts(
                (2..4_000u32)
                    .step_by(40)
                    .map(|n| Host::new(Ipv4Addr::from(0x0a4c_0000 + n))),
            );
        let _network = Network::start(&layout).unwrap();
        let target = target("10.76.0.0/20", &[]);
        assert_eq!(target.chunks.len(), 4);
        let (scheduler, cancel) = (Scheduler::new(), CancellationToken::new());
        let (told, mut chunks) = tokio::sync::mpsc::unbounded_channel();
        scheduler.hold(true);
        let work = Work::all(&target, Profile::Normal);
        let scan = scheduler.scan(&nmap, work, &cancel, |news| {
            if let News::Chunk { index, .. } = news {
                told.send(index).unwrap();
            }
        });
        let person = async {
            let nothing = tokio::time::timeout(Duration::from_millis(700), chunks.recv()).await;
            assert!(nothing.is_err(), "nothing begins while it is held");
            scheduler.hold(false);
            let first = chunks.recv().await.unwrap();
            scheduler.hold(true);
            first
        };
        let mut scan = std::pin::pin!(scan);
        let first = tokio::select! {
            scanned = &mut scan => panic!("it ended before it was held again: {scanned:?}"),
            first = person => first,
        };
        // What was at work as it was held ends, and no more: two chunks have the whole budget.
        let mut done = BTreeSet::from([first]);
        let waits = tokio::time::timeout(Duration::from_secs(8), async {
            tokio::select! {
                scanned = &mut scan => panic!("{scanned:?} while it is held"),
                () = async { while let Some(index) = chunks.recv().await { done.insert(index); } } => {}
            }
        });
        assert!(waits.await.is_err());
        assert!(done.len() < 4, "{done:?} were done while it was held");
        scheduler.hold(false);
        let hosts = scan.await.result.unwrap();
        assert_eq!(hosts.len(), 101, "all hosts and the scanner itself");
    });
}
