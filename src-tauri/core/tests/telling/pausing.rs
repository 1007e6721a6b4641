//! Pauses.

use fieldscan_core::{agent::Command, schedule::Schedule, settings::Settings, snapshot::Pause};

use crate::bench::{Bench, HOUR, MINUTE};

fn scheduled() -> Bench {
    let mut bench = Bench::new();
    bench.set(Settings {
        schedule: Schedule::Every(30 * MINUTE),
        schedule_jitter: std::time::Duration::ZERO,
        ..bench.settings.clone()
    });
    bench
}

#[test]
fn a_pause_that_ends_by_time_is_seen_without_anything_else_happening() {
    let mut bench = scheduled();
    let until = bench.now + HOUR;
    bench.command(Command::Pause(Pause::Until(until)));
    assert_eq!(
        bench.wake_at.filter(|at| *at > until),
        None,
        "it is woken then at the latest"
    );
    let run = bench.lasting.anchor;
    bench.wait(HOUR - MINUTE);
    let snapshot = bench.agent.snapshot(bench.now);
    assert_eq!(snapshot.paused, Some(Pause::Until(until)));
    assert_eq!(snapshot.next_run, None, "nothing is planned meanwhile");
    assert_eq!(bench.lasting.anchor, run, "no run began");
    bench.wait(2 * MINUTE);
    let snapshot = bench.agent.snapshot(bench.now);
    assert_eq!(snapshot.paused, None, "the hour is over");
    assert_eq!(bench.lasting.paused, None, "the database knows it too");
    assert!(bench.lasting.anchor > run, "what was due is caught up");
    assert!(snapshot.next_run.is_some(), "and the schedule goes on");
}

#[test]
fn a_pause_outlives_the_process() {
    for pause in [
        Pause::UntilResumed,
        Pause::Until(scheduled().now + 3 * HOUR),
    ] {
        let mut bench = scheduled();
        bench.command(Command::Pause(pause));
        let run = bench.lasting.anchor;
        bench.wait(HOUR);
        bench.restart();
        bench.wait(HOUR);
        assert_eq!(bench.agent.snapshot(bench.now).paused, Some(pause));
        assert_eq!(bench.lasting.anchor, run, "{pause:?}: no run began");
        bench.command(Command::Resume);
        assert_eq!(bench.lasting.paused, None);
        bench.wait(MINUTE);
        assert!(
            bench.lasting.anchor > run,
            "resumed: what was due is caught up"
        );
    }
}

#[test]
fn a_person_may_scan_during_a_pause() {
    let mut bench = scheduled();
    bench.command(Command::Pause(Pause::UntilResumed));
    let before = bench.agent.snapshot(bench.now).last_run.map(|run| run.id);
    bench.wait(MINUTE);
    bench.scan();
    let snapshot = bench.agent.snapshot(bench.now);
    assert!(
        snapshot.last_run.map(|run| run.id) > before,
        "it was scanned"
    );
    assert_eq!(
        snapshot.paused,
        Some(Pause::UntilResumed),
        "the pause goes on"
    );
}
