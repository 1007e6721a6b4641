//! The agent does its main job: the real `fieldscan` with the real nmap on a simulated site, from phpIPAM's assignment to
//! a report that phpIPAM has taken up.

#![expect(
    clippy::unwrap_used,
    reason = "what a test's helper can't do fails the test"
)]

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use fieldscan_core::{
    compare::Standing,
    delivery::{Report, State},
    plan::{LeftOut, Refusal},
    problem::Problem,
    run::Outcome,
};
use fieldscan_tests::{
    network::{Host, Layout, Name, NameServer, in_namespace},
    phpipam::{Fault, Model, address, subnet},
    scan_server::Trouble,
    site::{Ended, Plan, Site},
};
use serde_json::Value;

/// Longer than any command of these tests takes on a busy machine.
const BOUND: Duration = Duration::from_secs(120);
/// What `scan` waits for phpIPAM to show what was reported.
const CONFIRM: [&str; 3] = ["scan", "--wait-confirmed", "60"];

const OFFICE: &str = "10.77.0.0/28";
const STORE: &str = "10.77.1.0/28";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn ips(all: &[&str]) -> BTreeSet<IpAddr> {
    all.iter().map(|one| ip(one)).collect()
}

fn layout() -> Layout {
    Layout::new()
        .on_link("10.77.0.14/28".parse().unwrap())
        .on_link("10.77.1.14/28".parse().unwrap())
        .host(Host::new([10, 77, 0, 1]))
        .host(Host::new([10, 77, 0, 2]))
        .host(Host::new([10, 77, 1, 1]))
}

/// Two small subnets on the link. phpIPAM knows 10.77.0.1, and 10.77.0.9 which isn't there.
fn model() -> Model {
    let mut model = Model::with_agent();
    let office = model.add_subnet(subnet(OFFICE).agent(1).discover());
    model.add_address(office, address("10.77.0.1").named("gw"));
    model.add_address(office, address("10.77.0.9").named("gone"));
    model.add_subnet(subnet(STORE).agent(1).discover());
    model
}

fn plan(model: Model, layout: Layout) -> Plan {
    Plan {
        model,
        layout: Some(layout),
        settings: Vec::new(),
        expected: Default::default(),
    }
}

fn small_site() -> Site {
    Site::start(plan(model(), layout())).unwrap()
}

fn run(site: &Site, arguments: &[&str]) -> Ended {
    site.run(BOUND, arguments).unwrap()
}

#[track_caller]
fn ends_with(code: i32, ended: Ended) -> Ended {
    assert_eq!(
        ended.code,
        Some(code),
        "the exit code; it said: {}",
        ended.words()
    );
    ended
}

fn is_confirmed(report: &Report) -> bool {
    matches!(report.state, State::Confirmed { .. })
}

#[track_caller]
fn all_confirmed(site: &Site) -> Vec<Report> {
    let reports = site.reports().unwrap();
    let open: Vec<_> = reports
        .iter()
        .filter(|report| !is_confirmed(report) && !matches!(report.state, State::Superseded { .. }))
        .collect();
    assert!(
        !reports.is_empty() && open.is_empty(),
        "every report must be seen back in phpIPAM: {open:#?}"
    );
    reports
}

/// `subnet` and the hosts of every report that the scan server took, in order.
fn taken(site: &Site) -> Vec<(String, Vec<Value>)> {
    let received = site.server.received().into_iter();
    received
        .filter(|received| received.taken)
        .map(|received| {
            let body = received.json.unwrap();
            let subnet = body["scan"]["subnet"].as_str().unwrap().to_owned();
            (subnet, body["scan"]["results"].as_array().unwrap().clone())
        })
        .collect()
}

fn told(results: &[Value]) -> BTreeSet<IpAddr> {
    results
        .iter()
        .map(|result| ip(result["ip"].as_str().unwrap()))
        .collect()
}

fn outcome_of(site: &Site, cidr: &str) -> Outcome {
    let run = site.runs().unwrap().pop().expect("there was a run");
    let subnets = run.subnets.into_iter();
    let mut found = subnets.filter(|subnet| subnet.cidr == cidr);
    found
        .next()
        .expect("every assigned subnet is accounted for")
        .outcome
}

