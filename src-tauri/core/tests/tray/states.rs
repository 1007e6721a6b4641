//! States in which a tray can find itself.

use std::time::Duration;

use fieldscan_core::{
    compare::Counts,
    ids::{ReportId, RunId, SubnetId},
    plan::{LeftOut, Mode, Refusal},
    problem::{Problem, Standing},
    run::{Outcome, Run, SubnetRun, Trigger},
    snapshot::{
        DeliveryView, IpamView, LastScan, Pause, PlanView, Progress, Snapshot, Stage,
        SubnetProgress, SubnetView,
    },
};
use jiff::Timestamp;

fn at(clock: &str) -> Timestamp {
    format!("2026-03-13T{clock}:00Z")
        .parse()
        .expect("a timestamp")
}

fn subnet(id: u64, cidr: &str, description: &str, counts: Option<Counts>) -> SubnetView {
    SubnetView {
        id: SubnetId(id),
        cidr: cidr.to_owned(),
        network: cidr.parse().ok(),
        description: description.to_owned(),
        plan: PlanView::Scanned(Mode::Sweep),
        last_scan: counts.map(|counts| LastScan {
            at: at("14:01"),
            counts,
            ipam_stale: false,
            rights: fieldscan_core::run::Rights::Raw,
        }),
    }
}

fn counts(known: u32, unknown: u32, missing: u32, mismatch: u32) -> Counts {
    Counts {
        known,
        unknown,
        missing,
        mismatch,
        ..Counts::default()
    }
}

/// Two subnets, scanned and told.
fn idle() -> Snapshot {
    Snapshot {
        revision: 7,
        subnets: vec![
            subnet(7, "10.20.4.0/22", "Warehouse", Some(counts(309, 0, 1, 0))),
            subnet(
                5,
                "10.20.0.0/24",
                "Depot – office",
                Some(counts(100, 3, 1, 1)),
            ),
            SubnetView {
                plan: PlanView::LeftOut(LeftOut::Refused(Refusal::Public)),
                ..subnet(9, "8.8.8.0/24", "Cloud", None)
            },
        ],
        ipam: IpamView {
            fetched_at: Some(at("14:01")),
            ..IpamView::default()
        },
        next_run: Some(at("14:30")),
        ..Snapshot::default()
    }
}

fn right() -> Snapshot {
    Snapshot {
        subnets: vec![subnet(
            7,
            "10.20.4.0/22",
            "Warehouse",
            Some(counts(309, 0, 0, 0)),
        )],
        ..idle()
    }
}

fn not_scanned() -> Snapshot {
    let mut snapshot = idle();
    for subnet in &mut snapshot.subnets {
        subnet.last_scan = None;
    }
    snapshot
}

fn with(mut snapshot: Snapshot, problems: Vec<Problem>) -> Snapshot {
    snapshot.problems = problems
        .into_iter()
        .map(|problem| Standing {
            problem,
            since: at("14:05"),
        })
        .collect();
    snapshot
}

fn with_waiting(mut snapshot: Snapshot, waiting: u32) -> Snapshot {
    snapshot.delivery = DeliveryView {
        waiting,
        next_try: Some(at("14:20")),
        ..DeliveryView::default()
    };
    snapshot
}

fn offline() -> Snapshot {
    let mut snapshot = with(
        idle(),
        vec![Problem::IpamUnreachable {
            detail: "connection refused".into(),
        }],
    );
    snapshot.ipam.offline = true;
    snapshot.ipam.stale = true;
    snapshot
}

fn scanning(stages: &[(u64, Stage, u32, u32)]) -> Snapshot {
    let subnets: Vec<SubnetProgress> = stages
        .iter()
        .map(|(id, stage, done, total)| SubnetProgress {
            subnet: SubnetId(*id),
            cidr: format!("10.20.{}.0/24", id % 250),
            stage: *stage,
            done: *done,
            total: *total,
            up: done / 10,
            kept: 0,
        })
        .collect();
    Snapshot {
        run: Some(Progress {
            id: RunId(31),
            trigger: Trigger::Person,
            started_at: at("14:11"),
            stopping: false,
            held: false,
            done: subnets.iter().map(|subnet| subnet.done).sum(),
            total: subnets.iter().map(|subnet| subnet.total).sum(),
            up: subnets.iter().map(|subnet| subnet.up).sum(),
            eta: None,
            subnets,
        }),
        ..idle()
    }
}

