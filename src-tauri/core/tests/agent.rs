//! The agent as a whole, one decision at a time: what it wants done for what it is told.

mod plain;

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use fieldscan_core::{
    agent::{
        Agent, Command, Effect, Freshness, Input, Lasting, Loaded, Options, Restored, ScanEnded,
        ScanFailure, Scope,
    },
    compare::{Changes, Counts, Memory},
    host::{Host, SeenBy},
    ids::{AgentCode, AgentId, RunId, ScanId, SubnetId},
    ipam::{AddressBook, Assignment},
    plan::{LeftOut, Mode},
    problem::Problem,
    run::{FinishedScan, Outcome, Rights, Run, Scan, Trigger},
    schedule::Schedule,
    settings::Settings,
    snapshot::Pause,
};
use jiff::{Timestamp, tz::TimeZone};
use plain::subnet;

fn start() -> Timestamp {
    "2026-03-11T12:00:00Z".parse().expect("a timestamp")
}

fn settings(schedule: Schedule) -> Settings {
    Settings {
        scanagent_code: Some(AgentCode::new("CodeA11-abcdefghijklmnopqrstuvwx")),
        schedule,
        ..Settings::default()
    }
}

fn assignment(fetched_at: Timestamp) -> Assignment {
    Assignment {
        agent: AgentId(1),
        agent_name: "site".into(),
        subnets: vec![
            subnet(1, "10.0.1.0/28"),
            subnet(2, "10.0.2.0/28"),
            subnet(3, "8.8.8.0/28"),
        ],
        fetched_at,
    }
}

fn offline() -> Problem {
    Problem::IpamUnreachable {
        detail: "connection refused".into(),
    }
}

/// An agent with its time and everything that it wanted done.
struct Bench {
    agent: Agent,
    now: Timestamp,
    effects: Vec<Effect>,
}

impl Bench {
    fn new(schedule: Schedule, restored: Restored) -> Self {
        let options = Options {
            scheduled: true,
            hold_uploads: false,
            zone: TimeZone::UTC,
            seed: 1,
        };
        Self {
            agent: Agent::new(settings(schedule), options, restored),
            now: start(),
            effects: Vec::new(),
        }
    }

    /// With subnets that phpIPAM told a moment ago.
    fn ready() -> Self {
        let restored = Restored {
            assignment: Some(assignment(start())),
            ..Restored::default()
        };
        Self::new(Schedule::Off, restored)
    }

    fn give(&mut self, input: Input) -> Vec<Effect> {
        let effects = self.agent.handle(input, self.now);
        self.effects.extend(effects.clone());
        effects
    }

    fn command(&mut self, command: Command) -> Vec<Effect> {
        self.give(Input::Command(command))
    }

    fn scan(&mut self, scope: Scope) -> Vec<Effect> {
        self.command(Command::Scan {
            scope,
            refresh: false,
        })
    }

    fn wait(&mut self, seconds: i64) {
        self.now += jiff::SignedDuration::from_secs(seconds);
    }

    /// Answers a question for addresses; `fresh` if phpIPAM was asked and answered.
    fn addresses(
        &mut self,
        id: u64,
        fetched_at: Option<Timestamp>,
        problem: Option<Problem>,
    ) -> Vec<Effect> {
        self.give(Input::Addresses(Box::new(Loaded {
            subnet: SubnetId(id),
            book: fetched_at.map(|fetched_at| AddressBook {
                addresses: Vec::new(),
                fetched_at,
            }),
            asked: true,
            problem,
            memory: Memory::default(),
        })))
    }

    fn scanned(&mut self, scan: ScanId, result: Result<Vec<Host>, ScanFailure>) -> Vec<Effect> {
        let started_at = self.now;
        self.wait(5);
        self.give(Input::ScanEnded(Box::new(ScanEnded {
            scan,
            started_at,
            rights: Rights::Raw,
            result,
        })))
    }

    fn committed(&mut self, finished: &FinishedScan) -> Vec<Effect> {
        self.give(Input::Committed {
            scan: finished.scan.id,
            result: Ok(()),
        })
    }