#[test]
fn it_scans_compares_reports_and_confirms() {
    in_namespace("it_scans_compares_reports_and_confirms", || {
        let site = Site::start(Plan::depot()).unwrap();
        ends_with(0, run(&site, &CONFIRM));
        assert_eq!(
            site.surprises().unwrap(),
            Vec::<String>::new(),
            "every address is found to be as it is"
        );
        let reports = all_confirmed(&site);
        let reported: BTreeSet<_> = reports.iter().map(|report| report.cidr.as_str()).collect();
        assert_eq!(
            reported,
            BTreeSet::from([
                "10.77.0.0/24",
                "10.77.2.0/24",
                "10.77.4.0/25",
                "10.77.8.0/24",
                "10.77.9.0/28"
            ]),
            "every scanned IPv4 subnet is reported: no folder, no parent, and no IPv6"
        );

        assert_eq!(
            site.touched_though_excluded(),
            Vec::<String>::new(),
            "no packet goes to an address that must not be touched"
        );
        let network = site.network().unwrap().site();
        for (untouched, why) in [
            (
                "10.77.2.77",
                "in a subnet of which only known addresses are checked",
            ),
            ("10.77.12.5", "in a subnet of another agent"),
            ("10.77.12.200", "in a parent of another subnet"),
        ] {
            let probes = network.probes_of(ip(untouched));
            assert_eq!(probes, Default::default(), "{untouched} is {why}");
        }
        drop(network);
        assert_eq!(
            site.ipam.pings(),
            0,
            "phpIPAM's ping writes, so it is never called"
        );
        assert_eq!(site.server.executed(), Vec::<String>::new());

        let model = site.ipam.model();
        let found = model.addresses_with_ip("10.77.0.66").next();
        let found = found.expect("the rogue host is in phpIPAM now");
        assert_eq!(found.hostname, None, "without its hostile name");
        let mac = model.addresses_with_ip("10.77.0.40").next().unwrap();
        assert_eq!(
            mac.mac.as_deref(),
            Some("00:1B:17:AA:BB:CC"),
            "phpIPAM has the MAC that answered"
        );
    });
}

#[test]
fn an_address_is_missing_after_three_misses() {
    in_namespace("an_address_is_missing_after_three_misses", || {
        let site = small_site();
        for misses in 1..=4 {
            ends_with(0, run(&site, &["scan", OFFICE]));
            let standing = site.standings(OFFICE).unwrap()[&ip("10.77.0.9")].clone();
            let expected = if misses < 3 {
                Standing::Unseen { misses }
            } else {
                Standing::Missing { misses }
            };
            assert_eq!(standing, expected, "one scan that misses it is no proof");
        }
    });
}

#[test]
fn exactly_one_live_host_is_reported() {
    in_namespace("exactly_one_live_host_is_reported", || {
        let mut model = Model::with_agent();
        model.add_subnet(subnet("10.78.9.0/28").agent(1).discover());
        let layout = layout()
            .gateway([10, 77, 0, 1])
            .routed("10.78.9.0/28".parse().unwrap())
            .host(Host::new([10, 78, 9, 5]));
        let site = Site::start(plan(model, layout)).unwrap();
        ends_with(0, run(&site, &CONFIRM));
        let taken = taken(&site);
        assert_eq!(taken.len(), 1);
        assert_eq!(
            told(&taken[0].1),
            ips(&["10.78.9.5"]),
            "the reference reports [] here"
        );
        all_confirmed(&site);
    });
}

#[test]
fn an_empty_subnet_that_was_scanned_is_reported_empty() {
    in_namespace("an_empty_subnet_that_was_scanned_is_reported_empty", || {
        let mut model = Model::with_agent();
        model.add_subnet(subnet("10.78.9.0/28").agent(1).discover());
        let layout = layout()
            .gateway([10, 77, 0, 1])
            .routed("10.78.9.0/28".parse().unwrap());
        let site = Site::start(plan(model, layout)).unwrap();
        ends_with(0, run(&site, &CONFIRM));
        assert_eq!(
            taken(&site),
            [("10.78.9.0/28".to_owned(), Vec::new())],
            "an empty result counts, since the scan really ran"
        );
        all_confirmed(&site);
    });
}

