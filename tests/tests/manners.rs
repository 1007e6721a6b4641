//! Laptop manners of the real `fieldscan`: sleep, networks, batteries and metered connections over a system bus of the
//! test's own, and sites told apart by real gateways that answer ARP.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "what a test's helper can't do fails the test"
)]

use std::{net::IpAddr, time::Duration};

use fieldscan_core::run::{Outcome, Trigger};
use fieldscan_tests::{
    network::{Host, Layout, Mac, default_route, in_namespace},
    phpipam::{Model, address, subnet},
    site::{Ended, Plan, Site, Watch, wait_until},
    skip::skip_named,
    system_bus::{self, Network, SystemBus},
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

/// A busy machine may take that long for anything.
const SOON: Duration = Duration::from_secs(60);
const HERE: &str = "10.77.0.0/24";

/// Where the subnet is, and another place on the same wire: each with its own gateway.
const DEPOT: [u8; 4] = [10, 77, 0, 254];
const ELSEWHERE: [u8; 4] = [10, 79, 0, 254];
const DEPOT_MAC: Mac = Mac([0x00, 0x16, 0x3e, 0, 0, 1]);
const ELSEWHERE_MAC: Mac = Mac([0x00, 0x16, 0x3e, 0, 0, 2]);

/// A small subnet that is on the scanner's link, and scanned every hour.
fn site() -> Site {
    let mut model = Model::with_agent();
    let id = model.add_subnet(subnet(HERE).described("Depot").agent(1).discover());
    model.add_address(id, address("10.77.0.5"));
    let layout = Layout::new()
        .on_link("10.77.0.1/24".parse().unwrap())
        .on_link("10.79.0.1/24".parse().unwrap())
        .gateway(DEPOT)
        .gateway_mac(DEPOT_MAC)
        .host(Host::new(DEPOT).mac(DEPOT_MAC))
        .host(Host::new(ELSEWHERE).mac(ELSEWHERE_MAC))
        .host(Host::new([10, 77, 0, 5]));
    let plan = Plan {
        model,
        layout: Some(layout),
        settings: vec![
            ("schedule", "1 h".to_owned()),
            ("schedule_jitter", "0 s".to_owned()),
        ],
        expected: Default::default(),
    };
    Site::start(plan).unwrap()
}

/// A laptop on a site, with its bus.
struct Laptop {
    site: Site,
    bus: SystemBus,
}

impl Laptop {
    fn new() -> Self {
        Self {
            site: site(),
            bus: SystemBus::start().unwrap(),
        }
    }

    fn watch(&self) -> Watch {
        let (name, value) = self.bus.env();
        self.site
            .watch(|command| {
                command.env(name, value);
            })
            .unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        let (name, value) = self.bus.env();
        let mut command = self.site.fieldscan().unwrap();
        command.args(arguments).env(name, value);
        fieldscan_tests::site::run_to_end(command, b"", SOON).unwrap()
    }

    fn json(&self, command: &str) -> Value {
        self.run(&["--json", command]).json().unwrap()
    }

    /// The reason in words, as `status` tells it.
    fn held(&self) -> Value {
        self.json("status")["held"]["words"].clone()
    }

    /// How many runs have ended.
    fn runs(&self) -> usize {
        // Before the first one there is no database yet.
        let runs = self.site.runs().unwrap_or_default();
        let ended = runs.iter().filter(|run| run.finished_at.is_some());
        ended.count()
    }

    fn wait_for_runs(&self, watch: &mut Watch, runs: usize) {
        assert!(
            wait_until(SOON, || self.runs() == runs),
            "{runs} runs must end; it said: {:#?}",
            watch.lines()
        );
    }

    /// So much time goes by: the clock is corrected, as after a sleep.
    fn time_passes(&mut self, watch: &Watch, hours: u32) {
        let offset = (hours * 3600).to_string();
        self.site.set("epoch_time_offset", &offset).unwrap();
        let process = Pid::from_raw(watch.id().try_into().unwrap());
        kill(process, Signal::SIGHUP).unwrap();
    }
}

fn says(watch: &mut Watch, words: &str) {
    watch
        .wait_for_line(SOON, |line| line.contains(words))
        .unwrap();
}

/// As many lines with these words were said.
fn said(watch: &mut Watch, words: &str) -> usize {
    let lines = watch.lines().iter();
    lines.filter(|(_, line)| line.contains(words)).count()
}

/// The test's body in a namespace, where a system bus can be had.
fn on_a_laptop(test: &str, body: impl FnOnce(Laptop)) {
    match system_bus::missing() {
        Some(reason) => skip_named(test, &reason),
        None => in_namespace(test, || body(Laptop::new())),
    }
}

#[test]
fn a_low_battery_holds_the_scheduled_run_until_there_is_power() {
    on_a_laptop(
        "a_low_battery_holds_the_scheduled_run_until_there_is_power",
        |laptop| {
            laptop.bus.battery(14, true).unwrap();
            let mut watch = laptop.watch();
            says(&mut watch, "Waiting for power: battery at 14 %");
            assert_eq!(laptop.runs(), 0, "the first run is due and must wait");
            // Charged a little, still not on mains.
            laptop.bus.battery(15, true).unwrap();
            says(&mut watch, "Waiting for power: battery at 15 %");
            laptop.bus.battery(15, false).unwrap();
            laptop.wait_for_runs(&mut watch, 1);
            assert_eq!(
                said(&mut watch, " began: by the schedule"),
                1,
                "it is made once: {:#?}",
                watch.lines()
            );
            watch.stop(SOON).unwrap();
            // A person who scans now has looked at the battery.
            laptop.bus.battery(3, true).unwrap();
            let scan = laptop.run(&["scan", "--no-upload"]);
            assert_eq!(laptop.runs(), 2, "{}", scan.words());
        },
    );
}

#[test]
fn a_metered_connection_holds_the_scheduled_run() {
    on_a_laptop(
        "a_metered_connection_holds_the_scheduled_run",
        |mut laptop| {
            laptop.bus.network(Network::Connected, true).unwrap();
            let mut watch = laptop.watch();
            says(&mut watch, "Waiting: the connection is metered");
            assert_eq!(
                laptop.held(),
                "Waiting: the connection is metered",
                "`status` tells it while another process is at work"
            );
            assert_eq!(laptop.runs(), 0);
            laptop.bus.network(Network::Connected, false).unwrap();
            laptop.wait_for_runs(&mut watch, 1);
            assert_eq!(laptop.held(), Value::Null);
            watch.stop(SOON).unwrap();
            // The person may allow it.
            laptop.site.set("on_metered", "scan").unwrap();
            laptop.site.set("epoch_time_offset", "7200").unwrap();
            laptop.bus.network(Network::Connected, true).unwrap();
            let mut watch = laptop.watch();
            laptop.wait_for_runs(&mut watch, 2);
        },
    );
}

#[test]
fn after_sleep_one_run_is_made_when_the_network_is_there() {
    on_a_laptop(
        "after_sleep_one_run_is_made_when_the_network_is_there",
        |mut laptop| {
            let mut watch = laptop.watch();
            laptop.wait_for_runs(&mut watch, 1);
            laptop.bus.sleeps().unwrap();
            laptop.time_passes(&watch, 9);
            says(&mut watch, "Waiting for the network");
            laptop.bus.wakes().unwrap();
            laptop.bus.network(Network::Disconnected, false).unwrap();
            laptop.bus.network(Network::Connecting, false).unwrap();
            assert_eq!(laptop.runs(), 1, "there is no network yet");
            laptop.bus.network(Network::Connected, false).unwrap();
            laptop.wait_for_runs(&mut watch, 2);
            watch.stop(SOON).unwrap();
            let runs = laptop.site.runs().unwrap();
            assert_eq!(runs.len(), 2, "nine missed runs are caught up by one");
            assert_eq!(runs[1].trigger, Trigger::CatchUp);
        },
    );
}

#[test]
fn uploads_wait_for_the_network_and_go_out_when_it_comes() {
    on_a_laptop(
        "uploads_wait_for_the_network_and_go_out_when_it_comes",
        |laptop| {
            laptop.run(&["scan", "--no-upload"]);
            let taken = || laptop.site.server.received().len();
            assert_eq!(taken(), 0, "nothing was sent yet");
            laptop.bus.network(Network::Disconnected, false).unwrap();
            let mut watch = laptop.watch();
            says(&mut watch, "ready");
            // It is at work a moment before it has looked around.
            let offline = || laptop.json("status")["surroundings"]["online"] == false;
            assert!(wait_until(SOON, offline), "{}", laptop.json("status"));
            assert_eq!(taken(), 0, "there is no network: {:#?}", watch.lines());
            laptop.bus.network(Network::Connected, false).unwrap();
            assert!(
                wait_until(SOON, || taken() > 0),
                "the network is there: {:#?}",
                watch.lines()
            );
        },
    );
}

#[test]
fn a_subnet_is_scanned_at_its_own_site_only() {
    on_a_laptop("a_subnet_is_scanned_at_its_own_site_only", |mut laptop| {
        default_route(DEPOT.into()).unwrap();
        let mut watch = laptop.watch();
        laptop.wait_for_runs(&mut watch, 1);
        let learned = |laptop: &Laptop| {
            let places = laptop.json("places");
            let mac = places["places"][0]["site"]["gateway_mac"].clone();
            (mac, places["here"]["name"].clone())
        };
        assert_eq!(
            learned(&laptop),
            ("00:16:3e:00:00:01".into(), "Depot".into()),
            "the gateway that answered ARP"
        );

        default_route(ELSEWHERE.into()).unwrap();
        says(&mut watch, "at the site of no subnet");
        assert_eq!(laptop.held(), "Not at Depot");
        laptop.time_passes(&watch, 9);
        says(&mut watch, "settings read again");
        let subnets = laptop.json("subnets");
        let left_out = &subnets["subnets"][0]["left_out"];
        assert_eq!(left_out["reason"], "elsewhere", "{subnets}");
        assert_eq!(left_out["site"], "Depot", "{subnets}");
        assert_eq!(laptop.runs(), 1, "it is due, and this is another place");

        default_route(DEPOT.into()).unwrap();
        laptop.wait_for_runs(&mut watch, 2);
        watch.stop(SOON).unwrap();

        // A person: all of them, then this very one.
        laptop.site.set("epoch_time_offset", "0").unwrap();
        default_route(ELSEWHERE.into()).unwrap();
        let all = laptop.run(&["scan", "--no-upload"]);
        assert_eq!(all.code, Some(3), "nothing was scanned: {}", all.words());
        assert!(all.words().contains("not at Depot"), "{}", all.words());
        let one = laptop.run(&["scan", "--no-upload", HERE]);
        assert_eq!(one.code, Some(0), "{}", one.words());
        let runs = laptop.site.runs().unwrap();
        let outcome = &runs.last().unwrap().subnets[0].outcome;
        assert!(matches!(outcome, Outcome::Scanned { .. }), "{outcome:?}");
        assert_eq!(
            learned(&laptop).0,
            "00:16:3e:00:00:02",
            "it answered here too"
        );
    });
}

#[test]
fn a_person_says_where_a_subnet_is() {
    on_a_laptop("a_person_says_where_a_subnet_is", |laptop| {
        let unknown = laptop.run(&["scan", "--no-upload"]);
        assert_eq!(unknown.code, Some(0), "{}", unknown.words());
        assert_eq!(
            laptop.json("places")["places"],
            Value::Array(Vec::new()),
            "without a default route nothing is learned"
        );
        let refused = laptop.run(&["--json", "places", "choose", HERE]);
        assert_eq!(refused.json().unwrap()["error"]["code"], "place-unknown");

        default_route(ELSEWHERE.into()).unwrap();
        let chosen = laptop
            .run(&["--json", "places", "choose", HERE])
            .json()
            .unwrap();
        assert_eq!(chosen["places"][0]["chosen"], true, "{chosen}");
        assert_eq!(chosen["places"][0]["here"], true, "{chosen}");
        let named = laptop.run(&["--json", "places", "name", HERE, "Workshop"]);
        let named = named.json().unwrap();
        assert_eq!(named["here"]["name"], "Workshop", "{named}");

        default_route(DEPOT.into()).unwrap();
        let scan = laptop.run(&["scan", "--no-upload"]);
        assert!(scan.words().contains("not at Workshop"), "{}", scan.words());
        let gone = laptop
            .run(&["--json", "places", "forget", HERE])
            .json()
            .unwrap();
        assert_eq!(gone["places"], Value::Array(Vec::new()), "{gone}");
        laptop.run(&["scan", "--no-upload"]);
        let text = laptop.run(&["places"]).words();
        assert!(
            text.contains("At Depot: network 10.77.0.0/24, gateway 00:16:3e:00:00:01."),
            "{text}"
        );
    });
}

#[test]
fn without_a_system_bus_nothing_is_held_back() {
    in_namespace("without_a_system_bus_nothing_is_held_back", || {
        let site = site();
        // As any process of a site: without a system bus.
        let mut watch = site.watch(|_| {}).unwrap();
        let ended = || {
            let runs = site.runs().unwrap_or_default();
            runs.iter().any(|run| run.finished_at.is_some())
        };
        assert!(wait_until(SOON, ended), "{:#?}", watch.lines());
        let ip: IpAddr = [10, 77, 0, 5].into();
        assert!(site.standings(HERE).unwrap().contains_key(&ip));
    });
}