    /// Takes one subnet through a whole scan.
    fn goes_through(&mut self, id: u64) -> FinishedScan {
        let effects = self.addresses(id, Some(self.now), None);
        let scan = scan_of(&effects).expect("its addresses are known: it is scanned");
        self.scanned(scan, Ok(vec![host(id, 1)]));
        let effects = self.addresses(id, Some(self.now), None);
        let finished = commit_of(&effects).expect("it is committed");
        self.committed(&finished);
        finished
    }

    fn last_run(&self) -> Run {
        self.agent.snapshot(self.now).last_run.expect("a run ended")
    }

    fn problems(&self) -> Vec<Problem> {
        let standing = self.agent.snapshot(self.now).problems;
        standing
            .into_iter()
            .map(|standing| standing.problem)
            .collect()
    }

    fn is_running(&self) -> bool {
        self.agent.snapshot(self.now).run.is_some()
    }
}

fn host(subnet: u64, host: u8) -> Host {
    Host {
        ip: IpAddr::from([10, 0, subnet as u8, host]),
        mac: None,
        also: Vec::new(),
        vendor: None,
        ptr: None,
        rtt: None,
        seen_by: SeenBy::EchoReply,
    }
}

fn scan_of(effects: &[Effect]) -> Option<ScanId> {
    effects.iter().find_map(|effect| match effect {
        Effect::Scan { scan, .. } => Some(*scan),
        _ => None,
    })
}

fn commit_of(effects: &[Effect]) -> Option<FinishedScan> {
    effects.iter().find_map(|effect| match effect {
        Effect::Commit(finished) => Some((**finished).clone()),
        _ => None,
    })
}

fn loads(effects: &[Effect]) -> Vec<(u64, Freshness)> {
    let load = |effect: &Effect| match effect {
        Effect::LoadAddresses { subnet, freshness } => Some((subnet.0, *freshness)),
        _ => None,
    };
    effects.iter().filter_map(load).collect()
}

fn outcomes(run: &Run) -> BTreeMap<u64, Outcome> {
    let outcome =
        |subnet: &fieldscan_core::run::SubnetRun| (subnet.subnet.0, subnet.outcome.clone());
    run.subnets.iter().map(outcome).collect()
}

#[test]
fn refused_subnets_are_named_and_the_others_are_scanned() {
    let mut bench = Bench::ready();
    let effects = bench.scan(Scope::All);
    assert_eq!(
        loads(&effects),
        [(1, Freshness::Settings), (2, Freshness::Settings)]
    );
    bench.goes_through(1);
    bench.goes_through(2);
    let outcomes = outcomes(&bench.last_run());
    assert!(matches!(outcomes[&1], Outcome::Scanned { .. }));
    assert!(matches!(outcomes[&2], Outcome::Scanned { .. }));
    assert!(matches!(
        outcomes[&3],
        Outcome::LeftOut {
            why: LeftOut::Refused(_)
        }
    ));
    assert!(
        bench.problems().iter().any(|problem| matches!(
            problem,
            Problem::SubnetRefused {
                subnet: SubnetId(3),
                ..
            }
        )),
        "the refusal is named"
    );
}

#[test]
fn nothing_is_sent_before_it_is_committed() {
    let mut bench = Bench::ready();
    bench.scan(Scope::Subnets(vec![SubnetId(1)]));
    let effects = bench.addresses(1, Some(bench.now), None);
    bench.scanned(scan_of(&effects).unwrap(), Ok(vec![host(1, 1)]));
    let effects = bench.addresses(1, Some(bench.now), None);
    let sends = |effects: &[Effect]| {
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Upload { .. }))
    };
    assert!(!sends(&effects));
    let effects = bench.committed(&commit_of(&effects).unwrap());
    assert!(sends(&effects));
}