#[test]
fn a_subnet_without_a_route_is_never_reported_as_empty() {
    in_namespace(
        "a_subnet_without_a_route_is_never_reported_as_empty",
        || {
            let mut model = model();
            model.add_subnet(
                subnet("10.200.0.0/28")
                    .described("far away")
                    .agent(1)
                    .discover(),
            );
            let site = Site::start(plan(model, layout())).unwrap();
            let ended = ends_with(1, run(&site, &CONFIRM));
            let outcome = outcome_of(&site, "10.200.0.0/28");
            assert!(
                matches!(
                    outcome,
                    Outcome::Failed {
                        problem: Problem::NoRoute { .. }
                    }
                ),
                "{outcome:?}"
            );
            assert!(
                ended.words().contains("10.200.0.0/28"),
                "the person is told which: {}",
                ended.words()
            );
            let reported: Vec<_> = taken(&site).into_iter().map(|(cidr, _)| cidr).collect();
            assert_eq!(
                BTreeSet::from_iter(reported),
                BTreeSet::from([OFFICE.to_owned(), STORE.to_owned()]),
                "the others are scanned and reported, and nothing is said of this one"
            );
            all_confirmed(&site);
        },
    );
}

#[test]
fn a_network_that_goes_down_is_never_reported_as_empty() {
    in_namespace(
        "a_network_that_goes_down_is_never_reported_as_empty",
        || {
            let site = small_site();
            ends_with(0, run(&site, &CONFIRM));
            site.network().unwrap().cut().unwrap();
            // Nothing could be done.
            ends_with(3, run(&site, &["scan"]));
            assert!(
                taken(&site).iter().all(|(_, results)| !results.is_empty()),
                "nobody can know who is up: {:?}",
                taken(&site)
            );
            site.network().unwrap().restore().unwrap();
            ends_with(0, run(&site, &CONFIRM));
            assert_eq!(
                told(&taken(&site).last().unwrap().1).len()
                    + told(&taken(&site).iter().nth_back(1).unwrap().1).len(),
                5,
                "with the network back all three hosts are seen, and the scanner itself twice"
            );
        },
    );
}

#[test]
fn a_failed_upload_loses_nothing_and_later_subnets_are_scanned() {
    in_namespace(
        "a_failed_upload_loses_nothing_and_later_subnets_are_scanned",
        || {
            let site = small_site();
            site.server.trouble(Trouble::HangUpBeforeTaking);
            ends_with(1, run(&site, &["scan"]));
            for cidr in [OFFICE, STORE] {
                let outcome = outcome_of(&site, cidr);
                assert!(
                    matches!(outcome, Outcome::Scanned { .. }),
                    "{cidr}: {outcome:?}"
                );
            }
            let waiting = site.reports().unwrap();
            assert_eq!(waiting.len(), 2, "both reports are kept");
            assert!(
                waiting
                    .iter()
                    .any(|report| matches!(report.state, State::Waiting { .. })),
                "{waiting:#?}"
            );

            site.server.heal();
            run(&site, &["reports", "--retry"]);
            ends_with(0, run(&site, &CONFIRM));
            let mut told_of = BTreeSet::new();
            for (_, results) in taken(&site) {
                told_of.append(&mut told(&results));
            }
            assert!(
                told_of.is_superset(&ips(&["10.77.0.1", "10.77.0.2", "10.77.1.1"])),
                "{told_of:?}"
            );
            all_confirmed(&site);
        },
    );
}

