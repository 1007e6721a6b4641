//! More than one process: the lock, and a writer that is killed.
//!
//! A test runs its own executable again as the other process, told by `STORE_TEST_DIR` what to work on.

use std::{
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use fieldscan_core::ids::{ReportId, ScanId};
use fieldscan_engine::store::{OpenError, Store, holder};

use crate::make::*;

/// Where the other process works, if this is one.
pub(crate) fn role() -> Option<PathBuf> {
    std::env::var_os("STORE_TEST_DIR").map(PathBuf::from)
}

/// This executable, to run one test as the other process. It tells on standard error, which libtest leaves alone.
pub(crate) fn again(test: &str, dir: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--nocapture"])
        .env("STORE_TEST_DIR", dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

pub(crate) fn told(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map(|line| line.unwrap())
}

/// Commits scans without end, and tells each after it is committed.
pub(crate) fn write_for_ever(dir: &Path) -> ! {
    let mut store = Store::open(dir, at(0)).unwrap().store;
    let first = store.reader().restore(&key()).unwrap().last_ids.scan.0 + 1;
    for id in first.. {
        let hosts = (0..50).map(|last| host(ip(last))).collect();
        store.commit(&key(), &finished(id, 4, hosts)).unwrap();
        eprintln!("{id}");
    }
    unreachable!()
}

#[test]
fn a_second_process_is_told_who_holds_the_folder() {
    if let Some(dir) = role() {
        let _store = open(&dir);
        eprintln!("ready");
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    assert_eq!(holder(path).unwrap(), None, "an empty folder is nobody's");
    let mut child = again(
        "process::a_second_process_is_told_who_holds_the_folder",
        path,
    )
    .spawn()
    .unwrap();
    assert_eq!(told(&mut child).next().as_deref(), Some("ready"));

    let by = match Store::open(path, at(9)) {
        Err(OpenError::Held { by: Some(by) }) => by,
        other => panic!("one process at a time: {other:?}"),
    };
    assert_eq!(by.pid, child.id(), "a person must find the process");
    assert_eq!(by.since, at(0));
    assert!(by.program.starts_with("store"), "{}", by.program);
    assert_eq!(holder(path).unwrap(), Some(by));

    // However it ends, the folder is free.
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(
        holder(path).unwrap(),
        None,
        "the note that a killed process left says nothing"
    );
    drop(open(path));
    assert_eq!(holder(path).unwrap(), None);
}

#[test]
fn two_stores_in_one_process_are_refused_too() {
    let dir = tempfile::tempdir().unwrap();
    let _first = open(dir.path());
    let second = Store::open(dir.path(), at(0));
    assert!(matches!(second, Err(OpenError::Held { .. })), "{second:?}");
}

#[test]
fn what_was_committed_survives_kill_9() {
    if let Some(dir) = role() {
        write_for_ever(&dir);
    }
    let dir = tempfile::tempdir().unwrap();
    for round in 1..=8 {
        let mut child = again("process::what_was_committed_survives_kill_9", dir.path())
            .spawn()
            .unwrap();
        let mut lines = told(&mut child);
        let mut last: u64 = 0;
        for _ in 0..round * 3 {
            last = lines.next().unwrap().parse().unwrap();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines {
            // What it told before it died.
            last = line.parse().unwrap_or(last);
        }

        let store = open(dir.path());
        let reports = store.reader().restore(&key()).unwrap().reports;
        assert!(
            reports.len() as u64 >= last,
            "{} of {last} accepted reports are left",
            reports.len()
        );
        for report in &reports {
            assert!(
                store.reader().report_body(report.id).unwrap().is_some(),
                "{}",
                report.id
            );
            assert_eq!(store.reader().hosts_of_scan(report.scan).unwrap().len(), 50);
        }
        let newest = reports.len() as u64;
        assert_eq!(
            reports.last().unwrap().id,
            ReportId(newest),
            "each once, none half"
        );
        assert!(store.reader().scan(ScanId(newest + 1)).unwrap().is_none());
    }
}
