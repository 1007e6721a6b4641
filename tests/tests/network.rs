//! The real nmap scans the simulated network.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "what a test's helper can't do fails the test"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, UdpSocket},
    process::Command,
    time::{Duration, Instant},
};

use fieldscan_tests::network::{
    Behaviour, Host, Layout, Mac, Name, NameServer, NameServerMode, Network, Quality, available,
    in_namespace, inside, system_name_server,
};
use fieldscan_tests::skip::skip_named;
use ipnetwork::IpNetwork;

/// What nmap's XML says of one host that is up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Seen {
    mac: Option<String>,
    name: Option<String>,
    reason: String,
    srtt_us: u64,
}

fn net(network: &str) -> IpNetwork {
    network.parse().unwrap()
}

fn ip(address: &str) -> IpAddr {
    address.parse().unwrap()
}

fn ips(addresses: &[&str]) -> BTreeSet<IpAddr> {
    addresses.iter().map(|address| ip(address)).collect()
}

/// The value of an attribute in what follows the first `element`.
fn attribute(xml: &str, element: &str, name: &str) -> Option<String> {
    let rest = &xml[xml.find(&format!("<{element} "))?..];
    let tag = &rest[..rest.find('>')?];
    let value = &tag[tag.find(&format!(" {name}=\""))? + name.len() + 3..];
    Some(value[..value.find('"')?].to_owned())
}

/// Runs nmap and reads the hosts that are up; enough of a reader for output
/// without hostile names.
fn nmap(arguments: &str) -> BTreeMap<IpAddr, Seen> {
    read(&nmap_xml(arguments))
}

fn nmap_xml(arguments: &str) -> String {
    let output = Command::new("nmap")
        .args(arguments.split(' '))
        .args(["-oX", "-"])
        .output();
    let output = output.expect("nmap must be installed");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "nmap {arguments} failed: {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn read(xml: &str) -> BTreeMap<IpAddr, Seen> {
    let hosts = xml.split("<host>").skip(1);
    hosts
        .filter(|host| attribute(host, "status", "state").as_deref() == Some("up"))
        .map(|host| {
            let host = &host[..host.find("</host>").unwrap_or(host.len())];
            let mac = host
                .split("<address ")
                .find(|part| part.contains("addrtype=\"mac\""));
            let seen = Seen {
                mac: mac.map(|part| part[6..23].to_owned()),
                name: attribute(host, "hostname", "name"),
                reason: attribute(host, "status", "reason").unwrap(),
                srtt_us: attribute(host, "times", "srtt").map_or(0, |srtt| srtt.parse().unwrap()),
            };
            (ip(&attribute(host, "address", "addr").unwrap()), seen)
        })
        .collect()
}

fn addresses(seen: &BTreeMap<IpAddr, Seen>) -> BTreeSet<IpAddr> {
    seen.keys().copied().collect()
}

#[test]
fn nmap_finds_the_hosts_on_the_link_with_their_macs() {
    in_namespace("nmap_finds_the_hosts_on_the_link_with_their_macs", || {
        let mac = Mac([0x00, 0x1b, 0x17, 1, 2, 3]);
        let layout = Layout::new()
            .on_link(net("10.77.0.1/24"))
            .host(Host::new([10, 77, 0, 5]))
            .host(Host::new([10, 77, 0, 6]).mac(mac))
            .host(Host::new([10, 77, 0, 7]).behaves(Behaviour::ArpOnly))
            .host(Host::new([10, 77, 0, 8]).behaves(Behaviour::Silent))
            .host(Host::new([10, 77, 0, 254]).behaves(Behaviour::NoPing));
        let network = Network::start(&layout).unwrap();
        let seen = nmap("-sn -n 10.77.0.0/24");
        let expected = ips(&[
            "10.77.0.1",
            "10.77.0.5",
            "10.77.0.6",
            "10.77.0.7",
            "10.77.0.254",
        ]);
        assert_eq!(
            addresses(&seen),
            expected,
            "whoever answers ARP is up, and nobody else"
        );
        assert_eq!(seen[&ip("10.77.0.6")].mac, Some(mac.to_string()));
        let own = Mac::of(ip("10.77.0.5")).to_string();
        assert_eq!(
            seen[&ip("10.77.0.5")].mac,
            Some(own),
            "a host has the same MAC in every run"
        );
        assert_eq!(seen[&ip("10.77.0.5")].reason, "arp-response");

        let counters = network.counters();
        assert!(
            counters.arp >= 254,
            "every address is asked for: {counters:?}"
        );
        assert_eq!(
            (counters.tcp, counters.udp),
            (0, 0),
            "on the link ARP suffices"
        );
        assert_eq!(counters.overruns, 0);
    });
}