#[test]
fn offline_the_cache_is_used_however_old_and_labelled() {
    let long_ago = start() - Duration::from_secs(40 * 24 * 3600);
    let restored = Restored {
        assignment: Some(assignment(long_ago)),
        ..Restored::default()
    };
    let mut bench = Bench::new(Schedule::Off, restored);
    let effects = bench.scan(Scope::All);
    assert!(
        effects.contains(&Effect::FetchAssignment),
        "phpIPAM is asked first"
    );
    let effects = bench.give(Input::Assignment(Err(offline())));
    assert_eq!(
        loads(&effects),
        [(1, Freshness::Cached), (2, Freshness::Cached)],
        "phpIPAM is not asked again for each subnet"
    );
    let effects = bench.addresses(1, Some(long_ago), Some(offline()));
    let effects = bench.scanned(scan_of(&effects).unwrap(), Ok(vec![host(1, 1)]));
    assert_eq!(loads(&effects), [(1, Freshness::Cached)]);
    let effects = bench.addresses(1, Some(long_ago), Some(offline()));
    let finished = commit_of(&effects).unwrap();
    assert!(finished.scan.ipam_stale);
    assert_eq!(finished.scan.ipam_at, long_ago, "it says how old");
    assert!(finished.reports.iter().all(|(report, _)| report.stale));
    let ipam = bench.agent.snapshot(bench.now).ipam;
    assert!(ipam.offline && ipam.stale);
}

#[test]
fn without_cache_and_phpipam_the_run_ends_with_the_problem() {
    let mut bench = Bench::new(Schedule::Off, Restored::default());
    bench.scan(Scope::All);
    bench.give(Input::Assignment(Err(offline())));
    assert!(!bench.is_running());
    let run = bench.last_run();
    assert_eq!(run.problem, Some(offline()));
    assert_eq!(run.subnets, []);
}

#[test]
fn a_subnet_whose_addresses_were_never_told_is_not_scanned() {
    let mut bench = Bench::ready();
    bench.scan(Scope::Subnets(vec![SubnetId(1)]));
    let effects = bench.addresses(1, None, Some(offline()));
    assert_eq!(scan_of(&effects), None, "excluded addresses are not known");
    let problem = Problem::AddressesUnknown {
        subnet: SubnetId(1),
    };
    assert_eq!(outcomes(&bench.last_run())[&1], Outcome::Failed { problem });
}

#[test]
fn only_the_networks_that_were_asked_for_are_scanned() {
    let mut bench = Bench::ready();
    let elsewhere = "10.9.9.0/24".parse().unwrap();
    let effects = bench.scan(Scope::Networks(vec![
        "10.0.2.0/28".parse().unwrap(),
        elsewhere,
    ]));
    assert_eq!(loads(&effects), [(2, Freshness::Settings)]);
    bench.goes_through(2);
    assert_eq!(
        bench.last_run().problem,
        Some(Problem::NotAssigned { network: elsewhere })
    );
}

#[test]
fn a_scan_that_failed_is_never_reported() {
    let mut bench = Bench::ready();
    bench.scan(Scope::Subnets(vec![SubnetId(1)]));
    let effects = bench.addresses(1, Some(bench.now), None);
    let problem = Problem::NoRoute {
        subnet: SubnetId(1),
    };
    let failure = Err(ScanFailure::Failed(problem.clone()));
    let effects = bench.scanned(scan_of(&effects).unwrap(), failure);
    assert_eq!(commit_of(&effects), None);
    assert_eq!(outcomes(&bench.last_run())[&1], Outcome::Failed { problem });
}

/// A subnet of 256 addresses of which all are up by a reset, scanned; what follows from that.
fn all_reset(accepted: &[&str]) -> (Bench, Vec<Effect>) {
    let mut assignment = assignment(start());
    assignment.subnets[0] = subnet(1, "10.0.1.0/24");
    let restored = Restored {
        assignment: Some(assignment),
        ..Restored::default()
    };
    let mut bench = Bench::new(Schedule::Off, restored);
    let settings = Settings {
        accept_everything_up: accepted
            .iter()
            .map(|cidr| cidr.parse().expect("a network"))
            .collect(),
        ..settings(Schedule::Off)
    };
    bench.command(Command::Settings(Box::new(settings)));
    bench.scan(Scope::Subnets(vec![SubnetId(1)]));
    let effects = bench.addresses(1, Some(bench.now), None);
    let hosts = (0..=255).map(|last| Host {
        seen_by: SeenBy::Reset,
        ..host(1, last)
    });
    let effects = bench.scanned(
        scan_of(&effects).expect("it is scanned"),
        Ok(hosts.collect()),
    );
    (bench, effects)
}

