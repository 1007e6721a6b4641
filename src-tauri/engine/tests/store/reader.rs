//! Reading while another process writes, while none does, and where nothing may be written.

use std::{collections::BTreeMap, fs, path::Path};

use fieldscan_engine::store::{OpenError, Reader};

use crate::{disk_full, make::*, process};

fn bytes(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(dir)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            (
                entry.file_name().into_string().unwrap(),
                fs::read(entry.path()).unwrap(),
            )
        })
        .collect()
}

#[test]
fn a_missing_database_is_none_and_is_not_made() {
    let dir = tempfile::tempdir().unwrap();
    assert!(Reader::open(dir.path()).unwrap().is_none());
    assert!(Reader::open(&dir.path().join("missing")).unwrap().is_none());
    assert!(bytes(dir.path()).is_empty(), "a reader makes nothing");
    drop(open(dir.path()));
    let reader = Reader::open(dir.path())
        .unwrap()
        .expect("an empty database is not a missing one");
    assert!(reader.assignment(&key()).unwrap().is_none());
    assert!(reader.restore(&key()).unwrap().reports.is_empty());
}

#[test]
fn it_reads_without_a_process_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store
        .commit(&key(), &finished(1, 4, vec![host(ip(1))]))
        .unwrap();
    drop(store);
    let before = bytes(dir.path());
    {
        let reader = Reader::open(dir.path()).unwrap().unwrap();
        assert_eq!(reader.restore(&key()).unwrap().reports.len(), 1);
    }
    let after = bytes(dir.path());
    assert_eq!(after["fieldscan.db"], before["fieldscan.db"]);
    assert!(
        after.get("fieldscan.db-wal").is_none_or(Vec::is_empty),
        "nothing was written"
    );
    // And it doesn't keep the agent from starting.
    let reader = Reader::open(dir.path()).unwrap().unwrap();
    let mut store = open(dir.path());
    store
        .commit(&key(), &finished(2, 4, vec![host(ip(1))]))
        .unwrap();
    assert_eq!(
        reader.restore(&key()).unwrap().reports.len(),
        2,
        "it sees what is committed meanwhile"
    );
}

#[test]
fn it_reads_what_a_killed_process_left_in_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = process::again("process::what_was_committed_survives_kill_9", dir.path())
        .spawn()
        .unwrap();
    let told: u64 = process::told(&mut child).nth(5).unwrap().parse().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let before = bytes(dir.path());
    for with_index in [true, false] {
        if !with_index {
            fs::remove_file(dir.path().join("fieldscan.db-shm")).unwrap();
        }
        let reader = Reader::open(dir.path()).unwrap().unwrap();
        let reports = reader.restore(&key()).unwrap().reports;
        assert!(reports.len() as u64 >= told, "{} of {told}", reports.len());
        drop(reader);
        let after = bytes(dir.path());
        assert_eq!(
            after["fieldscan.db"], before["fieldscan.db"],
            "a reader plays no log into the database"
        );
        assert_eq!(after["fieldscan.db-wal"], before["fieldscan.db-wal"]);
    }
}

#[test]
fn it_reads_whole_commits_while_another_process_writes() {
    if let Some(dir) = process::role() {
        process::write_for_ever(&dir);
    }
    let dir = tempfile::tempdir().unwrap();
    let mut child = process::again(
        "reader::it_reads_whole_commits_while_another_process_writes",
        dir.path(),
    )
    .spawn()
    .unwrap();
    let mut told = process::told(&mut child);
    let mut seen = 0;
    for _ in 0..25 {
        let committed: u64 = told.next().unwrap().parse().unwrap();
        let reader = Reader::open(dir.path()).unwrap().unwrap();
        let restored = reader.restore(&key()).unwrap();
        let newest = restored.reports.len() as u64;
        assert!(newest >= committed, "what is committed is seen");
        assert_eq!(restored.last_ids.scan.0, newest, "one moment, not two");
        assert_eq!(restored.last_scans[0].id.0, newest);
        assert_eq!(
            reader
                .hosts_of_scan(restored.last_scans[0].id)
                .unwrap()
                .len(),
            50
        );
        seen = seen.max(newest);
    }
    assert!(seen > 20, "the writer went on meanwhile");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn it_reads_where_it_may_not_write() {
    let Some(dir) = process::role() else {
        if let Err(reason) =
            disk_full::in_own_file_system("reader::it_reads_where_it_may_not_write", "8m")
        {
            crate::skip::skip_named("it_reads_where_it_may_not_write", &reason);
        }
        return;
    };
    let remount = |how: &str| {
        let status = std::process::Command::new("mount")
            .args(["-o", how])
            .arg(&dir)
            .status()
            .unwrap();
        assert!(status.success(), "remount as {how}");
    };
    let mut store = open(&dir);
    store
        .commit(&key(), &finished(1, 4, vec![host(ip(1))]))
        .unwrap();
    drop(store);
    remount("remount,ro");
    let reader = Reader::open(&dir).unwrap().unwrap();
    assert_eq!(
        reader.restore(&key()).unwrap().reports.len(),
        1,
        "no log, no index, no right to make them"
    );
    drop(reader);
    let error = fieldscan_engine::store::Store::open(&dir, at(0)).unwrap_err();
    assert!(
        matches!(
            &error,
            OpenError::Store(fieldscan_engine::store::StoreError::NoAccess { .. })
        ),
        "{error:?}"
    );

    // With a log that a killed process left.
    remount("remount,rw");
    let mut child = process::again("process::what_was_committed_survives_kill_9", &dir)
        .spawn()
        .unwrap();
    let told: u64 = process::told(&mut child).nth(5).unwrap().parse().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    remount("remount,ro");
    let reader = Reader::open(&dir).unwrap().unwrap();
    assert!(reader.restore(&key()).unwrap().reports.len() as u64 >= told);
}
