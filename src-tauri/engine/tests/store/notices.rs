//! What the person was told.

use fieldscan_core::{
    compare::{Exception, Finding, Standing},
    ids::{NoticeId, SubnetId},
    notice::{Category, Facts, Notice, Thing},
    present::Page,
};

use fieldscan_engine::store::DATABASE;

use crate::make::*;

fn thing(last: u32) -> Thing {
    Thing::finding(SubnetId(4), ip(last), Exception::Unknown)
}

fn notice(id: u64) -> Notice {
    Notice {
        id: NoticeId(id),
        at: at(id as i64),
        category: Category::ALL[id as usize % 4],
        title: format!("Notice {id}"),
        text: "10.0.0.9, at Depot – office.".into(),
        facts: Some(Facts::Host {
            what: Exception::Unknown,
            ip: ip(9),
            name: Some("raspberrypi".into()),
            place: "Depot – office".into(),
            stale: false,
        }),
        page: Page::Subnet(SubnetId(4), Some(ip(9))),
        things: vec![thing(id as u32), Thing::offline()],
    }
}

#[test]
fn notices_come_back_as_they_were_told_the_newest_first() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    for id in 1..=5 {
        store.save_notice(&key(), &notice(id)).unwrap();
    }
    store.save_notice(&key(), &notice(3)).unwrap();
    drop(store);
    let store = open(dir.path());
    let kept = store.reader().notices(&key(), 3).unwrap();
    assert_eq!(kept, [notice(5), notice(4), notice(3)]);
    let mut other = key();
    other.app = "other".into();
    assert_eq!(
        store.reader().notices(&other, 9).unwrap(),
        [],
        "what names one site's hosts is not shown for another"
    );
}

#[test]
fn a_notice_without_facts_that_can_be_read_keeps_its_words() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    for id in 1..=2 {
        store.save_notice(&key(), &notice(id)).unwrap();
    }
    drop(store);
    let conn = rusqlite::Connection::open(dir.path().join(DATABASE)).unwrap();
    conn.execute("UPDATE notices SET facts = NULL WHERE id = 1", [])
        .unwrap();
    conn.execute(
        r#"UPDATE notices SET facts = '{"tells":"from-the-future"}' WHERE id = 2"#,
        [],
    )
    .unwrap();
    drop(conn);
    let kept = open(dir.path()).reader().notices(&key(), 9).unwrap();
    let words = |id| Notice {
        facts: None,
        ..notice(id)
    };
    assert_eq!(kept, [words(2), words(1)]);
}

#[test]
fn notices_from_before_facts_were_kept_are_still_there() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store.save_notice(&key(), &notice(1)).unwrap();
    drop(store);
    let conn = rusqlite::Connection::open(dir.path().join(DATABASE)).unwrap();
    // Back to format 4.
    conn.execute_batch("ALTER TABLE notices DROP COLUMN facts; PRAGMA user_version = 4;")
        .unwrap();
    drop(conn);
    let mut store = open(dir.path());
    store.save_notice(&key(), &notice(2)).unwrap();
    let old = Notice {
        facts: None,
        ..notice(1)
    };
    assert_eq!(
        store.reader().notices(&key(), 9).unwrap(),
        [notice(2), old],
        "with their words"
    );
}

#[test]
fn a_new_process_knows_what_was_told_last() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    for id in 1..=5 {
        store.save_notice(&key(), &notice(id)).unwrap();
    }
    let restored = store.reader().restore(&key()).unwrap();
    assert_eq!(restored.last_ids.notice, NoticeId(5));
    let day = 24 * 60;
    for (thing, told_at) in [(thing(2), 2), (Thing::offline(), 5)] {
        assert!(
            restored.told.lately(&thing, at(told_at + day - 1)),
            "{thing}"
        );
        assert!(!restored.told.lately(&thing, at(told_at + day)), "{thing}");
    }
    assert!(!restored.told.lately(&thing(6), at(6)), "it was never told");
}

#[test]
fn old_notices_go_and_their_ids_are_never_given_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    for id in 1..=5 {
        store.save_notice(&key(), &notice(id)).unwrap();
    }
    store.prune(at(3)).unwrap();
    let kept: Vec<_> = store.reader().notices(&key(), 9).unwrap();
    assert_eq!(kept, [notice(5), notice(4), notice(3)]);
    store.prune(at(100)).unwrap();
    assert_eq!(store.reader().notices(&key(), 9).unwrap(), []);
    assert_eq!(
        store.reader().restore(&key()).unwrap().last_ids.notice,
        NoticeId(5)
    );
}

#[test]
fn what_there_was_to_look_at_is_remembered_of_the_last_scan() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let mut scan = finished(1, 4, vec![host(ip(1))]);
    let standings = [
        (1, Standing::Known, None),
        (2, Standing::Unknown, Some(Exception::Unknown)),
        (3, Standing::Unseen { misses: 1 }, None),
        (4, Standing::Missing { misses: 3 }, Some(Exception::Missing)),
        (
            5,
            Standing::Mismatch {
                differences: Vec::new(),
            },
            Some(Exception::Mismatch),
        ),
        (6, Standing::Excluded, None),
    ];
    scan.findings = standings
        .iter()
        .map(|(last, standing, _)| Finding {
            ip: ip(*last),
            address: None,
            standing: standing.clone(),
        })
        .collect();
    scan.misses = vec![(ip(3), 1), (ip(4), 3)];
    store.commit(&key(), &scan).unwrap();
    let (_, memory) = store.reader().load(&key(), SubnetId(4)).unwrap();
    let expected = standings
        .iter()
        .filter_map(|(last, _, what)| Some((ip(*last), (*what)?)));
    assert_eq!(memory.exceptions, expected.collect());
    store.commit(&key(), &finished(2, 4, Vec::new())).unwrap();
    let (_, memory) = store.reader().load(&key(), SubnetId(4)).unwrap();
    assert!(
        memory.exceptions.is_empty(),
        "those of the last scan replace the others"
    );
}

#[test]
fn a_database_from_before_there_were_notices_has_them_now() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store
        .commit(&key(), &finished(1, 4, vec![host(ip(1))]))
        .unwrap();
    drop(store);
    let conn = rusqlite::Connection::open(dir.path().join(DATABASE)).unwrap();
    // Step by step back to format 1.
    conn.execute_batch(
        "ALTER TABLE scans RENAME COLUMN rights TO privileged;
         ALTER TABLE sightings DROP COLUMN also;
         DROP TABLE places;
         DROP TABLE notices;
         PRAGMA user_version = 1;",
    )
    .unwrap();
    drop(conn);
    let mut store = open(dir.path());
    store.save_notice(&key(), &notice(1)).unwrap();
    assert_eq!(store.reader().notices(&key(), 9).unwrap(), [notice(1)]);
    assert_eq!(
        store.reader().restore(&key()).unwrap().last_scans.len(),
        1,
        "and all that it had"
    );
}
