//! A disk that is really full: a small file system in a mount namespace of its own.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use fieldscan_core::{
    delivery::State,
    ids::{ReportId, SubnetId},
    problem::Problem,
};
use fieldscan_engine::store::{OpenError, Store, StoreError};

use crate::{make::*, process};

/// Runs a test again with a file system of `size` mounted on a folder of its own. Says why, where that is not to be had.
pub(crate) fn in_own_file_system(test: &str, size: &str) -> Result<(), String> {
    let dir = tempfile::tempdir().unwrap();
    let script = r#"mount -t tmpfs -o "size=$1" fieldscan-test "$STORE_TEST_DIR" || exit 77
        shift; exec "$@""#;
    let exe = std::env::current_exe().unwrap();
    let output = Command::new("unshare")
        .args(["-Urm", "sh", "-c", script, "sh", size])
        .arg(exe)
        .args(["--exact", test, "--nocapture"])
        .env("STORE_TEST_DIR", dir.path())
        .stdin(Stdio::null())
        .output();
    let output = match output {
        Ok(output) => output,
        Err(error) => return Err(format!("no unshare: {error}")),
    };
    let stderr = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(77) || stderr.starts_with("unshare:") {
        return Err(format!("no mount namespace: {}", stderr.trim()));
    }
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{stdout}\n{stderr}");
    assert!(stdout.contains("1 passed"), "the test ran inside: {stdout}");
    Ok(())
}

fn fill(dir: &Path) {
    let mut filler = fs::File::options()
        .append(true)
        .create(true)
        .open(dir.join("filler"))
        .unwrap();
    for size in [65_536, 4_096, 1] {
        while filler.write_all(&vec![0; size]).is_ok() {}
    }
}

#[test]
fn a_full_disk_is_told_and_what_was_accepted_is_intact() {
    let Some(dir) = process::role() else {
        if let Err(reason) = in_own_file_system(
            "disk_full::a_full_disk_is_told_and_what_was_accepted_is_intact",
            "4m",
        ) {
            crate::skip::skip_named(
                "a_full_disk_is_told_and_what_was_accepted_is_intact",
                &reason,
            );
        }
        return;
    };
    let data = dir.join("data");
    let mut store = open(&data);
    let cached = book(
        (0..20)
            .map(|last| address(u64::from(last), 4, ip(last)))
            .collect(),
    );
    store.save_addresses(&key(), SubnetId(4), &cached).unwrap();
    store
        .commit(&key(), &finished(1, 4, vec![host(ip(1))]))
        .unwrap();
    fill(&dir);

    // Goes on until what was set aside in the log's file is used up.
    let mut accepted = 1;
    let error = loop {
        let hosts = (0..200).map(|last| host(ip(last))).collect();
        match store.commit(&key(), &finished(accepted + 1, 4, hosts)) {
            Ok(()) => accepted += 1,
            Err(error) => break error,
        }
        assert!(accepted < 1_000, "the disk never filled");
    };
    assert!(matches!(error, StoreError::Full), "{error:?}");
    assert_eq!(Problem::from(error), Problem::DiskFull);
    let large = book(
        (0..9_000)
            .map(|last| address(u64::from(last), 4, ip(last)))
            .collect(),
    );
    assert!(matches!(
        store.save_addresses(&key(), SubnetId(4), &large),
        Err(StoreError::Full)
    ));

    let intact = |store: &Store| {
        let restored = store.reader().restore(&key()).unwrap();
        let ids: Vec<u64> = restored.reports.iter().map(|report| report.id.0).collect();
        assert_eq!(
            ids,
            (1..=accepted).collect::<Vec<_>>(),
            "every accepted report, and nothing of the failed one"
        );
        assert_eq!(
            store
                .reader()
                .address_book(&key(), SubnetId(4))
                .unwrap()
                .as_ref(),
            Some(&cached),
            "the cache from before"
        );
    };
    intact(&store);
    drop(store);

    // A start on the full disk either works or says what is wrong; it never takes the database for damaged.
    match Store::open(&data, at(0)) {
        Ok(opened) => {
            assert_eq!(opened.notes, []);
            intact(&opened.store);
        }
        Err(OpenError::Store(error)) => assert!(matches!(error, StoreError::Full), "{error:?}"),
        Err(error) => panic!("{error:?}"),
    }

    fs::remove_file(dir.join("filler")).unwrap();
    let mut store = open(&data);
    intact(&store);
    store
        .save_report(&later(
            &report(1, 1, 4, vec![ip(1)]),
            9,
            State::Confirmed { at: at(9) },
        ))
        .unwrap();
    store.save_addresses(&key(), SubnetId(4), &large).unwrap();
    store
        .commit(&key(), &finished(accepted + 1, 4, vec![host(ip(1))]))
        .unwrap();
    assert!(
        store
            .reader()
            .report(ReportId(accepted + 1))
            .unwrap()
            .is_some(),
        "it works again"
    );
}

#[test]
fn a_disk_without_room_for_a_database_is_told() {
    let Some(dir) = process::role() else {
        if let Err(reason) = in_own_file_system(
            "disk_full::a_disk_without_room_for_a_database_is_told",
            "1m",
        ) {
            crate::skip::skip_named("a_disk_without_room_for_a_database_is_told", &reason);
        }
        return;
    };
    let data = dir.join("data");
    fs::create_dir(&data).unwrap();
    fill(&dir);
    let error = Store::open(&data, at(0)).unwrap_err();
    assert_eq!(Problem::from(error), Problem::DiskFull);
    fs::remove_file(dir.join("filler")).unwrap();
    drop(open(&data));
}

#[test]
fn damage_on_a_full_disk_loses_nothing() {
    let Some(dir) = process::role() else {
        if let Err(reason) =
            in_own_file_system("disk_full::damage_on_a_full_disk_loses_nothing", "4m")
        {
            crate::skip::skip_named("damage_on_a_full_disk_loses_nothing", &reason);
        }
        return;
    };
    let data = dir.join("data");
    let mut store = open(&data);
    store
        .commit(&key(), &finished(1, 4, vec![host(ip(1))]))
        .unwrap();
    store
        .commit(&key(), &finished(2, 4, vec![host(ip(1))]))
        .unwrap();
    drop(store);
    let other = rusqlite::Connection::open(data.join("fieldscan.db")).unwrap();
    other
        .execute("UPDATE reports SET journey = '' WHERE id = 1", [])
        .unwrap();
    drop(other);
    let mut store = open(&data);
    store.reader().restore(&key()).unwrap_err();
    fill(&dir);
    assert!(matches!(store.set_aside(at(0)), Err(StoreError::Full)));
    fs::remove_file(dir.join("filler")).unwrap();
    store.set_aside(at(0)).unwrap();
    let reports = store.reader().restore(&key()).unwrap().reports;
    assert_eq!(
        reports.len(),
        1,
        "the readable report is taken over once there is room"
    );
}
