//! What runs newly find.

use std::collections::BTreeMap;

use fieldscan_core::{
    agent::{Command, Input, Scope},
    compare::Exception,
    notice::{Category, Facts, Switches, facts::Kind},
    present::Page,
    settings::Settings,
};
use proptest::prelude::*;

use crate::bench::{Bench, HOUR, MINUTE, titles};

#[test]
fn the_first_run_is_silent_and_the_next_tells_only_what_is_new() {
    let mut bench = Bench::new();
    bench.documented = [(1, 1), (1, 2), (2, 1)].into();
    bench.up = [(1, 1), (1, 5), (2, 1), (2, 6)].into();
    assert_eq!(bench.scan(), [], "everything would be new");
    bench.wait(30 * MINUTE);
    assert_eq!(bench.scan(), [], "nothing changed");
    bench.up.insert((1, 9));
    bench.wait(30 * MINUTE);
    let told = bench.scan();
    assert_eq!(titles(&told, Category::Findings), ["New unknown host"]);
    assert_eq!(
        told[0].text,
        "10.0.1.9, raspberrypi, at Depot – office. It is not in phpIPAM."
    );
    assert_eq!(
        told[0].facts,
        Some(Facts::Host {
            what: Exception::Unknown,
            ip: crate::bench::ip(1, 9),
            name: Some("raspberrypi".to_owned()),
            place: "Depot – office".to_owned(),
            stale: false,
        }),
        "a window has its own words"
    );
    assert_eq!(
        told[0].page.to_string(),
        "subnet/1/10.0.1.9",
        "a click shows it"
    );
    bench.wait(30 * MINUTE);
    assert_eq!(bench.scan(), [], "it is no longer new");
}

#[test]
fn a_run_is_told_in_one_digest() {
    let mut bench = Bench::new();
    bench.documented = (1..=8).map(|host| (1, host)).collect();
    bench.up = bench.documented.clone();
    bench.scan();
    bench.up.retain(|host| host.1 > 6);
    bench.up.extend([(1, 10), (1, 11)]);
    bench.wait(30 * MINUTE);
    let told = bench.scan();
    assert_eq!(
        titles(&told, Category::Findings),
        ["Depot – office: 2 unknown, 6 missing"]
    );
    assert_eq!(
        told[0].text,
        "Unknown: 10.0.1.10, 10.0.1.11. Missing: 10.0.1.1, 10.0.1.2, 10.0.1.3, 10.0.1.4 and 2 more."
    );
    let ips = |hosts: &[u8]| {
        hosts
            .iter()
            .map(|host| crate::bench::ip(1, *host))
            .collect()
    };
    assert_eq!(
        told[0].facts,
        Some(Facts::Hosts {
            place: "Depot – office".to_owned(),
            kinds: vec![
                Kind {
                    what: Exception::Unknown,
                    ips: ips(&[10, 11]),
                    more: 0,
                },
                Kind {
                    what: Exception::Missing,
                    ips: ips(&[1, 2, 3, 4]),
                    more: 2,
                },
            ],
            stale: false,
        }),
        "as many are named as in the words"
    );
    bench.up.insert((1, 12));
    bench.up.insert((2, 12));
    bench.up.insert((2, 13));
    bench.wait(30 * MINUTE);
    let told = bench.scan();
    assert_eq!(titles(&told, Category::Findings), ["2 subnets: 3 unknown"]);
    assert_eq!(
        told[0].text,
        "Depot – office: 1 unknown; Warehouse: 2 unknown."
    );
    assert!(matches!(told[0].page, Page::History(Some(_))));
}

#[test]
fn a_host_that_comes_and_goes_is_told_once_a_day() {
    let mut bench = Bench::new();
    bench.scan();
    let mut told = 0;
    for half_hour in 0..96 {
        match half_hour % 2 {
            0 => bench.up.insert((1, 9)),
            _ => bench.up.remove(&(1, 9)),
        };
        bench.wait(30 * MINUTE);
        told += bench.scan().len();
    }
    assert_eq!(told, 2, "in two days");
}

#[test]
fn a_row_that_is_deleted_in_phpipam_makes_its_host_unknown() {
    let mut bench = Bench::new();
    bench.documented.insert((1, 1));
    bench.up.insert((1, 1));
    bench.scan();
    bench.documented.clear();
    bench.wait(30 * MINUTE);
    let told = bench.scan();
    assert_eq!(
        titles(&told, Category::Findings),
        ["New unknown host"],
        "it was up before, but not unknown"
    );
}

