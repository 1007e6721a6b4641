//! Without raw sockets, on simulated networks with the real nmap: whoever is on the link and answers TCP or ARP is found, with
//! the MAC that the system's table of neighbours has.

#![expect(
    clippy::unwrap_used,
    reason = "what a test's helper can't do fails the test"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use fieldscan_core::{
    host::{self, SeenBy},
    ids::SubnetId,
    plan::{Chunk, Dns, Mode, Profile, Target},
};
use fieldscan_engine::nmap::{Nmap, Scheduler, Work};
use fieldscan_tests::network::{Behaviour, Host, Layout, Mac, Network, Quality, in_namespace};
use ipnetwork::IpNetwork;
use tokio_util::sync::CancellationToken;

/// Runs the body in a namespace where nmap has no raw sockets.
fn inside(test: &str, body: impl AsyncFnOnce(Nmap)) {
    in_namespace(test, || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let nmap = Nmap::find(None).await.expect("nmap must be installed");
            body(Nmap {
                privileged: false,
                ..nmap
            })
            .await;
        });
    });
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn target(network: &str, chunks: &[&str]) -> Target {
    let chunks = chunks.iter().map(|network| {
        let network: IpNetwork = network.parse().unwrap();
        Chunk {
            networks: vec![network],
            exclude: Vec::new(),
            addresses: network.iter().count() as u32,
        }
    });
    Target {
        subnet: SubnetId(1),
        network: network.parse().unwrap(),
        mode: Mode::Sweep,
        dns: Dns::Off,
        chunks: chunks.collect(),
    }
}

async fn scan(nmap: &Nmap, work: Work<'_>) -> Vec<host::Host> {
    let cancel = CancellationToken::new();
    let scanned = Scheduler::new().scan(nmap, work, &cancel, |_| {}).await;
    assert!(!scanned.privileged);
    scanned.result.expect("the scan has a result")
}

/// What the simulated network gives a host that is told no MAC, as the scan should see it.
fn mac_of(ip: IpAddr) -> Option<host::Mac> {
    Some(host::Mac(Mac::of(ip).0))
}

#[test]
fn everybody_on_the_link_who_answers_tcp_or_arp_is_found_with_the_mac() {
    inside(
        "everybody_on_the_link_who_answers_tcp_or_arp_is_found_with_the_mac",
        async |nmap| {
            let behaviours = [
                Behaviour::Normal,
                Behaviour::RstOnly,
                Behaviour::NoPing,
                Behaviour::ArpOnly,
                Behaviour::Silent,
            ];
            let mut layout = Layout::new()
                .on_link("10.76.0.1/23".parse().unwrap())
                .quality(Quality {
                    latency: Duration::from_millis(10),
                    loss: 0.03,
                    ..Quality::default()
                })
                .seed(5);
            let mut expected = BTreeMap::new();
            for n in 2..470u32 {
                let ip = Ipv4Addr::from(0x0a4c_0000 + n);
                // The rest of the addresses nobody is at.
                if n % 3 == 0 {
                    continue;
                }
                let behaviour = behaviours[n as usize % behaviours.len()];
                let host = Host::new(ip).behaves(behaviour);
                layout = layout.host(match n % 2 {
                    0 => host.open([80]),
                    _ => host,
                });
                if behaviour != Behaviour::Silent {
                    expected.insert(IpAddr::from(ip), mac_of(ip.into()));
                }
            }
            let _network = Network::start(&layout).unwrap();
            let target = target("10.76.0.0/23", &["10.76.0.0/23"]);
            let hosts = scan(&nmap, Work::all(&target, Profile::Normal)).await;
            let own = ip("10.76.0.1");
            let found: BTreeMap<_, _> = hosts
                .iter()
                .filter(|host| host.ip != own)
                .map(|host| (host.ip, host.mac))
                .collect();
            let missed: Vec<_> = expected
                .keys()
                .filter(|ip| !found.contains_key(ip))
                .collect();
            let extra: Vec<_> = found
                .keys()
                .filter(|ip| !expected.contains_key(ip))
                .collect();
            assert!(
                missed.is_empty() && extra.is_empty(),
                "{missed:?} were missed, and nobody is at {extra:?}"
            );
            assert_eq!(found, expected, "each with its own MAC");
            let by_arp = hosts
                .iter()
                .filter(|host| host.seen_by == SeenBy::Neighbour);
            assert!(by_arp.count() > 50, "some answer nothing but ARP");
            let own = hosts.iter().find(|host| host.ip == own).unwrap();
            assert_eq!(own.mac, None, "the scanner's own address has no MAC");
            assert!(
                hosts.iter().all(|host| host.also.is_empty()),
                "no address is had twice"
            );
        },
    );
}

/// An old entry of the table is no sign of life, and no reason to miss anybody either.
#[test]
fn by_an_old_entry_nobody_is_up_and_nobody_is_missed() {
    inside(
        "by_an_old_entry_nobody_is_up_and_nobody_is_missed",
        async |nmap| {
            let hosts = (2..10).map(|n| Host::new([10, 76, 0, n]).behaves(Behaviour::ArpOnly));
            let layout = Layout::new()
                .on_link("10.76.0.1/28".parse().unwrap())
                .hosts(hosts);
            let network = Network::start(&layout).unwrap();
            for n in [3, 5] {
                network.site().remove_host([10, 76, 0, n]);
            }
            // As the system keeps whom it has not talked to for a minute.
            for n in 2..10 {
                let at = ip(&format!("10.76.0.{n}"));
                let words = format!(
                    "neigh add {at} lladdr {} nud stale dev {}",
                    Mac::of(at),
                    network.interface()
                );
                let status = std::process::Command::new("ip")
                    .args(words.split(' '))
                    .status();
                assert!(status.unwrap().success(), "ip {words}");
            }
            let target = target("10.76.0.0/28", &["10.76.0.0/28"]);
            let hosts = scan(&nmap, Work::all(&target, Profile::Fast)).await;
            let up: BTreeSet<_> = hosts.into_iter().map(|host| host.ip).collect();
            let there: BTreeSet<IpAddr> =
                [1, 2, 4, 6, 7, 8, 9].map(|n| [10, 76, 0, n].into()).into();
            assert_eq!(up, there, "who is there is found, who has gone is not");
        },
    );
}

#[test]
fn behind_a_router_nobody_gets_the_routers_mac() {
    inside(
        "behind_a_router_nobody_gets_the_routers_mac",
        async |nmap| {
            let layout = Layout::new()
                .on_link("10.77.0.1/24".parse().unwrap())
                .gateway([10, 77, 0, 2])
                .routed("10.78.0.0/27".parse().unwrap())
                .hosts((3..20).map(|n| Host::new([10, 78, 0, n])));
            let _network = Network::start(&layout).unwrap();
            let target = target("10.78.0.0/27", &["10.78.0.0/27"]);
            let hosts = scan(&nmap, Work::all(&target, Profile::Fast)).await;
            assert_eq!(hosts.len(), 17);
            assert!(hosts.iter().all(|host| host.mac.is_none()), "{hosts:?}");
        },
    );
}
