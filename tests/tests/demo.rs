//! The demonstration itself: it succeeds, says so, and leaves nothing behind, however it ends.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "what a test's helper can't do fails the test"
)]

use std::{
    io::{BufRead as _, BufReader},
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use fieldscan_tests::{
    network,
    site::{Ended, built_program, run_to_end, wait_until},
    skip::skip,
};
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

const BOUND: Duration = Duration::from_secs(120);

/// The demonstration, with `folder` as the only place where it may leave anything.
fn demo(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fieldscan-demo"));
    command
        .env("FIELDSCAN_BIN", built_program().unwrap())
        .env("TMPDIR", folder)
        .env("HOME", folder);
    command
}

fn left_in(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn show(command: Command) -> Ended {
    let ended = run_to_end(command, b"", BOUND).unwrap();
    assert_eq!(ended.code, Some(0), "the demonstration: {}", ended.words());
    assert!(
        ended.took < Duration::from_secs(60),
        "nobody watches for longer than a minute: {:?}",
        ended.took
    );
    assert!(
        ended
            .stdout
            .contains("Confirmed: all of it seen in phpIPAM"),
        "each report's journey is shown: {}",
        ended.stdout
    );
    ended
}

#[test]
fn the_demonstration_succeeds_and_leaves_nothing_behind() {
    if let Err(reason) = network::available() {
        return skip(&reason);
    }
    let folder = tempfile::tempdir().unwrap();
    let ended = show(demo(folder.path()));
    assert!(
        ended
            .stdout
            .contains("no packet went to an excluded address")
    );
    assert_eq!(left_in(folder.path()), [] as [&Path; 0]);

    let mut keeping = demo(folder.path());
    keeping.arg("--keep");
    show(keeping);
    let kept = left_in(folder.path());
    assert!(
        kept.len() == 1 && kept[0].join("data/fieldscan.db").is_file(),
        "with --keep the folder stays: {kept:?}"
    );
}

#[test]
fn without_namespaces_the_demonstration_scans_loopback() {
    let folder = tempfile::tempdir().unwrap();
    // A system that has no namespaces, played by the program that makes them.
    let programs = tempfile::tempdir().unwrap();
    let unshare = programs.path().join("unshare");
    std::fs::write(
        &unshare,
        "#!/bin/sh\necho 'unshare: not here' >&2\nexit 1\n",
    )
    .unwrap();
    std::fs::set_permissions(&unshare, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut path = vec![programs.path().to_owned()];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));

    let mut command = demo(folder.path());
    command.env("PATH", std::env::join_paths(path).unwrap());
    let ended = show(command);
    assert!(
        ended.stdout.contains("scans loopback instead"),
        "it says what it does instead, and why: {}",
        ended.stdout
    );
    assert_eq!(left_in(folder.path()), [] as [&Path; 0]);
}

#[test]
fn a_demonstration_that_is_stopped_leaves_nothing_behind() {
    if let Err(reason) = network::available() {
        return skip(&reason);
    }
    let folder = tempfile::tempdir().unwrap();
    let mut child = demo(folder.path())
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(
        lines.any(|line| line.unwrap().starts_with("$ fieldscan scan")),
        "the scan begins"
    );
    // As a terminal does it on Ctrl-C: to the demonstration and to the agent.
    killpg(
        Pid::from_raw(child.id().try_into().unwrap()),
        Signal::SIGINT,
    )
    .unwrap();
    for line in lines {
        line.unwrap();
    }
    let mut status = None;
    assert!(
        wait_until(BOUND, || {
            status = child.try_wait().unwrap();
            status.is_some()
        }),
        "it ends"
    );
    assert_eq!(
        status.unwrap().code(),
        Some(130),
        "as programs do that are stopped"
    );
    assert_eq!(left_in(folder.path()), [] as [&Path; 0]);
}

#[test]
#[cfg(target_os = "linux")]
fn the_demonstration_on_a_desktop_scans_through_the_tray() {
    if let Some(reason) = fieldscan_tests::desktop::missing_desk() {
        return skip(&reason);
    }
    if let Err(reason) = network::available() {
        return skip(&reason);
    }
    let folder = tempfile::tempdir().unwrap();
    let pictures = tempfile::tempdir().unwrap();
    let mut command = demo(folder.path());
    command
        .env(
            "FIELDSCAN_TRAY_BIN",
            fieldscan_tests::desktop::built_tray().unwrap(),
        )
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .arg("--desktop")
        .arg(pictures.path());
    let ended = run_to_end(command, b"", 3 * BOUND).unwrap();
    assert_eq!(ended.code, Some(0), "{}", ended.words());
    assert!(
        ended.stdout.contains("all 5 reports are Confirmed"),
        "{}",
        ended.stdout
    );
    for name in ["overview", "reports", "history"] {
        let picture = std::fs::read(pictures.path().join(name).with_extension("png")).unwrap();
        assert!(picture.starts_with(b"\x89PNG"), "a picture of {name}");
    }
    assert_eq!(left_in(folder.path()), [] as [&Path; 0]);
}