#[test]
fn a_scan_in_which_everybody_is_up_by_resets_is_held_back_and_said() {
    let (bench, effects) = all_reset(&["10.0.1.0/25"]);
    let problem = Problem::EverybodyUp {
        subnet: SubnetId(1),
        cidr: "10.0.1.0/24".into(),
        up: 256,
        of: 256,
        by: fieldscan_core::plan::Impostor::Reset,
    };
    assert!(
        effects.contains(&Effect::Discard(SubnetId(1))),
        "the next scan asks anew"
    );
    assert_eq!(loads(&effects), [], "it goes no further");
    let told = Outcome::Failed {
        problem: problem.clone(),
    };
    assert_eq!(outcomes(&bench.last_run())[&1], told);
    assert_eq!(bench.problems(), [problem]);
}

#[test]
fn everybody_may_be_up_where_a_person_accepts_that() {
    let (mut bench, effects) = all_reset(&["10.0.0.0/16"]);
    assert_eq!(loads(&effects), [(1, Freshness::Since(bench.now))]);
    let effects = bench.addresses(1, Some(bench.now), None);
    assert_eq!(commit_of(&effects).unwrap().hosts.len(), 256);
}

/// The reference scanner uploads an empty report for an IPv6 subnet, as if it were discovered.
#[test]
fn an_ipv6_subnet_in_which_nobody_was_asked_is_never_reported() {
    let mut assignment = assignment(start());
    assignment.subnets[0] = subnet(1, "fd00:77::/64");
    let restored = Restored {
        assignment: Some(assignment),
        ..Restored::default()
    };
    let mut bench = Bench::new(Schedule::Off, restored);
    let settings = Settings {
        report_ipv6: true,
        ..settings(Schedule::Off)
    };
    bench.command(Command::Settings(Box::new(settings)));
    bench.scan(Scope::Subnets(vec![SubnetId(1)]));
    let effects = bench.addresses(1, Some(bench.now), None);
    let neighbour = Host {
        ip: "fd00:77::5".parse().unwrap(),
        seen_by: SeenBy::Neighbour,
        ..host(1, 1)
    };
    bench.scanned(scan_of(&effects).unwrap(), Ok(vec![neighbour]));
    let effects = bench.addresses(1, Some(bench.now), None);
    let finished = commit_of(&effects).unwrap();
    assert_eq!(finished.scan.counts.unknown, 1, "it is shown");
    assert_eq!(
        finished.reports,
        [],
        "and nobody is told that the subnet was discovered"
    );
}

#[test]
fn a_pause_holds_the_run_until_it_ends_or_a_scan_is_asked_for_or_stopped() {
    const PAUSE: Command = Command::Pause(Pause::UntilResumed);
    let mut bench = Bench::ready();
    let effects = bench.command(PAUSE);
    assert!(
        !effects.contains(&Effect::HoldScans(true)),
        "there is nothing to hold"
    );
    bench.scan(Scope::All);
    let first = bench.addresses(1, Some(bench.now), None);
    let scan = scan_of(&first).unwrap();
    let held = |bench: &Bench| bench.agent.snapshot(bench.now).run.map(|run| run.held);
    assert_eq!(held(&bench), Some(false), "it was asked for in the pause");
    let holds = |effects: &[Effect]| {
        let mut holds = effects.iter().filter_map(|effect| match effect {
            Effect::HoldScans(hold) => Some(*hold),
            _ => None,
        });
        (holds.next(), holds.next())
    };
    assert_eq!(holds(&bench.command(PAUSE)), (Some(true), None));
    assert_eq!(
        holds(&bench.command(PAUSE)),
        (None, None),
        "it is held already"
    );
    assert_eq!(held(&bench), Some(true));
    bench.give(Input::ScanKept { scan });
    let run = bench.agent.snapshot(bench.now).run.unwrap();
    assert_eq!(run.subnets[0].kept, 1, "what was being done is finished");
    assert_eq!(holds(&bench.command(Command::Resume)), (Some(false), None));
    assert_eq!(held(&bench), Some(false));

    let until = bench.now + Duration::from_secs(60);
    bench.command(Command::Pause(Pause::Until(until)));
    assert_eq!(held(&bench), Some(true));
    bench.now = until;
    assert_eq!(
        holds(&bench.give(Input::Tick)),
        (Some(false), None),
        "its time is over"
    );

    bench.command(PAUSE);
    assert_eq!(holds(&bench.scan(Scope::All)), (Some(false), None));

    bench.command(PAUSE);
    bench.command(Command::Stop);
    let effects = bench.scanned(scan, Err(ScanFailure::Stopped));
    assert!(!bench.is_running());
    assert!(
        effects.contains(&Effect::HoldScans(false)),
        "the next run must not be held"
    );
}