fn behaviours() -> Layout {
    Layout::new()
        .on_link(net("10.77.0.1/24"))
        .gateway([10, 77, 0, 254])
        .routed(net("10.78.0.0/24"))
        .host(Host::new([10, 78, 0, 10]))
        .host(Host::new([10, 78, 0, 11]).behaves(Behaviour::RstOnly))
        .host(
            Host::new([10, 78, 0, 12])
                .behaves(Behaviour::NoPing)
                .open([443]),
        )
        .host(
            Host::new([10, 78, 0, 13])
                .behaves(Behaviour::NoPing)
                .open([22]),
        )
        .host(Host::new([10, 78, 0, 14]).behaves(Behaviour::ArpOnly))
        .host(Host::new([10, 78, 0, 15]).behaves(Behaviour::Silent))
}

#[test]
fn nmap_finds_routed_hosts_by_what_they_answer() {
    in_namespace("nmap_finds_routed_hosts_by_what_they_answer", || {
        let network = Network::start(&behaviours()).unwrap();
        let seen = nmap("-sn -n 10.78.0.0/24");
        assert_eq!(
            addresses(&seen),
            ips(&["10.78.0.10", "10.78.0.11", "10.78.0.12"])
        );
        let reason = |address| seen[&ip(address)].reason.clone();
        assert_eq!(reason("10.78.0.10"), "echo-reply");
        assert_eq!(
            reason("10.78.0.11"),
            "reset",
            "a host that only resets is seen by that"
        );
        assert_eq!(
            reason("10.78.0.12"),
            "syn-ack",
            "its open port betrays a host without ping"
        );
        assert!(
            seen.values().all(|host| host.mac.is_none()),
            "behind a gateway MACs are unseen"
        );

        let ssh = nmap("-sn -n -PS22 10.78.0.13");
        assert_eq!(
            addresses(&ssh),
            ips(&["10.78.0.13"]),
            "found by the port that is open"
        );
        let counters = network.counters();
        assert!(counters.icmp >= 256 && counters.tcp >= 256, "{counters:?}");
        assert!(counters.peak_per_second > 0 && counters.bytes > counters.packets() * 42);
    });
}

#[test]
fn nmap_without_privileges_finds_hosts_by_connecting() {
    in_namespace("nmap_without_privileges_finds_hosts_by_connecting", || {
        let layout = behaviours()
            .host(Host::new([10, 77, 0, 20]).open([80]))
            .host(Host::new([10, 77, 0, 21]).behaves(Behaviour::ArpOnly));
        let _network = Network::start(&layout).unwrap();
        let seen = nmap("--unprivileged -sn -n 10.78.0.0/24 10.77.0.20-21");
        let expected = ips(&["10.78.0.10", "10.78.0.11", "10.78.0.12", "10.77.0.20"]);
        assert_eq!(
            addresses(&seen),
            expected,
            "an accepted or refused connection is a host"
        );
        let xml = nmap_xml("--unprivileged -sT -n -Pn -p 79-81 10.77.0.20");
        let port = |number| {
            let start = xml.find(&format!("portid=\"{number}\"")).unwrap();
            attribute(&xml[start..], "state", "state").unwrap()
        };
        assert_eq!(
            (port(79), port(80), port(81)),
            ("closed".into(), "open".into(), "closed".into())
        );
    });
}

#[test]
fn a_connection_of_the_kernel_opens_carries_data_and_closes() {
    in_namespace(
        "a_connection_of_the_kernel_opens_carries_data_and_closes",
        || {
            use std::io::{Read as _, Write as _};
            let layout = Layout::new()
                .on_link(net("10.77.0.1/24"))
                .host(Host::new([10, 77, 0, 5]).open([80]));
            let _network = Network::start(&layout).unwrap();
            let mut stream = std::net::TcpStream::connect("10.77.0.5:80").unwrap();
            stream
                .set_read_timeout(Some(Duration::from_secs(20)))
                .unwrap();
            stream.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let mut got = Vec::new();
            stream
                .read_to_end(&mut got)
                .expect("our FIN is answered by the host's");
            assert!(got.is_empty(), "no service speaks on the simulated ports");
        },
    );
}

