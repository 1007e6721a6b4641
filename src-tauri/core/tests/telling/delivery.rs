//! A time offline, and the reports that arrive after it.

use fieldscan_core::{
    notice::{Category, Facts},
    snapshot::Snapshot,
};

use crate::bench::{Bench, HOUR, MINUTE, titles};

fn snapshot(bench: &Bench) -> Snapshot {
    bench.agent.snapshot(bench.now)
}

#[test]
fn offline_for_long_is_told_and_then_that_the_reports_arrived() {
    let mut bench = Bench::new();
    bench.up = [(1, 1), (2, 1)].into();
    bench.scan();
    bench.wait(HOUR);
    assert_eq!(snapshot(&bench).delivery.sent, 0, "all is confirmed");
    bench.ipam_works = false;
    bench.server_works = false;
    bench.scan();
    bench.wait(30 * MINUTE);
    bench.scan();
    assert_eq!(bench.notices, [], "half an hour is not long");
    bench.wait(45 * MINUTE);
    bench.scan();
    assert_eq!(
        titles(&bench.notices, Category::Delivered),
        ["Offline for 1 hour"]
    );
    let text = &bench.notices[0].text;
    assert!(
        text.starts_with("Scans go on with data from ") && text.ends_with("none is lost."),
        "{text}"
    );
    assert!(
        matches!(
            bench.notices[0].facts,
            Some(Facts::Offline {
                hours: 1,
                waiting: 1..,
                ipam_at: Some(_),
            })
        ),
        "{:?}",
        bench.notices[0].facts
    );
    bench.restart();
    bench.wait(3 * HOUR);
    bench.scan();
    assert_eq!(bench.notices.len(), 1, "once, across processes too");
    bench.ipam_works = true;
    bench.server_works = true;
    bench.wait(2 * HOUR);
    let delivery = snapshot(&bench).delivery;
    assert_eq!((delivery.waiting, delivery.sent), (0, 0), "all has arrived");
    let told = titles(&bench.notices, Category::Delivered);
    assert_eq!(
        told.len(),
        2,
        "the end is told where the beginning was: {told:?}"
    );
    assert!(
        told[1].ends_with("arrived in phpIPAM"),
        "only what phpIPAM shows has arrived: {told:?}"
    );
    bench.scan();
    bench.wait(HOUR);
    assert_eq!(bench.notices.len(), 2, "what follows is nothing special");
}

#[test]
fn a_short_break_is_not_told() {
    let mut bench = Bench::new();
    bench.up = [(1, 1)].into();
    bench.server_works = false;
    bench.scan();
    bench.wait(3 * MINUTE);
    bench.server_works = true;
    bench.wait(HOUR);
    assert_eq!(snapshot(&bench).delivery.waiting, 0, "it was delivered");
    assert_eq!(bench.notices, [], "nobody missed it");
}

#[test]
fn the_scan_server_alone_can_be_away() {
    let mut bench = Bench::new();
    bench.up = [(1, 1)].into();
    bench.server_works = false;
    bench.scan();
    bench.wait(3 * HOUR);
    let told = titles(&bench.notices, Category::Delivered);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("Scan server unreachable for "),
        "{told:?}"
    );
}

#[test]
fn what_an_earlier_process_could_not_reach_says_nothing_about_now() {
    let mut bench = Bench::new();
    bench.ipam_works = false;
    bench.scan();
    // The machine is off for a night.
    bench.now += 12 * HOUR;
    bench.restart();
    assert_eq!(bench.notices, [], "it was not tried yet");
    bench.ipam_works = true;
    bench.scan();
    bench.wait(HOUR);
    assert_eq!(
        titles(&bench.notices, Category::Delivered)
            .iter()
            .filter(|title| title.starts_with("Offline"))
            .count(),
        0,
        "phpIPAM answers"
    );
}