#[test]
fn the_second_name_server_is_no_target() {
    in_namespace("the_second_name_server_is_no_target", || {
        let mut model = Model::with_agent();
        let servers = model.add_name_servers("two", "10.77.0.1;10.88.0.54");
        model.add_subnet(subnet(OFFICE).agent(1).discover().resolve_with(servers));
        // Its own name servers are the system's: the one before must not be asked for it.
        model.add_subnet(subnet(STORE).agent(1).discover());
        let names = NameServer::new().name([10, 77, 0, 2], "printer.example.net");
        let layout = layout()
            .gateway([10, 77, 0, 1])
            .routed("10.88.0.0/24".parse().unwrap())
            .host(Host::new([10, 88, 0, 54]).open([53, 80, 443]))
            .name_server([10, 77, 0, 1], names);
        let site = Site::start(plan(model, layout)).unwrap();
        ends_with(0, run(&site, &CONFIRM));
        let probes = site.network().unwrap().site().probes_of(ip("10.88.0.54"));
        assert_eq!(
            (probes.icmp, probes.tcp),
            (0, 0),
            "it may be asked for names, and is not scanned: {probes:?}"
        );
        for (cidr, results) in taken(&site) {
            assert!(
                !told(&results).contains(&ip("10.88.0.54")),
                "and it is no host of {cidr}"
            );
        }
        let office = taken(&site)
            .into_iter()
            .find(|(cidr, _)| cidr == OFFICE)
            .unwrap();
        let printer = office
            .1
            .iter()
            .find(|result| result["ip"] == "10.77.0.2")
            .unwrap();
        assert_eq!(
            printer["hostname"], "printer",
            "the first server's names are used"
        );
    });
}

