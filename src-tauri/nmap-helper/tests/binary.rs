//! The real program in namespaces of its own, where it has `cap_net_raw` and its caller has nothing. A program that writes
//! down how it was started lies over `/usr/bin/nmap` there, or else it is the real nmap.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "a test that fails to set itself up fails"
)]

mod hostile;
#[path = "../../../tests/src/skip.rs"]
#[expect(unreachable_pub, reason = "the same file is public in the tests crate")]
mod skip;

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use hostile::{Dice, harmless};

const INSIDE: &str = "FIELDSCAN_TEST_INSIDE_NAMESPACE";
const SHELF: &str = "FIELDSCAN_TEST_SHELF";

/// Writes down the arguments, the environment, the open files and the process's state, each run after the other.
const RECORDER: &str = r#"#!/bin/sh
n=$$
cat /proc/$n/cmdline > SHELF/record.args
cat /proc/$n/environ > SHELF/record.env
ls /proc/$n/fd > SHELF/record.files
grep -E '^(Cap|NoNewPrivs|Umask)' /proc/$n/status > SHELF/record.status
pwd > SHELF/record.folder
"#;

/// A file system with the program on it, the capability on the program, and a link to another network with one host.
const SETUP: &str = r#"
mount -t tmpfs none "$FIELDSCAN_TEST_SHELF" || exit 90
cp "$HELPER" "$FIELDSCAN_TEST_SHELF/fieldscan-nmap" || exit 90
cp "$HELPER" "$FIELDSCAN_TEST_SHELF/without" || exit 90
setcap cap_net_raw+ep "$FIELDSCAN_TEST_SHELF/fieldscan-nmap" || exit 91
[ "$(stat -c %u /usr/bin/nmap)" = 0 ] || exit 92
if [ "$FAKE" = 1 ]; then
    printf '%s' "$RECORDER" | sed "s|SHELF|$FIELDSCAN_TEST_SHELF|" > "$FIELDSCAN_TEST_SHELF/nmap"
    chmod 755 "$FIELDSCAN_TEST_SHELF/nmap"
    mount --bind "$FIELDSCAN_TEST_SHELF/nmap" /usr/bin/nmap || exit 90