#[test]
fn names_come_from_the_name_server_until_it_dies() {
    in_namespace("names_come_from_the_name_server_until_it_dies", || {
        let names = NameServer::new()
            .name([10, 77, 0, 5], "printer.example.net")
            .name(
                [10, 77, 0, 6],
                Name::of_labels([&b"a`id`"[..], b"\x01\xffz"]),
            );
        let layout = Layout::new()
            .on_link(net("10.77.0.1/24"))
            .hosts([5, 6, 7].map(|host| Host::new([10, 77, 0, host])))
            .name_server([10, 77, 0, 53], names);
        let network = Network::start(&layout).unwrap();
        let xml = nmap_xml("-sn -R --dns-servers 10.77.0.53 10.77.0.5-7");
        let seen = read(&xml);
        let name = |address| seen[&ip(address)].name.clone();
        assert_eq!(name("10.77.0.5"), Some("printer.example.net".to_owned()));
        assert_eq!(
            name("10.77.0.7"),
            None,
            "an address without PTR record has no name"
        );
        eprintln!(
            "a hostile name as nmap hands it on: {:?}",
            name("10.77.0.6")
        );
        let udp = network.counters().udp;
        assert!(udp >= 3, "each address is asked for: {udp}");

        network
            .site()
            .name_server([10, 77, 0, 53])
            .unwrap()
            .set_mode(NameServerMode::Dead);
        let seen = nmap("-sn -R --dns-servers 10.77.0.53 10.77.0.5-7");
        assert_eq!(seen.len(), 3, "a dead name server hides no host");
        assert!(
            seen.values().all(|host| host.name.is_none()),
            "and gives no name: {seen:?}"
        );
        assert!(network.counters().udp > udp, "it was asked");
    });
}

#[test]
fn the_system_can_be_made_to_ask_the_name_server() {
    const TEST: &str = "the_system_can_be_made_to_ask_the_name_server";
    if !std::path::Path::new("/etc/resolv.conf").exists() {
        return skip_named(TEST, "there is no /etc/resolv.conf to cover");
    }
    in_namespace(TEST, || {
        let server = ip("10.77.0.53");
        let layout = Layout::new()
            .on_link(net("10.77.0.1/24"))
            .host(Host::new([10, 77, 0, 5]))
            .name_server(
                server,
                NameServer::new().name([10, 77, 0, 5], "printer.example.net"),
            );
        let _network = Network::start(&layout).unwrap();
        system_name_server(server).unwrap();
        for arguments in ["-sn -R --system-dns 10.77.0.5", "-sn -R 10.77.0.5"] {
            let name = nmap(arguments)[&ip("10.77.0.5")].name.clone();
            assert_eq!(
                name,
                Some("printer.example.net".to_owned()),
                "nmap {arguments}"
            );
        }
    });
}

#[test]
fn latency_and_loss_show() {
    in_namespace("latency_and_loss_show", || {
        let latency = Duration::from_millis(60);
        let slow = Quality {
            latency,
            jitter: Duration::from_millis(5),
            loss: 0.0,
        };
        let layout = Layout::new()
            .on_link(net("10.77.0.1/24"))
            .gateway([10, 77, 0, 254])
            .routed(net("10.78.0.0/23"))
            .subnet_quality(net("10.78.0.0/24"), slow)
            .hosts((1..=9).map(|host| Host::new([10, 78, 0, host])))
            .hosts((1..=200).map(|host| Host::new([10, 78, 1, host])))
            .seed(7);
        let network = Network::start(&layout).unwrap();
        let seen = nmap("-sn -n -PE 10.78.0.1-9");
        assert_eq!(seen.len(), 9);
        for (address, host) in &seen {
            let bounds = 55_000..120_000;
            assert!(
                bounds.contains(&host.srtt_us),
                "{address}: {} us, not 60 ms",
                host.srtt_us
            );
        }

        let lossy = Quality {
            loss: 0.3,
            ..Quality::default()
        };
        network
            .site()
            .set_subnet_quality(net("10.78.1.0/24"), lossy);
        let found = nmap("-sn -n -PE --max-retries 0 10.78.1.1-200").len();
        // 0.7² of 200 are 98, give or take 7 for one standard deviation.
        assert!(
            (60..=136).contains(&found),
            "{found} of 200 with 30 % lost either way"
        );
        let retried = nmap("-sn -n -PE -PS80 --max-retries 8 10.78.1.1-200").len();
        assert!(
            retried > found,
            "retries mend losses: {retried} against {found}"
        );
    });
}