#[test]
fn a_hostile_ptr_name_never_reaches_the_scan_server() {
    in_namespace("a_hostile_ptr_name_never_reaches_the_scan_server", || {
        let mut model = Model::with_agent();
        let servers = model.add_name_servers("ours", "10.77.0.1");
        model.add_subnet(
            subnet("10.77.0.0/27")
                .agent(1)
                .discover()
                .resolve_with(servers),
        );
        let hostile: [&[&[u8]]; 8] = [
            &[b"{{ lookup('pipe','id') }}", b"example", b"com"],
            &[b"x'; DROP TABLE ipaddresses; --", b"example"],
            &[b"back\\"],
            &[b"{{"],
            &[b"\xff\xfe\x00", b"example"],
            &[b"a b", b"example"],
            &["🖨".as_bytes()],
            &[b"<script>alert(1)</script>"],
        ];
        let mut layout = Layout::new().on_link("10.77.0.30/27".parse().unwrap());
        let mut names = NameServer::new().name([10, 77, 0, 2], "honest.example.com");
        for (number, labels) in (10..).zip(hostile) {
            names.set_name([10, 77, 0, number].into(), Name::of_labels(labels));
            layout = layout.host(Host::new([10, 77, 0, number]));
        }
        let layout = layout
            .host(Host::new([10, 77, 0, 2]))
            .name_server([10, 77, 0, 1], names);
        let site = Site::start(plan(model, layout)).unwrap();
        ends_with(0, run(&site, &CONFIRM));

        assert_eq!(
            site.server.executed(),
            Vec::<String>::new(),
            "nothing is executed there"
        );
        let taken = taken(&site);
        assert_eq!(taken.len(), 1);
        assert_eq!(
            told(&taken[0].1).len(),
            11,
            "the hosts themselves are reported, and so is the scanner"
        );
        for result in &taken[0].1 {
            let name = result["hostname"].as_str();
            match result["ip"].as_str().unwrap() {
                "10.77.0.2" => assert_eq!(name, Some("honest"), "good names are reported"),
                _ => assert!(
                    name.is_none_or(|name| name
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')),
                    "a hostile name got through: {result}"
                ),
            }
        }
        all_confirmed(&site);
    });
}

#[test]
fn without_upload_reports_wait_in_the_outbox() {
    in_namespace("without_upload_reports_wait_in_the_outbox", || {
        let site = small_site();
        ends_with(0, run(&site, &["scan", "--no-upload"]));
        assert_eq!(site.server.received().len(), 0, "nothing is sent");
        let reports = site.reports().unwrap();
        assert_eq!(reports.len(), 2);
        assert!(
            reports.iter().all(|report| report.state == State::Queued),
            "{reports:#?}"
        );
        ends_with(0, run(&site, &CONFIRM));
        all_confirmed(&site);
    });
}

#[test]
fn nonsense_subnets_are_refused_by_name_and_the_others_scanned() {
    in_namespace(
        "nonsense_subnets_are_refused_by_name_and_the_others_scanned",
        || {
            let mut model = model();
            let nonsense = [
                "0.0.0.0/0",
                "10.0.0.0/8",
                "; rm -rf ~/24",
                "10.77.0.0/28",
                "8.8.8.0/28",
                "10.77.1.0/33",
            ];
            for cidr in nonsense {
                model.add_subnet(subnet(cidr).agent(1).discover());
            }
            let site = Site::start(plan(model, layout())).unwrap();
            let ended = run(&site, &CONFIRM);
            assert!(matches!(ended.code, Some(0 | 1)), "{}", ended.words());
            all_confirmed(&site);
            let run = site.runs().unwrap().pop().unwrap();
            let mut refused = Vec::new();
            let mut scanned = Vec::new();
            for part in run.subnets {
                match part.outcome {
                    Outcome::Scanned { .. } => scanned.push(part.cidr),
                    Outcome::LeftOut { why } => refused.push((part.cidr, why)),
                    other => panic!("{}: {other:?}", part.cidr),
                }
            }
            scanned.sort();
            assert_eq!(
                scanned,
                [OFFICE, STORE],
                "the good ones are scanned, each once"
            );
            let why = |cidr: &str| {
                let found = refused.iter().find(|(other, _)| other == cidr);
                found
                    .map(|(_, why)| why)
                    .unwrap_or_else(|| panic!("{cidr} is not accounted for"))
            };
            assert!(matches!(
                why("0.0.0.0/0"),
                LeftOut::NoMask | LeftOut::Refused(_)
            ));
            assert!(matches!(
                why("10.0.0.0/8"),
                LeftOut::Parent
                    | LeftOut::Refused(Refusal::TooLarge { .. } | Refusal::Overlaps { .. })
            ));
            assert!(matches!(
                why("; rm -rf ~/24"),
                LeftOut::Refused(Refusal::NotANetwork)
            ));
            assert!(matches!(
                why("10.77.0.0/28"),
                LeftOut::Refused(Refusal::Duplicate { .. })
            ));
            assert!(matches!(
                why("8.8.8.0/28"),
                LeftOut::Refused(Refusal::Public)
            ));
            assert!(matches!(
                why("10.77.1.0/33"),
                LeftOut::Refused(Refusal::NotANetwork)
            ));
            let shown = ends_with(0, self::run(&site, &["subnets"])).stdout;
            for cidr in nonsense {
                assert!(
                    shown.contains(cidr),
                    "{cidr} is shown with its reason: {shown}"
                );
            }
        },
    );
}

#[test]
fn with_phpipam_down_it_scans_from_what_it_has_and_says_how_old() {
    in_namespace(
        "with_phpipam_down_it_scans_from_what_it_has_and_says_how_old",
        || {
            let site = small_site();
            ends_with(0, run(&site, &CONFIRM));
            let before = site.server.received().len();
            site.ipam.refuse_connections();
            let ended = ends_with(1, run(&site, &["scan", "--refresh"]));
            assert!(
                ended.words().contains(" ago") || ended.words().contains(" old"),
                "the person is told how old the addresses are: {}",
                ended.words()
            );
            for cidr in [OFFICE, STORE] {
                let outcome = outcome_of(&site, cidr);
                assert!(
                    matches!(outcome, Outcome::Scanned { .. }),
                    "{cidr}: {outcome:?}"
                );
            }
            let stale = site.reports().unwrap();
            assert!(
                stale[2..]
                    .iter()
                    .all(|report| report.stale && !is_confirmed(report)),
                "made from old addresses, and not to be confirmed without phpIPAM: {stale:#?}"
            );
            assert!(
                site.server.received().len() > before,
                "the scan server can be reached, so it is told"
            );
            assert_eq!(
                site.cached_subnets().unwrap().len(),
                2,
                "the cache is as it was"
            );

            site.ipam.heal();
            ends_with(0, run(&site, &CONFIRM));
            all_confirmed(&site);
        },
    );
}

#[test]
fn a_refresh_that_fails_never_empties_the_cache() {
    in_namespace("a_refresh_that_fails_never_empties_the_cache", || {
        let site = small_site();
        ends_with(0, run(&site, &CONFIRM));
        let addresses = site.addresses(OFFICE).unwrap().len();
        for fault in [
            Fault::EmptyError,
            Fault::Html,
            Fault::Garbage,
            Fault::CutBody,
            Fault::ApiOff,
            Fault::Unauthorized,
        ] {
            site.ipam.heal();
            site.ipam.fail("", fault.clone());
            ends_with(1, run(&site, &["scan", "--refresh", "--no-upload"]));
            assert_eq!(
                site.cached_subnets().unwrap().len(),
                2,
                "{fault:?} says nothing of the subnets"
            );
            assert!(
                site.addresses(OFFICE).unwrap().len() >= addresses,
                "{fault:?} says nothing of the addresses"
            );
        }
    });
}

#[test]
fn after_days_offline_everything_goes_out_in_order() {
    in_namespace("after_days_offline_everything_goes_out_in_order", || {
        let site = small_site();
        ends_with(0, run(&site, &CONFIRM));
        site.ipam.refuse_connections();
        site.server.refuse_connections();
        // Each scan sees a host that no other sees, so that none of the reports is told by a newer one.
        let network = site.network().unwrap();
        for number in 3..6u8 {
            network.site().set_host(Host::new([10, 77, 0, number]));
            ends_with(1, run(&site, &["scan"]));
            network.site().remove_host([10, 77, 0, number]);
        }
        let waiting = site.reports().unwrap();
        assert_eq!(waiting.len(), 8, "two subnets, four runs: {waiting:#?}");
        assert!(
            waiting[2..].iter().all(|report| !report.state.is_sent()),
            "{waiting:#?}"
        );

        site.ipam.heal();
        site.server.heal();
        run(&site, &["reports", "--retry"]);
        ends_with(0, run(&site, &CONFIRM));
        all_confirmed(&site);
        let mut told_of = BTreeSet::new();
        let mut last: std::collections::BTreeMap<String, String> = Default::default();
        for (cidr, results) in taken(&site) {
            told_of.append(&mut told(&results));
            for result in results {
                let seen = result["lastSeen"].as_str().unwrap().to_owned();
                let before = last.entry(cidr.clone()).or_default();
                assert!(
                    seen >= *before,
                    "an older report of {cidr} ({seen}) came after a newer one ({before})"
                );
                *before = seen;
            }
        }
        assert!(
            told_of.is_superset(&ips(&["10.77.0.3", "10.77.0.4", "10.77.0.5"])),
            "what each scan alone saw is told: {told_of:?}"
        );
        let model = site.ipam.model();
        for row in model.addresses() {
            let twins = model.addresses_with_ip(&row.ip).count();
            assert_eq!(twins, 1, "{} is in phpIPAM once", row.ip);
        }
    });
}

#[test]
fn what_keeps_it_from_starting_is_said_in_words() {
    in_namespace("what_keeps_it_from_starting_is_said_in_words", || {
        let mut site = small_site();
        for (fault, word) in [
            (Fault::Unauthorized, "token"),
            (Fault::ApiOff, "API"),
            (Fault::EmptyError, "phpIPAM"),
            (Fault::Login, "phpIPAM"),
        ] {
            site.ipam.fail("", fault.clone());
            let ended = ends_with(3, run(&site, &["scan"]));
            assert!(ended.words().contains(word), "{fault:?}: {}", ended.words());
            site.ipam.heal();
        }
        site.ipam.refuse_connections();
        let ended = ends_with(3, run(&site, &["scan"]));
        assert!(ended.words().contains("phpIPAM"), "{}", ended.words());
        site.ipam.heal();

        site.set("client_name", "no-such-app").unwrap();
        let ended = ends_with(3, run(&site, &["scan"]));
        assert!(ended.words().contains("client_name"), "{}", ended.words());
        site.set("client_name", Model::EXAMPLE_APP).unwrap();
        site.set("scanagent_code", "no-such-code").unwrap();
        let ended = ends_with(3, run(&site, &["scan"]));
        assert!(
            ended.words().contains("scanagent_code"),
            "{}",
            ended.words()
        );
        assert_eq!(site.server.received().len(), 0, "and nothing is reported");
    });
}