#[test]
fn stopping_ends_the_run_and_what_was_asked_meanwhile_begins_after_it() {
    let mut bench = Bench::ready();
    bench.scan(Scope::All);
    let effects = bench.addresses(1, Some(bench.now), None);
    let scan = scan_of(&effects).unwrap();
    let effects = bench.command(Command::Stop);
    assert!(effects.contains(&Effect::StopScan(scan)));
    bench.scan(Scope::Subnets(vec![SubnetId(2)]));
    let effects = bench.scanned(scan, Err(ScanFailure::Stopped));
    let run = bench.last_run();
    assert!(run.stopped);
    assert_eq!(outcomes(&run)[&1], Outcome::Stopped);
    assert_eq!(outcomes(&run)[&2], Outcome::Stopped);
    assert_eq!(
        loads(&effects),
        [(2, Freshness::Settings)],
        "a person asked for it after the stop"
    );
}

#[test]
fn stopping_while_phpipam_is_asked_ends_the_run_at_once() {
    let mut bench = Bench::new(Schedule::Off, Restored::default());
    bench.scan(Scope::All);
    bench.command(Command::Stop);
    assert!(!bench.is_running());
    let effects = bench.give(Input::Assignment(Ok(assignment(start()))));
    assert_eq!(loads(&effects), [], "the answer begins nothing");
}

#[test]
fn a_refresh_shows_until_phpipam_has_answered() {
    let mut bench = Bench::ready();
    let asked = |bench: &Bench| bench.agent.snapshot(bench.now).ipam.fetching;
    assert!(!asked(&bench));
    bench.command(Command::Refresh);
    assert!(asked(&bench));
    assert_eq!(
        bench.command(Command::Refresh),
        [],
        "it is asked once, however often one asks"
    );
    bench.give(Input::Assignment(Err(offline())));
    assert!(!asked(&bench), "no answer is an end, too");
    bench.command(Command::Refresh);
    bench.give(Input::Assignment(Ok(assignment(start()))));
    assert!(!asked(&bench));
}

#[test]
fn a_subnet_that_is_taken_away_in_mid_run_does_not_hang_it() {
    for stage in 0..4 {
        let mut bench = Bench::ready();
        bench.scan(Scope::Subnets(vec![SubnetId(1)]));
        let gone = |bench: &mut Bench, at: i32| {
            if at == stage {
                let mut left = assignment(bench.now);
                left.subnets.remove(0);
                bench.give(Input::Assignment(Ok(left)));
            }
        };
        gone(&mut bench, 0);
        let effects = bench.addresses(1, Some(bench.now), None);
        if let Some(scan) = scan_of(&effects) {
            gone(&mut bench, 1);
            bench.scanned(scan, Ok(vec![host(1, 1)]));
            gone(&mut bench, 2);
            let effects = bench.addresses(1, Some(bench.now), None);
            if let Some(finished) = commit_of(&effects) {
                gone(&mut bench, 3);
                bench.committed(&finished);
            }
        }
        assert!(
            !bench.is_running(),
            "taken away at stage {stage}, the run goes on for ever"
        );
        let run = bench.last_run();
        assert_eq!(
            run.subnets.len(),
            1,
            "the record tells what became of it (stage {stage})"
        );
    }
}

