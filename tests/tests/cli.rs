//! The real `fieldscan`, run as people and scripts run it, against the simulated site on loopback, with the real nmap.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a failed step of a test ends the test")]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use fieldscan_tests::{
    phpipam::{Fault, Model, PhpIpam, address, subnet},
    scan_server::ScanServer,
    site::built_program,
    skip::skip,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

const AUTH_TOKEN: &str = "MarkerAuthToken-4711";
const SMALL: &str = "127.77.0.0/29";
const KNOWN: &str = "127.77.1.0/24";

/// Long enough for a busy machine; a test that waits this long has failed.
const SOON: Duration = Duration::from_secs(60);

/// A simulated site, and a folder with the agent's settings and data.
struct Site {
    ipam: PhpIpam,
    server: ScanServer,
    folder: tempfile::TempDir,
}

impl Site {
    /// With settings.
    fn new() -> Self {
        let site = Self::bare();
        site.write_settings("");
        site
    }

    /// Without settings.
    fn bare() -> Self {
        let mut model = Model::with_agent();
        let small = model.add_subnet(subnet(SMALL).described("Office").agent(1).discover());
        model.add_address(small, address("127.77.0.1").named("gw.example"));
        model.add_address(small, address("127.77.0.6").named("=HYPERLINK(1)"));
        model.add_address(small, address("127.77.0.5").named("alarm").excluded());
        let known = model.add_subnet(subnet(KNOWN).described("Cameras\u{202e}").agent(1).ping());
        model.add_address(known, address("127.77.1.10").named("camera"));
        model.add_subnet(subnet("8.8.8.0/24").described("public").agent(1).discover());
        let ipam = PhpIpam::start(model).unwrap();
        let server = ScanServer::start(ipam.shared_model(), AUTH_TOKEN).unwrap();
        let folder = tempfile::tempdir().unwrap();
        ipam.write_ca(&folder.path().join("ca.pem")).unwrap();
        Self {
            ipam,
            server,
            folder,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write_settings(&self, more: &str) {
        let text = format!(
            "api_url: {}\nclient_name: {}\nscanagent_code: {}\nhttp_port: {}\nca_file: {}\nschedule: off\n{more}",
            self.ipam.url(),
            Model::EXAMPLE_APP,
            Model::EXAMPLE_CODE,
            self.server.address().port(),
            self.path("ca.pem").display(),
        );
        fs::write(self.path("settings.yaml"), text).unwrap();
    }

    /// A command in an environment of its own: no keychain, no settings of this machine's user.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(built_program().expect("fieldscan can be built"));
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("TZ", "UTC")
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
            .env("FIELDSCAN_CLIENT_TOKEN", Model::EXAMPLE_TOKEN)
            .env("FIELDSCAN_AUTH_TOKEN", AUTH_TOKEN)
            .arg("--config")
            .arg(self.path("settings.yaml"))
            .arg("--data-dir")
            .arg(self.path("data"))
            .args(args)
            .stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).output().unwrap(), args)
    }

    /// Runs with `--json` and reads the document.
    fn json(&self, args: &[&str], code: i32) -> Value {
        let args: Vec<&str> = ["--json"].iter().chain(args).copied().collect();
        let ran = self.run(&args);
        ran.ended(code);
        let document: Value = serde_json::from_str(&ran.out)
            .unwrap_or_else(|error| panic!("{args:?} printed no JSON document ({error}): {ran:?}"));
        assert_eq!(
            document["schema"], 1,
            "{args:?}: the document tells its version"
        );
        document
    }

    fn spawn(&self, args: &[&str]) -> Running {
        let child = self
            .command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Running { child }
    }
}