#[test]
fn hosts_come_and_go_and_the_link_is_cut() {
    in_namespace("hosts_come_and_go_and_the_link_is_cut", || {
        let layout = Layout::new()
            .on_link(net("10.77.0.1/24"))
            .gateway([10, 77, 0, 254])
            .routed(net("10.78.0.0/24"))
            .host(Host::new([10, 77, 0, 5]));
        let network = Network::start(&layout).unwrap();
        let scan = || nmap("-sn -n 10.77.0.5-6 10.78.0.1-2");
        assert_eq!(addresses(&scan()), ips(&["10.77.0.5"]));

        let mac = Mac([0x00, 0x1b, 0x17, 9, 9, 9]);
        network.site().set_host(Host::new([10, 77, 0, 5]).mac(mac));
        network.site().set_host(Host::new([10, 77, 0, 6]));
        network.site().set_host(Host::new([10, 78, 0, 2]));
        let seen = scan();
        assert_eq!(
            addresses(&seen),
            ips(&["10.77.0.5", "10.77.0.6", "10.78.0.2"])
        );
        assert_eq!(
            seen[&ip("10.77.0.5")].mac,
            Some(mac.to_string()),
            "the MAC has changed"
        );

        network.site().remove_host([10, 77, 0, 6]);
        assert_eq!(addresses(&scan()), ips(&["10.77.0.5", "10.78.0.2"]));

        network.cut().unwrap();
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        let error = socket.send_to(b"x", "10.78.0.2:9").unwrap_err();
        assert_eq!(
            error.kind(),
            std::io::ErrorKind::NetworkUnreachable,
            "a cut leaves no route"
        );
        network.restore().unwrap();
        assert_eq!(
            addresses(&scan()),
            ips(&["10.77.0.5", "10.78.0.2"]),
            "as before the cut"
        );

        let interface = network.interface().to_owned();
        let interfaces = || std::fs::read_to_string("/proc/self/net/dev").unwrap();
        assert!(interfaces().contains(&interface));
        drop(network);
        assert!(
            !interfaces().contains(&interface),
            "a dropped network leaves no interface"
        );
    });
}

#[test]
fn a_gateway_that_proxies_arp_makes_every_address_look_up() {
    in_namespace(
        "a_gateway_that_proxies_arp_makes_every_address_look_up",
        || {
            let layout = Layout::new()
                .on_link(net("10.77.0.1/24"))
                .gateway([10, 77, 0, 254])
                .proxy_arp(net("10.77.0.128/26"))
                .host(Host::new([10, 77, 0, 130]).open([80]));
            let _network = Network::start(&layout).unwrap();
            let seen = nmap("-sn -n 10.77.0.128-191");
            let gateway = Some(Mac::of(ip("10.77.0.254")).to_string());
            assert_eq!(seen.len(), 64, "ARP is answered for all");
            assert!(seen.values().all(|host| host.mac == gateway), "by one MAC");
            let seen = nmap("-sn -n --disable-arp-ping -PE 10.77.0.128-191");
            assert_eq!(
                addresses(&seen),
                ips(&["10.77.0.130"]),
                "a ping finds the one that is there"
            );
        },
    );
}

#[test]
fn ipv6_hosts_answer_neighbour_discovery_and_echo() {
    const TEST: &str = "ipv6_hosts_answer_neighbour_discovery_and_echo";
    if !std::path::Path::new("/proc/sys/net/ipv6").exists() {
        return skip_named(TEST, "the kernel has no IPv6");
    }
    in_namespace(TEST, || {
        let layout = Layout::new()
            .on_link(net("fd77::1/64"))
            .gateway(ip("fd77::fe"))
            .routed(net("fd78::/64"))
            .host(Host::new(ip("fd77::5")))
            .host(Host::new(ip("fd78::5")).open([443]))
            .host(Host::new(ip("fd78::6")).behaves(Behaviour::RstOnly));
        let network = Network::start(&layout).unwrap();
        let scan = || nmap("-6 -sn -n fd77::5 fd77::6 fd78::5 fd78::6 fd78::7");
        let expected = ips(&["fd77::5", "fd78::5", "fd78::6"]);
        let seen = scan();
        assert_eq!(addresses(&seen), expected);
        assert_eq!(
            seen[&ip("fd77::5")].mac,
            Some(Mac::of(ip("fd77::5")).to_string())
        );
        network.cut().unwrap();
        network.restore().unwrap();
        assert_eq!(
            addresses(&scan()),
            expected,
            "addresses and routes are there after a cut"
        );
    });
}

