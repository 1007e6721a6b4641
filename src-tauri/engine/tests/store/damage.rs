//! Damaged databases are set aside and told, newer ones left alone, and what can be read of the outbox is taken over.

use std::{
    fs,
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use fieldscan_core::{ids::SubnetId, problem::Problem};
use fieldscan_engine::store::{OpenError, Reader, Store, StoreError};

use crate::{make::*, process};

fn database(dir: &Path) -> PathBuf {
    dir.join("fieldscan.db")
}

/// A database with a few hundred pages, closed in order.
fn filled(dir: &Path) {
    let mut store = open(dir);
    store
        .save_assignment(&key(), &assignment(vec![subnet(4, "10.0.0.0/22")]))
        .unwrap();
    let addresses = (0..1000)
        .map(|last| address(u64::from(last), 4, ip(last)))
        .collect();
    store
        .save_addresses(&key(), SubnetId(4), &book(addresses))
        .unwrap();
    for id in 1..=5 {
        let hosts = (0..200).map(|last| host(ip(last))).collect();
        store.commit(&key(), &finished(id, 4, hosts)).unwrap();
    }
}

fn overwrite(path: &Path, offset: u64, bytes: &[u8]) {
    let mut file = fs::File::options().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(offset)).unwrap();
    file.write_all(bytes).unwrap();
}

/// Opens what was damaged; returns the path that the note tells and the store, which must work.
fn open_damaged(dir: &Path) -> (PathBuf, Store) {
    let damaged = fs::read(database(dir)).unwrap();
    let mut opened = Store::open(dir, at(0)).expect("the agent starts on a damaged database");
    let path = match opened.notes.as_slice() {
        [Problem::StoreSetAside { path }] => PathBuf::from(path),
        other => panic!("what was set aside must be told: {other:?}"),
    };
    assert!(
        path.file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("fieldscan.db.damaged-20260301T000000Z")
    );
    assert_eq!(fs::read(&path).unwrap(), damaged, "it is kept as it was");
    let next = opened
        .store
        .reader()
        .restore(&key())
        .unwrap()
        .last_ids
        .scan
        .0
        + 1;
    opened
        .store
        .commit(&key(), &finished(next.max(100), 4, vec![host(ip(1))]))
        .unwrap();
    (path, opened.store)
}

#[test]
fn every_kind_of_damage_is_set_aside_and_told() {
    type Damage = fn(&Path);
    let kinds: [(&str, Damage); 7] = [
        ("garbage in the header", |path| {
            overwrite(path, 0, &[0xa5; 100])
        }),
        ("zeroes in the header", |path| overwrite(path, 0, &[0; 100])),
        ("an empty file", |path| {
            fs::File::options()
                .write(true)
                .open(path)
                .unwrap()
                .set_len(0)
                .unwrap()
        }),
        ("another file", |path| {
            fs::write(path, "nofusscomputing_phpipam_scan_agent:\n").unwrap()
        }),
        ("a file cut short", |path| {
            let size = fs::metadata(path).unwrap().len();
            fs::File::options()
                .write(true)
                .open(path)
                .unwrap()
                .set_len(size / 2 + 100)
                .unwrap();
        }),
        ("pages of garbage", |path| {
            let size = fs::metadata(path).unwrap().len();
            for offset in (8 * 4096..size).step_by(5 * 4096) {
                overwrite(path, offset, &[0x5a; 4096]);
            }
        }),
        ("pages of zeroes", |path| {
            let size = fs::metadata(path).unwrap().len();
            for offset in (8 * 4096..size).step_by(5 * 4096) {
                overwrite(path, offset, &[0; 4096]);
            }
        }),
    ];
    for (kind, damage) in kinds {
        let dir = tempfile::tempdir().unwrap();
        filled(dir.path());
        damage(&database(dir.path()));
        let reading = Reader::open(dir.path()).and_then(|reader| {
            let reader = reader.expect("a damaged database is not a missing one");
            Ok(reader.load(&key(), SubnetId(4)).map(drop)?)
        });
        assert!(
            !matches!(
                reading,
                Err(OpenError::Held { .. } | OpenError::Newer { .. })
            ),
            "{kind}: {reading:?}"
        );
        let (_, store) = open_damaged(dir.path());
        drop(store);
        drop(open(dir.path()));
    }
}

#[test]
fn accepted_reports_are_taken_over_from_a_damaged_database() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    // The root page of the addresses' table: its rows are lost, the outbox is not.
    let root: u64 = {
        let conn = rusqlite::Connection::open(database(dir.path())).unwrap();
        conn.query_row(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'addresses'",
            [],
            |row| row.get::<_, i64>(0),
        )
        .unwrap() as u64
    };
    overwrite(&database(dir.path()), (root - 1) * 4096, &[0xff; 4096]);
    let (_, store) = open_damaged(dir.path());
    let restored = store.reader().restore(&key()).unwrap();
    let ids: Vec<u64> = restored.reports.iter().map(|report| report.id.0).collect();
    assert_eq!(
        ids,
        [1, 2, 3, 4, 5, 100],
        "no accepted report is lost that can still be read"
    );
    assert_eq!(
        store
            .reader()
            .report_body(restored.reports[2].id)
            .unwrap()
            .unwrap()
            .0,
        "{\"scan\":3}"
    );
    assert!(restored.assignment.is_none(), "the cache is fetched again");
}

