//! What phpIPAM said comes back as it was, and never under another key.

use fieldscan_core::{
    agent::Lasting,
    compare::{Changes, Memory, Standing},
    ids::{AgentCode, RunId, ScanId, SubnetId},
    problem::Problem,
    snapshot::Pause,
};
use fieldscan_engine::store::{CacheKey, Scope, Store, StoreError};
use proptest::prelude::*;

use crate::make::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_is_cached_comes_back_after_a_restart(
        assignment in any_assignment(),
        old in any_book(4),
        new in any_book(4),
        run in any_run(1),
        changed in any_run(1),
        problems in prop::collection::vec(any_problem(), 0..4),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let lasting = Lasting {
            anchor: Some(at(4)),
            anchor_finished: true,
            begun: Some(at(1)),
            missed: [SubnetId(3)].into(),
            paused: Some(Pause::Until(at(9))),
            problems: problems.into_iter().map(|problem| fieldscan_core::problem::Standing { problem, since: at(1) }).collect(),
            ..Lasting::default()
        };
        {
            let mut store = open(dir.path());
            store.save_assignment(&key(), &assignment).unwrap();
            store.save_addresses(&key(), SubnetId(4), &old).unwrap();
            prop_assert_eq!(store.reader().load(&key(), SubnetId(4)).unwrap().0.unwrap(), old);
            store.save_addresses(&key(), SubnetId(4), &new).unwrap();
            store.save_run(&key(), &run).unwrap();
            prop_assert_eq!(store.reader().run(RunId(1)).unwrap().unwrap(), run);
            store.save_run(&key(), &changed).unwrap();
            store.save_lasting(&Lasting::default()).unwrap();
            store.save_lasting(&lasting).unwrap();
        }
        let store = open(dir.path());
        let restored = store.reader().restore(&key()).unwrap();
        prop_assert_eq!(restored.assignment.unwrap(), assignment);
        prop_assert_eq!(restored.last_run, changed.finished_at.map(|_| changed.clone()));
        prop_assert_eq!(restored.lasting, lasting);
        prop_assert_eq!(restored.last_ids.run, RunId(1));
        prop_assert_eq!(store.reader().address_book(&key(), SubnetId(4)).unwrap().unwrap(), new);
        prop_assert_eq!(store.reader().runs(&key(), 5).unwrap(), [changed]);
    }

    #[test]
    fn findings_and_misses_come_back(
        standings in prop::collection::btree_map(0u32..200, any_standing(), 0..12),
        misses in prop::collection::btree_map(0u32..200, 1u32..9, 0..12),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path());
        store.commit(&key(), &finished(1, 4, vec![host(ip(250))])).unwrap();
        let mut scan = finished(2, 4, Vec::new());
        scan.findings = standings.iter().map(|(&last, standing)| fieldscan_core::compare::Finding {
            ip: ip(last), address: None, standing: standing.clone(),
        }).collect();
        scan.misses = misses.iter().map(|(&last, &count)| (ip(last), count)).collect();
        store.commit(&key(), &scan).unwrap();
        store.save_addresses(&key(), SubnetId(4), &book((0..200).map(|last| address(u64::from(last), 4, ip(last))).collect())).unwrap();

        let (_, memory) = store.reader().load(&key(), SubnetId(4)).unwrap();
        prop_assert_eq!(memory.misses.into_iter().collect::<Vec<_>>(), scan.misses, "the last scan's misses replace the others");
        let rows = store.reader().addresses(&key(), Scope::Subnet(SubnetId(4))).unwrap();
        for row in &rows {
            let last = u32::from_be_bytes(match row.ip { std::net::IpAddr::V4(ip) => ip.octets(), _ => unreachable!() }) & 0xff;
            prop_assert_eq!(row.standing.as_ref(), standings.get(&last));
        }
        prop_assert_eq!(rows.len(), 200, "a host that is gone and not in phpIPAM is not listed");
    }
}

#[test]
fn a_scan_comes_back_whole() {
    let dir = tempfile::tempdir().unwrap();
    let mut scan = finished(7, 4, vec![host(ip(1)), host(ip(2))]);
    scan.scan.changes = Changes {
        new: vec![ip(1)],
        gone: vec![ip(9), "fd00::1".parse().unwrap()],
        changed: vec![ip(2)],
    };
    scan.scan.ipam_stale = true;
    open(dir.path()).commit(&key(), &scan).unwrap();

    let store = open(dir.path());
    let reader = store.reader();
    assert_eq!(reader.scan(ScanId(7)).unwrap().unwrap(), scan.scan);
    assert_eq!(reader.scans(&key(), None, 9).unwrap(), [scan.scan.clone()]);
    assert_eq!(reader.scans(&key(), Some(SubnetId(5)), 9).unwrap(), []);
    assert_eq!(reader.hosts_of_scan(ScanId(7)).unwrap(), scan.hosts);
    let restored = reader.restore(&key()).unwrap();
    assert_eq!(restored.last_scans, [scan.scan]);
    assert_eq!(restored.last_ids.scan, ScanId(7));
    assert_eq!(
        restored.last_ids.run,
        RunId(7),
        "a run's id is never given twice, saved or not"
    );
    assert_eq!(restored.reports, [scan.reports[0].0.clone()]);
}

