//! One agent, many faces: with a `fieldscan watch` at work, other commands ask it instead of failing on its lock. All of it
//! with the real programs.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "what a test's helper can't do fails the test"
)]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Child, Stdio},
    time::Duration,
};

use fieldscan_core::{delivery::State, run::Trigger};
use fieldscan_engine::store::holder;
use fieldscan_tests::{
    network::{Host, Layout, in_namespace},
    phpipam::{Model, address, subnet},
    site::{Ended, Plan, Site, Watch, wait_until},
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

/// Longer than anything here takes on a busy machine.
const SOON: Duration = Duration::from_secs(120);

const OFFICE: &str = "10.77.0.0/28";
const STORE: &str = "10.77.1.0/28";
/// On loopback, for scans that need not find anybody.
const LOCAL: &str = "127.77.0.0/29";
const OTHER: &str = "127.77.1.0/29";

fn site(subnets: &[&str], layout: Option<Layout>) -> Site {
    let mut model = Model::with_agent();
    for cidr in subnets {
        let id = model.add_subnet(subnet(cidr).agent(1).discover());
        let first = cidr.replace(".0/", ".1/");
        let first = first.split('/').next().unwrap();
        model.add_address(id, address(first).named("gw"));
    }
    Site::start(Plan {
        model,
        layout,
        settings: Vec::new(),
        expected: Default::default(),
    })
    .unwrap()
}

/// An nmap that never ends: the real one can't be made to.
fn endless_nmap(site: &Site) -> PathBuf {
    let nmap = site.folder().join("nmap");
    let text = "#!/bin/sh\ncase \"$*\" in *--version*) echo 'Nmap version 7.93 ( https://nmap.org )'; exit 0;; esac\nexec sleep 600\n";
    fs::write(&nmap, text).unwrap();
    fs::set_permissions(&nmap, fs::Permissions::from_mode(0o755)).unwrap();
    nmap
}

fn watch(site: &Site) -> Watch {
    ready(site.watch(|_| {}).unwrap())
}

/// One whose scans never end by themselves.
fn endless_watch(site: &Site) -> Watch {
    let nmap = endless_nmap(site);
    ready(
        site.watch(|command| {
            command.arg("--nmap").arg(nmap);
        })
        .unwrap(),
    )
}

/// Waits until so many subnets of a run are being scanned.
#[track_caller]
fn scanning(site: &Site, run: u64, subnets: usize) {
    let mut status = Value::Null;
    let scanning = wait_until(SOON, || {
        status = json(site, &["status"], 0);
        let all = status["progress"]["subnets"].as_array();
        let at_work = all.map_or(0, |all| {
            let stages = all.iter().map(|subnet| &subnet["stage"]);
            stages.filter(|stage| *stage == "scanning").count()
        });
        status["progress"]["id"] == run && at_work == subnets
    });
    assert!(
        scanning,
        "run {run} does not scan {subnets} subnets: {status}"
    );
}

fn ready(mut watch: Watch) -> Watch {
    said(&mut watch, "ready");
    watch
}

#[track_caller]
fn said(watch: &mut Watch, words: &str) {
    let said = watch.wait_for_line(SOON, |line| line.contains(words));
    said.unwrap_or_else(|error| panic!("“{words}” does not come: {error:#}"));
}

#[track_caller]
fn run(site: &Site, arguments: &[&str], code: i32) -> Ended {
    let ended = site.run(SOON, arguments).unwrap();
    assert_eq!(
        ended.code,
        Some(code),
        "{arguments:?} said: {}",
        ended.words()
    );
    ended
}

#[track_caller]
fn json(site: &Site, arguments: &[&str], code: i32) -> Value {
    let arguments: Vec<&str> = ["--json"].iter().chain(arguments).copied().collect();
    run(site, &arguments, code).json().unwrap()
}

/// A command that goes on beside the test.
struct Beside {
    child: Child,
    said: PathBuf,
}

impl Beside {
    fn start(site: &Site, arguments: &[&str]) -> Self {
        let name = format!("said-{}", arguments.join("-").replace('/', "_"));
        let said = site.folder().join(name);
        let file = fs::File::create(&said).unwrap();
        let mut command = site.fieldscan().unwrap();
        command.args(arguments).stdin(Stdio::null());
        command.stdout(file.try_clone().unwrap()).stderr(file);
        let child = command.spawn().unwrap();
        Self { child, said }
    }

    fn words(&self) -> String {
        fs::read_to_string(&self.said).unwrap()
    }

    #[track_caller]
    fn says(&self, words: &str) {
        let said = wait_until(SOON, || self.words().contains(words));
        assert!(said, "“{words}” does not come: {}", self.words());
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill(Pid::from_raw(pid), signal).unwrap();
    }

    #[track_caller]
    fn ends(&mut self, code: i32) {
        let mut status = None;
        let ended = wait_until(SOON, || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        assert!(ended, "it does not end: {}", self.words());
        let found = status.and_then(|status| status.code());
        assert_eq!(found, Some(code), "it said: {}", self.words());
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // Mostly it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_scan_is_done_by_the_running_watch_and_seen_in_both() {
    in_namespace(
        "a_scan_is_done_by_the_running_watch_and_seen_in_both",
        || {
            let layout = Layout::new()
                .on_link("10.77.0.14/28".parse().unwrap())
                .on_link("10.77.1.14/28".parse().unwrap())
                .host(Host::new([10, 77, 0, 1]))
                .host(Host::new([10, 77, 0, 2]))
                .host(Host::new([10, 77, 1, 1]));
            let site = site(&[OFFICE, STORE], Some(layout));
            let mut watch = watch(&site);
            let pid = holder(&site.data_folder()).unwrap().unwrap().pid;

            let arguments = ["--json", "scan", "--wait-confirmed", "60"];
            let scan = run(&site, &arguments, 0);
            let asked = format!("The running Fieldscan (process {pid}) is asked to do it.");
            for words in [asked.as_str(), "up."] {
                assert!(scan.stderr.contains(words), "{words}: {}", scan.stderr);
            }
            let document = scan.json().unwrap();
            assert_eq!(document["run"]["id"], 1, "{document}");
            assert_eq!(
                document["counts"]["unknown"], 3,
                "one host and the scanner's two addresses"
            );
            let reports = document["reports"].as_array().unwrap();
            assert_eq!(reports.len(), 2, "{document}");
            for report in reports {
                assert_eq!(report["state"], "confirmed", "phpIPAM shows it: {report}");
            }
            said(&mut watch, "run 1 ended");
            let runs = site.runs().unwrap();
            assert_eq!(
                runs.len(),
                1,
                "it was scanned once, by one of them: {runs:#?}"
            );
            assert_eq!(runs[0].trigger, Trigger::Person);

            let one = json(&site, &["scan", OFFICE, "--refresh"], 0);
            let subnets = one["run"]["subnets"].as_array().unwrap();
            assert_eq!(subnets.len(), 1, "only what was asked for: {one}");
            assert_eq!(subnets[0]["cidr"], OFFICE);
            let wrong = run(&site, &["scan", "10.99.0.0/24"], 2);
            assert!(
                wrong.words().contains("10.99.0.0/24 is not assigned"),
                "as without a watch: {}",
                wrong.words()
            );
            assert_eq!(
                holder(&site.data_folder()).unwrap().unwrap().pid,
                pid,
                "the watch was at work all the time"
            );
            assert!(watch.stop(SOON).unwrap().success(), "and ends as ever");
        },
    );
}

#[test]
fn what_a_running_instance_cannot_promise_is_refused_before_anything_is_done() {
    let site = site(&[LOCAL], None);
    let _watch = watch(&site);
    for (arguments, says) in [
        (&["scan", "--no-upload"][..], "--no-upload"),
        (
            &["scan", "--profile", "gentle"],
            "config set profile gentle",
        ),
        (&["scan", "--nmap", "/usr/bin/nmap"], "--nmap"),
    ] {
        let refused = run(&site, arguments, 2);
        assert!(refused.words().contains(says), "{}", refused.words());
        let error = json(&site, arguments, 2)["error"].clone();
        assert_eq!(error["code"], "not-promised", "{error}");
        assert!(error["remedy"].is_string(), "{error}");
    }
    assert!(site.runs().unwrap().is_empty(), "nothing was done");
    // What it does anyway can be promised.
    run(&site, &["scan", "--profile", "normal"], 0);
}

#[test]
fn ctrl_c_stops_the_scan_that_the_command_began_and_no_other() {
    let site = site(&[LOCAL, OTHER], None);
    let mut watch = endless_watch(&site);
    let mut first = Beside::start(&site, &["scan", LOCAL]);
    first.says("is asked to do it");
    scanning(&site, 1, 1);
    let mut second = Beside::start(&site, &["scan", OTHER]);
    scanning(&site, 1, 2);
    second.says("A scan is running already (run 1); what was asked for is part of it.");
    second.signal(Signal::SIGINT);
    second.ends(130);
    second.says("This command was ended; the scan goes on in the running Fieldscan.");

    let status = json(&site, &["status"], 0);
    assert_eq!(
        status["running"]["id"], 1,
        "the first one's goes on: {status}"
    );
    let progress = &status["progress"];
    assert_eq!(progress["stopping"], false, "{status}");
    assert_eq!(
        progress["subnets"].as_array().map(Vec::len),
        Some(2),
        "both scans are in it: {status}"
    );

    first.signal(Signal::SIGINT);
    first.ends(130);
    first.says("Stopped before the end.");
    said(&mut watch, "run 1 stopped");
    let status = json(&site, &["status"], 0);
    assert_eq!(status["progress"], Value::Null, "{status}");
    assert!(
        status["agent"]["pid"].is_number(),
        "the watch lives on: {status}"
    );

    let mut third = Beside::start(&site, &["--json", "scan", LOCAL]);
    scanning(&site, 2, 1);
    assert_eq!(
        json(&site, &["stop"], 0)["run"],
        2,
        "another command stops it"
    );
    third.ends(130);
    assert_eq!(json(&site, &["stop"], 0)["run"], Value::Null);
}

#[test]
fn the_end_of_the_running_instance_ends_the_command_with_a_clear_error() {
    let site = site(&[LOCAL], None);
    let mut watch = endless_watch(&site);
    let mut scan = Beside::start(&site, &["scan"]);
    scanning(&site, 1, 1);
    watch.kill().unwrap();
    scan.ends(3);
    scan.says("The running Fieldscan was ended.");
    scan.says("fieldscan watch");

    // What it left is in nobody's way: this time the command does it.
    let scan = run(&site, &["scan"], 0);
    assert!(
        !scan.words().contains("is asked to do it"),
        "{}",
        scan.words()
    );

    let mut watch = ready(
        site.watch(|command| {
            command.arg("--nmap").arg(endless_nmap(&site));
        })
        .unwrap(),
    );
    let mut scan = Beside::start(&site, &["scan"]);
    scanning(&site, 3, 1);
    watch.stop(SOON).unwrap();
    scan.ends(130);
    scan.says("Stopped before the end.");
}

#[test]
fn reports_are_tried_again_by_the_running_instance() {
    let site = site(&[LOCAL], None);
    let mut watch = watch(&site);
    site.server.refuse_connections();
    let scan = run(&site, &["scan"], 1);
    assert!(scan.words().contains("1 report waits"), "{}", scan.words());
    run(&site, &["reports", "--retry"], 1);
    site.server.heal();
    let retried = run(&site, &["reports", "--retry"], 0);
    assert!(
        retried.words().contains("1 of 1 report sent"),
        "{}",
        retried.words()
    );
    said(&mut watch, "report 1 of 8 hosts confirmed");
    let confirmed = wait_until(SOON, || {
        let reports = site.reports().unwrap();
        matches!(reports[0].state, State::Confirmed { .. })
    });
    assert!(confirmed, "{:#?}", site.reports().unwrap());
}

#[test]
fn a_pause_reaches_the_running_instance_and_the_next_one() {
    let mut site = site(&[LOCAL], None);
    site.set("schedule", "1 h").unwrap();
    let paused = json(&site, &["pause", "tomorrow"], 0);
    assert_eq!(paused["pid"], Value::Null, "nobody is running: {paused}");
    assert!(paused["paused"]["until"].is_string(), "{paused}");
    let mut watch = watch(&site);
    let status = json(&site, &["status"], 0);
    assert_eq!(status["paused"], paused["paused"], "it was written down");
    assert!(site.runs().unwrap().is_empty(), "and it is kept");

    let resumed = json(&site, &["resume"], 0);
    let pid = holder(&site.data_folder()).unwrap().unwrap().pid;
    assert_eq!(resumed["pid"], pid, "it is told at once: {resumed}");
    said(&mut watch, "run 1 began");
    let words = run(&site, &["pause"], 0).words();
    assert!(words.contains("until `fieldscan resume`"), "{words}");
    assert_eq!(json(&site, &["status"], 0)["paused"], "until-resumed");
    let wrong = run(&site, &["pause", "later"], 2).words();
    assert!(wrong.contains("1h"), "what would be understood: {wrong}");
    watch.stop(SOON).unwrap();
    assert_eq!(
        json(&site, &["status"], 0)["paused"],
        "until-resumed",
        "it outlives the process"
    );
    assert_eq!(json(&site, &["resume"], 0)["pid"], Value::Null);
    assert_eq!(json(&site, &["status"], 0)["paused"], Value::Null);
}

#[test]
fn changed_settings_are_taken_up_at_once() {
    let mut site = site(&[LOCAL], None);
    let nobody = json(&site, &["config", "set", "profile", "fast"], 0);
    assert_eq!(nobody["taken_up"], Value::Null, "{nobody}");
    let mut watch = watch(&site);
    let told = json(&site, &["config", "set", "profile", "gentle"], 0);
    assert_eq!(told["taken_up"], true, "{told}");
    said(&mut watch, "settings read again");
    // So the running one keeps this promise now.
    run(&site, &["scan", "--profile", "gentle"], 0);

    // Edited by hand, it is read again when it is seen that another agent is meant.
    let text = fs::read_to_string(site.settings_file()).unwrap();
    site.set("client_name", "another").unwrap();
    run(&site, &["scan"], 3);
    said(&mut watch, "settings read again");

    let elsewhere = site.folder().join("other.yaml");
    fs::write(&elsewhere, &text).unwrap();
    let other = run(&site, &["scan", "--config", elsewhere.to_str().unwrap()], 2);
    assert!(
        other
            .words()
            .contains("works for another phpIPAM, app or agent"),
        "{}",
        other.words()
    );
}

#[test]
fn of_two_that_start_at_once_one_has_the_lock() {
    const ROUNDS: usize = 12;
    let site = site(&[LOCAL], None);
    let (mut by_watch, mut by_itself) = (0, 0);
    for round in 0..ROUNDS {
        let (mut watch, scan) = match round % 2 {
            0 => (site.watch(|_| {}).unwrap(), Beside::start(&site, &["scan"])),
            _ => {
                let scan = Beside::start(&site, &["scan"]);
                (site.watch(|_| {}).unwrap(), scan)
            }
        };
        let mut scan = scan;
        scan.ends(0);
        if scan.words().contains("is asked to do it") {
            by_watch += 1;
            watch.stop(SOON).unwrap();
        } else {
            by_itself += 1;
            // The watch came too late, or found the folder free again.
            let told = watch.wait_for_line(SOON, |line| {
                line.contains("Another process is at work") || line.contains("ready")
            });
            told.unwrap();
            watch.kill().unwrap();
        }
    }
    assert_eq!(by_watch + by_itself, ROUNDS);
    assert_eq!(site.runs().unwrap().len(), ROUNDS, "each was scanned once");
}

#[test]
fn two_watches_are_one_too_many() {
    let site = site(&[LOCAL], None);
    let _watch = watch(&site);
    let second = run(&site, &["watch"], 3);
    assert!(
        second
            .words()
            .contains("Another process is at work on this data"),
        "{}",
        second.words()
    );
}