#[test]
fn what_was_found_before_a_crash_is_told_after_it() {
    let mut bench = Bench::new();
    bench.scan();
    bench.up.insert((1, 9));
    bench.wait(30 * MINUTE);
    // The process dies once the finding is in the database and before the run is over.
    bench.scan();
    let told = bench.notices.pop().expect("it is told");
    let news = fieldscan_core::notice::News {
        run: fieldscan_core::ids::RunId(2),
        subnet: fieldscan_core::ids::SubnetId(1),
        cidr: "10.0.1.0/28".into(),
        description: "Depot – office".into(),
        stale: false,
        found: vec![fieldscan_core::notice::Found {
            ip: crate::bench::ip(1, 9),
            what: fieldscan_core::compare::Exception::Unknown,
            name: Some("raspberrypi".into()),
        }],
    };
    bench.lasting.news = vec![news];
    bench.restart();
    assert_eq!(
        bench.notices.last().map(|notice| &notice.text),
        Some(&told.text),
        "the next process tells it"
    );
    let before = bench.notices.len();
    bench.restart();
    assert_eq!(bench.notices.len(), before, "once");
}

#[test]
fn findings_wait_for_the_end_of_the_run() {
    let mut bench = Bench::new();
    bench.scan();
    bench.up.insert((1, 9));
    // The scan of the other subnet hangs: it is asked for, and never ends.
    let effects = bench.agent.handle(
        Input::Command(Command::Scan {
            scope: Scope::All,
            refresh: true,
        }),
        bench.now,
    );
    assert!(
        effects
            .iter()
            .all(|effect| !matches!(effect, fieldscan_core::agent::Effect::Notify(_))),
        "nothing is told while the run goes on"
    );
}

#[test]
fn findings_of_a_scan_that_could_not_be_written_are_told_when_it_is() {
    let mut bench = Bench::new();
    bench.scan();
    bench.up.insert((1, 9));
    bench.disk_full = true;
    bench.scan();
    assert_eq!(bench.notices, [], "nothing can be written");
    bench.disk_full = false;
    bench.wait(5 * MINUTE);
    assert_eq!(
        titles(&bench.notices, Category::Findings),
        ["New unknown host"],
        "it is found by the scan that is in the database now"
    );
    assert_eq!(
        titles(&bench.notices, Category::Problems),
        ["The disk is full"],
        "what was told without being kept is kept as soon as it can be"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Hosts come, go, are documented and deleted; processes end; the clock is set.
    #[test]
    fn nothing_is_told_twice_within_a_day(steps in proptest::collection::vec((0_u8..10, 1_u64..3, 1_u8..6, 1_u32..600), 1..80)) {
        let mut bench = Bench::new();
        let mut scans = 0;
        for (what, subnet, host, minutes) in steps {
            match what {
                0..=2 => { bench.up.insert((subnet, host)); }
                3 => { bench.up.remove(&(subnet, host)); }
                4 => { bench.documented.insert((subnet, host)); }
                5 => { bench.documented.remove(&(subnet, host)); }
                6 => bench.restart(),
                7 => bench.ipam_works = !bench.ipam_works,
                8 => bench.server_works = !bench.server_works,
                _ => bench.refuses = match bench.refuses {
                    None => Some(413),
                    Some(_) => None,
                },
            }
            bench.wait(minutes * MINUTE);
            let told = bench.scan();
            scans += 1;
            let digests = titles(&told, Category::Findings).len();
            prop_assert!(digests <= 1, "{digests} digests of one run");
            prop_assert!(scans > 1 || digests == 0, "the first run is silent");
        }
        let mut last = BTreeMap::new();
        for notice in &bench.notices {
            for thing in &notice.things {
                if let Some(before) = last.insert(thing, notice.at) {
                    prop_assert!(
                        notice.at.duration_since(before) >= jiff::SignedDuration::from_hours(24),
                        "{thing} was told at {before} and at {}",
                        notice.at
                    );
                }
            }
            let length = notice.title.chars().count();
            prop_assert!((1..=120).contains(&length), "{:?}", notice.title);
            prop_assert!(notice.text.chars().count() <= 351, "{:?}", notice.text);
            prop_assert_eq!(notice.page.to_string().parse(), Ok(notice.page.clone()));
        }
    }

    #[test]
    fn what_is_switched_off_is_not_told(hosts in proptest::collection::vec((1_u64..3, 1_u8..14), 1..20), off in 0_usize..4) {
        let mut bench = Bench::new();
        let category = Category::ALL[off];
        let notify = match category {
            Category::Findings => Switches { findings: false, ..Switches::default() },
            Category::Reports => Switches { reports: false, ..Switches::default() },
            Category::Problems => Switches { problems: false, ..Switches::default() },
            Category::Delivered => Switches { delivered: false, ..Switches::default() },
        };
        bench.set(Settings { notify, ..bench.settings.clone() });
        bench.scan();
        for host in hosts {
            bench.up.insert(host);
            bench.scan();
            bench.server_works = !bench.server_works;
            bench.ipam_works = bench.server_works;
            bench.wait(2 * HOUR);
            bench.nmap_fails = !bench.nmap_fails;
            bench.scan();
        }
        bench.refuses = Some(413);
        bench.server_works = true;
        bench.ipam_works = true;
        bench.nmap_fails = false;
        bench.scan();
        bench.wait(2 * HOUR);
        prop_assert_eq!(titles(&bench.notices, category), Vec::<&str>::new());
        prop_assert!(!bench.notices.is_empty(), "the others are told");
    }
}
