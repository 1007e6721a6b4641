//! A user, network and mount namespace of one's own, in which an unprivileged
//! process may make devices and nmap may send raw packets.
//!
//! Nothing in such a namespace can reach a real network. It is entered by
//! starting a program anew (a process that has threads can't change over), and
//! it is gone when its last process is.

use std::{
    ffi::OsStr,
    fs::OpenOptions,
    io::Write as _,
    net::IpAddr,
    path::Path,
    process::{Command, Stdio},
    sync::OnceLock,
};

use anyhow::{Context as _, Result, ensure};

use crate::skip::skip_named;

/// Set in every process of a namespace made here.
const NAMESPACE: &str = "FIELDSCAN_NAMESPACE";
/// Set to the test's name in the process that runs its body.
const TEST: &str = "FIELDSCAN_NAMESPACE_TEST";
const ENTERED: &str = "in a namespace:";

/// Whether namespaces and TAP devices are to be had here.
///
/// # Errors
/// The reason why not, in words.
pub fn available() -> Result<(), String> {
    static ANSWER: OnceLock<Result<(), String>> = OnceLock::new();
    ANSWER.get_or_init(probe).clone()
}

fn probe() -> Result<(), String> {
    if !cfg!(target_os = "linux") {
        return Err("network namespaces exist on Linux only".to_owned());
    }
    if inside() {
        return Ok(());
    }
    // Opening alone makes no device.
    if let Err(error) = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/net/tun")
    {
        return Err(format!("/dev/net/tun can't be opened: {error}"));
    }
    let mut command = command_in_namespace("ip");
    command
        .args(["tuntap", "add", "dev", "probe", "mode", "tap"])
        .stdin(Stdio::null());
    match command.output() {
        Err(error) => Err(format!(
            "`unshare` (package util-linux) can't be started: {error}"
        )),
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let words = String::from_utf8_lossy(&output.stderr);
            let words = words.trim().replace('\n', "; ");
            Err(format!(
                "no TAP device in a user and network namespace: {words}"
            ))
        }
    }
}

/// Whether this process is in a namespace made by [`command_in_namespace`].
pub fn inside() -> bool {
    // A variable alone may have leaked, and a container may have one user too.
    let maps = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let users = maps.lines().map(|line| line.split_whitespace().last());
    std::env::var_os(NAMESPACE).is_some() && users.eq([Some("1")])
}

/// A command that runs `program` as the root of a new namespace, in which no
/// interface is up yet (see [`loopback_up`]). Same process id, user, files and
/// environment, which must not be cleared. Arguments may be added.
pub fn command_in_namespace(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("unshare");
    command
        .env(NAMESPACE, "1")
        .args(["--user", "--map-root-user", "--net", "--mount", "--"])
        .arg(program);
    command
}

/// Brings up 127.0.0.1 and ::1. Once is enough, more do no harm.
///
/// # Errors
/// When not inside a namespace of our own, or `ip` fails.
pub fn loopback_up() -> Result<()> {
    ip(&["link set dev lo up".to_owned()])
}

/// Sends what goes to no network of its own over this gateway.
///
/// # Errors
/// When not inside a namespace of our own, or there is no such neighbour.
pub fn default_route(gateway: IpAddr) -> Result<()> {
    ip(&[format!("route replace default via {gateway}")])
}

/// Makes `server` the system's name server, for what runs in this namespace.
///
/// # Errors
/// When not inside a namespace of our own, or `/etc/resolv.conf` can't be
/// covered, for instance because there is none.
pub fn system_name_server(server: IpAddr) -> Result<()> {
    ensure!(
        inside(),
        "refusing to change name resolution outside a namespace of our own"
    );
    let mut file = tempfile::NamedTempFile::new()?;
    writeln!(file, "nameserver {server}\noptions timeout:1 attempts:2")?;
    // The mount holds the file when its name is gone.
    let output = Command::new("mount")
        .arg("--bind")
        .args([file.path(), Path::new("/etc/resolv.conf")])
        .stdin(Stdio::null())
        .output()
        .context("`mount` can't be started")?;
    let words = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "mount: {}", words.trim());
    Ok(())
}

/// Runs commands of `ip`, one a line, all or up to the first that fails.
pub(super) fn ip(commands: &[String]) -> Result<()> {
    ensure!(
        inside(),
        "refusing to change the network outside a namespace of our own"
    );
    let mut child = Command::new("ip")
        .args(["-batch", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("`ip` (package iproute2) can't be started")?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all((commands.join("\n") + "\n").as_bytes())?;
    }
    let output = child.wait_with_output()?;
    let words = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "ip {commands:?}: {}", words.trim());
    Ok(())
}

/// Runs the body of a test inside a namespace of its own, loopback up.
///
/// Outside, it starts the running test executable again for exactly this test
/// and fails when that fails, with its output. Works in libtest and nextest,
/// for many tests at once. Where namespaces aren't to be had, it says so by
/// [`skip_named`] and returns.
///
/// `test` is the test's name as libtest has it, modules included and crate
/// left out.
///
/// # Panics
/// When the test fails inside, or no test has that name.
pub fn in_namespace(test: &str, body: impl FnOnce()) {
    if std::env::var_os(TEST).is_some_and(|name| name == test) {
        // Starting once more would never end.
        assert!(inside(), "{test} was started again outside a namespace");
        eprintln!("{ENTERED} {test}");
        if let Err(error) = loopback_up() {
            panic!("{error:#}");
        }
        return body();
    }
    if let Err(reason) = available() {
        return skip_named(test, &reason);
    }
    let output = std::env::current_exe().and_then(|executable| {
        command_in_namespace(executable)
            .args(["--exact", test, "--nocapture", "--include-ignored"])
            .env(TEST, test)
            .stdin(Stdio::null())
            .output()
    });
    let output = match output {
        Ok(output) => output,
        Err(error) => panic!("{test} can't be run in a namespace: {error}"),
    };
    let words = String::from_utf8_lossy(&output.stderr);
    eprint!("{}{words}", String::from_utf8_lossy(&output.stdout));
    assert!(
        words.contains(&format!("{ENTERED} {test}\n")),
        "{test} did not run: in_namespace must be given the test's own full name"
    );
    assert!(
        output.status.success(),
        "{test} failed in its namespace: {}",
        output.status
    );
}