/// What a command left.
#[derive(Debug)]
struct Ran {
    args: String,
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ran {
    fn of(output: Output, args: &[&str]) -> Self {
        let ran = Self {
            args: args.join(" "),
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        for secret in [Model::EXAMPLE_TOKEN, AUTH_TOKEN, Model::EXAMPLE_CODE] {
            assert!(
                !ran.out.contains(secret) && !ran.err.contains(secret),
                "a secret was printed: {ran:?}"
            );
        }
        ran
    }

    #[track_caller]
    fn ended(&self, code: i32) -> &Self {
        assert_eq!(
            self.code,
            Some(code),
            "`{}` ended otherwise: {self:?}",
            self.args
        );
        self
    }

    #[track_caller]
    fn says(&self, words: &str) -> &Self {
        assert!(
            self.out.contains(words) || self.err.contains(words),
            "`{}` should say “{words}”: {self:?}",
            self.args
        );
        self
    }
}

/// A process that is ended whatever happens to the test.
struct Running {
    child: Child,
}

impl Running {
    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill(Pid::from_raw(pid), signal).unwrap();
    }

    /// Reads standard error until a line has these words.
    fn wait_for(&mut self, words: &str) -> String {
        let begun = Instant::now();
        let mut text = String::new();
        let mut reader = BufReader::with_capacity(1, self.child.stderr.as_mut().unwrap());
        while !text.contains(words) {
            assert!(begun.elapsed() < SOON, "“{words}” does not come: {text}");
            let read = reader.read_line(&mut text).unwrap();
            assert!(read > 0, "it ended without saying “{words}”: {text}");
        }
        text
    }

    /// Waits for its end; its exit code and the rest of standard error.
    fn end(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether nmap is here; says that the test is skipped if not.
#[track_caller]
fn no_nmap() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let here = std::env::split_paths(&path).any(|folder| folder.join("nmap").is_file());
    if !here {
        skip("nmap is not installed");
    }
    !here
}

fn executable(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_scan_is_reported_and_confirmed() {
    if no_nmap() {
        return;
    }
    let site = Site::new();
    let document = site.json(&["scan", "--wait-confirmed", "60"], 0);
    let reports = document["reports"].as_array().unwrap();
    assert_eq!(reports.len(), 2, "one for each subnet that was scanned");
    for report in reports {
        assert_eq!(report["state"], "confirmed", "phpIPAM shows it: {report}");
    }
    assert_eq!(
        document["counts"]["known"], 3,
        "those that phpIPAM has and that answer"
    );
    assert_eq!(
        document["counts"]["excluded"], 1,
        "the alarm is not touched"
    );
    assert_eq!(site.server.received().len(), 2, "each was sent once");
    assert_eq!(site.ipam.pings(), 0, "ping writes into phpIPAM");

    site.run(&["reports", "--retry", "1"])
        .ended(0)
        .says("Report 1 is confirmed")
        .says("nothing to send");
    site.run(&["reports", "--show", "1"]).ended(0).says("Hosts");
    let short = site.run(&["scan", SMALL, "--wait-confirmed", "0"]);
    assert_eq!(
        site.server.received().len(),
        3,
        "however short the time is, the report is sent: {short:?}"
    );
    short
        .ended(1)
        .says("Not seen in phpIPAM within 0 s; expected by");

    let again = site.run(&["-v", "scan", "127.77.0.0/29"]);
    again
        .ended(0)
        .says("phpIPAM is right")
        .says("Queued")
        .says("Sent")
        .says("run 3 began: a person asked for it")
        .says("run 3 ended")
        .says("report 4 sent");
    assert!(
        again.err.contains("127.77.0.0/29: 7 hosts up."),
        "progress goes to standard error, as lines where it is no terminal: {again:?}"
    );
}

#[test]
fn reports_wait_when_they_are_to_be_kept_and_go_out_later() {
    if no_nmap() {
        return;
    }
    let site = Site::new();
    let document = site.json(&["scan", SMALL, "--no-upload"], 0);
    assert_eq!(document["reports"][0]["state"], "queued", "{document}");
    assert!(site.server.received().is_empty(), "nothing was sent");

    let document = site.json(&["reports", "--retry"], 0);
    assert_eq!(document["reports"][0]["state"], "sent", "{document}");
    assert_eq!(site.server.received().len(), 1, "it was sent once");
    site.run(&["reports", "--retry"])
        .ended(0)
        .says("Nothing waits");
}

#[test]
fn a_scan_server_that_is_away_costs_nothing_but_time() {
    if no_nmap() {
        return;
    }
    let site = Site::new();
    site.server.refuse_connections();
    let ran = site.run(&["scan"]);
    ran.ended(1)
        .says("2 reports wait")
        .says("The scan server can't be reached.");
    site.run(&["status"]).ended(0).says("2 reports wait");
    let report = site.json(&["reports"], 0)["reports"][1].clone();
    assert_eq!(
        report["state"], "waiting",
        "it is kept, and tried again: {report}"
    );
    site.run(&["reports", "--retry"]).ended(1);

    site.server.heal();
    site.run(&["reports", "--retry"])
        .ended(0)
        .says("2 of 2 reports sent");
    let id = report["id"].to_string();
    site.run(&["reports", "--show", &id])
        .ended(0)
        .says("Could not be sent")
        .says("HTTP status 200");
}

#[test]
fn exit_codes_say_what_kind_of_failure_it_was() {
    let site = Site::bare();
    site.run(&["scan"])
        .ended(2)
        .says("There are no settings yet");
    site.run(&["status"]).ended(2);
    site.run(&["bogus"]).ended(2);
    site.run(&["--nmap", "/bin/true", "doctor"]).ended(2);
    site.run(&["secret", "set", "nope"])
        .ended(2)
        .says("There is no secret of that name.");
    site.write_settings("http_prot: 1\nprofile: quick\n");
    site.run(&["scan"])
        .ended(2)
        .says("settings.yaml:8:10: profile: found \"quick\", expected gentle, normal or fast");
    site.write_settings("http_prot: 1\n");
    site.run(&["status"])
        .ended(3)
        .says("http_prot: unknown key, not used; did you mean http_port?")
        .says("no data yet");
    site.write_settings("");
    let refused = site.json(&["scan", "10.9.0.0/24"], 2);
    assert_eq!(refused["error"]["code"], "not-assigned", "{refused}");
    assert!(
        refused["error"]["remedy"].as_str().unwrap().contains(SMALL),
        "the assigned ones are named: {refused}"
    );
    let none = site.json(&["--nmap", "/nonexistent/nmap", "scan"], 3);
    assert_eq!(none["exit_code"], 3, "nothing could be done: {none}");
    assert_eq!(none["problems"][0]["code"], "nmap-unusable", "{none}");
    let other = site.run(&["--nmap", "/bin/true", "scan"]);
    other.ended(3).says("/bin/true is not nmap.");
    assert!(
        !other.out.contains("There is no /nonexistent"),
        "what was wrong with another nmap is over: {other:?}"
    );
    site.run(&["subnets"])
        .ended(0)
        .says("Could not be scanned")
        .says("failed");
    site.run(&["scan", "8.8.8.0/24"])
        .ended(3)
        .says("Nothing was scanned.");

    let fresh = Site::new();
    fresh.ipam.refuse_connections();
    fresh
        .run(&["scan"])
        .ended(3)
        .says("phpIPAM can't be reached.");
    fresh.ipam.heal();
    fresh.ipam.fail("", Fault::Unauthorized);
    fresh
        .run(&["scan"])
        .ended(3)
        .says("phpIPAM doesn't take the token.");
}

#[test]
fn json_is_one_document_or_refused() {
    let site = Site::new();
    for args in [
        &["watch"][..],
        &["man"],
        &["completions", "bash"],
        &["export", SMALL, "--format", "csv"],
    ] {
        let refused = site.json(args, 2);
        assert_eq!(refused["error"]["code"], "prints-text", "{args:?}");
    }
    let folder = site.path("man");
    let pages = site.json(&["man", folder.to_str().unwrap()], 0);
    assert!(pages["pages"].as_array().unwrap().len() > 10, "{pages}");
}

#[test]
fn every_reading_command_has_a_text_and_a_document() {
    if no_nmap() {
        return;
    }
    let site = Site::new();
    site.run(&["scan", "--wait-confirmed", "60"]).ended(0);
    for (args, field) in [
        (&["status"][..], "headline"),
        (&["subnets"], "subnets"),
        (&["addresses", SMALL], "addresses"),
        (&["runs"], "runs"),
        (&["run", "1"], "run"),
        (&["reports", "--all"], "reports"),
        (&["reports", "--show", "1"], "report"),
        (&["export", SMALL, "--format", "json"], "addresses"),
        (&["config", "show"], "settings"),
        (&["config", "path"], "path"),
        (&["secret", "status"], "secrets"),
    ] {
        let document = site.json(args, 0);
        assert!(
            !document[field].is_null(),
            "{args:?} has no {field}: {document}"
        );
        let text = site.run(args);
        text.ended(0);
        assert!(!text.out.is_empty(), "{args:?} says something to people");
        assert!(
            !text.out.contains(['\u{1b}', '\u{202e}']),
            "nothing steers a terminal, and no colours go into a pipe: {text:?}"
        );
    }
    for (args, code) in [
        (&["run", "99"][..], "no-such-run"),
        (&["reports", "--show", "99"], "no-such-report"),
        (&["addresses", "10.9.0.0/24"], "not-assigned"),
    ] {
        assert_eq!(site.json(args, 2)["error"]["code"], code, "{args:?}");
    }
    let csv = site.run(&["export", SMALL]);
    assert!(
        csv.out.contains(",'=HYPERLINK(1),"),
        "a cell that begins as a formula is guarded: {csv:?}"
    );
    let xml = site.path("out.xml");
    site.run(&[
        "export",
        SMALL,
        "--format",
        "xml",
        "-o",
        xml.to_str().unwrap(),
    ])
    .ended(0);
    assert!(
        fs::read_to_string(&xml)
            .unwrap()
            .ends_with("</addresses>\n")
    );
    let again = ["export", SMALL, "-o", xml.to_str().unwrap()];
    assert_eq!(site.json(&again, 2)["error"]["code"], "file-exists");
    let document = site.json(&[&again[..], &["--force"]].concat(), 0);
    assert_eq!(document["format"], "json", "{document}");
}

#[test]
fn the_doctor_ticks_each_step_and_names_the_remedy() {
    let site = Site::new();
    let document = site.json(&["doctor"], 0);
    let steps = document["steps"].as_array().unwrap();
    let ids: Vec<&str> = steps
        .iter()
        .map(|step| step["id"].as_str().unwrap())
        .collect();
    assert_eq!(
        ids,
        [
            "settings",
            "keychain",
            "reachable",
            "tls",
            "token",
            "agent-code",
            "subnets",
            "scan-server",
            "nmap",
            "privileges",
            "clock"
        ],
        "one tick for each, in order"
    );
    site.run(&["doctor"]).ended(0).says("✓ Agent code");

    let text = fs::read_to_string(site.path("settings.yaml")).unwrap();
    fs::write(
        site.path("settings.yaml"),
        text.replace("ca_file", "#ca_file"),
    )
    .unwrap();
    site.server.set_token("another");
    let ran = site.run(&["doctor"]);
    ran.ended(1)
        .says("✗ Its certificate")
        .says("`ca_file`")
        .says("not tried: “Its certificate” comes first")
        .says("The scan server doesn't take the token.")
        .says("2 steps failed.");
    assert!(
        site.server.received().is_empty(),
        "no report is sent to try it"
    );
}

#[test]
fn an_import_moves_the_tokens_and_overwrites_nothing() {
    let site = Site::bare();
    let reference = site.path("scan_agent.yaml");
    let text = format!(
        "---\nnofusscomputing_phpipam_scan_agent: # ours\n  api_url: {}\n  client_token: '{}'\n  auth_token: \"{AUTH_TOKEN}\"\n  client_name: {}\n  scanagent_code: {}\n  http_prot: 1\n",
        site.ipam.url(),
        Model::EXAMPLE_TOKEN,
        Model::EXAMPLE_APP,
        Model::EXAMPLE_CODE
    );
    fs::write(&reference, &text).unwrap();
    let file = reference.to_str().unwrap();

    let without = site
        .command(&["config", "import", file])
        .env_remove("FIELDSCAN_CLIENT_TOKEN")
        .env_remove("FIELDSCAN_AUTH_TOKEN")
        .output()
        .unwrap();
    Ran::of(without, &["config import"])
        .ended(3)
        .says("keychain can't be used")
        .says("Nothing was imported");
    assert!(
        !site.path("settings.yaml").exists(),
        "not half of it either"
    );

    site.run(&["config", "import", file])
        .ended(0)
        .says("did you mean http_port?")
        .says("the tokens are still in");
    assert_eq!(
        fs::read_to_string(&reference).unwrap(),
        text,
        "nobody agreed to a change"
    );
    let settings = fs::read_to_string(site.path("settings.yaml")).unwrap();
    assert!(
        settings.contains(&site.ipam.url()) && !settings.contains(AUTH_TOKEN),
        "settings hold no secret: {settings}"
    );
    site.run(&["config", "import", file])
        .ended(2)
        .says("--force");
    let other = site
        .command(&["config", "import", file, "--blank"])
        .env("FIELDSCAN_AUTH_TOKEN", "MarkerOtherToken")
        .env("FIELDSCAN_CLIENT_TOKEN", "MarkerOtherToken")
        .output()
        .unwrap();
    Ran::of(other, &["config import --blank"])
        .ended(1)
        .says("has another one");
    assert_eq!(
        fs::read_to_string(&reference).unwrap(),
        text,
        "the only copy of a token is never emptied"
    );
    site.run(&["config", "set", "profile", "gentle"]).ended(0);
    site.run(&["config", "import", file, "--force", "--keep"])
        .ended(0);
    let settings = fs::read_to_string(site.path("settings.yaml")).unwrap();
    assert!(
        settings.contains("profile: gentle"),
        "what the file doesn't name stays: {settings}"
    );
    let document = site.json(&["config", "import", file, "--blank"], 0);
    assert_eq!(document["blanked"], true, "{document}");
    let blanked = fs::read_to_string(&reference).unwrap();
    assert!(
        !blanked.contains(AUTH_TOKEN) && !blanked.contains(Model::EXAMPLE_TOKEN),
        "the tokens are out: {blanked}"
    );
    assert!(
        blanked.contains("# ours"),
        "and the rest is as it was: {blanked}"
    );

    fs::write(site.path("nothing.yaml"), "a: 1\n").unwrap();
    let nothing = site.path("nothing.yaml");
    site.run(&["config", "import", nothing.to_str().unwrap(), "--force"])
        .ended(2)
        .says("no setting and no token");
    fs::write(site.path("settings.yaml"), &text).unwrap();
    site.run(&["status"])
        .ended(2)
        .says("this is a reference file: `fieldscan config import FILE`");
}

#[test]
fn settings_are_changed_one_by_one_and_never_hold_a_secret() {
    let site = Site::bare();
    site.run(&["config", "set", "api_url", "https://ipam.example.com"])
        .ended(0);
    site.run(&["config", "set", "http_port", "x"])
        .ended(2)
        .says("expected a port from 1 to 65535");
    site.run(&["config", "set", "client_token", "MARKER"])
        .ended(2);
    let shown = site.json(&["config", "show"], 0);
    assert_eq!(
        shown["settings"][0]["value"], "https://ipam.example.com",
        "{shown}"
    );
    let settings = fs::read_to_string(site.path("settings.yaml")).unwrap();
    assert!(!settings.contains("MARKER"), "{settings}");
}

#[test]
fn a_secret_is_never_taken_from_the_command_line_nor_repeated() {
    let site = Site::new();
    for args in [
        &["secret", "set", "client_token", "MARKER"][..],
        &["secret", "set", "client_token", "--value", "MARKER"],
        &["secret", "set", "MARKER"],
        &["--json", "secret", "set", "auth_token", "MARKER"],
    ] {
        let ran = site.run(args);
        ran.ended(2);
        assert!(
            !ran.out.contains("MARKER") && !ran.err.contains("MARKER"),
            "what may be a secret is not repeated: {ran:?}"
        );
    }
    let mut child = site
        .command(&["secret", "set", "client_token"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"MARKER\n").unwrap();
    let ran = Ran::of(child.wait_with_output().unwrap(), &["secret set"]);
    ran.ended(3).says("keychain can't be used");
    assert!(!ran.err.contains("MARKER"), "{ran:?}");
}

#[test]
fn others_read_beside_a_watch_and_it_stops_cleanly() {
    let site = Site::new();
    let mut watch = site.spawn(&["watch"]);
    watch.wait_for("ready");
    let pid = watch.child.id().to_string();
    site.run(&["watch"])
        .ended(3)
        .says("Another process is at work on this data: fieldscan")
        .says(&pid);
    let status = site.json(&["status"], 0);
    assert_eq!(status["agent"]["pid"].to_string(), pid, "{status}");
    site.run(&["subnets"]).ended(0);

    site.write_settings("profile: [\n");
    watch.signal(Signal::SIGHUP);
    watch.wait_for("the old settings stay in force");
    site.write_settings("profile: fast\n");
    watch.signal(Signal::SIGHUP);
    watch.wait_for("settings read again");
    watch.signal(Signal::SIGTERM);
    let (code, rest) = watch.end();
    assert_eq!(code, Some(0), "asked to stop, it stops well: {rest}");
    site.run(&["status"]).ended(0).says("not running");
}

#[test]
fn a_watch_tells_of_runs_and_reports() {
    if no_nmap() {
        return;
    }
    let site = Site::new();
    site.write_settings("");
    let text = fs::read_to_string(site.path("settings.yaml")).unwrap();
    fs::write(
        site.path("settings.yaml"),
        text.replace("schedule: off", "schedule: 1 h"),
    )
    .unwrap();
    let socket = std::os::unix::net::UnixDatagram::bind(site.path("notify")).unwrap();
    let child = site
        .command(&["watch"])
        .env("NOTIFY_SOCKET", site.path("notify"))
        .env("JOURNAL_STREAM", "8:1")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut watch = Running { child };
    let begun = watch.wait_for("ready");
    assert!(
        begun.starts_with("<6>"),
        "the journal gets priorities: {begun}"
    );
    let mut state = [0; 64];
    socket.set_read_timeout(Some(SOON)).unwrap();
    let read = socket.recv(&mut state).unwrap();
    assert_eq!(&state[..read], b"READY=1", "systemd is told");
    // The first run may have begun before it was told that all is ready.
    let told = begun + &watch.wait_for("confirmed");
    assert!(
        told.contains("run 1 began") && told.contains("done: ") && told.contains("run 1 ended"),
        "{told}"
    );
    assert!(
        !told.contains("127.77.") && !told.contains("8.8.8."),
        "a site's addresses are not for the log: {told}"
    );
    watch.signal(Signal::SIGINT);
    assert_eq!(watch.end().0, Some(0), "for a watch, this is how it ends");
}

#[test]
fn ctrl_c_stops_a_scan_and_leaves_no_process() {
    let site = Site::new();
    let nmap = site.path("nmap");
    let pid_file = site.path("nmap.pid");
    executable(
        &nmap,
        &format!(
            "#!/bin/sh\ncase \"$*\" in *--version*) echo 'Nmap version 7.93 ( https://nmap.org )'; exit 0;; esac\n\
             echo $$ > {}\nexec sleep 600\n",
            pid_file.display()
        ),
    );
    let scan = site.spawn(&["--nmap", nmap.to_str().unwrap(), "scan", SMALL]);
    let begun = Instant::now();
    let pid: i32 = loop {
        assert!(begun.elapsed() < SOON, "the scan does not begin");
        let text = fs::read_to_string(&pid_file).unwrap_or_default();
        if let Ok(pid) = text.trim().parse() {
            break pid;
        }
        std::thread::yield_now();
    };
    let asked = Instant::now();
    scan.signal(Signal::SIGINT);
    let (code, rest) = scan.end();
    assert_eq!(code, Some(130), "stopped by a person: {rest}");
    assert!(
        asked.elapsed() < Duration::from_secs(5),
        "at once: {:?}",
        asked.elapsed()
    );
    assert!(kill(Pid::from_raw(pid), None).is_err(), "nmap is gone");
    let run = site.json(&["run", "1"], 0);
    assert_eq!(run["run"]["stopped"], true, "{run}");
    assert!(
        site.server.received().is_empty(),
        "and nothing was reported"
    );
}

#[test]
fn a_second_ctrl_c_leaves_no_process_either() {
    let site = Site::new();
    let nmap = site.path("nmap");
    let pid_file = site.path("nmap.pid");
    executable(
        &nmap,
        &format!(
            "#!/bin/sh\ntrap '' TERM INT\ncase \"$*\" in *--version*) echo 'Nmap version 7.93 ( https://nmap.org )'; exit 0;; esac\n\
             sh -c 'trap \"\" TERM INT; echo $$ > {}; while :; do sleep 600; done' &\nwait\n",
            pid_file.display()
        ),
    );
    let scan = site.spawn(&["--nmap", nmap.to_str().unwrap(), "scan", SMALL]);
    let begun = Instant::now();
    let pid: i32 = loop {
        assert!(begun.elapsed() < SOON, "the scan does not begin");
        let text = fs::read_to_string(&pid_file).unwrap_or_default();
        if let Ok(pid) = text.trim().parse() {
            break pid;
        }
        std::thread::yield_now();
    };
    scan.signal(Signal::SIGINT);
    scan.signal(Signal::SIGTERM);
    let (code, rest) = scan.end();
    assert_eq!(code, Some(130), "{rest}");
    let begun = Instant::now();
    // Killed, it is still seen until it is reaped.
    while fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z ")) {
        assert!(
            begun.elapsed() < SOON,
            "what nmap started goes on without anybody"
        );
        std::thread::yield_now();
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let site = Site::new();
    for args in [&["completions", "bash"][..], &["man"], &["--help"]] {
        let mut running = site.spawn(args);
        drop(running.child.stdout.take());
        let (code, rest) = running.end();
        assert_eq!(
            (code, rest.as_str()),
            (Some(0), ""),
            "{args:?} ends quietly"
        );
    }
}

#[test]
fn pages_and_completions_are_made() {
    let site = Site::bare();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = site.run(&["completions", shell]);
        script.ended(0).says("fieldscan").says("wait-confirmed");
    }
    let folder = site.path("man");
    site.run(&["man", folder.to_str().unwrap()]).ended(0);
    assert!(
        folder.join("fieldscan.1").is_file() && folder.join("fieldscan-config-import.1").is_file()
    );
}

#[test]
fn a_bundle_holds_no_secret_and_is_never_written_over() {
    if no_nmap() {
        return;
    }
    let site = Site::new();
    site.run(&["-vv", "scan"]).ended(0);
    let file = site.path("bundle.zip");
    let document = site.json(&["diagnostics", file.to_str().unwrap()], 0);
    let contents = document["contents"].to_string();
    assert!(
        contents.contains("doctor.json") && contents.contains("logs/"),
        "{contents}"
    );
    site.run(&["diagnostics", file.to_str().unwrap()])
        .ended(2)
        .says("is there already");
    let mut stack = vec![site.path("data")];
    while let Some(path) = stack.pop() {
        if path.is_dir() {
            stack.extend(
                fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        for secret in [Model::EXAMPLE_TOKEN, AUTH_TOKEN] {
            let found = bytes
                .windows(secret.len())
                .any(|part| part == secret.as_bytes());
            assert!(!found, "a token is in {}", path.display());
        }
    }
}

/// 1,000 subnets with 100 addresses each, as phpIPAM would have told them.
fn fill(site: &Site) {
    use fieldscan_core::{
        ids::{AgentCode, AgentId},
        ipam::{Address, AddressBook, Assignment, Subnet},
    };
    use fieldscan_engine::store::{CacheKey, Store};
    use fieldscan_tests::ipam;

    let now = jiff::Timestamp::now();
    let mut store = Store::open(&site.path("data"), now).unwrap().store;
    let settings = fieldscan_engine::settings_file::read(&site.path("settings.yaml"));
    let key = CacheKey::of(&settings.unwrap().unwrap().0);
    assert_eq!(key.agent_code, AgentCode::new(Model::EXAMPLE_CODE));
    let subnets: Vec<Subnet> = (0..1_000u32)
        .map(|number| {
            let cidr = format!("10.{}.{}.0/24", number / 256, number % 256);
            Subnet {
                description: format!("site {number}"),
                ..ipam::subnet(u64::from(number) + 1, &cidr)
            }
        })
        .collect();
    for subnet in &subnets {
        let base = subnet.network.unwrap().network();
        let addresses = (1..=100u8)
            .map(|host| {
                let std::net::IpAddr::V4(base) = base else {
                    panic!("the subnets are IPv4")
                };
                let [a, b, c, _] = base.octets();
                Address {
                    hostname: Some(format!("host-{host}")),
                    ..ipam::address(
                        subnet.id.0 * 1_000 + u64::from(host),
                        subnet.id,
                        std::net::IpAddr::from([a, b, c, host]),
                    )
                }
            })
            .collect();
        let book = AddressBook {
            addresses,
            fetched_at: now,
        };
        store.save_addresses(&key, subnet.id, &book).unwrap();
    }
    let assignment = Assignment {
        agent: AgentId(1),
        agent_name: "depot".to_owned(),
        subnets,
        fetched_at: now,
    };
    store.save_assignment(&key, &assignment).unwrap();
}

#[test]
fn answers_come_at_once_however_much_there_is() {
    let site = Site::new();
    fill(&site);
    // Optimised, these are 200 ms and 1 s.
    let slower = if cfg!(debug_assertions) { 5 } else { 1 };
    for (args, limit) in [
        (&["status"][..], Duration::from_millis(200)),
        (&["subnets"], Duration::from_millis(200)),
        (&["addresses", "10.0.0.0/16"], Duration::from_secs(1)),
    ] {
        site.run(args).ended(0);
        let begun = Instant::now();
        site.run(args).ended(0);
        let took = begun.elapsed();
        eprintln!("{args:?} took {took:?}");
        assert!(
            took < limit * slower,
            "{args:?} took {took:?}; a person waits for it"
        );
    }
}
