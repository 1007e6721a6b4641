//! The outbox alone: back-off, order, what is confirmed by what, and what is told when it is not.

use std::time::Duration;

use super::{reading::LONGEST_CHECK, retrying::LONGEST_BACK_OFF, *};
use crate::{
    delivery::{Answer, Cause, Event, ReadBack, Step},
    ids::ScanId,
};

const SUBNET: SubnetId = SubnetId(1);
const SEEN: &str = "2026-03-11 12:00:00";

fn start() -> Timestamp {
    "2026-03-11T12:00:00Z".parse().unwrap()
}

fn ip(host: u8) -> IpAddr {
    IpAddr::from([10, 0, 0, host])
}

/// The report of the scan with the same number, which tells of these hosts.
fn report(id: u64, hosts: &[u8]) -> Report {
    Report {
        id: ReportId(id),
        subnet: SUBNET,
        scan: ScanId(id),
        cidr: "10.0.0.0/24".into(),
        part: (1, 1),
        created_at: start(),
        last_seen: format!("2026-03-11 12:00:{id:02}"),
        hosts: hosts.iter().copied().map(ip).collect(),
        stale: false,
        left_out: BTreeSet::new(),
        ahead: BTreeMap::new(),
        baseline: None,
        sends: 0,
        state: State::Queued,
        journey: vec![Step {
            at: start(),
            event: Event::Queued,
        }],
    }
}

/// An outbox with the time that goes by in it, and the changes that came of it.
struct Bench {
    outbox: Outbox,
    now: Timestamp,
    changes: Vec<Change>,
}

impl Bench {
    fn with(reports: impl IntoIterator<Item = Report>) -> Self {
        let mut outbox = Outbox::restore(Vec::new(), 7);
        for report in reports {
            outbox.accept(report);
        }
        Self {
            outbox,
            now: start(),
            changes: Vec::new(),
        }
    }

