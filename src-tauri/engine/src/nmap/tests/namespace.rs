//! The real nmap in user + network namespaces of its own: each test starts itself again inside one. No root is needed; where
//! the kernel gives no namespaces, a test says so and is done.

use std::{
    env,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use fieldscan_core::{
    agent::ScanFailure,
    ids::SubnetId,
    plan::{Profile, Target},
    problem::Problem,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio_util::sync::CancellationToken;

use super::{living, real::nmap, target};
use crate::nmap::Scanned;

const INSIDE: &str = "FIELDSCAN_TEST_INSIDE_NAMESPACE";

/// A link to a network where nobody answers, and a router on it that leads nowhere: an nmap there takes minutes.
const SILENT_NETWORK: &str = "ip link set lo up && ip link add v0 type veth peer name v1 && ip link set v1 up \
    && ip addr add 10.9.0.1/24 dev v0 && ip link set v0 up \
    && { n=0; until ip link show v0 | grep -q 'state UP' || [ $n -gt 500 ]; do n=$((n + 1)); sleep 0.02; done; } \
    && ip neigh add 10.9.0.7 lladdr 02:00:00:00:00:07 dev v0 && ip route add 10.20.0.0/16 via 10.9.0.7";

/// Whether this is the test inside its namespace. If not, starts it there; `None` if that can't be done here.
fn start_inside(test: &str, setup: &str) -> Option<Command> {
    let works = |setup: &str| {
        Command::new("unshare")
            .args(["-Urn", "sh", "-c", setup])
            .stdin(Stdio::null())
            .output()
            .is_ok_and(|output| output.status.success())
    };
    if !works(setup) {
        crate::skip::skip_named(test, "no user and network namespaces with veth pairs here");
        return None;
    }
    let mut command = Command::new("unshare");
    command
        .args([
            "-Urn",
            "sh",
            "-c",
            &format!("{setup} && exec \"$0\" \"$@\""),
        ])
        .arg(env::current_exe().unwrap())
        .args(["--exact", "--nocapture", test])
        .env(INSIDE, "1")
        .stdin(Stdio::null());
    Some(command)
}

fn inside() -> bool {
    env::var_os(INSIDE).is_some()
}

fn run_inside(test: &str, setup: &str) {
    let Some(mut command) = start_inside(test, setup) else {
        return;
    };
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "inside the namespace: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn name(test: &str) -> String {
    let module = module_path!();
    let (_, path) = module.split_once("::").unwrap();
    format!("{path}::{test}")
}

async fn scan(target: &Target) -> Scanned {
    let cancel = CancellationToken::new();
    nmap()
        .await
        .scan(target, Profile::Normal, &cancel, |_, _| {})
        .await
}

/// The reference scanner uploads an empty report for an IPv6 subnet and for one without a route, as if it were discovered.
#[tokio::test]
async fn a_subnet_without_a_route_is_no_empty_subnet() {
    if !inside() {
        return run_inside(&name("a_subnet_without_a_route_is_no_empty_subnet"), "true");
    }
    let no_route = Err(ScanFailure::Failed(Problem::NoRoute {
        subnet: SubnetId(7),
    }));
    for network in ["10.1.2.0/30", "127.0.0.0/30", "fd00::1/128", "fe80::1/128"] {
        let scanned = scan(&target(network, &[network])).await;
        assert_eq!(scanned.result, no_route, "{network} without any interface");
    }
}

#[tokio::test]
async fn a_link_without_a_carrier_is_no_empty_subnet() {
    let setup = "ip link set lo up && ip link add v0 type veth peer name v1 && ip addr add 10.9.0.1/24 dev v0 && ip link set v0 up";
    if !inside() {
        return run_inside(&name("a_link_without_a_carrier_is_no_empty_subnet"), setup);
    }
    let no_route = Err(ScanFailure::Failed(Problem::NoRoute {
        subnet: SubnetId(7),
    }));
    let scanned = scan(&target("10.9.0.0/24", &["10.9.0.64/30"])).await;
    assert_eq!(scanned.result, no_route, "the cable is pulled");
}

#[tokio::test]
async fn an_unreachable_part_spoils_the_whole() {
    let setup = format!("{SILENT_NETWORK} && ip route add unreachable 10.9.0.67");
    if !inside() {
        return run_inside(&name("an_unreachable_part_spoils_the_whole"), &setup);
    }
    let no_route = Err(ScanFailure::Failed(Problem::NoRoute {
        subnet: SubnetId(7),
    }));
    let scanned = scan(&target("10.9.0.0/24", &["10.9.0.64/30"])).await;
    assert_eq!(
        scanned.result, no_route,
        "nmap skips one address and calls it a success"
    );
}

#[tokio::test]
async fn a_subnet_where_nobody_answers_is_an_empty_subnet() {
    if !inside() {
        return run_inside(
            &name("a_subnet_where_nobody_answers_is_an_empty_subnet"),
            SILENT_NETWORK,
        );
    }
    let scanned = scan(&target("10.9.0.0/24", &["10.9.0.64/30"])).await;
    assert!(scanned.privileged, "root of the namespace has raw sockets");
    assert_eq!(scanned.result, Ok(Vec::new()));
    let scanned = scan(&target("10.9.0.0/24", &["10.9.0.0/30"])).await;
    let hosts = scanned.result.unwrap();
    assert_eq!(hosts.len(), 1, "only the scanner itself is up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_at_any_moment_leaves_no_nmap() {
    if !inside() {
        return run_inside(
            &name("stopping_at_any_moment_leaves_no_nmap"),
            SILENT_NETWORK,
        );
    }
    let nmap = nmap().await;
    let target = target("10.20.0.0/16", &["10.20.0.0/24", "10.20.1.0/24"]);
    for moment in 0..20u64 {
        let cancel = CancellationToken::new();
        let scan = nmap.scan(&target, Profile::Normal, &cancel, |_, _| {});
        let stop = async {
            // Moments from before nmap's start into its work; the time itself is what is tested.
            tokio::time::sleep(Duration::from_micros(moment * moment * 700)).await;
            cancel.cancel();
            Instant::now()
        };
        let (scanned, stopped_at) = tokio::join!(scan, stop);
        let took = stopped_at.elapsed();
        assert_eq!(scanned.result, Err(ScanFailure::Stopped));
        assert!(
            took < Duration::from_secs(2),
            "moment {moment}: it took {took:?}"
        );
        let left = living(1, std::process::id());
        assert!(left.is_empty(), "moment {moment}: {left:?} is left");
    }
}

#[tokio::test]
async fn progress_comes_while_nmap_works() {
    if !inside() {
        return run_inside(&name("progress_comes_while_nmap_works"), SILENT_NETWORK);
    }
    let cancel = CancellationToken::new();
    let mut seen = Vec::new();
    let target = target("10.20.0.0/16", &["10.20.0.0/24"]);
    let scan = nmap().await;
    let scan = scan.scan(&target, Profile::Normal, &cancel, |done, _| {
        seen.push(done);
        if done > 0 {
            cancel.cancel();
        }
    });
    let scanned = tokio::time::timeout(Duration::from_secs(30), scan).await;
    assert_eq!(
        scanned
            .expect("nmap tells its progress every second")
            .result,
        Err(ScanFailure::Stopped)
    );
    assert!(seen.is_sorted() && seen.last() > Some(&0), "{seen:?}");
}

/// nmap ignores SIGPIPE, so it would go on for minutes after its reader is gone.
#[tokio::test]
async fn nmap_dies_with_the_process_that_started_it() {
    const SUBJECT: &str = "nmap_dies_with_the_process_that_started_it";
    if inside() {
        scan(&target("10.20.0.0/16", &["10.20.0.0/24"])).await;
        return;
    }
    let Some(mut command) = start_inside(&name(SUBJECT), SILENT_NETWORK) else {
        return;
    };
    let mut agent = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let scanning = |pid: u32| {
        std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| {
            line.split(|byte| *byte == 0)
                .any(|word| word == b"10.20.0.0/24")
        })
    };
    let deadline = Instant::now() + Duration::from_secs(30);
    let nmap = loop {
        if let Some(pid) = living(1, agent.id()).into_iter().find(|pid| scanning(*pid)) {
            break pid;
        }
        assert!(Instant::now() < deadline, "nmap never started");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let pid = i32::try_from(agent.id()).unwrap();
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    agent.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(2);
    while scanning(nmap) {
        assert!(Instant::now() < deadline, "nmap outlived its parent");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