#[test]
fn a_crashed_run_is_caught_up_once() {
    let restored = Restored {
        assignment: Some(assignment(start())),
        lasting: Lasting {
            anchor: Some(start() - Duration::from_secs(60)),
            anchor_finished: false,
            ..Lasting::default()
        },
        ..Restored::default()
    };
    let mut bench = Bench::new(Schedule::Every(Duration::from_secs(3600)), restored);
    bench.give(Input::Tick);
    let run = bench
        .agent
        .snapshot(bench.now)
        .run
        .expect("it is caught up");
    assert_eq!(run.trigger, Trigger::CatchUp);
    bench.goes_through(1);
    bench.goes_through(2);
    bench.give(Input::Tick);
    assert!(!bench.is_running(), "once");
    let lasting = bench.effects.iter().rev().find_map(|effect| match effect {
        Effect::SaveLasting(lasting) => Some(lasting),
        _ => None,
    });
    assert!(
        lasting.unwrap().anchor_finished,
        "the next process has nothing to catch up"
    );
}

/// A scan that an earlier process ended so many seconds ago.
fn scanned_before(subnet: u64, seconds: u64) -> Scan {
    let at = start() - Duration::from_secs(seconds);
    Scan {
        id: ScanId(subnet),
        run: RunId(1),
        subnet: SubnetId(subnet),
        cidr: format!("10.0.{subnet}.0/28"),
        started_at: at,
        finished_at: at,
        mode: Mode::Sweep,
        addresses: 16,
        rights: Rights::Raw,
        ipam_at: at,
        ipam_stale: false,
        counts: Counts::default(),
        changes: Changes::default(),
    }
}

/// After a run that was cut short: when it began and was last caught up, and which subnet was scanned, seconds ago.
fn after_a_crash(schedule: Schedule, begun: u64, anchor: u64, scans: &[(u64, u64)]) -> Bench {
    let ago = |seconds| start() - Duration::from_secs(seconds);
    let restored = Restored {
        assignment: Some(assignment(ago(120))),
        last_scans: scans
            .iter()
            .map(|(subnet, seconds)| scanned_before(*subnet, *seconds))
            .collect(),
        lasting: Lasting {
            anchor: Some(ago(anchor)),
            anchor_finished: false,
            begun: Some(ago(begun)),
            ..Lasting::default()
        },
        ..Restored::default()
    };
    Bench::new(schedule, restored)
}

#[test]
fn what_a_crashed_run_had_scanned_is_not_scanned_again() {
    let hour = Schedule::Every(Duration::from_secs(3600));
    let day = Schedule::Every(Duration::from_secs(24 * 3600));
    // Schedule, the first begin, the last one, scans, and who is scanned.
    let cases = [
        (
            &hour,
            60,
            60,
            vec![(1, 30), (2, 61)],
            vec![2],
            "1 was scanned in that run, 2 before it",
        ),
        (
            &hour,
            60,
            60,
            vec![(1, 60)],
            vec![2],
            "scanned in the very moment it began",
        ),
        (
            &hour,
            60,
            10,
            vec![(1, 30)],
            vec![2],
            "a second crash: since the first begin",
        ),
        (
            &hour,
            60,
            60,
            vec![(1, 30), (2, 10)],
            vec![],
            "all was scanned: only the run's end is missing",
        ),
        (
            &hour,
            3600,
            60,
            vec![(1, 30)],
            vec![1, 2],
            "all are due again anyway",
        ),
        (
            &day,
            7200,
            7200,
            vec![(1, 7000)],
            vec![2],
            "not due again before tomorrow",
        ),
        (
            &Schedule::Off,
            60,
            60,
            vec![(1, 30)],
            vec![2],
            "no schedule, but a moment ago",
        ),
        (
            &Schedule::Off,
            7200,
            7200,
            vec![(1, 7000)],
            vec![1, 2],
            "no schedule, and too long ago",
        ),
    ];
    for (schedule, begun, anchor, scans, expected, why) in cases {
        let mut bench = after_a_crash(schedule.clone(), begun, anchor, &scans);
        let effects = bench.give(Input::Tick);
        let loaded: Vec<u64> = loads(&effects).into_iter().map(|(id, _)| id).collect();
        assert_eq!(loaded, expected, "{why}");
        for id in expected {
            bench.goes_through(id);
        }
        assert!(!bench.is_running(), "the run ends: {why}");
        assert!(
            bench.last_run().problem.is_none(),
            "nothing is wrong: {why}"
        );
    }
}