#[test]
fn nothing_of_one_key_is_seen_under_another() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let others = [
        CacheKey {
            api_url: "https://other.example.com/".into(),
            ..key()
        },
        CacheKey {
            app: "other".into(),
            ..key()
        },
        CacheKey {
            agent_code: AgentCode::new("CODE-1"),
            ..key()
        },
    ];
    let mut scan = finished(1, 4, vec![host(ip(1))]);
    scan.misses = vec![(ip(3), 2)];
    store
        .save_assignment(&key(), &assignment(vec![subnet(4, "10.0.0.0/24")]))
        .unwrap();
    store
        .save_addresses(&key(), SubnetId(4), &book(vec![address(1, 4, ip(1))]))
        .unwrap();
    store.commit(&key(), &scan).unwrap();
    store.save_run(&key(), &run(1)).unwrap();

    for (index, other) in others.iter().enumerate() {
        let reader = store.reader();
        let restored = reader.restore(other).unwrap();
        assert!(
            restored.assignment.is_none(),
            "another server's ids mean other subnets: {other:?}"
        );
        assert!(
            restored.reports.is_empty()
                && restored.last_scans.is_empty()
                && restored.last_run.is_none()
        );
        assert_eq!(
            restored.last_ids.report.0,
            1 + index as u64,
            "ids of ours are unique over all keys"
        );
        assert_eq!(
            reader.load(other, SubnetId(4)).unwrap(),
            (None, Memory::default())
        );
        assert_eq!(
            reader
                .addresses(other, Scope::Network("10.0.0.0/8".parse().unwrap()))
                .unwrap(),
            []
        );
        assert_eq!(reader.history(other, ip(1)).unwrap(), []);
        assert_eq!(reader.runs(other, 9).unwrap(), []);
        // The same subnet's id under the other key: its own life.
        store
            .commit(other, &finished(2 + index as u64, 4, vec![host(ip(7))]))
            .unwrap();
        store
            .save_addresses(other, SubnetId(4), &book(Vec::new()))
            .unwrap();
        store
            .save_assignment(other, &assignment(Vec::new()))
            .unwrap();
    }

    let reader = store.reader();
    let (book, memory) = reader.load(&key(), SubnetId(4)).unwrap();
    assert_eq!(
        book.unwrap().addresses.len(),
        1,
        "the others' empty caches left this one alone"
    );
    assert_eq!(memory.misses.into_iter().collect::<Vec<_>>(), [(ip(3), 2)]);
    assert_eq!(
        memory.last.unwrap().into_keys().collect::<Vec<_>>(),
        [ip(1)]
    );
    assert_eq!(
        reader.subnets(&key()).unwrap()[0].last_scan,
        Some(scan.scan)
    );

    store
        .save_addresses(
            &key(),
            SubnetId(9),
            &fieldscan_core::ipam::AddressBook {
                addresses: Vec::new(),
                fetched_at: at(5),
            },
        )
        .unwrap();
    store
        .save_assignment(&others[0], &assignment(vec![subnet(9, "10.0.9.0/24")]))
        .unwrap();
    assert_eq!(
        store.reader().subnets(&others[0]).unwrap()[0].addresses_at,
        None
    );
}