fn warehouse() -> Snapshot {
    let mut snapshot = scanning(&[(7, Stage::Scanning, 583, 1_022)]);
    if let Some(run) = &mut snapshot.run {
        run.eta = Some(Duration::from_secs(44));
    }
    snapshot
}

fn stopping() -> Snapshot {
    let mut snapshot = warehouse();
    if let Some(run) = &mut snapshot.run {
        run.stopping = true;
        run.eta = None;
    }
    snapshot
}

fn big_run() -> Snapshot {
    let stages: Vec<_> = (0..64)
        .map(|id| match id {
            0..20 => (1_000 + id, Stage::Done, 65_536, 65_536),
            20..24 => (1_000 + id, Stage::Scanning, 20_000, 65_536),
            _ => (1_000 + id, Stage::Queued, 0, 65_536),
        })
        .collect();
    let mut snapshot = scanning(&stages);
    snapshot.subnets = (0..64)
        .map(|id| subnet(1_000 + id, &format!("10.{id}.0.0/16"), "", None))
        .collect();
    if let Some(run) = &mut snapshot.run {
        run.eta = Some(Duration::from_secs(9_000));
    }
    with_waiting(snapshot, 20)
}

fn many_subnets() -> Snapshot {
    Snapshot {
        subnets: (1..=250)
            .map(|id| {
                let name = format!("Branch {id:03}");
                subnet(
                    id,
                    &format!("10.30.{id}.0/24"),
                    &name,
                    Some(counts(20, 0, 0, 0)),
                )
            })
            .collect(),
        ..idle()
    }
}

fn hostile() -> Snapshot {
    let mut snapshot = idle();
    let names = [
        "\u{202e}tegral &_File\u{2066}\u{7}\u{1b}[31m",
        "line one\nline two\r\n\tline three",
        "\u{200b}\u{feff}\u{e0041}",
        "<b>bold</b> &amp; \"quoted\"",
    ];
    for (id, name) in (20..).zip(names) {
        let view = subnet(
            id,
            &format!("10.20.{id}.0/24"),
            name,
            Some(counts(1, 0, 0, 0)),
        );
        snapshot.subnets.push(view);
    }
    snapshot
        .subnets
        .push(subnet(30, "10.20.30.0/24", &"x".repeat(5_000), None));
    snapshot
        .subnets
        .push(subnet(31, &"9".repeat(5_000), "", None));
    snapshot.delivery.rejected = 1;
    let run = scanning(&[(20, Stage::Scanning, 1, 254), (21, Stage::Scanning, 1, 254)]).run;
    Snapshot { run, ..snapshot }
}

fn hostile_menu() -> Snapshot {
    Snapshot {
        run: None,
        ..with(
            hostile(),
            vec![Problem::ReportRejected {
                report: ReportId(12),
                status: 400,
                words: "\u{202e}no\n".repeat(1_000),
            }],
        )
    }
}

fn failed() -> Snapshot {
    let problem = Problem::NmapFailed {
        subnet: SubnetId(7),
        detail: "segmentation fault".into(),
    };
    let run = Run {
        id: RunId(30),
        trigger: Trigger::Schedule,
        started_at: at("14:00"),
        finished_at: Some(at("14:01")),
        stopped: false,
        subnets: vec![SubnetRun {
            subnet: SubnetId(7),
            cidr: "10.20.4.0/22".into(),
            description: "Warehouse".into(),
            outcome: Outcome::Failed {
                problem: problem.clone(),
            },
        }],
        problem: None,
    };
    Snapshot {
        last_run: Some(run),
        ..with(idle(), vec![problem])
    }
}

fn server_down() -> Snapshot {
    let problem = Problem::ServerUnreachable {
        detail: "connection refused".into(),
    };
    with_waiting(with(idle(), vec![problem]), 1)
}

fn sent(sent: u32, sending: bool, waiting: u32) -> Snapshot {
    let mut snapshot = idle();
    snapshot.delivery = DeliveryView {
        waiting,
        sending,
        sent,
        ..DeliveryView::default()
    };
    snapshot
}

fn unconfirmed() -> Snapshot {
    let mut snapshot = with(
        idle(),
        vec![Problem::ReportUnconfirmed {
            report: ReportId(12),
        }],
    );
    snapshot.delivery.doubtful = 1;
    snapshot
}