#[test]
fn a_scan_from_the_future_does_not_count_as_done() {
    let mut bench = after_a_crash(Schedule::Off, 60, 60, &[(1, 30)]);
    bench.now = start() - Duration::from_secs(45);
    let effects = bench.give(Input::Tick);
    assert_eq!(
        loads(&effects).len(),
        2,
        "the clock was set back: nobody knows how old that scan is"
    );
}

#[test]
fn a_person_who_asks_for_all_gets_all_after_a_crash() {
    let mut bench = after_a_crash(Schedule::Off, 60, 60, &[(1, 30)]);
    let mut loaded = loads(&bench.give(Input::Tick));
    assert_eq!(loaded.len(), 1, "the catch-up leaves 1 out");
    loaded.extend(loads(&bench.scan(Scope::All)));
    let ids: Vec<_> = loaded.into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, [2, 1], "it joins the run, each subnet once");
}

/// Gives ticks as the engine does, for so long; how many runs began.
fn runs_within(bench: &mut Bench, seconds: i64) -> usize {
    let until = bench.now + jiff::SignedDuration::from_secs(seconds);
    let mut runs = 0;
    let mut wake = Some(bench.now);
    while let Some(at) = wake.filter(|at| *at <= until) {
        bench.now = bench.now.max(at);
        let effects = bench.give(Input::Tick);
        if effects.contains(&Effect::FetchAssignment) {
            runs += 1;
            let ends = bench.give(Input::Assignment(Err(offline())));
            wake = ends.iter().chain(&effects).find_map(wake_of);
        } else {
            wake = effects.iter().find_map(wake_of);
        }
    }
    bench.now = until;
    runs
}

fn wake_of(effect: &Effect) -> Option<Timestamp> {
    match effect {
        Effect::WakeAt(at) => Some(*at),
        _ => None,
    }
}

#[test]
fn a_cron_schedule_begins_on_a_machine_that_never_ran() {
    let mut bench = Bench::new(Schedule::Cron("30 * * * *".into()), Restored::default());
    assert_eq!(runs_within(&mut bench, 29 * 60), 0, "not before its time");
    assert_eq!(runs_within(&mut bench, 2 * 3600), 2);
}

#[test]
fn a_clock_that_is_set_back_does_not_hold_the_schedule_off() {
    let mut bench = Bench::new(
        Schedule::Every(Duration::from_secs(3600)),
        Restored::default(),
    );
    assert_eq!(runs_within(&mut bench, 600), 1);
    bench.wait(-365 * 24 * 3600);
    assert_eq!(
        runs_within(&mut bench, 3 * 3600 + 600),
        3,
        "a year later would be too late"
    );
}

#[test]
fn a_long_sleep_is_caught_up_by_one_run() {
    let mut bench = Bench::new(
        Schedule::Every(Duration::from_secs(3600)),
        Restored::default(),
    );
    runs_within(&mut bench, 600);
    bench.wait(5 * 24 * 3600);
    assert_eq!(runs_within(&mut bench, 1800), 1);
}