#[test]
fn many_packets_a_second_are_answered() {
    in_namespace("many_packets_a_second_are_answered", || {
        let hosts = (0..65_536u32).map(|n| Host::new(std::net::Ipv4Addr::from(0x0a50_0000 + n)));
        let layout = Layout::new()
            .on_link(net("10.77.0.1/24"))
            .gateway([10, 77, 0, 254])
            .routed(net("10.80.0.0/16"))
            .hosts(hosts);
        let network = Network::start(&layout).unwrap();
        let began = Instant::now();
        let seen = nmap("-sn -n -PE --min-rate 20000 --max-retries 0 10.80.0.0/16");
        let took = began.elapsed();
        let counters = network.counters();
        eprintln!("{} hosts of 65536 in {took:?}: {counters:?}", seen.len());
        assert_eq!(
            counters.overruns, 0,
            "the simulation must keep up with nmap"
        );
        assert!(counters.icmp >= 65_536, "every address is probed");
        assert_eq!(
            counters.replies,
            counters.packets(),
            "and every probe is answered"
        );
    });
}

#[test]
fn the_device_answers_well_over_20000_packets_a_second() {
    in_namespace(
        "the_device_answers_well_over_20000_packets_a_second",
        || {
            let hosts = (0..4096u32).map(|n| Host::new(std::net::Ipv4Addr::from(0x0a50_0000 + n)));
            let layout = Layout::new()
                .on_link(net("10.77.0.1/24"))
                .gateway([10, 77, 0, 254])
                .routed(net("10.80.0.0/20"))
                .hosts(hosts);
            let network = Network::start(&layout).unwrap();
            let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
            let began = Instant::now();
            let sent = 200_000u32;
            for n in 0..sent {
                let to = std::net::Ipv4Addr::from(0x0a50_0000 + n % 4096);
                // A full queue refuses, and is seen in the counts.
                let _ = socket.send_to(b"x", (to, 9));
            }
            let seen = || {
                let counters = network.counters();
                counters.udp + counters.overruns
            };
            while seen() < u64::from(sent) && began.elapsed() < Duration::from_secs(10) {
                std::thread::yield_now();
            }
            let took = began.elapsed();
            let counters = network.counters();
            let rate = counters.replies as f64 / took.as_secs_f64();
            eprintln!("{rate:.0} packets/s answered: {counters:?} in {took:?}");
            assert!(
                rate > 20_000.0,
                "the fastest scan must not outrun the simulation: {rate:.0}/s"
            );
        },
    );
}

#[test]
fn a_failure_inside_fails_the_test() {
    const TEST: &str = "a_failure_inside_fails_the_test";
    if let Err(reason) = available() {
        return skip_named(TEST, &reason);
    }
    let outcome = std::panic::catch_unwind(|| in_namespace(TEST, || panic!("on purpose")));
    if inside() {
        outcome.unwrap();
    } else {
        assert!(
            outcome.is_err(),
            "a failure in the namespace must not be lost"
        );
    }
}

#[test]
fn a_name_that_is_no_test_is_an_error() {
    if let Err(reason) = available() {
        return skip_named("a_name_that_is_no_test_is_an_error", &reason);
    }
    let outcome = std::panic::catch_unwind(|| in_namespace("no_such_test", || ()));
    assert!(
        outcome.is_err(),
        "a test that did not run must not look passed"
    );
}

#[test]
fn a_network_refuses_to_run_outside_a_namespace() {
    if !inside() {
        let refusal = Network::start(&Layout::new().on_link(net("10.77.0.1/24")));
        assert!(
            refusal.is_err(),
            "the machine's own network must not be touched"
        );
    }
}