    fn wait(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    fn upload(&mut self) -> Option<Upload> {
        self.outbox.next_upload(self.now, &mut self.changes)
    }

    fn sends(&mut self) -> Option<u64> {
        self.upload().map(|upload| upload.report.0)
    }

    fn answered(&mut self, id: u64, answer: Answer) {
        self.outbox
            .uploaded(ReportId(id), answer, self.now, &mut self.changes);
    }

    fn taken(&mut self, id: u64, baseline: Option<&str>) {
        self.answered(
            id,
            Answer::Taken {
                status: 200,
                baseline: baseline.map(Into::into),
            },
        );
    }

    fn unreachable(&mut self, id: u64, retry_after: Option<u64>) {
        self.answered(
            id,
            Answer::NotNow {
                problem: Problem::ServerUnreachable {
                    detail: String::new(),
                },
                retry_after: retry_after.map(Duration::from_secs),
            },
        );
    }

    fn refused(&mut self, id: u64) {
        let problem = Problem::ServerTokenRejected {
            words: "Invalid authorization token".into(),
        };
        self.answered(id, Answer::Refused { problem });
    }

    /// Reads back as soon as a read is due; what phpIPAM shows: `lastSeen` by host, and `lastDiscovery`.
    fn reads(&mut self, rows: &[(u8, &str)], last_discovery: Option<&str>) {
        let at = self.outbox.wake_at(self.now, true).unwrap();
        self.now = self.now.max(at);
        let (subnet, _) = self.outbox.next_read(self.now).expect("a read is due");
        let shown = shown(rows, last_discovery);
        self.outbox
            .read_back(subnet, Ok(&shown), self.now, &mut self.changes);
    }

    fn state(&self, id: u64) -> Option<&State> {
        self.outbox.report(ReportId(id)).map(|report| &report.state)
    }

    /// The state that a report was saved with last.
    fn saved(&self, id: u64) -> &Report {
        let saved = |change: &&Change| matches!(change, Change::Save(report) if report.id.0 == id);
        match self.changes.iter().rev().find(saved) {
            Some(Change::Save(report)) => report,
            _ => panic!("report {id} was never saved"),
        }
    }

    fn waits(&self, id: u64) -> Duration {
        match self.state(id) {
            Some(State::Waiting { next_at, .. }) => {
                Duration::try_from(next_at.duration_since(self.now)).unwrap()
            }
            other => panic!("report {id} should wait, and is {other:?}"),
        }
    }
}

fn shown(rows: &[(u8, &str)], last_discovery: Option<&str>) -> ReadBack {
    ReadBack {
        last_discovery: last_discovery.map(Into::into),
        last_seen: rows
            .iter()
            .map(|(host, seen)| (ip(*host), (*seen).into()))
            .collect(),
    }
}

#[test]
fn back_off_grows_from_a_minute_to_an_hour_with_jitter() {
    let mut bench = Bench::with([report(1, &[1])]);
    let mut waits = Vec::new();
    for _ in 0..12 {
        assert_eq!(bench.sends(), Some(1));
        bench.unreachable(1, None);
        assert_eq!(bench.sends(), None, "a report that waits is not sent");
        waits.push(bench.waits(1));
        bench.now += *waits.last().unwrap();
    }
    for (tries, wait) in waits.iter().enumerate() {
        let least = Duration::from_secs(60 << tries.min(6)).min(LONGEST_BACK_OFF);
        let most = least.mul_f64(1.25).min(LONGEST_BACK_OFF);
        assert!(
            (least..=most).contains(wait),
            "try {tries} waits {wait:?}, and should wait from {least:?} to {most:?}"
        );
    }
    assert_eq!(waits.last(), Some(&LONGEST_BACK_OFF));
    let other = Outbox::restore(Vec::new(), 8);
    assert_ne!(
        bench.outbox.back_off(1, ReportId(1)),
        other.back_off(1, ReportId(1)),
        "machines that lost the same server don't come back at the same moment"
    );
}

#[test]
fn retry_after_is_respected_and_can_not_cause_a_storm() {
    let mut bench = Bench::with([report(1, &[1])]);
    bench.sends();
    bench.unreachable(1, Some(7200));
    assert_eq!(bench.waits(1), Duration::from_secs(7200));
    bench.wait(7199);
    assert_eq!(bench.sends(), None, "before its time");
    bench.wait(1);
    let mut tries = 0;
    let until = bench.now + Duration::from_secs(3600);
    while bench.now < until {
        assert_eq!(bench.sends(), Some(1));
        bench.unreachable(1, Some(0));
        tries += 1;
        bench.now += bench.waits(1);
    }
    assert!(
        tries < 15,
        "{tries} tries in an hour for a server that asks for no patience"
    );
}

#[test]
fn a_server_that_is_down_is_left_alone_by_all_reports() {
    let mut bench = Bench::with([
        report(1, &[1]),
        Report {
            subnet: SubnetId(2),
            ..report(2, &[1])
        },
    ]);
    assert_eq!(bench.sends(), Some(1));
    bench.unreachable(1, None);
    assert_eq!(
        bench.sends(),
        None,
        "the other subnet's report goes to the same server"
    );
    let wake = bench.outbox.wake_at(bench.now, false).unwrap();
    assert!(wake > bench.now, "nothing can be done before {wake}");
    bench.now = wake;
    assert!(bench.sends().is_some());
}

#[test]
fn one_at_a_time_and_in_order_within_a_subnet() {
    let mut bench = Bench::with([report(1, &[1, 2]), report(2, &[2, 3])]);
    assert_eq!(bench.sends(), Some(1));
    assert_eq!(bench.sends(), None, "one upload at a time");
    bench.answered(
        1,
        Answer::NotNow {
            problem: Problem::ServerFailing {
                status: 500,
                words: String::new(),
            },
            retry_after: None,
        },
    );
    assert_eq!(
        bench.sends(),
        None,
        "the newer report must not overtake the one that waits"
    );
    bench.wait(120);
    assert_eq!(bench.sends(), Some(1));
    bench.taken(1, None);
    assert_eq!(bench.sends(), Some(2));
}

#[test]
fn an_old_report_leaves_out_what_a_newer_one_tells() {
    let mut bench = Bench::with([report(1, &[1, 2]), report(2, &[2, 3])]);
    let upload = bench.upload().unwrap();
    assert_eq!(upload.report, ReportId(1));
    assert_eq!(upload.leave_out, BTreeSet::from([ip(2)]));
}

#[test]
fn a_report_that_has_nothing_but_what_newer_ones_tell_is_superseded() {
    let mut bench = Bench::with([report(1, &[1, 2]), report(2, &[]), report(3, &[1, 2, 3])]);
    assert_eq!(bench.sends(), Some(3));
    for older in [1, 2] {
        assert_eq!(
            bench.saved(older).state,
            State::Superseded { by: ReportId(3) }
        );
    }
}

#[test]
fn parts_of_one_scan_do_not_supersede_each_other() {
    let part = |id, part, hosts| Report {
        scan: ScanId(1),
        part: (part, 2),
        ..report(id, hosts)
    };
    let mut bench = Bench::with([part(1, 1, &[1, 2]), part(2, 2, &[3])]);
    assert_eq!(bench.sends(), Some(1));
    bench.taken(1, None);
    assert_eq!(bench.sends(), Some(2));
}

#[test]
fn a_refused_token_keeps_the_report_and_new_settings_send_it() {
    let mut bench = Bench::with([report(1, &[1])]);
    bench.sends();
    bench.refused(1);
    assert!(
        matches!(bench.state(1), Some(State::Rejected { problem: Problem::ServerTokenRejected { words }, .. }) if words == "Invalid authorization token"),
        "kept, with the server's words"
    );
    bench.wait(24 * 3600);
    assert_eq!(bench.sends(), None, "the same token would be refused again");
    bench.outbox.settings_changed(bench.now, &mut bench.changes);
    assert_eq!(bench.sends(), Some(1));
    bench.taken(1, None);
    bench.reads(&[(1, "2026-03-11 12:00:01")], None);
    assert!(matches!(bench.saved(1).state, State::Confirmed { .. }));
}

#[test]
fn new_settings_do_not_mend_a_report_that_is_too_large() {
    let mut bench = Bench::with([report(1, &[1])]);
    bench.sends();
    let problem = Problem::ReportRejected {
        report: ReportId(1),
        status: 413,
        words: String::new(),
    };
    bench.answered(1, Answer::Refused { problem });
    bench.outbox.settings_changed(bench.now, &mut bench.changes);
    assert_eq!(bench.sends(), None);
    bench
        .outbox
        .retry(Some(ReportId(1)), bench.now, &mut bench.changes);
    assert_eq!(bench.sends(), Some(1), "a person may try all the same");
}

#[test]
fn refused_reports_do_not_pile_up() {
    let mut bench = Bench::with([]);
    for id in 1..=50 {
        bench.outbox.accept(report(id, &[1, 2]));
        assert_eq!(bench.sends(), Some(id));
        bench.refused(id);
        bench.wait(3600);
    }
    assert_eq!(
        bench.outbox.reports().count(),
        1,
        "the newest tells all that the older ones tell"
    );
}

#[test]
fn confirmed_only_when_every_host_is_seen_back() {
    let mut bench = Bench::with([report(1, &[1, 2])]);
    bench.sends();
    bench.taken(1, None);
    assert!(
        matches!(bench.state(1), Some(State::Sent { .. })),
        "200 is no proof"
    );
    bench.reads(&[(1, "2026-03-11 12:00:01")], None);
    assert!(
        matches!(bench.state(1), Some(State::Sent { .. })),
        "one host is not there yet"
    );
    bench.reads(
        &[(1, "2026-03-11 12:00:01"), (2, "2026-03-11 12:00:01")],
        None,
    );
    assert!(matches!(bench.saved(1).state, State::Confirmed { .. }));
    assert_eq!(
        bench.outbox.reports().count(),
        0,
        "what has arrived is let go of"
    );
}

#[test]
fn rows_that_were_ahead_before_the_report_are_no_proof() {
    let later = "2026-03-11 21:00:00";
    let mut bench = Bench::with([Report {
        ahead: BTreeMap::from([(ip(1), later.to_owned())]),
        ..report(1, &[1])
    }]);
    bench.sends();
    bench.taken(1, None);
    bench.reads(&[(1, later)], None);
    assert!(
        matches!(bench.state(1), Some(State::Sent { .. })),
        "that time stood there before: phpIPAM keeps its times in another zone"
    );
    bench.reads(&[(1, "2026-03-11 21:30:00")], None);
    assert!(
        matches!(bench.saved(1).state, State::Confirmed { .. }),
        "somebody has seen the host later still"
    );
}

#[test]
fn an_empty_report_is_confirmed_by_last_discovery_only() {
    let mut bench = Bench::with([report(1, &[])]);
    let upload = bench.upload().unwrap();
    assert_eq!(
        upload.baseline,
        Some(SUBNET),
        "what it changes must be known from before"
    );
    bench.taken(1, Some("2026-03-10 08:00:00"));
    bench.reads(&[(1, SEEN)], Some("2026-03-10 08:00:00"));
    assert!(matches!(bench.state(1), Some(State::Sent { .. })));
    bench.reads(&[], Some("2026-03-11 12:00:05"));
    assert!(matches!(bench.saved(1).state, State::Confirmed { .. }));
}

#[test]
fn an_empty_report_without_a_baseline_is_not_confirmed_by_what_stood_there() {
    let mut bench = Bench::with([report(1, &[])]);
    bench.sends();
    bench.taken(1, None);
    bench.reads(&[], Some("2026-03-10 08:00:00"));
    assert!(
        matches!(bench.state(1), Some(State::Sent { .. })),
        "nobody knows whether that changed"
    );
    bench.reads(&[], Some("2026-03-11 12:00:05"));
    assert!(matches!(bench.saved(1).state, State::Confirmed { .. }));
}

#[test]
fn an_empty_report_waits_for_older_ones_that_would_confirm_it() {
    let mut bench = Bench::with([report(1, &[1])]);
    bench.sends();
    bench.taken(1, None);
    bench.outbox.accept(report(2, &[]));
    assert_eq!(bench.sends(), None, "both change lastDiscovery");
    bench.reads(&[(1, "2026-03-11 12:00:01")], None);
    assert_eq!(bench.sends(), Some(2));
}

#[test]
fn a_read_that_began_before_the_report_was_sent_says_nothing_of_it() {
    let mut bench = Bench::with([report(1, &[1]), report(2, &[2])]);
    bench.sends();
    bench.taken(1, None);
    bench.wait(2);
    let (subnet, _) = bench.outbox.next_read(bench.now).unwrap();
    bench.sends();
    bench.taken(2, None);
    let shown = shown(
        &[(1, "2026-03-11 12:00:01"), (2, "2026-03-11 13:00:00")],
        None,
    );
    bench
        .outbox
        .read_back(subnet, Ok(&shown), bench.now, &mut bench.changes);
    assert!(matches!(bench.saved(1).state, State::Confirmed { .. }));
    assert!(matches!(
        bench.state(2),
        Some(State::Sent { checks: 0, .. })
    ));
}

/// Has a report sent, and looks for it in vain until it is told or sent again.
fn looked_for_in_vain(bench: &mut Bench, id: u64, rows: &[(u8, &str)]) {
    let wait = match bench.state(id) {
        Some(State::Waiting { next_at, .. }) => *next_at,
        _ => bench.now,
    };
    bench.now = bench.now.max(wait);
    assert_eq!(bench.sends(), Some(id));
    bench.taken(id, Some("x"));
    for _ in 0..50 {
        if !matches!(bench.state(id), Some(State::Sent { .. })) {
            return;
        }
        bench.reads(rows, Some("x"));
    }
    panic!("report {id} is looked for again and again, and nothing is told");
}

#[test]
fn a_report_that_is_not_seen_back_is_sent_once_more_before_it_is_told() {
    let mut bench = Bench::with([report(1, &[1, 2])]);
    looked_for_in_vain(&mut bench, 1, &[]);
    assert!(
        matches!(bench.state(1), Some(State::Waiting { .. })),
        "a server that was restarted is mended by a repeat"
    );
    let raised = |bench: &Bench| {
        bench
            .changes
            .iter()
            .any(|change| matches!(change, Change::Raise(_)))
    };
    assert!(!raised(&bench), "nothing is told before the repeat");
    looked_for_in_vain(&mut bench, 1, &[]);
    let Some(State::Unconfirmed { causes, .. }) = bench.state(1) else {
        panic!("it should be told now, and is {:?}", bench.state(1));
    };
    assert_eq!(
        causes,
        &[
            Cause::NotAssigned,
            Cause::ServerElsewhere,
            Cause::ServerRestarted
        ],
        "nothing of this agent has ever arrived"
    );
    assert!(raised(&bench));
}

#[test]
fn partly_names_the_hosts_that_were_not_seen_back() {
    let mut bench = Bench::with([Report {
        stale: true,
        ..report(1, &[1, 2, 3])
    }]);
    let rows = [(1, "2026-03-11 12:00:01")];
    looked_for_in_vain(&mut bench, 1, &rows);
    looked_for_in_vain(&mut bench, 1, &rows);
    let Some(State::Partly {
        missing, causes, ..
    }) = bench.state(1)
    else {
        panic!("some were seen: {:?}", bench.state(1));
    };
    assert_eq!(missing, &[ip(2), ip(3)]);
    assert_eq!(
        causes,
        &[
            Cause::StaleAddresses,
            Cause::RowsChanged,
            Cause::ServerRestarted
        ]
    );
}

#[test]
fn the_expected_time_grows_with_the_hosts_that_the_server_has_to_write() {
    let hosts: Vec<u8> = (1..=250).collect();
    let mut bench = Bench::with([report(1, &hosts)]);
    bench.sends();
    bench.taken(1, None);
    let Some(State::Sent { expected_by, .. }) = bench.state(1) else {
        panic!("sent");
    };
    let expected = expected_by.duration_since(bench.now).as_secs();
    assert!(
        expected > 250 * 9 / 10,
        "250 hosts take the server about 4 min, not {expected} s"
    );
}

#[test]
fn a_subnet_that_is_gone_is_not_looked_for_for_ever() {
    let mut bench = Bench::with([report(1, &[1])]);
    for _ in 0..2 {
        let wait = match bench.state(1) {
            Some(State::Waiting { next_at, .. }) => *next_at,
            _ => bench.now,
        };
        bench.now = wait;
        bench.sends();
        bench.taken(1, None);
        for _ in 0..20 {
            let Some(at) = bench.outbox.wake_at(bench.now, true) else {
                break;
            };
            bench.now = bench.now.max(at);
            let Some((subnet, _)) = bench.outbox.next_read(bench.now) else {
                break;
            };
            let gone = Problem::SubnetGone { subnet };
            bench
                .outbox
                .read_back(subnet, Err(&gone), bench.now, &mut bench.changes);
        }
    }
    assert!(matches!(bench.state(1), Some(State::Unconfirmed { .. })));
}

#[test]
fn while_phpipam_is_down_reports_are_looked_for_ever_less_often() {
    let mut bench = Bench::with([report(1, &[1])]);
    bench.sends();
    bench.taken(1, None);
    let (until, mut reads) = (bench.now + Duration::from_secs(3600), 0);
    loop {
        bench.now = bench.outbox.wake_at(bench.now, true).unwrap();
        if bench.now > until {
            break;
        }
        let (subnet, _) = bench.outbox.next_read(bench.now).unwrap();
        let down = Problem::IpamUnreachable {
            detail: String::new(),
        };
        bench
            .outbox
            .read_back(subnet, Err(&down), bench.now, &mut bench.changes);
        reads += 1;
    }
    assert!((5..15).contains(&reads), "{reads} reads in an hour");
    assert!(
        matches!(bench.state(1), Some(State::Sent { .. })),
        "nothing was seen, nothing is told"
    );
    bench.outbox.ipam_works();
    let wake = bench.outbox.wake_at(bench.now, true).unwrap();
    assert!(
        wake <= bench.now + LONGEST_CHECK,
        "once phpIPAM answers, the report is looked for"
    );
}

#[test]
fn a_late_old_report_never_sets_a_confirmed_host_back_even_after_a_restart() {
    let mut bench = Bench::with([report(1, &[1, 2])]);
    bench.sends();
    bench.refused(1);
    bench.outbox.accept(report(2, &[1]));
    bench.sends();
    bench.taken(2, None);
    bench.reads(&[(1, "2026-03-11 12:00:02")], None);
    // A new process knows nothing of what was confirmed.
    let old = bench.saved(1).clone();
    let mut bench = Bench::with([]);
    bench.outbox = Outbox::restore(vec![old], 7);
    bench.outbox.retry(None, bench.now, &mut bench.changes);
    let upload = bench.upload().unwrap();
    assert_eq!(upload.leave_out, BTreeSet::from([ip(1)]));
}

#[test]
fn a_confirmed_report_is_remembered_while_an_older_one_is_being_committed() {
    let late = report(1, &[1, 2]);
    let mut bench = Bench::with([]);
    bench.outbox.expect(std::slice::from_ref(&late));
    bench.outbox.accept(report(2, &[1]));
    bench.sends();
    bench.taken(2, None);
    bench.reads(&[(1, "2026-03-11 12:00:02")], None);
    bench.outbox.accept(late);
    let upload = bench.upload().unwrap();
    assert_eq!(upload.leave_out, BTreeSet::from([ip(1)]));
}

#[test]
fn a_clock_that_was_set_back_by_years_holds_nothing_up() {
    let mut bench = Bench::with([report(1, &[1])]);
    bench.sends();
    bench.unreachable(1, None);
    bench.now -= Duration::from_secs(3 * 365 * 24 * 3600);
    assert_eq!(bench.outbox.wake_at(bench.now, false), Some(bench.now));
    assert_eq!(bench.sends(), Some(1));
}

#[test]
fn twenty_thousand_waiting_reports_are_no_burden() {
    let subnets = 1_000;
    let reports = (1..=20_000_u64).map(|id| Report {
        subnet: SubnetId(id % subnets),
        // Every report has a host of its own, so that none is superseded.
        hosts: vec![ip(1), IpAddr::from([10, 1, (id >> 8) as u8, id as u8])],
        ..report(id, &[])
    });
    let mut bench = Bench::with(reports);
    for hour in 0..100 {
        let id = bench.sends().expect("one is sent each hour");
        bench.unreachable(id, None);
        assert_eq!(bench.outbox.view().waiting, 20_000, "in hour {hour}");
        let wake = bench.outbox.wake_at(bench.now, false).unwrap();
        assert!(wake > bench.now);
        bench.wait(3600);
    }
}