#[test]
fn the_list_of_addresses_merges_phpipam_and_scans_in_address_order() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store
        .save_assignment(
            &key(),
            &assignment(vec![
                subnet(4, "10.0.0.0/24"),
                subnet(5, "10.0.1.0/24"),
                subnet(6, "10.9.0.0/24"),
            ]),
        )
        .unwrap();
    store
        .save_addresses(
            &key(),
            SubnetId(4),
            &book(
                [2, 10, 100]
                    .iter()
                    .map(|&last| address(u64::from(last), 4, ip(last)))
                    .collect(),
            ),
        )
        .unwrap();
    store
        .save_addresses(&key(), SubnetId(5), &book(vec![address(300, 5, ip(0x101))]))
        .unwrap();
    // 2 is seen once only, 9 twice and not in phpIPAM, 200 once and then gone.
    store
        .commit(
            &key(),
            &finished(1, 4, vec![host(ip(2)), host(ip(9)), host(ip(200))]),
        )
        .unwrap();
    let mut renamed = host(ip(9));
    renamed.ptr = Some("b.example.com".into());
    store
        .commit(&key(), &finished(2, 4, vec![renamed.clone(), host(ip(10))]))
        .unwrap();

    let rows = store
        .reader()
        .addresses(&key(), Scope::Network("10.0.0.0/23".parse().unwrap()))
        .unwrap();
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.ip,
                row.subnet.0,
                row.ipam.is_some(),
                row.seen
                    .as_ref()
                    .map(|seen| (seen.up, seen.first_at, seen.last_at)),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (ip(2), 4, true, Some((false, at(1), at(1)))),
            (ip(9), 4, false, Some((true, at(1), at(2)))),
            (ip(10), 4, true, Some((true, at(2), at(2)))),
            (ip(100), 4, true, None),
            (ip(0x101), 5, true, None),
        ]
    );
    assert_eq!(
        rows[1].seen.as_ref().unwrap().host,
        renamed,
        "as it was seen last"
    );
    assert_eq!(rows[1].standing, Some(Standing::Known));
    let part = store
        .reader()
        .addresses(&key(), Scope::Network("10.0.0.8/29".parse().unwrap()))
        .unwrap();
    assert_eq!(
        part.iter().map(|row| row.ip).collect::<Vec<_>>(),
        [ip(9), ip(10)],
        "a part of a subnet"
    );
    let history = store.reader().history(&key(), ip(9)).unwrap();
    assert_eq!(
        history
            .iter()
            .map(|sighting| sighting.host.ptr.as_deref().unwrap())
            .collect::<Vec<_>>(),
        ["b.example.com", "a.example.com"]
    );
}

#[test]
fn a_save_that_fails_leaves_what_was_cached() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let old = book(vec![address(1, 4, ip(1))]);
    store.save_addresses(&key(), SubnetId(4), &old).unwrap();
    store
        .save_assignment(&key(), &assignment(vec![subnet(4, "10.0.0.0/24")]))
        .unwrap();
    // A second writer is against the rules; it stands for any failure in the middle.
    let other = rusqlite::Connection::open(dir.path().join("fieldscan.db")).unwrap();
    other
        .execute_batch(
            "CREATE TRIGGER a BEFORE INSERT ON addresses WHEN NEW.id = 3 BEGIN SELECT RAISE(ABORT, 'no'); END;
             CREATE TRIGGER s BEFORE INSERT ON subnets WHEN NEW.id = 6 BEGIN SELECT RAISE(ABORT, 'no'); END;
             CREATE TRIGGER r BEFORE INSERT ON bodies BEGIN SELECT RAISE(ABORT, 'no'); END;",
        )
        .unwrap();
    let new = book(vec![address(2, 4, ip(2)), address(3, 4, ip(3))]);
    store.save_addresses(&key(), SubnetId(4), &new).unwrap_err();
    store
        .save_assignment(
            &key(),
            &assignment(vec![subnet(5, "10.0.5.0/24"), subnet(6, "10.0.6.0/24")]),
        )
        .unwrap_err();
    assert_eq!(
        store.reader().address_book(&key(), SubnetId(4)).unwrap(),
        Some(old),
        "a failed refresh never empties the cache"
    );
    assert_eq!(
        store.reader().assignment(&key()).unwrap().unwrap().subnets[0].id,
        SubnetId(4)
    );

    let error = store
        .commit(&key(), &finished(1, 4, vec![host(ip(1))]))
        .unwrap_err();
    assert!(
        matches!(Problem::from(&error), Problem::StoreFailing { .. }),
        "{error}"
    );
    let restored = store.reader().restore(&key()).unwrap();
    assert!(
        restored.last_scans.is_empty() && restored.reports.is_empty(),
        "a scan without its report's body is not kept"
    );
    other.execute_batch("DROP TRIGGER r").unwrap();
    store
        .commit(&key(), &finished(1, 4, vec![host(ip(1))]))
        .unwrap();
}

#[test]
fn a_commit_may_be_repeated_but_not_overtaken() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store
        .commit(&key(), &finished(1, 4, vec![host(ip(1))]))
        .unwrap();
    store
        .commit(&key(), &finished(3, 4, vec![host(ip(2))]))
        .unwrap();
    store
        .commit(&key(), &finished(1, 4, vec![host(ip(1))]))
        .unwrap();
    store
        .commit(&key(), &finished(3, 4, vec![host(ip(2))]))
        .unwrap();
    assert_eq!(
        store.reader().restore(&key()).unwrap().reports.len(),
        2,
        "each report once"
    );
    let late = store.commit(&key(), &finished(2, 4, vec![host(ip(1))]));
    assert!(
        matches!(
            late,
            Err(StoreError::OutOfOrder {
                scan: ScanId(2),
                last: ScanId(3)
            })
        ),
        "history is in the order of the ids: {late:?}"
    );
}

#[test]
fn a_store_is_send() {
    fn send<T: Send>() {}
    // One thread owns it, and it is opened by another.
    send::<Store>();
}
