//! What goes with age, and what stays however old.

use fieldscan_core::{
    delivery::State,
    ids::{ReportId, RunId, ScanId, SubnetId},
};

use crate::make::*;

#[test]
fn a_report_that_is_not_done_with_is_never_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    for (id, state) in (1..).zip(states()) {
        let scan = finished(id, 4, vec![host(ip(1))]);
        store.commit(&key(), &scan).unwrap();
        store
            .save_report(&later(&scan.reports[0].0, 20, state))
            .unwrap();
    }
    store.prune(at(20)).unwrap();
    for id in 1..=8 {
        assert!(
            store.reader().report(ReportId(id)).unwrap().is_some(),
            "report {id} changed just now, though it is old"
        );
    }
    store.prune(at(21)).unwrap();
    for (id, state) in (1..).zip(states()) {
        let stays = !state.is_final() || matches!(state, State::Rejected { .. });
        let found = store.reader().report(ReportId(id)).unwrap();
        assert_eq!(found.is_some(), stays, "{state:?}");
        if let Some((_, body)) = found {
            assert!(body.is_some(), "{state:?}: it can still be sent");
        }
    }
    assert_eq!(
        store.reader().restore(&key()).unwrap().last_ids.report,
        ReportId(8),
        "no id is given twice"
    );
}

#[test]
fn the_last_scan_of_a_subnet_and_the_last_run_stay() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    for id in 1..=4 {
        let mut scan = finished(id, 4 + id % 2, vec![host(ip(id as u32))]);
        scan.misses = vec![(ip(99), 2)];
        store.commit(&key(), &scan).unwrap();
        store.save_run(&key(), &run(id)).unwrap();
    }
    let mut unfinished = run(5);
    unfinished.finished_at = None;
    store.save_run(&key(), &unfinished).unwrap();
    store.prune(at(1_000)).unwrap();

    let reader = store.reader();
    let scans: Vec<_> = reader
        .scans(&key(), None, 9)
        .unwrap()
        .iter()
        .map(|scan| scan.id)
        .collect();
    assert_eq!(
        scans,
        [ScanId(4), ScanId(3)],
        "the subnet list and the next comparison need them"
    );
    assert_eq!(reader.hosts_of_scan(ScanId(3)).unwrap(), [host(ip(3))]);
    assert_eq!(
        reader.history(&key(), ip(1)).unwrap(),
        [],
        "hosts of scans that went are gone"
    );
    assert_eq!(reader.load(&key(), SubnetId(5)).unwrap().1.misses.len(), 1);
    let runs: Vec<_> = reader
        .runs(&key(), 9)
        .unwrap()
        .iter()
        .map(|run| run.id)
        .collect();
    assert_eq!(
        runs,
        [RunId(4), RunId(3)],
        "the last finished run, and the one of a scan that stays"
    );
    assert_eq!(
        reader.restore(&key()).unwrap().last_run.unwrap().id,
        RunId(4)
    );
    assert_eq!(reader.restore(&key()).unwrap().last_ids.run, RunId(5));
}

#[test]
fn addresses_of_subnets_that_are_no_longer_assigned_go_and_the_others_never() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let mut other = key();
    other.app = "other".into();
    store
        .save_assignment(&key(), &assignment(vec![subnet(4, "10.0.0.0/24")]))
        .unwrap();
    for subnet in [4, 5] {
        store
            .save_addresses(
                &key(),
                SubnetId(subnet),
                &book(vec![address(1, subnet, ip(1))]),
            )
            .unwrap();
        store
            .save_addresses(
                &other,
                SubnetId(subnet),
                &book(vec![address(1, subnet, ip(1))]),
            )
            .unwrap();
    }
    store.prune(at(0)).unwrap();
    assert!(
        store
            .reader()
            .address_book(&key(), SubnetId(5))
            .unwrap()
            .is_some(),
        "too young"
    );
    store.prune(at(1)).unwrap();
    assert!(
        store
            .reader()
            .address_book(&key(), SubnetId(4))
            .unwrap()
            .is_some(),
        "the cache is used however old it is"
    );
    assert!(
        store
            .reader()
            .address_book(&key(), SubnetId(5))
            .unwrap()
            .is_none()
    );
    assert!(
        store
            .reader()
            .address_book(&other, SubnetId(5))
            .unwrap()
            .is_some(),
        "nothing is known of that one's assignment"
    );
}