#[test]
fn paused_runs_wait_until_the_pause_ends() {
    let mut bench = Bench::new(
        Schedule::Every(Duration::from_secs(3600)),
        Restored::default(),
    );
    let until = bench.now + Duration::from_secs(6 * 3600);
    bench.command(Command::Pause(Pause::Until(until)));
    assert_eq!(runs_within(&mut bench, 6 * 3600 - 60), 0);
    assert_eq!(runs_within(&mut bench, 120), 1, "the pause ends by itself");
    bench.command(Command::Pause(Pause::UntilResumed));
    assert_eq!(runs_within(&mut bench, 24 * 3600), 0);
    let effects = bench.command(Command::Resume);
    assert!(
        effects.contains(&Effect::FetchAssignment),
        "what was missed is caught up"
    );
}

#[test]
fn a_clock_that_is_off_is_told_with_the_offset_that_mends_it() {
    let mut bench = Bench::ready();
    let mut settings = settings(Schedule::Off);
    settings.epoch_time_offset = 5;
    bench.command(Command::Settings(Box::new(settings)));
    bench.give(Input::ClockSeen { ahead: 3600 });
    let expected = Problem::ClockOff {
        ahead: 3600,
        offset: -3595,
    };
    assert_eq!(bench.problems(), [expected]);
    bench.give(Input::ClockSeen { ahead: 2 });
    assert_eq!(bench.problems(), [], "it is over once the clocks agree");
}

#[test]
fn history_is_not_deleted_by_a_clock_that_no_server_agrees_with() {
    let mut bench = Bench::ready();
    let prunes = |effects: &[Effect]| {
        let prune = |effect: &Effect| match effect {
            Effect::Prune(before) => Some(*before),
            _ => None,
        };
        effects.iter().find_map(prune)
    };
    bench.wait(10 * 365 * 24 * 3600);
    assert_eq!(prunes(&bench.give(Input::Tick)), None);
    assert_eq!(
        prunes(&bench.give(Input::ClockSeen { ahead: 315_360_000 })),
        None
    );
    bench.now = start();
    let before = prunes(&bench.give(Input::ClockSeen { ahead: 0 }));
    assert_eq!(before, Some(start() - Duration::from_secs(90 * 24 * 3600)));
}

#[test]
fn a_full_disk_loses_nothing_that_can_be_written_later() {
    let mut bench = Bench::ready();
    bench.scan(Scope::Subnets(vec![SubnetId(1)]));
    let effects = bench.addresses(1, Some(bench.now), None);
    bench.scanned(scan_of(&effects).unwrap(), Ok(vec![host(1, 1)]));
    let effects = bench.addresses(1, Some(bench.now), None);
    let finished = commit_of(&effects).unwrap();
    bench.give(Input::Committed {
        scan: finished.scan.id,
        result: Err((Problem::DiskFull, Box::new(finished.clone()))),
    });
    assert!(!bench.is_running(), "the run does not wait for the disk");
    assert!(bench.problems().contains(&Problem::DiskFull));
    let run = bench.last_run();
    bench.give(Input::NotSaved {
        effect: Box::new(Effect::SaveRun(Box::new(run.clone()))),
        problem: Problem::DiskFull,
    });
    bench.give(Input::StoreMended);
    assert!(
        bench.problems().contains(&Problem::DiskFull),
        "not all is written yet"
    );
    bench.wait(61);
    let effects = bench.give(Input::Tick);
    assert!(
        effects.contains(&Effect::SaveRun(Box::new(run))),
        "the run's record is written again"
    );
    assert_eq!(commit_of(&effects), Some(finished.clone()));
    let effects = bench.committed(&finished);
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Upload { .. }))
    );
    assert_eq!(bench.problems(), []);
}

#[test]
fn the_end_comes_after_what_goes_on_and_asks_for_no_more_ticks() {
    let mut bench = Bench::ready();
    bench.scan(Scope::Subnets(vec![SubnetId(1)]));
    let effects = bench.addresses(1, Some(bench.now), None);
    let scan = scan_of(&effects).unwrap();
    let effects = bench.command(Command::Shutdown);
    assert!(effects.contains(&Effect::StopScan(scan)));
    assert!(!effects.contains(&Effect::End), "nmap still runs");
    assert_eq!(effects.iter().find_map(wake_of), None);
    assert!(
        bench
            .scanned(scan, Err(ScanFailure::Stopped))
            .contains(&Effect::End)
    );
}