else
    ip link set lo up && ip link add v0 type veth peer name v1 || exit 93
    unshare -n sleep 300 & other=$!
    until [ "$(readlink /proc/$other/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done
    ip link set v1 netns $other && ip addr add 10.9.0.1/24 dev v0 && ip link set v0 up \
        && nsenter -t $other -n ip addr add 10.9.0.2/24 dev v1 && nsenter -t $other -n ip link set v1 up || exit 93
    ip neigh add 10.9.0.7 lladdr 02:00:00:00:00:07 dev v0 && ip route add 10.20.0.0/16 via 10.9.0.7 || exit 93
    n=0; until ip link show v0 | grep -q 'state UP' || [ $n -gt 500 ]; do n=$((n + 1)); sleep 0.02; done
fi
setpriv --securebits +noroot,+noroot_locked --inh-caps=-all --ambient-caps=-all "$@"
code=$?
[ -n "$other" ] && kill $other
exit $code
"#;

/// Runs this test again in namespaces of its own. `false` if that is done, or can't be done here.
fn inside(test: &str, fake: bool) -> bool {
    if env::var_os(INSIDE).is_some() {
        return true;
    }
    let shelf = tempfile::tempdir().unwrap();
    let output = Command::new("unshare")
        .args(["-Urnm", "sh", "-c", SETUP, "setup"])
        .arg(env::current_exe().unwrap())
        .args(["--exact", "--nocapture", test])
        .env(INSIDE, "1")
        .env(SHELF, shelf.path())
        .env("HELPER", env!("CARGO_BIN_EXE_fieldscan-nmap"))
        .env("RECORDER", RECORDER)
        .env("FAKE", if fake { "1" } else { "0" })
        .stdin(Stdio::null())
        .output();
    let reason = match &output {
        Err(_) => "no program `unshare` here",
        Ok(output) => match output.status.code() {
            Some(90) => "no mounts in a namespace of one's own here",
            Some(91) => "no file capabilities in a namespace of one's own here",
            Some(92) => {
                "nmap is not installed, or belongs to a root whom the namespace doesn't know"
            }
            Some(93) => "no veth pairs here",
            Some(1) if output.stdout.is_empty() => "no user, mount and network namespaces here",
            Some(_) | None => {
                let said = String::from_utf8_lossy(&output.stdout);
                assert!(
                    output.status.success() && said.contains("1 passed"),
                    "inside the namespace: {said}{}",
                    String::from_utf8_lossy(&output.stderr)
                );
                return false;
            }
        },
    };
    skip::skip(reason);
    false
}

fn shelf(name: &str) -> PathBuf {
    Path::new(&env::var_os(SHELF).unwrap()).join(name)
}

fn helper() -> Command {
    let mut command = Command::new(shelf("fieldscan-nmap"));
    command.stdin(Stdio::null());
    command
}

fn list(words: &str) -> Vec<String> {
    let words = words.replace("PARENT", &std::process::id().to_string());
    words.split(' ').map(str::to_owned).collect()
}

const GOOD: &str =
    "scan parent=PARENT profile=normal rate=2000 trace=off exclude=10.0.0.5 10.0.0.0/24";

/// What the program in nmap's place was started with, if it was started; forgotten once read.
fn recorded(part: &str) -> Option<Vec<String>> {
    let path = shelf(&format!("record.{part}"));
    let text = fs::read_to_string(&path).ok()?;
    fs::remove_file(path).unwrap();
    let parts = text.split(['\0', '\n']).filter(|part| !part.is_empty());
    Some(parts.map(str::to_owned).collect())
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn nmap_gets_the_capability_and_nothing_of_its_caller() {
    if !inside("nmap_gets_the_capability_and_nothing_of_its_caller", true) {
        return;
    }
    let own = fs::read_to_string("/proc/self/status").unwrap();
    assert!(
        own.contains("CapEff:\t0000000000000000"),
        "the caller has no capability, or the test shows nothing: {own}"
    );
    let preload = shelf("preload.so");
    fs::write(&preload, "").unwrap();
    let mut command = helper();
    command
        .args(list(GOOD))
        .env("NMAPDIR", "/tmp")
        .env("NMAP_ARGS", "--script=default")
        .env("LD_PRELOAD", &preload)
        .env("LD_LIBRARY_PATH", "/tmp")
        .env("PATH", "/tmp")
        .env("HOME", "/tmp")
        .env("IFS", "/")
        .env("ENV", "/tmp/rc")
        .env("LC_ALL", "de_DE.UTF-8")
        .current_dir("/tmp");
    // A file that the caller has open, and that nmap must not get. A shell opens it without the mark to close it.
    let output = Command::new("sh")
        .args(["-c", "exec 9</dev/zero; exec \"$0\" \"$@\""])
        .arg(command.get_program())
        .args(command.get_args())
        .envs(command.get_envs().filter_map(|(name, value)| {
            // The shell itself has to find its way.
            (name != "PATH" && name != "LD_PRELOAD" && name != "IFS").then_some((name, value?))
        }))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let files = recorded("files").unwrap();
    assert!(
        !files.contains(&"9".to_owned()),
        "the caller's file: {files:?}"
    );

    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let args = recorded("args").unwrap();
    // The recorder is a script: its interpreter and its name come first.
    assert_eq!(harmless(&args[2..]), Ok(()), "{args:?}");
    assert_eq!(args.last().unwrap(), "10.0.0.0/24");
    let mut environment = recorded("env").unwrap();
    environment.sort();
    assert_eq!(
        environment,
        ["LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
        "made anew"
    );
    let status = recorded("status").unwrap();
    for line in [
        "CapInh:\t0000000000002000",
        "CapPrm:\t0000000000002000",
        "CapEff:\t0000000000002000",
        "CapAmb:\t0000000000002000",
        "NoNewPrivs:\t1",
        "Umask:\t0077",
    ] {
        assert!(status.contains(&line.to_owned()), "{line}: {status:?}");
    }
    assert_eq!(recorded("folder").unwrap(), ["/"]);
}

#[test]
fn hostile_lists_do_not_reach_nmap() {
    if !inside("hostile_lists_do_not_reach_nmap", true) {
        return;
    }
    let mut dice = Dice::new(77);
    let (mut reached, mut refused) = (0, 0);
    for round in 0..120 {
        let words = dice.list(std::process::id());
        let mut command = helper();
        command
            .args(&words)
            .env("NMAPDIR", "/tmp")
            .env("LD_PRELOAD", "/tmp/x.so");
        // Words with a NUL can't be handed to any program.
        let Ok(output) = command.output() else {
            continue;
        };
        match recorded("args") {
            Some(args) => {
                reached += 1;
                assert_eq!(harmless(&args[2..]), Ok(()), "list {round}: {words:?}");
            }
            None if words == ["check"] => {}
            None => {
                refused += 1;
                assert_eq!(output.status.code(), Some(2), "list {round}: {words:?}");
                // Before it the loader may complain of what it was told to load.
                assert!(
                    said(&output).contains("fieldscan-nmap: "),
                    "{}",
                    said(&output)
                );
            }
        }
    }
    assert!(
        reached > 10 && refused > 30,
        "both must have been seen: {reached} reached nmap, {refused} were refused"
    );
}

#[test]
fn what_is_not_in_order_starts_nothing() {
    if !inside("what_is_not_in_order_starts_nothing", true) {
        return;
    }
    let refused = |output: &Output, why: &str| {
        assert_eq!(output.status.code(), Some(2), "{why}");
        assert!(said(output).contains(why), "{why}: {}", said(output));
        assert_eq!(recorded("args"), None, "{why}: nothing is started");
    };
    let parent = list(GOOD.replace("PARENT", "1").as_str());
    refused(&helper().args(parent).output().unwrap(), "not the parent");

    let without = Command::new(shelf("without"))
        .args(list(GOOD))
        .stdin(Stdio::null())
        .output();
    refused(&without.unwrap(), "no cap_net_raw");

    for (closed, name) in [("0<&-", "standard input"), ("1>&-", "standard output")] {
        let output = Command::new("sh")
            .args(["-c", &format!("exec \"$0\" \"$@\" {closed}")])
            .arg(shelf("fieldscan-nmap"))
            .args(list(GOOD))
            .stdin(Stdio::null())
            .output();
        refused(&output.unwrap(), name);
    }
    let output = Command::new("sh")
        .args(["-c", "exec \"$0\" \"$@\" 2>&-"])
        .arg(shelf("fieldscan-nmap"))
        .args(list(GOOD))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(2),
        "nobody would hear of a fault"
    );
    assert_eq!(recorded("args"), None);

    fs::set_permissions(shelf("nmap"), fs::Permissions::from_mode(0o757)).unwrap();
    refused(
        &helper().args(list(GOOD)).output().unwrap(),
        "that only root can change",
    );
}

#[test]
fn the_real_nmap_sees_the_hardware_address_without_root() {
    if !inside(
        "the_real_nmap_sees_the_hardware_address_without_root",
        false,
    ) {
        return;
    }
    let output = helper().arg("check").output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "fieldscan-nmap 2 /usr/bin/nmap\n"
    );
    let without = Command::new("nmap")
        .args(["--privileged", "-sn", "-n", "10.9.0.2/32"])
        .output()
        .unwrap();
    assert!(
        !without.status.success(),
        "nmap itself has no raw sockets, or the test shows nothing"
    );
    let output = helper()
        .args(list(
            "scan parent=PARENT profile=fast rate=1000 trace=on 10.9.0.0/29",
        ))
        .output()
        .unwrap();
    let xml = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{xml}{}", said(&output));
    for seen in ["10.9.0.2", "reason=\"arp-response\"", "addrtype=\"mac\""] {
        assert!(xml.contains(seen), "{seen}: {xml}");
    }
    let trace = said(&output);
    assert!(
        trace.contains("ARP reply 10.9.0.2 is-at "),
        "each packet is told on standard error: {trace}"
    );
}

#[test]
fn killing_the_agent_leaves_no_nmap() {
    if !inside("killing_the_agent_leaves_no_nmap", false) {
        return;
    }
    // Nobody answers behind that router: alone, nmap would go on for minutes.
    let mut agent = Command::new("sh")
        .args([
            "-c",
            "\"$0\" scan parent=$$ profile=gentle rate=10 trace=off 10.20.0.0/24 > \"$0.out\" 2>&1 & echo $!; wait",
        ])
        .arg(shelf("fieldscan-nmap"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(
        &mut std::io::BufReader::new(agent.stdout.take().unwrap()),
        &mut line,
    )
    .unwrap();
    let name = || fs::read_to_string(format!("/proc/{}/comm", line.trim())).unwrap_or_default();
    let begun = || fs::read_to_string(shelf("fieldscan-nmap.out")).unwrap_or_default();
    assert!(
        until(|| begun().contains("<debugging")),
        "nmap runs: {:?} {}",
        name(),
        begun()
    );
    assert_eq!(name(), "nmap\n", "and goes on: {}", begun());
    agent.kill().unwrap();
    agent.wait().unwrap();
    let state = || {
        let stat = fs::read_to_string(format!("/proc/{}/stat", line.trim())).unwrap_or_default();
        stat.rsplit_once(") ")
            .map(|(_, rest)| rest.starts_with('Z'))
    };
    assert!(
        until(|| state().is_none_or(|dead| dead)),
        "nmap ends with whoever asked for it"
    );
}

/// Waits until it is so, for 10 s at the most.
fn until(so: impl Fn() -> bool) -> bool {
    let end = Instant::now() + Duration::from_secs(10);
    while Instant::now() < end {
        if so() {
            return true;
        }
        std::thread::yield_now();
    }
    so()
}