fn rejected() -> Snapshot {
    let mut snapshot = with(
        idle(),
        vec![Problem::ReportRejected {
            report: ReportId(12),
            status: 413,
            words: "too large".into(),
        }],
    );
    snapshot.delivery.rejected = 1;
    snapshot
}

fn paused(pause: Pause) -> Snapshot {
    Snapshot {
        paused: Some(pause),
        next_run: None,
        ..idle()
    }
}

/// Every state with its name.
pub(crate) fn all() -> Vec<(&'static str, Snapshot)> {
    let token = |snapshot| {
        with(
            snapshot,
            vec![Problem::ServerTokenRejected {
                words: "Invalid authorization token".into(),
            }],
        )
    };
    let mut no_token = offline();
    no_token.problems[0].problem = Problem::IpamTokenRejected {
        words: "Invalid token".into(),
    };
    let setting = Problem::SettingMissing {
        key: "api_url".into(),
    };
    let keychain = Problem::KeychainUnavailable {
        detail: "the collection is locked".into(),
    };
    let mut first_offline = offline();
    first_offline.ipam.fetched_at = None;
    first_offline.subnets.clear();
    let nothing_assigned = Snapshot {
        subnets: Vec::new(),
        ..with(idle(), vec![Problem::NothingAssigned])
    };
    let mut none_scannable = not_scanned();
    none_scannable.subnets.drain(..2);
    let until = paused(Pause::Until(at("15:12")));
    let running_paused = Snapshot {
        paused: Some(Pause::UntilResumed),
        next_run: None,
        ..warehouse()
    };
    let mut held = running_paused.clone();
    if let Some(run) = &mut held.run {
        run.held = true;
    }
    let morning = Pause::Until("2026-03-14T06:00:00Z".parse().expect("a timestamp"));
    vec![
        ("idle", idle()),
        ("idle_all_right", right()),
        ("first_start", Snapshot::default()),
        (
            "first_start_without_settings",
            with(Snapshot::default(), vec![setting]),
        ),
        ("first_start_offline", first_offline),
        ("not_scanned_yet", not_scanned()),
        ("preparing", scanning(&[(7, Stage::Preparing, 0, 1_022)])),
        ("scanning", warehouse()),
        (
            "scanning_with_a_problem",
            Snapshot {
                run: warehouse().run,
                ..token(idle())
            },
        ),
        ("scanning_while_paused", running_paused),
        ("scan_paused", held),
        ("stopping", stopping()),
        ("big_run", big_run()),
        ("offline", offline()),
        ("offline_with_waiting_reports", with_waiting(offline(), 3)),
        ("scan_server_down", server_down()),
        ("sending", sent(1, true, 4)),
        ("sent_not_confirmed", sent(2, false, 0)),
        (
            "token_of_scan_server_rejected",
            with_waiting(token(idle()), 2),
        ),
        ("token_of_phpipam_rejected", no_token),
        ("paused_until_a_time", until.clone()),
        ("paused_until_tomorrow", paused(morning)),
        ("paused_until_resumed", paused(Pause::UntilResumed)),
        (
            "paused_with_a_problem",
            with(until, vec![Problem::NmapMissing]),
        ),
        (
            "keychain_locked",
            with_waiting(with(idle(), vec![keychain]), 1),
        ),
        (
            "nmap_missing",
            with(not_scanned(), vec![Problem::NmapMissing]),
        ),
        ("nothing_assigned", nothing_assigned),
        ("no_subnet_can_be_scanned", none_scannable),
        ("a_subnet_failed", failed()),
        ("disk_full", with(idle(), vec![Problem::DiskFull])),
        (
            "clock_off",
            with(
                idle(),
                vec![Problem::ClockOff {
                    ahead: 300,
                    offset: -300,
                }],
            ),
        ),
        ("report_rejected", rejected()),
        ("report_unconfirmed", unconfirmed()),
        ("many_subnets", many_subnets()),
        ("hostile_names_scanning", hostile()),
        ("hostile_names", hostile_menu()),
        (
            "next_scan_tomorrow",
            Snapshot {
                next_run: Some("2026-03-14T06:00:00Z".parse().expect("a timestamp")),
                ..idle()
            },
        ),
    ]
}
