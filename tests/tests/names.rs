//! PTR names on a simulated network: after the sweep, from the subnet's own servers, and never at the price of the scan.

#![expect(
    clippy::unwrap_used,
    reason = "what a test's helper can't do fails the test"
)]

use std::{collections::BTreeMap, net::IpAddr};

use fieldscan_core::plan::Dns;
use fieldscan_engine::names::look_up;
use fieldscan_tests::network::{
    Behaviour, Host, Layout, Name, NameServer, NameServerMode, Network, in_namespace,
    system_name_server,
};

fn inside(test: &str, body: impl AsyncFnOnce()) {
    in_namespace(test, || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(body());
    });
}

fn ip(last: u8) -> IpAddr {
    [10, 76, 0, last].into()
}

fn all(lasts: impl IntoIterator<Item = u8>) -> Vec<IpAddr> {
    lasts.into_iter().map(ip).collect()
}

fn names<'a>(pairs: impl IntoIterator<Item = (u8, &'a str)>) -> BTreeMap<IpAddr, String> {
    let pairs = pairs.into_iter();
    pairs
        .map(|(last, name)| (ip(last), name.to_owned()))
        .collect()
}

/// Two name servers at .2 and .3, and one at .4 that is nobody's.
fn layout(first: NameServer, second: NameServer) -> Layout {
    Layout::new()
        .on_link("10.76.0.1/24".parse().unwrap())
        .name_server(ip(2), first)
        .name_server(ip(3), second)
        .name_server(ip(4), NameServer::new().name(ip(9), "wrong.example.net"))
}

#[test]
fn the_first_server_that_can_answers_and_nobody_else_is_asked() {
    inside(
        "the_first_server_that_can_answers_and_nobody_else_is_asked",
        async || {
            let longest = ["x"; 4].map(|x| x.repeat(62)).join(".");
            let first = NameServer::new()
                .name(ip(9), "gw.example.net")
                .name(ip(10), Name::of_labels([&b"O'Brien {{ 7*7 }}"[..], b"net"]))
                .name(ip(11), longest.as_str());
            let second = NameServer::new().name(ip(12), "second.example.net");
            let network = Network::start(&layout(first, second)).unwrap();
            let servers = Dns::Servers(vec![ip(2), ip(3)]);
            let found = look_up(&servers, all(9..14)).await;
            assert_eq!(
                found,
                names([
                    (9, "gw.example.net"),
                    (10, "O'Brien {{ 7*7 }}.net"),
                    (11, longest.as_str()),
                ]),
                "names come as they are; that there is none is an answer too"
            );
            let asked = |last| network.site().probes_of(ip(last)).udp;
            assert_eq!((asked(2), asked(3), asked(4)), (5, 0, 0));
            assert!(
                (9..14).all(|last| !network.site().asked().contains(&ip(last))),
                "whoever is named is not asked"
            );

            // The next subnet has another server, and its answers are its own.
            let found = look_up(&Dns::Servers(vec![ip(3)]), all(9..14)).await;
            assert_eq!(found, names([(12, "second.example.net")]));
            assert_eq!(asked(2), 5, "a server stays with its subnet");
        },
    );
}

#[test]
fn a_server_that_fails_or_keeps_silent_leaves_it_to_the_next() {
    inside(
        "a_server_that_fails_or_keeps_silent_leaves_it_to_the_next",
        async || {
            let knowing = || {
                (100..160).fold(NameServer::new(), |server, last| {
                    server.name(ip(last), format!("host-{last}.example.net").as_str())
                })
            };
            let network = Network::start(&layout(knowing(), knowing())).unwrap();
            let servers = Dns::Servers(vec![ip(2), ip(3)]);
            for mode in [NameServerMode::Fails, NameServerMode::Dead] {
                network.site().name_server(ip(2)).unwrap().set_mode(mode);
                network.reset_counters();
                let found = look_up(&servers, all(100..160)).await;
                assert_eq!(found.len(), 60, "{mode:?}");
            }
            let asked = network.site().probes_of(ip(2)).udp;
            // Each question is sent up to three times within its second.
            assert!(
                asked < 60 * 3,
                "a silent server is given up, not asked {asked} times"
            );
            network.site().remove_host(ip(2));
            assert_eq!(
                look_up(&servers, all(100..160)).await.len(),
                60,
                "nobody is there at all"
            );
        },
    );
}

#[test]
fn dead_servers_cost_names_and_nothing_else() {
    inside("dead_servers_cost_names_and_nothing_else", async || {
        let dead = || NameServer::new().mode(NameServerMode::Dead);
        let network = Network::start(&layout(dead(), dead())).unwrap();
        let servers = Dns::Servers(vec![ip(2), ip(3)]);
        assert!(look_up(&servers, all(10..250)).await.is_empty());
        let asked = network.counters().udp;
        assert!(
            asked < 240 * 3,
            "not everybody's name is asked for in vain, but {asked}"
        );
    });
}

#[test]
fn the_systems_own_server_is_asked_where_a_subnet_has_none() {
    inside(
        "the_systems_own_server_is_asked_where_a_subnet_has_none",
        async || {
            let layout = Layout::new()
                .on_link("10.76.0.1/24".parse().unwrap())
                .host(Host::new(ip(9)).behaves(Behaviour::Silent))
                .name_server(ip(2), NameServer::new().name(ip(9), "own.example.net"));
            let _network = Network::start(&layout).unwrap();
            system_name_server(ip(2)).unwrap();
            for dns in [Dns::System, Dns::Servers(Vec::new())] {
                assert_eq!(
                    look_up(&dns, all([9, 10])).await,
                    names([(9, "own.example.net")])
                );
            }
        },
    );
}
