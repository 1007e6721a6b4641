use std::{
    os::unix::fs::symlink,
    path::PathBuf,
    time::{Duration, Instant},
};

use fieldscan_core::{
    agent::ScanFailure, host::Host, ids::SubnetId, plan::Profile, problem::Problem,
};
use tokio_util::sync::CancellationToken;

use super::{ip, living, target};
use crate::nmap::{Limits, Nmap, Scanned, Scheduler, Work};

/// The fake, called by the name that tells it what to do.
struct Fake {
    folder: tempfile::TempDir,
    nmap: Nmap,
}

impl Fake {
    fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        // A link, since a program that was just written may still be open for writing in a child of another test.
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/nmap/fixtures/fake-nmap");
        symlink(script, &path).unwrap();
        Self {
            nmap: Nmap {
                path,
                version: "7.93".to_owned(),
                privileged: true,
                limits: Limits {
                    quiet: Duration::from_secs(20),
                    ..Limits::default()
                },
            },
            folder,
        }
    }

    fn quiet(name: &str, quiet: Duration) -> Self {
        let mut fake = Self::new(name);
        fake.nmap.limits.quiet = quiet;
        fake
    }

    async fn scan(&self) -> Scanned {
        self.scan_until(&CancellationToken::new(), |_, _| {}).await
    }

    async fn scan_until(
        &self,
        cancel: &CancellationToken,
        on_progress: impl FnMut(u32, u32) + Send,
    ) -> Scanned {
        let target = target("127.0.0.0/30", &["127.0.0.1/32"]);
        self.nmap
            .scan(&target, Profile::Normal, cancel, on_progress)
            .await
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The process ids of all starts; each began its own group.
    fn pids(&self) -> Vec<u32> {
        let pids = std::fs::read_to_string(self.path("pids")).unwrap_or_default();
        pids.lines().map(|pid| pid.parse().unwrap()).collect()
    }

    /// Killed processes may take a moment to be gone.
    async fn assert_nothing_left(&self) {
        let deadline = Instant::now() + Duration::from_secs(2);
        for pid in self.pids() {
            loop {
                let left = living(2, pid);
                if left.is_empty() {
                    break;
                }
                assert!(
                    Instant::now() < deadline,
                    "of the group {pid} there are {left:?}"
                );
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }

    /// Waits until the fake runs.
    async fn started(&self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.pids().is_empty() {
            assert!(Instant::now() < deadline, "the fake nmap never started");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn hosts(scanned: Scanned) -> Vec<Host> {
    scanned.result.expect("a result")
}

fn detail(scanned: Scanned) -> String {
    match scanned.result {
        Err(ScanFailure::Failed(Problem::NmapFailed { subnet, detail })) => {
            assert_eq!(subnet, SubnetId(7));
            detail
        }
        other => panic!("expected NmapFailed, found {other:?}"),
    }
}

#[tokio::test]
async fn a_good_answer_is_a_result() {
    let fake = Fake::new("good");
    let mut progress = Vec::new();
    let scanned = fake
        .scan_until(&CancellationToken::new(), |done, up| {
            progress.push((done, up))
        })
        .await;
    assert!(scanned.privileged);
    assert_eq!(hosts(scanned)[0].ip, ip("127.0.0.1"));
    assert_eq!(
        progress.last(),
        Some(&(1, 1)),
        "all of one address, and one host"
    );
    fake.assert_nothing_left().await;
}

#[tokio::test]
async fn failures_are_told_in_nmaps_words_and_tried_once_more() {
    for (name, words) in [
        ("crash", "signal"),
        ("error", "Failed to resolve something; QUITTING!"),
        ("error-exit", "out of luck"),
        ("truncated", "not complete"),
        ("fewer", "0 of 1 addresses"),
        ("garbage", "not nmap's XML"),
        ("endless", "too long"),
    ] {
        let fake = Fake::new(name);
        let detail = detail(fake.scan().await);
        assert!(
            detail.contains(words),
            "{name}: {detail:?} should tell {words:?}"
        );
        assert_eq!(
            fake.pids().len(),
            2,
            "{name} is tried once more, and not more often"
        );
        fake.assert_nothing_left().await;
    }
}

#[tokio::test]
async fn a_chunk_that_fails_ends_the_others_and_no_other_scan() {
    let (bad, good) = (Fake::new("error"), Fake::new("good"));
    let scheduler = Scheduler::new();
    let cancel = CancellationToken::new();
    let several = target(
        "127.0.0.0/28",
        &["127.0.0.1/32", "127.0.0.2/32", "127.0.0.3/32"],
    );
    let one = target("127.0.0.0/30", &["127.0.0.1/32"]);
    let failing = Work::all(&several, Profile::Normal);
    let working = Work::all(&one, Profile::Normal);
    let (failed, worked) = tokio::join!(
        scheduler.scan(&bad.nmap, failing, &cancel, |_| {}),
        scheduler.scan(&good.nmap, working, &cancel, |_| {}),
    );
    detail(failed);
    bad.assert_nothing_left().await;
    assert_eq!(hosts(worked).len(), 1);
    assert!(!cancel.is_cancelled(), "nobody asked for an end");
}

#[tokio::test]
async fn a_failure_that_passes_does_no_harm() {
    let fake = Fake::new("second-time");
    assert_eq!(hosts(fake.scan().await).len(), 1);
    assert_eq!(fake.pids().len(), 2);
}

#[tokio::test]
async fn packets_that_never_left_are_no_empty_subnet() {
    let fake = Fake::new("no-route");
    let result = fake.scan().await.result;
    let no_route = Problem::NoRoute {
        subnet: SubnetId(7),
    };
    assert_eq!(result, Err(ScanFailure::Failed(no_route)));
}

#[tokio::test]
async fn without_raw_sockets_the_scan_does_what_it_can() {
    let fake = Fake::new("unprivileged");
    let scanned = fake.scan().await;
    assert!(!scanned.privileged, "the result says how it was made");
    assert_eq!(hosts(scanned).len(), 1);
}

#[tokio::test]
async fn a_host_outside_the_target_is_dropped_and_one_told_twice_is_one() {
    let found = hosts(Fake::new("outside").scan().await);
    assert_eq!(
        found.iter().map(|host| host.ip).collect::<Vec<_>>(),
        [ip("127.0.0.1")]
    );
    let found = hosts(Fake::new("twice").scan().await);
    assert_eq!(found.len(), 1);
    assert!(found[0].mac.is_some(), "what only one telling has is kept");
}

#[tokio::test]
async fn output_may_come_byte_by_byte_or_by_the_megabyte() {
    for name in ["trickle", "huge"] {
        let fake = Fake::new(name);
        assert_eq!(hosts(fake.scan().await).len(), 1, "{name}");
        fake.assert_nothing_left().await;
    }
}

#[tokio::test]
async fn a_process_that_keeps_the_pipe_open_holds_nothing_up() {
    let fake = Fake::new("heir");
    let begin = Instant::now();
    assert_eq!(hosts(fake.scan().await).len(), 1);
    assert!(
        begin.elapsed() < Duration::from_secs(10),
        "it would hold the pipe for 30 s"
    );
    let heir = std::fs::read_to_string(fake.path("heir.txt")).unwrap();
    let heir = nix::unistd::Pid::from_raw(heir.trim().parse().unwrap());
    nix::sys::signal::kill(heir, nix::sys::signal::Signal::SIGKILL).unwrap();
}

#[tokio::test]
async fn a_child_that_nmap_leaves_behind_is_ended() {
    let fake = Fake::new("leaver");
    assert_eq!(hosts(fake.scan().await).len(), 1);
    fake.assert_nothing_left().await;
}

#[tokio::test]
async fn silence_is_ended_and_named() {
    for name in ["hang", "deaf"] {
        let fake = Fake::quiet(name, Duration::from_millis(300));
        let result = fake.scan().await.result;
        let hung = Problem::NmapHung {
            subnet: SubnetId(7),
        };
        assert_eq!(result, Err(ScanFailure::Failed(hung)), "{name}");
        fake.assert_nothing_left().await;
    }
}

#[tokio::test]
async fn stopping_ends_the_whole_group_within_two_seconds() {
    for name in ["hang", "deaf", "family", "endless"] {
        let fake = Fake::new(name);
        let cancel = CancellationToken::new();
        let stop = async {
            fake.started().await;
            cancel.cancel();
            Instant::now()
        };
        let (scanned, stopped_at) = tokio::join!(fake.scan_until(&cancel, |_, _| {}), stop);
        let took = stopped_at.elapsed();
        assert_eq!(scanned.result, Err(ScanFailure::Stopped), "{name}");
        assert!(took < Duration::from_secs(2), "{name} took {took:?}");
        fake.assert_nothing_left().await;
    }
}

#[tokio::test]
async fn a_scan_that_is_dropped_leaves_no_process() {
    let fake = Fake::new("family");
    tokio::select! {
        _ = fake.scan() => panic!("it never ends by itself"),
        () = fake.started() => {}
    }
    fake.assert_nothing_left().await;
}

#[tokio::test]
async fn a_scan_that_was_stopped_before_it_began_starts_nothing() {
    let fake = Fake::new("good");
    let cancel = CancellationToken::new();
    cancel.cancel();
    assert_eq!(
        fake.scan_until(&cancel, |_, _| {}).await.result,
        Err(ScanFailure::Stopped)
    );
    assert!(fake.pids().is_empty());
}

#[tokio::test]
async fn the_environment_is_clean() {
    let fake = Fake::new("environment");
    hosts(fake.scan().await);
    let environment = std::fs::read_to_string(fake.path("environment.txt")).unwrap();
    let allowed = ["PATH", "LC_ALL", "PWD", "OLDPWD", "SHLVL", "_"];
    for line in environment.lines() {
        let name = line.split('=').next().unwrap();
        assert!(allowed.contains(&name), "{name} was handed on");
    }
}

#[tokio::test]
async fn an_nmap_that_is_missing_or_too_old_is_named() {
    let fake = Fake::new("good");
    let missing = Nmap::find(Some(&fake.path("nowhere"))).await;
    assert_eq!(
        missing.map(|nmap| nmap.version),
        Err(Problem::NmapUnusable {
            path: fake.path("nowhere").display().to_string(),
            program: false
        })
    );
    let other = std::path::Path::new("/bin/true");
    assert_eq!(
        Nmap::find(Some(other)).await.map(|nmap| nmap.version),
        Err(Problem::NmapUnusable {
            path: "/bin/true".to_owned(),
            program: true
        }),
        "a program that is not nmap is named as such"
    );
    let too_old = |found: &str| Problem::NmapTooOld {
        found: found.to_owned(),
        needed: "7.80".to_owned(),
    };
    for (name, problem) in [
        ("old", too_old("7.70")),
        ("other", too_old("GNU bash")),
        ("mute", too_old("")),
    ] {
        let fake = Fake::new(name);
        // Short for the one that never answers only: the others may be slow to start.
        let mut limits = Limits::default();
        if name == "mute" {
            limits.version = Duration::from_millis(300);
        }
        let found = Nmap::at(fake.nmap.path.clone(), limits).await;
        assert_eq!(found.map(|nmap| nmap.version), Err(problem), "{name}");
        fake.assert_nothing_left().await;
    }
}

#[tokio::test]
async fn a_target_without_chunks_or_with_foreign_ones_is_not_scanned() {
    let fake = Fake::new("good");
    for chunks in [
        &[][..],
        &["127.0.1.0/24"],
        &["10.0.0.1/32"],
        &["127.0.0.0/8"],
    ] {
        let target = target("127.0.0.0/30", &[]);
        let target = fieldscan_core::plan::Target {
            chunks: super::target("127.0.0.0/8", chunks).chunks,
            ..target
        };
        let cancel = CancellationToken::new();
        let scanned = fake
            .nmap
            .scan(&target, Profile::Normal, &cancel, |_, _| {})
            .await;
        detail(scanned);
    }
    assert!(fake.pids().is_empty(), "nmap was not even started");
}