#[test]
fn damage_met_at_work_can_be_set_aside_without_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let mut store = open(dir.path());
    // A value that no version writes: nothing that SQLite would see when it is opened.
    let other = rusqlite::Connection::open(database(dir.path())).unwrap();
    other
        .execute("UPDATE reports SET state = '{' WHERE id = 2", [])
        .unwrap();
    drop(other);
    let error = store.reader().restore(&key()).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    let note = store.set_aside(at(3)).unwrap();
    assert!(matches!(note, Problem::StoreSetAside { .. }));
    let restored = store.reader().restore(&key()).unwrap();
    assert_eq!(
        restored
            .reports
            .iter()
            .map(|report| report.id.0)
            .collect::<Vec<_>>(),
        [1, 3, 4, 5]
    );
    assert_eq!(restored.last_ids.scan.0, 5, "ids go on rising");
    store
        .commit(&key(), &finished(6, 4, vec![host(ip(1))]))
        .unwrap();
    drop(store);
    assert_eq!(
        open(dir.path())
            .reader()
            .restore(&key())
            .unwrap()
            .reports
            .len(),
        5
    );
}

#[test]
fn two_damaged_databases_in_one_second_are_both_kept() {
    let dir = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for _ in 0..3 {
        filled(dir.path());
        overwrite(&database(dir.path()), 0, &[7; 100]);
        let (path, store) = open_damaged(dir.path());
        drop(store);
        fs::remove_file(database(dir.path())).unwrap();
        paths.push(path);
    }
    assert!(paths.iter().all(|path| path.exists()), "{paths:?}");
}

/// A folder as `kill -9` leaves it: the last commits stand in the log only.
fn killed(dir: &Path) {
    let mut child = process::again("process::what_was_committed_survives_kill_9", dir)
        .spawn()
        .unwrap();
    let _ = process::told(&mut child).nth(6);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        fs::metadata(dir.join("fieldscan.db-wal")).unwrap().len() > 0,
        "a test of the log needs one"
    );
}

#[test]
fn a_log_that_is_lost_or_garbage_does_not_keep_the_agent_from_starting() {
    type Damage = fn(&Path);
    let kinds: [(&str, Damage); 4] = [
        ("the log is gone", |wal| fs::remove_file(wal).unwrap()),
        ("garbage in the log", |wal| {
            overwrite(wal, 32, &[0x33; 9000])
        }),
        ("a log cut short", |wal| {
            let size = fs::metadata(wal).unwrap().len();
            fs::File::options()
                .write(true)
                .open(wal)
                .unwrap()
                .set_len(size - 1000)
                .unwrap();
        }),
        ("a log alone", |wal| {
            fs::remove_file(wal.with_file_name("fieldscan.db")).unwrap()
        }),
    ];
    for (kind, damage) in kinds {
        let dir = tempfile::tempdir().unwrap();
        killed(dir.path());
        damage(&dir.path().join("fieldscan.db-wal"));
        let mut opened =
            Store::open(dir.path(), at(0)).unwrap_or_else(|error| panic!("{kind}: {error}"));
        if kind == "a log alone" {
            let [Problem::StoreSetAside { path }] = opened.notes.as_slice() else {
                panic!(
                    "what the log held is lost, and that must be told: {:?}",
                    opened.notes
                );
            };
            assert!(Path::new(path).exists(), "{path}");
            let reports = opened.store.reader().restore(&key()).unwrap().reports;
            assert_eq!(
                reports,
                [],
                "the old log must not be played into the new database"
            );
        }
        let restored = opened.store.reader().restore(&key()).unwrap();
        for report in &restored.reports {
            assert!(
                opened
                    .store
                    .reader()
                    .report_body(report.id)
                    .unwrap()
                    .is_some(),
                "{kind}: whole commits or none"
            );
        }
        let next = restored.last_ids.scan.0 + 1;
        opened
            .store
            .commit(&key(), &finished(next, 4, vec![host(ip(1))]))
            .unwrap();
        drop(opened);
        drop(open(dir.path()));
    }
}

#[test]
fn a_newer_database_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let conn = rusqlite::Connection::open(database(dir.path())).unwrap();
    conn.pragma_update(None, "user_version", 9).unwrap();
    drop(conn);
    let before = fs::read(database(dir.path())).unwrap();
    for _ in 0..2 {
        let error = Store::open(dir.path(), at(0)).unwrap_err();
        assert!(
            matches!(error, OpenError::Newer { found: 9, .. }),
            "{error}"
        );
        assert!(error.to_string().contains("newer Fieldscan"), "{error}");
        let error = Reader::open(dir.path()).unwrap_err();
        assert!(
            matches!(error, OpenError::Newer { found: 9, .. }),
            "{error}"
        );
    }
    assert_eq!(
        fs::read(database(dir.path())).unwrap(),
        before,
        "not a byte of it is touched"
    );
    let names: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        !names
            .iter()
            .any(|name| name.to_str().unwrap().contains("damaged")),
        "{names:?}"
    );
}

#[test]
fn a_process_that_dies_while_it_makes_the_database_leaves_no_half_one() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("fieldscan.db.new"), "half").unwrap();
    drop(open(dir.path()));
    assert!(!dir.path().join("fieldscan.db.new").exists());
}

#[test]
fn a_folder_that_is_a_file_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("data");
    fs::write(&file, "").unwrap();
    let error = Store::open(&file.join("below"), at(0)).unwrap_err();
    assert!(
        matches!(&error, OpenError::Store(StoreError::NoAccess { detail }) if detail.contains("data")),
        "{error:?}"
    );
    assert!(matches!(Problem::from(error), Problem::StoreFailing { .. }));
}

#[test]
#[cfg(unix)]
fn nobody_else_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("a/b");
    let mut store = open(&data);
    store
        .commit(
            &fieldscan_engine::store::CacheKey {
                app: "x".into(),
                ..key()
            },
            &finished(1, 4, vec![host(ip(1))]),
        )
        .unwrap();
    for entry in fs::read_dir(&data).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(
            mode,
            0o600,
            "{:?} holds the agent's code",
            entry.file_name()
        );
    }
}
